"""A registry of an earlier version is kept whole before it is changed."""

import sqlite3
from contextlib import closing

from app.config import Config
from app.registry.migrations import MIGRATIONS
from app.services.library import Library


def test_a_registry_is_backed_up_with_what_its_log_still_holds(tmp_path):
    home = tmp_path / "home"
    home.mkdir()
    with closing(sqlite3.connect(home / "registry.sqlite3", isolation_level=None)) as old:
        old.execute("PRAGMA journal_mode=WAL")
        for statement in MIGRATIONS[0]:
            old.execute(statement)
        old.execute("PRAGMA user_version=1")
        old.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        old.execute("INSERT INTO setting (key, value) VALUES ('theme', '\"dark\"')")  # only in the log
        library = Library.open(Config(home))
    (backup,) = (library.home / "backups" / "registry").glob("registry_????????_??????.sqlite")
    with closing(sqlite3.connect(backup)) as kept:
        assert kept.execute("PRAGMA user_version").fetchone() == (1,)
        assert kept.execute("SELECT value FROM setting").fetchall() == [('"dark"',)]
    with closing(sqlite3.connect(library.places.registry)) as new:
        assert new.execute("PRAGMA user_version").fetchone() == (len(MIGRATIONS),)
