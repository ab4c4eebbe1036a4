"""Files that leave the library: written whole, under a temporary name first."""

from collections.abc import Iterable
from pathlib import Path
from uuid import uuid4

from app.store.atomic import Staged, disk, sync_folder


def write_export(target: Path, pieces: Iterable[bytes]) -> int:
    """Write the pieces to ``target``; returns the size in bytes.

    :raises StoreError: if the disk refuses; a file that was there is still there, whole.
    """
    draft = target.with_name(f".{target.name[:180]}.{uuid4().hex}.rolethread-tmp")
    with disk(f"{target} could not be written"):
        file = Staged(draft)
        try:
            for piece in pieces:
                file.write(piece)
            file.close()
            draft.replace(target)
        except BaseException:
            file.discard()
            raise
        sync_folder(target.parent)
    return file.size


def same_file(one: Path, other: Path) -> bool:
    """Whether two paths lead to the same file, links and all; False where either is not there."""
    try:
        return one == other or one.samefile(other)
    except OSError:
        return False
