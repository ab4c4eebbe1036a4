"""Completion as the person types: paths that could be opened, tags that could be given."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from app.services.browsing import TagCount
from app.services.taxonomy import UNKNOWN, Mark
from app.store.folders import beginning_with

LONGEST = 4096


@dataclass(frozen=True, slots=True)
class Offer:
    """A tag as it would be written: used by so many entries of the dataset, or else of a category."""

    label: str
    entries: int = 0
    category: str = ""


def completions(typed: str) -> list[str]:
    """Absolute paths that begin as typed; none for a text that is no absolute path."""
    if "\0" in typed or len(typed) > LONGEST:
        return []
    return [path for path in beginning_with(typed) if path.startswith("/") or path[1:2] == ":"]


def tags_to_offer(used: Iterable[TagCount], known: Mapping[str, Mark]) -> list[Offer]:
    """The tags that an entry could be given: those its dataset uses first, then all others in use.

    One that was archived or hidden is not offered; one that came with the dataset is, as it is used there.

    :param used: the tags of the dataset.
    :param known: the marks of all tags, as :func:`app.services.taxonomy.marks` tells them.
    """
    own = {tag.slug: tag for tag in used}
    offered = [
        Offer(tag.label, tag.count)
        for tag in own.values()
        if known.get(tag.slug, UNKNOWN).status in ("active", "imported")
    ]
    others = [
        Offer(slug, category=mark.category)
        for slug, mark in known.items()
        if mark.status == "active" and slug not in own
    ]
    return offered + others
