"""Rows of the registry as they were before an operation: put back when it is undone."""

import json
from collections.abc import Iterable
from itertools import groupby
from typing import TYPE_CHECKING, Any

from app.domain.entry import digest
from app.errors import Conflict
from app.registry import casts, history, rows
from app.registry.models import Dataset, Mapping, PromptUse, RowChange, Tag, TagUse
from app.services import casting, rejecting, sidecars
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
            if change.table == rows.MERGED:
                continue  # what follows from it is put back by itself
            if change.table in rows.SHARED:
                _shared(door, change.table, change.row, wanted, present)
            else:
                _of_dataset(door, change.table, Dataset.get_by_id(change.row), wanted, present)


def _casts(door: "Door", changes: list[RowChange]) -> None:
    """Who speaks in some entries, in one go: there may be a hundred thousand."""
    for number in dict.fromkeys(change.row for change in changes):
        row = Dataset.get_by_id(number)
        mine = [change for change in changes if change.row == number]
        entries = [change.key for change in mine]
        now = rows.casts(number, entries)
        for change in mine:
            if now.get(change.key, []) != casts.read(change.after):
                raise Conflict(
                    f"Who speaks in entry {change.key} of {row.slug} was changed since.", "Undo that first."
                )
        wanted = casts.with_successors({change.key: casts.read(change.before) for change in mine})
        for entry in casts.rewritten_since(mine[0].operation_id, number, entries):
            if wanted[entry] and not _same_places(wanted[entry], now.get(entry, [])):
                wanted[entry] = _followed(door, row, entry, wanted[entry], mine[0].operation_id)
        door.cast(row, wanted)


def _same_places(cast: rows.Cast, present: rows.Cast) -> bool:
    """Whether a cast is of messages that have a character now: they are where they were."""
    return {turn[0] for turn in cast} <= {turn[0] for turn in present}


def _followed(door: "Door", row: Dataset, entry: str, cast: rows.Cast, number: int) -> rows.Cast:
    """A cast that an entry had before an operation, where its messages are now.

    :raises Conflict: if that cannot be told.
    """
    editor = door.editor(row.slug)
    present = next(editor.found((entry,)), None)
    line = now = present.raw if present else None
    for operation, change in history.history_of_entry(row.id, entry):
        if operation.id <= number:
            break
        if change.before is None:
            line = None
        elif change.after is None:
            line = change.old
        elif line is not None and digest(line) == change.now:
            line = change.inverted().splice(line)
        else:
            raise Conflict(f"Entry {entry} of {row.slug} was changed since.", "Undo the later changes first.")
    if line is None or now is None:
        return []
    return casting.followed(cast, casting.messages_in(line), casting.messages_in(now))


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
