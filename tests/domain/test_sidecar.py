import json
import os
from contextlib import suppress
from copy import deepcopy
from dataclasses import fields, replace
from pathlib import Path
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.casting import Turn
from app.domain.sidecar import (
    Content,
    Sidecar,
    SidecarAlias,
    SidecarCategory,
    SidecarCharacter,
    SidecarMapping,
    SidecarPrompt,
    SidecarTag,
    UnreadableSidecar,
    parsed,
    rendered,
    same,
)
from tests.sidecars import check_sidecar

SAMPLES = Path(os.environ.get("ROLETHREAD_SAMPLES") or Path(__file__).parents[3] / "shared" / "samples")
LITE = SAMPLES / "rolethread-lite/native/harbor_tales.registry.json"
with_samples = pytest.mark.skipif(not LITE.exists(), reason=f"the samples are not at {SAMPLES}")
DATASET = "60a27d61-1f05-4776-a835-7161674e75ea"
FIRST, SECOND = (str(UUID(int=number, version=4)) for number in (1, 2))
WHEN = "2026-11-22T10:00:00+00:00"
HALF = "\ud800"

CONTENT = Content(
    dataset_uuid=DATASET,
    filename="talks.jsonl",
    entry_count=3,
    tag_usage_counts={"懸疑": 2, "calm": 1, "bold": 3},
    categories=(
        SidecarCategory("style", "Style", 2, True, True),
        SidecarCategory("behavior", "Behavior", 0, True, True),
    ),
    tags=(
        SidecarTag("calm", "Calm", "style", 1, "active", True, False, {}),
        SidecarTag("懸疑", "懸疑", None, 0, "archived", False, False, {"archive_origin": "imported"}),
        SidecarTag("bold", "Bold", "behavior", 0, "active", True, False, {}),
    ),
    aliases=(
        SidecarAlias("quiet", "calm", "rename", {"alias_type": "rename"}),
        SidecarAlias("gone", "bold", "merge", {}),
    ),
    characters=(
        SidecarCharacter("éowyn", "Éowyn McCoy", None, True),
        SidecarCharacter("kai", "Kai", "Says little.", False),
    ),
    mappings=(
        SidecarMapping(SECOND, (Turn(2, "kai", "assistant"), Turn(1, "éowyn", "user", "Éowyn"))),
        SidecarMapping(FIRST, (Turn(0, "kai", "assistant", "kai"),)),
    ),
    prompts=(SidecarPrompt("voice", "Voice", "You are Kai.", None, True),),
)


def written(content: Content = CONTENT, old: dict | None = None) -> bytes:
    """The file of a content, which is a good one."""
    raw = rendered(content, exported_at=WHEN, app_version="2.0.0", old=old)
    check_sidecar(raw)
    return raw


def said(sidecar: Sidecar) -> Content:
    """The content of a sidecar that was read, as something that can be written."""
    return Content(**{field.name: getattr(sidecar, field.name) for field in fields(Content)})


def changed(*path, **keys) -> bytes:
    """A good sidecar with some keys of one of its objects set."""
    value = json.loads(written())
    place = value
    for step in path:
        place = place[step]
    place.update(keys)
    return json.dumps(value).encode()


def refusal(raw: bytes) -> str:
    with pytest.raises(UnreadableSidecar) as caught:
        parsed(raw)
    return str(caught.value)


def test_what_is_written_is_read_again():
    found = parsed(written())
    assert said(found) == replace(
        CONTENT,
        categories=CONTENT.categories[::-1],
        tags=tuple(sorted(CONTENT.tags, key=lambda tag: (tag.sort_order, tag.slug))),
        aliases=CONTENT.aliases[::-1],
        characters=CONTENT.characters[::-1],
        mappings=(
            CONTENT.mappings[1],
            replace(CONTENT.mappings[0], turns=CONTENT.mappings[0].turns[::-1]),
        ),
    )
    assert found.value == json.loads(written())
    assert written(said(found), found.value) == written()


def test_the_file_is_the_one_that_rolethread_lite_writes():
    sidecar = json.loads(written())
    assert written().decode() == json.dumps(sidecar, indent=2, ensure_ascii=False) + "\n"
    assert list(sidecar) == [
        "metadata", "dataset", "categories", "tags", "aliases", "characters", "entry_character_mappings",
        "system_prompts",
    ]  # fmt: skip
    assert sidecar["metadata"] == {
        "schema_version": 1,
        "kind": "rolethread.tag_registry",
        "exported_at": WHEN,
        "app_name": "RoleThread",
        "app_version": "2.0.0",
    }
    assert list(sidecar["tags"][0]) == [
        "slug", "name", "category_slug", "sort_order", "status", "is_active", "is_builtin", "lifecycle",
    ]  # fmt: skip
    assert sidecar["entry_character_mappings"][1] == {
        "entry_uuid": SECOND,
        "turns": [
            {
                "turn_index": 1,
                "character_slug": "éowyn",
                "training_role": "user",
                "source_role_label": "Éowyn",
            },
            {
                "turn_index": 2,
                "character_slug": "kai",
                "training_role": "assistant",
                "source_role_label": None,
            },
        ],
    }


