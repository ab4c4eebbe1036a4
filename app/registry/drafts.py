"""Drafts: text that was typed and not saved, in a database of their own that no operation waits for."""

import json
from pathlib import Path
from typing import Any

from peewee import (
    CompositeKey,
    DatabaseError,
    IntegerField,
    Model,
    OperationalError,
    SqliteDatabase,
    TextField,
    fn,
)

from app.errors import StoreError
from app.registry.models import now

db = SqliteDatabase(None)


class Draft(Model):
    """What stands unsaved in the form of one entry; the key ``new`` is that of the page Write."""

    dataset = IntegerField()
    key = TextField()
    revision = TextField(default="")
    payload = TextField()  # the form's fields as JSON
    at = TextField(default=now)

    class Meta:
        database = db
        primary_key = CompositeKey("dataset", "key")


def open_drafts(path: Path) -> None:
    """Bind the drafts to ``path``; made if it is not there."""
    if not db.is_closed():
        db.close()
    db.init(str(path), pragmas={"journal_mode": "wal", "synchronous": "normal", "busy_timeout": 10_000})
    try:
        with db.connection_context():
            db.create_tables([Draft])
    except DatabaseError as error:
        raise StoreError(f"The drafts {path.name} cannot be opened: {error}.") from error


def keep(dataset: int, key: str, revision: str, payload: dict[str, Any]) -> None:
    """Keep a draft in place of an earlier one.

    :raises StoreError: if the disk refuses.
    """
    try:
        with db.connection_context():
            Draft.insert(
                dataset=dataset, key=key, revision=revision, payload=json.dumps(payload), at=now()
            ).on_conflict_replace().execute()
    except OperationalError as error:
        raise StoreError(
            f"The draft could not be kept: {error}.", "Save the entry, or copy its text."
        ) from error


def get(dataset: int, key: str) -> Draft | None:
    """The draft of an entry, if there is one."""
    with db.connection_context():
        found: Draft | None = Draft.get_or_none(Draft.dataset == dataset, Draft.key == key)
        return found


def forget(dataset: int, key: str) -> None:
    """Drop a draft; nothing if there is none."""
    with db.connection_context():
        Draft.delete().where(Draft.dataset == dataset, Draft.key == key).execute()


def keys(dataset: int) -> list[str]:
    """The keys of a dataset's entries that have a draft."""
    with db.connection_context():
        return [
            row.key
            for row in Draft.select(Draft.key).where(Draft.dataset == dataset).order_by(Draft.at.desc())
        ]


def counts() -> dict[int, int]:
    """How many drafts each dataset has; those without any are left out."""
    with db.connection_context():
        rows: Any = Draft.select(Draft.dataset, fn.COUNT(Draft.key)).group_by(Draft.dataset).tuples()
        return {int(dataset): int(number) for dataset, number in rows}
