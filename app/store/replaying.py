"""Putting an older file together with what was done since."""

import os
from array import array
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from app.domain.change import Change, ChangeSet
from app.domain.entry import digest
from app.store.atomic import BLOCK, Staged
from app.store.datasets import content_hash, framing, lines


@dataclass(frozen=True, slots=True)
class Lines:
    """The lines of an open file: their digests, and each of them on demand."""

    descriptor: int
    head: bytes
    offsets: "array[int]"
    digests: list[bytes]

    def line(self, position: int) -> bytes:
        """The raw line at a position, from 0."""
        start = self.offsets[position]
        return os.pread(self.descriptor, self.offsets[position + 1] - start, start)


@contextmanager
def lines_of(path: Path) -> Iterator[Lines]:
    """The lines of a file, open for the length of the block."""
    with path.open("rb", buffering=BLOCK) as file:
        head = framing(file).head
        offsets, digests = array("q", (len(head),)), []
        for line in lines(file, len(head)):
            offsets.append(offsets[-1] + len(line))
            digests.append(digest(line))
        yield Lines(file.fileno(), head, offsets, digests)


def replay(source: Path, target: Path, changes: Sequence[ChangeSet]) -> str:
    """Write the file that comes of ``source`` by some change sets, oldest first; returns its content hash.

    Empty if the changes do not fit the file.
    """
    with lines_of(source) as old:
        whole: list[int | bytes] = list(range(len(old.digests)))

        def fetch(item: int | bytes) -> bytes:
            return old.line(item) if isinstance(item, int) else item

        def rewrite(change: Change, item: int | bytes | None) -> int | bytes:
            return change.splice(b"" if item is None else fetch(item))

        try:
            head = old.head
            for each in changes:
                whole = each.apply(whole, rewrite)
                head = each.head[1] if each.head else head
        except (ValueError, IndexError):
            return ""
        file = Staged(target, like=os.fstat(old.descriptor))
        marks = []
        file.write(head)
        for item in whole:
            line = fetch(item)
            marks.append(digest(line))
            file.write(line)
        file.close()
        return content_hash(head, marks)
