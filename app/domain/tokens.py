"""Counting tokens: the vocabularies on board, and a tokenizer.json of the person's own.

``quicktok`` brings the vocabularies and counts as their makers' tokenizers do; it has no wheel for some
machines, and there only tokenizers of the person's own count. Both packages are imported when something
is first counted, because a start must not wait for them.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any

_LONE = re.compile("[\ud800-\udfff]")  # half a character, which no tokenizer takes
# To put marks in order costs their number squared; no writing piles up so many, so that a text which does
# is counted in pieces.
_LONG_TEXT = 5_000  # characters; in fewer than these nobody notices
_PILE = r"\p{M}{100}"


class BadTokenizer(ValueError):
    """A tokenizer cannot be used; the text says why, in a sentence."""


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """A vocabulary on board, and whose models use it."""

    name: str
    title: str
    models: str


VOCABULARIES = {
    each.name: each
    for each in (
        Vocabulary("llama3", "Llama 3", "Llama 3, 3.1, 3.2 and 3.3, and what was made from them"),
        Vocabulary("qwen3", "Qwen", "Qwen 2, 2.5 and 3, and what was made from them"),
        Vocabulary("cl100k_base", "GPT-4 (cl100k)", "GPT-3.5 and GPT-4"),
        Vocabulary("o200k_base", "GPT-4o (o200k)", "GPT-4o, GPT-4.1, GPT-5 and gpt-oss"),
    )
}
# The same vocabulary under the name by which it has the control tokens of gpt-oss as well.
_WITH_CONTROL = {"o200k_base": "o200k_harmony"}


class Counter:
    """Counts the tokens of texts."""

    def __init__(self, name: str, plain: Callable[[str], int], rendered: Callable[[str], int]) -> None:
        self.name = name
        self._plain = plain
        self._rendered = rendered

    def count(self, text: str) -> int:
        """The tokens of a text, in which control tokens are nothing but text.

        :raises BadTokenizer: if the person's own tokenizer fails on it.
        """
        return _counted(self._plain, text)

    def count_rendered(self, text: str) -> int:
        """The tokens of what a chat template wrote: each control token is one.

        :raises BadTokenizer: if the person's own tokenizer fails on it.
        """
        return _counted(self._rendered, text)


def _counted(count: Callable[[str], int], text: str) -> int:
    try:
        return count(text)
    except (TypeError, UnicodeEncodeError):
        return count(_LONE.sub("\ufffd", text))


@cache
def counter(name: str) -> Counter:
    """What counts with a vocabulary on board; reading it takes a fifth of a second, once.

    :raises BadTokenizer: if there is none of that name, or this machine has no package that counts with it.
    """
    if name not in VOCABULARIES:
        raise BadTokenizer(f"There is no vocabulary “{name}”. There are {', '.join(VOCABULARIES)}.")
    try:
        import quicktok
    except ImportError as error:
        raise BadTokenizer(
            f"{VOCABULARIES[name].title} cannot be counted with this Python on this machine. Start RoleThread"
            " with Python 3.11, 3.12 or 3.13, or count with a tokenizer.json of your own."
        ) from error
    encoding = quicktok.get_encoding(_WITH_CONTROL.get(name, name))
    plain: Callable[[str], int] = encoding.count
    if name == "qwen3":  # the one that normalises
        plain = _in_pieces(plain)
    control = sorted(encoding.special_tokens_set, key=len, reverse=True)
    return Counter(name, plain, _apart(control, plain))


def _apart(control: list[str], plain: Callable[[str], int]) -> Callable[[str], int]:
    """Counts each control token as one, and what stands between them as text."""
    tokens = re.compile("|".join(map(re.escape, control)))

    def count(text: str) -> int:
        between = tokens.split(text)
        return len(between) - 1 + sum(plain(part) for part in between if part)

    return count


def _in_pieces(plain: Callable[[str], int]) -> Callable[[str], int]:
    """Counts a text that piles up marks in pieces."""
    import regex

    pile = regex.compile(_PILE)

    def count(text: str) -> int:
        if len(text) < _LONG_TEXT or text.isascii():
            return plain(text)
        pieces, at = [], 0
        for found in pile.finditer(text):
            pieces.append(text[at : found.end()])
            at = found.end()
        return sum(map(plain, [*pieces, text[at:]]))

    return count


# What each tokenizer has to count before it is taken.
TRIAL = "A word, 12 345 and naïve “quotes” – 漢字, कथा, 😀.\n\n\t<|im_end|> \x00\ufffd"


def own_counter(name: str, data: bytes) -> Counter:
    """What counts with a tokenizer.json of the person's own; reading one takes up to some seconds.

    :param data: the bytes of the file.
    :raises BadTokenizer: if it cannot be used.
    """
    found = Counter(name, _own(data, special=False), _own(data, special=True))
    for count in (found.count, found.count_rendered):
        if not count(TRIAL):
            raise BadTokenizer("This tokenizer makes no tokens of a text.")
    return found


def _own(data: bytes, *, special: bool) -> Callable[[str], int]:
    """Counts with the file.

    :param special: whether control tokens in a text are one each, and no text.
    """
    tokenizer = _read(data)
    tokenizer.no_truncation()
    tokenizer.no_padding()
    tokenizer.encode_special_tokens = not special

    def count(text: str) -> int:
        try:
            return len(tokenizer.encode(text, add_special_tokens=False))
        except (TypeError, UnicodeEncodeError, KeyboardInterrupt, SystemExit):
            raise
        except BaseException as error:  # a panic of Rust is no Exception
            raise BadTokenizer(f"This tokenizer fails on a text: {_said(error)}") from error

    return count


def _read(data: bytes) -> Any:
    from tokenizers import Tokenizer

    try:
        return Tokenizer.from_buffer(data)
    except (KeyboardInterrupt, SystemExit):
        raise
    except BaseException as error:
        raise BadTokenizer(f"This is no tokenizer.json that can be used: {_said(error)}") from error


def _said(error: BaseException) -> str:
    words = " ".join(str(error).removeprefix("Cannot instantiate Tokenizer from buffer: ").split())[:200]
    return f"{words or type(error).__name__}".removesuffix(".") + "."
