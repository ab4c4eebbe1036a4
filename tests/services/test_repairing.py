"""Repairs: what is proposed is what is done, to these entries and no others, in one operation."""

import json

import pytest

from app.domain.entry import Entry
from app.errors import Refused
from app.registry import rows
from app.registry.database import connected
from app.services import analysing, casting, characters, editing, history, opening, outside, repairing
from app.services.repairing import Wanted
from tests.workshop import SAMPLES, check_home, entry, keys, line, uuid, value_of

WHITE = Wanted("chatml.content_whitespace")


@pytest.fixture
def talks(library, tmp_path):
    """Seven conversations: the second and the fifth have white space around a question, the third two."""
    path = tmp_path / "talks.jsonl"
    lines = [line(number, note=number) for number in range(6)]
    for number in (1, 4):
        said = entry(number)["messages"]
        lines[number] = line(number, note=number, messages=[{**said[0], "content": " Hm? "}, said[1]])
    said = entry(2)["messages"]
    lines[2] = line(2, messages=[{**each, "content": f"{each['content']}\n"} for each in said])
    twice = line(6).replace(b'"tags": []', b'"tags": [], "tags": []').replace(b"Question 6?", b" ? ")
    path.write_bytes(b"".join([*lines, twice]))
    opening.import_path(library, path)
    return library.dataset("talks").path


def test_a_preview_shows_each_entry_as_it_is_and_would_be_and_changes_nothing(library, talks):
    before = talks.read_bytes()
    first = repairing.preview(library, "talks", WHITE, size=2)
    assert (first.affected, first.page, first.pages) == (4, 1, 2)
    assert [(each.key, each.number) for each in first.rows] == [(uuid(1), 2), (uuid(2), 3)]
    assert [each.before.messages[0].text for each in first.rows] == [" Hm? ", "Question 2?\n"]
    assert [each.after["messages"][0]["content"] for each in first.rows] == ["Hm?", "Question 2?"]
    last = repairing.preview(library, "talks", WHITE, page=99, size=2)
    assert [each.number for each in last.rows] == [5, 7]
    assert last.rows[1].after is None
    assert "stands twice" in last.rows[1].locked
    assert talks.read_bytes() == before
    assert repairing.would_repair(library, "talks", [WHITE]).changed == 3
    assert talks.read_bytes() == before


def test_all_are_repaired_in_one_operation_and_nothing_else_changes(library, talks, tmp_path):
    before = talks.read_bytes()
    done = repairing.repair(library, "talks", [WHITE])
    assert (done.changed, done.left, len(done.locked)) == (3, 0, 1)
    assert done.operation.title == "Repair: white space around a message"
    assert done.operation.changed == 3
    old, new = before.split(b"\n"), talks.read_bytes().split(b"\n")
    assert [number for number in range(7) if old[number] != new[number]] == [1, 2, 4]
    for number in (1, 2, 4):
        was, now = json.loads(old[number]), json.loads(new[number])
        assert [each["content"] for each in now["messages"]] == [
            each["content"].strip() for each in was["messages"]
        ]
        for value in (was, now):
            value["_rolethread"] = {"entry_uuid": value["_rolethread"]["entry_uuid"]}
            value.pop("messages")
        assert was == now
    analysing.bring_up_to_date(library, "talks")
    assert repairing.would_repair(library, "talks", [WHITE]).changed == 0
    check_home(library, tmp_path)
    history.undo(library, "talks")
    assert talks.read_bytes() == before
    assert repairing.would_repair(library, "talks", [WHITE]).changed == 3
    check_home(library, tmp_path)


def test_some_are_repaired(library, talks):
    done = repairing.repair(library, "talks", [WHITE], keys=[uuid(4), uuid(0)])
    assert done.changed == 1
    assert value_of(library, "talks", uuid(4))["messages"][0]["content"] == "Hm?"
    assert value_of(library, "talks", uuid(1))["messages"][0]["content"] == " Hm? "


def test_several_codes_are_one_operation(library, talks):
    system = Wanted("chatml.missing_system_role", text="Be kind.")
    done = repairing.repair(library, "talks", [WHITE, system])
    assert done.changed == 6
    assert done.operation.title == "Repair: white space around a message and 1 more"
    assert value_of(library, "talks", uuid(1))["messages"][:2] == [
        {"role": "system", "content": "Be kind."},
        {"role": "user", "content": "Hm?"},
    ]


