"""Rows of tags and categories as an operation needs them: found by name, checked, and filled anew."""

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from app.domain.tags import resolve
from app.domain.tags import slug as slug_of
from app.errors import Conflict, NotFound, Refused
from app.registry.models import Alias, Category, Dataset, Tag, TagUse
from app.services import tallies
from app.services.operation import Door
from app.services.taxonomy import is_imported

_LONGEST = 200  # characters of a name


def tag_row(door: Door, slug: str) -> Tag:
    """The tag's row; one that only entries know of gets its own.

    :raises NotFound: if there is no such tag.
    :raises Conflict: if that is a former name of one.
    """
    row = Tag.get_or_none(Tag.slug == slug)
    if row is None:
        use, present = next(iter(using([slug])), None), resolve(slug, known_aliases())
        if use is None and present != slug:
            raise NotFound(f"{slug} is now called {present}.", f"Use {present}, if that is still meant.")
        if use is None:
            raise NotFound(f"There is no tag called {slug}.", "The tags page lists those that there are.")
        if present != slug:
            hint = f"Rewrite the entries that still have it to {present}, or change {present} itself."
            raise Conflict(f"{slug} is a former name of {present}.", hint)
        row = Tag.get_by_id(door.put("tag", None, tallies.fresh_tag(slug, use.label, active=False)))
    return row


def using(slugs: Iterable[str]) -> Iterable[TagUse]:
    """Which datasets use some tags, and in how many entries."""
    live = TagUse.select().join(Dataset).where(Dataset.state == "live", TagUse.slug.in_(list(slugs)))
    return iter(live)


def slug_for(name: str) -> str:
    """The slug of what a person calls so.

    :raises Refused: if nothing can be called that.
    """
    slug = slug_of(name)
    if not slug:
        raise Refused(f"“{name}” cannot be a name.", "It needs at least one letter or digit, of any script.")
    if len(name) > _LONGEST:
        raise Refused(f"A name of {len(name)} characters is too long.", f"Use {_LONGEST} at most.")
    try:
        name.encode("utf-8")
    except UnicodeEncodeError as error:
        raise Refused("The name holds half a character.", "Type it anew.") from error
    return slug


def check_own(row: Tag) -> None:
    """Nothing, if a tag is none of those that are built in.

    :raises Refused: if it is.
    """
    if row.is_builtin:
        raise Refused(f"{row.name} is built in and stays as it is.", "It can be hidden.")


def check_free(slug: str, *, leading_to: str | None = None) -> None:
    """Nothing, if a tag can have that slug.

    :param leading_to: the tag that it may be a former name of.
    :raises Conflict: if there is such a tag, or it is a former name of another.
    """
    row = Tag.get_or_none(Tag.slug == slug)
    if row is not None:
        hint = "Merge the one into the other, or choose another name."
        status = "imported" if is_imported(row.status, row.lifecycle) else row.status
        raise Conflict(f"There is a tag called {row.name} already; it is {status}.", hint)
    end = resolve(slug, known_aliases())
    if end not in (slug, leading_to):
        raise Conflict(f"{slug} is a former name of {end}.", f"Use {end}, or choose another name.")


def known_aliases() -> dict[str, str | None]:
    """What each former name leads to."""
    return {alias.old_slug: alias.new_slug for alias in Alias.select()}


def category_number(slug: str | None) -> int | None:
    """The number of a category; None for none.

    :raises NotFound: if there is no such category.
    """
    if not slug:
        return None
    row = Category.get_or_none(Category.slug == slug)
    if row is None:
        raise NotFound(f"There is no category called {slug}.", "The tags page lists those that there are.")
    return int(row.id)


def category_row(slug: str) -> Category:
    """The row of a category that a person may change.

    :raises Refused: if it is built in.
    """
    row = Category.get_by_id(category_number(slug))
    if row.is_builtin:
        raise Refused(f"{row.name} is built in and stays as it is.", "Make a category of your own.")
    return row


def last_place(category: str | None) -> int:
    """A place behind all tags of a category."""
    group = category_number(category)
    query = Tag.select(Tag.sort_order).where(Tag.category == group if group else Tag.category.is_null())
    return max((row.sort_order for row in query), default=-1) + 1


def arranged(present: Mapping[str, Any], slugs: Sequence[str], noun: str) -> list[str]:
    """Those that are present in the order given; those that are not named follow behind.

    :raises NotFound: if one of them is not present.
    """
    strange = [slug for slug in slugs if slug not in present]
    if strange:
        raise NotFound(f"There is no {noun} called {strange[0]} here.", "Look at the list again.")
    return [*dict.fromkeys(slugs), *(slug for slug in present if slug not in slugs)]


def fresh(slug: str, name: str, group: int | None) -> dict[str, Any]:
    """The columns of a new tag, behind the others of its category."""
    place = {"category": group, "sort_order": Tag.select().where(Tag.category == group).count()}
    state = {"status": "active", "is_builtin": False, "lifecycle": "{}"}
    return {"slug": slug, "name": name, **place, **state}


def edited(row: Tag, origin: str, category: str | None) -> str:
    """The lifecycle of a tag that a person has changed, in the words of RoleThread Lite.

    :param category: the one that it is in from now on.
    """
    if row.status != "active" and origin == "tag_edit":
        return row.lifecycle  # it is still to be looked at, or still put away
    lifecycle = {"activation_origin": origin, "assigned_category_slug": category, "lifecycle_state": "active"}
    return json.dumps({**lifecycle, "visible_badge": None})
