"""What the history refuses, and how it says so."""

import pytest

from app.errors import Conflict, NotFound
from app.services import editing, history, opening, prompts, rejecting, shelving, tagging
from tests.workshop import check_home, keys, line

NUMBERS = (99, 0, -1, 2**63 - 1, 2**63, -(2**63) - 1, 99999999999999999999)


@pytest.mark.parametrize("number", NUMBERS)
@pytest.mark.parametrize("act", [history.undo, history.restore, history.changes])
def test_a_number_that_no_operation_has_is_said_to_be_none(library, talks, act, number):
    with pytest.raises(NotFound, match=f"There is no operation {number} on talks"):
        act(library, "talks", number)


@pytest.mark.parametrize("number", NUMBERS)
def test_a_number_that_no_operation_has_is_none_on_what_datasets_share_either(library, number):
    tagging.create(library, "calm")
    with pytest.raises(NotFound, match=f"There is no operation {number} to undo"):
        history.undo_shared(library, number)


EDITS = {
    "delete": lambda library: editing.delete_entries(library, "mixed", keys(library, "mixed")[:1]),
    "take in": lambda library: rejecting.reimport(library, "mixed", 0, line(9).decode()),
}


@pytest.mark.parametrize("name", EDITS)
def test_an_edit_of_a_dataset_in_the_trash_is_not_undone_but_said_to_be_there(library, tmp_path, name):
    source = tmp_path / "mixed.jsonl"
    source.write_bytes(line(1) + b'{"broken": \n' + line(2))
    before = opening.import_path(library, source).path.read_bytes()
    EDITS[name](library)
    history.undo(library, "mixed", 1)  # the import: it is in the trash now, and the edit is in force
    with pytest.raises(Conflict, match="mixed is in the trash") as refused:
        history.undo(library, "mixed")
    assert "Take it out" in refused.value.hint
    with pytest.raises(NotFound) as refused:
        history.restore(library, "mixed", 1)
    assert "in the trash" in refused.value.hint
    shelving.untrash(library, "mixed")
    history.undo(library, "mixed", 2)
    assert library.dataset("mixed").path.read_bytes() == before
    check_home(library, tmp_path)


def test_trash_itself_is_undone_while_a_dataset_is_there(library, talks):
    editing.delete_entries(library, "talks", keys(library, "talks")[:1])
    shelving.trash(library, "talks")
    history.undo(library, "talks")
    history.undo(library, "talks")
    assert len(keys(library, "talks")) == 6


def test_what_was_done_to_shared_rows_is_told_by_what_they_are(library):
    tagging.create_category(library, "Weather")
    prompts.create(library, "Light", "You keep the light.")
    history.undo_shared(library)
    tagging.create(library, "Calm", "weather")
    told = history.shared_operations(history.TAGS)
    assert [(each.title, each.undone) for each in told] == [
        ("New tag Calm", False),
        ("New category Weather", False),
    ]
    assert [each.undone for each in history.shared_operations(history.PROMPTS)] == [True]
    assert len(history.shared_operations(history.TAGS, limit=1)) == 1
    assert history.shared_operations(history.CHARACTERS) == []
