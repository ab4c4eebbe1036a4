"""Characters stay with their messages whatever is undone, restored, or done by another program."""

import json

import pytest

from app.domain.tagging import TagEdit
from app.errors import Conflict, Refused
from app.services import characters, editing, history, outside, restoring
from tests.casting import cast, check_all, harbour, lines, spoken
from tests.workshop import keys, uuid, value_of


@pytest.fixture
def first(library, talks):
    """The first entry of a dataset; Mara asks in it, and Old Finn answers."""
    harbour(library)
    return cast(library, "talks", 0, ["mara", "old_finn"])


QUESTION, ANSWER = "Question 0?", "Answer 0."


def greet(library, key):
    """Put a message before all others; the characters are not spoken of."""
    value = value_of(library, "talks", key)
    value["messages"].insert(0, {"role": "assistant", "content": "Hello."})
    return editing.save_entry(library, "talks", key, value).operation.id


def test_an_undone_edit_takes_a_later_cast_along(library, talks, tmp_path):
    harbour(library)
    key = keys(library, "talks")[0]
    number = greet(library, key)
    cast(library, "talks", 0, [None, "mara", "old_finn"])
    history.undo(library, "talks", number)
    assert lines(library, "talks") == {key: {QUESTION: "mara", ANSWER: "old_finn"}}
    check_all(library, tmp_path)


def test_an_undone_new_entry_takes_its_later_cast_along(library, talks, tmp_path):
    harbour(library)
    done = editing.save_entry(
        library,
        "talks",
        None,
        {"messages": value_of(library, "talks", keys(library, "talks")[0])["messages"]},
    )
    cast(library, "talks", 6, ["mara", None])
    history.undo(library, "talks", done.operation.id)
    assert spoken(library, "talks") == {}
    check_all(library, tmp_path)


def test_a_deletion_that_is_undone_puts_characters_where_the_messages_are_by_now(library, talks, tmp_path):
    harbour(library)
    key = cast(library, "talks", 0, ["mara", None])
    gone = characters.delete(library, "mara", everywhere=True)
    greet(library, key)
    editing.edit_tags(library, "talks", None, TagEdit(add=("new",)))
    history.undo_shared(library, gone.id)
    assert spoken(library, "talks") == {key: {1: "mara"}}
    assert lines(library, "talks") == {key: {QUESTION: "mara"}}
    check_all(library, tmp_path)


def test_a_deletion_that_is_undone_leaves_out_entries_that_are_gone(library, talks, tmp_path):
    harbour(library)
    key = cast(library, "talks", 0, ["mara", None])
    gone = characters.delete(library, "mara", everywhere=True)
    editing.delete_entries(library, "talks", [key])
    history.undo_shared(library, gone.id)
    assert spoken(library, "talks") == {}
    assert characters.character(library, "mara").entries == 0
    check_all(library, tmp_path)


def test_a_merge_is_undone_beneath_later_edits_of_other_things(library, talks, first, tmp_path):
    merged = characters.merge(library, "mara", "old_finn")
    editing.edit_tags(library, "talks", None, TagEdit(add=("new",)))
    history.undo_shared(library, merged.id)
    assert lines(library, "talks") == {first: {QUESTION: "mara", ANSWER: "old_finn"}}
    history.undo(library, "talks")
    check_all(library, tmp_path)


def test_a_merge_is_not_undone_beneath_a_later_choice_of_characters(library, talks, first):
    merged = characters.merge(library, "mara", "old_finn")
    cast(library, "talks", 0, ["éowyn_mccoy", None])
    with pytest.raises(Conflict, match="Save entry 1"):
        history.undo_shared(library, merged.id)


def test_an_older_state_comes_back_with_its_characters(library, talks, first, tmp_path):
    then = next(history.every_operation(library, "talks")).id
    greet(library, first)
    cast(library, "talks", 0, [None, "éowyn_mccoy", None])
    cast(library, "talks", 1, ["mara", "mara"])
    editing.delete_entries(library, "talks", keys(library, "talks")[:1])
    editing.duplicate_entry(library, "talks", keys(library, "talks")[0])
    history.restore(library, "talks", then)
    assert lines(library, "talks") == {first: {QUESTION: "mara", ANSWER: "old_finn"}}
    check_all(library, tmp_path)
    history.undo(library, "talks")
    assert len(spoken(library, "talks")) == 2
    check_all(library, tmp_path)


