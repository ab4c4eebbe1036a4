"""Dataset files as they lie on the disk: their lines, their signature, their content hash."""

import os
import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import blake2b, file_digest
from pathlib import Path
from typing import BinaryIO

from app.domain.entry import digest
from app.store.atomic import BLOCK, disk
from app.store.places import TEMPORARY

_RUN = 1 << 18
BOM = b"\xef\xbb\xbf"


@dataclass(frozen=True, slots=True)
class Framing:
    """What a file has around its lines: a mark at its head, and how its lines and the last one end."""

    head: bytes = b""
    newline: bytes = b"\n"
    closed: bool = True


def signature(path: Path | int) -> str:
    """What tells a file apart from a later state of it without reading it; empty if it is not there."""
    try:
        stat = os.fstat(path) if isinstance(path, int) else path.stat()
    except FileNotFoundError:
        return ""
    return f"{stat.st_dev}:{stat.st_ino}:{stat.st_size}:{stat.st_mtime_ns}:{stat.st_ctime_ns}"


def same_but_name(one: str, other: str) -> bool:
    """Whether two signatures are of one file in one state, which may have got another name meanwhile."""
    return bool(one) and one.rpartition(":")[0] == other.rpartition(":")[0]


def size_of(path: Path) -> int | None:
    """The size of a file in bytes; None if it is not there."""
    try:
        return path.stat().st_size
    except OSError:
        return None


def framing(file: BinaryIO) -> Framing:
    """The framing of an open file; leaves the file at its start."""
    head = file.read(len(BOM))
    file.seek(0)
    head = head if head == BOM else b""
    first = _first_line(file)
    size = file.seek(0, os.SEEK_END)
    closed = True
    if size > len(head):
        file.seek(-1, os.SEEK_END)
        closed = file.read(1) == b"\n"
    file.seek(0)
    return Framing(head, b"\r\n" if first.endswith(b"\r\n") else b"\n", closed)


def _first_line(file: BinaryIO) -> bytes:
    """The end of the first line; of a gigantic one as much as fits a block at a time."""
    ending = b""
    while part := file.readline(BLOCK):
        ending = (ending + part)[-2:]
        if ending.endswith(b"\n"):
            break
    return ending


def lines(file: BinaryIO, head: int) -> Iterator[bytes]:
    """The raw lines of an open file from behind its head, each with its line end; split at LF only."""
    file.seek(head)
    return iter(file)


def content_hash(head: bytes, digests: Iterable[bytes]) -> str:
    """The hash of a file's content, from the digests of its lines in order."""
    whole = blake2b(head, digest_size=16)
    whole.update(b"".join(digests))
    return whole.hexdigest()


def content_of(path: Path) -> str:
    """The content hash of a file on the disk, by reading it; empty if it is not there.

    That of a sidecar, staged or in its place, is over all of it at once: its lines are many and short.
    """
    try:
        if _SIDECAR.search(path.name):
            with path.open("rb", buffering=0) as whole:
                return file_digest(whole, "sha256").hexdigest()[:32]
        with path.open("rb", buffering=BLOCK) as file:
            head = framing(file).head
            return content_hash(head, map(digest, lines(file, len(head))))
    except FileNotFoundError:
        return ""


_SIDECAR = re.compile(rf"\.registry\.json(\.\d+{re.escape(TEMPORARY)})?$")
EMPTY = content_hash(b"", ())


@dataclass(frozen=True, slots=True)
class OpenFile:
    """A dataset file held open: it stays what it was when another one takes its name."""

    descriptor: int
    signature: str

    def read(self, offset: int, length: int) -> bytes:
        """A range of bytes; shorter only if the file was cut meanwhile."""
        return os.pread(self.descriptor, length, offset)

    def every_line(self, head: int) -> Iterator[bytes]:
        """All raw lines from behind a head of so many bytes, one after the other."""
        with open(self.descriptor, "rb", buffering=_RUN, closefd=False) as file:
            yield from lines(file, head)

    def lines(self, places: Iterable[tuple[int, int]]) -> Iterator[bytes]:
        """The lines at some offsets, of some lengths; neighbours are read in one go."""
        for start, lengths in _runs(places):
            data, at = self.read(start, sum(lengths)), 0
            for length in lengths:
                yield data[at : at + length]
                at += length


def _runs(places: Iterable[tuple[int, int]]) -> Iterator[tuple[int, list[int]]]:
    """Where lines lie that follow each other, up to some hundred kilobytes, and how long each is."""
    start = end = 0
    lengths: list[int] = []
    for offset, length in places:
        if offset != end or end - start >= _RUN:
            yield start, lengths
            start = end = offset
            lengths = []
        lengths.append(length)
        end += length
    yield start, lengths


@contextmanager
def opened(path: Path) -> Iterator[OpenFile]:
    """The file, open for the length of the block.

    :raises StoreError: if it cannot be opened.
    """
    with disk(f"{path.name} could not be opened"):
        descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_BINARY", 0))
    try:
        yield OpenFile(descriptor, signature(descriptor))
    finally:
        os.close(descriptor)
