"""How much a template may ask for: what would make texts or numbers grow without measure is refused.

A template is a small program. These bounds stop the short ones that ask for a great deal at once; one that
runs for ever, or fills the memory bit by bit, is stopped from outside, by the process that it runs in.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from functools import partial, wraps
from typing import Any

from jinja2.filters import FILTERS
from jinja2.sandbox import SandboxedFormatter

LONGEST = 16_000_000  # characters of one text, or items of one list
LARGEST = 100_000  # of a number that says how long something is to be
_BITS = 4096  # of a number
_WIDE = re.compile("[0-9]{5}")
_SEQUENCES = (str, bytes, list, tuple)


class TemplateError(ValueError):
    """A template cannot be read, or cannot be rendered; the text says why, in a sentence.

    ``refused``: the template itself says that it does not take these messages. Half characters in its
    words are written as their escapes, since nobody could print or keep them.
    """

    def __init__(self, sentence: str, *, refused: bool = False) -> None:
        super().__init__(sentence.encode("utf-8", "backslashreplace").decode("utf-8"))
        self.refused = refused

    def __reduce__(self) -> tuple[Any, ...]:
        """It goes from one process to another as it is."""
        return _error, (str(self), self.refused)


def _error(sentence: str, refused: bool) -> TemplateError:
    return TemplateError(sentence, refused=refused)


def no_longer_than(length: int) -> None:
    """Nothing, if a text may have so many characters.

    :raises TemplateError: if not.
    """
    if length > LONGEST:
        raise TemplateError("The template makes a text that is far too long.")


def no_larger(numbers: Iterable[Any]) -> None:
    """Nothing, if no number among the values is too large for a length.

    :raises TemplateError: if one is.
    """
    if any(isinstance(number, int) and abs(number) > LARGEST for number in numbers):
        raise TemplateError(f"The template asks for a length of more than {LARGEST:,}.")


def ranged(*numbers: int) -> range:
    """``range(…)``."""
    found = range(*numbers)
    if len(found[: LARGEST + 1]) > LARGEST:
        raise TemplateError(f"The template wants to count to more than {LARGEST:,} in one loop.")
    return found


def added(left: Any, right: Any) -> Any:
    """``left + right``."""
    if isinstance(left, _SEQUENCES) and isinstance(right, _SEQUENCES):
        no_longer_than(len(left) + len(right))
    return left + right


def multiplied(left: Any, right: Any) -> Any:
    """``left * right``."""
    for many, times in ((left, right), (right, left)):
        if isinstance(many, _SEQUENCES) and isinstance(times, int):
            no_longer_than(len(many) * times)
    if isinstance(left, int) and isinstance(right, int):
        _few_bits(left.bit_length() + right.bit_length())
    return left * right


def raised(left: Any, right: Any) -> Any:
    """``left ** right``."""
    if isinstance(left, int) and isinstance(right, int):
        _few_bits(left.bit_length() * right)
    return left**right


def _few_bits(bits: int) -> None:
    if bits > _BITS:
        raise TemplateError("The template reckons with a number that is far too large.")


def modulo(left: Any, right: Any) -> Any:
    """``left % right``, where a text on the left is a format."""
    return formatted(left, right) if isinstance(left, str) else left % right


def formatted(text: str, values: Any) -> str:
    """The values put into a text with %s, %d and the like."""
    several = (
        values.values() if isinstance(values, dict) else values if isinstance(values, tuple) else (values,)
    )
    if _WIDE.search(text) or "*" in text:
        no_larger(int(digits) for digits in re.findall("[0-9]{5,18}", text))
        no_larger(several)
    no_longer_than(len(text) + text.count("%") * max((_length(value) for value in several), default=0))
    return str(text % values)


def _length(value: Any) -> int:
    return len(value) if isinstance(value, str) else LARGEST if isinstance(value, list | dict) else 0


def joined(values: Iterable[Any], between: str = "") -> str:
    """The values as texts, one behind the other."""
    texts: list[str] = []
    length = 0
    for value in values:
        text = str(value)
        length += len(text) + len(between)
        no_longer_than(length)
        texts.append(text)
    return between.join(texts)


def replaced(text: Any, old: Any, new: Any, count: Any = -1) -> Any:
    """The text with ``new`` in place of ``old``."""
    if isinstance(text, str) and isinstance(old, str) and isinstance(new, str):
        no_longer_than(len(text) + (len(text) // max(len(old), 1) + 1) * len(new))
    return text.replace(old, new, count)


class BoundedFormatter(SandboxedFormatter):
    """``'{:>20}'.format(…)`` that keeps the width, and the whole, within measure."""

    length = 0

    def format_field(self, value: Any, format_spec: str) -> Any:
        """One value in its format."""
        if _WIDE.search(format_spec):
            no_larger(int(digits) for digits in re.findall("[0-9]{1,18}", format_spec))
        text = super().format_field(value, format_spec)
        self.length += len(text)
        no_longer_than(self.length)
        return text


def bounded_method(method: Any, args: Iterable[Any], more: Iterable[Any]) -> Any:
    """What is called where a template calls a method of a text or number; anything else as it is.

    :param args: what it is called with; ``more`` is what is given by name.
    :raises TemplateError: if a number among these is too large, or the method is not for templates.
    """
    owner = getattr(method, "__self__", None)
    if not isinstance(owner, str | bytes | int):
        return method
    no_larger(args)
    no_larger(more)
    name = getattr(method, "__name__", "")
    if name == "translate" or (name in {"join", "replace"} and not isinstance(owner, str)):
        raise TemplateError(f"The template calls “{name}”, which is not done here.")
    if name == "join":
        return lambda values: joined(values, str(owner))
    return partial(replaced, owner) if name == "replace" else method


def _numbered(function: Callable[..., Any]) -> Callable[..., Any]:
    """The function, refusing to be given too large a number."""

    @wraps(function)
    def within_bounds(*args: Any, **kwargs: Any) -> Any:
        no_larger(args)
        no_larger(kwargs.values())
        return function(*args, **kwargs)

    return within_bounds


def _format(value: Any, *args: Any, **kwargs: Any) -> str:
    return formatted(str(value), kwargs or args)


def _indent(text: Any, width: Any = 4, *args: Any, **kwargs: Any) -> Any:
    no_larger([width])
    wide = len(width) if isinstance(width, str) else width
    no_longer_than(len(str(text)) + str(text).count("\n") * wide)
    return FILTERS["indent"](text, width, *args, **kwargs)


def _replace(environment: Any, text: Any, old: Any, new: Any, count: Any = None) -> Any:
    return replaced(str(text), str(old), str(new), -1 if count is None else count)


_replace.jinja_pass_arg = FILTERS["replace"].jinja_pass_arg  # type: ignore[attr-defined]


def _wordwrap(environment: Any, text: Any, width: int = 79, *args: Any, **kwargs: Any) -> Any:
    wrapping = max((len(value) for value in (*args, *kwargs.values()) if isinstance(value, str)), default=1)
    no_longer_than(len(text) + (len(text) // max(width, 1) + 1) * wrapping)
    return FILTERS["wordwrap"](environment, text, width, *args, **kwargs)


_wordwrap.jinja_pass_arg = FILTERS["wordwrap"].jinja_pass_arg  # type: ignore[attr-defined]

# Jinja's own filters, where they could make much out of little.
BOUNDED_FILTERS: Mapping[str, Callable[..., Any]] = {
    **{name: _numbered(FILTERS[name]) for name in ("batch", "center", "round", "slice", "truncate")},
    "format": _format,
    "indent": _indent,
    "replace": _replace,
    "wordwrap": _wordwrap,
}
