"""Facts that take long to find: what validation says of each line's messages, and how many tokens it has.

They are found for lines that have none yet, on all processors where there are many, and put into the
index beside the line. A line that was changed meanwhile is left for the next time.
"""

import multiprocessing
import os
import sqlite3
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Generic, TypeVar

from app.domain.entry import Entry, digest
from app.domain.facts import Kind, payload
from app.domain.validation.analysis import Analysis, analysed, check
from app.domain.validation.diagnostic import Diagnostic
from app.domain.validation.rules import Rules
from app.store.datasets import opened
from app.store.findings import number_lacking
from app.store.index import write_findings

BATCH = 400  # lines that a processor looks at in one go
MANY = 3000  # lines from which on it pays to start processes
LIMIT = 8  # processes at most

Found = TypeVar("Found")
_ENTRIES = f"kind = {int(Kind.ENTRY)}"


@dataclass(frozen=True, slots=True)
class Place:
    """A line of the file that shall be looked at: where it stands, and what it is known by."""

    rank: int
    offset: int
    length: int
    digest: bytes


@dataclass(frozen=True, slots=True)
class Seen(Generic[Found]):
    """What was found in one line."""

    place: Place
    found: Found


def lacking(connection: sqlite3.Connection, table: str) -> list[Place]:
    """The entries without a row in ``checks``, ``sizes`` or ``signatures``, in file order.

    Quick where they are few: they are sought among the lines that changed, and only then among all.
    """
    wanted = number_lacking(connection, table)
    found: list[Place] = []
    for among in ("recent CROSS JOIN lines USING (rank)", "lines") if wanted else ():
        rows = connection.execute(
            f"SELECT rank, offset, length, digest FROM {among} WHERE +{_ENTRIES}"
            f" AND NOT EXISTS (SELECT 1 FROM {table} WHERE {table}.rank = lines.rank) ORDER BY rank"
        )
        found = [Place(*row) for row in rows]
        if len(found) == wanted:
            break
    return found


def look(
    path: Path,
    places: Sequence[Place],
    work: Callable[[list[bytes]], list[Found]],
    *,
    progress: Callable[[int, int], None],
    at_home: bool = False,
) -> Iterator[list[Seen[Found]]]:
    """What ``work`` finds in some lines of a file, some at a time, in file order.

    :param work: what to do with the text of some lines, giving one answer for each; it is sent to other
        processes where there are many lines, so it is a function of a module with plain arguments.
    :param progress: told the lines looked at and those in all; what it raises ends the work.
    :param at_home: whether the work has to be done in this process.
    :raises StoreError: if the file cannot be read.
    """
    rest = iter(places)
    batches = iter(lambda: list(islice(rest, BATCH)), [])
    done = 0
    with _workers(0 if at_home else len(places)) as send:
        waiting: deque[tuple[int, Future[list[Seen[Found]]]]] = deque(
            (len(some), send(_read_and, work, path, some)) for some in islice(batches, 2 * LIMIT)
        )
        while waiting:
            amount, future = waiting.popleft()
            waiting.extend((len(some), send(_read_and, work, path, some)) for some in islice(batches, 1))
            yield future.result()
            done += amount
            progress(done, len(places))


def _read_and(
    work: Callable[[list[bytes]], list[Found]], path: Path, places: list[Place]
) -> list[Seen[Found]]:
    """What is found in those of the lines that stand in the file as they are known."""
    with opened(path) as file:
        lines = [(each, file.read(each.offset, each.length)) for each in places]
    same = [(each, payload(line)) for each, line in lines if digest(line) == each.digest]
    found = work([line for _, line in same])
    return [Seen(each, answer) for (each, _), answer in zip(same, found, strict=True)]


@contextmanager
def _workers(amount: int) -> Iterator[Callable[..., "Future[list[Seen[Found]]]"]]:
    """How to have a function called: here, or in another process where there is much to do."""
    processors = min(LIMIT, _processors())
    if amount < MANY or processors < 2:
        yield _at_once
        return
    spawning = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(processors, mp_context=spawning) as pool:
        try:
            yield pool.submit
        finally:
            pool.shutdown(wait=True, cancel_futures=True)


def _processors() -> int:
    """The processors that this program may use."""
    try:
        return len(os.sched_getaffinity(0))
    except AttributeError:  # not on every system
        return os.cpu_count() or 1


def _at_once(function: Callable[..., list[Seen[Found]]], *arguments: object) -> "Future[list[Seen[Found]]]":
    future: Future[list[Seen[Found]]] = Future()
    future.set_result(function(*arguments))
    return future


def worth_a_look(connection: sqlite3.Connection) -> tuple[list[Place], list[tuple[int, str | None, bytes]]]:
    """The entries in which something was found: their places, and rank, uuid and digest; in file order."""
    rows = connection.execute(
        "SELECT rank, offset, length, digest, uuid FROM lines WHERE rank IN (SELECT rank FROM findings)"
        " ORDER BY rank"
    ).fetchall()
    return [Place(*row[:4]) for row in rows], [(row[0], row[4], row[3]) for row in rows]


def diagnoses(rules: Rules, lines: list[bytes]) -> list[tuple[Diagnostic, ...]]:
    """Every diagnostic of each line by itself."""
    return [check(Entry.of(line), rules) for line in lines]


def analyses(rules: Rules, lines: list[bytes]) -> list[Analysis]:
    """The analysis of each line, by these rules."""
    return [analysed(Entry.of(line), rules) for line in lines]


def by(rules: Rules) -> Callable[[list[bytes]], list[Analysis]]:
    """The work of analysing lines, for :func:`look`."""
    return partial(analyses, rules)


def keep_analyses(connection: sqlite3.Connection, seen: Iterable[Seen[Analysis]]) -> list[int]:
    """Put analyses into the index, those of lines that are still the same; returns their ranks."""
    kept = [each for each in seen if is_same(connection, each.place)]
    shapes = {each.found.shape for each in kept}
    connection.executemany("INSERT OR IGNORE INTO shapes (shape) VALUES (?)", ((shape,) for shape in shapes))
    numbers = {
        shape: connection.execute("SELECT id FROM shapes WHERE shape = ?", (shape,)).fetchone()[0]
        for shape in shapes
    }
    connection.executemany(
        "INSERT OR REPLACE INTO checks VALUES (?,?,?)",
        ((each.place.rank, numbers[each.found.shape], each.found.same) for each in kept),
    )
    write_findings(connection, ((each.place.rank, each.found.findings) for each in kept))
    return [each.place.rank for each in kept]


def keep_sizes(connection: sqlite3.Connection, seen: Iterable[Seen[tuple[int, int]]]) -> list[int]:
    """Put numbers of tokens, in all and trained, into the index, for lines that are still the same."""
    kept = [each for each in seen if is_same(connection, each.place)]
    connection.executemany(
        "INSERT OR REPLACE INTO sizes VALUES (?,?,?)", ((each.place.rank, *each.found) for each in kept)
    )
    return [each.place.rank for each in kept]


def is_same(connection: sqlite3.Connection, place: Place) -> bool:
    """Whether a line is still the one that was looked at."""
    row = connection.execute("SELECT digest FROM lines WHERE rank = ?", (place.rank,)).fetchone()
    return row is not None and row[0] == place.digest
