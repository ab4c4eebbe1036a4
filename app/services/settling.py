"""When a sidecar was left alone: the person lets it be, or has it replaced by ours."""

import json

from app.errors import Refused
from app.registry.database import connected
from app.registry.models import Dataset
from app.services import sidecars
from app.services.library import Library
from app.services.operation import OperationInfo, operation


def replace_sidecar(library: Library, slug: str) -> OperationInfo:
    """Write our own sidecar in place of the one that was left alone; undo puts that one back as it was.

    :raises Refused: if it was not left alone.
    """
    with operation(library, f"Replace the sidecar of {slug}") as door:
        row = _left_alone(library, slug)
        door.check_free(row)
        sidecars.take_over(door, row)
    if door.info is None:
        raise Refused("There was nothing to change.")
    return door.info


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