@with_samples
def test_a_sidecar_of_rolethread_lite_keeps_all_it_says():
    found = parsed(LITE.read_bytes())
    assert (found.dataset_uuid, found.filename, found.entry_count) == (DATASET, "harbor_tales.jsonl", 12)
    assert len(found.categories) == 4
    assert [tag.status for tag in found.tags].count("active") == 12
    assert [tag.slug for tag in found.tags if tag.status == "archived"] == ["uncommon_import"]
    assert found.aliases[0].old_slug == "storm_talk"
    assert [character.display_name for character in found.characters] == [
        "Mara of the Light",
        "Old Finn",
        "Tomas",
    ]
    assert sum(len(mapping.turns) for mapping in found.mappings) == 10
    assert found.mappings[1].turns[1] == Turn(2, "old_finn", "assistant", "Old Finn")
    assert [prompt.slug for prompt in found.prompts] == ["cook_voice", "harbor_narrator", "keeper_voice"]
    again = parsed(written(said(found), found.value))
    assert same(found.value, again.value)
    assert [*again.value] == [*found.value]
    for part in ("categories", "tags", "characters", "entry_character_mappings", "system_prompts"):
        assert again.value[part] == found.value[part]  # its order is ours


def test_keys_that_nobody_here_knows_stay_in_their_place():
    old = json.loads(written())
    old["extensions"] = {"card": [HALF, 10**30, 1.5, None]}
    old["metadata"]["host"] = "a"
    old["dataset"]["licence"] = {"name": "CC0"}
    for part in ("categories", "tags", "aliases", "characters", "entry_character_mappings", "system_prompts"):
        old[part][0]["note"] = part
        old[part][0]["slug_of_another"] = "x"
    old["entry_character_mappings"][1]["turns"][0]["mood"] = "calm"
    raw = json.dumps(old).encode()
    assert json.loads(written(old=parsed(raw).value)) == old
    renamed = replace(CONTENT.tags[0], name="Calmer")
    content = replace(CONTENT, tags=(renamed, CONTENT.tags[2]), tag_usage_counts={"calm": 1, "bold": 3})
    fewer = json.loads(written(content, old=parsed(raw).value))
    assert fewer["tags"][0] == old["tags"][0]
    assert fewer["tags"][1] == {**old["tags"][2], "name": "Calmer"}  # and the note of a tag that went, went


def test_what_a_row_said_of_itself_does_not_come_back():
    old = deepcopy(parsed(written()).value)
    plain = replace(CONTENT.tags[1], lifecycle={})
    only = replace(CONTENT, tags=(plain,), categories=(), aliases=(), tag_usage_counts={"懸疑": 1})
    new = json.loads(written(only, old))
    assert [tag["lifecycle"] for tag in new["tags"]] == [{}]
    assert new["dataset"]["tag_usage_counts"] == {"懸疑": 1}
    assert new["categories"] == new["aliases"] == []


def test_half_a_character_that_others_wrote_is_written_escaped():
    raw = json.dumps({**json.loads(written()), "extensions": {HALF: "\udfff é"}}).encode()
    new = written(old=parsed(raw).value)
    assert rb'"\ud800": "\udfff ' + "é".encode() in new
    assert new.endswith(b"}\n")
    assert parsed(new).value["extensions"] == {HALF: "\udfff é"}


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        (b"", "it is no JSON"),
        (b"\xff\xfe", "it is no JSON"),
        (b"[1]", "it is no JSON object"),
        (b"{}", "metadata is missing"),
        (b'{"metadata": null}', "metadata is not an object"),
        (b'{"metadata": {"schema_version": 1}}', "metadata.kind is missing"),
        (changed("metadata", kind="character.sheet"), "it is another kind of file (character.sheet)"),
        (changed("metadata", schema_version=2), "it has schema version 2, and this app reads version 1"),
        (changed("metadata", schema_version=True), "metadata.schema_version is not a whole number"),
        (changed("metadata", schema_version="1"), "metadata.schema_version is not a whole number"),
        (changed("dataset", entry_count=3.0), "dataset.entry_count is not a whole number"),
        (changed("dataset", tag_usage_counts={"calm": True}), "dataset.tag_usage_counts is not an object of"),
        (
            changed("dataset", tag_usage_counts=[]),
            "dataset.tag_usage_counts is not an object of whole numbers",
        ),
        (changed(tags={}), "tags is not a list"),
        (changed(tags=[1]), "tags[0] is not an object"),
        (changed("tags", 2, sort_order=False), "tags[2].sort_order is not a whole number"),
        (changed("tags", 0, sort_order=2**63), "tags[0].sort_order is not a whole number"),
        (changed("tags", 0, is_active=1), "tags[0].is_active is not true or false"),
        (changed("tags", 0, lifecycle=None), "tags[0].lifecycle is not an object"),
        (changed("tags", 0, name=None), "tags[0].name is not readable text"),
        (changed("tags", 0, name=HALF), "tags[0].name is not readable text"),
        (changed("tags", 0, category_slug=0), "tags[0].category_slug is not readable text or null"),
        (changed("aliases", 1, action="hide"), "aliases[1].action is not “rename” or “merge”"),
        (changed("aliases", 1, action=["merge"]), "aliases[1].action is not “rename” or “merge”"),
        (
            changed("entry_character_mappings", 1, "turns", 0, turn_index="0"),
            "entry_character_mappings[1].turns[0].turn_index is not a whole number",
        ),
        (changed(extensions=float("nan")), "it is no JSON"),
        (
            changed(extensions=1).replace(b'"extensions": 1', b'"extensions": 1e999'),
            "the number 1e999 cannot",
        ),
        (changed(a=1, b=2).replace(b'"b": 2', b'"a": 2'), "the key 'a' stands twice in one object"),
        (changed(extensions=1)[:-1] + b"[" * 100_000, "it is "),
        (written()[:-100], "it is no JSON"),
    ],
)
def test_what_is_no_sidecar_is_refused_and_the_reason_named(raw, reason):
    assert refusal(raw).startswith(reason)