def test_a_state_that_differs_in_its_characters_alone_comes_back(library, talks, first, tmp_path):
    then = next(history.every_operation(library, "talks"))
    cast(library, "talks", 0, [None, "mara"])
    assert history.offers(library, "talks", [then])[then.id].back
    before = talks.read_bytes()
    info = history.restore(library, "talks", then.id)
    assert lines(library, "talks") == {first: {QUESTION: "mara", ANSWER: "old_finn"}}
    assert talks.read_bytes() == before
    with pytest.raises(Refused, match="stands as it did"):
        history.restore(library, "talks", info.id)
    check_all(library, tmp_path)


def test_who_was_merged_or_deleted_since_does_not_come_back_with_an_older_state(
    library, talks, first, tmp_path
):
    then = next(history.every_operation(library, "talks")).id
    characters.merge(library, "mara", "éowyn_mccoy")
    characters.create(library, "Mara")
    characters.merge(library, "éowyn_mccoy", "mara")
    characters.delete(library, "old_finn", everywhere=True)
    cast(library, "talks", 0, [None, None])
    history.restore(library, "talks", then)
    assert lines(library, "talks") == {first: {QUESTION: "mara"}}
    check_all(library, tmp_path)


def outsider(talks, change):
    """Another program changes the values of a file."""
    values = change([json.loads(each) for each in talks.read_bytes().split(b"\n") if each])
    talks.write_bytes(b"".join(json.dumps(each, ensure_ascii=False).encode() + b"\n" for each in values))


def test_what_another_program_did_to_messages_is_followed_and_undone(library, talks, first, tmp_path):
    second = cast(library, "talks", 1, ["mara", None])
    before = spoken(library, "talks")

    def change(values):
        values[1]["messages"].insert(0, {"role": "assistant", "content": "Hello."})
        return values[1:]

    outsider(talks, change)
    outside.settle(library, "talks", keep="outside")
    assert spoken(library, "talks") == {second: {1: "mara"}}
    check_all(library, tmp_path)
    history.undo(library, "talks")
    assert spoken(library, "talks") == before
    check_all(library, tmp_path)


def test_characters_stay_with_what_is_left_where_the_recorded_version_is_lost(
    library, talks, first, tmp_path
):
    second = cast(library, "talks", 1, ["mara", "mara"])

    def change(values):
        del values[1]["messages"][1]
        return values[1:]

    outsider(talks, change)
    for backup in library.places.backups("talks").iterdir():
        backup.unlink()
    outside.settle(library, "talks", keep="outside")
    assert spoken(library, "talks") == {second: {0: "mara"}}


def test_a_backup_brings_back_who_spoke_in_it(library, talks, first, tmp_path):
    greet(library, first)
    (backup,) = restoring.backups(library, "talks")
    editing.delete_entries(library, "talks", [first])
    restoring.restore_backup(library, "talks", backup.name)
    assert lines(library, "talks") == {first: {QUESTION: "mara", ANSWER: "old_finn"}}
    check_all(library, tmp_path)


def test_a_version_that_was_kept_from_outside_drops_whom_it_does_not_hold(library, talks, first, tmp_path):
    outsider(talks, lambda values: values[1:])
    outside.settle(library, "talks", keep="ours")
    assert first in spoken(library, "talks")
    backup = next(each for each in restoring.backups(library, "talks") if each.reason == "outside")
    restoring.restore_backup(library, "talks", backup.name)
    assert spoken(library, "talks") == {}
    check_all(library, tmp_path)


def kept_from_outside(library, talks, change):
    """The backup of a version that another program made and that was not taken."""
    outsider(talks, change)
    outside.settle(library, "talks", keep="ours")
    return next(each for each in restoring.backups(library, "talks") if each.reason == "outside").name


