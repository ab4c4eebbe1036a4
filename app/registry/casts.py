"""Who speaks where: questions about the mapping of messages to characters, over all datasets."""

import json
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Any

from app.registry.database import db
from app.registry.models import Dataset
from app.registry.rows import MAPPING, Cast


@dataclass(frozen=True, slots=True)
class Use:
    """How much a character speaks in one dataset."""

    character: int
    dataset: str
    state: str
    messages: int
    entries: int


def uses(character: int | None = None) -> Iterator[Use]:
    """Where characters speak, or one of them, by the names of the datasets."""
    only = "" if character is None else "WHERE character_id = ?"
    query = (
        "SELECT character_id, slug, state, count(*), count(DISTINCT entry_uuid)"
        f" FROM mapping JOIN dataset ON dataset.id = dataset_id {only}"
        " GROUP BY character_id, dataset_id ORDER BY slug"
    )
    return (Use(*row) for row in db.execute_sql(query, (character,) if only else ()))


def datasets_of(character: int) -> list[Dataset]:
    """The datasets in which a character speaks."""
    query = "SELECT DISTINCT dataset_id FROM mapping WHERE character_id = ?"
    numbers = [number for (number,) in db.execute_sql(query, (character,))]
    return list(Dataset.select().where(Dataset.id.in_(numbers)).order_by(Dataset.slug))


def entries_of(character: int, dataset: int) -> list[str]:
    """The uuids of the entries of a dataset in which a character speaks."""
    query = "SELECT DISTINCT entry_uuid FROM mapping WHERE character_id = ? AND dataset_id = ?"
    return [entry for (entry,) in db.execute_sql(query, (character, dataset))]


def read(text: str) -> Cast:
    """A cast as the history keeps it."""
    turns: list[list[Any]] = json.loads(text)
    return [(index, character, role, label) for index, character, role, label in turns]


def changed_since(operation: int, dataset: int) -> Iterator[tuple[str, Cast]]:
    """Every entry whose cast a later operation changed, oldest change first, with the cast before it."""
    found = db.execute_sql(
        'SELECT "key", before FROM rowchange WHERE "table" = ? AND "row" = ? AND operation_id > ?'
        " ORDER BY id",
        (MAPPING, dataset, operation),
    )
    return ((entry, read(before)) for entry, before in found)


def is_changed_since(operation: int, dataset: int) -> bool:
    """Whether a later operation changed who speaks in a dataset."""
    return next(changed_since(operation, dataset), None) is not None


def rewritten_since(operation: int, dataset: int, entries: Collection[str]) -> set[str]:
    """Those of some entries whose lines a later operation changed."""
    found = db.execute_sql(
        "SELECT DISTINCT key FROM linechange WHERE dataset_id = ? AND operation_id > ?"
        " AND key IN (SELECT value FROM json_each(?))",
        (dataset, operation, json.dumps(list(entries))),
    )
    return {entry for (entry,) in found}


def successor(character: int, known: Collection[int]) -> int | None:
    """The character that a merged one has become; itself, if it is there, and None if it was deleted."""
    seen: set[int] = set()
    present: int | None = character
    while present is not None and present not in known:
        if present in seen:
            return None
        seen.add(present)
        present = _merged_into(present)
    return present


def _merged_into(character: int) -> int | None:
    """Who speaks, since the operation that took a character away, where that one spoke."""
    found = db.execute_sql(
        "SELECT recast.before, recast.after FROM rowchange AS gone"
        ' JOIN rowchange AS recast USING (operation_id) WHERE recast."table" = ?'
        ' AND gone."table" = ? AND gone."row" = ? AND gone.after = ? ORDER BY gone.id DESC',
        (MAPPING, "character", character, "null"),
    )
    for before, after in found:
        now = {index: number for index, number, _, _ in read(after)}
        for index, number, _, _ in read(before):
            if number == character:
                return now.get(index)
    return None


def names(dataset: int, entries: Collection[str]) -> dict[str, dict[int, str]]:
    """The names of those who speak in some entries, by uuid and by the place of the message."""
    found: dict[str, dict[int, str]] = {}
    for entry, place, name in db.execute_sql(
        "SELECT entry_uuid, turn_index, display_name FROM mapping"
        ' JOIN "character" ON "character".id = character_id'
        " WHERE dataset_id = ? AND entry_uuid IN (SELECT value FROM json_each(?))",
        (dataset, json.dumps(list(entries))),
    ):
        found.setdefault(entry, {})[place] = name
    return found
