"""Facts: what is derived from a line once, so that lists, filters and counts need not read it again."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum
from typing import Any

import orjson

from app.domain.entry import Entry, NotJson, digest, messages_of
from app.domain.tags import slug

VERSION = 1  # raise it when a function here, in roles or in search.fold changes what it says


class Kind(IntEnum):
    """What a line of a dataset file is."""

    ENTRY = 0
    UNREADABLE = 1
    BLANK = 2


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known of one line.

    ``talk`` is the digest of its messages: equal talk means equal texts, so that a change of
    tags alone re-reads none. ``characters`` counts the characters of all message texts.
    """

    kind: Kind
    digest: bytes
    reason: str = ""
    uuid: str | None = None
    tags: tuple[tuple[str, str], ...] = ()  # (slug, as spelt), each slug once
    talk: bytes = b""
    messages: int = 0
    exchanges: int = 0
    characters: int = 0


def payload(line: bytes) -> bytes:
    """The line without its line end."""
    return line.removesuffix(b"\n").removesuffix(b"\r")


def facts_of(line: bytes) -> tuple[Facts, Mapping[str, Any]]:
    """The facts of a raw line, and its value (empty where it is no entry)."""
    mark, text = digest(line), payload(line)
    if not text.strip(b" \t\r"):
        return Facts(Kind.BLANK, mark), {}
    try:
        entry = Entry.of(text)
    except NotJson as error:
        return Facts(Kind.UNREADABLE, mark, str(error)), {}
    return facts_of_entry(entry, mark), entry.value


def facts_of_entry(entry: Entry, mark: bytes) -> Facts:
    """The facts of an entry whose line has the digest ``mark``."""
    messages = exchanges = characters = 0
    asked = False
    for message in messages_of(entry.value):
        messages += 1
        characters += len(message.text)
        role = message.canonical
        if role == "user":
            asked = True
        elif role == "assistant":
            exchanges += asked
            asked = False
    return Facts(
        Kind.ENTRY,
        mark,
        uuid=entry.uuid,
        tags=tuple({slug(tag) or tag.strip(): tag for tag in reversed(entry.tags)}.items())[::-1],
        talk=digest(_spelt(entry.value.get("messages"))),
        messages=messages,
        exchanges=exchanges,
        characters=characters,
    )


def letters(value: Mapping[str, Any]) -> list[tuple[str, str]]:
    """The texts that a search looks through, each with the letter of its scope."""
    return [(_LETTERS.get(message.canonical, "x"), message.text) for message in messages_of(value)]


_LETTERS = {"system": "s", "user": "u", "assistant": "a"}


def _spelt(messages: Any) -> bytes:
    """The messages as bytes, the same for equal values."""
    try:
        return orjson.dumps(messages)
    except (TypeError, ValueError):  # lone surrogates, numbers beyond 64 bits
        return repr(messages).encode("utf-8", "backslashreplace")
