"""Which entries say nearly the same: a signature of each line is kept in the index, and they are compared."""

import json
import sqlite3
from collections.abc import Iterable, Mapping
from pathlib import Path

from app.domain.entry import Entry, digest
from app.domain.facts import payload
from app.domain.validation.analysis import spoken
from app.domain.validation.codes import CODES
from app.store.analysing import Seen, is_same
from app.store.datasets import opened
from app.store.schema import PAIRS

CODE = "duplicate.near"
MOST = 50_000  # signatures that are looked at for what changed; to compare all is then as quick
_FIRST = 16  # bytes of a signature before its places
_PAIRED = f"SELECT id, signature FROM signs WHERE {' OR '.join(f'{pair} = ?' for pair in PAIRS)}"


class Elsewhere(Exception):
    """The file is no longer as the index has it; it is looked at again anyway."""


def signatures(lines: list[bytes]) -> list[bytes]:
    """The signature of what each line's user and assistant say."""
    from app.domain.duplicates import signature  # numpy, which no other command should wait for

    return [signature(spoken(Entry.of(line))) for line in lines]


def keep_signatures(connection: sqlite3.Connection, seen: Iterable[Seen[bytes]]) -> list[int]:
    """Put signatures into the index, for lines that are still the same; returns their ranks."""
    kept = [(each.place.rank, each.found) for each in seen if is_same(connection, each.place)]
    connection.executemany(
        "INSERT OR IGNORE INTO signs (signature) VALUES (?)", ((sign,) for _, sign in kept)
    )
    connection.executemany(
        "INSERT OR REPLACE INTO signatures SELECT ?, id FROM signs WHERE signature = ?", kept
    )
    return [rank for rank, _ in kept]


def begin(connection: sqlite3.Connection) -> None:
    """Drop the signatures that no entry has; what changes from now on is kept in mind again."""
    connection.execute("DELETE FROM signs WHERE id NOT IN (SELECT sign FROM signatures)")
    connection.execute("DELETE FROM resigned")


def follow(connection: sqlite3.Connection, path: Path) -> bool:
    """Compare anew what may be near to anything that changed; false where that is too much.

    :param path: the file, of which only the texts of candidates are read.
    :raises Elsewhere: if it is not as the index has it.
    """
    changed = dict(
        connection.execute("SELECT id, signature FROM signs WHERE id IN (SELECT sign FROM resigned)")
    )
    if changed:
        around = _around(connection, changed)
        if around is None:
            return False
        _write(connection, near(connection, path, around), around)
        connection.execute(
            "DELETE FROM signs WHERE id IN (SELECT sign FROM resigned)"
            " AND id NOT IN (SELECT sign FROM signatures)"
        )
        connection.execute("DELETE FROM resigned")
    return True


def _around(connection: sqlite3.Connection, changed: Mapping[int, bytes]) -> set[int] | None:
    """The signatures that may be near to some, or to one of those, and so on; None if they are too many."""
    from app.domain.duplicates import alike

    found, waiting, seen = set(changed), [sign for sign in changed.values() if sign], 0
    while waiting:
        sign = waiting.pop()
        pairs = [sign[start : start + 4] for start in range(_FIRST, _FIRST + 4 * len(PAIRS), 4)]
        others = connection.execute(f"{_PAIRED} LIMIT ?", (*pairs, MOST)).fetchall()
        seen += len(others)
        if seen >= MOST:
            return None
        fresh = [(number, other) for number, other in others if number not in found]
        near_it = alike(sign, [other for _, other in fresh])
        for (number, other), is_near in zip(fresh, near_it, strict=True):
            if is_near:
                found.add(number)
                waiting.append(other)
    return found


def near(
    connection: sqlite3.Connection, path: Path, among: Iterable[int] | None = None
) -> list[tuple[int, int]]:
    """The entries that say nearly the same as an earlier one, and not just the same; the ranks of both.

    :param path: the file, of which only the texts of candidates are read.
    :param among: the numbers of the signatures that are compared; None for all.
    :raises Elsewhere: if the file is not as the index has it.
    """
    from app.domain.duplicates import clusters

    some, values = _having(among)
    with opened(path) as file:

        def text_of(rank: int) -> str:
            query = "SELECT offset, length, digest FROM lines WHERE rank = ?"
            offset, length, mark = connection.execute(query, (rank,)).fetchone()
            line = file.read(offset, length)
            if digest(line) != mark:
                raise Elsewhere
            return spoken(Entry.of(payload(line)))

        signed = f"SELECT rank, signature FROM signatures JOIN signs ON signs.id = sign WHERE {some}"
        found = clusters(connection.execute(f"{signed} ORDER BY rank", values), text_of)
    exact = "SELECT rank FROM findings WHERE code = 'duplicate.exact'"
    same = {rank for (rank,) in connection.execute(exact)} if found else set()
    return [(rank, cluster[0]) for cluster in found for rank in cluster[1:] if rank not in same]


def write_near(connection: sqlite3.Connection, found: Iterable[tuple[int, int]]) -> None:
    """Say of these entries, and of no others, that an earlier one says nearly the same, by its id."""
    _write(connection, list(found), None)


def _write(connection: sqlite3.Connection, found: list[tuple[int, int]], among: Iterable[int] | None) -> None:
    """The same, where only entries with some signatures were compared."""
    some, values = _having(among)
    for table in ("findings", "details"):
        connection.execute(
            f"DELETE FROM {table} WHERE code = ? AND rank IN (SELECT rank FROM signatures WHERE {some})",
            (CODE, *values),
        )
    severity = int(CODES[CODE].severity)
    connection.executemany(
        "INSERT INTO findings VALUES (?, ?, ?, 1)", ((CODE, rank, severity) for rank, _ in found)
    )
    connection.executemany(
        "INSERT INTO details SELECT ?, uuid, ?, 1 FROM lines WHERE rank = ? AND uuid NOT NULL",
        ((CODE, rank, first) for rank, first in found),
    )


def _having(among: Iterable[int] | None) -> tuple[str, list[str]]:
    """The entries with some signatures, or all, as an SQL condition and its values."""
    if among is None:
        return "1", []
    return "sign IN (SELECT value FROM json_each(?))", [json.dumps(sorted(among))]
