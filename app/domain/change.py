"""What an operation does to the lines of a file, small enough to keep and exact enough to turn round.

Lines are raw: their bytes and their line end. A change set says which lines go, how the kept ones
are ordered, which are rewritten and which are new; the same data read backwards is the undo.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import chain
from typing import TypeVar

from app.domain.entry import digest

Line = TypeVar("Line")
Run = tuple[int, int]  # (start, length)


@dataclass(frozen=True, slots=True)
class Change:
    """One line rewritten, new (``before`` is None) or gone (``after`` is None).

    The line keeps its first ``prefix`` and last ``suffix`` bytes; between them ``old`` becomes ``new``.
    ``was`` and ``now`` are the digests of the whole line; ``key`` is the entry's id at the time.
    """

    key: str
    before: int | None
    after: int | None
    prefix: int
    suffix: int
    old: bytes
    new: bytes
    was: bytes
    now: bytes

    @classmethod
    def replaced(cls, key: str, before: int, after: int, old: bytes, new: bytes) -> "Change":
        """The line at ``before`` is rewritten and stands at ``after``."""
        prefix = _common(old, new, from_end=False)
        limit = min(len(old), len(new)) - prefix
        suffix = min(_common(old, new, from_end=True), limit)
        cut_old, cut_new = old[prefix : len(old) - suffix], new[prefix : len(new) - suffix]
        return cls(key, before, after, prefix, suffix, cut_old, cut_new, digest(old), digest(new))

    @classmethod
    def inserted(cls, key: str, after: int, new: bytes) -> "Change":
        """A new line stands at ``after``."""
        return cls(key, None, after, 0, 0, b"", new, b"", digest(new))

    @classmethod
    def deleted(cls, key: str, before: int, old: bytes) -> "Change":
        """The line at ``before`` is gone."""
        return cls(key, before, None, 0, 0, old, b"", digest(old), b"")

    @property
    def kind(self) -> str:
        """inserted, deleted or replaced."""
        if self.before is None:
            return "inserted"
        return "deleted" if self.after is None else "replaced"

    def inverted(self) -> "Change":
        """The change that takes this one back."""
        return Change(
            self.key,
            self.after,
            self.before,
            self.prefix,
            self.suffix,
            self.new,
            self.old,
            self.now,
            self.was,
        )

    def splice(self, line: bytes) -> bytes:
        """The line after the change.

        :raises ValueError: if ``line`` is not the one that the change was made from.
        """
        if self.before is not None and digest(line) != self.was:
            raise ValueError(f"the line at {self.before} is not the one that was changed")
        return line[: self.prefix] + self.new + line[len(line) - self.suffix :]


@dataclass(frozen=True, slots=True)
class ChangeSet:
    """All that one operation does to one file.

    ``order``, where given, lists the kept lines (those not deleted, numbered from 0 in their old
    order) in their new order, as runs. ``head``, where given, is what stands before the first line
    (a byte order mark, or nothing), before and after.
    """

    changes: tuple[Change, ...] = ()
    order: tuple[Run, ...] | None = None
    head: tuple[bytes, bytes] | None = None

    def __bool__(self) -> bool:
        return bool(self.changes) or self.order is not None or self.head is not None

    def inverted(self) -> "ChangeSet":
        """The change set that takes this one back."""
        order = None if self.order is None else inverted_order(self.order)
        head = None if self.head is None else (self.head[1], self.head[0])
        return ChangeSet(tuple(change.inverted() for change in self.changes), order, head)

    def headed(self, before: bytes, after: bytes) -> "ChangeSet":
        """The same, with what it does to the head of the file."""
        return replace(self, head=(before, after) if before != after else None)

    def follow(self, gaps: Iterable[int]) -> list[int]:
        """Where the gaps before some lines of the old file are in the new one, by what stands before them."""
        gone = sorted(c.before for c in self.changes if c.before is not None and c.after is None)
        fresh = sorted(c.after for c in self.changes if c.before is None and c.after is not None)
        before_fresh = [place - number for number, place in enumerate(fresh)]
        followed = []
        for gap in gaps:
            kept = gap - bisect_left(gone, gap)
            if self.order and kept:
                kept = place_in(self.order, kept - 1) + 1
            followed.append(kept + bisect_left(before_fresh, kept))
        return followed

    def pieces(self, count: int) -> Iterator[Run | Change]:
        """The new file in order: ranges ``(start, stop)`` of old lines, and rewritten or new lines.

        :param count: how many lines the old file has.
        """
        gone = sorted(
            change.before for change in self.changes if change.after is None and change.before is not None
        )
        kept = list(_between(gone, count))
        if self.order is not None:
            kept = list(_reordered(kept, self.order))
        rewritten = {
            change.before: change
            for change in self.changes
            if change.before is not None and change.after is not None
        }
        fresh = sorted((change for change in self.changes if change.before is None), key=_place)
        return _woven(kept, rewritten, fresh)

    def apply(self, lines: Sequence[Line], rewrite: Callable[[Change, Line | None], Line]) -> list[Line]:
        """The new list of lines; ``rewrite`` makes the line of a change from the old one, if any."""
        result: list[Line] = []
        for piece in self.pieces(len(lines)):
            if isinstance(piece, Change):
                result.append(rewrite(piece, None if piece.before is None else lines[piece.before]))
            else:
                result.extend(lines[piece[0] : piece[1]])
        return result


def apply(changes: ChangeSet, lines: Sequence[bytes]) -> list[bytes]:
    """The lines of the file after the change."""
    return changes.apply(lines, lambda change, line: change.splice(line or b""))


def place_in(order: Iterable[Run], item: int) -> int:
    """Where an item goes in an order of all items."""
    at = 0
    for start, length in order:
        if start <= item < start + length:
            return at + item - start
        at += length
    raise ValueError(f"there is no item {item} in the order")


def inverted_order(order: Iterable[Run]) -> tuple[Run, ...]:
    """The runs that put a reordered list back."""
    placed, at = [], 0
    for start, length in order:
        placed.append((start, at, length))
        at += length
    return tuple((at, length) for _, at, length in sorted(placed))


def moved(count: int, start: int, to: int) -> tuple[Run, ...]:
    """The order of ``count`` lines after the one at ``start`` was moved to ``to``."""
    if to > start:
        runs = ((0, start), (start + 1, to - start), (start, 1), (to + 1, count - to - 1))
    else:
        runs = ((0, to), (start, 1), (to, start - to), (start + 1, count - start - 1))
    return tuple(run for run in runs if run[1])


def runs_of(positions: Iterable[int]) -> tuple[Run, ...]:
    """A permutation, as the longest runs of neighbours."""
    runs: list[tuple[int, int]] = []
    for position in positions:
        if runs and position == runs[-1][0] + runs[-1][1]:
            runs[-1] = (runs[-1][0], runs[-1][1] + 1)
        else:
            runs.append((position, 1))
    return tuple(runs)


def difference(before: Sequence[bytes], after: Sequence[bytes]) -> list[int | None]:
    """Which line of ``before`` each line of ``after`` is, by digest; equal lines are paired in order."""
    waiting: dict[bytes, list[int]] = {}
    for position in range(len(before) - 1, -1, -1):
        waiting.setdefault(before[position], []).append(position)
    origin: list[int | None] = []
    for line in after:
        places = waiting.get(line)
        origin.append(places.pop() if places else None)
    return origin


def _common(old: bytes, new: bytes, *, from_end: bool) -> int:
    """How many bytes two lines share at the start or at the end, by halving."""
    low, high = 0, min(len(old), len(new))
    while low < high:
        middle = (low + high + 1) // 2
        same = old[-middle:] == new[-middle:] if from_end else old[:middle] == new[:middle]
        low, high = (middle, high) if same else (low, middle - 1)
    return low


def _place(change: Change) -> int:
    return -1 if change.after is None else change.after


def _between(gone: Sequence[int], count: int) -> Iterator[Run]:
    start = 0
    for position in chain(gone, (count,)):
        if start < position:
            yield start, position
        start = position + 1


def _reordered(kept: list[Run], order: tuple[Run, ...]) -> Iterator[Run]:
    """Ranges of kept lines, in the new order, as ranges of the old file."""
    if not kept:
        return
    firsts, at = [], 0
    for start, stop in kept:
        firsts.append(at)
        at += stop - start
    for first, length in order:
        index = bisect_right(firsts, first) - 1
        while length:
            start, stop = kept[index]
            inside = start + first - firsts[index]
            taken = min(length, stop - inside)
            yield inside, inside + taken
            first, length, index = first + taken, length - taken, index + 1


def _woven(kept: list[Run], rewritten: dict[int, Change], fresh: list[Change]) -> Iterator[Run | Change]:
    """Kept ranges with new lines at their places, cut where a line is rewritten."""
    waiting = iter(fresh)
    upcoming = next(waiting, None)
    at = 0
    for start, stop in kept:
        while upcoming is not None and _place(upcoming) < at + stop - start:
            cut = start + _place(upcoming) - at
            yield from _cut(start, cut, rewritten)
            yield upcoming
            at += cut - start + 1
            start, upcoming = cut, next(waiting, None)
        yield from _cut(start, stop, rewritten)
        at += stop - start
    while upcoming is not None:
        yield upcoming
        upcoming = next(waiting, None)


def _cut(start: int, stop: int, rewritten: dict[int, Change]) -> Iterator[Run | Change]:
    if len(rewritten) * 4 < stop - start:
        places: Iterable[int] = sorted(place for place in rewritten if start <= place < stop)
    else:
        places = (place for place in range(start, stop) if place in rewritten)
    for place in places:
        if start < place:
            yield start, place
        yield rewritten[place]
        start = place + 1
    if start < stop:
        yield start, stop
