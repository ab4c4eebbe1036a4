"""What an operation changed about who speaks, for the history to tell."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from app.registry import casts
from app.registry.database import connected
from app.registry.models import Character
from app.registry.rows import Cast
from app.services.library import Library

GONE = "somebody who is gone"


@dataclass(frozen=True, slots=True)
class Recast:
    """An entry in which others speak than before.

    ``places`` are the numbers of its messages, from 1, with the names of who spoke and who speaks each;
    empty for nobody.
    """

    key: str
    places: tuple[tuple[int, str, str], ...]


def recasts(library: Library, slug: str, number: int, *, most: int) -> list[Recast]:
    """The first entries of a dataset in which others speak since an operation."""
    with connected():
        found = casts.changed_by(number, library.row(slug).id, most=most)
        names = {row.id: row.display_name for row in Character.select()} if found else {}
    told = (Recast(key, tuple(_differing(before, after, names))) for key, before, after in found)
    return [each for each in told if each.places]


def _differing(before: Cast, after: Cast, names: Mapping[int, str]) -> Iterator[tuple[int, str, str]]:
    old, new = ({index: names.get(who, GONE) for index, who, _, _ in cast} for cast in (before, after))
    for index in sorted({*old, *new}):
        if old.get(index) != new.get(index):
            yield index + 1, old.get(index, ""), new.get(index, "")
