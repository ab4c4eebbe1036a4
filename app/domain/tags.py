"""Tags: the one spelling under which the different spellings of a tag are the same tag."""

import unicodedata
from collections.abc import Collection, Mapping
from functools import lru_cache
from itertools import chain, count

import regex

LONGEST = 80  # bytes of a slug that we make from a name
_NO_PART_OF_A_WORD = regex.compile(r"[^\p{L}\p{M}\p{N}]+")


@lru_cache(maxsize=4096)  # a dataset says the same few over and over
def slug(label: str) -> str:
    """The label's slug: letters, marks and digits of any script, in lower case, joined by ``_``.

    Empty where the label holds none of them; it is for the caller to show such a tag as it stands.
    """
    lower = unicodedata.normalize("NFKC", label).casefold()
    plain = unicodedata.normalize("NFKC", lower)  # casefolding takes letters apart: a slug is its own slug
    joined: str = _NO_PART_OF_A_WORD.sub("_", plain)
    return joined.strip("_")


def free_slug(name: str, taken: Collection[str], *, nameless: str) -> str:
    """A slug for something of this name, in its own script, that is not taken yet.

    :param nameless: the slug of a name that has no letter and no digit.
    """
    wanted = _cut(slug(name), LONGEST) or nameless
    endings = (f"_{number}" for number in count(2))
    tries = (_cut(wanted, LONGEST - len(ending)) + ending for ending in endings)
    return next(free for free in chain((wanted,), tries) if free not in taken)


def _cut(text: str, size: int) -> str:
    return text.encode("utf-8")[:size].decode("utf-8", "ignore").strip("_")


def resolve(name: str, aliases: Mapping[str, str | None]) -> str:
    """The slug that stands for ``name`` now: the last one that its aliases lead to.

    It is ``name`` itself where they lead in a circle. An alias of nothing (None) leads no further.
    """
    seen = {name}
    reached = name
    while (following := aliases.get(reached)) is not None:
        if following in seen:
            return name
        seen.add(following)
        reached = following
    return reached
