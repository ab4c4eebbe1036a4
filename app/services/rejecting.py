"""Records that could not be read: listed, and taken in once the person has mended them."""

import base64
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from uuid import uuid4

from app.domain.entry import NotJson, loads, render
from app.domain.facts import payload
from app.errors import Conflict, NotFound, StaleEdit
from app.registry.models import Dataset
from app.services.converting import conversation
from app.services.editing import Done, stamp
from app.services.library import Library
from app.services.operation import Door, operation
from app.services.reading import reading
from app.store import queries
from app.store.imports import read_rejected


@dataclass(frozen=True, slots=True)
class RejectedRecord:
    """A record that is no entry. ``index`` numbers those put aside; None for a line that is in the file."""

    index: int | None
    line: int
    offset: int
    reason: str
    text: str | None
    base64: str | None

    def as_json(self) -> dict[str, Any]:
        """The record as the command line prints it."""
        kept = {"text": self.text} if self.text is not None else {"base64": self.base64}
        return {"line": self.line, "offset": self.offset, "reason": self.reason, **kept}


def rejected(library: Library, slug: str) -> list[RejectedRecord]:
    """The records put aside at import, then the lines of the file that are no entries."""
    found = put_aside(library, slug)
    with reading(library, slug) as snapshot:
        for number, offset, length, reason in queries.unreadable(snapshot.connection):
            raw = payload(snapshot.file.read(offset, length))
            found.append(_unread(number, offset, reason, raw))
    return found


def put_aside(library: Library, slug: str) -> list[RejectedRecord]:
    """The records put aside at import."""
    waiting = read_rejected(library.places.rejected(library.dataset(slug).slug))
    return [_record(index, line) for index, line in enumerate(waiting)]


def _record(index: int, line: bytes) -> RejectedRecord:
    try:
        kept = loads(line)
        return RejectedRecord(
            index, kept["line"], kept["offset"], kept["reason"], kept.get("text"), kept.get("base64")
        )
    except (NotJson, KeyError, TypeError, AttributeError):  # somebody edited the list by hand
        return replace(_unread(0, 0, "this line of the list is not as it was written", line), index=index)


def _unread(number: int, offset: int, reason: str, raw: bytes) -> RejectedRecord:
    try:
        return RejectedRecord(None, number, offset, reason, raw.decode("utf-8"), None)
    except UnicodeDecodeError:
        return RejectedRecord(None, number, offset, reason, None, base64.b64encode(raw).decode("ascii"))


def reimport(library: Library, slug: str, index: int, text: str, *, expected_line: int | None = None) -> Done:
    """Take a mended record in as the last entry, and out of the rejected ones; one operation.

    :param expected_line: the line that the person saw at that place of the list.
    :raises Refused: if the text is still no conversation; nothing is changed then.
    """
    with operation(library, "Take in a rejected record") as door:
        editor = door.editor(slug)
        waiting = read_rejected(library.places.rejected(slug))
        if not 0 <= index < len(waiting):
            raise NotFound("That rejected record is no longer there.", "Look at the list again.")
        if expected_line is not None and _record(index, waiting[index]).line != expected_line:
            raise StaleEdit("The list of rejected records changed meanwhile.", "Look at the list again.")
        uuid = str(uuid4())
        value = conversation(text.encode("utf-8", "surrogatepass"))
        editor.insert(
            render({**value, "_rolethread": stamp(editor.row.uuid, uuid, value.get("_rolethread"))}), uuid
        )
        take_out(door, editor.row, index)
    return Done(door.info, uuid, 1)


def take_out(door: Door, row: Dataset, index: int, *, expected: str | None = None) -> None:
    """Take a record out of the rejected ones, within an operation; undo puts it back with :func:`put_in`."""
    waiting = read_rejected(door.library.places.rejected(row.slug))
    record = waiting.pop(index) if index < len(waiting) else b""
    if not record or (expected is not None and record.decode("utf-8", "replace") != expected):
        raise Conflict("The list of rejected records changed since.", "Look at the list.")
    _rewrite(
        door,
        row,
        waiting,
        {"index": index, "record": record.decode("utf-8", "replace")},
        {"index": index, "record": None},
    )


def put_in(door: Door, row: Dataset, index: int, record: str) -> None:
    """Put a record back among the rejected ones, within an operation."""
    waiting = read_rejected(door.library.places.rejected(row.slug))
    index = min(index, len(waiting))
    waiting.insert(index, record.encode("utf-8"))
    _rewrite(door, row, waiting, {"index": index, "record": None}, {"index": index, "record": record})


def take_over(door: Door, row: Dataset, ours: Path) -> None:
    """Put every record of a list that could not be put in place into the one that is there now."""
    records = read_rejected(ours)
    present = read_rejected(door.library.places.rejected(row.slug))
    if not set(records) <= set(present):
        present = [*records, *(record for record in present if record not in records)]
        _write(door, row, present)
    door.set(row, rejected=len(present))


def _rewrite(
    door: Door, row: Dataset, waiting: list[bytes], before: dict[str, Any], after: dict[str, Any]
) -> None:
    _write(door, row, waiting)
    door.note("rejected", row, before, after)
    door.set(row, rejected=len(waiting))


def _write(door: Door, row: Dataset, waiting: list[bytes]) -> None:
    path = door.library.places.rejected(row.slug)
    door.write(path, b"".join(line + b"\n" for line in waiting) if waiting else None)
