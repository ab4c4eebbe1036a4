"""Backups: an older version is kept when a session starts to change a dataset, and before anything large."""

from collections.abc import Iterable
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from app.domain.change import ChangeSet
from app.errors import StoreError
from app.registry import history
from app.registry.models import Backup, Dataset
from app.store.places import sidecar_of
from app.store.publish import Step
from app.store.sidecars import hash_of

if TYPE_CHECKING:
    from app.services.editor import Editor
    from app.services.operation import Door

KEEP = 25
SESSION = timedelta(hours=1)  # a dataset left alone for so long begins a new session when it is next changed


def before_change(door: "Door", editor: "Editor", changes: ChangeSet) -> None:
    """Keep the file that is about to be replaced, by hard link, if this change calls for it."""
    row, seen = editor.row, editor.snapshot.file.signature
    if history.count(changes) > 1:
        keep(door, row, reason="bulk" if door.row.kind == "change" else door.row.kind, by="link", seen=seen)
    elif any(change.after is None for change in changes.changes):
        keep(door, row, reason="delete", by="link", seen=seen)
    elif datetime.now(UTC) - datetime.fromisoformat(row.changed_at) > SESSION or not _any(row):
        keep(door, row, reason="session", by="link", seen=seen)


def keep(door: "Door", row: Dataset, *, reason: str, by: str, seen: str = "") -> None:
    """Plan a backup of a dataset's committed content, unless there is one of just that content.

    :param by: ``link`` for a file that is about to be replaced, ``copy`` for one that stays.
    :param seen: the signature of the file with that content; saves reading it again.
    """
    library = door.library
    folder = library.places.backups(row.slug)
    same = Backup.select().where(Backup.dataset == row.id, Backup.content == row.content)
    if any((folder / each.name).exists() for each in same):
        return
    last = next((each.id for each in history.operations_on(row.id) if each.id != door.id), 0)
    name = _name(row, reason)
    Backup.create(dataset=row.id, operation=last, name=name, content=row.content, reason=reason)
    target, source = library.places.spell(folder / name), library.places.spell(library.path_of(row))
    door.step(Step(by, target, source, before=row.content, seen=seen))
    _keep_sidecar(door, row, folder / name)
    for old in _expired(Backup.select().where(Backup.dataset == row.id).order_by(Backup.id.desc())):
        for path in (folder / old.name, sidecar_of(folder / old.name)):
            door.step(Step("remove", library.places.spell(path)))
        old.delete_instance()


def _keep_sidecar(door: "Door", row: Dataset, backup: Path) -> None:
    """Plan a copy of a dataset's sidecar beside a backup of its file."""
    places, path, content = door.library.places, sidecar_of(door.library.path_of(row)), ""
    with suppress(StoreError):  # one that cannot be read has no copy
        content = hash_of(path)
    if content:
        door.step(Step("copy", places.spell(sidecar_of(backup)), places.spell(path), before=content))


def keep_outside(door: "Door", row: Dataset, content: str) -> None:
    """Keep the file that another program wrote, before ours takes its place."""
    places = door.library.places
    name = _name(row, "outside")
    Backup.create(dataset=row.id, operation=-1, name=name, content=content, reason="outside")
    source, target = door.library.path_of(row), places.backups(row.slug) / name
    door.step(Step("link", places.spell(target), places.spell(source), before=content))
    _keep_sidecar(door, row, target)


def _any(row: Dataset) -> bool:
    return bool(Backup.select().where(Backup.dataset == row.id).exists())


def _name(row: Dataset, reason: str) -> str:
    stem = f"{datetime.now(UTC):%Y-%m-%d_%H%M%S}_{reason}"
    taken = {each.name for each in Backup.select(Backup.name).where(Backup.dataset == row.id)}
    if f"{stem}.jsonl" not in taken:
        return f"{stem}.jsonl"
    return next(name for number in range(2, 10_000) if (name := f"{stem}_{number:03d}.jsonl") not in taken)


def _expired(newest_first: Iterable[Backup]) -> list[Backup]:
    """Backups beyond the last 25, the last of each of seven days and the first of each of eight weeks."""
    backups = list(newest_first)
    spared: set[int] = {backup.id for backup in backups[:KEEP]}
    today = datetime.now(UTC).date()
    days: set[object] = set()
    for backup in backups:
        day = datetime.fromisoformat(backup.at).date()
        if (today - day).days < 7 and day not in days:
            days.add(day)
            spared.add(backup.id)
    weeks: set[object] = set()
    for backup in reversed(backups):
        day = datetime.fromisoformat(backup.at).date()
        if (today - day).days < 56 and day.isocalendar()[:2] not in weeks:
            weeks.add(day.isocalendar()[:2])
            spared.add(backup.id)
    # What another program wrote is in no history: such a backup may be its only copy.
    return [each for each in backups if each.id not in spared and each.reason != "outside"]
