"""What the index knows of a target: which shapes it says something of, and how long the entries are."""

import sqlite3

from app.store import findings
from app.store.schema import TARGET


def shapes_said(connection: sqlite3.Connection, code: str, what: str, most: int) -> list[str]:
    """The shapes of which a target says just that, so many at most."""
    query = (
        "SELECT shapes.shape FROM verdicts JOIN shapes ON shapes.id = verdicts.shape"
        " WHERE verdicts.code = ? AND verdicts.what = ? LIMIT ?"
    )
    return [shape for (shape,) in connection.execute(query, (code, what, most))]


def counts(connection: sqlite3.Connection) -> dict[str, int]:
    """How many entries each thing is said of that a target does."""
    query = "SELECT code, sum(entries) FROM counted WHERE code GLOB 'target.*' GROUP BY code"
    return dict(connection.execute(query))


def spoken_of(connection: sqlite3.Connection) -> int:
    """How many entries a target does anything to, of those that were looked at and measured."""
    if _all_known(connection):
        return findings.standing(connection)[TARGET]
    query = (
        "SELECT count(DISTINCT rank) FROM findings JOIN checks USING (rank) JOIN sizes USING (rank)"
        " WHERE code GLOB 'target.*'"
    )
    return int(connection.execute(query).fetchone()[0])


def looked_at(connection: sqlite3.Connection) -> int:
    """How many entries were measured and looked at, with what the target makes of them written down."""
    if findings.mark(connection, "applied") != findings.mark(connection, "target"):
        return 0
    if _all_known(connection):
        return findings.entries(connection)
    query = (
        "SELECT count(*) FROM checks JOIN sizes USING (rank) JOIN shapes ON shapes.id = checks.shape"
        " WHERE judged"
    )
    return int(connection.execute(query).fetchone()[0])


def _all_known(connection: sqlite3.Connection) -> bool:
    """Whether every entry was looked at and measured, and every shape judged."""
    lacking = (findings.number_lacking(connection, table) for table in ("checks", "sizes"))
    return not (any(lacking) or findings.unjudged(connection))


def sizes(connection: sqlite3.Connection) -> list[int]:
    """The tokens of every entry, fewest first."""
    query = "SELECT tokens, entries FROM lengths WHERE tokens >= 0 ORDER BY tokens"
    return [tokens for tokens, entries in connection.execute(query) for _ in range(entries)]


def trained(connection: sqlite3.Connection) -> int:
    """The tokens of all entries that are trained."""
    query = "SELECT coalesce(sum(trained), 0) FROM lengths WHERE tokens >= 0"
    return int(connection.execute(query).fetchone()[0])
