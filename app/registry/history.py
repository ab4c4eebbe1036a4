"""Reading and writing what operations did: in bulk where there may be a hundred thousand changes."""

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Any

from app.domain.change import Change, ChangeSet, Run
from app.registry.database import db
from app.registry.models import Dataset, LineChange, Operation, RowChange, Touched
from app.registry.rows import CONCERNED, MAPPING, REGISTERED, SHARED

_COLUMNS = "key, before, after, prefix, suffix, old, new, was, now"
_INSERT = f"INSERT INTO linechange (operation_id, dataset_id, {_COLUMNS}) VALUES (?,?,?,?,?,?,?,?,?,?,?)"


def record(operation: int, dataset: int, changes: ChangeSet, *, before: str, after: str) -> None:
    """Write down what an operation did to a dataset; ``before`` and ``after`` are content hashes."""
    order = None if changes.order is None else _packed(changes.order)
    Touched.insert(
        operation=operation,
        dataset=dataset,
        changed=count(changes),
        before=before,
        after=after,
        order=order,
        head=None if changes.head is None else b"\n".join(changes.head),
    ).execute()
    rows = (
        (operation, dataset, c.key, c.before, c.after, c.prefix, c.suffix, c.old, c.new, c.was, c.now)
        for c in changes.changes
    )
    db.connection().executemany(_INSERT, rows)


def count(changes: ChangeSet) -> int:
    """How many entries a change set is about; a move of some entries counts as one each."""
    if changes.changes or changes.order is None:
        return len(changes.changes)
    return min(length for _, length in changes.order)


def changes_of(operation: int, dataset: int) -> ChangeSet:
    """What an operation did to a dataset; nothing if it did not touch its lines."""
    touched = Touched.get_or_none(Touched.operation == operation, Touched.dataset == dataset)
    rows = db.execute_sql(
        f"SELECT {_COLUMNS} FROM linechange WHERE operation_id = ? AND dataset_id = ? ORDER BY id",
        (operation, dataset),
    )
    changes = ChangeSet(tuple(Change(*row) for row in rows))
    if touched and touched.order is not None:
        changes = replace(changes, order=_unpacked(bytes(touched.order)))
    if touched and touched.head is not None:
        before, after = bytes(touched.head).split(b"\n")
        changes = changes.headed(before, after)
    return changes


def page_of_changes(operation: int, dataset: int, *, start: int, size: int) -> list[Change]:
    """Some of the line changes of an operation, in the order of the file."""
    rows = db.execute_sql(
        f"SELECT {_COLUMNS} FROM linechange WHERE operation_id = ? AND dataset_id = ?"
        " ORDER BY id LIMIT ? OFFSET ?",
        (operation, dataset, size, start),
    )
    return [Change(*row) for row in rows]


def lone_changes(operations: Sequence[int], dataset: int) -> dict[int, Change]:
    """The change of each of some operations that are about one entry of a dataset, by its number."""
    marks = ",".join("?" * len(operations))
    rows = db.execute_sql(
        f"SELECT operation_id, {_COLUMNS} FROM linechange WHERE operation_id IN ({marks}) AND dataset_id = ?",
        (*operations, dataset),
    )
    return {number: Change(*row) for number, *row in rows}


def last_lines(keys: Sequence[str], dataset: int) -> dict[str, bytes]:
    """The last line of each of some entries that were taken out of a dataset."""
    marks = ",".join("?" * len(keys))
    rows = db.execute_sql(
        f"SELECT key, old FROM linechange WHERE dataset_id = ? AND key IN ({marks}) AND after IS NULL"
        " ORDER BY id",
        (dataset, *keys),
    )
    return {key: bytes(line) for key, line in rows}


def operations_on(dataset: int, *, above: int = 0) -> Iterator[Operation]:
    """The operations that touched a dataset, newest first, down to (without) the one numbered ``above``."""
    query = (
        Operation.select()
        .join(Touched)
        .where(Touched.dataset == dataset, Operation.id > above)
        .order_by(Operation.id.desc())
    )
    return iter(query.iterator())


