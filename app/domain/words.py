"""Words: how many there are in texts of any script, by Unicode's rules of where one ends."""

from collections.abc import Sequence
from itertools import chain, islice

import regex

# UAX #29: “don't” and “3.14” are one word each, “well-known” two, and each letter of 漢字 is one.
_WORD = regex.compile(r"\b(?=\w)", regex.WORD | regex.V1)


def has_more_words(texts: Sequence[str], limit: int) -> bool:
    """Whether the texts have more than ``limit`` words together; counts no further than needed."""
    if sum(map(len, texts)) <= limit or sum(map(_most, texts)) <= limit:
        return False
    words = chain.from_iterable(map(_WORD.finditer, texts))
    return next(islice(words, limit, None), None) is not None


def count_words(texts: Sequence[str]) -> int:
    """How many words the texts have together."""
    return sum(1 for text in texts for _ in _WORD.finditer(text))


def _most(text: str) -> int:
    """A number of words that the text has for certain not more than; a hundred times as quick as counting."""
    halves = (len(text) + 1) // 2  # between two words there is something else,
    if text.isascii():
        return halves
    # unless they are in a script that leaves no space, whose letters have several bytes each
    return halves + len(text.encode("utf-8", "surrogatepass")) - len(text)
