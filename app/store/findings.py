"""What validation found in a dataset, as questions to its index, and what shows only beside other lines."""

import json
import sqlite3
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from app.domain.facts import Kind
from app.domain.validation.codes import CODES
from app.domain.validation.diagnostic import Severity
from app.store.index import Index

_ENTRIES = f"kind = {int(Kind.ENTRY)}"
OF_LABELS = "(code GLOB 'base.*' OR code = 'identity.missing_uuid')"
_OF_OTHERS = "code IN ('identity.duplicate_uuid', 'duplicate.exact')"
_OF_NEAR = "code = 'duplicate.near'"
_OF_TARGET = "(code GLOB 'target.*' OR code = 'tokens.over_limit')"
OF_TEXT = f"NOT ({OF_LABELS} OR {_OF_OTHERS} OR {_OF_NEAR} OR {_OF_TARGET})"
# How bad a finding is: as it is by itself, or an error where the target makes its code one.
_BAD = (
    "CASE WHEN code IN (SELECT value FROM json_each((SELECT value FROM meta WHERE key = 'strict')))"
    f" THEN {int(Severity.ERROR)} ELSE severity END"
)
_BESIDE = (
    "SELECT rank, code, severity, coalesce(what, '') FROM findings LEFT JOIN details USING (code, rank)"
    f" WHERE ({_OF_OTHERS} OR {_OF_NEAR} OR {_OF_TARGET})"
)
# Only entries have an id, so that these need read nothing but an index.
_SAME_ID = (
    "SELECT rank, uuid AS mark FROM lines WHERE uuid IN"
    " (SELECT uuid FROM lines WHERE uuid NOT NULL GROUP BY uuid HAVING count(*) > 1)"
)
_SAME_TEXT = (
    "SELECT rank, same AS mark FROM checks WHERE length(same) AND same IN"
    " (SELECT same FROM checks GROUP BY same HAVING count(*) > 1)"
)


