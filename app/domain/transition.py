"""From one state of a file to another: the change set that leads there, whatever happened in between."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from app.domain.change import Change, ChangeSet, difference, runs_of


@dataclass(frozen=True, slots=True)
class Side:
    """One state of a file: the digest of each line, and how to get at a line and at its key."""

    digests: Sequence[bytes]
    line: Callable[[int], bytes]
    key: Callable[[bytes], str]

    def keyed(self, places: Sequence[int]) -> dict[str, list[int]]:
        """Some places by the key of their line, last first."""
        found: dict[str, list[int]] = {}
        for place in reversed(places):
            found.setdefault(self.key(self.line(place)), []).append(place)
        return found


def transition(before: Side, after: Side) -> ChangeSet:
    """What turns ``before`` into ``after``: equal lines are one line, lines of one key one rewritten."""
    origin = difference(before.digests, after.digests)
    matched = {place for place in origin if place is not None}
    gone = [place for place in range(len(before.digests)) if place not in matched]
    by_key = before.keyed(gone)
    changes: list[Change] = []
    for place, source in enumerate(origin):
        if source is not None:
            continue
        line = after.line(place)
        key = after.key(line)
        if waiting := by_key.get(key):
            origin[place] = start = waiting.pop()
            changes.append(Change.replaced(key, start, place, before.line(start), line))
        else:
            changes.append(Change.inserted(key, place, line))
    for key, places in by_key.items():
        changes.extend(Change.deleted(key, place, before.line(place)) for place in places)
    return ChangeSet(tuple(changes), _order(origin))


def _order(origin: Sequence[int | None]) -> tuple[tuple[int, int], ...] | None:
    """The order of the kept lines, by their number among them; None if it is the old one."""
    kept = [place for place in origin if place is not None]
    number = {place: index for index, place in enumerate(sorted(kept))}
    runs = runs_of(number[place] for place in kept)
    return runs if len(runs) > 1 else None
