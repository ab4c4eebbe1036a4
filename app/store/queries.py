"""Lists as questions to an index: which entries a view names, in which order."""

import json
import sqlite3
from array import array
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from app.domain.facts import Kind
from app.domain.tags import slug
from app.domain.view import View
from app.store import findings

_ORDERS = {
    "position": "rank",
    "-position": "rank DESC",
    "length": "characters, rank",
    "-length": "characters DESC, rank",
    "exchanges": "exchanges, rank",
    "-exchanges": "exchanges DESC, rank",
}
_FIRST_SEGMENTS, _MOST_SEGMENTS = 1000, 32_000  # a page of hits is mostly found soon
# Of entries that share an id, who speaks is known of the first.
_SPOKEN = (
    "SELECT min(rank) FROM lines WHERE uuid IN (SELECT value FROM json_each(?))"
    f" AND +kind = {int(Kind.ENTRY)} GROUP BY uuid"
)
_COLUMNS = "rank, offset, length, uuid, digest, tags, messages, exchanges, characters"


@dataclass(frozen=True, slots=True)
class RowFacts:
    """What the index says of one entry in a list."""

    rank: int
    offset: int
    length: int
    uuid: str | None
    digest: bytes
    tags: int
    messages: int
    exchanges: int
    characters: int


def condition(view: View, uuids: str = "") -> tuple[str, list[Any]]:
    """The filters of a view, without its search, as an SQL condition and its values.

    :param uuids: of the entries in which the view's character speaks, as a JSON list.
    """
    parts = [f"kind = {int(Kind.ENTRY)}"]
    values: list[Any] = []
    for column, least, most in (
        ("exchanges", view.min_exchanges, view.max_exchanges),
        ("characters", view.min_length, view.max_length),
    ):
        for sign, bound in ((">=", least), ("<=", most)):
            if bound is not None:
                parts.append(f"{column} {sign} ?")
                values.append(bound)
    tagged, names = _tag_condition(view)
    if tagged:
        parts.append(tagged)
        values.extend(names)
    if view.character:
        parts.append(f"rank IN ({_SPOKEN})")
        values.append(uuids or "[]")
    if view.diagnostic:
        found, wanted = findings.condition(view.diagnostic)
        parts.append(found)
        values.extend(wanted)
    return " AND ".join(parts), values


def _tag_condition(view: View) -> tuple[str, list[Any]]:
    names = sorted({slug(tag) or tag.strip() for tag in view.tags})
    choices, values = [], []
    if names:
        marks = ",".join("?" * len(names))
        if view.tag_mode == "any":
            choices.append(f"rank IN (SELECT rank FROM tags WHERE slug IN ({marks}))")
            values.extend(names)
        else:
            each = " AND ".join("rank IN (SELECT rank FROM tags WHERE slug = ?)" for _ in names)
            only = f" AND tags = {len(names)}" if view.tag_mode == "exact" else ""
            choices.append(f"({each}{only})")
            values.extend(names)
    if view.untagged:
        choices.append("tags = 0")
    return (f"({' OR '.join(choices)})", values) if choices else ("", [])


def count(connection: sqlite3.Connection, view: View, uuids: str = "") -> int:
    """How many entries pass the filters of a view, its search aside."""
    where, values = condition(view, uuids)
    if view.diagnostic and (where, values) == condition(View(diagnostic=view.diagnostic)):
        return findings.number(connection, view.diagnostic)  # which is kept, where nothing else is filtered
    return int(connection.execute(f"SELECT count(*) FROM lines WHERE {where}", values).fetchone()[0])


def page(
    connection: sqlite3.Connection, view: View, uuids: str = "", *, start: int, size: int
) -> list[RowFacts]:
    """A stretch of the entries that pass the filters, in the order of the view."""
    where, values = condition(view, uuids)
    found = connection.execute(
        f"SELECT rank FROM lines WHERE {where} ORDER BY {_ORDERS[view.sort]} LIMIT ? OFFSET ?",
        (*values, size, start),
    )
    return rows(connection, [rank for (rank,) in found])


def rows(connection: sqlite3.Connection, ranks: Iterable[int]) -> list[RowFacts]:
    """The facts of some entries, in the order given."""
    query = f"SELECT {_COLUMNS} FROM lines WHERE rank = ?"
    return [RowFacts(*connection.execute(query, (rank,)).fetchone()) for rank in ranks]


