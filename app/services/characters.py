"""Characters: who speaks in the entries, in which datasets, and everything that can be done to them."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from app.domain.casting import character_slug, groups
from app.domain.folding import normal
from app.domain.names import quoted
from app.errors import NotFound, Refused
from app.registry import casts, rows
from app.registry.database import connected
from app.registry.models import Character
from app.services.library import Library
from app.services.operation import Door, OperationInfo, operation
from app.services.reading import Progress, silent

COLOURS = ("red", "orange", "yellow", "green", "teal", "blue", "violet", "pink")
LONGEST = 200  # letters of a name


@dataclass(frozen=True, slots=True)
class Effect:
    """Where a character speaks: what is changed if something is done to it."""

    messages: int = 0
    entries: int = 0
    datasets: dict[str, int] = field(default_factory=dict)  # how many entries, by the dataset's slug
    in_trash: int = 0  # entries of datasets in the trash

    @property
    def words(self) -> str:
        """The same as part of a sentence: ``3 entries of harbor_tales, 1 entry in the trash``."""
        parts = [f"{_entries(number)} of {slug}" for slug, number in self.datasets.items()]
        return ", ".join([*parts, *([f"{_entries(self.in_trash)} in the trash"] if self.in_trash else [])])


@dataclass(frozen=True, slots=True)
class CharacterInfo:
    """A character and where it speaks."""

    id: int
    slug: str
    display_name: str
    description: str
    colour: str
    is_active: bool
    used: Effect

    @property
    def messages(self) -> int:
        """How many messages it speaks."""
        return self.used.messages

    @property
    def entries(self) -> int:
        """In how many entries it speaks."""
        return self.used.entries

    @property
    def datasets(self) -> dict[str, int]:
        """In how many entries of each dataset it speaks, by the dataset's slug."""
        return self.used.datasets

    def as_json(self) -> dict[str, Any]:
        """The character as the command line prints it."""
        return {
            "slug": self.slug,
            "display_name": self.display_name,
            "description": self.description,
            "colour": self.colour,
            "is_active": self.is_active,
            **effect_as_json(self.used),
        }


def effect_as_json(effect: Effect) -> dict[str, Any]:
    """An effect as the command line prints it."""
    return {
        "messages": effect.messages,
        "entries": effect.entries,
        "datasets": effect.datasets,
        "in_trash": effect.in_trash,
    }


@dataclass(frozen=True, slots=True)
class Created:
    """What came of creating a character."""

    operation: OperationInfo
    slug: str


def characters(library: Library) -> list[CharacterInfo]:
    """All characters, by name."""
    with connected():
        uses = _uses()
        found = [_info(row, uses.get(row.id, Effect())) for row in Character.select()]
    return sorted(found, key=lambda each: (normal(each.display_name, ignore_accents=True), each.slug))


def character(library: Library, slug: str) -> CharacterInfo:
    """The character with that slug.

    :raises NotFound: if there is none.
    """
    with connected():
        row = row_of(slug)
        return _info(row, _uses(row.id).get(row.id, Effect()))


def effect(library: Library, slug: str) -> Effect:
    """Where a character speaks.

    :raises NotFound: if there is none of that slug.
    """
    return character(library, slug).used


def similar(library: Library, name: str) -> list[CharacterInfo]:
    """The characters whose names differ from ``name`` by case, accents or white space only, its own first."""
    alike = [each for each in characters(library) if len(groups((each.display_name, name))) == 1]
    return sorted(alike, key=lambda each: each.display_name != name)


def create(library: Library, name: str, *, description: str = "", colour: str = "") -> Created:
    """Make a character known; its name stays exactly as given.

    :raises Refused: for a name or a colour that cannot be.
    """
    _check({"display_name": name, "description": description, "colour": colour})
    with operation(library, f"New character {quoted(name)}") as door:
        slug = add(door, name, description=description, colour=colour)
    return Created(door.done, slug)


def add(door: Door, name: str, *, description: str = "", colour: str = "") -> str:
    """Make a character known, within an operation; returns its slug.

    :raises Refused: for a name or a colour that cannot be.
    """
    slug = character_slug(name, {row.slug for row in Character.select(Character.slug)})
    values = {"display_name": name, "description": description or None, "colour": colour, "is_active": True}
    _check(values)
    door.put("character", None, {"slug": slug, **values})
    return slug


def edit(
    library: Library,
    slug: str,
    *,
    name: str | None = None,
    description: str | None = None,
    colour: str | None = None,
) -> OperationInfo | None:
    """Change what is said of a character, and nothing where None is given; its slug stays.

    :returns: None if that is what is said of it already.
    :raises NotFound: if there is none.
    :raises Refused: for a name or a colour that cannot be.
    """
    given = {"display_name": name, "description": description, "colour": colour}
    values: dict[str, Any] = {key: value for key, value in given.items() if value is not None}
    if description == "":
        values["description"] = None
    return _change(library, slug, "Edit character", values)


def activate(library: Library, slug: str) -> OperationInfo | None:
    """Offer a character again wherever one is chosen; None if it is offered."""
    return _change(library, slug, "Activate", {"is_active": True})


