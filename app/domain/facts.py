"""Facts: what is derived from a line once, so that lists, filters and counts need not read it again."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum
from functools import lru_cache
from typing import Any

import orjson

from app.domain.entry import BLOCK, Entry, NotJson, digest
from app.domain.roles import canonical
from app.domain.tags import slug
from app.domain.validation.codes import GROUPED
from app.domain.validation.diagnostic import Finding, summed
from app.domain.validation.labels import check_labels

VERSION = 7  # raise it when a function here, in roles, tags or folding changes what it says, or SCHEMA does


class Kind(IntEnum):
    """What a line of a dataset file is."""

    ENTRY = 0
    UNREADABLE = 1
    BLANK = 2


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known of one line.

    ``talk`` is the digest of its messages and of the keys that are not ours: equal talk means equal
    texts, so that a change of tags alone re-reads none. ``characters`` counts the characters of all
    message texts. ``notes`` is what validation finds in tags, keys and id; texts are looked at later.
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
    notes: tuple[Finding, ...] = ()


def payload(line: bytes) -> bytes:
    """The line without its line end."""
    return line.removesuffix(b"\n").removesuffix(b"\r")


def is_entry(line: bytes) -> bool:
    """Whether a raw line is an entry."""
    try:
        Entry.of(payload(line))
    except NotJson:
        return False
    return True


def facts_of(line: bytes) -> tuple[Facts, list[tuple[str, str]]]:
    """The facts of a raw line, and its texts as :func:`letters` gives them (none where it is no entry)."""
    mark, text = digest(line), payload(line)
    if not text.strip(b" \t\r"):
        return Facts(Kind.BLANK, mark), []
    try:
        entry = Entry.of(text)
    except NotJson as error:
        return Facts(Kind.UNREADABLE, mark, str(error)), []
    return facts_of_entry(entry, mark)


def facts_of_entry(entry: Entry, mark: bytes) -> tuple[Facts, list[tuple[str, str]]]:
    """The facts of an entry whose line has the digest ``mark``, and its texts."""
    texts = letters(entry.value)
    exchanges = characters = 0
    asked = False
    for letter, text in texts:
        characters += len(text)
        if letter == "u":
            asked = True
        elif letter == "a":
            exchanges += asked
            asked = False
    found = Facts(
        Kind.ENTRY,
        mark,
        uuid=entry.uuid,
        tags=_tags(entry),
        talk=digest(_spelt(entry)),
        messages=len(texts),
        exchanges=exchanges,
        characters=characters,
        notes=summed(labels, GROUPED) if (labels := tuple(check_labels(entry))) else (),
    )
    return found, texts


def _tags(entry: Entry) -> tuple[tuple[str, str], ...]:
    """Each tag once, by its slug, in its first spelling."""
    found: dict[str, tuple[str, str]] = {}
    for tag in entry.tags:
        named = _named(tag)
        found.setdefault(named[0], named)
    return tuple(found.values())


@lru_cache(maxsize=4096)  # a dataset says the same few over and over
def _named(tag: str) -> tuple[str, str]:
    """A tag's slug and spelling; half a character is shown as its escape."""
    label = tag.encode("utf-8", "backslashreplace").decode("utf-8")
    return slug(label) or label.strip(), label


def tags_in(line: bytes) -> dict[str, str]:
    """The tags of a raw line by their slugs, each in its first spelling; none where it is no entry."""
    try:
        return dict(_tags(Entry.of(payload(line))))
    except NotJson:
        return {}


def letters(value: Mapping[str, Any]) -> list[tuple[str, str]]:
    """The text of every message, as a search looks through it, with the letter of its scope."""
    found = value.get("messages")
    if not isinstance(found, list):
        return []
    try:
        texts = [(_USUAL[message["role"]], message["content"]) for message in found]
    except (KeyError, TypeError):
        return [_lettered(message) for message in found]
    for _, text in texts:
        if type(text) is not str:
            return [_lettered(message) for message in found]
    return texts


def _lettered(message: Any) -> tuple[str, str]:
    """What :class:`Message` says of canonical role and text."""
    if not isinstance(message, dict):
        return "x", ""
    role, content = message.get("role"), message.get("content")
    return _letter(role) if isinstance(role, str) else "x", content if isinstance(content, str) else ""


@lru_cache(maxsize=256)
def _letter(role: str) -> str:
    return _LETTERS.get(canonical(role), "x")


_OURS = frozenset(("messages", "tags", BLOCK))
_LETTERS = {"system": "s", "user": "u", "assistant": "a"}
_USUAL = {**_LETTERS, "tool": "x"}  # nearly every role that there is, spelt just so


def _spelt(entry: Entry) -> bytes:
    """Bytes that are the same only for equal messages and keys of others: their JSON, or the whole line."""
    value = entry.value
    try:
        talk = orjson.dumps(value.get("messages"))
        if value.keys() <= _OURS:
            return talk
        return talk + orjson.dumps({key: each for key, each in value.items() if key not in _OURS})
    except TypeError:  # lone surrogates, numbers beyond 64 bits, deep nesting
        return entry.raw
