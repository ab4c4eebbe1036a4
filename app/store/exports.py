"""Files that leave the library: written whole, under a temporary name first."""

import re
import time
from collections.abc import Iterable, Iterator
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

from app.store.atomic import Staged, discard, disk, sync_folder
from app.store.places import TEMPORARY
from app.store.soundness import LEFT_BEHIND

_DRAFT = re.compile(rf"\.(?P<name>.+)\.[0-9a-f]{{32}}{re.escape(TEMPORARY)}", re.DOTALL)


def write_export(target: Path, pieces: Iterable[bytes]) -> int:
    """Write the pieces to ``target``; returns the size in bytes.

    What an earlier export to that name left when it was killed goes.

    :raises StoreError: if the disk refuses; a file that was there is still there, whole.
    """
    name = target.name[:180]
    sweep_exports(target.parent, of=name)
    draft = target.with_name(f".{name}.{uuid4().hex}{TEMPORARY}")
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


def remove_export(path: Path) -> bool:
    """Whether there was a file of an earlier export, which is gone now.

    :raises StoreError: if the disk refuses.
    """
    with disk(f"{path} could not be removed"):
        if not path.exists():
            return False
        path.unlink()
        sync_folder(path.parent)
    return True


def sweep_exports(folder: Path, *, of: str = "") -> None:
    """Remove what killed exports left in a folder: drafts that nobody has written to for an hour.

    :param of: only those of the file with that name, in a folder that is not ours alone.
    """
    newest = time.time() - LEFT_BEHIND
    with suppress(OSError):  # a folder that is not ours to look into
        for path in folder.iterdir():
            draft = _DRAFT.fullmatch(path.name)
            if draft and (not of or draft["name"] == of) and path.stat().st_mtime < newest:
                discard(path)


def same_file(one: Path, other: Path) -> bool:
    """Whether two paths lead to the same file, links and all; False where either is not there."""
    try:
        return one == other or one.samefile(other)
    except OSError:
        return False


class _Sink:
    """What a zip archive has written, to be taken away bit by bit."""

    def __init__(self) -> None:
        self._parts: list[bytes] = []

    def write(self, data: bytes) -> int:
        """Keep the bytes."""
        self._parts.append(bytes(data))
        return len(data)

    def flush(self) -> None:
        """Nothing: all is kept at once."""

    def take(self) -> bytes:
        """The bytes since the last time."""
        data = b"".join(self._parts)
        self._parts.clear()
        return data


def zipped(members: Iterable[tuple[str, Iterable[bytes]]]) -> Iterator[bytes]:
    """A zip archive of some files, in pieces; each file, a name and its pieces, is asked for in its turn."""
    sink = _Sink()
    at = datetime.now(UTC).timetuple()[:6]
    with ZipFile(sink, "w", ZIP_DEFLATED) as archive:  # type: ignore[call-overload]  # a sink is enough
        for name, pieces in members:
            info = ZipInfo(name, at)
            info.compress_type = ZIP_DEFLATED
            with archive.open(info, "w", force_zip64=True) as member:
                for piece in pieces:
                    member.write(piece)
                    yield sink.take()
    yield sink.take()
