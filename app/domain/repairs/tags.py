"""Repairs of an entry's tags."""

import json
from collections.abc import Callable
from typing import Any

from app.domain.repairs.repair import Asked, Choice, Mend, Repair, Value
from app.domain.validation.labels import spelling


def _missing(value: Value, _: Asked) -> Value:
    return value if "tags" in value else {**value, "tags": []}


def _wrapped(split: Callable[[str], list[str]]) -> Mend:
    """A text as a list of tags; null as an empty one. Anything else wants a person's look."""

    def mend(value: Value, _: Asked) -> Value:
        tags = value.get("tags", [])
        if not isinstance(tags, str | None):
            return value
        return {**value, "tags": [tag.strip() for tag in split(tags or "") if tag.strip()]}

    return mend


def _each_tag(change: Callable[[list[Any]], list[Any]]) -> Mend:
    def mend(value: Value, _: Asked) -> Value:
        old = value.get("tags")
        new = change(old) if isinstance(old, list) else old
        return value if new is old else {**value, "tags": new}

    return mend


def _as_text(tags: list[Any]) -> list[Any]:
    """Numbers and yes/no as JSON spells them, and no null; lists and objects stay for a person to see."""
    if not any(tag is None or isinstance(tag, bool | int | float) for tag in tags):
        return tags
    return [
        json.dumps(tag) if isinstance(tag, bool | int | float) else tag for tag in tags if tag is not None
    ]


def _without_blanks(tags: list[Any]) -> list[Any]:
    kept = [tag for tag in tags if not isinstance(tag, str) or tag.strip()]
    return tags if len(kept) == len(tags) else kept


def _as_slugs(tags: list[Any]) -> list[Any]:
    """Each tag as its slug, unless the list has that already. A tag without a letter or digit stays."""
    slugs = [spelling(tag) or tag if isinstance(tag, str) else tag for tag in tags]
    if slugs == tags:
        return tags
    there = {tag for tag, slug in zip(tags, slugs, strict=True) if isinstance(tag, str) and tag == slug}
    new = []
    for tag, slug in zip(tags, slugs, strict=True):
        if not isinstance(tag, str) or tag == slug:
            new.append(tag)
        elif slug not in there:
            there.add(slug)
            new.append(slug)
    return new


REPAIRS = (
    Repair.plain("base.missing_tags", "Add an empty list of tags", _missing),
    Repair(
        "base.tags_not_list",
        "Make it a list",
        (
            Choice("wrap", "Make the text one tag", _wrapped(lambda text: [text])),
            Choice("split", "Make a tag of each part between commas", _wrapped(lambda text: text.split(","))),
        ),
    ),
    Repair.plain(
        "base.invalid_tag_value", "Write numbers and yes/no as text, and leave null out", _each_tag(_as_text)
    ),
    Repair.plain("base.empty_tag", "Drop empty tags", _each_tag(_without_blanks)),
    Repair.plain("base.tag_spelling", "Rewrite tags as their slugs", _each_tag(_as_slugs)),
)