@dataclass(frozen=True, slots=True)
class Count:
    """How many entries have a code, with which severity at worst, and how often it stands in them."""

    code: str
    severity: int
    entries: int
    found: int


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a target makes of every entry of one shape."""

    code: str
    severity: int
    what: str


def mark(connection: sqlite3.Connection, name: str) -> str:
    """What the index says it holds: the rules, the target, or the content that findings go by."""
    row = connection.execute("SELECT value FROM meta WHERE key = ?", (name,)).fetchone()
    return str(row[0]) if row else ""


def set_mark(connection: sqlite3.Connection, name: str, value: str) -> None:
    """Say what the index now holds."""
    connection.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", (name, value))


def state(connection: sqlite3.Connection) -> tuple[str, ...]:
    """What changes whenever findings do, the lines of the file aside."""
    checked = connection.execute("SELECT count(*) FROM checks").fetchone()[0]
    measured = connection.execute("SELECT count(*) FROM sizes").fetchone()[0]
    marks = (mark(connection, name) for name in ("rules", "applied", "beside", "near"))
    return (*marks, f"{checked}/{measured}")


def counts(connection: sqlite3.Connection) -> list[Count]:
    """How many entries have each code, worst first."""
    found = connection.execute("SELECT code, max(severity), count(*), sum(count) FROM findings GROUP BY code")
    return sorted((Count(*row) for row in found), key=lambda each: (-each.severity, -each.entries, each.code))


def details(connection: sqlite3.Connection, code: str, most: int) -> list[tuple[str, int, int]]:
    """What of a code was found: each with its entries and how often it stands in them, most entries first."""
    return list(
        connection.execute(
            "SELECT what, count(*) AS entries, sum(count) FROM details WHERE code = ? GROUP BY what"
            " ORDER BY entries DESC, what LIMIT ?",
            (code, most),
        )
    )


def by_severity(connection: sqlite3.Connection) -> dict[int, int]:
    """How many entries have at least one finding of each severity."""
    query = f"SELECT bad, count(*) FROM (SELECT DISTINCT rank, {_BAD} AS bad FROM findings) GROUP BY bad"
    return dict(connection.execute(query))


def has(connection: sqlite3.Connection, rank: int, code: str) -> bool:
    """Whether something was found under a code in one entry."""
    query = "SELECT 1 FROM findings WHERE code = ? AND rank = ?"
    return connection.execute(query, (code, rank)).fetchone() is not None


def strict(connection: sqlite3.Connection) -> frozenset[str]:
    """The codes that the target makes errors, whatever they are without one."""
    return frozenset(json.loads(mark(connection, "strict") or "[]"))


def sound(connection: sqlite3.Connection) -> int:
    """How many entries that were looked at have no finding at all."""
    query = "SELECT count(*) FROM checks WHERE rank NOT IN (SELECT rank FROM findings)"
    return int(connection.execute(query).fetchone()[0])


def forget_texts(connection: sqlite3.Connection) -> None:
    """Take away what was found in messages, so that all of them are looked at anew."""
    for table in ("findings", "details"):
        connection.execute(f"DELETE FROM {table} WHERE {OF_TEXT}")
    for table in ("checks", "shapes", "verdicts"):  # the number of a shape comes again for another one
        connection.execute(f"DELETE FROM {table}")
    for name in ("beside", "applied"):
        set_mark(connection, name, "")


def forget_target(connection: sqlite3.Connection) -> None:
    """Take away what a target made of the entries, and how long they are for it."""
    connection.execute("DELETE FROM sizes")
    for table in ("findings", "details"):
        connection.execute(f"DELETE FROM {table} WHERE {_OF_TARGET}")
    connection.execute("DELETE FROM verdicts")
    connection.execute("UPDATE shapes SET judged = 0")
    set_mark(connection, "applied", "")


def unjudged(connection: sqlite3.Connection) -> list[tuple[int, str]]:
    """The number and the shape of the shapes of which it is not known what the target makes of them."""
    return list(connection.execute("SELECT id, shape FROM shapes WHERE NOT judged"))


def shapes(connection: sqlite3.Connection) -> list[tuple[str, int]]:
    """The shapes of all entries, each with the number of entries that have it, most first."""
    return list(
        connection.execute(
            "SELECT shape, used FROM shapes JOIN (SELECT shape AS id, count(*) AS used FROM checks"
            " GROUP BY shape) USING (id) ORDER BY used DESC, id"
        )
    )


def write_verdicts(connection: sqlite3.Connection, verdicts: Mapping[int, Sequence[Verdict]]) -> None:
    """Write down what the target makes of shapes, by their numbers, and nothing else of them."""
    connection.executemany("DELETE FROM verdicts WHERE shape = ?", ((shape,) for shape in verdicts))
    connection.executemany(
        "INSERT INTO verdicts VALUES (?,?,?,?)",
        ((shape, each.code, each.severity, each.what) for shape, found in verdicts.items() for each in found),
    )
    connection.executemany("UPDATE shapes SET judged = 1 WHERE id = ?", ((shape,) for shape in verdicts))


def apply_verdicts(connection: sqlite3.Connection, ranks: Sequence[int] | None) -> None:
    """Say of some entries, or of all, what the target makes of their shapes."""
    some, values = _among(ranks)
    of = f"FROM checks JOIN verdicts ON verdicts.shape = checks.shape WHERE {some}"
    connection.execute(
        "INSERT OR REPLACE INTO findings"
        f" SELECT code, rank, max(severity), count(*) {of} GROUP BY code, rank",
        values,
    )
    connection.execute(
        f"INSERT OR REPLACE INTO details SELECT code, what, rank, count(*) {of} AND what != ''"
        " GROUP BY code, what, rank",
        values,
    )


def apply_lengths(
    connection: sqlite3.Connection, limits: Sequence[tuple[str, Verdict]], ranks: Sequence[int] | None
) -> None:
    """Say of some entries, or of all, what follows from how long they are.

    :param limits: an SQL condition on ``tokens`` and ``trained``, and what is said where it holds.
    """
    some, values = _among(ranks)
    for condition, verdict in limits:
        over = f"FROM sizes WHERE {condition} AND {some}"
        found = (verdict.code, verdict.severity, *values)
        connection.execute(f"INSERT OR REPLACE INTO findings SELECT ?, rank, ?, 1 {over}", found)
        if verdict.what:
            found = (verdict.code, verdict.what, *values)
            connection.execute(f"INSERT OR REPLACE INTO details SELECT ?, ?, rank, 1 {over}", found)


def _among(ranks: Sequence[int] | None) -> tuple[str, list[str]]:
    if ranks is None:
        return "1", []
    return "rank IN (SELECT value FROM json_each(?))", [json.dumps(ranks)]


def compare(connection: sqlite3.Connection) -> None:
    """Find the entries whose id or whose conversation an earlier entry has too."""
    connection.execute(f"DELETE FROM findings WHERE {_OF_OTHERS}")
    for code, query in (("identity.duplicate_uuid", _SAME_ID), ("duplicate.exact", _SAME_TEXT)):
        connection.execute(
            "INSERT INTO findings SELECT ?, rank, ?, 1 FROM (SELECT rank,"
            f" row_number() OVER (PARTITION BY mark ORDER BY rank) AS place FROM ({query})) WHERE place > 1",
            (code, int(CODES[code].severity)),
        )


def of_entry(connection: sqlite3.Connection, rank: int) -> list[tuple[str, int, str]]:
    """What does not show in the entry by itself: codes with severity and what there is to say."""
    found = connection.execute(f"{_BESIDE} AND rank = ? ORDER BY severity DESC, code", (rank,))
    return [row[1:] for row in found]


def beside(connection: sqlite3.Connection) -> dict[int, list[tuple[str, int, str]]]:
    """What does not show in entries by themselves, as :func:`of_entry` says it, by their ranks."""
    found: dict[int, list[tuple[str, int, str]]] = {}
    for rank, *said in connection.execute(f"{_BESIDE} ORDER BY rank, severity DESC, code"):
        found.setdefault(rank, []).append(tuple(said))
    return found


def earlier(connection: sqlite3.Connection, rank: int, code: str, what: str) -> int | None:
    """The rank of the first entry that one is said to repeat, by a code of comparing; None for none."""
    query = {
        "identity.duplicate_uuid": "SELECT min(rank) FROM lines WHERE uuid IN"
        " (SELECT uuid FROM lines WHERE rank = ?)",
        "duplicate.exact": "SELECT min(rank) FROM checks WHERE same IN"
        " (SELECT same FROM checks WHERE rank = ?)",
        "duplicate.near": "SELECT min(rank) FROM lines WHERE uuid = ?",
    }.get(code)
    value = what if code == "duplicate.near" else rank
    return connection.execute(query, (value,)).fetchone()[0] if query else None


def entries(connection: sqlite3.Connection) -> int:
    """How many entries there are."""
    return int(connection.execute(f"SELECT count(*) FROM lines WHERE {_ENTRIES}").fetchone()[0])


def numbers(connection: sqlite3.Connection) -> dict[int, int]:
    """The number of every entry in the file, from 1, by its rank."""
    ranks = connection.execute(f"SELECT rank FROM lines WHERE {_ENTRIES} ORDER BY rank")
    return {rank: number for number, (rank,) in enumerate(ranks, 1)}


def copy(connection: sqlite3.Connection, index: Index) -> None:
    """Copy what an open index knows of lines, without their texts, into another."""
    index.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    with closing(sqlite3.connect(index.database)) as other:
        connection.backup(other)


def carry(connection: sqlite3.Connection, old: Path) -> None:
    """Take over what an older index found in the lines that are the same in both."""
    connection.execute("ATTACH ? AS old", (str(old),))
    connection.executescript(
        f"""
        BEGIN;
        CREATE TEMP TABLE same AS SELECT was.rank AS was, now.rank AS now
            FROM old.lines AS was JOIN main.lines AS now USING (digest) GROUP BY now.rank;
        CREATE INDEX temp.same_was ON same (was);
        INSERT INTO main.meta SELECT * FROM old.meta
            WHERE key IN ('rules', 'target', 'applied', 'strict', 'near');
        INSERT INTO main.shapes SELECT * FROM old.shapes;
        INSERT INTO main.verdicts SELECT * FROM old.verdicts;
        INSERT INTO main.checks SELECT now, shape, checks.same
            FROM old.checks JOIN temp.same AS lines ON was = rank;
        INSERT INTO main.sizes SELECT now, tokens, trained FROM old.sizes JOIN temp.same ON was = rank;
        INSERT INTO main.signatures SELECT now, signature
            FROM old.signatures JOIN temp.same ON was = rank;
        INSERT OR REPLACE INTO main.findings SELECT code, now, severity, count
            FROM old.findings JOIN temp.same ON was = rank WHERE NOT {_OF_OTHERS};
        INSERT OR REPLACE INTO main.details SELECT code, what, now, count
            FROM old.details JOIN temp.same ON was = rank WHERE NOT {_OF_OTHERS};
        DROP TABLE temp.same;
        COMMIT;
        """
    )
    connection.execute("DETACH old")


_WHOLE = {
    "any": "rank IN (SELECT rank FROM findings)",
    "sound": "rank IN (SELECT rank FROM checks WHERE rank NOT IN (SELECT rank FROM findings))",
}
SEVERITIES = {severity.word: int(severity) for severity in Severity}


def condition(wanted: str) -> tuple[str, list[object]]:
    """The entries with a diagnostic, as an SQL condition and its values.

    :param wanted: a severity, a code, or a code and what was found, with a colon between; ``any`` for any
        finding at all, ``sound`` for entries that were looked at and have none.
    """
    if wanted in _WHOLE:
        return _WHOLE[wanted], []
    if wanted in SEVERITIES:
        return f"rank IN (SELECT rank FROM findings WHERE {_BAD} = ?)", [SEVERITIES[wanted]]
    code, colon, what = wanted.partition(":")
    if colon:
        return "rank IN (SELECT rank FROM details WHERE code = ? AND what = ?)", [code, what]
    return "rank IN (SELECT rank FROM findings WHERE code = ?)", [code]
