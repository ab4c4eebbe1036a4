"""Adding, removing and replacing tags of an entry, without touching what else its tag list holds."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from app.domain.tags import slug


@dataclass(frozen=True, slots=True)
class TagEdit:
    """Which tags to add and which to take away; ``replace`` names the only ones that shall be there."""

    add: tuple[str, ...] = ()
    remove: tuple[str, ...] = ()
    replace: tuple[str, ...] | None = None

    def title(self) -> str:
        """What the edit does, for the history."""
        if self.replace is not None:
            return f"Replace tags by {', '.join(self.replace)}" if self.replace else "Remove all tags"
        parts = [f"add {', '.join(self.add)}"] if self.add else []
        parts += [f"remove {', '.join(self.remove)}"] if self.remove else []
        return f"Tags: {'; '.join(parts)}"

    def respelt(self, names: Callable[[tuple[str, ...]], tuple[str, ...]]) -> "TagEdit":
        """The same edit with the tags that come spelt in another way; those that go stay as they are."""
        return TagEdit(names(self.add), self.remove, None if self.replace is None else names(self.replace))

    def applied(self, value: Mapping[str, Any]) -> Any:
        """The entry's value with the tags changed; the very same object if nothing changes.

        A tag is the same whichever way it is spelt; the spelling in the file stays. What stands
        in the list and is no text stays too, except when the tags are replaced.
        """
        found = value.get("tags")
        old = found if isinstance(found, list) else ([] if found is None else [found])
        if self.replace is not None:
            new = _spelt(old, self.replace)
        else:
            gone = {_name(tag) for tag in self.remove}
            new = [tag for tag in old if not (isinstance(tag, str) and _name(tag) in gone)]
            there = {_name(tag) for tag in new if isinstance(tag, str)}
            new += [tag for tag in _distinct(self.add) if _name(tag) not in there]
        return value if new == old else {**value, "tags": new}


def renamed(value: Mapping[str, Any], leads: Mapping[str, str]) -> Any:
    """The entry's value with some tags called otherwise; the very same object if it has none of them.

    A tag that the entry then has twice stays once, where it stood first.

    :param leads: the slug of a tag and the one that takes its place; nothing, where it goes.
    """
    found = value.get("tags")
    old = found if isinstance(found, list) else [found]
    names = [_name(tag) if isinstance(tag, str) else None for tag in old]
    if leads.keys().isdisjoint(names):
        return value
    there = {name for name in names if name not in leads}
    new: list[Any] = []
    for tag, name in zip(old, names, strict=True):
        target = None if name is None else leads.get(name)
        if target is None:
            new.append(tag)
        elif target and target not in there:
            there.add(target)
            new.append(target)
    return {**value, "tags": new}


def _name(tag: str) -> str:
    """What two spellings of a tag have in common."""
    return slug(tag) or tag.strip()


def _distinct(tags: tuple[str, ...]) -> list[str]:
    """Each tag once, in its first spelling."""
    found: dict[str, str] = {}
    for tag in tags:
        found.setdefault(_name(tag), tag)
    return list(found.values())


def _spelt(old: list[Any], wanted: tuple[str, ...]) -> list[Any]:
    """The wanted tags, each spelt as the entry already has it."""
    spelling = {_name(tag): tag for tag in reversed(old) if isinstance(tag, str)}
    return [spelling.get(_name(tag), tag) for tag in _distinct(wanted)]