def test_a_version_from_outside_brings_entries_back_with_those_who_spoke_in_them(
    library, talks, first, tmp_path
):
    def change(values):
        values[0]["messages"].insert(0, {"role": "assistant", "content": "Hello."})
        return [*values, {**values[2], "_rolethread": {**values[2]["_rolethread"], "entry_uuid": uuid(60)}}]

    backup = kept_from_outside(library, talks, change)
    second = cast(library, "talks", 1, ["mara", "mara"])
    cast(library, "talks", 1, [None, None])
    third = cast(library, "talks", 2, ["mara", None])
    characters.merge(library, "mara", "éowyn_mccoy")
    editing.delete_entries(library, "talks", [first, second])
    restoring.restore_backup(library, "talks", backup)
    assert lines(library, "talks") == {
        first: {QUESTION: "éowyn_mccoy", ANSWER: "old_finn"},
        third: {"Question 2?": "éowyn_mccoy"},
    }
    check_all(library, tmp_path)
    history.undo(library, "talks")
    assert set(spoken(library, "talks")) == {third}
    check_all(library, tmp_path)


def test_an_entry_that_comes_back_is_spoken_by_whom_its_speaker_was_merged_into(
    library, talks, first, tmp_path
):
    editing.delete_entries(library, "talks", [first])
    gone = next(history.every_operation(library, "talks"))
    merged = characters.merge(library, "mara", "éowyn_mccoy")
    assert merged.datasets == ()
    history.undo_shared(library, merged.id)
    history.redo_shared(library)
    history.undo(library, "talks", gone.id)
    assert lines(library, "talks") == {first: {QUESTION: "éowyn_mccoy", ANSWER: "old_finn"}}
    check_all(library, tmp_path)
    history.redo(library, "talks")
    characters.delete(library, "éowyn_mccoy")
    history.undo(library, "talks", gone.id)
    assert lines(library, "talks") == {first: {ANSWER: "old_finn"}}
    check_all(library, tmp_path)


def repeated(talks, library, change=lambda value: value):
    """Another program repeats the first entry behind the last one, id and all."""
    outsider(talks, lambda values: [*values, change(json.loads(json.dumps(values[0])))])
    return outside.settle(library, "talks", keep="outside")


def test_of_two_entries_with_one_id_one_may_go_and_the_other_keeps_its_characters(
    library, talks, first, tmp_path
):
    before = spoken(library, "talks")
    repeated(talks, library)
    outsider(talks, lambda values: values[:-1])
    outside.settle(library, "talks", keep="outside")
    assert spoken(library, "talks") == before
    repeated(talks, library)
    outsider(talks, lambda values: values[1:])
    outside.settle(library, "talks", keep="outside")
    assert lines(library, "talks") == {first: {QUESTION: "mara", ANSWER: "old_finn"}}
    outsider(talks, lambda values: values[:-1])
    outside.settle(library, "talks", keep="outside")
    assert spoken(library, "talks") == {}
    check_all(library, tmp_path)


def test_undoing_what_brought_a_second_entry_of_an_id_leaves_the_characters_of_the_first(
    library, talks, first, tmp_path
):
    before = spoken(library, "talks")
    operation = repeated(talks, library)
    history.undo(library, "talks", operation.id)
    assert spoken(library, "talks") == before
    history.redo(library, "talks")
    editing.delete_entries(library, "talks", keys(library, "talks")[-1:])
    assert spoken(library, "talks") == before
    check_all(library, tmp_path)


def test_an_entry_that_becomes_the_first_of_its_id_is_not_spoken_by_whom_it_never_was(
    library, talks, first, tmp_path
):
    def other(value):
        value["messages"][0]["content"] = "Somebody else?"
        return value

    repeated(talks, library, other)
    assert lines(library, "talks") == {first: {QUESTION: "mara", ANSWER: "old_finn"}}
    outsider(talks, lambda values: values[1:])
    outside.settle(library, "talks", keep="outside")
    assert spoken(library, "talks") == {}
    history.undo(library, "talks")
    assert lines(library, "talks") == {first: {QUESTION: "mara", ANSWER: "old_finn"}}
    check_all(library, tmp_path)


def test_the_first_entry_of_an_id_is_followed_where_it_is_rewritten(library, talks, first, tmp_path):
    repeated(talks, library)

    def change(values):
        values[0]["messages"].insert(0, {"role": "assistant", "content": "Hello."})
        return values

    outsider(talks, change)
    outside.settle(library, "talks", keep="outside")
    assert lines(library, "talks") == {first: {QUESTION: "mara", ANSWER: "old_finn"}}
    check_all(library, tmp_path)
