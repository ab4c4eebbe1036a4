"""A sidecar that was there before: taken in, or left alone until the person lets it be or has it replaced."""

import json
from contextlib import suppress

from app.errors import AppError, Refused
from app.registry.database import connected, transaction
from app.registry.models import Dataset
from app.services import sidecars, taking_in
from app.services.library import Library
from app.services.opening import look_at
from app.services.operation import OperationInfo, operation
from app.services.reading import current_index
from app.store.datasets import size_of
from app.store.places import sidecar_of


def replace_sidecar(library: Library, slug: str) -> OperationInfo:
    """Write our own sidecar in place of the one that was left alone; undo puts that one back as it was.

    :raises Refused: if it was not left alone.
    """
    with operation(library, f"Replace the sidecar of {slug}") as door:
        row = _left_alone(library, slug)
        door.check_free(row)
        sidecars.take_over(door, row)
    return door.done


def keep_sidecar(library: Library, slug: str) -> None:
    """Let the sidecar that was left alone be, and ask no more; it can still be replaced.

    Should it be left alone for another reason one day, the person is asked again.

    :raises Refused: if it was not left alone.
    """
    with library.writing(), connected():
        row = _left_alone(library, slug)
        report = {**json.loads(row.report), "sidecar_kept": row.sidecar_note}
        Dataset.update(report=json.dumps(report)).where(Dataset.id == row.id).execute()


def _left_alone(library: Library, slug: str) -> Dataset:
    row = library.row(slug)
    if row.sidecar != sidecars.ALONE:
        raise Refused(f"The sidecar of {slug} was not left alone.", "There is nothing to settle.")
    return row


def take_in_unseen(library: Library) -> None:
    """Take in the sidecars that nobody looked at, as datasets of an earlier version have them.

    Where a dataset has to be settled first, its sidecar waits too.
    """
    with connected():
        known = Dataset.select().where(Dataset.state == "live", Dataset.sidecar == sidecars.NONE)
        unseen = [row for row in known if size_of(sidecar_of(library.path_of(row))) is not None]
        for row in unseen:
            with suppress(AppError):  # whatever is in the way; the next operation looks again
                _take_in(library, row)


def _take_in(library: Library, row: Dataset) -> None:
    index = current_index(library, library.info(row))
    summary = index.summary()
    if summary is None or summary.content != row.content:
        return  # another program changed the dataset
    path = sidecar_of(library.path_of(row))
    found = taking_in.fit(look_at(path), {row.uuid})
    if found.sidecar is None:
        with transaction():
            sidecars.leave_alone(row, found.why)
        return
    title = f"Take in the sidecar of {row.slug}"
    with operation(library, title, kind="keep", looking=False) as door:
        door.check_free(row)
        sidecars.recognise(row, path)
        taking_in.bring(door, row, found, index, {"notes": [], **json.loads(row.report)})
        door.rows.clear()  # the dataset had all this from the beginning: no way back leads behind it
