"""Changing entries: what was opened is what is written over, and nothing else is touched."""

import pytest

from app.domain.entry import Entry
from app.domain.tagging import TagEdit
from app.errors import NotEditable, NotFound, Refused, StaleEdit
from app.services import browsing, casting, editing, history, opening, outside
from tests.casting import cast, check_all, harbour, spoken
from tests.workshop import check_home, dataset, entry, keys, line, value_of


def test_the_second_of_two_tabs_gets_the_present_line_and_writes_nothing(library, talks, tmp_path):
    key = keys(library, "talks")[2]
    one = two = browsing.open_entry(library, "talks", key)
    editing.save_entry(library, "talks", key, {**one.entry.value, "note": "first"}, revision=one.revision)
    after = talks.read_bytes()
    with pytest.raises(StaleEdit) as refusal:
        editing.save_entry(library, "talks", key, {**two.entry.value, "note": "2nd"}, revision=two.revision)
    assert Entry.of(refusal.value.details["current"]).value["note"] == "first"
    assert refusal.value.status == 409
    assert talks.read_bytes() == after
    now = browsing.open_entry(library, "talks", key)
    editing.save_entry(library, "talks", key, {**now.entry.value, "note": "second"}, revision=now.revision)
    assert value_of(library, "talks", key)["note"] == "second"
    check_home(library, tmp_path)


def test_the_second_of_two_tabs_that_choose_characters_writes_nothing(library, talks, tmp_path):
    harbour(library)
    key, before = cast(library, "talks", 0, ["mara", None]), talks.read_bytes()
    value, revision = value_of(library, "talks", key), browsing.open_entry(library, "talks", key).revision
    with pytest.raises(StaleEdit) as stale:
        editing.save_entry(
            library, "talks", key, value, revision=revision, cast=["old_finn", None], cast_was={}
        )
    assert stale.value.details["current"] == before.split(b"\n")[0]
    assert spoken(library, "talks") == {key: {0: "mara"}}
    assert talks.read_bytes() == before
    editing.save_entry(
        library, "talks", key, value, revision=revision, cast=["old_finn", None], cast_was={0: "mara"}
    )
    assert spoken(library, "talks") == {key: {0: "old_finn"}}
    check_all(library, tmp_path)


def test_an_entry_that_is_gone_is_said_to_be_gone(library, talks):
    key = keys(library, "talks")[0]
    editing.delete_entries(library, "talks", [key])
    after = talks.read_bytes()
    for act in (
        lambda: editing.save_entry(library, "talks", key, entry(1)),
        lambda: editing.delete_entries(library, "talks", [keys(library, "talks")[0], key]),
        lambda: editing.duplicate_entry(library, "talks", key),
        lambda: editing.move_entry(library, "talks", key, 1),
        lambda: browsing.open_entry(library, "talks", key),
    ):
        with pytest.raises(NotFound):
            act()
    assert talks.read_bytes() == after


def test_saving_what_is_there_is_no_operation(library, talks):
    key = keys(library, "talks")[0]
    opened = browsing.open_entry(library, "talks", key)
    done = editing.save_entry(library, "talks", key, opened.entry.value, revision=opened.revision)
    assert done.operation is None
    assert len(history.operations(library, "talks")) == 1


def test_a_number_of_thirty_digits_survives_an_edit_beside_it(library, talks):
    done = editing.save_entry(library, "talks", None, {**entry(50), "n": int("7" * 30)})
    value = browsing.open_entry(library, "talks", done.uuid).entry.value
    editing.save_entry(library, "talks", done.uuid, {**value, "note": "edited"})
    assert b'"n": ' + b"7" * 30 in talks.read_bytes()


@pytest.mark.parametrize(
    "value", [{"a": float("nan")}, {"a": float("inf")}, {"a": {1, 2}}, {"a": "x" * 3, "b": object()}]
)
def test_a_value_that_is_no_json_is_refused(library, talks, value):
    before = talks.read_bytes()
    with pytest.raises(Refused):
        editing.save_entry(library, "talks", None, value)
    assert talks.read_bytes() == before


def test_a_value_that_is_nested_too_deeply_is_refused(library, talks):
    deep: dict = {}
    for _ in range(300):
        deep = {"a": deep}
    with pytest.raises(Refused, match="200 levels"):
        editing.save_entry(library, "talks", None, deep)


