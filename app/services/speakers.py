"""Named speakers: role labels that are names. The person says once for each who it is, and in which role."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

from app.domain.casting import groups, replies, suggestion
from app.domain.entry import BLOCK, Entry, Message, NotJson, Unfaithful, faithful, respelt
from app.domain.facts import payload
from app.domain.folding import normal
from app.domain.roles import ASSISTANT, SYSTEM, TOOL, USER, canonical
from app.domain.view import View
from app.errors import NotEditable, Refused
from app.registry import rows
from app.registry.models import Character
from app.services import casting
from app.services.browsing import short
from app.services.characters import CharacterInfo, add, characters, row_of
from app.services.editing import second_half, stamp
from app.services.editor import Editor, Line
from app.services.library import Library
from app.services.operation import Door, OperationInfo, operation
from app.services.reading import Progress, Snapshot, reading, silent
from app.store import queries
from app.store.finding import full_keys

ROLES = (USER, ASSISTANT, SYSTEM, TOOL)
_SAMPLES = 3
_OFTEN = 200  # entries between two steps of progress


@dataclass(frozen=True, slots=True)
class Sample:
    """Something that a named speaker says, and the key of the entry in which it is said."""

    key: str
    text: str


@dataclass(frozen=True, slots=True)
class Speaker:
    """A role label that is a name, as spelt, and what is suggested for it.

    ``character`` is the slug of one that is called so or much the same; ``name`` is what a new one would
    be called: of the labels that differ only by case or accents (``alike``), the one met most.
    """

    label: str
    messages: int
    entries: int
    samples: tuple[Sample, ...]
    role: str
    character: str
    name: str
    alike: tuple[str, ...]

    def as_json(self) -> dict[str, Any]:
        """The speaker as the command line prints it."""
        samples = [{"uuid": each.key, "text": each.text} for each in self.samples]
        return {
            "label": self.label,
            "messages": self.messages,
            "entries": self.entries,
            "samples": samples,
            "role": self.role,
            "character": self.character,
            "name": self.name,
            "alike": list(self.alike),
        }


@dataclass(frozen=True, slots=True)
class Assignment:
    """What a label stands for: a role, and a character that there is (its slug) or a new one (its name).

    With neither the messages get the role and no character.
    """

    role: str
    character: str | None = None
    name: str | None = None


@dataclass(frozen=True, slots=True)
class Assigned:
    """What came of assigning labels."""

    operation: OperationInfo | None
    entries: int
    messages: int
    locked: int  # entries left alone because their text cannot be rewritten
    created: tuple[str, ...]  # slugs of new characters


@dataclass(slots=True)
class _Heard:
    """What was met of one label so far."""

    messages: int = 0
    entries: int = 0
    replying: int = 0
    samples: list[tuple[int, str]] = field(default_factory=list)  # rank of the entry, and the text


def named_speakers(library: Library, slug: str, *, progress: Progress = silent) -> list[Speaker]:
    """Every role label of a dataset that is no known role, those much alike together, most messages first.

    :param progress: told the entries looked at and those in all.
    """
    with reading(library, slug) as snapshot:
        heard = _listen(snapshot, progress)
        known = characters(library)
        together = sorted(groups(heard), key=lambda group: -sum(heard[label].messages for label in group))
        return [
            _speaker(snapshot, label, heard[label], group, known)
            for group in (sorted(each, key=lambda label: -heard[label].messages) for each in together)
            for label in group
        ]


def _listen(snapshot: Snapshot, progress: Progress) -> dict[str, _Heard]:
    """What each named speaker says, in one pass through the file."""
    heard: dict[str, _Heard] = {}
    ranks, total = queries.ranks(snapshot.connection, View()), snapshot.summary.entries
    lines = snapshot.file.lines(queries.places(snapshot.connection, View()))
    for number, (rank, line) in enumerate(zip(ranks, lines, strict=False)):
        messages = _messages(payload(line))
        if any(_is_name(message.role) for message in messages):
            _hear(heard, rank, messages)
        if number % _OFTEN == 0:
            progress(number, total)
    progress(total, total)
    return heard


def _hear(heard: dict[str, _Heard], rank: int, messages: tuple[Message, ...]) -> None:
    labels = [message.role for message in messages]
    replying = replies(labels)
    first = {label: place for place, label in reversed(list(enumerate(labels)))}
    for label, count in Counter(filter(_is_name, labels)).items():
        found = heard.setdefault(label, _Heard())
        found.messages += count
        found.entries += 1
        found.replying += replying[label]
        if len(found.samples) < _SAMPLES:
            found.samples.append((rank, short(messages[first[label]].text)))


def _speaker(
    snapshot: Snapshot, label: str, heard: _Heard, group: list[str], known: list[CharacterInfo]
) -> Speaker:
    named = queries.named(snapshot.connection, (rank for rank, _ in heard.samples))
    keys = list(full_keys(snapshot.connection, named))
    return Speaker(
        label,
        heard.messages,
        heard.entries,
        tuple(Sample(key, text) for key, (_, text) in zip(keys, heard.samples, strict=True)),
        suggestion(label, heard.messages, heard.replying),
        _like(label, known),
        _storable(group[0].strip()),
        tuple(each for each in group if each != label),
    )


def _like(label: str, known: list[CharacterInfo]) -> str:
    """The slug of the character that is called as a label, or much the same; empty if there is none."""
    name = label.strip()
    alike = [each for each in known if _plain(each.display_name) == _plain(name)]
    best = sorted(alike, key=lambda each: (each.display_name != name, not each.is_active))
    return best[0].slug if best else ""


def _plain(name: str) -> str:
    return normal(name, ignore_accents=True) or name.strip()


def _messages(line: bytes) -> tuple[Message, ...]:
    try:
        return Entry.of(line).messages
    except NotJson:
        return ()


def _is_name(label: str) -> bool:
    return bool(label.strip()) and not canonical(label)


def assign(
    library: Library, slug: str, assignments: Mapping[str, Assignment], *, progress: Progress = silent
) -> Assigned:
    """Give labels their roles in the file, and say that their messages are spoken by characters.

    One operation. The file gets standard roles; the labels are kept with the mapping. Entries whose text
    cannot be rewritten are left alone and counted.

    :param assignments: by label, as spelt in the file.
    :raises Refused: for a label that is a role already or that no message has, and for what is no role.
    :raises NotFound: if there is no such character.
    """
    _check(assignments)
    with operation(library, _title(list(assignments)), progress=second_half(progress)) as door:
        editor = door.editor(slug)
        numbers, created = _numbers(door, assignments)
        work = _Work(editor, assignments, numbers)
        for number, line in enumerate(editor.entries()):
            work.take(line)
            if number % _OFTEN == 0:
                progress(number, 2 * editor.layout.count)
        missing = [label for label in assignments if label not in work.met]
        if missing:
            raise Refused(
                f"No message of {slug} is by {', '.join(f'“{label}”' for label in missing)}.",
                "Look at the speakers again; labels are told apart to the letter.",
            )
        work.cast(door)
    return Assigned(door.info, work.entries, work.messages, work.locked, created if door.info else ())


def _check(assignments: Mapping[str, Assignment]) -> None:
    for label, wanted in assignments.items():
        if not _is_name(label):
            raise Refused(f"“{label}” is a role already, not a name.", "Choose among the named speakers.")
        if wanted.role not in ROLES:
            raise Refused(f"There is no role “{wanted.role}”.", f"Choose one of {', '.join(ROLES)}.")


def _title(labels: list[str]) -> str:
    first = f"Assign the speaker “{_storable(short(labels[0]))}”" if labels else "Assign no speaker"
    return first if len(labels) < 2 else f"{first} and {len(labels) - 1} more"


def _numbers(
    door: Door, assignments: Mapping[str, Assignment]
) -> tuple[dict[str, int | None], tuple[str, ...]]:
    """The number of each label's character, and the slugs of those that had to be created."""
    named: dict[str, int] = {}
    for row in Character.select().order_by(Character.is_active.desc(), Character.id):
        named.setdefault(row.display_name, row.id)
    numbers: dict[str, int | None] = {}
    created: list[str] = []
    for label, wanted in assignments.items():
        if wanted.character:
            numbers[label] = row_of(wanted.character).id
        elif wanted.name:
            if wanted.name not in named:
                created.append(add(door, wanted.name))
                named[wanted.name] = row_of(created[-1]).id
            numbers[label] = named[wanted.name]
        else:
            numbers[label] = None
    return numbers, tuple(created)


