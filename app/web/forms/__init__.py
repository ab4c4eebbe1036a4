"""Forms parse and bound what a browser sends; whether an entry is good is the domain's to say."""

from collections.abc import Iterable

import wtforms
from wtforms.fields.choices import SelectChoice


class Form(wtforms.Form):  # type: ignore[misc]  # WTForms has no types
    """Base of every form."""


def options(pairs: Iterable[tuple[object, str]]) -> list[SelectChoice]:
    """The choices of a field from values and their words."""
    return [SelectChoice(value, words) for value, words in pairs]
