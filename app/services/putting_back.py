"""Rows of the registry as they were before an operation: put back when it is undone."""

import json
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from itertools import groupby
from typing import TYPE_CHECKING, Any

from app.domain.entry import digest
from app.errors import Conflict
from app.registry import casts, history, rows
from app.registry.models import Alias, Dataset, PromptUse, RowChange, Tag, TagUse
from app.registry.models import Mapping as Cast
from app.services import casting, rejecting, sidecars, tallies
from app.services.shelving import relocate

if TYPE_CHECKING:
    from app.services.operation import Door


def put_back(door: "Door", changes: Iterable[RowChange]) -> list[str]:
    """Undo changes of rows, given newest first.

    :returns: the rows that stay because something else has come to use them, in words.
    :raises Conflict: if a row is no longer what the operation made of it; nothing is changed then.
    """
    kept: list[str] = []
    named: set[str] = set()  # what tags and former names are called from now on that were not
    for is_cast, some in groupby(changes, key=lambda change: change.table == rows.MAPPING):
        if is_cast:
            _casts(door, list(some))
            continue
        for change in some:
            wanted, present = json.loads(change.before), json.loads(change.after)
            if change.table == rows.MERGED or change.key == rows.CONCERNED:
                continue  # what follows from it is put back by itself
            if change.key == rows.REGISTERED:
                _registered(door, change.row, wanted)
            elif change.table in rows.SHARED:
                kept += _shared(door, change.table, change.row, wanted, present)
                named |= _name(change.table, wanted) - _name(change.table, present)
            else:
                _of_dataset(door, change.table, Dataset.get_by_id(change.row), wanted, present)
    _check_names(named)
    return kept


def _name(table: str, values: Any) -> set[str]:
    return {rows.name_of(values)} if values and table in ("tag", "alias") else set()


def _check_names(named: Collection[str]) -> None:
    """Nothing, if none of some names is that of a tag and also a former name.

    :raises Conflict: if one is.
    """
    both = Tag.select(Tag.slug).join(Alias, on=Alias.old_slug == Tag.slug).where(Tag.slug.in_(named)).first()
    if both is not None:
        raise Conflict(
            f"{both.slug} would be a tag and a former name of another one.",
            "Undo the later changes of that tag first.",
        )


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
        moved = {
            entry: wanted[entry]
            for entry in sorted(casts.rewritten_since(mine[0].operation_id, number, entries))
            if wanted[entry] and not _same_places(wanted[entry], now.get(entry, []))
        }
        door.cast(row, {**wanted, **_followed(door, row, moved, mine[0].operation_id)})


def _same_places(cast: rows.Cast, present: rows.Cast) -> bool:
    """Whether a cast is of messages that have a character now: they are where they were."""
    return {turn[0] for turn in cast} <= {turn[0] for turn in present}


def _followed(
    door: "Door", row: Dataset, wanted: Mapping[str, rows.Cast], number: int
) -> dict[str, rows.Cast]:
    """Casts that some entries had before an operation, where their messages are now.

    :raises Conflict: if that cannot be told.
    """
    if wanted and row.state != "live":
        raise Conflict(
            f"{row.slug} is in the trash, and its entries were changed since.",
            "Take it out of the trash first.",
        )
    found: dict[str, rows.Cast] = {}
    for some in _in_batches(list(wanted)):
        now = {line.key: line.raw for line in door.editor(row.slug).found(some)}
        then = _walked_back(row, now, some, number)
        for entry in some:
            old, new = (casting.messages_in(lines.get(entry, b"")) for lines in (then, now))
            found[entry] = casting.followed(wanted[entry], old, new)
    return found


def _in_batches(entries: Sequence[str]) -> Iterator[Sequence[str]]:
    return (entries[start : start + _BATCH] for start in range(0, len(entries), _BATCH))


def _walked_back(
    row: Dataset, now: Mapping[str, bytes], entries: Sequence[str], number: int
) -> dict[str, bytes]:
    """The lines of some entries just after an operation, by what they are now.

    :raises Conflict: if a change lies between that history does not know.
    """
    lines = dict(now)
    for change in history.changes_since(number, row.id, entries):
        line = lines.pop(change.key, None)
        if change.before is None:
            continue
        if change.after is None:
            lines[change.key] = change.old
        elif line is not None and digest(line) == change.now:
            lines[change.key] = change.inverted().splice(line)
        else:
            raise Conflict(
                f"Entry {change.key} of {row.slug} was changed since.", "Undo the later changes first."
            )
    return lines


def _registered(door: "Door", number: int, wanted: Any) -> None:
    """A tag that came with entries is known again, unless it is by now; the tallies tell whether one goes."""
    if wanted is None or rows.get("tag", number) is not None:
        return
    is_alias = Alias.select().where(Alias.old_slug == wanted["slug"]).exists()
    if not is_alias and not rows.is_taken("tag", number, wanted):
        tallies.put(door, number, wanted)


def _shared(door: "Door", table: str, number: int, wanted: Any, present: Any) -> list[str]:
    """A row that all datasets share, as it was.

    :returns: why it stays, if it does.
    """
    if rows.get(table, number) != present:
        raise Conflict(f"The {_NOUNS[table]} was changed since.", "Undo the later changes first.")
    users = [] if wanted is not None else _users(door, table, number, present)
    if users:
        more = f" and {len(users) - _NAMED} more" if len(users) > _NAMED else ""
        name = f"The {_NOUNS[table]} {rows.name_of(present)}"
        return [f"{name} is in use: {', '.join(users[:_NAMED])}{more}"]
    if wanted is not None:
        _check_fits(table, number, wanted)
    door.put(table, number, wanted)
    return []


def _check_fits(table: str, number: int, wanted: dict[str, Any]) -> None:
    """Nothing, if a row can stand beside those that there are by now.

    :raises Conflict: if not.
    """
    name = f"{_NOUNS[table]} {rows.name_of(wanted)}".strip()
    if rows.is_taken(table, number, wanted):
        raise Conflict(
            f"There is another {name} by now.",
            "Delete or rename that one first, or leave things as they are.",
        )
    lacking = rows.lacking(table, wanted)
    if lacking:
        raise Conflict(
            f"The {name} would need a {lacking} that was deleted since.",
            f"Undo the deletion of the {lacking} first.",
        )


_BATCH = 500  # entries whose lines are held at a time
_NAMED = 5
_NOUNS = {
    "category": "category",
    "tag": "tag",
    "alias": "former name",
    "character": "character",
    "prompt": "prompt",
    "promptuse": "attachment of a prompt",
    "criteria": "choice of rules and target",
    "owntarget": "template",
}


def _users(door: "Door", table: str, number: int, present: dict[str, Any]) -> list[str]:
    """The names of what needs a row and is not touched by this operation."""
    datasets = Dataset.select(Dataset.slug).order_by(Dataset.slug).distinct()
    found: Iterable[Any] = ()
    match table:
        case "tag":
            touched = [dataset.id for dataset in door.undoing]
            found = datasets.join(TagUse).where(
                TagUse.slug == present["slug"], TagUse.dataset.not_in(touched)
            )
        case "category":
            found = Tag.select(Tag.slug).where(Tag.category == number).order_by(Tag.slug)
        case "character":
            found = datasets.join(Cast).where(Cast.character == number)
        case "prompt":
            found = datasets.join(PromptUse).where(PromptUse.prompt == number)
    return [row.slug for row in found]


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
