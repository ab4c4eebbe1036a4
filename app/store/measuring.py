"""Counting the tokens of lines in a process of its own, with a vocabulary on board or the person's file."""

import os
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path

from app.domain.entry import Entry
from app.domain.targets.families import FAMILIES, Family, Render
from app.domain.targets.measure import measured
from app.domain.tokens import BadTokenizer, Counter, counter, own_counter

UNKNOWN = (-1, -1)  # tokens in all and trained, where nothing can count them


@dataclass(frozen=True, slots=True)
class Ruler:
    """What entries are measured by: a template on board or none, a vocabulary or a file of one, the mask.

    The trainer says how messages are handed to the template, and which marks on them count.
    """

    family: str
    vocabulary: str
    tokenizer: str  # the path of the person's tokenizer.json; empty for a vocabulary on board
    mask: str
    trainer: str


def sizes(ruler: Ruler, lines: list[bytes]) -> list[tuple[int, int]]:
    """The tokens of each line, in all and trained; ``UNKNOWN`` where nothing can count them."""
    family = FAMILIES.get(ruler.family)
    return sizes_with(ruler, family, family.render if family else None, lines)


def sizes_with(
    ruler: Ruler, family: Family | None, render: Render | None, lines: list[bytes]
) -> list[tuple[int, int]]:
    """The same with a template at hand, which need not be one on board."""
    try:
        counting = counter_of(ruler.vocabulary, ruler.tokenizer)
    except BadTokenizer:
        return [UNKNOWN] * len(lines)
    return [_size(Entry.of(line), counting, family, render, ruler) for line in lines]


def _size(
    entry: Entry, counting: Counter, family: Family | None, render: Render | None, ruler: Ruler
) -> tuple[int, int]:
    try:
        return measured(entry.value, counting, family, render, ruler.mask, ruler.trainer)
    except BadTokenizer:  # the person's own, which fails on this very text
        return UNKNOWN


def means(tokenizer: str) -> str:
    """What there is to count with: another answer where a count may come out otherwise than before.

    :param tokenizer: the path of the person's tokenizer.json; empty for the vocabularies on board.
    """
    if tokenizer:
        return tokenizer if Path(tokenizer).is_file() else ""
    return _release() if find_spec("quicktok") else ""


@cache
def _release() -> str:
    """Which release of the vocabularies on board this is; to ask takes a millisecond."""
    return version("quicktok-v1")


@lru_cache(maxsize=4)  # such a file is read in a second or two
def counter_of(vocabulary: str, tokenizer: str) -> Counter:
    """What counts with a vocabulary on board, or with the person's file.

    :raises BadTokenizer: if the file cannot be used, or this machine has no vocabularies on board.
    """
    if not tokenizer:
        return counter(vocabulary)
    try:
        data = Path(tokenizer).read_bytes()
    except OSError as error:
        raise BadTokenizer(f"The tokenizer “{vocabulary}” cannot be read: {error.strerror}.") from error
    return counter_in(vocabulary, data)


def counter_in(name: str, data: bytes) -> Counter:
    """What counts with the bytes of a tokenizer.json; where the library panics, it prints no stack.

    :raises BadTokenizer: if it cannot be used.
    """
    os.environ["RUST_BACKTRACE"] = "0"
    return own_counter(name, data)