@pytest.mark.parametrize(
    ("wanted", "said"),
    [
        (Wanted("nonsense"), "There is no diagnostic called nonsense."),
        (Wanted("chatml.unknown_role"), "cannot be repaired by a program"),
        (Wanted("chatml.missing_system_role"), "needs a text"),
        (Wanted("chatml.missing_system_role", text=" \n"), "needs a text"),
        (Wanted("chatml.assistant_first", choice="nonsense"), "cannot be repaired that way"),
        (Wanted("text.macro_left", choice="both", text="Ann"), "Two names are needed"),
    ],
)
def test_what_cannot_be_is_refused_and_nothing_happens(library, talks, wanted, said):
    before = talks.read_bytes()
    for act in (repairing.repair, repairing.would_repair):
        with pytest.raises(Refused, match=said):
            act(library, "talks", [wanted])
    with pytest.raises(Refused, match=said):
        repairing.preview(library, "talks", wanted)
    assert talks.read_bytes() == before
    assert len(history.operations(library, "talks")) == 1


def test_characters_stay_with_their_messages(library, tmp_path):
    path = tmp_path / "talks.jsonl"
    said = entry(1)["messages"]
    path.write_bytes(
        line(1, messages=[{"role": "assistant", "content": "Come in."}, *said, said[0], said[0]])
    )
    opening.import_path(library, path)
    for name in ("Ann", "Bo"):
        characters.create(library, name)
    value = value_of(library, "talks", uuid(1))
    editing.save_entry(library, "talks", uuid(1), value, cast=["bo", "ann", "bo", "ann", "ann"])
    opener = Wanted("chatml.assistant_first", "user_opener", "Knock.")
    assert repairing.repair(library, "talks", [opener, Wanted("chatml.last_not_assistant")]).changed == 1
    assert {place: each.slug for place, each in casting.cast_of(library, "talks", uuid(1)).items()} == {
        1: "bo",
        2: "ann",
        3: "bo",
    }
    history.undo(library, "talks")
    with connected():
        cast = rows.casts(library.row("talks").id)[uuid(1)]
    assert [place for place, *_ in cast] == [0, 1, 2, 3, 4]
    check_home(library, tmp_path)


def test_ids_are_given_anew_to_all_but_the_first(library, tmp_path):
    path = tmp_path / "talks.jsonl"
    path.write_bytes(line(1) + line(2) + line(1, messages=entry(3)["messages"]) + line(1))
    opening.import_path(library, path, in_place=True)
    before = path.read_bytes().split(b"\n")
    done = repairing.repair(library, "talks", [Wanted("identity.duplicate_uuid")])
    assert done.changed == 2
    after = path.read_bytes().split(b"\n")
    assert after[:2] == before[:2]
    ids = [Entry.of(text).uuid for text in after[:4]]
    assert len(set(ids)) == 4
    assert [Entry.of(text).value["messages"] for text in after[:4]] == [
        Entry.of(text).value["messages"] for text in before[:4]
    ]
    history.undo(library, "talks")
    assert path.read_bytes().split(b"\n") == before


def test_an_entry_without_an_id_gets_one(library, talks):
    lines = talks.read_bytes()
    bare = json.dumps({"messages": entry(9)["messages"], "tags": []}).encode() + b"\n"
    talks.write_bytes(lines + bare)
    outside.settle(library, "talks", keep="outside")
    assert repairing.repair(library, "talks", [Wanted("identity.missing_uuid")]).changed == 1
    assert Entry.of(talks.read_bytes().split(b"\n")[7]).uuid
    assert len(set(keys(library, "talks"))) == 8


def test_the_faults_of_a_real_file_are_repaired_one_code_after_the_other(library, tmp_path):
    source = SAMPLES / "rolethread-lite/02_dirty_auto_fixable.jsonl"
    if not source.is_file():
        pytest.skip("the samples are not here")
    opening.import_path(library, source, name="dirty")
    path = library.dataset("dirty").path
    start = path.read_bytes()
    touched = {"base.empty_tag": [0, 1, 2, 3], "chatml.role_canonicalization": [1, 2, 5], WHITE.code: [3]}
    for code, lines in touched.items():
        old = path.read_bytes().split(b"\n")
        repairing.repair(library, "dirty", [Wanted(code)])
        new = path.read_bytes().split(b"\n")
        assert [number for number in range(6) if old[number] != new[number]] == lines
    for _ in touched:
        history.undo(library, "dirty")
    assert path.read_bytes() == start
    check_home(library, tmp_path)
