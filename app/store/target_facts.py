"""What the index knows of a target: which shapes it says something of, and how long the entries are."""

import sqlite3


def shapes_said(connection: sqlite3.Connection, code: str, what: str, most: int) -> list[str]:
    """The shapes of which a target says just that, so many at most."""
    query = (
        "SELECT shapes.shape FROM verdicts JOIN shapes ON shapes.id = verdicts.shape"
        " WHERE verdicts.code = ? AND verdicts.what = ? LIMIT ?"
    )
    return [shape for (shape,) in connection.execute(query, (code, what, most))]


def spoken_of(connection: sqlite3.Connection) -> int:
    """How many entries a target does anything to."""
    query = "SELECT count(DISTINCT rank) FROM findings WHERE code GLOB 'target.*'"
    return int(connection.execute(query).fetchone()[0])


def trained(connection: sqlite3.Connection) -> int:
    """The tokens of all entries that are trained."""
    return int(connection.execute("SELECT coalesce(sum(trained), 0) FROM sizes").fetchone()[0])
