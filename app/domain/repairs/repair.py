"""A repair: what can be done about one code, and the choices that a person has."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from app.domain.validation.rules import Rules

Value = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Asked:
    """What a repair goes by: the rules of validation, and the text that the person was asked for."""

    rules: Rules
    text: str = ""


Mend = Callable[[Value, Asked], Value]


@dataclass(frozen=True, slots=True)
class Choice:
    """One way to repair. ``asks`` is the label of a text that the person has to give; empty for none."""

    name: str
    title: str
    mend: Mend = field(repr=False, compare=False)
    asks: str = ""


@dataclass(frozen=True, slots=True)
class Repair:
    """What can be done about a code. The first choice is the one that is taken if none is named."""

    code: str
    title: str
    choices: tuple[Choice, ...]

    @classmethod
    def plain(cls, code: str, title: str, mend: Mend) -> "Repair":
        """A repair that leaves no choice."""
        return cls(code, title, (Choice("repair", title, mend),))

    def choice(self, name: str) -> Choice:
        """The choice of this name; the first one for no name.

        :raises ValueError: if there is none.
        """
        for each in self.choices:
            if not name or each.name == name:
                return each
        names = ", ".join(each.name for each in self.choices)
        raise ValueError(f"There is no choice “{name}” for {self.code}. There is: {names}.")


def messages_in(value: Value) -> list[Any]:
    """The messages of an entry's value, whatever they are; none where there is no list of them."""
    found = value.get("messages")
    return found if isinstance(found, list) else []


def with_messages(value: Value, messages: Sequence[Any]) -> Value:
    """The value with these messages; the same object where they are those that it has."""
    old = messages_in(value)
    if len(old) == len(messages) and all(one is other for one, other in zip(old, messages, strict=True)):
        return value
    return {**value, "messages": list(messages)}


def each_message(change: Callable[[dict[str, Any]], dict[str, Any]]) -> Mend:
    """A repair that changes message after message, each by itself; what is no object is left alone."""

    def mend(value: Value, _: Asked) -> Value:
        changed = [change(each) if isinstance(each, dict) else each for each in messages_in(value)]
        return with_messages(value, changed)

    return mend


def further_keys(message: dict[str, Any]) -> dict[str, Any]:
    """What a message has beside its role and content."""
    return {key: item for key, item in message.items() if key not in ("role", "content")}


def text_of(message: Any) -> str | None:
    """The text of a message; None where its content is no text."""
    content = message.get("content") if isinstance(message, dict) else None
    return content if isinstance(content, str) else None


def joined(texts: Sequence[str]) -> str:
    """The texts with a blank line between, without those that are blank unless all are."""
    said = [text for text in texts if text.strip()] or texts[:1]
    if len(said) == 1:
        return said[0]
    first, *others, last = said
    return "\n\n".join((first.rstrip(), *map(str.strip, others), last.lstrip()))
