"""Keeping an index true: built from a file, and moved along by each operation."""

import sqlite3
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from itertools import islice
from mmap import ACCESS_READ, mmap
from pathlib import Path
from typing import Any

from app.domain.change import Change, ChangeSet, Run
from app.domain.entry import digest
from app.domain.facts import Facts, Kind, facts_of
from app.errors import StoreError
from app.store.atomic import BLOCK, disk
from app.store.datasets import content_hash, framing, lines, signature
from app.store.findings import OF_LABELS, carry, reordered
from app.store.index import GAP, Index, Summary, rank_at, ranks, row_of, write_findings, write_summary
from app.store.schema import RANKED
from app.store.textcache import TextCacheWriter

FEW = 8
BATCH = 200
_OLD = "SELECT length, kind, uuid, talk FROM lines WHERE rank = ?"
_RETELL = (
    "UPDATE lines SET length=?, kind=?, digest=?, uuid=?, talk=?, tags=?, messages=?, exchanges=?,"
    " characters=?, text_start=?, text_length=? WHERE rank=?"
)
# Where the messages are the same: what is not named here need not be written, nor its indexes.
_RELABEL = "UPDATE lines SET length=?, digest=?, tags=? WHERE rank=?"


@dataclass(frozen=True, slots=True)
class NewLine:
    """A line that an operation wrote: its change, where it stands in bytes, and its facts."""

    change: Change
    offset: int
    length: int
    found: Facts


Texts = Callable[[NewLine], Sequence[tuple[str, str]]]


def build(index: Index, path: Path, progress: Callable[[int], None], known: Index | None = None) -> Summary:
    """Make the index of a file anew; lines that ``known`` has seen are not analysed again.

    :param progress: told the bytes read, now and then.
    :raises FileNotFoundError: if the file is not there.
    """
    memory = _Memory.of(known)
    builder = index.builder()
    try:
        with path.open("rb", buffering=BLOCK) as file:
            mark = signature(file.fileno())
            frame = framing(file)
            offset = len(frame.head)
            for line in lines(file, offset):
                builder.add(offset, len(line), *memory.facts(line))
                offset += len(line)
                if builder.lines % 500 == 0:
                    progress(offset)
        hashed = content_hash(frame.head, (bytes(builder.digests),))
        summary = Summary(
            mark,
            hashed,
            frame.head.hex(),
            frame.newline.decode(),
            frame.closed,
            builder.lines,
            builder.entries,
            offset,
            builder.unreadable,
        )
        builder.finish(summary)
    except BaseException:
        builder.abandon()
        raise
    return summary


def rebuild(index: Index, path: Path, progress: Callable[[int], None]) -> Summary:
    """Make the index of a file anew beside the old one, then put it in its place.

    :raises StoreError: if the disk refuses; the old index then stands.
    """
    fresh = Index(index.folder.with_name(f"{index.folder.name}.new"))
    with disk(f"{path.name} could not be indexed"):
        try:
            summary = build(fresh, path, progress, index)
            if index.summary() and not _inherits(fresh, index):
                summary = build(fresh, path, progress)
            adopt(index, fresh)
        finally:
            fresh.remove()
    return summary


def _inherits(fresh: Index, old: Index) -> bool:
    """Whether what was found in lines could be taken over from an older index."""
    try:
        with fresh.connect() as connection:
            carry(connection, old.database)
    except StoreError:
        return False
    return True


def adopt(index: Index, fresh: Index) -> None:
    """Put a finished index in the place of another."""
    index.remove()
    index.folder.parent.mkdir(parents=True, exist_ok=True)
    fresh.folder.rename(index.folder)


def sign(index: Index, mark: str) -> None:
    """Say that the file with this signature is the one that the index describes."""
    summary = index.summary()
    if summary:
        with index.connect() as connection:
            write_summary(connection, replace(summary, signature=mark))


class _Memory:
    """Facts of lines that an older index knows, by digest, so that a re-read analyses only what is new."""

    def __init__(self, seen: dict[bytes, tuple[Any, ...]], text: bytes | mmap) -> None:
        self._seen = seen
        self._text = text

    @classmethod
    def of(cls, known: Index | None) -> "_Memory":
        """What an older index remembers; nothing if there is none that can be read."""
        seen: dict[bytes, tuple[Any, ...]] = {}
        text: bytes | mmap = b""
        if known and known.summary():
            with suppress(StoreError, OSError), known.connect() as connection:
                tags: dict[int, list[tuple[str, str]]] = {}
                for slug, rank, label in connection.execute("SELECT slug, rank, label FROM tags"):
                    tags.setdefault(rank, []).append((slug, label))
                text = _mapped(known.text)
                for row in connection.execute(
                    "SELECT rank, digest, uuid, talk, messages, exchanges, characters,"
                    f" text_start, text_length FROM lines WHERE kind = {int(Kind.ENTRY)}"
                ):
                    if row[7] + row[8] <= len(text):  # else the text cache was cut short
                        seen[row[1]] = (*row[2:], tuple(tags.get(row[0], ())))
        return cls(seen, text)

    def facts(self, line: bytes) -> tuple[Facts, Iterable[tuple[str, str]] | bytes]:
        """The facts of a line, remembered or found, and its texts, or the segment that held them."""
        known = self._seen.get(digest(line))
        if known is None:
            return facts_of(line)
        uuid, talk, messages, exchanges, characters, start, length, tags = known
        found = Facts(Kind.ENTRY, digest(line), "", uuid, tags, talk, messages, exchanges, characters)
        return found, self._text[start : start + length]


