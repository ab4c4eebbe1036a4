"""What validation found in a dataset, as questions to its index, and what shows only beside other lines."""

import json
import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from app.domain.facts import Kind
from app.domain.validation.codes import CODES
from app.domain.validation.diagnostic import Severity
from app.store.index import Index, summary_of
from app.store.schema import ANY, STANDING, bad

_ENTRIES = f"kind = {int(Kind.ENTRY)}"
OF_LABELS = "(code GLOB 'base.*' OR code = 'identity.missing_uuid')"
_OF_OTHERS = "code IN ('identity.duplicate_uuid', 'duplicate.exact')"
_OF_NEAR = "code = 'duplicate.near'"
_OF_TARGET = "(code GLOB 'target.*' OR code = 'tokens.over_limit')"
OF_TEXT = f"NOT ({OF_LABELS} OR {_OF_OTHERS} OR {_OF_NEAR} OR {_OF_TARGET})"
_BESIDE = (
    "SELECT rank, code, severity, coalesce(what, '') FROM findings LEFT JOIN details USING (code, rank)"
    f" WHERE ({_OF_OTHERS} OR {_OF_NEAR} OR {_OF_TARGET})"
)
# What entries are compared by: the code of one that repeats another, and where its mark stands. Only entries
# have an id, so that these need read nothing but an index.
_COMPARED = (("identity.duplicate_uuid", "lines", "uuid"), ("duplicate.exact", "checks", "same"))
FEW_MARKS = 1000  # from which on all are compared


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


def marks(connection: sqlite3.Connection) -> dict[str, str]:
    """All that :func:`mark` gives, by its name; what was never said is not in it."""
    return dict(connection.execute("SELECT key, value FROM meta"))


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
    found = connection.execute(
        "SELECT code, max(severity), sum(entries), sum(found) FROM counted GROUP BY code"
    )
    return sorted((Count(*row) for row in found), key=lambda each: (-each.severity, -each.entries, each.code))


def details(connection: sqlite3.Connection, code: str, most: int) -> list[tuple[str, int, int]]:
    """What of a code was found: each with its entries and how often it stands in them, most entries first."""
    query = "SELECT what, entries, found FROM named WHERE code = ? ORDER BY entries DESC, what LIMIT ?"
    return list(connection.execute(query, (code, most)))


def standing(connection: sqlite3.Connection) -> dict[int, int]:
    """How many entries have at least one finding of each kind: a severity, any, or of the target."""
    return dict(connection.execute("SELECT kind, entries FROM standing"))


def has(connection: sqlite3.Connection, rank: int, code: str) -> bool:
    """Whether something was found under a code in one entry."""
    query = "SELECT 1 FROM findings WHERE code = ? AND rank = ?"
    return connection.execute(query, (code, rank)).fetchone() is not None


def strict(connection: sqlite3.Connection) -> frozenset[str]:
    """The codes that the target makes errors, whatever they are without one."""
    return frozenset(code for (code,) in connection.execute("SELECT code FROM strict"))


def set_strict(connection: sqlite3.Connection, codes: Iterable[str]) -> None:
    """Say which codes the target makes errors; how many entries have errors is counted anew."""
    connection.execute("DELETE FROM strict")
    connection.executemany("INSERT INTO strict VALUES (?)", ((code,) for code in codes))
    connection.execute(STANDING)


def sound(connection: sqlite3.Connection) -> int:
    """How many entries that were looked at have no finding at all."""
    if not number_lacking(connection, "checks"):
        return entries(connection) - standing(connection)[ANY]
    query = "SELECT count(*) FROM checks WHERE rank NOT IN (SELECT rank FROM findings)"
    return int(connection.execute(query).fetchone()[0])


def number_lacking(connection: sqlite3.Connection, table: str) -> int:
    """How many entries have no row in ``checks``, ``sizes`` or ``signatures``."""
    (there,) = connection.execute(f"SELECT count(*) FROM {table}").fetchone()
    return max(0, entries(connection) - int(there))


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


