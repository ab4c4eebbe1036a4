"""Who speaks where: questions about the mapping of messages to characters, over all datasets."""

import json
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from app.registry.database import db
from app.registry.models import Character, Dataset, Operation, RowChange
from app.registry.rows import MAPPING, MERGED, Cast, Turn


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


def entries_of(character: str, dataset: int) -> list[str]:
    """The uuids of the entries of a dataset in which the character of that slug speaks, in their order."""
    query = (
        "SELECT DISTINCT entry_uuid FROM mapping WHERE dataset_id = ?"
        ' AND character_id = (SELECT id FROM "character" WHERE slug = ?) ORDER BY entry_uuid'
    )
    return [entry for (entry,) in db.execute_sql(query, (dataset, character))]


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


def last_change(dataset: int) -> int:
    """The last operation that changed who speaks in a dataset; 0 if none did."""
    found = db.execute_sql(
        'SELECT max(operation_id) FROM rowchange WHERE "table" = ? AND "row" = ?', (MAPPING, dataset)
    )
    return found.fetchone()[0] or 0


def changed_by(operation: int, dataset: int, *, most: int) -> list[tuple[str, Cast, Cast]]:
    """The first entries whose casts an operation changed, with the casts before and after."""
    found = db.execute_sql(
        'SELECT "key", before, after FROM rowchange WHERE "table" = ? AND "row" = ? AND operation_id = ?'
        " ORDER BY id LIMIT ?",
        (MAPPING, dataset, operation, most),
    )
    return [(entry, read(before), read(after)) for entry, before, after in found]


def when_leaving(dataset: int, entries: Collection[str]) -> dict[str, tuple[bytes, Cast]]:
    """Line and cast of some entries when they were last taken out of a dataset, as far as anybody spoke."""
    found = db.execute_sql(
        "SELECT gone.key, gone.old, spoken.before FROM linechange AS gone LEFT JOIN rowchange AS spoken"
        ' ON spoken."table" = ? AND spoken."row" = gone.dataset_id AND spoken."key" = gone.key'
        " AND spoken.operation_id = gone.operation_id"
        " WHERE gone.dataset_id = ? AND gone.after IS NULL AND gone.key IN (SELECT value FROM json_each(?))"
        " ORDER BY gone.id",
        (MAPPING, dataset, json.dumps(list(entries))),
    )
    last = {entry: (bytes(line), before) for entry, line, before in found}
    return {entry: (line, read(before)) for entry, (line, before) in last.items() if before}


def rewritten_since(operation: int, dataset: int, entries: Collection[str]) -> set[str]:
    """Those of some entries whose lines later operations changed, and this one did not."""
    found = db.execute_sql(
        "SELECT key FROM linechange WHERE dataset_id = ? AND operation_id >= ?"
        " AND key IN (SELECT value FROM json_each(?)) GROUP BY key HAVING min(operation_id) > ?",
        (dataset, operation, json.dumps(list(entries)), operation),
    )
    return {entry for (entry,) in found}


def with_successors(found: Mapping[str, Cast]) -> dict[str, Cast]:
    """Casts of former times as they can be today.

    Who was merged into another character since is that one; who was deleted since speaks nowhere.
    """
    known = {row.id for row in Character.select(Character.id)}
    numbers = {turn[1] for cast in found.values() for turn in cast}
    now = {number: successor(number, known) for number in numbers}
    return {entry: list(_renumbered(cast, now)) for entry, cast in found.items()}


def _renumbered(cast: Cast, now: Mapping[int, int | None]) -> Iterator[Turn]:
    for index, number, role, label in cast:
        present = now[number]
        if present is not None:
            yield index, present, role, label


def successor(character: int, known: Collection[int]) -> int | None:
    """The character that a merged one has become; itself, if it is there, and None if it was deleted."""
    seen: set[int] = set()
    present: int | None = character
    while present is not None and present not in known and present not in seen:
        seen.add(present)
        present = _merged_into(present)
    return present if present in known else None


def _merged_into(character: int) -> int | None:
    """Into whom a character was merged when it went; None if it was not."""
    gone = RowChange.select().where(
        RowChange.table == "character", RowChange.row == character, RowChange.after == "null"
    )
    last = gone.order_by(RowChange.id.desc()).first()
    if last is None:
        return None
    operation = last.operation
    while operation.kind == "redo":  # it did again what the undone operation had done
        operation = Operation.get_by_id(Operation.get_by_id(operation.undoes).undoes)
    merged = RowChange.get_or_none(
        RowChange.operation == operation, RowChange.table == MERGED, RowChange.row == character
    )
    return None if merged is None else int(json.loads(merged.after))


def entries_by_character(dataset: int) -> list[tuple[Character, int]]:
    """The characters of a dataset, each with the number of entries in which it speaks."""
    found = Character.raw(
        'SELECT "character".*, count(DISTINCT entry_uuid) AS entries FROM mapping'
        ' JOIN "character" ON "character".id = character_id WHERE dataset_id = ? GROUP BY character_id',
        dataset,
    )
    return [(row, int(row.entries)) for row in found]


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


def speaking(dataset: int) -> set[int]:
    """The characters that speak in a dataset."""
    query = (
        'SELECT id FROM "character" WHERE EXISTS'
        ' (SELECT 1 FROM mapping WHERE character_id = "character".id AND dataset_id = ?)'
    )
    return {number for (number,) in db.execute_sql(query, (dataset,))}
