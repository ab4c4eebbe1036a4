"""Which entries say nearly the same: a signature of each line is kept in the index, and they are compared."""

import sqlite3
from collections.abc import Iterable, Sequence
from pathlib import Path

from app.domain.entry import Entry, digest
from app.domain.facts import payload
from app.domain.validation.analysis import spoken
from app.domain.validation.codes import CODES
from app.store.analysing import Seen, is_same
from app.store.datasets import opened

CODE = "duplicate.near"


def signatures(lines: list[bytes]) -> list[bytes]:
    """The signature of what each line's user and assistant say."""
    from app.domain.duplicates import signature  # numpy, which no other command should wait for

    return [signature(spoken(Entry.of(line))) for line in lines]


def keep_signatures(connection: sqlite3.Connection, seen: Iterable[Seen[bytes]]) -> list[int]:
    """Put signatures into the index, for lines that are still the same; returns their ranks."""
    kept = [(each.place.rank, each.found) for each in seen if is_same(connection, each.place)]
    connection.executemany("INSERT OR REPLACE INTO signatures VALUES (?,?)", kept)
    return [rank for rank, _ in kept]


def near(connection: sqlite3.Connection, path: Path) -> list[tuple[int, int]]:
    """The entries that say nearly the same as an earlier one, and not just the same; the ranks of both.

    :param path: the file, of which only the texts of candidates are read.
    """
    from app.domain.duplicates import clusters

    with opened(path) as file:

        def text_of(rank: int) -> str:
            query = "SELECT offset, length, digest FROM lines WHERE rank = ?"
            offset, length, mark = connection.execute(query, (rank,)).fetchone()
            line = file.read(offset, length)
            return spoken(Entry.of(payload(line))) if digest(line) == mark else ""

        found = clusters(connection.execute("SELECT rank, signature FROM signatures"), text_of)
    same = {
        rank for (rank,) in connection.execute("SELECT rank FROM findings WHERE code = 'duplicate.exact'")
    }
    return [(rank, cluster[0]) for cluster in found for rank in cluster[1:] if rank not in same]


def write_near(connection: sqlite3.Connection, found: Sequence[tuple[int, int]]) -> None:
    """Say of these entries, and of no others, that an earlier one says nearly the same, by its id."""
    for table in ("findings", "details"):
        connection.execute(f"DELETE FROM {table} WHERE code = ?", (CODE,))
    severity = int(CODES[CODE].severity)
    connection.executemany(
        "INSERT INTO findings VALUES (?, ?, ?, 1)", ((CODE, rank, severity) for rank, _ in found)
    )
    connection.executemany(
        "INSERT INTO details SELECT ?, uuid, ?, 1 FROM lines WHERE rank = ? AND uuid NOT NULL",
        ((CODE, rank, first) for rank, first in found),
    )
