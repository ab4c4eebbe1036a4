"""What the forms of the tags page say: which order a list shall have, and how a tag was named."""

from collections.abc import Sequence

from werkzeug.datastructures import MultiDict

from app.domain.tags import slug as slug_of
from app.errors import Refused

STEPS = {"up": -1, "down": 1}


def new_order(form: "MultiDict[str, str]") -> list[str]:
    """The slugs of a list in the order of the form; ``move`` takes one a step ``up:`` or ``down:``."""
    slugs = list(dict.fromkeys(form.getlist("slug")))
    way, _, moved = form.get("move", "").partition(":")
    if way not in STEPS or moved not in slugs:
        return slugs
    place = slugs.index(moved)
    slugs.insert(min(max(place + STEPS[way], 0), len(slugs) - 1), slugs.pop(place))
    return slugs


def place_of(slug: str, slugs: Sequence[str]) -> str:
    """Where something stands in a list, in words."""
    return f"{slug} is now {slugs.index(slug) + 1} of {len(slugs)}."


def tag_in(form: "MultiDict[str, str]", field: str) -> str:
    """The slug of the tag that was typed into a field, however it was spelt.

    :raises Refused: if none was.
    """
    slug = slug_of(form.get(field, ""))
    if not slug:
        raise Refused("No tag was chosen.", "Write the name of a tag, or choose one from the list.")
    return slug
