"""Addressing entries in an index: by their uuid, or by a digest where a line carries none."""

import sqlite3
from dataclasses import dataclass

from app.domain.facts import Kind

UNNAMED = "line-"
_COLUMNS = "rank, offset, length, uuid, digest"
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
    name, _, number = key.partition("~")
    if number and not (number.isascii() and number.isdecimal() and 0 < int(number[:9]) < 1 << 31):
        return None
    skip = int(number[:9]) - 1 if number else 0
    if name.startswith(UNNAMED):
        try:
            match: str | bytes = bytes.fromhex(name.removeprefix(UNNAMED))
        except ValueError:
            return None
        where = "uuid IS NULL AND digest = ?"
    else:
        match, where = name, "uuid = ?"
    row = connection.execute(
        f"SELECT {_COLUMNS} FROM lines WHERE {where} AND {_ENTRY} ORDER BY rank LIMIT 1 OFFSET ?",
        (match, skip),
    ).fetchone()
    return Found(row[0], row[1], row[2], key) if row else None


def full_key(connection: sqlite3.Connection, rank: int, uuid: str | None, digest: bytes) -> str:
    """The key of a line, numbered if lines before it would have the same one."""
    where, match = ("uuid = ?", uuid) if uuid else ("uuid IS NULL AND digest = ?", digest)
    repeat = connection.execute(
        f"SELECT count(*) FROM lines WHERE {where} AND {_ENTRY} AND rank < ?", (match, rank)
    ).fetchone()[0]
    return key_of(uuid, digest, repeat)
