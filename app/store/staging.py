"""Writing the new version of a dataset file beside the old one; unchanged lines are copied as byte ranges."""

import errno
import os
import sqlite3
from array import array
from bisect import bisect_left
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from app.domain.change import Change, ChangeSet
from app.domain.facts import facts_of
from app.store.atomic import Staged, reached, sync_folder
from app.store.datasets import content_hash, framing, signature
from app.store.index import Index, Summary
from app.store.indexing import NewLine, update


@dataclass(frozen=True, slots=True)
class Layout:
    """Where every line of a file stands: ``offsets`` has one more item, the end of the file."""

    head: bytes
    ranks: "array[int]"
    offsets: "array[int]"
    digests: list[bytes]

    @classmethod
    def of(cls, connection: sqlite3.Connection, summary: Summary) -> "Layout":
        """The layout of the file that an index describes."""
        ranks, offsets, digests = array("q"), array("q"), []
        for rank, offset, mark in connection.execute("SELECT rank, offset, digest FROM lines ORDER BY rank"):
            ranks.append(rank)
            offsets.append(offset)
            digests.append(mark)
        offsets.append(summary.size)
        return cls(bytes.fromhex(summary.head), ranks, offsets, digests)

    @property
    def count(self) -> int:
        """How many lines there are."""
        return len(self.ranks)

    def position(self, rank: int) -> int:
        """Which line has this rank, from 0."""
        return bisect_left(self.ranks, rank)

    def line(self, file: int, position: int) -> bytes:
        """The raw line at a position of the open file."""
        start, stop = self.offsets[position], self.offsets[position + 1]
        return os.pread(file, stop - start, start)


@dataclass(frozen=True, slots=True)
class Written:
    """A staged file: its path, content hash and size, and the lines that are not as they were."""

    path: Path
    content: str
    size: int
    lines: int
    signature: str
    placed: tuple[NewLine, ...]


def stage(
    path: Path,
    source: int,
    layout: Layout,
    changes: ChangeSet,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> Written:
    """Write the changed file under the temporary name ``path`` and flush it to the disk.

    :param source: the open old file; the new one gets its owner and permissions.
    :param progress: told the changed lines written and those in all; what it raises stops the staging.
    :raises OSError: if the disk refuses; nothing is left of the staged file.
    :raises ValueError: if a line is not the one that its change was made from; likewise.
    """
    file = Staged(path, like=os.fstat(source))
    placed: list[NewLine] = []
    digests: list[bytes] = []
    try:
        head = changes.head[1] if changes.head else layout.head
        file.write(head)
        for piece in changes.pieces(layout.count):
            if isinstance(piece, Change):
                line = piece.splice(b"" if piece.before is None else layout.line(source, piece.before))
                placed.append(NewLine(piece, file.size, len(line), facts_of(line)[0]))
                digests.append(piece.now)
                file.write(line)
                if len(placed) % 200 == 0:
                    progress(len(placed), len(changes.changes))
            else:
                start, stop = piece
                _check_cut(source, layout, start)
                file.copy(source, layout.offsets[start], layout.offsets[stop] - layout.offsets[start])
                digests.extend(layout.digests[start:stop])
        reached("staged written")
        file.close()
        sync_folder(path.parent)
    except BaseException:
        file.discard()
        raise
    reached("staged flushed")
    content = content_hash(head, digests)
    return Written(path, content, file.size, len(digests), signature(path), tuple(placed))


def _check_cut(source: int, layout: Layout, position: int) -> None:
    """Nothing, if a line begins where the index says so.

    :raises OSError: if not: the index came to harm, and to cut by it would tear a line.
    """
    if position and os.pread(source, 1, layout.offsets[position] - 1) != b"\n":
        raise OSError(errno.EIO, "the index does not fit the file")


def follow(index: Index, file: Path, changes: ChangeSet, written: Written, summary: Summary) -> Summary:
    """Move the index along once ``file`` is in place; returns what it then says.

    :param summary: what the index is to describe; it counts the entries itself.
    """
    with file.open("rb") as data:
        frame = framing(data)
        summary = replace(summary, head=frame.head.hex(), newline=frame.newline.decode(), closed=frame.closed)
        return update(index, changes, written.placed, partial(_texts, data.fileno()), summary)


def _texts(descriptor: int, line: NewLine) -> list[tuple[str, str]]:
    return facts_of(os.pread(descriptor, line.length, line.offset))[1]
