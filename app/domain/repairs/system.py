"""Repairs of system messages: none, an empty one, too many, in the wrong place, or one that gets lost.

A message that has further keys, or content that is no text, is not merged into one that has not the same:
what it holds would be gone.
"""

from collections.abc import Iterable
from itertools import takewhile
from typing import Any

from app.domain.repairs.repair import (
    Asked,
    Choice,
    Repair,
    Value,
    further_keys,
    joined,
    messages_in,
    text_of,
    with_messages,
)
from app.domain.roles import SYSTEM, USER
from app.domain.validation.structure import role_of


def _without_empty(value: Value, _: Asked) -> Value:
    return with_messages(value, [each for each in messages_in(value) if not _is_blank(each)])


def _is_blank(message: Any) -> bool:
    text = text_of(message)
    return text is not None and not text.strip() and role_of(message) == SYSTEM


def _added(value: Value, asked: Asked) -> Value:
    messages = messages_in(value)
    if not messages or _systems(messages):
        return value
    return with_messages(value, [{"role": SYSTEM, "content": asked.text.strip()}, *messages])


def _merged(value: Value, _: Asked) -> Value:
    messages = messages_in(value)
    first, *others = _systems(messages) or [0]
    return with_messages(value, _folded(messages, first, others))


def _in_front(value: Value, _: Asked) -> Value:
    messages = messages_in(value)
    leading = len(_leading(messages))
    strays = [place for place in _systems(messages) if place >= leading]
    if strays and not leading:
        first = strays[0]
        messages = [messages[first], *messages[:first], *messages[first + 1 :]]
        strays = strays[1:]  # those behind it stand where they stood
    return with_messages(value, _folded(messages, 0, strays))


def _into_user(value: Value, _: Asked) -> Value:
    messages = messages_in(value)
    leading = _leading(messages)
    place = next((place for place, each in enumerate(messages) if role_of(each) == USER), -1)
    said = text_of(messages[place]) if leading else None
    if place < 0 or said is None or any(text_of(each) is None or further_keys(each) for each in leading):
        return value
    prompt = _text_of_all(leading)
    user = {**messages[place], "content": joined((prompt, said))}
    return with_messages(value, [*messages[len(leading) : place], user, *messages[place + 1 :]])


def _systems(messages: list[Any]) -> list[int]:
    """The places of the system messages."""
    return [place for place, each in enumerate(messages) if role_of(each) == SYSTEM]


def _leading(messages: list[Any]) -> list[Any]:
    """The system messages with which the conversation opens."""
    return list(takewhile(lambda each: role_of(each) == SYSTEM, messages))


def _folded(messages: list[Any], into: int, places: list[int]) -> list[Any]:
    """The messages with the text of some of them in another one, where that loses nothing."""
    if not places or text_of(messages[into]) is None:
        return messages
    first = messages[into]
    alike = {
        place: messages[place]
        for place in places
        if text_of(messages[place]) is not None and further_keys(messages[place]) == further_keys(first)
    }
    if not alike:
        return messages
    text = _text_of_all([first, *alike.values()])
    whole = first if text == first["content"] else {**first, "content": text}
    kept = (place for place in range(len(messages)) if place not in alike)
    return [whole if place == into else messages[place] for place in kept]


def _text_of_all(messages: Iterable[dict[str, Any]]) -> str:
    """The texts of messages with a blank line between; what one says just as another is said once."""
    said: dict[str, str] = {}
    for message in messages:
        said.setdefault(message["content"].strip(), message["content"])
    return joined(tuple(said.values()))


_FOLD = "Put the system prompt into the user’s first message"
REPAIRS = (
    Repair.plain("chatml.empty_system_content", "Remove empty system messages", _without_empty),
    Repair(
        "chatml.missing_system_role",
        "Put a system prompt in front",
        (Choice("add", "Put this system prompt in front", _added, asks="System prompt"),),
    ),
    Repair.plain("chatml.duplicate_system_message", "Merge system messages into the first", _merged),
    Repair.plain("chatml.system_not_first", "Merge them into the first, or put it in front", _in_front),
    Repair.plain("target.system_lost", _FOLD, _into_user),
    Repair.plain("target.system_refused", _FOLD, _into_user),
)
