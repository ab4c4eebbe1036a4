"""A dataset open for changes to its lines, within one operation."""

import json
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass, replace
from functools import cached_property

from app.domain.change import Change, ChangeSet, Run
from app.domain.entry import digest
from app.domain.facts import Kind, payload
from app.errors import NotFound, StoreError
from app.registry.models import Dataset
from app.services.reading import Snapshot
from app.store import queries
from app.store.finding import key_of, locate_all
from app.store.staging import Layout


@dataclass(frozen=True, slots=True)
class Line:
    """A line found in the file: where it stands, how it is addressed, and its raw bytes."""

    position: int
    key: str
    raw: bytes

    @property
    def text(self) -> bytes:
        """The line without its line end."""
        return payload(self.raw)


class Editor:
    """Collects what an operation does to one file; nothing is written here.

    Positions are those of the file before the operation. Lines come and go whole, with their
    line ends; where the file has no line end behind its last line, that stays so.
    """

    def __init__(self, row: Dataset, snapshot: Snapshot) -> None:
        self.row = row
        self.snapshot = snapshot
        self._rewritten: dict[int, Change] = {}
        self._gone: dict[int, Change] = {}
        self._new: list[tuple[int, str, bytes]] = []  # gap, key, raw
        self._order: tuple[Run, ...] | None = None
        self._head: tuple[bytes, bytes] | None = None
        self._whole: ChangeSet | None = None

    @cached_property
    def layout(self) -> Layout:
        """Where every line stands."""
        return Layout.of(self.snapshot.connection, self.snapshot.summary)

    @property
    def newline(self) -> bytes:
        """The file's own line end."""
        return self.snapshot.summary.newline.encode()

    def find(self, key: str) -> Line:
        """The entry with that key.

        :raises NotFound: if there is none.
        """
        return next(self.find_all((key,)))

    def find_all(self, keys: Collection[str]) -> Iterator[Line]:
        """The entries with some keys, in the order given.

        :raises NotFound: at a key that leads to none.
        """
        for key, found in zip(keys, locate_all(self.snapshot.connection, keys), strict=True):
            if found is None:
                raise NotFound(
                    f"There is no entry {key} in {self.row.slug}.",
                    "It may have been deleted; look at the history.",
                )
            yield self.at(self.layout.position(found.rank), found.key)

    def found(self, keys: Collection[str]) -> Iterator[Line]:
        """The entries with some keys, as far as they are there."""
        for found in locate_all(self.snapshot.connection, keys):
            if found is not None:
                yield self.at(self.layout.position(found.rank), found.key)

    def number(self, line: Line) -> int:
        """Which entry of the file a line is, from 1."""
        return queries.number(self.snapshot.connection, self.layout.ranks[line.position])

    def entries(self) -> Iterator[Line]:
        """Every entry, in file order."""
        query = f"SELECT rank, uuid, digest FROM lines WHERE kind = {int(Kind.ENTRY)} ORDER BY rank"
        for rank, uuid, mark in self.snapshot.connection.execute(query):
            yield self.at(self.layout.position(rank), key_of(uuid, mark))

    def tagged(self, slugs: Iterable[str]) -> Iterator[Line]:
        """Every entry that has one of some tags, in file order."""
        query = (
            "SELECT rank, uuid, digest FROM lines WHERE rank IN"
            " (SELECT rank FROM tags WHERE slug IN (SELECT value FROM json_each(?))) ORDER BY rank"
        )
        for rank, uuid, mark in self.snapshot.connection.execute(query, (json.dumps(list(slugs)),)):
            yield self.at(self.layout.position(rank), key_of(uuid, mark))

    def entry_positions(self) -> list[int]:
        """The positions of the lines that are entries, in file order."""
        query = f"SELECT rank FROM lines WHERE kind = {int(Kind.ENTRY)} ORDER BY rank"
        return [self.layout.position(rank) for (rank,) in self.snapshot.connection.execute(query)]

    def at(self, position: int, key: str) -> Line:
        """The line at a position."""
        return Line(position, key, self.line(position))

    def line(self, position: int) -> bytes:
        """The raw line at a position.

        :raises StoreError: if the index came to harm and leads elsewhere; it is then made anew.
        """
        raw = self.layout.line(self.snapshot.file.descriptor, position)
        if digest(raw) != self.layout.digests[position]:
            self.snapshot.index.remove()
            raise StoreError(
                f"The index of {self.row.slug} does not fit its file.", "Try again; the index is made anew."
            )
        return raw

    def replace(self, line: Line, text: bytes, key: str) -> None:
        """Rewrite a line; it keeps its line end.

        :param key: the key under which history files the change.
        """
        ending = line.raw[len(line.text) :]
        change = Change.replaced(key, line.position, line.position, line.raw, text + ending)
        if change.was != change.now:
            self._rewritten[line.position] = change

    def delete(self, line: Line) -> None:
        """Take a line out."""
        self._gone[line.position] = Change.deleted(line.key, line.position, line.raw)

    def insert(self, text: bytes, key: str, *, gap: int | None = None) -> None:
        """Put a new line before the one at position ``gap``, or at the end."""
        self._new.append((self.layout.count if gap is None else gap, key, text + self.newline))

    def insert_raw(self, raw: bytes, key: str, *, gap: int) -> None:
        """Put a line back as it was before the one at position ``gap``; it gets a line end if it had none."""
        self._new.append((gap, key, raw if raw.endswith(b"\n") else raw + self.newline))

    def reorder(self, order: tuple[Run, ...]) -> None:
        """Put the lines into another order; for operations that do nothing else."""
        self._order = order

    def set_head(self, head: bytes) -> None:
        """Put something else, or nothing, before the first line."""
        self._head = (self.layout.head, head)

    def adopt(self, changes: ChangeSet) -> None:
        """Take over a change set as it is; for undo and its kin."""
        self._whole = changes

    @property
    def changed(self) -> bool:
        """Whether there is anything to write."""
        whole = self._whole or self._rewritten or self._gone or self._new or self._order
        return bool(whole) or self._head is not None

    def changes(self) -> ChangeSet:
        """All of it, as one change set."""
        if self._whole is not None:
            return self._whole
        if not self.changed:
            return ChangeSet()
        if not self.snapshot.summary.closed and self.layout.count:
            self._settle_end()
        return ChangeSet(tuple(sorted(self._moved(), key=_reading_order)), self._order, self._head)

    def _moved(self) -> Iterator[Change]:
        """The changes with the places that their lines have afterwards."""
        gone = sorted(self._gone)
        gaps = sorted(gap for gap, _, _ in self._new)
        yield from self._gone.values()
        moved = _placed(self._order, self.layout.count) if self._order else None
        for position, change in self._rewritten.items():
            shift = bisect_right(gaps, position) - bisect_left(gone, position)
            after = moved(position) if moved else position + shift
            yield change if change.after == after else replace(change, after=after)
        for number, (gap, key, raw) in enumerate(sorted(self._new, key=lambda new: new[0])):
            yield Change.inserted(key, gap - bisect_left(gone, gap) + number, raw)

    def _settle_end(self) -> None:
        """Keep the file without a line end behind its last line, whichever line that is now."""
        count = self.layout.count
        pieces = list(ChangeSet(tuple(self._moved()), self._order).pieces(count))
        last = pieces[-1] if pieces else None
        before = last.before if isinstance(last, Change) else last[1] - 1 if last else count - 1
        if before == count - 1:
            return
        if count - 1 not in self._gone:
            self._end(count - 1, self.newline)
        if before is not None:
            self._end(before, b"")
        else:
            place = max(range(len(self._new)), key=lambda number: (self._new[number][0], number))
            gap, key, raw = self._new[place]
            self._new[place] = (gap, key, payload(raw))

    def _end(self, position: int, ending: bytes) -> None:
        old = self.line(position)
        change = self._rewritten.get(position)
        new = payload(change.splice(old) if change else old) + ending
        if not new:
            return  # a blank line without a line end would be no line at all
        self._rewritten[position] = Change.replaced(
            change.key if change else "", position, position, old, new
        )


def _reading_order(change: Change) -> tuple[int, int]:
    place = change.after if change.after is not None else change.before
    return (place or 0, change.after is not None)


def _placed(order: tuple[Run, ...], count: int) -> Callable[[int], int]:
    """Where a line goes in an order of all lines."""
    starts: list[tuple[int, int]] = []
    at = 0
    for start, length in order:
        starts.append((start, at))
        at += length
    starts.sort()

    def placed(position: int) -> int:
        start, at = starts[bisect_right(starts, (position, count + 1)) - 1]
        return at + position - start

    return placed
