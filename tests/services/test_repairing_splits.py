"""Entries that are too long are split at their turns, in one operation that is undone to the byte."""

import json
from itertools import chain

import pytest
from tokenizers import Tokenizer, models, pre_tokenizers

from app.domain.entry import Entry
from app.domain.targets.chosen import Chosen
from app.domain.view import View
from app.registry import rows
from app.registry.database import connected
from app.services import (
    analysing,
    browsing,
    characters,
    criteria,
    editing,
    history,
    opening,
    outside,
    repairing,
)
from app.services.repairing import Wanted
from tests.casting import check_all, lines, spoken
from tests.workshop import DATASET, SAMPLES, check_files, check_home, line, uuid, value_of

LONG, OVER, CUT = Wanted("chatml.split_candidate"), Wanted("tokens.over_limit"), Wanted("target.cut")
SYSTEM = {"role": "system", "content": "Be kind."}


def said(number, exchanges, *, words=3):
    turns = range(exchanges)
    return [
        {"role": role, "content": f"{role.title()} {number}.{turn}" + " word" * words}
        for turn in turns
        for role in ("user", "assistant")
    ]


def long_line(number, exchanges, **more):
    more = {"note": {"kept": [number]}, **more}
    return line(number, messages=[SYSTEM, *said(number, exchanges, words=more.pop("words", 3))], **more)


@pytest.fixture
def talks(library, tmp_path):
    """Seven entries; the second, third and sixth are long, and the fifth is long and cannot be rewritten.

    The sixth has an answer that alone has too many words. The file has no line end behind its last line.
    """
    path = tmp_path / "talks.jsonl"
    locked = long_line(4, 9).replace(b'"tags": []', b'"tags": [], "tags": []')
    compact = json.dumps(json.loads(long_line(2, 16)), separators=(",", ":"), ensure_ascii=False)
    wordy = said(5, 8)
    wordy[3]["content"] = "word " * 2001 + "end"
    text = b"".join(
        [
            line(0),
            long_line(1, 9, tags=["calm", "Slow Burn"]),
            compact.encode() + b"\n",
            long_line(3, 7),
            locked,
            line(5, messages=wordy),
            long_line(6, 8).rstrip(b"\n"),
        ]
    )
    path.write_bytes(text)
    opening.import_path(library, path, in_place=True)
    return path


def with_code(library, wanted):
    analysing.bring_up_to_date(library, "talks")
    return browsing.matching_keys(library, "talks", View(diagnostic=wanted.code))


def entries(path):
    return [Entry.of(each) for each in path.read_bytes().split(b"\n") if each]


def test_long_entries_are_split_in_their_place_and_put_back_to_the_byte(library, talks, tmp_path):
    before = talks.read_bytes()
    old = before.split(b"\n")
    assert with_code(library, LONG) == [uuid(number) for number in (1, 2, 4, 5, 6)]
    done = repairing.repair(library, "talks", [LONG])
    assert (done.changed, done.added, done.left, done.locked) == (3, 4, 1, [uuid(4)])
    assert done.operation.title == "Repair: a long conversation"
    new = talks.read_bytes().split(b"\n")
    assert [new[0], new[6], new[7], new[8]] == [old[0], *old[3:6]]
    found = entries(talks)
    ids = [each.uuid for each in found]
    assert len(set(ids)) == len(ids) == 11
    assert [ids[place] for place in (1, 3, 9)] == [uuid(1), uuid(2), uuid(6)]
    for place, number in ((1, 1), (2, 1), (3, 2), (4, 2), (5, 2), (9, 6), (10, 6)):
        value = found[place].value
        was = json.loads(old[number])
        assert value["messages"][0] == SYSTEM
        assert list(value) == list(was)
        assert (value["tags"], value["note"]) == (was["tags"], was["note"])
        assert value["_rolethread"]["dataset_uuid"] in (DATASET, library.dataset("talks").uuid)
    for number, places in ((1, (1, 2)), (2, (3, 4, 5)), (6, (9, 10))):
        parts = [found[place].value["messages"][1:] for place in places]
        assert [*chain(*parts)] == json.loads(old[number])["messages"][1:]
    assert [len(found[place].value["messages"]) // 2 for place in (1, 2, 3, 4, 5, 9, 10)] == [
        5, 4, 6, 6, 4, 4, 4,
    ]  # fmt: skip
    assert b'", "' not in new[4]  # spelt as the line was that it comes from
    assert with_code(library, LONG) == [uuid(4), uuid(5)]
    check_home(library, tmp_path)
    history.undo(library, "talks")
    assert talks.read_bytes() == before
    check_home(library, tmp_path)
    history.redo(library, "talks")
    assert talks.read_bytes().split(b"\n") == new
    check_home(library, tmp_path)