def named(connection: sqlite3.Connection, ranks: Iterable[int]) -> Iterator[tuple[int, str | None, bytes]]:
    """Rank, uuid and digest of some lines, in the order given."""
    query = "SELECT rank, uuid, digest FROM lines WHERE rank = ?"
    return (connection.execute(query, (rank,)).fetchone() for rank in ranks)


@dataclass(frozen=True, slots=True)
class Segments:
    """The entries that a search looks through, in order: their ranks and places in the text cache."""

    ranks: "array[int]"
    starts: "array[int]"
    lengths: "array[int]"


def ranks(connection: sqlite3.Connection, view: View, uuids: str = "") -> list[int]:
    """The ranks of all entries that pass the filters, in the order of the view."""
    where, values = condition(view, uuids)
    found = connection.execute(f"SELECT rank FROM lines WHERE {where} ORDER BY {_ORDERS[view.sort]}", values)
    return [rank for (rank,) in found]


def segments(connection: sqlite3.Connection, view: View, uuids: str = "") -> Iterator[Segments]:
    """The entries that pass the filters, in the order of the view, for a search: some, then ever more."""
    where, values = condition(view, uuids)
    order = _ORDERS[view.sort]  # the plus below: all rows are wanted whole, so no index is of use
    found = connection.execute(
        f"SELECT rank, text_start, text_length FROM lines WHERE +{where} ORDER BY {order}", values
    )
    most = _FIRST_SEGMENTS
    while some := found.fetchmany(most):
        yield Segments(*(array("q", column) for column in zip(*some, strict=True)))
        most = min(most * 4, _MOST_SEGMENTS)


def places(connection: sqlite3.Connection, view: View) -> Iterator[tuple[int, int]]:
    """Offset and length of every entry that passes the filters of a view without character, in file order."""
    where, values = condition(view)
    return connection.execute(f"SELECT offset, length FROM lines WHERE +{where} ORDER BY rank", values)


def places_of(connection: sqlite3.Connection, ranks: Iterable[int]) -> Iterator[tuple[int, int]]:
    """Offset and length of some entries, in the order given."""
    return ((row.offset, row.length) for rank in ranks for row in rows(connection, [rank]))


def tag_labels(connection: sqlite3.Connection, rank: int) -> list[tuple[str, str]]:
    """The tags of one entry: slug and spelling."""
    return list(connection.execute("SELECT slug, label FROM tags WHERE rank = ? ORDER BY slug", (rank,)))


def tag_counts(connection: sqlite3.Connection, most: int = -1) -> list[tuple[str, str, int]]:
    """Tags with a spelling (the slug, if it is among them) and the number of entries, most used first.

    :param most: how many; all, if not given.
    """
    spelling = "SELECT {} FROM tags AS one WHERE one.slug = tags.slug"  # sought once for each tag
    return list(
        connection.execute(
            f"SELECT slug, CASE WHEN EXISTS ({spelling.format(1)} AND label = slug) THEN slug"
            f" ELSE ({spelling.format('min(label)')}) END, used"
            " FROM (SELECT slug, count(*) AS used FROM tags GROUP BY slug) AS tags"
            " ORDER BY used DESC, slug LIMIT ?",
            (most,),
        )
    )


def neighbours(connection: sqlite3.Connection, rank: int) -> tuple[int | None, int | None]:
    """The ranks of the entries before and after one."""
    kind = f"kind = {int(Kind.ENTRY)}"
    before = connection.execute(f"SELECT max(rank) FROM lines WHERE rank < ? AND {kind}", (rank,)).fetchone()
    after = connection.execute(f"SELECT min(rank) FROM lines WHERE rank > ? AND {kind}", (rank,)).fetchone()
    return before[0], after[0]


def lengths(connection: sqlite3.Connection, uuids: Sequence[str]) -> dict[str, int]:
    """How many messages there are in some entries, as far as they are there, by their uuids.

    Of entries that share one, the first counts.
    """
    query = "SELECT uuid, messages FROM lines WHERE uuid IN (SELECT value FROM json_each(?))"
    found = connection.execute(f"{query} ORDER BY rank DESC", (json.dumps(uuids),))
    return dict(found)  # the first one of an id is met last, and stays