def compare(connection: sqlite3.Connection, *, every: bool) -> None:
    """Find the entries whose id or whose conversation an earlier entry has too.

    :param every: compare all with each other; else only those of whom something changed since the last time.
    """
    (changed,) = connection.execute("SELECT count(*) FROM repeated").fetchone()
    every = every or changed > FEW_MARKS
    for code, table, mark in _COMPARED:
        several = f"SELECT {mark} FROM {table} WHERE length({mark}) GROUP BY {mark} HAVING count(*) > 1"
        marks = several if every else "SELECT mark FROM repeated"
        alike = f"SELECT rank, {mark} AS mark FROM {table} WHERE {mark} IN ({marks})"
        _compare(connection, code, alike, "" if every else f"AND rank IN (SELECT rank FROM ({alike}))")
    connection.execute("DELETE FROM repeated")


def _compare(connection: sqlite3.Connection, code: str, alike: str, among: str) -> None:
    """Say which entries repeat an earlier one, and of no others of those that are compared."""
    repeats = (
        "SELECT rank FROM (SELECT rank, row_number() OVER (PARTITION BY mark ORDER BY rank) AS place"
        f" FROM ({alike})) WHERE place > 1"
    )
    connection.execute(f"DELETE FROM findings WHERE code = ? AND rank NOT IN ({repeats}) {among}", (code,))
    connection.execute(
        f"INSERT OR IGNORE INTO findings SELECT ?, rank, ?, 1 FROM ({repeats})",
        (code, int(CODES[code].severity)),
    )


def are_compared(connection: sqlite3.Connection) -> bool:
    """Whether entries that say nearly the same are known, but for what has changed since the last look."""
    return mark(connection, "near") != ""


def reordered(connection: sqlite3.Connection, rank: int | None) -> None:
    """Have one line compared anew that now stands elsewhere, or all: another one may now be the earlier."""
    if rank is None:
        for name in ("beside", "near"):
            set_mark(connection, name, "")
        return
    for table, column, mark in (
        ("lines", "uuid", "repeated"), ("checks", "same", "repeated"), ("signatures", "sign", "resigned"),
    ):  # fmt: skip
        connection.execute(
            f"INSERT OR REPLACE INTO {mark} SELECT {column} FROM {table} WHERE rank = ? AND length({column})",
            (rank,),
        )


def forget_recent(connection: sqlite3.Connection) -> None:
    """Take note that the lines which changed were looked at, those of which all is known."""
    known = (
        f"EXISTS (SELECT 1 FROM {table} WHERE {table}.rank = recent.rank)"
        for table in ("checks", "sizes", "signatures")
    )
    connection.execute(f"DELETE FROM recent WHERE {' AND '.join(known)}")


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
    summary = summary_of(connection)
    return summary.entries if summary else 0


def content(connection: sqlite3.Connection) -> str:
    """The content of the file that the index describes, as its hash."""
    summary = summary_of(connection)
    return summary.content if summary else ""


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
        INSERT INTO main.meta SELECT * FROM old.meta WHERE key IN ('rules', 'target', 'applied');
        INSERT INTO main.strict SELECT * FROM old.strict;
        {STANDING}
        INSERT INTO main.shapes SELECT * FROM old.shapes;
        INSERT INTO main.verdicts SELECT * FROM old.verdicts;
        INSERT INTO main.checks SELECT now, shape, checks.same
            FROM old.checks JOIN temp.same AS lines ON was = rank;
        INSERT INTO main.sizes SELECT now, tokens, trained FROM old.sizes JOIN temp.same ON was = rank;
        INSERT INTO main.signs SELECT * FROM old.signs;
        INSERT INTO main.signatures SELECT now, sign FROM old.signatures JOIN temp.same ON was = rank;
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
        return f"rank IN (SELECT rank FROM findings WHERE {bad()} = ?)", [SEVERITIES[wanted]]
    code, colon, what = wanted.partition(":")
    if colon:
        return "rank IN (SELECT rank FROM details WHERE code = ? AND what = ?)", [code, what]
    return "rank IN (SELECT rank FROM findings WHERE code = ?)", [code]


def number(connection: sqlite3.Connection, wanted: str) -> int:
    """How many entries have a diagnostic, named as for :func:`condition`."""
    if wanted == "sound":
        return sound(connection)
    kind = ANY if wanted == "any" else SEVERITIES.get(wanted)
    if kind is not None:
        return standing(connection)[kind]
    code, colon, what = wanted.partition(":")
    where = "named WHERE code = ? AND what = ?" if colon else "counted WHERE code = ?"
    values = (code, what) if colon else (code,)
    return int(connection.execute(f"SELECT coalesce(sum(entries), 0) FROM {where}", values).fetchone()[0])
