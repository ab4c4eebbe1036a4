"""What datasets may be called: names that are safe as folders on every system and in an address.

And how a name that may be anything stands in a sentence.
"""

from collections.abc import Collection
from itertools import count

from app.domain.tags import slug

LONGEST = 80  # bytes
_DEVICES = frozenset(
    ("con", "prn", "aux", "nul", *(f"com{n}" for n in range(10)), *(f"lpt{n}" for n in range(10)))
)


def dataset_slug(stem: str) -> str:
    """The name of a dataset that comes from a file called ``stem``."""
    text = slug(stem).encode("utf-8")[:LONGEST].decode("utf-8", "ignore").strip("_")
    if not text:
        return "dataset"
    return f"{text}_" if text in _DEVICES else text


def fits(name: str) -> bool:
    """Whether ``name`` is one that :func:`dataset_slug` or :func:`free_slug` gives."""
    base, mark, number = name.rpartition("_copy-")
    if mark and number.isdecimal() and number.isascii() and base:
        return dataset_slug(base).rstrip("_") == base
    return name == dataset_slug(name)


def free_slug(wanted: str, taken: Collection[str]) -> str:
    """``wanted``, or the first of ``wanted_copy-2``, ``wanted_copy-3``, … that is not taken."""
    if wanted not in taken:
        return wanted
    base = wanted
    for number in count(2):
        ending = f"_copy-{number}"
        base = wanted.encode("utf-8")[: LONGEST - len(ending)].decode("utf-8", "ignore").rstrip("_")
        if base + ending not in taken:
            return base + ending
    raise AssertionError("count() does not end")


def quoted(name: str) -> str:
    """A name as it stands in a sentence or a title; a long one is cut."""
    return f"“{name}”" if len(name) <= 60 else f"“{name[:58]}…”"


def stem_of(filename: str) -> str:
    """A file's name without the endings that say how it is packed and spelt."""
    stem = filename
    for ending in (".gz", ".jsonl", ".ndjson", ".json", ".txt", ".csv"):
        if len(stem) > len(ending) and stem.lower().endswith(ending):
            stem = stem[: -len(ending)]
    return stem