def ranks_named(connection: sqlite3.Connection, uuids: Sequence[str]) -> list[tuple[str, int]]:
    """Uuid and rank of every entry that has one of some uuids, in file order."""
    query = (
        "SELECT uuid, rank FROM lines WHERE uuid IN (SELECT value FROM json_each(?))"
        f" AND +kind = {int(Kind.ENTRY)} ORDER BY rank"
    )
    return list(connection.execute(query, (json.dumps(uuids),)))


def number(connection: sqlite3.Connection, rank: int) -> int:
    """Which entry of the file it is, from 1."""
    kind = f"kind = {int(Kind.ENTRY)}"
    return int(
        connection.execute(f"SELECT count(*) FROM lines WHERE rank <= ? AND {kind}", (rank,)).fetchone()[0]
    )


def between(connection: sqlite3.Connection, low: int, high: int) -> int:
    """How many entries have a rank above ``low`` and up to ``high``."""
    kind = f"kind = {int(Kind.ENTRY)}"
    query = f"SELECT count(*) FROM lines WHERE rank > ? AND rank <= ? AND {kind}"
    return int(connection.execute(query, (low, high)).fetchone()[0])


def matching_ids(connection: sqlite3.Connection, text: str) -> set[int]:
    """The ranks of the entries whose uuid holds a text."""
    like = "%" + text.casefold().replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_") + "%"
    return {
        row[0] for row in connection.execute("SELECT rank FROM lines WHERE uuid LIKE ? ESCAPE '\\'", (like,))
    }


def every_tag(connection: sqlite3.Connection) -> list[tuple[int, str]]:
    """Rank and spelling of every tag of every entry."""
    return list(connection.execute("SELECT rank, label FROM tags"))


def unreadable(connection: sqlite3.Connection) -> list[tuple[int, int, int, str]]:
    """Number (from 1), offset, length and reason of each line that is no entry and not blank."""
    return list(
        connection.execute(
            "SELECT number, offset, length, reason FROM (SELECT rank, kind, offset, length,"
            " row_number() OVER (ORDER BY rank) AS number FROM lines) JOIN reasons USING (rank)"
            f" WHERE kind = {int(Kind.UNREADABLE)} ORDER BY rank"
        )
    )


def tag_counts_of(connection: sqlite3.Connection, ranks: Iterable[int]) -> list[tuple[str, str, int]]:
    """The tags of some entries, with a spelling and the number of those entries."""
    query = (
        "SELECT slug, min(label), count(*) FROM tags WHERE rank IN (SELECT value FROM json_each(?))"
        " GROUP BY slug"
    )
    return list(connection.execute(query, (json.dumps(list(ranks)),)))


def uuids_of(connection: sqlite3.Connection, ranks: Iterable[int]) -> set[str]:
    """The uuids of those of some entries that are the first with theirs."""
    query = "SELECT uuid FROM lines WHERE uuid NOT NULL AND rank IN (SELECT value FROM json_each(?))"
    firsts = set(ranks).difference(repeats(connection).values())
    return {uuid for (uuid,) in connection.execute(query, (json.dumps(list(firsts)),))}


def repeats(connection: sqlite3.Connection) -> dict[int, int]:
    """The ranks of the entries whose uuid an earlier one has too, by their offsets."""
    query = (
        f"SELECT uuid, offset, rank FROM lines WHERE +kind = {int(Kind.ENTRY)} AND uuid IN"
        " (SELECT uuid FROM lines WHERE uuid NOT NULL GROUP BY uuid HAVING count(*) > 1) ORDER BY rank"
    )
    seen: set[str] = set()
    found = {}
    for uuid, offset, rank in connection.execute(query):
        if uuid in seen:
            found[offset] = rank
        seen.add(uuid)
    return found


def uuids_among(connection: sqlite3.Connection, uuids: Iterable[str]) -> set[str]:
    """Those of some uuids that an entry has."""
    query = "SELECT uuid FROM lines WHERE uuid IN (SELECT value FROM json_each(?))"
    return {uuid for (uuid,) in connection.execute(query, (json.dumps(list(uuids)),))}