def _mapped(path: Path) -> bytes | mmap:
    """The bytes of a file, read only where they are looked at."""
    with path.open("rb") as file:
        return mmap(file.fileno(), 0, access=ACCESS_READ) if path.stat().st_size else b""


def update(
    index: Index, changes: ChangeSet, lines: Sequence[NewLine], texts: Texts, summary: Summary
) -> Summary:
    """Move the index along with an operation, so that it describes the file of ``summary``.

    :param lines: the rewritten and the inserted ones, in file order.
    :param texts: gives the texts of one of them, where it has others than before.
    :returns: the summary with the entries counted.
    :raises StoreError: if it cannot; the index then still describes the old file.
    """
    with index.connect() as connection:
        connection.execute("BEGIN IMMEDIATE")
        writer = TextCacheWriter(index.text)
        try:
            write_summary(connection, summary)  # offsets count from behind the new head
            _apply(connection, _Writer(writer, texts), changes, lines)
            writer.flush()
            kinds = dict(connection.execute("SELECT kind, count(*) FROM lines GROUP BY kind"))
            entries, unreadable = kinds.get(Kind.ENTRY, 0), kinds.get(Kind.UNREADABLE, 0)
            summary = replace(summary, entries=entries, unreadable=unreadable)
            write_summary(connection, summary)
            connection.execute("COMMIT")
        finally:
            writer.close()
    return summary


@dataclass(frozen=True, slots=True)
class _Writer:
    """Keeps the texts of new lines in the text cache."""

    cache: TextCacheWriter
    texts: Texts

    def segment(self, line: NewLine) -> tuple[int, int]:
        return self.cache.append(self.texts(line))


def _apply(
    connection: sqlite3.Connection, writer: _Writer, changes: ChangeSet, new: Sequence[NewLine]
) -> None:
    """Rewrite, delete, order and insert rows, then set the offsets."""
    places = _ranks(connection, [change.before for change in changes.changes if change.before is not None])
    grown: dict[int, int] = {}
    lines = ((places[line.change.before], line) for line in new if line.change.before is not None)
    while some := list(islice(lines, BATCH)):
        grown.update(_rewrite(connection, writer, some))
    gone = [(places[c.before],) for c in changes.changes if c.after is None and c.before is not None]
    for table in RANKED if gone else ():
        connection.executemany(f"DELETE FROM {table} WHERE rank = ?", gone)
    slots = sorted(c.after for c in changes.changes if c.before is None and c.after is not None)
    fresh = (line for line in new if line.change.before is None)
    _place(connection, writer, changes.order, slots, fresh)
    if len(changes.changes) == len(grown) == 1 and not (changes.order or changes.head):
        ((rank, delta),) = grown.items()
        connection.execute("UPDATE lines SET offset = offset + ? WHERE rank > ?", (delta, rank))
    else:
        _set_offsets(connection)


def _ranks(connection: sqlite3.Connection, positions: Sequence[int]) -> dict[int, int]:
    if len(positions) <= FEW:
        return {position: rank_at(connection, position) or 0 for position in positions}
    every = ranks(connection)
    return {position: every[position] for position in positions}


def _rewrite(
    connection: sqlite3.Connection, writer: _Writer, lines: Sequence[tuple[int, NewLine]]
) -> dict[int, int]:
    """Replace the facts of some lines, each with its rank; returns by how many bytes each grew."""
    grown: dict[int, int] = {}
    retold, relabelled = [], []
    for rank, line in lines:
        found = line.found
        length, *known = connection.execute(_OLD, (rank,)).fetchone()
        grown[rank] = line.length - int(length)
        if known == [int(found.kind), found.uuid, found.talk] and found.talk:
            relabelled.append((line.length, found.digest, len(found.tags), rank))
        else:
            retold.append((
                line.length, int(found.kind), found.digest, found.uuid, found.talk, len(found.tags),
                found.messages, found.exchanges, found.characters, *writer.segment(line), rank,
            ))  # fmt: skip
    connection.executemany(_RETELL, retold)
    connection.executemany(_RELABEL, relabelled)
    for table in ("tags", "reasons"):
        connection.executemany(f"DELETE FROM {table} WHERE rank = ?", [(rank,) for rank in grown])
    for table in ("findings", "details", "checks", "sizes", "signatures"):
        connection.executemany(f"DELETE FROM {table} WHERE rank = ?", [row[-1:] for row in retold])
    connection.executemany("INSERT OR REPLACE INTO recent VALUES (?)", [row[-1:] for row in retold])
    for table in ("findings", "details"):
        statement = f"DELETE FROM {table} WHERE rank = ? AND {OF_LABELS}"
        connection.executemany(statement, [row[-1:] for row in relabelled])
    _annotate(connection, [(rank, line.found) for rank, line in lines])
    return grown