def test_a_new_entry_gets_an_id_of_its_own(library, talks):
    first = editing.save_entry(library, "talks", None, entry(1))
    second = editing.save_entry(library, "talks", None, entry(1))
    assert first.uuid != second.uuid
    assert keys(library, "talks")[-2:] == [first.uuid, second.uuid]


def test_an_id_in_a_saved_value_changes_nothing(library, talks):
    key = keys(library, "talks")[0]
    value = value_of(library, "talks", key)
    value["_rolethread"] = {"entry_uuid": "forged", "dataset_uuid": "forged"}
    done = editing.save_entry(library, "talks", key, {**value, "note": "x"})
    assert done.uuid == key
    assert browsing.open_entry(library, "talks", key).entry.dataset_uuid == library.dataset("talks").uuid


def test_a_locked_line_is_moved_and_deleted_but_not_rewritten(library, talks, tmp_path):
    locked = b'{"messages": [], "n": 1, "n": 2}\n'
    talks.write_bytes(talks.read_bytes() + locked)
    from app.services import outside

    outside.settle(library, "talks", keep="outside")
    key = keys(library, "talks")[-1]
    for act in (
        lambda: editing.save_entry(library, "talks", key, {"messages": []}),
        lambda: editing.duplicate_entry(library, "talks", key),
    ):
        with pytest.raises(NotEditable, match="stands twice"):
            act()
    done = editing.edit_tags(library, "talks", None, TagEdit(add=("all",)))
    assert (done.changed, done.locked) == (6, 1)
    editing.move_entry(library, "talks", key, 1)
    assert talks.read_bytes().startswith(locked)
    editing.delete_entries(library, "talks", [key])
    assert locked not in talks.read_bytes()
    check_home(library, tmp_path)


def test_an_entry_lands_where_it_was_moved_to(library, talks):
    order = keys(library, "talks")
    for number, to in ((0, 6), (5, 1), (2, 4), (4, 99)):
        key = keys(library, "talks")[number]
        editing.move_entry(library, "talks", key, to)
        order.remove(key)
        order.insert(min(to, 6) - 1, key)
        assert keys(library, "talks") == order
    with pytest.raises(Refused):
        editing.move_entry(library, "talks", order[0], 0)


def test_the_same_place_takes_any_number_of_new_lines(library, talks, tmp_path):
    key = keys(library, "talks")[2]
    for _ in range(30):  # ranks in the index leave room for twenty halvings
        editing.duplicate_entry(library, "talks", key)
    assert keys(library, "talks")[2] == key
    assert len(set(keys(library, "talks"))) == 36
    check_home(library, tmp_path)


def test_a_tag_without_a_letter_is_refused(library, talks):
    before = talks.read_bytes()
    with pytest.raises(Refused):
        editing.edit_tags(library, "talks", None, TagEdit(add=("good", "!!")))
    assert talks.read_bytes() == before


def test_an_older_operation_is_undone_alone_unless_a_later_one_stands_on_it(library, talks):
    from app.errors import Conflict

    order = keys(library, "talks")
    deleted = editing.delete_entries(library, "talks", order[1:4]).operation
    later = editing.delete_entries(library, "talks", order[:1]).operation
    assert history.undo(library, "talks", deleted.id).undoes == deleted.id
    assert keys(library, "talks") == order[1:]
    editing.save_entry(library, "talks", order[5], {**entry(5), "note": "x"})
    again = editing.save_entry(library, "talks", order[5], {**entry(5), "note": "y"})
    with pytest.raises(Conflict) as refusal:
        history.undo(library, "talks", again.operation.id - 1)
    assert refusal.value.details["operations"] == [again.operation.id]
    history.undo(library, "talks", later.id)
    assert keys(library, "talks") == order


def test_characters_stay_with_their_messages_through_saves(library, talks, tmp_path):
    harbour(library)
    key = cast(library, "talks", 1, [None, "mara"])
    value = value_of(library, "talks", key)
    value["messages"] = [
        {"role": "assistant", "content": "Hello."},
        value["messages"][1],
        {**value["messages"][0], "role": "assistant"},
        {"role": "user", "content": "Oh?"},
    ]
    editing.save_entry(library, "talks", key, value)
    assert spoken(library, "talks") == {key: {1: "mara"}}
    editing.save_entry(library, "talks", key, value, cast=["old_finn", "mara", "old_finn", ""])
    assert spoken(library, "talks") == {key: {0: "old_finn", 1: "mara", 2: "old_finn"}}
    value["messages"] = value["messages"][2:]
    editing.save_entry(library, "talks", key, value)
    assert spoken(library, "talks") == {key: {0: "old_finn"}}
    assert casting.cast_of(library, "talks", key)[0].role == "assistant"
    value["messages"][0]["role"] = "user"
    editing.save_entry(library, "talks", key, value)
    assert casting.cast_of(library, "talks", key)[0].role == "user"
    check_all(library, tmp_path)
    for _ in range(4):
        history.undo(library, "talks")
        check_all(library, tmp_path)
    assert spoken(library, "talks") == {key: {1: "mara"}}
    history.redo(library, "talks")
    assert spoken(library, "talks") == {key: {1: "mara"}}
    history.redo(library, "talks")
    assert spoken(library, "talks") == {key: {0: "old_finn", 1: "mara", 2: "old_finn"}}
    check_all(library, tmp_path)