def next_undo(slug: str) -> str:
    """The title of the newest change in force of a dataset; empty if there is none, or it made the dataset.

    One question, as every page of a dataset asks it.
    """
    query = """
        SELECT title, EXISTS (
            SELECT 1 FROM rowchange WHERE operation_id = operation.id AND "table" = 'dataset'
            AND "row" = dataset.id AND json_extract(before, '$.state') = 'trashed'
        )
        FROM operation JOIN touched ON touched.operation_id = operation.id
        JOIN dataset ON dataset.id = touched.dataset_id
        WHERE dataset.slug = ? AND dataset.state = 'live' AND operation.kind = 'change' AND in_force
        ORDER BY operation.id DESC LIMIT 1
    """
    found = db.execute_sql(query, (slug,)).fetchone()
    return str(found[0]) if found and not found[1] else ""


def unpublished(dataset: int) -> bool:
    """Whether an operation on a dataset is committed and waits for the disk."""
    waiting = Operation.select().join(Touched).where(Touched.dataset == dataset)
    return bool(waiting.where(Operation.state == "committed").exists())


def touched_datasets(operation: int) -> list[Dataset]:
    """The datasets that an operation touched."""
    return list(Dataset.select().join(Touched).where(Touched.operation == operation).order_by(Dataset.slug))


def left_by(operations: Sequence[int], dataset: int) -> dict[int, str]:
    """The content that each of some operations left a dataset with, by its number."""
    found = Touched.select(Touched.operation, Touched.after).where(
        Touched.dataset == dataset, Touched.operation.in_(operations)
    )
    return {int(number): str(content) for number, content in _tuples(found)}


def changed_in(operations: Sequence[int], dataset: int) -> dict[int, int]:
    """How many entries of a dataset each of some operations changed, by its number."""
    found = Touched.select(Touched.operation, Touched.changed).where(
        Touched.dataset == dataset, Touched.operation.in_(operations)
    )
    return {int(number): int(count) for number, count in _tuples(found)}


def last_to_leave(content: str, dataset: int) -> int | None:
    """The last operation that left a dataset with that content, by its number."""
    found = Touched.select(Touched.operation).where(Touched.dataset == dataset, Touched.after == content)
    newest = found.order_by(Touched.operation.desc()).first()
    return None if newest is None else int(newest.operation_id)


def rows_before(operations: Sequence[int], dataset: Dataset) -> list[tuple[int, dict[str, Any]]]:
    """Which columns of a dataset's row each of some operations changed, and what stood in them before."""
    found = RowChange.select(RowChange.operation, RowChange.before).where(
        RowChange.table == "dataset", RowChange.row == dataset.id, RowChange.operation.in_(operations)
    )
    return [(int(number), json.loads(before)) for number, before in _tuples(found)]


def moves(operation: int) -> list[RowChange]:
    """What an operation did that put datasets on the shelf or took them off, newest first."""
    found = RowChange.select().where(RowChange.operation == operation, RowChange.table == "dataset")
    return [each for each in found.order_by(RowChange.id.desc()) if "state" in json.loads(each.before)]


def _tuples(query: Any) -> Iterator[tuple[Any, ...]]:
    return iter(query.tuples())


def changed_by(operation: int) -> int:
    """How many entries an operation changed, in all its datasets."""
    return sum(row.changed for row in Touched.select(Touched.changed).where(Touched.operation == operation))


def later_on_same_entries(operation: int, dataset: int) -> list[Operation]:
    """Later operations in force that touched an entry which this one touched, or moved any if this one did.

    Orders and positions: an operation that only rewrites lines does not get in the way of one that
    moves them, nor the other way round.
    """
    later = (
        Operation.select()
        .join(Touched)
        .where(
            Touched.dataset == dataset,
            Operation.id > operation,
            Operation.in_force,
            Operation.kind == "change",
        )
    )
    keys = LineChange.select(LineChange.key).where(
        LineChange.operation == operation, LineChange.dataset == dataset
    )
    same = LineChange.select(LineChange.operation).where(
        LineChange.dataset == dataset, LineChange.key.in_(keys)
    )
    found = {each.id: each for each in later.where(Operation.id.in_(same))}
    touched = Touched.get_or_none(Touched.operation == operation, Touched.dataset == dataset)
    if touched is not None and touched.order is not None:
        shifting = LineChange.select(LineChange.operation).where(
            LineChange.dataset == dataset, LineChange.before.is_null() | LineChange.after.is_null()
        )
        found.update(
            {each.id: each for each in later.where(Operation.id.in_(shifting) | Touched.order.is_null(False))}
        )
    return [found[number] for number in sorted(found)]