def deactivate(library: Library, slug: str) -> OperationInfo | None:
    """Offer a character no longer; what it speaks stays. None if it is not offered."""
    return _change(library, slug, "Deactivate", {"is_active": False})


def merge(library: Library, slug: str, into: str, *, progress: Progress = silent) -> OperationInfo:
    """Let one character speak whatever another speaks, in every dataset; the other is gone then.

    :raises NotFound: if one of them is not there.
    :raises Refused: if they are one.
    """
    with connected():
        old, new = row_of(slug), row_of(into)
    if old.id == new.id:
        raise Refused(
            f"{quoted(old.display_name)} cannot be merged into itself.", "Choose another character."
        )
    title = f"Merge {quoted(old.display_name)} into {quoted(new.display_name)}"
    with operation(library, title, progress=progress) as door:
        _recast(door, row_of(slug), row_of(into).id)
        door.put("character", old.id, None)
        door.rows.append((rows.MERGED, old.id, "", None, new.id))
    return door.done


def delete(
    library: Library, slug: str, *, everywhere: bool = False, progress: Progress = silent
) -> OperationInfo:
    """Forget a character.

    :param everywhere: also where it speaks; the messages stay, and nobody is said to speak them.
    :raises NotFound: if there is none.
    :raises Refused: if it speaks somewhere and not ``everywhere``.
    """
    info = character(library, slug)
    name = quoted(info.display_name)
    if info.messages and not everywhere:
        raise Refused(
            f"{name} speaks in {info.used.words}.",
            "Merge it into another character, deactivate it, or delete it everywhere.",
        )
    with operation(library, f"Delete character {name}", progress=progress) as door:
        row = row_of(slug)
        _recast(door, row, None)
        door.put("character", row.id, None)
    return door.done


def row_of(slug: str) -> Character:
    """The registry's row of a character; the caller is connected.

    :raises NotFound: if there is none.
    """
    row: Character | None = Character.get_or_none(Character.slug == slug)
    if row is None:
        raise NotFound(
            f"There is no character {quoted(slug)}.", "The characters page lists those that there are."
        )
    return row


def _change(library: Library, slug: str, doing: str, values: dict[str, Any]) -> OperationInfo | None:
    _check(values)
    with operation(library, doing) as door:
        row = row_of(slug)
        door.title(f"{doing} {quoted(values.get('display_name') or row.display_name)}")
        door.put("character", row.id, values)
        if door.rows:
            for dataset in casts.datasets_of(row.id):
                door.says(dataset)
    return door.info


def _recast(door: Door, old: Character, new: int | None) -> None:
    """Put another character, or none, wherever one speaks."""
    for dataset in casts.datasets_of(old.id):
        if dataset.state == "live":
            door.check_free(dataset)
        spoken = casts.entries_of(old.slug, dataset.id)
        wanted = {
            entry: list(_replaced(cast, old.id, new))
            for entry, cast in rows.casts(dataset.id, spoken).items()
        }
        door.cast(dataset, wanted)


def _replaced(cast: rows.Cast, old: int, new: int | None) -> Iterable[rows.Turn]:
    for index, number, role, label in cast:
        if number != old:
            yield index, number, role, label
        elif new is not None:
            yield index, new, role, label


def _uses(number: int | None = None) -> dict[int, Effect]:
    """Where the characters speak, or one of them, by their numbers."""
    found: dict[int, Effect] = {}
    for each in casts.uses(number):
        so_far = found.get(each.character, Effect())
        live = each.state == "live"
        found[each.character] = Effect(
            so_far.messages + each.messages,
            so_far.entries + each.entries,
            {**so_far.datasets, **({each.dataset: each.entries} if live else {})},
            so_far.in_trash + (0 if live else each.entries),
        )
    return found


def _info(row: Character, used: Effect) -> CharacterInfo:
    return CharacterInfo(
        row.id, row.slug, row.display_name, row.description or "", row.colour, row.is_active, used
    )


def _check(values: dict[str, Any]) -> None:
    """Nothing, if a character can have these columns.

    :raises Refused: if not.
    """
    name, colour = values.get("display_name"), values.get("colour", "")
    if name is not None and not name.strip():
        raise Refused("A character needs a name.", "Write at least one letter, of any script.")
    if name is not None and len(name) > LONGEST:
        raise Refused(f"That name has {len(name):,} letters.", f"Use at most {LONGEST}.")
    if colour and colour not in COLOURS:
        raise Refused(f"There is no colour {colour!r}.", f"Choose one of {', '.join(COLOURS)}, or none.")
    for value in (name, values.get("description")):
        if value is not None and not value.isascii() and value != _storable(value):
            raise Refused(
                "That text holds half a letter.", "Delete what is shown as � or a box, and type it anew."
            )


def _storable(text: str) -> str:
    return text.encode("utf-8", "replace").decode("utf-8")


def _entries(number: int) -> str:
    return f"{number:,} {'entry' if number == 1 else 'entries'}"