def test_what_is_shown_before_is_what_is_done(library, talks):
    before = talks.read_bytes()
    first = repairing.preview(library, "talks", LONG, size=3)
    assert (first.affected, first.pages) == (5, 2)
    assert [(each.number, len(each.parts), bool(each.after)) for each in first.rows] == [
        (2, 2, True), (3, 3, True), (5, 0, False),
    ]  # fmt: skip
    assert "stands twice" in first.rows[2].locked
    last = repairing.preview(library, "talks", LONG, page=2, size=3)
    assert [(each.number, len(each.parts), each.after is None) for each in last.rows] == [
        (6, 0, True), (7, 2, False),
    ]  # fmt: skip
    dry = repairing.would_repair(library, "talks", [LONG])
    assert (dry.changed, dry.added, dry.left, dry.locked) == (3, 4, 1, [uuid(4)])
    lone = repairing.proposal(library, "talks", LONG, uuid(6))
    assert lone.after == lone.parts[0].value
    assert talks.read_bytes() == before
    assert repairing.repair(library, "talks", [LONG], keys=[uuid(6), uuid(3)]).added == 1
    shown = [each.value["messages"] for each in lone.parts]
    assert [each.value["messages"] for each in entries(talks)[6:]] == shown


def test_nobody_loses_what_they_say(library, talks, tmp_path):
    for name in ("Ann", "Bo"):
        characters.create(library, name)
    for number, exchanges in ((1, 9), (3, 7)):
        value = value_of(library, "talks", uuid(number))
        cast = ["bo", *["ann", "bo"] * (exchanges - 1), "", "bo"]
        editing.save_entry(library, "talks", uuid(number), value, cast=cast)
    start, casts = talks.read_bytes(), spoken(library, "talks")
    before = lines(library, "talks")
    done = repairing.repair(library, "talks", [LONG])
    assert done.changed == 3
    after = lines(library, "talks")
    first, second = entries(talks)[1:3]
    assert after.keys() == {uuid(1), second.uuid, uuid(3)}
    assert {**after[first.uuid], **after[second.uuid]} == before[uuid(1)]
    assert spoken(library, "talks")[second.uuid] == {
        0: "bo", 1: "ann", 2: "bo", 3: "ann", 4: "bo", 5: "ann", 6: "bo", 8: "bo",
    }  # fmt: skip
    assert spoken(library, "talks")[uuid(3)] == casts[uuid(3)]
    check_all(library, tmp_path)
    history.undo(library, "talks")
    assert talks.read_bytes() == start
    assert spoken(library, "talks") == casts
    check_all(library, tmp_path)


def test_characters_stay_through_several_repairs_at_once(library, talks):
    characters.create(library, "Ann")
    value = value_of(library, "talks", uuid(1))
    value["messages"][1:1] = [{"role": "assistant", "content": "Come in."}]
    value["messages"][12]["content"] += "  "
    editing.save_entry(library, "talks", uuid(1), value, cast=["", *["ann"] * 19])
    wanted = [Wanted("chatml.assistant_first", "drop"), LONG, Wanted("chatml.content_whitespace")]
    assert repairing.repair(library, "talks", wanted, keys=[uuid(1)]).added == 1
    first, second = entries(talks)[1:3]
    assert [len(each.messages) for each in (first, second)] == [11, 9]
    casts = spoken(library, "talks")
    assert [*casts[first.uuid]] == [*range(1, 11)]
    assert [*casts[second.uuid]] == [*range(1, 9)]
    assert not any(each.text.endswith(" ") for each in (*first.messages, *second.messages))


def test_the_rules_of_the_dataset_say_what_is_long(library, talks):
    criteria.set_rules(library, "talks", {"split_exchanges": 3, "split_words": 9})
    done = repairing.repair(library, "talks", [LONG])
    assert (done.changed, done.left, len(done.locked)) == (4, 1, 1)
    assert with_code(library, LONG) == [uuid(4), uuid(5)]
    assert {len(each.messages) for each in entries(talks)[1:6]} == {3, 5} - {5}
    criteria.set_rules(library, "talks", {"split_exchanges": 1})
    dry = repairing.would_repair(library, "talks", [LONG])
    assert (dry.changed, len(dry.locked)) == (0, 1)


TARGETS = [
    Chosen(limit=70),
    Chosen("trl", "chatml", limit=120),
    Chosen("axolotl", "llama3", "llama3", limit=150),
    Chosen("trl", "qwen3", limit=120, mask="all"),
    Chosen("trl", "mistral-v3", "o200k_base", limit=90),
]


@pytest.mark.parametrize("chosen", TARGETS, ids=lambda chosen: chosen.name or "texts")
def test_no_part_is_longer_than_the_target_takes(library, talks, chosen):
    before = talks.read_bytes()
    criteria.set_target(library, "talks", chosen)
    assert set(with_code(library, OVER)) >= {uuid(number) for number in (1, 2, 4, 5, 6)}
    shown = repairing.preview(library, "talks", OVER).rows
    done = repairing.repair(library, "talks", [OVER])
    assert done.changed >= 3
    assert (done.left, done.locked) == (1, [uuid(4)])
    assert with_code(library, OVER) == [uuid(4), uuid(5)]
    assert sum(len(each.parts) for each in shown) == done.changed + done.added
    assert all(0 < part.tokens <= chosen.limit for each in shown for part in each.parts)
    history.undo(library, "talks")
    assert talks.read_bytes() == before


