"""Who speaks in the entries of a dataset, and how that stays with the messages through every change."""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from operator import itemgetter
from sqlite3 import Connection
from typing import Any

from app.domain.casting import Turn, moved
from app.domain.change import Change, ChangeSet
from app.domain.entry import Entry, Message, NotJson
from app.domain.facts import payload
from app.domain.roles import USER
from app.errors import Refused
from app.registry import casts, rows
from app.registry.database import connected
from app.registry.models import Character, Dataset
from app.services.editor import Editor
from app.services.library import Library
from app.services.operation import Door
from app.services.reading import current_index
from app.store import queries
from app.store.finding import UNNAMED
from app.store.index import summary_of
from app.store.staging import Layout


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
    with connected():
        return casts_of(library.row(slug).id, (key,)).get(key, {})


def casts_of(dataset: int, keys: Sequence[str]) -> dict[str, dict[int, Speaking]]:
    """Who speaks in some entries of a dataset, by their keys and the places of the messages."""
    with connected():
        found = rows.casts(dataset, keys)
        spoken = {turn[1] for cast in found.values() for turn in cast}
        known = {row.id: row for row in Character.select().where(Character.id.in_(spoken))} if spoken else {}
    return {
        entry: {index: _speaking(known[number], role, label) for index, number, role, label in cast}
        for entry, cast in found.items()
    }


def speakers(row: Dataset, key: str) -> dict[int, str]:
    """The slugs of those who speak in one entry, by the places of the messages. The caller is connected."""
    cast = rows.casts(row.id, (key,)).get(key, [])
    known = {each.id: each.slug for each in Character.select().where(Character.id.in_([t[1] for t in cast]))}
    return {index: known[number] for index, number, _, _ in cast}


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


@dataclass(frozen=True, slots=True)
class _Way:
    """Where a line stood and where it stands; ``change`` is what became of it, if anything did."""

    before: int | None
    after: int | None
    change: Change | None = None


def follow(
    door: Door, row: Dataset, changes: ChangeSet, line: Callable[[int], bytes], *, but: Collection[str] = ()
) -> None:
    """Let casts follow lines that are rewritten or gone; of entries that share an id, the first counts.

    :param line: gives a line as it was before the changes.
    :param but: entries whose cast is known otherwise.
    """
    ways: dict[str, list[_Way]] = {}
    for each in changes.changes:
        name = each.key.partition("~")[0]
        if name not in but:
            ways.setdefault(name, []).append(_Way(each.before, each.after, each))
    present = rows.casts(row.id, list(ways))
    for name, before, after in _unchanged(door, row, changes, list(present)):
        ways[name].append(_Way(before, after))
    wanted: dict[str, rows.Cast] = {}
    for entry, cast in present.items():
        wanted[entry] = _of_first(cast, ways[entry], line)
    door.cast(row, wanted)


def _of_first(cast: rows.Cast, ways: Sequence[_Way], line: Callable[[int], bytes]) -> rows.Cast:
    """The cast of the entry that is now the first one of its id."""
    was = min((each.before for each in ways if each.before is not None), default=None)
    left = [(each.after, each) for each in ways if each.after is not None]
    if was is None:
        return cast
    if not left:
        return []
    _, first = min(left, key=itemgetter(0))
    old, new = messages_in(line(was)), messages_in(_present(first, line))
    if first.before is None or (first.change is None and first.before != was):
        return cast if old == new else []  # another entry, which nobody was said to speak in
    return followed(cast, old, new)


def _present(way: _Way, line: Callable[[int], bytes]) -> bytes:
    old = b"" if way.before is None else line(way.before)
    return way.change.splice(old) if way.change else old


def _unchanged(
    door: Door, row: Dataset, changes: ChangeSet, names: Sequence[str]
) -> Iterator[tuple[str, int, int]]:
    """The lines with some ids that stay as they are: the id, and their places before and after."""
    editor = door.editors.get(row.id)
    if editor:  # its index is of the lines before, any other one of those after
        found, known = _places(editor.snapshot.connection, editor.layout, names), changes
    else:
        with current_index(door.library, door.library.info(row)).connect() as index:
            summary = summary_of(index)
            found = _places(index, Layout.of(index, summary), names) if summary else []
        known = changes.inverted()
    touched = {each.before for each in known.changes}
    kept = [(name, place) for name, place in found if place not in touched]
    for (name, place), gap in zip(kept, known.follow([place + 1 for _, place in kept]), strict=True):
        yield (name, place, gap - 1) if editor else (name, gap - 1, place)


def _places(index: Connection, layout: Layout, names: Sequence[str]) -> list[tuple[str, int]]:
    return [(name, layout.position(rank)) for name, rank in queries.ranks_named(index, names)]


def cut(door: Door, row: Dataset, index: Connection) -> None:
    """Let nobody speak messages that a dataset does not hold, by its index."""
    present = rows.casts(row.id)
    lengths = queries.lengths(index, list(present))
    kept = {
        entry: [turn for turn in cast if turn[0] < lengths.get(entry, 0)] for entry, cast in present.items()
    }
    door.cast(row, kept)


def bring_back(door: Door, editor: Editor, changes: ChangeSet) -> None:
    """Let those speak in entries that come back who spoke in them when they were taken out."""
    come: dict[str, Change] = {}
    for each in changes.changes:
        if each.before is None and is_castable(each.key):
            come.setdefault(each.key, each)
    there = queries.uuids_among(editor.snapshot.connection, come)
    left = casts.when_leaving(editor.row.id, come.keys() - there)
    known = casts.with_successors({entry: cast for entry, (_, cast) in left.items()})
    door.cast(
        editor.row,
        {
            entry: followed(cast, messages_in(left[entry][0]), messages_in(come[entry].new))
            for entry, cast in known.items()
        },
    )


def restore(door: Door, row: Dataset, number: int) -> None:
    """Put casts back to what they were just after an operation, as far as their characters are there."""
    wanted: dict[str, rows.Cast] = {}
    for entry, cast in casts.changed_since(number, row.id):
        wanted.setdefault(entry, cast)
    door.cast(row, casts.with_successors(wanted))
