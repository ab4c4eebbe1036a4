"""Counting the tokens of lines in a process of its own, with a vocabulary on board or the person's file."""

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from app.domain.entry import Entry
from app.domain.targets.families import FAMILIES
from app.domain.targets.measure import measured
from app.domain.tokens import BadTokenizer, Counter, counter, own_counter

UNKNOWN = (-1, -1)  # tokens in all and trained, where nothing can count them


@dataclass(frozen=True, slots=True)
class Ruler:
    """What entries are measured by: a template on board or none, a vocabulary or a file of one, the mask."""

    family: str
    vocabulary: str
    tokenizer: str  # the path of the person's tokenizer.json; empty for a vocabulary on board
    mask: str


def sizes(ruler: Ruler, lines: list[bytes]) -> list[tuple[int, int]]:
    """The tokens of each line, in all and trained; ``UNKNOWN`` where this machine has no vocabularies.

    :raises BadTokenizer: if the person's file cannot be used.
    """
    try:
        counting = counter_of(ruler.vocabulary, ruler.tokenizer)
    except BadTokenizer:
        if ruler.tokenizer:
            raise
        return [UNKNOWN] * len(lines)
    family = FAMILIES.get(ruler.family)
    return [
        measured(Entry.of(line).value, counting, family, family.render if family else None, ruler.mask)
        for line in lines
    ]


@lru_cache(maxsize=4)  # such a file is read in a second or two
def counter_of(vocabulary: str, tokenizer: str) -> Counter:
    """What counts with a vocabulary on board, or with the person's file.

    :raises BadTokenizer: if the file cannot be used.
    :raises OSError: if it cannot be read.
    """
    return own_counter(vocabulary, Path(tokenizer).read_bytes()) if tokenizer else counter(vocabulary)
