"""How many tokens an entry has: as its target renders it, or its texts alone where no template was chosen."""

from collections.abc import Mapping
from typing import Any

from app.domain.entry import messages_of
from app.domain.targets.families import Family, Render
from app.domain.targets.handing import handed
from app.domain.targets.masks import learnt
from app.domain.targets.rendering import rendered
from app.domain.targets.sandbox import TemplateError
from app.domain.tokens import Counter

VERSION = 6  # raise it when the same entry has other tokens than before, or a target says something else
DEFAULT = "llama3"  # the vocabulary that counts where none was chosen


def measured(
    value: Mapping[str, Any],
    counter: Counter,
    family: Family | None,
    render: Render | None,
    mask: str,
    trainer: str = "",
) -> tuple[int, int]:
    """The tokens of an entry, and how many of them are trained.

    With a template all of the rendered text counts, each control token as one; without one, or where the
    template refuses the entry, the texts of the messages count.

    :param mask: what is trained; see ``rendering``, also for the trainer.
    """
    if family is not None and render is not None:
        try:
            whole = rendered(family, render, dict(value), mask, trainer)
        except TemplateError:
            pass
        else:
            trained = sum(counter.count_rendered(whole.text[start:end]) for start, end in whole.trained)
            return counter.count_rendered(whole.text), trained
    return _of_texts(value, counter, mask, trainer)


def length(value: Mapping[str, Any], counter: Counter, render: Render | None, trainer: str = "") -> int:
    """The tokens of an entry as :func:`measured` counts them, quicker: what is trained is not asked."""
    if render is not None:
        given = handed(value, trainer)
        try:
            return counter.count_rendered(render(given.messages, **given.more))
        except TemplateError:
            pass
    return _of_texts(value, counter, "all", trainer)[0]


def _of_texts(value: Mapping[str, Any], counter: Counter, mask: str, trainer: str) -> tuple[int, int]:
    given = handed(value, trainer)
    tokens = [counter.count(each.text) for each in messages_of({"messages": given.messages})]
    return sum(tokens), sum(tokens[at] for at in learnt(given.messages, mask, trainer))
