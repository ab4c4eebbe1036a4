"""Prompts: texts kept for system messages, and the entries in which a system message says just that."""

from collections.abc import Iterator, Mapping
from typing import Any

from app.domain.entry import Message, Style, messages_of, render
from app.domain.roles import SYSTEM

LONGEST_NAME = 200
LONGEST_TEXT = 1_000_000
LONGEST_DESCRIPTION = 2_000


def system_texts(value: Mapping[str, Any]) -> Iterator[str]:
    """The text of each system message of an entry."""
    for message in messages_of(value):
        if message.is_text and message.canonical == SYSTEM:
            yield message.text


def reworded(value: Mapping[str, Any], old: str, new: str) -> Mapping[str, Any]:
    """The entry with ``new`` in every system message that says ``old``; itself if there is none."""
    if old not in system_texts(value):
        return value
    messages = [_reworded(message, old, new) for message in messages_of(value)]
    return {**value, "messages": messages}


def _reworded(message: Message, old: str, new: str) -> Any:
    same = message.is_text and message.canonical == SYSTEM and message.text == old
    return {**message.value, "content": new} if same else message.value


def beginnings(text: str) -> tuple[bytes, ...]:
    """How a line begins whose first message is a system message that says just this, as we spell lines.

    Most lines that have it begin so, and need not be parsed to be sure.
    """
    value = {"messages": [{"role": SYSTEM, "content": text}]}
    styles = (Style(compact, ascii) for compact in (False, True) for ascii in (False, True))
    return tuple({render(value, style).removesuffix(b"]}"): None for style in styles})
