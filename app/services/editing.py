"""Changing entries: save, delete, duplicate, move, tag. Each is one operation."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

from app.config import VERSION
from app.domain.change import moved
from app.domain.entry import BLOCK, Entry, Unfaithful, digest, faithful, render, respelt, strict, style_of
from app.domain.facts import tags_in
from app.domain.tagging import TagEdit, renamed
from app.domain.tags import slug as slug_of
from app.errors import NotEditable, Refused, StaleEdit
from app.registry import rows
from app.services import casting
from app.services.editor import Editor, Line
from app.services.library import Library
from app.services.operation import Door, OperationInfo, operation
from app.services.reading import Progress, silent
from app.services.taxonomy import former_names, present_names


@dataclass(frozen=True, slots=True)
class Done:
    """What came of an edit; ``operation`` is None if there was nothing to change."""

    operation: OperationInfo | None
    uuid: str | None = None
    changed: int = 0
    locked: int = 0  # entries that were left alone because their text cannot be rewritten


def save_entry(
    library: Library,
    slug: str,
    key: str | None,
    value: Mapping[str, Any],
    *,
    revision: str | None = None,
    cast: Sequence[str | None] | None = None,
    cast_was: Mapping[int, str] | None = None,
) -> Done:
    """Write an entry: over the one with ``key``, or behind the last.

    The entry keeps the id that it has in the file, whatever ``value`` says; a new one gets its own.

    :param revision: the revision that the editor was opened on; None writes over any.
    :param cast: for each message the slug of the character that speaks it, or nothing; None lets the
        characters stay with their messages.
    :param cast_was: the characters that the editor was opened on, by the places of their messages; None
        writes over any.
    :raises StaleEdit: if the entry is no longer of that revision, or others speak in it; nothing was written.
    :raises NotEditable: if the line cannot be rewritten without losing something.
    :raises Refused: if ``value`` cannot be written as JSON, or ``cast`` does not fit it.
    """
    with operation(library, "Save entry" if key else "New entry") as door:
        door.new_tags = "active"
        editor = door.editor(slug)
        if key is None:
            value = _with_present_tags(value, b"")
            uuid: str | None = str(uuid4())
            editor.insert(_rendered(value, stamp(editor.row.uuid, str(uuid))), str(uuid))
            _cast(door, editor, str(uuid), cast, ([], casting.messages_of(value)))
        else:
            line = editor.find(key)
            _check_fresh(editor, line, revision, cast_was)
            door.title(f"Save entry {editor.number(line)}")
            value = _with_present_tags(value, line.raw)
            uuid = _rewrite(editor, line, value, named=any(cast or ()))
            messages = casting.messages_in(line.raw), casting.messages_of(value)
            if uuid and (casting.is_castable(line.key) or uuid != Entry.of(line.text).uuid):
                _cast(door, editor, uuid, cast, messages)
    return Done(door.info, uuid, changed=1 if door.info else 0)


def _check_fresh(
    editor: Editor, line: Line, revision: str | None, cast_was: Mapping[int, str] | None
) -> None:
    """Nothing, if an entry is as the editor was opened on it.

    :raises StaleEdit: if not.
    """
    same = revision is None or revision == digest(line.raw).hex()
    if same and cast_was is not None:
        same = casting.speakers(editor.row, line.key) == cast_was
    if not same:
        raise StaleEdit("This entry was changed after you opened it.", current=line.text)


def _with_present_tags(value: Mapping[str, Any], old: bytes) -> Mapping[str, Any]:
    """An entry with the present names of the tags that its line did not have."""
    leads, had = former_names(), tags_in(old)
    found: Mapping[str, Any] = renamed(value, {name: end for name, end in leads.items() if name not in had})
    return found


def _cast(
    door: Door,
    editor: Editor,
    uuid: str,
    cast: Sequence[str | None] | None,
    messages: tuple[list[Any], list[Any]],
) -> None:
    """Say who speaks in an entry that is saved: whom the person chose, or who spoke these messages before.

    :param messages: those that the entry had, and those that it has now.
    """
    present = casting.followed(rows.casts(editor.row.id, (uuid,)).get(uuid, []), *messages)
    wanted = present if cast is None else casting.chosen(cast, messages[1], present)
    door.cast(editor.row, {uuid: wanted})


def stamp(dataset_uuid: str, entry_uuid: str, block: Any = None) -> dict[str, Any]:
    """The block of an entry that was written now; further keys of the one it had stay in it.

    :raises NotEditable: if what stands in its place is none of ours.
    """
    if block is not None and not isinstance(block, dict):
        raise NotEditable(f"This entry uses the key {BLOCK} for something else; writing it would lose that.")
    return {
        **(block or {}),
        "version": VERSION,
        "native": True,
        "validated_at": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "entry_uuid": entry_uuid,
        "dataset_uuid": dataset_uuid,
    }


def _rewrite(editor: Editor, line: Line, value: Mapping[str, Any], *, named: bool) -> str | None:
    """Rewrite a line if its value is another one; returns the entry's id, if it has one then.

    :param named: whether it needs an id of its own, because characters are to speak in it.
    """
    old = _strict(line)
    block = old.get(BLOCK)
    known = Entry.of(line.text).uuid
    if named and not casting.is_castable(line.key):
        known = None
    elif {**value, BLOCK: block} == {**old, BLOCK: block} and _same_order(value, old):
        return known
    uuid = known or str(uuid4())
    text = _rendered(value, stamp(editor.row.uuid, uuid, block), like=(line.text, old))
    editor.replace(line, text, line.key if known else uuid)
    return uuid


def _same_order(new: Any, old: Any) -> bool:
    """Whether two equal values also spell numbers and order their keys alike."""
    return render({**new, BLOCK: None}) == render({**old, BLOCK: None})


def _strict(line: Line) -> dict[str, Any]:
    try:
        return strict(line.text)
    except Unfaithful as reason:
        raise NotEditable(
            f"The text of this entry cannot be edited without losing something: {reason}."
        ) from reason


def _rendered(
    value: Mapping[str, Any], block: dict[str, Any], like: tuple[bytes, Mapping[str, Any]] | None = None
) -> bytes:
    """The line of an entry, spelt as the line was that it replaces."""
    whole = {**value, BLOCK: block}
    try:
        text = render(whole, style_of(*like)) if like else render(whole)
        strict(text)
    except (ValueError, TypeError, RecursionError) as error:
        raise Refused(f"This entry cannot be written: {error}.") from error
    return text


def delete_entries(library: Library, slug: str, keys: Sequence[str], *, progress: Progress = silent) -> Done:
    """Take entries out of the dataset.

    :raises NotFound: if one of them is not there; nothing is deleted then.
    """
    title = "Delete entry" if len(set(keys)) == 1 else f"Delete {len(set(keys))} entries"
    found = dict.fromkeys(keys)
    with operation(library, title) as door:
        editor = door.editor(slug)
        for number, line in enumerate(editor.find_all(found)):
            editor.delete(line)
            if len(found) == 1:
                door.title(f"Delete entry {editor.number(line)}")
            if number % 200 == 0:
                progress(number, len(found))
        door.cast(editor.row, {each: [] for each in found if casting.is_castable(each)})
    return Done(door.info, None, len(set(keys)))


def duplicate_entry(library: Library, slug: str, key: str) -> Done:
    """Put a copy of an entry, with an id of its own, right behind it."""
    with operation(library, "Duplicate entry") as door:
        editor = door.editor(slug)
        line = editor.find(key)
        door.title(f"Duplicate entry {editor.number(line)}")
        value, uuid = _strict(line), str(uuid4())
        text = _rendered(value, stamp(editor.row.uuid, uuid, value.get(BLOCK)), like=(line.text, value))
        editor.insert(text, uuid, gap=line.position + 1)
        spoken = rows.casts(editor.row.id, (line.key,)).get(line.key)
        door.cast(editor.row, {uuid: spoken} if spoken else {})
    return Done(door.info, uuid, 1)


def move_entry(library: Library, slug: str, key: str, to: int) -> Done:
    """Move an entry to another place.

    :param to: its number among the entries afterwards, from 1; beyond the last means the last.
    :raises Refused: for a number below 1.
    """
    if to < 1:
        raise Refused("Entries are numbered from 1.", "Give a number of 1 or more.")
    with operation(library, "Move entry") as door:
        editor = door.editor(slug)
        line = editor.find(key)
        places = editor.entry_positions()
        target = places[min(to, len(places)) - 1]
        door.title(f"Move entry {editor.number(line)} to {min(to, len(places))}")
        if target != line.position:
            editor.reorder(moved(editor.layout.count, line.position, target))
    return Done(door.info, Entry.of(line.text).uuid, 1)


def edit_tags(
    library: Library, slug: str, keys: Iterable[str] | None, edit: TagEdit, *, progress: Progress = silent
) -> Done:
    """Add, remove or replace tags on some entries, or on all of them (``keys`` None); one operation.

    Entries whose text cannot be rewritten are left alone and counted.

    :raises Refused: for a tag without a letter or digit; nothing is changed then.
    """
    for tag in (*edit.add, *(edit.replace or ())):
        if not slug_of(tag):
            hint = "A tag needs at least one letter or digit, of any script."
            raise Refused(f"“{tag}” cannot be a tag.", hint)
    with operation(library, edit.title(), progress=second_half(progress)) as door:
        door.new_tags = "active"
        edit = edit.respelt(present_names)
        editor = door.editor(slug)
        changed = locked = 0
        lines = editor.entries() if keys is None else editor.find_all(dict.fromkeys(keys))
        for number, line in enumerate(lines):
            outcome = rewrite(editor, line, edit.applied)
            changed += outcome is True
            locked += outcome is None
            if number % 200 == 0:
                progress(number, 2 * editor.layout.count)
    return Done(door.info, None, changed, locked)


def second_half(progress: Progress) -> Progress:
    """The progress of writing, where finding what to write was the first half."""
    return lambda done, total: progress(total + done, 2 * total)


def rewrite(
    editor: Editor,
    line: Line,
    applied: Callable[[Mapping[str, Any]], Mapping[str, Any]],
    *,
    new_id: bool = False,
) -> bool | None:
    """Whether an entry was changed as ``applied`` says; None if its line is locked.

    :param applied: the new value of the entry, or the old one itself if nothing is to be changed.
    :param new_id: give it an id of its own, whatever it has.
    """
    ids = rewrite_as(editor, line, lambda old: [applied(old)], new_id=new_id)
    return None if ids is None else bool(ids)


def rewrite_as(
    editor: Editor,
    line: Line,
    applied: Callable[[Mapping[str, Any]], Sequence[Mapping[str, Any]]],
    *,
    new_id: bool = False,
) -> list[str] | None:
    """The ids of the entries that were made of one; none if it stays as it is, None if its line is locked.

    The first stands in its place and keeps its id; the others come right behind it, with ids of their own.

    :param applied: their values; the old one itself, alone, if nothing is to be changed.
    :param new_id: give also the first an id of its own, whatever it has.
    """
    try:
        old, style = faithful(line.text)
        known = None if new_id else Entry(line.text, old).uuid
        ids = [known or str(uuid4())]
        block = stamp(editor.row.uuid, ids[0], old.get(BLOCK))
    except (Unfaithful, NotEditable):
        return None
    first, *others = applied(old)
    if first is old and not new_id:
        return []
    text = respelt(line.text, old, {**first, BLOCK: block}, style)
    editor.replace(line, text, line.key if known else ids[0])
    for other in others:
        ids.append(str(uuid4()))
        text = render({**other, BLOCK: {**block, "entry_uuid": ids[-1]}}, style)
        editor.insert(text, ids[-1], gap=line.position + 1)
    return ids
