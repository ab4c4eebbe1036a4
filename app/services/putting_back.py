"""Rows of the registry as they were before an operation: put back when it is undone."""

import json
from collections.abc import Iterable
from itertools import groupby
from typing import TYPE_CHECKING, Any

from app.errors import Conflict
from app.registry import rows
from app.registry.models import Dataset, Mapping, PromptUse, RowChange, Tag, TagUse
from app.services import rejecting, sidecars
from app.services.shelving import relocate

if TYPE_CHECKING:
    from app.services.operation import Door


def put_back(door: "Door", changes: Iterable[RowChange]) -> None:
    """Undo changes of rows, given newest first.

    :raises Conflict: if a row is no longer what the operation made of it; nothing is changed then.
    """
    for is_cast, some in groupby(changes, key=lambda change: change.table == rows.MAPPING):
        if is_cast:
            _casts(door, list(some))
            continue
        for change in some:
            wanted, present = json.loads(change.before), json.loads(change.after)
            if change.table in rows.SHARED:
                _shared(door, change.table, change.row, wanted, present)
            else:
                _of_dataset(door, change.table, Dataset.get_by_id(change.row), wanted, present)


def _cast(turns: list[list[Any]]) -> rows.Cast:
    return [(index, character, role, label) for index, character, role, label in turns]


def _casts(door: "Door", changes: list[RowChange]) -> None:
    """Who speaks in some entries, in one go: there may be a hundred thousand."""
    for number in dict.fromkeys(change.row for change in changes):
        row = Dataset.get_by_id(number)
        mine = [change for change in changes if change.row == number]
        now = rows.casts(number, [change.key for change in mine])
        for change in mine:
            if now.get(change.key, []) != _cast(json.loads(change.after)):
                raise Conflict(
                    f"Who speaks in entry {change.key} of {row.slug} was changed since.", "Undo that first."
                )
        door.cast(row, {change.key: _cast(json.loads(change.before)) for change in mine})


def _shared(door: "Door", table: str, number: int, wanted: Any, present: Any) -> None:
    if rows.get(table, number) != present:
        raise Conflict(f"The {_NOUNS[table]} was changed since.", "Undo the later changes first.")
    if wanted is None and _is_used(door, table, number, present):
        return  # something else has come to use it
    if present is None and rows.is_taken(table, wanted):
        raise Conflict(
            f"There is another {_NOUNS[table]} {rows.name_of(wanted)} by now.",
            "Delete that one first, or leave things as they are.",
        )
    door.put(table, number, wanted)
    for row in door.undoing:
        door.says(row)


_NOUNS = {
    "category": "category",
    "tag": "tag",
    "alias": "former name of a tag",
    "character": "character",
    "prompt": "prompt",
    "promptuse": "list of prompts of a dataset",
}


def _is_used(door: "Door", table: str, number: int, present: dict[str, Any]) -> bool:
    """Whether something that this operation does not touch needs a row."""
    match table:
        case "tag":
            touched = [dataset.id for dataset in door.undoing]
            found = TagUse.select().where(TagUse.slug == present["slug"], TagUse.dataset.not_in(touched))
            return bool(found.exists())
        case "category":
            return bool(Tag.select().where(Tag.category == number).exists())
        case "character":
            return bool(Mapping.select().where(Mapping.character == number).exists())
        case "prompt":
            return bool(PromptUse.select().where(PromptUse.prompt == number).exists())
    return False


def _of_dataset(door: "Door", table: str, row: Dataset, wanted: Any, present: Any) -> None:
    if table == "rejected":
        if wanted["record"] is None:
            rejecting.take_out(door, row, present["index"], expected=present["record"])
        else:
            rejecting.put_in(door, row, wanted["index"], wanted["record"])
    elif table == "sidecar":
        sidecars.put_back(door, row, wanted)
    elif "slug" in wanted or "state" in wanted:
        if any(getattr(row, name) != value for name, value in present.items()):
            raise Conflict(f"{row.slug} was renamed or moved since.", "Undo that first.")
        relocate(door, row, slug=wanted.get("slug"), state=wanted.get("state"))
    # else a count that follows from what else is put back
