"""A reading is of one moment: what another program does meanwhile is noticed, and nothing is cut in two."""

import pytest

from app.domain.tagging import TagEdit
from app.errors import ChangedOutside, StoreError
from app.services import editing, history, opening, outside, rejecting, shelving
from app.store import atomic, publish
from tests.workshop import dataset, entry, keys, line


@pytest.fixture
def talks(library, tmp_path):
    """The path of a dataset of six entries."""
    return opening.import_path(library, dataset(tmp_path / "talks.jsonl")).path


def test_a_rename_does_not_vouch_for_what_another_program_wrote(library, talks):
    theirs = talks.read_bytes().replace(b"Question 0", b"A much longer question 0") + line(99)
    talks.write_bytes(theirs)
    shelving.rename(library, "talks", "other")
    path = library.dataset("other").path
    assert path.read_bytes() == theirs
    with pytest.raises(ChangedOutside):
        editing.delete_entries(library, "other", [keys(library, "other")[2]])
    assert path.read_bytes() == theirs


def test_a_renamed_dataset_is_not_read_anew(library, talks):
    built = library.index(1).database.stat().st_ino
    shelving.rename(library, "talks", "other")
    keys(library, "other")
    assert library.index(1).database.stat().st_ino == built


def test_a_write_just_after_the_file_was_put_in_place_is_noticed(library, talks, monkeypatch):
    key = keys(library, "talks")[0]
    theirs = []

    def write(step):
        if step == "publish replaced":
            theirs.append(line(77) + talks.read_bytes())
            talks.write_bytes(theirs[0])

    monkeypatch.setattr(publish, "reached", write)
    editing.save_entry(library, "talks", key, entry(0, note="ours"))
    monkeypatch.setattr(publish, "reached", atomic.reached)
    with pytest.raises(ChangedOutside):
        editing.delete_entries(library, "talks", [key])
    assert talks.read_bytes() == theirs[0]


def test_an_index_that_leads_elsewhere_is_made_anew_and_tears_no_line(library, talks):
    before = talks.read_bytes()
    key = keys(library, "talks")[2]
    with library.index(1).connect() as connection:
        connection.execute("UPDATE lines SET offset = offset + 5 WHERE offset > 0")
    with pytest.raises(StoreError, match="does not fit"):
        editing.delete_entries(library, "talks", [key])
    assert talks.read_bytes() == before
    editing.delete_entries(library, "talks", [key])
    assert talks.read_bytes() == b"".join(
        part for part in before.splitlines(True) if key.encode() not in part
    )


def test_a_restore_past_a_change_that_history_does_not_know_is_refused(library, talks):
    for backup in library.places.backups("talks").iterdir():
        backup.unlink()
    talks.write_bytes(line(50) + line(51))
    outside.settle(library, "talks", keep="outside")
    editing.edit_tags(library, "talks", None, TagEdit(add=("later",)))
    before = talks.read_bytes()
    with pytest.raises(editing.Refused, match="not known"):
        history.restore(library, "talks", 1)
    assert talks.read_bytes() == before


def test_redo_takes_out_only_the_record_that_was_mended(library):
    opening.import_text(library, '{"messages": []}\n{"a": 1}\n{"b": 2}\n', "mixed")
    rejecting.reimport(library, "mixed", 0, '{"messages": []}')
    history.undo(library, "mixed")
    path = library.places.rejected("mixed")
    path.write_bytes(path.read_bytes().split(b"\n")[1] + b"\n")
    left = path.read_bytes()
    with pytest.raises(rejecting.Conflict):
        history.redo(library, "mixed")
    assert path.read_bytes() == left


def test_a_second_name_of_a_file_in_place_is_no_backup(library, tmp_path):
    path = dataset(tmp_path / "talks.jsonl")
    opening.import_path(library, path, in_place=True)
    editing.save_entry(library, "talks", keys(library, "talks")[0], entry(0, note="a session begins"))
    before = path.read_bytes()
    snapshot = tmp_path / "snapshot.jsonl"
    snapshot.hardlink_to(path)
    editing.edit_tags(library, "talks", None, TagEdit(add=("bulk",)))
    snapshot.write_bytes(b"gone")
    assert any(backup.read_bytes() == before for backup in library.places.backups("talks").iterdir())


def test_a_planted_link_is_not_followed(library, talks, tmp_path):
    victim = tmp_path / "victim"
    victim.write_bytes(b"precious")
    for number in range(1, 9):
        (talks.parent / f".talks.jsonl.{number}.rolethread-tmp").symlink_to(victim)
    editing.save_entry(library, "talks", keys(library, "talks")[0], entry(0, note="x"))
    assert victim.read_bytes() == b"precious"
    assert not talks.is_symlink()
