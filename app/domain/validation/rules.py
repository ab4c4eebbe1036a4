"""The rules of validation that a person can change: phrase lists, names and limits."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields, replace
from hashlib import sha256
from typing import Any

from app.domain.validation.phrases import OOC, REFUSALS, SLOP, SPEAKS_FOR_USER
from app.domain.validation.special import SPECIAL_TOKENS

LONGEST_PHRASE = 200  # characters
MOST_PHRASES = 1000
LARGEST_LIMIT = 1_000_000


@dataclass(frozen=True, slots=True)
class Rules:
    """What validation goes by. Phrases are matched by whole words, any case, straight or curly apostrophes.

    ``special_tokens`` are matched as they are spelt. ``never_publish`` are names of people or places;
    ``inactive_characters`` are the names of characters that were set aside. An entry is a candidate for
    splitting from ``split_exchanges`` exchanges, or with more than ``split_words`` words by the assistant.
    """

    refusals: tuple[str, ...] = REFUSALS
    slop: tuple[str, ...] = SLOP
    speaks_for_user: tuple[str, ...] = SPEAKS_FOR_USER
    ooc: tuple[str, ...] = OOC
    special_tokens: tuple[str, ...] = SPECIAL_TOKENS
    never_publish: tuple[str, ...] = ()
    split_exchanges: int = 8
    split_words: int = 2000
    inactive_characters: tuple[str, ...] = ()

    @property
    def key(self) -> str:
        """A fingerprint: equal rules have the same, on every machine."""
        return sha256(json.dumps(asdict(self), sort_keys=True).encode()).hexdigest()

    def changed(self, values: Mapping[str, Any]) -> "Rules":
        """The same rules, but for the values given.

        :raises ValueError: naming in plain words what cannot be.
        """
        known = {each.name: each for each in fields(self)}
        for name, value in values.items():
            if name not in known:
                raise ValueError(f"There is no rule “{name}”.")
            _check(name, value)
        given: dict[str, Any] = {
            name: tuple(each) if isinstance(each, list) else each for name, each in values.items()
        }
        return replace(self, **given)


LIMITS = ("split_exchanges", "split_words")


def _check(name: str, value: Any) -> None:
    if name in LIMITS:
        if type(value) is not int or not 1 <= value <= LARGEST_LIMIT:
            raise ValueError(f"{name} is a whole number from 1 to {LARGEST_LIMIT:,}.")
        return
    if not isinstance(value, list | tuple) or not all(isinstance(each, str) for each in value):
        raise ValueError(f"{name} is a list of texts.")
    if len(value) > MOST_PHRASES:
        raise ValueError(f"{name} has more than {MOST_PHRASES:,} lines.")
    for each in value:
        if not each.strip() or len(each) > LONGEST_PHRASE:
            raise ValueError(f"A line of {name} is empty or longer than {LONGEST_PHRASE} characters.")