def every_key(value, path=()):
    """The place of every key that a sidecar must have."""
    for key, part in value.items() if isinstance(value, dict) else enumerate(value):
        if isinstance(value, dict):
            yield (*path, key)
        free = key in ("tag_usage_counts", "lifecycle") or (path and key == "metadata")
        if isinstance(part, dict | list) and not free:
            yield from every_key(part, (*path, key))


@pytest.mark.parametrize(
    "path", list(every_key(json.loads(written()))), ids=lambda path: ".".join(map(str, path))
)
def test_each_key_is_required_and_named_where_it_is_missing(path):
    value = json.loads(written())
    place = value
    for step in path[:-1]:
        place = place[step]
    del place[path[-1]]
    named = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in path).lstrip(".")
    assert refusal(json.dumps(value).encode()) == f"{named} is missing"


def test_ten_megabytes_are_read():
    value = json.loads(written())
    value["extensions"] = {"notes": ["x" * 1000] * 10_000}
    assert parsed(json.dumps(value).encode()).value == value


@given(
    st.binary()
    | st.recursive(st.none() | st.integers() | st.text(), st.lists).map(json.dumps).map(str.encode)
)
def test_whatever_the_bytes_are_they_are_read_or_refused(raw):
    with pytest.raises(UnreadableSidecar):
        parsed(raw)


@given(st.data())
def test_a_sidecar_with_any_value_in_any_place_is_read_or_refused(data):
    value = json.loads(written())
    path = data.draw(st.sampled_from(list(every_key(value))))
    place = value
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = data.draw(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.just([]) | st.just({})
    )
    found = None
    with suppress(UnreadableSidecar):
        found = parsed(json.dumps(value).encode())
    if found:
        raw = rendered(said(found), exported_at=WHEN, app_version="2.0.0", old=found.value)
        assert parsed(raw).value.keys() == value.keys()


def test_of_rows_with_one_name_the_first_counts():
    value = json.loads(written())
    for part in ("categories", "tags", "aliases", "characters", "entry_character_mappings", "system_prompts"):
        value[part] += [{**row, "second": True} for row in value[part]]
    value["tags"][-1]["name"] = "Another"
    value["entry_character_mappings"][0]["turns"] += value["entry_character_mappings"][1]["turns"]
    value["entry_character_mappings"][0]["turns"] += [
        {"turn_index": 0, "character_slug": "éowyn", "training_role": "user", "source_role_label": None}
    ]
    found = parsed(json.dumps(value).encode())
    assert found.tags == parsed(written()).tags
    assert found.mappings[0].turns[0] == Turn(0, "kai", "assistant", "kai")
    assert [len(mapping.turns) for mapping in found.mappings] == [3, 2]
    assert len(found.value["tags"]) == 6
    assert b"second" not in written(said(found), found.value)


def test_an_older_status_is_read():
    raw = changed("tags", 0, status="uncategorized")
    assert parsed(raw).tags[0].status == "uncategorized"


def test_two_sidecars_say_the_same_whoever_wrote_them_and_in_whatever_order():
    one = parsed(written()).value
    other = deepcopy(one)
    other["metadata"] |= {"exported_at": "x", "app_name": "RoleThread Lite", "app_version": "1.0.0"}
    other["tags"].reverse()
    assert same(one, dict(reversed(other.items())))
    assert one["tags"] != other["tags"]  # nothing was turned round for good


@pytest.mark.parametrize(
    "other",
    [
        changed("dataset", entry_count=4),
        changed("metadata", host="a"),
        changed("tags", 1, is_active=True),
        changed("tags", 1, extra=1),
        changed(prompts=[]),
        changed(system_prompts=[]),
        changed(extensions={}),
    ],
)
def test_two_sidecars_differ_by_anything_that_one_of_them_says(other):
    assert not same(parsed(written()).value, parsed(other).value)
    assert not same(parsed(other).value, parsed(written()).value)


def test_true_and_1_are_not_the_same():
    assert not same(parsed(changed(extra=1)).value, parsed(changed(extra=True)).value)
