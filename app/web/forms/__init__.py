"""Forms parse and bound what a browser sends; whether an entry is good is the domain's to say."""

from collections.abc import Iterable

import wtforms
from wtforms.fields.choices import SelectChoice

LARGEST = 10**12


def whole(text: str | None) -> int | None:
    """The number from 0 up that a text spells; None for any other text, and for numbers beyond sense."""
    digits = (text or "").strip()
    fits = digits.isascii() and digits.isdecimal() and len(digits) <= len(str(LARGEST))
    return int(digits) if fits and int(digits) <= LARGEST else None


class Form(wtforms.Form):  # type: ignore[misc]  # WTForms has no types
    """Base of every form."""


def options(pairs: Iterable[tuple[object, str]]) -> list[SelectChoice]:
    """The choices of a field from values and their words."""
    return [SelectChoice(value, words) for value, words in pairs]