def test_what_the_trainer_cuts_is_split_and_what_it_drops_too(library, talks):
    criteria.set_target(library, "talks", Chosen("llama-factory", "chatml", limit=120))
    assert uuid(1) in with_code(library, CUT)
    left = repairing.repair(library, "talks", [CUT]).left
    assert len(with_code(library, CUT)) == left + 1
    history.undo(library, "talks")
    criteria.set_target(library, "talks", Chosen("text-generation-webui", "chatml", limit=120))
    assert uuid(1) in with_code(library, Wanted("target.dropped"))
    repairing.repair(library, "talks", [OVER])
    assert uuid(1) not in with_code(library, Wanted("target.dropped"))


def test_without_a_limit_there_is_nothing_to_split(library, talks):
    assert repairing.preview(library, "talks", OVER).affected == 0
    done = repairing.repair(library, "talks", [OVER, LONG])
    assert done.added == 4


def test_two_reasons_to_split_are_one_operation(library, talks):
    criteria.set_target(library, "talks", Chosen("trl", "chatml", limit=120))
    repairing.repair(library, "talks", [LONG, OVER])
    assert with_code(library, OVER) == with_code(library, LONG) == [uuid(4), uuid(5)]
    assert len(history.operations(library, "talks")) == 2


def test_a_tokenizer_of_ones_own_measures_and_where_it_fails_nothing_is_split(library, talks):
    tokenizer = Tokenizer(models.WordLevel({"[UNK]": 0}, unk_token="[UNK]"))
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    slug, _ = criteria.add_own(library, "Mine", {"tokenizer.json": tokenizer.to_str().encode()})
    criteria.set_target(library, "talks", Chosen(vocabulary=slug, limit=30))
    assert repairing.repair(library, "talks", [OVER]).left == 1
    assert with_code(library, OVER) == [uuid(4), uuid(5)]


def test_a_template_of_ones_own_measures(library, talks):
    template = "{% for m in messages %}<{{ m.role }}>{{ m.content }} and more{% endfor %}"
    slug, _ = criteria.add_own(library, "Mine", {"chat_template.jinja": template.encode()})
    criteria.set_target(library, "talks", Chosen(family=slug, limit=120))
    assert uuid(1) in with_code(library, OVER)
    repairing.repair(library, "talks", [OVER])
    assert with_code(library, OVER) == [uuid(4), uuid(5)]


def test_entries_without_an_id_and_with_the_same_one(library, tmp_path):
    path = tmp_path / "talks.jsonl"
    bare = json.loads(long_line(1, 8))
    del bare["_rolethread"]
    path.write_bytes(line(4))
    opening.import_path(library, path, in_place=True)
    path.write_bytes(json.dumps(bare).encode() + b"\n" + long_line(2, 8) + long_line(2, 9) + line(3))
    outside.settle(library, "talks", keep="outside")
    before = path.read_bytes()
    characters.create(library, "Ann")
    value = value_of(library, "talks", uuid(2))
    editing.save_entry(library, "talks", uuid(2), value, cast=["ann", *[""] * 16])
    cast = path.read_bytes()
    assert repairing.repair(library, "talks", [LONG]).added == 3
    ids = [each.uuid for each in entries(path)]
    assert [ids[place] for place in (2, 4, 6)] == [uuid(2), uuid(2), uuid(3)]
    assert len(set(ids)) == 6
    with connected():
        assert rows.casts(library.row("talks").id).keys() == {uuid(2), ids[3]}
    history.undo(library, "talks")
    assert path.read_bytes() == cast
    history.undo(library, "talks")
    assert path.read_bytes() == before
    check_home(library, tmp_path)


def test_conversations_of_real_files_lose_nothing(library):
    source = SAMPLES / "rolethread-lite/native/harbor_tales.jsonl"
    if not source.is_file():
        pytest.skip("the samples are not here")
    opening.import_path(library, source, name="talks")
    path = library.dataset("talks").path
    start = path.read_bytes()
    criteria.set_rules(library, "talks", {"split_exchanges": 2, "split_words": 300})
    told = [each.value for one in entries(path) for each in one.messages if each.canonical != "system"]
    done = repairing.repair(library, "talks", [LONG])
    assert done.changed
    assert told == [
        each.value for one in entries(path) for each in one.messages if each.canonical != "system"
    ]
    assert len(with_code(library, LONG)) == done.left
    check_files(library)
    history.undo(library, "talks")
    assert path.read_bytes() == start