class _Work:
    """Assigning: entry by entry, then all that is said of who speaks at once."""

    def __init__(
        self, editor: Editor, assignments: Mapping[str, Assignment], numbers: Mapping[str, int | None]
    ) -> None:
        self._editor = editor
        self._roles = {label: wanted.role for label, wanted in assignments.items()}
        self._numbers = numbers
        self._kept = {label: _storable(label) for label in assignments}
        self._seen: set[str] = set()  # ids met so far: a repeated one cannot say who speaks
        self._turns: dict[str, list[tuple[int, str]]] = {}  # place and label of the messages, by entry
        self.met: set[str] = set()
        self.entries = self.messages = self.locked = 0

    def take(self, line: Line) -> None:
        """Give the messages of an entry their roles, if it has any of the labels."""
        repeated = line.key in self._seen
        self._seen.add(line.key)
        found = [
            (place, message.role)
            for place, message in enumerate(_messages(line.text))
            if message.role in self._roles
        ]
        if not found:
            return
        self.met.update(label for _, label in found)
        try:
            uuid = self._rewrite(line, found, repeated=repeated)
        except (Unfaithful, NotEditable):
            self.locked += 1
            return
        self.entries += 1
        self.messages += len(found)
        self._turns[uuid] = found

    def _rewrite(self, line: Line, found: list[tuple[int, str]], *, repeated: bool) -> str:
        """Rewrite an entry; returns its id, a new one where it had none of its own."""
        old, style = faithful(line.text)
        known = None if repeated else Entry(line.text, old).uuid
        uuid = known or str(uuid4())
        block = stamp(self._editor.row.uuid, uuid, old.get(BLOCK))
        messages = list(casting.messages_of(old))
        for place, label in found:
            messages[place] = {**messages[place], "role": self._roles[label]}
        text = respelt(line.text, old, {**old, "messages": messages, BLOCK: block}, style)
        self._editor.replace(line, text, uuid)
        return uuid

    def cast(self, door: Door) -> None:
        """Say who speaks in the entries that were taken."""
        present = rows.casts(self._editor.row.id, list(self._turns))
        door.cast(
            self._editor.row,
            {entry: self._recast(present.get(entry, []), turns) for entry, turns in self._turns.items()},
        )

    def _recast(self, present: rows.Cast, turns: list[tuple[int, str]]) -> rows.Cast:
        found = {turn[0]: turn for turn in present}
        for place, label in turns:
            number = self._numbers[label]
            if number is not None:
                found[place] = (place, number, self._roles[label], self._kept[label])
            elif place in found:
                _, number, _, kept = found[place]
                found[place] = (place, number, self._roles[label], kept)
        return [found[place] for place in sorted(found)]


def _storable(label: str) -> str:
    """The label as the registry can hold it: half a letter, which is no text, becomes a question mark."""
    return label.encode("utf-8", "replace").decode("utf-8")
