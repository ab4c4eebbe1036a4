"""The index of one dataset: a row per line with its place and its facts. A cache, never the truth."""

import json
import shutil
import sqlite3
from array import array
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from app.domain import facts
from app.domain.facts import Facts, Kind
from app.domain.validation.diagnostic import Finding
from app.errors import StoreError
from app.store.schema import COUNTS, INDEXES, SCHEMA, TRIGGERS
from app.store.textcache import TextCacheLost, TextCacheWriter

GAP = 1 << 20
_DAMAGED = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)
_ROW = "INSERT INTO lines VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?)"


@dataclass(frozen=True, slots=True)
class Summary:
    """What the index says of the file as a whole; ``signature`` names the file that it was made from."""

    signature: str
    content: str
    head: str  # hex
    newline: str
    closed: bool
    lines: int
    entries: int
    size: int
    unreadable: int = 0
    version: int = facts.VERSION


class Index:
    """The index in a folder of its own: ``index.sqlite3`` and the folded texts in ``text``."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.database = folder / "index.sqlite3"
        self.text = folder / "text"

    @contextmanager
    def connect(self) -> Iterator[sqlite3.Connection]:
        """A connection for one request; rows are tuples.

        :raises StoreError: if the index cannot be used; a damaged one is dropped, to be made anew.
        """
        try:
            with closing(sqlite3.connect(self.database, timeout=30, isolation_level=None)) as connection:
                connection.execute("PRAGMA synchronous=OFF")
                connection.execute("PRAGMA cache_size=-65536")
                connection.execute("PRAGMA recursive_triggers=ON")  # so that a row replaced counts as gone
                yield connection
        except TextCacheLost:
            self.remove()
            raise
        except sqlite3.DatabaseError as error:
            if error.sqlite_errorcode in _DAMAGED:
                self.remove()
            raise StoreError(f"The index could not be used: {error}.", "Try again.") from error

    def summary(self) -> Summary | None:
        """What the index was made from; none where there is no usable one."""
        if not (self.database.exists() and self.text.exists()):
            return None
        try:
            with self.connect() as connection:
                return summary_of(connection)
        except StoreError:
            return None

    def remove(self) -> None:
        """Delete the index; it is rebuilt when it is next needed."""
        shutil.rmtree(self.folder, ignore_errors=True)

    def builder(self) -> "Builder":
        """A new, empty index in this folder, whatever was there before."""
        self.remove()
        self.folder.mkdir(mode=0o700, parents=True)
        return Builder(self)


def summary_of(connection: sqlite3.Connection) -> Summary | None:
    """The summary in an open index; none if another version of the facts wrote it."""
    row = connection.execute("SELECT value FROM meta WHERE key = 'summary'").fetchone()
    found = json.loads(row[0]) if row else {}
    return Summary(**found) if found.get("version") == facts.VERSION else None


def write_summary(connection: sqlite3.Connection, summary: Summary) -> None:
    """Say what the index now describes."""
    values = {name: getattr(summary, name) for name in Summary.__dataclass_fields__}
    connection.execute("INSERT OR REPLACE INTO meta VALUES ('summary', ?)", (json.dumps(values),))


def write_findings(connection: sqlite3.Connection, findings: Iterable[tuple[int, Iterable[Finding]]]) -> None:
    """Write down what was found in some lines, each by its rank, over what is there of the same code."""
    several = [(rank, each) for rank, found in findings for each in found]
    connection.executemany(
        "INSERT OR REPLACE INTO findings VALUES (?,?,?,?)",
        [(each.code, rank, int(each.severity), each.count) for rank, each in several],
    )
    connection.executemany(
        "INSERT OR REPLACE INTO details VALUES (?,?,?,?)",
        [(each.code, what, rank, count) for rank, each in several for what, count in each.details],
    )


def row_of(rank: int, offset: int, length: int, found: Facts, segment: tuple[int, int]) -> tuple[Any, ...]:
    """The columns of ``lines`` for one line."""
    return (
        rank, offset, length, int(found.kind), found.digest, found.uuid, found.talk, len(found.tags),
        found.messages, found.exchanges, found.characters, *segment,
    )  # fmt: skip


class Builder:
    """Fills a new index line by line, in file order; nothing reads it before :meth:`finish`."""

    def __init__(self, index: Index) -> None:
        self.index = index
        self._text = TextCacheWriter(index.text)
        self._connection = sqlite3.connect(index.database, isolation_level=None, check_same_thread=False)
        try:
            for pragma in ("page_size=8192", "journal_mode=OFF", "synchronous=OFF", "cache_size=-65536"):
                self._connection.execute(f"PRAGMA {pragma}")
            self._connection.executescript(SCHEMA)
            self._connection.execute("BEGIN")
        except sqlite3.Error:
            self.abandon()
            raise
        self._rows: list[tuple[Any, ...]] = []
        self._tags: list[tuple[str, int, str]] = []
        self.digests = bytearray()
        self.lines = self.entries = self.unreadable = 0

    def add(self, offset: int, length: int, found: Facts, texts: Iterable[tuple[str, str]] | bytes) -> None:
        """Add the next line of the file; ``texts`` may be a segment of another index's text cache."""
        self.lines += 1
        rank = self.lines * GAP
        self.entries += found.kind is Kind.ENTRY
        self.unreadable += found.kind is Kind.UNREADABLE
        self.digests += found.digest
        keep = self._text.append_segment if isinstance(texts, bytes) else self._text.append
        self._rows.append(row_of(rank, offset, length, found, keep(texts)))  # type: ignore[arg-type]
        self._tags.extend((slug, rank, label) for slug, label in found.tags)
        if found.reason:
            self._connection.execute("INSERT INTO reasons VALUES (?, ?)", (rank, found.reason))
        if found.notes:
            write_findings(self._connection, [(rank, found.notes)])
        if len(self._rows) >= 2000:
            self._flush()

    def _flush(self) -> None:
        self._connection.executemany(_ROW, self._rows)
        self._connection.executemany("INSERT INTO tags VALUES (?,?,?)", self._tags)
        self._rows.clear()
        self._tags.clear()

    def finish(self, summary: Summary) -> None:
        """Close the index; from now on it describes the file that the summary names."""
        self._flush()
        for statement in INDEXES:
            self._connection.execute(statement)
        self._connection.executescript(f"{COUNTS} {TRIGGERS}")  # which commits what came before
        write_summary(self._connection, summary)
        self._connection.execute("PRAGMA journal_mode=WAL")
        self.abandon()

    def abandon(self) -> None:
        """Close the files without a summary: the index counts as missing."""
        try:
            self._text.close()
        finally:
            self._connection.close()


def ranks(connection: sqlite3.Connection) -> "array[int]":
    """The rank of every line, in file order."""
    return array("q", (row[0] for row in connection.execute("SELECT rank FROM lines ORDER BY rank")))


def rank_at(connection: sqlite3.Connection, position: int) -> int | None:
    """The rank of the line at a position (from 0); none behind the last."""
    row = connection.execute("SELECT rank FROM lines ORDER BY rank LIMIT 1 OFFSET ?", (position,)).fetchone()
    return int(row[0]) if row else None