def later_on_same_rows(operation: int) -> list[Operation]:
    """Later operations in force that changed a row which this one changed, of those that datasets share.

    A tag that only became known with the entries stands in nobody's way.
    """
    later, mine = RowChange.alias(), RowChange.alias()
    found = (
        Operation.select()
        .join(later, on=(later.operation == Operation.id))
        .join(mine, on=((mine.table == later.table) & (mine.row == later.row) & (mine.key == later.key)))
        .where(
            mine.operation == operation,
            mine.table.in_([*SHARED, MAPPING]),
            mine.key.not_in([REGISTERED, CONCERNED]),
            later.operation > operation,
            Operation.in_force,
            Operation.kind == "change",
        )
    )
    return list(found.distinct().order_by(Operation.id))


def newest_on_shared(number: int | None = None, *, tables: Sequence[str] = tuple(SHARED)) -> Operation | None:
    """The newest change in force of rows that datasets share; the one of that number, if one is given.

    An import, which brings such rows along, is none: it is undone in its dataset. Nor is a save that made
    a tag known.
    """
    found = _on_shared(tables).where(Operation.in_force, Operation.kind == "change")
    if number is not None:
        found = found.where(Operation.id == number)
    newest: Operation | None = found.order_by(Operation.id.desc()).first()
    return newest


def newest_undo_on_shared() -> Operation | None:
    """The newest undo in force of a change of such rows, whether it changed any of them itself or not."""
    undone = _on_shared(list(SHARED)).select(Operation.id)
    found = Operation.select().where(
        Operation.in_force, Operation.kind == "undo", Operation.undoes.in_(undone)
    )
    newest: Operation | None = found.order_by(Operation.id.desc()).first()
    return newest


def changes_on_shared(tables: Sequence[str], limit: int) -> list[Operation]:
    """The newest changes of rows of those tables that datasets share, undone or not; newest first."""
    found = _on_shared(tables).where(Operation.kind == "change")
    return list(found.order_by(Operation.id.desc()).limit(limit))


def _on_shared(tables: Sequence[str]) -> Any:
    """The operations by which a person decided on such rows; those that brought or took datasets are none."""
    shared = RowChange.select(RowChange.operation).where(
        RowChange.table.in_(tables), RowChange.key != REGISTERED
    )
    others = RowChange.select(RowChange.operation).where(RowChange.table == "dataset")
    return Operation.select().where(Operation.id.in_(shared), Operation.id.not_in(others))


def changes_since(operation: int, dataset: int, keys: Iterable[str]) -> Iterator[Change]:
    """What later operations did to some entries of a dataset, newest first."""
    found = db.execute_sql(
        f"SELECT {_COLUMNS} FROM linechange WHERE dataset_id = ? AND operation_id > ?"
        " AND key IN (SELECT value FROM json_each(?)) ORDER BY id DESC",
        (dataset, operation, json.dumps(list(keys))),
    )
    return (Change(*row) for row in found)


def history_of_entry(dataset: int, key: str) -> list[tuple[Operation, Change]]:
    """Every operation that changed one entry, newest first, with what it did to it."""
    rows = (
        LineChange.select(LineChange, Operation)
        .join(Operation)
        .where(LineChange.dataset == dataset, LineChange.key == key)
        .order_by(LineChange.id.desc())
    )
    return [
        (
            row.operation,
            Change(
                row.key, row.before, row.after, row.prefix, row.suffix, row.old, row.new, row.was, row.now
            ),
        )
        for row in rows
    ]


def _packed(order: Iterable[Run]) -> bytes:
    return b"".join(number.to_bytes(8, "big") for run in order for number in run)


def _unpacked(data: bytes) -> tuple[Run, ...]:
    numbers = [int.from_bytes(data[at : at + 8], "big") for at in range(0, len(data), 8)]
    return tuple(zip(numbers[::2], numbers[1::2], strict=True))
