"""An older version is kept before anything large, and the only good copy is never thrown away."""

from datetime import UTC, datetime, timedelta

from app.domain.tagging import TagEdit
from app.registry.database import connected
from app.registry.models import Backup, Dataset
from app.services import backing_up, editing, history, shelving
from app.services.backing_up import KEEP
from app.store.datasets import content_of
from tests.workshop import check_home, entry, keys


def kept(library, slug="talks"):
    folder = library.places.backups(slug)
    return {path.name.split("_")[-1]: path.read_bytes() for path in sorted(folder.glob("*.jsonl"))}


def test_the_file_as_it_came_is_kept_and_single_saves_have_their_history(library, talks, tmp_path):
    before = talks.read_bytes()
    assert kept(library) == {"import.jsonl": before}
    editing.save_entry(library, "talks", keys(library, "talks")[0], entry(1))
    assert kept(library) == {"import.jsonl": before}
    check_home(library, tmp_path)


def test_the_replaced_file_becomes_the_backup_without_a_copy(library, talks):
    editing.save_entry(library, "talks", None, entry(7))
    before, number = talks.read_bytes(), talks.stat().st_ino
    editing.edit_tags(library, "talks", None, TagEdit(add=("all",)))
    assert kept(library)["bulk.jsonl"] == before
    assert {path.stat().st_ino for path in talks.parent.parent.parent.rglob("*_bulk.jsonl")} == {number}


def test_every_backup_has_its_sidecar_as_it_was(library, talks):
    editing.save_entry(library, "talks", None, entry(7))
    sidecar = talks.with_name("talks.registry.json")
    before = sidecar.read_bytes()
    editing.edit_tags(library, "talks", None, TagEdit(add=("all",)))
    assert sidecar.read_bytes() != before
    (beside,) = library.places.backups("talks").glob("*_bulk.registry.json")
    assert beside.read_bytes() == before


def test_a_new_session_a_delete_an_undo_and_the_trash_keep_one(library, talks, tmp_path):
    with connected():
        long_ago = (datetime.now(UTC) - timedelta(hours=2)).isoformat()
        editing.save_entry(library, "talks", None, entry(7))
        Dataset.update(changed_at=long_ago).execute()
    editing.save_entry(library, "talks", None, entry(8))
    editing.delete_entries(library, "talks", keys(library, "talks")[:1])
    history.restore(library, "talks", 1)
    assert set(kept(library)) == {"import.jsonl", "session.jsonl", "delete.jsonl", "bulk.jsonl"}
    editing.save_entry(library, "talks", None, entry(9))
    shelving.trash(library, "talks")
    check_home(library, tmp_path)
    shelving.untrash(library, "talks")
    assert "trash.jsonl" in kept(library)
    check_home(library, tmp_path)


def test_only_so_many_are_kept_and_each_is_what_it_says(library, talks, tmp_path):
    for number in range(KEEP + 10):
        editing.edit_tags(library, "talks", None, TagEdit(replace=(f"t{number}",)))
    with connected():
        rows = list(Backup.select().order_by(Backup.id))
    assert KEEP <= len(rows) <= KEEP + 3
    assert rows[0].reason == "import"  # the first of its week
    assert all(content_of(library.places.backups("talks") / row.name) == row.content for row in rows)
    check_home(library, tmp_path)


def test_the_last_of_a_day_and_the_first_of_a_week_outlive_the_rest():
    now = datetime.now(UTC)
    ages = [timedelta(hours=hours) for hours in range(0, 24 * 70, 3)]
    backups = [Backup(id=1000 - place, at=(now - age).isoformat()) for place, age in enumerate(ages)]
    gone = {backup.id for backup in backing_up._expired(backups)}
    left = [backup for backup in backups if backup.id not in gone]
    days = {datetime.fromisoformat(backup.at).date() for backup in left}
    assert {now.date() - timedelta(days=day) for day in range(7)} <= days
    weeks = {datetime.fromisoformat(backup.at).isocalendar()[:2] for backup in left}
    assert {(now - timedelta(days=7 * week)).isocalendar()[:2] for week in range(8)} <= weeks
    assert backups[:KEEP] == left[:KEEP]
    assert len(left) <= KEEP + 7 + 9
