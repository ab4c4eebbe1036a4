"""What the index knows of a target: which shapes it says something of, and how long the entries are."""

import sqlite3


def shapes_said(connection: sqlite3.Connection, code: str, what: str, most: int) -> list[str]:
    """The shapes of which a target says just that, so many at most."""
    query = (
        "SELECT shapes.shape FROM verdicts JOIN shapes ON shapes.id = verdicts.shape"
        " WHERE verdicts.code = ? AND verdicts.what = ? LIMIT ?"
    )
    return [shape for (shape,) in connection.execute(query, (code, what, most))]


def counts(connection: sqlite3.Connection) -> dict[str, int]:
    """How many entries each thing is said of that a target does."""
    query = "SELECT code, count(*) FROM findings WHERE code GLOB 'target.*' GROUP BY code"
    return dict(connection.execute(query))


def spoken_of(connection: sqlite3.Connection) -> int:
    """How many entries a target does anything to, of those that were looked at and measured."""
    query = (
        "SELECT count(DISTINCT rank) FROM findings JOIN checks USING (rank) JOIN sizes USING (rank)"
        " WHERE code GLOB 'target.*'"
    )
    return int(connection.execute(query).fetchone()[0])


def looked_at(connection: sqlite3.Connection) -> int:
    """How many entries were measured and looked at, with what the target makes of them written down."""
    query = (
        "SELECT count(*) FROM checks JOIN sizes USING (rank) JOIN shapes ON shapes.id = checks.shape"
        " WHERE judged AND (SELECT value FROM meta WHERE key = 'applied')"
        " = (SELECT value FROM meta WHERE key = 'target')"
    )
    return int(connection.execute(query).fetchone()[0])


def sizes(connection: sqlite3.Connection) -> list[int]:
    """The tokens of every entry, fewest first; many have the same, so that few rows are read."""
    query = "SELECT tokens, count(*) FROM sizes WHERE tokens >= 0 GROUP BY tokens ORDER BY tokens"
    return [tokens for tokens, entries in connection.execute(query) for _ in range(entries)]


def trained(connection: sqlite3.Connection) -> int:
    """The tokens of all entries that are trained."""
    query = "SELECT coalesce(sum(trained), 0) FROM sizes WHERE tokens >= 0"
    return int(connection.execute(query).fetchone()[0])
