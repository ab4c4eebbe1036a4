"""The shape of an entry: all of it that trainers and chat templates react to, and none of its words.

A dataset of a hundred thousand entries has a few hundred shapes, so that whatever depends on the shape
alone is found out once for each of them.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import orjson

from app.domain.entry import BLOCK
from app.domain.roles import ASSISTANT, canonical

# What the content of a message can be: text, empty text, text of nothing but white space, null, no
# content at all, a list of parts, or any other value. The last is a message that is no object.
TEXT, EMPTY, BLANK, NULL, MISSING, PARTS, OTHER, BARE = (
    "text", "empty", "blank", "null", "missing", "parts", "other", "bare",
)  # fmt: skip

_THINK = "<think>"
_OURS = frozenset({"messages", "tags", BLOCK})
_CALL = {"id": "abcdefghi", "type": "function", "function": {"name": "look", "arguments": {}}}
_SAMPLES: dict[str, Any] = {
    "true": True, "false": False, "0": 0, "1": 1, "null": None, "empty": "", "text": "more", "number": 7,
    "list": ["more"], "object": {"more": "more"},
}  # fmt: skip
_SAMPLE_OF_KEY: dict[tuple[str, str], Any] = {
    ("tool_calls", "list"): [_CALL],
    ("tool_calls", "empty"): [],
    ("function_call", "object"): {"name": "look", "arguments": "{}"},
}


@dataclass(frozen=True, slots=True)
class Part:
    """One message of a shape.

    ``role`` is as spelt, and empty where there is none. ``content`` is one of the names above. ``keys``
    are the further keys in order of the alphabet, each with the class of its value; a role that is empty
    or no text is among them.
    """

    role: str
    content: str
    keys: tuple[tuple[str, str], ...] = ()

    @property
    def canonical(self) -> str:
        """system, user, assistant or tool; empty for any other label."""
        return canonical(self.role)

    def has(self, key: str) -> str:
        """The class of a further key's value; empty where the message has no such key."""
        return next((kind for name, kind in self.keys if name == key), "")


@dataclass(frozen=True, slots=True)
class Shape:
    """What trainers see of an entry: its messages, its further keys, and whether an answer thinks aloud.

    ``top`` holds the keys beside the messages, the tags and the block of ours, each with the class of its
    value. Where there is no list of messages, or an empty one, ``messages`` is empty, and whatever stands
    in their place is in ``top``.
    """

    messages: tuple[Part, ...]
    top: tuple[tuple[str, str], ...] = ()
    thinks: bool = False

    @classmethod
    def of(cls, value: Mapping[str, Any]) -> "Shape":
        """The shape of an entry's value."""
        found = value.get("messages")
        messages = found if isinstance(found, list) else []
        ours = _OURS if messages else _OURS - {"messages"}
        top = _classes((key, item) for key, item in value.items() if key not in ours)
        parts = tuple([_part(item) for item in messages])
        return cls(parts, top, _thinks(parts, messages))

    def encode(self) -> str:
        """The shape as compact JSON; the same for the same shape."""
        messages = [part.role if part.role and _is_plain(part) else _spelt(part) for part in self.messages]
        value = [messages, self.top, self.thinks]
        try:
            return orjson.dumps(value).decode()
        except TypeError:  # a lone surrogate in a name
            return json.dumps(value, separators=(",", ":"))

    @classmethod
    def decode(cls, text: str) -> "Shape":
        """The shape that :meth:`encode` wrote."""
        messages, top, thinks = json.loads(text)
        parts = (_plain(item) if isinstance(item, str) else _read(*item) for item in messages)
        return cls(tuple(parts), _pairs(top), thinks)

    def probe(self) -> list[Any]:
        """Messages of this shape, each text a word that stands in no template: see :func:`placeholder`."""
        return [self._probed(part, placeholder(index)) for index, part in enumerate(self.messages)]

    def _probed(self, part: Part, word: str) -> Any:
        if part.content == BARE:
            return word
        if self.thinks and part.canonical == ASSISTANT and part.content == TEXT:
            word = f"<think>\nT{word}T\n</think>\n\n{word}"
        message: dict[str, Any] = {"role": part.role} if part.role else {}
        if part.content != MISSING:
            message["content"] = _content(part.content, word)
        return message | {key: _sample(key, kind) for key, kind in part.keys}


def placeholder(index: int) -> str:
    """The word that stands for the text of a message in a probe."""
    return f"X{index}X"


def _thinks(parts: tuple[Part, ...], messages: list[Any]) -> bool:
    return any(
        _THINK in message["content"]
        for part, message in zip(parts, messages, strict=True)
        if part.content == TEXT and canonical(part.role) == ASSISTANT
    )


def _part(message: Any) -> Part:
    if not isinstance(message, dict):
        return Part("", BARE)
    role = message.get("role")
    content = message.get("content", message)
    if type(role) is str and role and type(content) is str and content and not content.isspace():
        if len(message) == 2:
            return _plain(role)
    elif not isinstance(role, str):
        role = ""
    others = (
        (key, item) for key, item in message.items() if key != "content" and not (key == "role" and role)
    )
    return Part(role, MISSING if content is message else _kind(content), _classes(others))


@lru_cache(maxsize=1024)
def _plain(role: str) -> Part:
    return Part(role, TEXT)


def _is_plain(part: Part) -> bool:
    return part.content == TEXT and not part.keys


def _spelt(part: Part) -> list[Any]:
    return [part.role, part.content, part.keys]


def _read(role: str, content: str, keys: list[list[str]]) -> Part:
    return Part(role, content, _pairs(keys))


def _pairs(items: list[list[str]]) -> tuple[tuple[str, str], ...]:
    return tuple((key, kind) for key, kind in items)


def _kind(content: Any) -> str:
    if isinstance(content, str):
        return EMPTY if not content else BLANK if content.isspace() else TEXT
    if content is None:
        return NULL
    is_parts = isinstance(content, list) and content and all(isinstance(part, dict) for part in content)
    return PARTS if is_parts else OTHER


def _content(kind: str, word: str) -> Any:
    if kind == TEXT:
        return word
    if kind == PARTS:
        return [{"type": "text", "text": word}]
    return {EMPTY: "", BLANK: " ", NULL: None}.get(kind, {"text": word})


def _classes(items: Iterable[tuple[str, Any]]) -> tuple[tuple[str, str], ...]:
    return tuple(sorted([(key, _class(item)) for key, item in items]))


def _class(value: Any) -> str:
    """What a value is, as far as a trainer may care: the words are those of :data:`_SAMPLES`."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return str(value) if value in (0, 1) and isinstance(value, int) else "number"
    if not value:
        return "empty"
    return "text" if isinstance(value, str) else "list" if isinstance(value, list) else "object"


def _sample(key: str, kind: str) -> Any:
    return _SAMPLE_OF_KEY.get((key, kind), _SAMPLES[kind])
