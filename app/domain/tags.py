"""Tags: the one spelling under which the different spellings of a tag are the same tag."""

import unicodedata
from functools import lru_cache

import regex

_NO_PART_OF_A_WORD = regex.compile(r"[^\p{L}\p{M}\p{N}]+")


@lru_cache(maxsize=4096)  # a dataset says the same few over and over
def slug(label: str) -> str:
    """The label's slug: letters, marks and digits of any script, in lower case, joined by ``_``.

    Empty where the label holds none of them; it is for the caller to show such a tag as it stands.
    """
    plain = unicodedata.normalize("NFKC", label).casefold()
    joined: str = _NO_PART_OF_A_WORD.sub("_", plain)
    return joined.strip("_")
