"""The backups of a dataset: what there is, and the way back to one of them."""

from dataclasses import dataclass
from datetime import datetime

from app.errors import NotFound, Refused
from app.registry import history
from app.registry.database import connected
from app.registry.models import Backup
from app.services import casting
from app.services.library import Library
from app.services.operation import OperationInfo, operation
from app.services.outside import difference
from app.services.reading import Progress, silent
from app.store.datasets import content_of, size_of


@dataclass(frozen=True, slots=True)
class BackupInfo:
    """An older version of a dataset that is kept as a file of its own."""

    name: str
    at: datetime
    reason: str
    size: int  # bytes
    current: bool  # whether it holds just what the dataset holds now


def backups(library: Library, slug: str) -> list[BackupInfo]:
    """The backups of a dataset whose files are there, newest first."""
    with connected():
        row = library.row(slug)
        kept = list(Backup.select().where(Backup.dataset == row.id).order_by(Backup.id.desc()))
    folder = library.places.backups(row.slug)
    sizes = {each.name: size_of(folder / each.name) for each in kept}
    return [
        BackupInfo(each.name, datetime.fromisoformat(each.at), each.reason, size, each.content == row.content)
        for each in kept
        if (size := sizes[each.name]) is not None
    ]


def restore_backup(library: Library, slug: str, name: str, *, progress: Progress = silent) -> OperationInfo:
    """Bring the entries of a dataset back to those of a backup; one operation, which can be undone.

    :raises NotFound: if there is no such backup, or its file is gone.
    :raises Refused: if it is damaged, or holds just what the dataset holds.
    """
    with library.writing(), connected():
        row = library.row(slug)
        backup = Backup.get_or_none(Backup.dataset == row.id, Backup.name == name)
        path = library.places.backups(row.slug) / (backup.name if backup else "-")
        found = content_of(path) if backup else ""
        if backup is None or not found:
            raise NotFound(
                f"There is no backup {name} of {slug}.", "The history page lists those that there are."
            )
        if found != backup.content:
            raise Refused(f"The backup {name} was changed since it was made.", "Choose another one.")
        if found == row.content:
            raise Refused(f"{slug} holds just what that backup holds.")
        with operation(library, f"Restore the backup {name}", progress=progress) as door:
            editor = door.editor(slug)
            editor.adopt(difference(library.path_of(row), path))
            last = history.last_to_leave(found, row.id)
            if last is not None:
                casting.restore(door, row, last)
            else:
                casting.follow(door, row, editor.changes(), editor.line)
                casting.bring_back(door, editor, editor.changes())
    if door.info is None:
        raise Refused(f"{slug} holds just what that backup holds.")
    return door.info
