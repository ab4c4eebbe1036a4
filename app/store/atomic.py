"""Writing that is whole or not at all: staged files, fsync, links, and what a refusing disk means."""

import errno
import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from app.errors import AppError, StoreError

BLOCK = 1 << 20
_WORDS = {
    errno.ENOSPC: "the disk is full",
    errno.EDQUOT: "the disk quota is used up",
    errno.EACCES: "it is not permitted",
    errno.EPERM: "it is not permitted",
    errno.EROFS: "the disk is read-only",
    errno.ENAMETOOLONG: "the name is too long",
    errno.EIO: "the disk reported a fault",
    errno.ENOENT: "it is not there",
    errno.EISDIR: "it is a folder",
    errno.ENOTDIR: "a part of its path is no folder",
    errno.ELOOP: "its links lead in a circle",
}


@contextmanager
def disk(what: str) -> Iterator[None]:
    """Turn a refusal of the operating system into a sentence.

    :param what: what did not work, as the start of a sentence: "The dataset could not be written".
    :raises StoreError: in place of any ``OSError``.
    """
    try:
        yield
    except AppError:
        raise
    except OSError as error:
        reason = _WORDS.get(error.errno or 0, error.strerror or str(error))
        raise StoreError(f"{what}: {reason}.", errno=error.errno) from error
    except sqlite3.OperationalError as error:
        raise StoreError(f"{what}: {error}.") from error


def reached(step: str) -> None:
    """Nothing. Names the moments at which the crash tests pull the plug."""


class Staged:
    """A new file being written beside its target: whole and on the disk once :meth:`close` returns."""

    def __init__(self, path: Path, *, like: os.stat_result | None = None) -> None:
        self.path = path
        path.unlink(missing_ok=True)  # a leftover, or a link that somebody planted
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        if like is not None:
            _resemble(descriptor, like)
        self._file = os.fdopen(descriptor, "wb", buffering=BLOCK)
        self.size = 0

    def write(self, data: bytes) -> None:
        """Add bytes at the end."""
        self._file.write(data)
        self.size += len(data)

    def copy(self, source: int, start: int, length: int) -> None:
        """Add a range of another open file, byte for byte.

        :raises OSError: also (``EIO``) when the source ends before the range does.
        """
        self.size += length
        if length < BLOCK // 4:
            self._file.write(_exactly(source, start, length))
            return
        self._file.flush()
        copy_range(source, self._file.fileno(), start, length)

    def close(self) -> None:
        """Flush everything to the disk."""
        with self._file:
            self._file.flush()
            os.fsync(self._file.fileno())

    def discard(self) -> None:
        """Drop the file."""
        with suppress(OSError):
            self._file.close()
        discard(self.path)


def _resemble(descriptor: int, like: os.stat_result) -> None:
    """Give an open file the owner and the permissions of another, as far as we may."""
    if not hasattr(os, "fchmod"):
        return
    mine = os.fstat(descriptor)
    with suppress(PermissionError):  # another's file, or a disk without owners
        if (mine.st_uid, mine.st_gid) != (like.st_uid, like.st_gid):
            os.fchown(descriptor, like.st_uid, like.st_gid)
    with suppress(PermissionError):  # a disk without permissions
        os.fchmod(descriptor, like.st_mode & 0o7777)


def copy_range(source: int, target: int, start: int, length: int) -> None:
    """Copy a range of one open file to the present place in another, inside the kernel where it can."""
    use_kernel = hasattr(os, "copy_file_range")
    while length:
        if use_kernel:
            try:
                done = os.copy_file_range(source, target, min(length, 1 << 30), offset_src=start)
            except OSError as error:
                if error.errno not in (errno.EXDEV, errno.EINVAL, errno.ENOSYS, errno.EOPNOTSUPP):
                    raise
                use_kernel = False
                continue
        else:
            done = _write_all(target, _exactly(source, start, min(length, BLOCK)))
        if not done:
            raise OSError(errno.EIO, "the file ended early")
        start, length = start + done, length - done


def _exactly(source: int, start: int, length: int) -> bytes:
    data = os.pread(source, length, start) if hasattr(os, "pread") else _seek_read(source, start, length)
    if len(data) != length:
        raise OSError(errno.EIO, "the file ended early")
    return data


def _seek_read(source: int, start: int, length: int) -> bytes:
    os.lseek(source, start, os.SEEK_SET)
    parts = []
    while length and (part := os.read(source, length)):
        parts.append(part)
        length -= len(part)
    return b"".join(parts)


def _write_all(target: int, data: bytes) -> int:
    view = memoryview(data)
    while view:
        view = view[os.write(target, view) :]
    return len(data)


def write_new(path: Path, data: bytes) -> None:
    """Write a whole file and flush it to the disk; nothing is left of it if the disk refuses."""
    file = Staged(path)
    try:
        file.write(data)
        file.close()
    except BaseException:
        file.discard()
        raise


def discard(path: Path) -> None:
    """Drop a staged file, if it is there; what the disk does not let go is swept at the next start."""
    with suppress(OSError):
        path.unlink(missing_ok=True)


def sync_folder(folder: Path) -> None:
    """Flush a folder's list of names to the disk (nothing to do on Windows)."""
    if os.name == "nt":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def link_or_copy(source: Path, target: Path) -> None:
    """Give ``source`` a second name, by hard link, or by copy where links are refused. Repeatable.

    A file that has a second name already is copied: whoever gave it that one may write to it.
    """
    if target.exists():
        return
    if source.stat().st_nlink > 1:
        copy_file(source, target)
        return
    try:
        os.link(source, target)
    except FileExistsError:
        return
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EIO, errno.ENOENT):
            raise
        copy_file(source, target)


def copy_file(source: Path, target: Path, *, like: Path | None = None) -> None:
    """Copy a file whole: ``target`` appears complete or not at all.

    :param like: a file whose owner and permissions it gets; its own are the default ones.
    """
    draft = target.with_name(f".{target.name}.rolethread-tmp")
    with source.open("rb") as data:
        file = Staged(draft, like=like.stat() if like else None)
        try:
            file.copy(data.fileno(), 0, os.fstat(data.fileno()).st_size)
            file.close()
            draft.replace(target)
        except BaseException:
            file.discard()
            raise
