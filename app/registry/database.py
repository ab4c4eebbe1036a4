"""The one registry database of a home: how it is opened, and how a change to it is all or nothing."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from sqlite3 import DatabaseError as SqliteError

from peewee import DatabaseError, IntegrityError, Model, OperationalError, SqliteDatabase

from app.errors import Busy, Conflict, RegistryTooNew, StoreError

PRAGMAS = {"journal_mode": "wal", "synchronous": "full", "foreign_keys": 1, "busy_timeout": 10_000}

_BROKEN = "The datasets are plain files and whole. Put a backup from backups/registry in its place."
_WITHHELD = "It is not broken. See that RoleThread may write in its folder, and that the disk has room."
_WITHHOLDS = ("readonly", "unable to open", "is full")  # how SQLite says that it may not, or has no room

db = SqliteDatabase(None)


class Registered(Model):
    """Base of every table of the registry."""

    class Meta:
        database = db


def open_registry(path: Path) -> None:
    """Bind the registry to ``path`` and bring its schema up to date.

    A process works on one home; opening another binds every model to that one.

    :raises RegistryTooNew: if the file's schema is ahead of ours.
    :raises StoreError: if the file cannot be opened.
    """
    from app.registry.migrations import MIGRATIONS

    if not db.is_closed():
        db.close()
    db.init(str(path), pragmas=PRAGMAS)
    try:
        with db.connection_context():
            version = int(db.user_version)
            if version > len(MIGRATIONS):
                raise RegistryTooNew(
                    f"{path.name} has schema {version}; this version knows {len(MIGRATIONS)}."
                )
            for number, statements in enumerate(MIGRATIONS[version:], start=version + 1):
                with db.atomic("IMMEDIATE"):  # SQLite rolls back DDL and user_version together
                    for statement in statements:
                        db.execute_sql(statement)
                    db.user_version = number
    except DatabaseError as error:
        raise StoreError(f"The registry {path.name} cannot be opened: {error}.", _way_out(error)) from error


def schema_version(path: Path) -> tuple[int, int]:
    """The schema version of the file (0 where there is none yet) and the one that this app writes.

    :raises StoreError: if the file is no registry, or may not be read.
    """
    from app.registry.migrations import MIGRATIONS

    if not path.exists():
        return 0, len(MIGRATIONS)
    probe = SqliteDatabase(str(path))
    try:
        with probe.connection_context():
            return int(probe.user_version), len(MIGRATIONS)
    except DatabaseError as error:
        raise StoreError(f"The registry {path.name} cannot be read: {error}.", _way_out(error)) from error


def _way_out(error: DatabaseError) -> str:
    """What can be done; a registry that only may not be written to needs no other in its place."""
    return _WITHHELD if any(words in str(error) for words in _WITHHOLDS) else _BROKEN


def damage(path: Path) -> list[str]:
    """What SQLite finds wrong with the file; nothing if it is sound, or not there yet."""
    if not path.exists():
        return []
    probe = SqliteDatabase(str(path))
    try:
        with probe.connection_context():
            return [row[0] for row in probe.execute_sql("PRAGMA integrity_check(5)") if row[0] != "ok"]
    except (DatabaseError, SqliteError) as error:  # Peewee does not translate what comes while rows are read
        return [str(error)]


def back_up(path: Path, target: Path) -> None:
    """Write a whole copy of a registry, what is still in its write-ahead log included."""
    source, copy = SqliteDatabase(str(path)), SqliteDatabase(str(target))
    with source.connection_context(), copy.connection_context():
        source.connection().backup(copy.connection())


def registry_is_current(path: Path) -> bool:
    """Whether the file has the schema that this app writes, so that opening it changes nothing."""
    have, want = schema_version(path)
    return have == want


@contextmanager
def connected() -> Iterator[None]:
    """A connection of this thread for the length of the block; nested use shares it.

    :raises Busy: if another process holds the database for longer than ten seconds.
    :raises StoreError: if the disk refuses.
    """
    if not db.is_closed():
        yield
        return
    try:
        with db.connection_context():
            yield
    except OperationalError as error:
        raise _refusal(error) from error


@contextmanager
def transaction() -> Iterator[None]:
    """One transaction that has the write lock from its first moment; leaving by an exception undoes it.

    :raises Busy: if another process holds the database for longer than ten seconds.
    :raises StoreError: if the disk refused the commit; the registry is then as it was.
    :raises Conflict: if a row would take another one's name, or need or leave one that is not there.
    """
    with connected():
        try:
            with db.atomic("IMMEDIATE"):
                yield
        except IntegrityError as error:
            raise Conflict(
                f"Other things in the registry stand against it: {error}.",
                "Nothing was changed. If this was an undo, undo later operations first.",
            ) from error
        except OperationalError as error:
            raise _refusal(error) from error


def _refusal(error: OperationalError) -> Busy | StoreError:
    if "locked" in str(error):
        return Busy("The registry is busy with another operation.")
    return StoreError(f"The registry could not be used: {error}.")