def test_who_speaks_can_be_all_that_is_saved(library, talks, tmp_path):
    harbour(library)
    before = talks.read_bytes()
    key = keys(library, "talks")[2]
    value = value_of(library, "talks", key)
    done = editing.save_entry(library, "talks", key, value, cast=["mara", "old_finn"])
    assert (done.operation.title, done.uuid, done.changed) == ("Save entry 3", key, 1)
    assert talks.read_bytes() == before
    assert editing.save_entry(library, "talks", key, value, cast=["mara", "old_finn"]).operation is None
    assert editing.save_entry(library, "talks", key, value).operation is None
    check_all(library, tmp_path)
    history.undo(library, "talks")
    assert spoken(library, "talks") == {}
    check_all(library, tmp_path)


def test_a_new_entry_is_spoken_by_whom_the_person_chose(library, talks, tmp_path):
    harbour(library)
    done = editing.save_entry(library, "talks", None, {"messages": entry(1)["messages"]}, cast=[None, "mara"])
    assert spoken(library, "talks") == {done.uuid: {1: "mara"}}
    check_all(library, tmp_path)
    history.undo(library, "talks")
    assert spoken(library, "talks") == {}
    check_all(library, tmp_path)


@pytest.mark.parametrize("names", [["mara"], ["mara", None, None], ["mara", "nobody"]])
def test_characters_that_do_not_fit_the_messages_are_refused(library, talks, names):
    harbour(library)
    key, before = keys(library, "talks")[0], talks.read_bytes()
    value = {**value_of(library, "talks", key), "note": "new"}
    with pytest.raises(Refused):
        editing.save_entry(library, "talks", key, value, cast=names)
    assert talks.read_bytes() == before


def test_a_copy_is_spoken_by_the_same_characters_and_a_deleted_entry_by_none(library, talks, tmp_path):
    harbour(library)
    key = cast(library, "talks", 1, ["mara", None])
    copy = editing.duplicate_entry(library, "talks", key).uuid
    assert spoken(library, "talks") == {key: {0: "mara"}, copy: {0: "mara"}}
    editing.delete_entries(library, "talks", [key, keys(library, "talks")[0]])
    assert spoken(library, "talks") == {copy: {0: "mara"}}
    check_all(library, tmp_path)
    history.undo(library, "talks")
    history.undo(library, "talks")
    assert spoken(library, "talks") == {key: {0: "mara"}}
    check_all(library, tmp_path)


def test_an_entry_without_an_id_of_its_own_gets_one_when_characters_speak_in_it(library, tmp_path):
    path = tmp_path / "place.jsonl"
    opening.import_path(library, dataset(path, 3), in_place=True)
    harbour(library)
    first = cast(library, "place", 0, ["mara", None])
    path.write_bytes(
        path.read_bytes() + line(0, note="again") + b'{"messages": [{"role": "user", "content": "?"}]}\n'
    )
    outside.settle(library, "place", keep="outside")
    *_, repeated, unnamed = keys(library, "place")
    assert repeated == f"{first}~2"
    assert casting.cast_of(library, "place", repeated) == casting.cast_of(library, "place", unnamed) == {}
    editing.duplicate_entry(library, "place", repeated)
    assert list(spoken(library, "place")) == [first]
    for key, names in ((repeated, [None, "old_finn"]), (unnamed, ["old_finn"])):
        value = value_of(library, "place", key)
        done = editing.save_entry(library, "place", key, value, cast=names)
        assert done.uuid not in (None, first)
        assert spoken(library, "place")[done.uuid] == {len(names) - 1: "old_finn"}
    assert spoken(library, "place")[first] == {0: "mara"}
    check_all(library, tmp_path)
