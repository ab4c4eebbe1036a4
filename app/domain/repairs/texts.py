"""Repairs of what stands in texts: broken and invisible characters, control tokens, macros, private things.

Each puts right exactly the stretches that the check of the same code finds.
"""

from collections.abc import Callable, Iterable
from typing import Any

from app.domain.repairs.repair import Asked, Choice, Mend, Repair, Value, each_message, text_of
from app.domain.validation.markup import macros, special_tokens
from app.domain.validation.privacy import PRIVATE
from app.domain.validation.spans import Span, replaced
from app.domain.validation.text import names
from app.domain.validation.unicode import control_characters, mixed_quotes, mojibake, zalgo, zero_width

ROUNDS = 8  # what is taken out may bring two halves of another together; more than this is nobody's accident

Spans = Callable[[str, Asked], Iterable[Span]]


def _every(spans: Spans, *, rounds: int = ROUNDS) -> Mend:
    """A repair of the stretches that ``spans`` gives, in every message that is text."""

    def mend(value: Value, asked: Asked) -> Value:
        def changed(message: dict[str, Any]) -> dict[str, Any]:
            old = text_of(message)
            new = old and _settled(old, spans, asked, rounds)
            return message if new == old else {**message, "content": new}

        return each_message(changed)(value, asked)

    return mend


def _settled(text: str, spans: Spans, asked: Asked, rounds: int) -> str:
    for _ in range(rounds):
        new = replaced(text, spans(text, asked))
        if new == text:
            break
        text = new
    return text


def _plain(find: Callable[[str], Iterable[Span]]) -> Mend:
    return _every(lambda text, _: find(text))


def _broken_up(text: str, asked: Asked) -> Iterable[Span]:
    """A blank behind the first character of each token; one of a single character cannot be broken up."""
    return (span for span in special_tokens(text, asked.rules.special_tokens) if len(span.detail) > 1)


def _left_out(text: str, asked: Asked) -> Iterable[Span]:
    found = special_tokens(text, asked.rules.special_tokens)
    return (Span(start, end) for start, end, *_ in found)


_USER = ("{{user}}", "<USER>")
_CHAR = ("{{char}}", "{{bot}}", "<CHAR>", "<BOT>")
_START = "<START>"


def _user(name: str) -> dict[str, str]:
    return dict.fromkeys(_USER, name.strip())


def _char(name: str) -> dict[str, str]:
    return dict.fromkeys(_CHAR, name.strip())


def _both(names: str) -> dict[str, str]:
    user, _, char = names.partition(",")
    if not user.strip() or not char.strip():
        raise ValueError("Two names are needed: the user’s, a comma, and the character’s.")
    return _user(user) | _char(char)


def _with_names(stand_in: Callable[[str], dict[str, str]]) -> Mend:
    """A repair that puts names in place of macros; ``stand_in`` makes of the person’s text one for each."""

    def mend(value: Value, asked: Asked) -> Value:
        better = stand_in(asked.text)

        def spans(text: str, _: Asked) -> Iterable[Span]:
            found = macros(text)
            return (Span(start, end, sign, better[sign]) for start, end, sign, _ in found if sign in better)

        return _every(spans, rounds=1)(value, asked)

    return mend


def _started(text: str, _: Asked) -> Iterable[Span]:
    """The signs of a beginning, each with the line that it has for itself."""
    for span in macros(text):
        if span.detail == _START:
            alone = text[span.start - 1 : span.start] in ("", "\n") and text[span.end : span.end + 1] == "\n"
            yield span._replace(end=span.end + alone, better="")


_PRIVATE_TITLES = {
    "privacy.email": "Put [email] in its place",
    "privacy.phone": "Put [phone] in its place",
    "privacy.secret": "Put [secret] in its place",
    "privacy.address": "Put [address] in its place",
    "privacy.url": "Put [link] in its place",
}

REPAIRS = (
    Repair.plain("text.mojibake", "Put the letters right", _plain(mojibake)),
    Repair.plain(
        "text.control_characters", "Remove them, or write them as line ends", _plain(control_characters)
    ),
    Repair.plain("text.zero_width", "Remove invisible characters", _plain(zero_width)),
    Repair.plain("text.zalgo", "Remove the marks", _plain(zalgo)),
    Repair.plain("text.mixed_quotes", "Make quotation marks straight", _plain(mixed_quotes)),
    Repair(
        "text.special_token",
        "Make it plain text, or remove it",
        (
            Choice("escape", "Break it up by a blank, so that it is only text", _every(_broken_up)),
            Choice("remove", "Remove it", _every(_left_out)),
        ),
    ),
    Repair(
        "text.macro_left",
        "Put names in place of macros",
        (
            Choice("user", "Put a name for the user", _with_names(_user), "Name of the user"),
            Choice("char", "Put a name for the character", _with_names(_char), "Name of the character"),
            Choice(
                "both", "Put both names", _with_names(_both), "The user’s name, a comma, the character’s name"
            ),
            Choice("start", "Take <START> out", _every(_started)),
        ),
    ),
    *(Repair.plain(code, title, _plain(PRIVATE[code])) for code, title in _PRIVATE_TITLES.items()),
    Repair.plain(
        "privacy.name", "Put [name] in its place", _every(lambda text, asked: names(text, asked.rules))
    ),
)
