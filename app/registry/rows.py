"""Rows that all datasets share, and who speaks in their entries: changed so that it can be turned round."""

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from peewee import chunked, fn

from app.registry.database import db
from app.registry.models import (
    Alias,
    Category,
    Character,
    Criteria,
    Dataset,
    OwnTarget,
    Prompt,
    PromptUse,
    Tag,
)

Values = dict[str, Any]
Turn = tuple[int, int, str, str | None]  # place of the message, character's number, role, label it came with
Cast = list[Turn]
_MODELS = (Category, Tag, Alias, Character, Prompt, PromptUse, Criteria, OwnTarget)
SHARED = {model._meta.table_name: model for model in _MODELS}
MAPPING = "mapping"
MERGED = "merged"  # no table: whom a character that is gone has become
_AT_ONCE = 1000  # rows; SQLite takes so many values in one statement
REGISTERED = "registered"  # the key of a tag's row that came or went with the entries, decided on by nobody
CONCERNED = "concerned"  # the key of no row (number 0): the operation is one on that table, as it stands


def get(table: str, number: int) -> Values | None:
    """The columns of a row; None if there is none of that number."""
    model = SHARED[table]
    found = model.select().where(model.id == number).dicts().first()
    return None if found is None else {name: value for name, value in found.items() if name != "id"}


def put(table: str, number: int | None, values: Values | None) -> tuple[int, Values | None, Values | None]:
    """Insert a row (no number), change columns of it, or delete it (no values).

    :returns: its number, and all its columns before and after.
    """
    model = SHARED[table]
    if number is None:
        number = int(model.insert(**(values or {})).execute())
        return number, None, get(table, number)
    before = get(table, number)
    set_row(table, number, None if values is None else {**(before or {}), **values}, before)
    return number, before, get(table, number)


def insert_all(table: str, values: Sequence[Values]) -> range:
    """Insert many rows at once, each with all its columns; their numbers."""
    model = SHARED[table]
    first = (model.select(fn.MAX(model.id)).scalar() or 0) + 1
    numbered = [{"id": number, **each} for number, each in enumerate(values, first)]
    for batch in chunked(numbered, _AT_ONCE):
        model.insert_many(batch).execute()
    return range(first, first + len(values))


def set_row(table: str, number: int, wanted: Values | None, present: Values | None) -> None:
    """Make a row what is wanted: there with these columns, or not there."""
    model = SHARED[table]
    if wanted is None:
        model.delete().where(model.id == number).execute()
    elif present is None:
        model.insert(id=number, **wanted).execute()
    elif wanted != present:
        model.update(**wanted).where(model.id == number).execute()


def name_of(values: Values) -> str:
    """What a row is called by, as no other of its table is; empty where there is no such name."""
    return str(values.get("slug") or values.get("old_slug") or "")


def is_taken(table: str, number: int, values: Values) -> bool:
    """Whether a row of another number stands where one with these columns would."""
    model = SHARED[table]
    columns = _UNIQUE.get(table, ("slug",))
    same = [getattr(model, column) == values[column] for column in columns]
    return bool(model.select().where(model.id != number, *same).exists())


_UNIQUE = {"alias": ("old_slug",), "promptuse": ("prompt", "dataset"), "criteria": ("dataset",)}


def lacking(table: str, values: Values) -> str:
    """The table that lacks a row which one with these columns would need; empty if none does."""
    for column, model in _NEEDS.get(table, {}).items():
        if values[column] is not None and not model.select().where(model.id == values[column]).exists():
            return column
    return ""


_NEEDS: dict[str, dict[str, Any]] = {
    "tag": {"category": Category},
    "promptuse": {"prompt": Prompt, "dataset": Dataset},
    "criteria": {"dataset": Dataset},
}


def casts(dataset: int, entries: Sequence[str] | None = None) -> dict[str, Cast]:
    """Who speaks in some entries of a dataset, or in all, by the entry's uuid; in the order of the turns."""
    query = "SELECT entry_uuid, turn_index, character_id, training_role, source_role_label FROM mapping"
    query += " WHERE dataset_id = ?"
    if entries is None:
        rows = db.execute_sql(f"{query} ORDER BY entry_uuid, turn_index", (dataset,))
    else:
        query += " AND entry_uuid IN (SELECT value FROM json_each(?)) ORDER BY entry_uuid, turn_index"
        rows = db.execute_sql(query, (dataset, json.dumps(list(entries))))
    found: dict[str, Cast] = {}
    for entry, *turn in rows:
        found.setdefault(entry, []).append(tuple(turn))
    return found


def set_casts(dataset: int, wanted: Mapping[str, Cast]) -> None:
    """Say who speaks in some entries, and nothing else of them."""
    connection = db.connection()
    connection.executemany(
        "DELETE FROM mapping WHERE dataset_id = ? AND entry_uuid = ?", ((dataset, entry) for entry in wanted)
    )
    connection.executemany(
        "INSERT INTO mapping (dataset_id, entry_uuid, turn_index, character_id, training_role,"
        " source_role_label) VALUES (?,?,?,?,?,?)",
        ((dataset, entry, *turn) for entry, cast in wanted.items() for turn in cast),
    )


def record(operation: int, rows: Iterable[tuple[str, int, str, Any, Any]]) -> None:
    """Write down what an operation did to rows: table, number, key, and the columns before and after."""
    db.connection().executemany(
        'INSERT INTO rowchange (operation_id, "table", "row", "key", before, after) VALUES (?,?,?,?,?,?)',
        (
            (operation, table, number, key, json.dumps(before), json.dumps(after))
            for table, number, key, before, after in rows
        ),
    )
