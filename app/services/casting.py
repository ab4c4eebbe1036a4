"""Who speaks in the entries of a dataset, and how that stays with the messages through every change."""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from sqlite3 import Connection
from typing import Any

from app.domain.casting import Turn, moved
from app.domain.change import Change
from app.domain.entry import Entry, Message, NotJson
from app.domain.facts import payload
from app.domain.roles import USER
from app.errors import Refused
from app.registry import casts, rows
from app.registry.database import connected
from app.registry.models import Character, Dataset
from app.services.library import Library
from app.services.operation import Door
from app.store import queries
from app.store.finding import UNNAMED


@dataclass(frozen=True, slots=True)
class Speaking:
    """The character that speaks one message."""

    slug: str
    display_name: str
    colour: str
    is_active: bool
    role: str  # as which the message is trained
    label: str | None  # what the file called the speaker, if it had a name


def cast_of(library: Library, slug: str, key: str) -> dict[int, Speaking]:
    """Who speaks in one entry, by the places of the messages, from 0."""
    return casts_of(library, slug, (key,)).get(key, {})


def casts_of(library: Library, slug: str, keys: Sequence[str]) -> dict[str, dict[int, Speaking]]:
    """Who speaks in some entries, by their keys and the places of the messages."""
    with connected():
        found = rows.casts(library.row(slug).id, keys)
        spoken = {turn[1] for cast in found.values() for turn in cast}
        known = {row.id: row for row in Character.select().where(Character.id.in_(spoken))} if spoken else {}
    return {
        entry: {index: _speaking(known[number], role, label) for index, number, role, label in cast}
        for entry, cast in found.items()
    }


def _speaking(row: Character, role: str, label: str | None) -> Speaking:
    return Speaking(row.slug, row.display_name, row.colour, row.is_active, role, label)


def is_castable(key: str) -> bool:
    """Whether the entry with that key can say who speaks: it has an id, and is the first one that has it."""
    return "~" not in key and not key.startswith(UNNAMED)


def chosen(cast: Sequence[str | None], messages: Sequence[Any], present: rows.Cast) -> rows.Cast:
    """The cast that a person chose for the messages of an entry; what the file called them stays.

    :param cast: a character's slug, or nothing, for each of the messages.
    :param present: who speaks these messages so far.
    :raises Refused: if the choice does not fit, or there is no such character.
    """
    if len(cast) != len(messages):
        raise Refused(
            f"There are characters for {len(cast)} messages, and {len(messages)} messages.",
            "Reload the entry and choose again.",
        )
    numbers = {row.slug: row.id for row in Character.select()}
    so_far = {index: (role, label) for index, _, role, label in present}
    found: rows.Cast = []
    for index, (slug, message) in enumerate(zip(cast, messages, strict=True)):
        if slug and slug not in numbers:
            raise Refused(f"There is no character “{slug}”.", "Create it first, or choose another one.")
        if slug:
            role, label = so_far.get(index, (Message(message).role, None))
            found.append((index, numbers[slug], _role(role, message), label))
    return found


def followed(cast: rows.Cast, old: Sequence[Any], new: Sequence[Any]) -> rows.Cast:
    """A cast where its messages are now; one whose message got another role is trained as that.

    :param old: the messages that the cast is of, as JSON values.
    """
    if old == new:
        return cast
    turns = moved((Turn(index, str(number), role, label) for index, number, role, label in cast), old, new)
    return [(at.index, int(at.character), _role(at.role, new[at.index]), at.label) for at in turns]


def _role(so_far: str, message: Any) -> str:
    """The role that a message is trained as: its own, by the name that everyone knows, if it has one."""
    return Message(message).canonical or so_far or USER


def messages_in(line: bytes) -> list[Any]:
    """The messages in a line, as JSON values; none where it is no entry."""
    try:
        return messages_of(Entry.of(payload(line)).value)
    except NotJson:
        return []


def messages_of(value: Mapping[str, Any]) -> list[Any]:
    """The messages of an entry, as JSON values."""
    found = value.get("messages")
    return found if isinstance(found, list) else []


def follow(
    door: Door,
    row: Dataset,
    changes: Iterable[Change],
    line: Callable[[int], bytes],
    *,
    but: Collection[str] = (),
) -> None:
    """Let casts follow lines that are rewritten or gone.

    :param line: gives a line as it was before the changes.
    :param but: entries whose cast is known otherwise.
    """
    changed: dict[str, Change] = {}
    for each in changes:
        if each.before is not None and each.key not in but:
            changed.setdefault(each.key, each)
    wanted: dict[str, rows.Cast] = {}
    for entry, cast in rows.casts(row.id, list(changed)).items():
        each, old = changed[entry], line(changed[entry].before or 0)
        gone = each.after is None
        wanted[entry] = [] if gone else followed(cast, messages_in(old), messages_in(each.splice(old)))
    door.cast(row, wanted)


def cut(door: Door, row: Dataset, index: Connection) -> None:
    """Let nobody speak messages that a dataset does not hold, by its index."""
    present = rows.casts(row.id)
    lengths = queries.lengths(index, list(present))
    kept = {
        entry: [turn for turn in cast if turn[0] < lengths.get(entry, 0)] for entry, cast in present.items()
    }
    door.cast(row, kept)


def restore(door: Door, row: Dataset, number: int) -> None:
    """Put casts back to what they were just after an operation, as far as their characters are there."""
    wanted: dict[str, rows.Cast] = {}
    for entry, cast in casts.changed_since(number, row.id):
        wanted.setdefault(entry, cast)
    door.cast(row, casts.with_successors(wanted))
