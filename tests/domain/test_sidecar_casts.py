"""Mappings that are changed where they stand say the same as mappings that are spelt anew."""

import json

from hypothesis import example, given
from hypothesis import strategies as st

from app.domain.casting import Turn
from app.domain.sidecar import Content, SidecarMapping, rendered
from app.domain.sidecar_casts import changed, cut, put
from tests.workshop import DATASET, uuid

AT = "2026-11-22T07:08:52.093003+00:00"
words = st.text(st.characters(codec="utf-8"), max_size=6)
turns = st.lists(
    st.builds(Turn, st.integers(0, 9), words, st.just("user"), st.none() | words),
    min_size=1, max_size=3, unique_by=lambda turn: turn.index,
).map(lambda found: tuple(sorted(found, key=lambda turn: turn.index)))  # fmt: skip
casts = st.dictionaries(st.integers(1, 6).map(uuid), turns, max_size=5)
TRAP = '"entry_character_mappings": []\n  "system_prompts": \n    {\n    }'


def spelt(mappings):
    found = tuple(SidecarMapping(entry, turns) for entry, turns in mappings.items())
    content = Content(dataset_uuid=DATASET, filename=TRAP, entry_count=1, tag_usage_counts={}, mappings=found)
    return rendered(content, exported_at=AT, app_version="1", old={"theirs": TRAP, "z": {"entry_uuid": 1}})


def said(raw):
    value = json.loads(raw)
    value["entry_character_mappings"].sort(key=lambda row: row["entry_uuid"])
    return value


@given(casts, casts, st.sets(st.integers(1, 6).map(uuid)))
@example({}, {uuid(1): (Turn(0, TRAP, "user", None),)}, set())
@example({uuid(1): (Turn(0, TRAP, "user", None),)}, {}, {uuid(1)})
def test_rows_changed_in_place_say_what_rows_spelt_anew_say(before, more, gone):
    rest, rows = cut(spelt(before))
    assert rest == spelt({})
    assert put(rest, rows) == spelt(before)
    new = {entry: SidecarMapping(entry, turns) for entry, turns in more.items()} | dict.fromkeys(gone)
    wanted = {entry: turns for entry, turns in {**before, **more}.items() if entry not in gone}
    assert said(put(rest, changed(rows, new))) == said(spelt(wanted))


def test_what_others_wrote_in_a_row_stays():
    raw = spelt({uuid(1): (Turn(0, "a", "user"),), uuid(2): (Turn(0, "b", "user"),)})
    value = json.loads(raw)
    value["entry_character_mappings"][0]["theirs"] = 7
    rest, rows = cut(json.dumps(value, indent=2).encode() + b"\n")
    now = put(rest, changed(rows, {uuid(1): SidecarMapping(uuid(1), (Turn(1, "c", "assistant"),))}))
    row = said(now)["entry_character_mappings"][0]
    assert (row["theirs"], row["turns"][0]["character_slug"]) == (7, "c")


def test_a_sidecar_that_is_spelt_otherwise_is_not_cut():
    raw = spelt({uuid(1): (Turn(0, "a", "user"),)})
    assert cut(json.dumps(json.loads(raw)).encode()) is None
    assert cut(json.dumps(json.loads(raw), indent=4).encode()) is None
    assert cut(b"") is None
    assert cut(raw[: len(raw) // 2]) is None