def _annotate(connection: sqlite3.Connection, lines: Sequence[tuple[int, Facts]]) -> None:
    """Write down the tags, the reasons and the findings about them of some lines, each with its rank."""
    tags = [(slug, rank, label) for rank, found in lines for slug, label in found.tags]
    connection.executemany("INSERT INTO tags VALUES (?,?,?)", tags)
    reasons = [(rank, found.reason) for rank, found in lines if found.reason]
    connection.executemany("INSERT INTO reasons VALUES (?, ?)", reasons)
    write_findings(connection, ((rank, found.notes) for rank, found in lines if found.notes))


def _place(
    connection: sqlite3.Connection,
    writer: _Writer,
    order: tuple[Run, ...] | None,
    slots: Sequence[int],
    fresh: Iterable[NewLine],
) -> None:
    """Give moved and new lines their ranks: in the gaps where they fit, else all lines anew."""
    one = _single_move(order) if order else None
    if one is not None and _move(connection, *one):
        order = None
    roomy = order is not None or len(slots) > FEW
    if roomy:
        _renumber(connection, order, slots)
    for line in fresh:
        position = line.change.after or 0
        rank = (position + 1) * GAP if roomy else _gap(connection, position)
        if rank is None:
            _renumber(connection, None, [position])
            rank = (position + 1) * GAP
        values = row_of(rank, 0, line.length, line.found, writer.segment(line))
        connection.execute(f"INSERT INTO lines VALUES ({','.join('?' * len(values))})", values)
        connection.execute("INSERT OR REPLACE INTO recent VALUES (?)", (rank,))
        _annotate(connection, [(rank, line.found)])


def _single_move(order: tuple[Run, ...]) -> tuple[int, int] | None:
    """Which one line moves where, if the order is no more than that."""
    if len(order) > 4:
        return None
    for place, (start, length) in enumerate(order):
        rest = [run[0] for run in (*order[:place], *order[place + 1 :])]
        if length == 1 and rest == sorted(rest):
            return start, sum(run[1] for run in order[:place])
    return None


def _move(connection: sqlite3.Connection, start: int, to: int) -> bool:
    """Move one line into the gap at its new place; false if there is no room."""
    rank = rank_at(connection, start)
    target = _gap(connection, to + (to > start))
    if target is None or rank is None:
        return False
    for table in RANKED:
        connection.execute(f"UPDATE {table} SET rank = ? WHERE rank = ?", (target, rank))
    reordered(connection, target)
    return True


def _gap(connection: sqlite3.Connection, position: int) -> int | None:
    """A free rank just before the line that stands at ``position``; none if the gap is used up."""
    low = (rank_at(connection, position - 1) if position else 0) or 0
    high = rank_at(connection, position) or low + 2 * GAP
    middle = (low + high) // 2
    return middle if low < middle < high else None


def _renumber(connection: sqlite3.Connection, order: tuple[Run, ...] | None, holes: Sequence[int]) -> None:
    """Give every line a new rank, in the new order, leaving room at the positions of lines to come."""
    old = ranks(connection)
    arranged = (
        [old[place] for start, length in order for place in range(start, start + length)] if order else old
    )
    free = set(holes)
    slots = (slot for slot in range(len(old) + len(free)) if slot not in free)
    pairs = [(rank, (slot + 1) * GAP) for rank, slot in zip(arranged, slots, strict=True)]
    connection.execute("CREATE TEMP TABLE fresh (old INTEGER PRIMARY KEY, new INTEGER NOT NULL)")
    connection.executemany("INSERT INTO fresh VALUES (?, ?)", pairs)
    for table in RANKED:  # by way of negative ranks, so that none collide
        connection.execute(f"UPDATE {table} SET rank = -(SELECT new FROM fresh WHERE old = rank)")
        connection.execute(f"UPDATE {table} SET rank = -rank")
    connection.execute("DROP TABLE fresh")
    if order:
        reordered(connection, None)


def _set_offsets(connection: sqlite3.Connection) -> None:
    head = connection.execute(
        "SELECT length(json_extract(value, '$.head')) / 2 FROM meta WHERE key = 'summary'"
    )
    connection.execute(
        "UPDATE lines SET offset = placed.start FROM (SELECT rank AS place,"
        " ? + sum(length) OVER (ORDER BY rank) - length AS start FROM lines) AS placed"
        " WHERE placed.place = rank",
        head.fetchone(),
    )
