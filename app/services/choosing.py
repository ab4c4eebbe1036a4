"""Choosing who speaks: the characters that are offered, and one that is created because it was missing."""

import json
from dataclasses import dataclass

from app.domain.folding import normal
from app.registry import casts
from app.registry.database import connected
from app.registry.models import Character, RowChange
from app.services import characters
from app.services.library import DatasetInfo, Library
from app.services.operation import OperationInfo


@dataclass(frozen=True, slots=True)
class Choice:
    """A character as a picker shows it; one that is not active is shown only where it speaks already."""

    slug: str
    display_name: str
    colour: str
    is_active: bool


def choices(library: Library) -> tuple[Choice, ...]:
    """All characters, by name."""
    with connected():
        found = [_choice(row) for row in Character.select()]
    return tuple(sorted(found, key=_place))


def _choice(row: Character) -> Choice:
    return Choice(row.slug, row.display_name, row.colour or "", row.is_active)


def _place(choice: Choice) -> tuple[str, str]:
    """Where a character stands among others."""
    return normal(choice.display_name, ignore_accents=True), choice.slug


def speaking(dataset: DatasetInfo) -> list[tuple[Choice, int]]:
    """The characters of a dataset, by name, each with the number of entries in which it speaks."""
    with connected():
        found = [(_choice(row), entries) for row, entries in casts.entries_by_character(dataset.id)]
    return sorted(found, key=lambda each: _place(each[0]))


def former_name(library: Library, slug: str) -> str:
    """What a character was called that is gone; the slug, where that is not known."""
    with connected():
        left = RowChange.select().where(RowChange.table == "character", RowChange.after == "null")
        found = [json.loads(each.before) for each in left.order_by(RowChange.id.desc())]
    return next((str(each["display_name"]) for each in found if each["slug"] == slug), slug)


def called(library: Library, name: str) -> tuple[str, OperationInfo | None]:
    """The slug of the character of exactly that name, and the operation that created it if there was none.

    :raises Refused: for a name that cannot be.
    """
    known = next((each.slug for each in choices(library) if each.display_name == name), None)
    if known is not None:
        return known, None
    created = characters.create(library, name)
    return created.slug, created.operation
