"""Addressing entries in an index: by their uuid, or by a digest where a line carries none."""

import sqlite3
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from app.domain.facts import Kind

UNNAMED = "line-"
_ENTRY = f"+kind = {int(Kind.ENTRY)}"  # the plus keeps SQLite from looking by kind: nearly all are entries


@dataclass(frozen=True, slots=True)
class Found:
    """Where an entry stands, and the key that leads to it."""

    rank: int
    offset: int
    length: int
    key: str


def key_of(uuid: str | None, digest: bytes, repeat: int = 0) -> str:
    """The key of a line; ``repeat`` counts the lines before it that would have the same one."""
    key = uuid or f"{UNNAMED}{digest.hex()}"
    return f"{key}~{repeat + 1}" if repeat else key


def locate(connection: sqlite3.Connection, key: str) -> Found | None:
    """The entry with that key, or None."""
    name, place = _parts(key)
    row = next(_alike(connection, name, 1, skip=place), None) if place >= 0 else None
    return Found(*row, key) if row else None


def locate_all(connection: sqlite3.Connection, keys: Iterable[str]) -> Iterator[Found | None]:
    """The entries with some keys, in the order given; None for a key that leads nowhere.

    Those with a number are found among all of their name, which are looked up once.
    """
    alike: dict[str, list[tuple[int, int, int]]] = {}
    for key in keys:
        name, place = _parts(key)
        if place > 0 and name not in alike:
            alike[name] = list(_alike(connection, name, -1))
        rows = alike.get(name) or list(_alike(connection, name, 1))
        yield Found(*rows[place], key) if 0 <= place < len(rows) else None


def places(connection: sqlite3.Connection, keys: Iterable[str]) -> dict[str, tuple[int, int]]:
    """Offset and length of the entries with some keys, as far as they are there, asked for all at once.

    A key with a number gives the first entry of its name.
    """
    names: dict[str | bytes, list[str]] = {}
    for key in keys:
        names.setdefault(_name(_parts(key)[0]), []).append(key)
    found: dict[str, tuple[int, int]] = {}
    for column, more, kind in (("uuid", "", str), ("digest", "AND uuid IS NULL", bytes)):
        wanted = [name for name in names if isinstance(name, kind)]
        marks = ",".join("?" * len(wanted))
        rows = connection.execute(
            f"SELECT {column}, offset, length FROM lines WHERE {column} IN ({marks}) {more} AND {_ENTRY}"
            " ORDER BY rank DESC",  # the first one of a name is met last, and stays
            wanted,
        )
        found.update((key, (offset, length)) for name, offset, length in rows for key in names[name])
    return found


def _name(name: str) -> str | bytes:
    """What the index knows a line by: its uuid, or its digest."""
    try:
        return bytes.fromhex(name.removeprefix(UNNAMED)) if name.startswith(UNNAMED) else name
    except ValueError:
        return name


def _parts(key: str) -> tuple[str, int]:
    """The name in a key, and which of the entries of that name it means, from 0; -1 for none."""
    name, mark, number = key.partition("~")
    if not mark:
        return name, 0
    return name, int(number) - 1 if number.isascii() and number.isdecimal() and len(number) < 10 else -1


def _alike(
    connection: sqlite3.Connection, name: str, most: int, *, skip: int = 0
) -> Iterator[tuple[int, int, int]]:
    """Rank, offset and length of the entries of one name, in file order."""
    match: str | bytes = name
    if name.startswith(UNNAMED):
        try:
            match = bytes.fromhex(name.removeprefix(UNNAMED))
        except ValueError:
            return iter(())
    query = f"SELECT rank, offset, length FROM lines WHERE {_same(match)} ORDER BY rank LIMIT ? OFFSET ?"
    return connection.execute(query, (match, most, skip))


def full_keys(
    connection: sqlite3.Connection, lines: Iterable[tuple[int, str | None, bytes]]
) -> Iterator[str]:
    """The keys of some lines, which come in file order, numbered where several would have the same.

    Each is counted on from the last one of its name, so that no line is counted twice.
    """
    counted: dict[str | bytes, tuple[int, int]] = {}
    for rank, uuid, digest in lines:
        match = uuid or digest
        last, repeat = counted.get(match, (0, 0))
        repeat += connection.execute(
            f"SELECT count(*) FROM lines WHERE {_same(match)} AND rank >= ? AND rank < ?", (match, last, rank)
        ).fetchone()[0]
        counted[match] = rank, repeat
        yield key_of(uuid, digest, repeat)


def _same(match: str | bytes) -> str:
    """The condition for entries of one name: a uuid, or a digest where there is none."""
    return f"{'uuid = ?' if isinstance(match, str) else 'uuid IS NULL AND digest = ?'} AND {_ENTRY}"
