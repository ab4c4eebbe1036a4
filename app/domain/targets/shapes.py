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
# content at all, or a list of parts; another value is one of OTHER. A message that is no object is BARE
# where it is a text, else VOID.
TEXT, EMPTY, BLANK, NULL, MISSING, PARTS, BARE, VOID = (
    "text", "empty", "blank", "null", "missing", "parts", "bare", "void",
)  # fmt: skip
NO_OBJECT = frozenset({BARE, VOID})
# Any other content by the name of its type, and whether there is something in it: what a template says of
# a value that it cannot write tells its type.
_VALUES: dict[str, Any] = {
    "int": 5, "no int": 0, "float": 5.5, "no float": 0.0, "bool": True, "no bool": False,
    "list": ["more"], "no list": [], "dict": {"more": "more"}, "no dict": {},
}  # fmt: skip
OTHER = frozenset(_VALUES)

# How an answer thinks aloud: between both marks, with only the one behind it, or with only the one before.
# Each is probed with a thought that is told from the words of the answer by the letters around it.
_THOUGHTS = {
    "whole": "<think>\nT{0}T\n</think>\n\n{0}",
    "closed": "T{0}T\n</think>\n\n{0}",
    "open": "<think>\nT{0}T\n{0}",
}
LEFT, RIGHT = "left", "right"
BLANKS = (" ", "\n")  # white space at an end of a text, as its outermost character is a new line or is not
LAST = "last"  # stands for the role of the last message, with which some templates deal otherwise
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
    """What trainers see of an entry: its messages, its further keys, and what its texts hold beside words.

    ``top`` holds the keys beside the messages, the tags and the block of ours, each with the class of its
    value. Where there is no list of messages, or an empty one, ``messages`` is empty, and whatever stands
    in their place is in ``top``. ``thoughts`` are the ways in which answers think aloud. ``ends`` says
    whose texts have white space at an end: the role, :data:`LEFT` or :data:`RIGHT`, one of :data:`BLANKS`.
    Both are said of all messages together, as every message by itself would make shapes without number.
    """

    messages: tuple[Part, ...]
    top: tuple[tuple[str, str], ...] = ()
    thoughts: tuple[str, ...] = ()
    ends: tuple[tuple[str, str, str], ...] = ()

    @classmethod
    def of(cls, value: Mapping[str, Any]) -> "Shape":
        """The shape of an entry's value."""
        found = value.get("messages")
        messages = found if isinstance(found, list) else []
        ours = _OURS if messages else _OURS - {"messages"}
        top = _classes((key, item) for key, item in value.items() if key not in ours)
        parts = tuple([_part(item) for item in messages])
        return cls(parts, top, *_in_texts(parts, messages))

    def encode(self) -> str:
        """The shape as compact JSON; the same for the same shape."""
        messages = [part.role if part.role and _is_plain(part) else _spelt(part) for part in self.messages]
        value = [messages, self.top, self.thoughts, self.ends]
        try:
            return orjson.dumps(value).decode()
        except TypeError:  # a lone surrogate in a name
            return json.dumps(value, separators=(",", ":"))

    @classmethod
    def decode(cls, text: str) -> "Shape":
        """The shape that :meth:`encode` wrote."""
        messages, top, thoughts, ends = json.loads(text)
        parts = (_plain(item) if isinstance(item, str) else _read(*item) for item in messages)
        return cls(tuple(parts), _pairs(top), tuple(thoughts), tuple(map(tuple, ends)))

    def probe(self, thought: str = "", blank: str = "") -> list[Any]:
        """Messages of this shape, each text a word that stands in no template: see :func:`placeholder`.

        :param thought: one of the thoughts; with it, every answer thinks in this way.
        :param blank: one of the BLANKS; with it, texts have it at those of their ends that ``ends`` names.
        """
        pattern = _THOUGHTS.get(thought, "{0}")
        return [
            _probed(part, self.padded(index, blank), pattern if part.canonical == ASSISTANT else "{0}")
            for index, part in enumerate(self.messages)
        ]

    def beside(self) -> dict[str, Any]:
        """The further keys of an entry of this shape; a text is a placeholder that no message has."""
        word = placeholder(len(self.messages))
        return {key: word if kind == "text" else _sample(key, kind) for key, kind in self.top}

    def padded(self, index: int, blank: str) -> str:
        """The placeholder of a message with the white space that a probe puts around it."""
        word, part = placeholder(index), self.messages[index]
        if part.content != TEXT:
            return word
        who = _who(part, index, len(self.messages))
        left = blank if (who, LEFT, blank) in self.ends else ""
        return left + word + (blank if (who, RIGHT, blank) in self.ends else "")


def _probed(part: Part, word: str, pattern: str) -> Any:
    if part.content in NO_OBJECT:
        return word if part.content == BARE else 5
    if part.content == TEXT:
        word = pattern.format(word)
    message: dict[str, Any] = {"role": part.role} if part.role else {}
    if part.content != MISSING:
        message["content"] = _content(part.content, word)
    return message | {key: _sample(key, kind) for key, kind in part.keys}


def placeholder(index: int) -> str:
    """The word that stands for the text of a message in a probe."""
    return f"X{index}X"


def _in_texts(
    parts: tuple[Part, ...], messages: list[Any]
) -> tuple[tuple[str, ...], tuple[tuple[str, str, str], ...]]:
    """The thoughts in the texts of messages, and the white space at their ends."""
    thoughts: set[str] = set()
    ends: set[tuple[str, str, str]] = set()
    for index, part in enumerate(parts):
        if part.content != TEXT:
            continue
        text = messages[index]["content"]
        if "<" in text and "think>" in text and part.canonical == ASSISTANT:  # the first is found quickly
            thoughts.add(_thought(text))
        if text[0].isspace():
            ends.add((_who(part, index, len(parts)), LEFT, _blank(text[0])))
        if text[-1].isspace():
            ends.add((_who(part, index, len(parts)), RIGHT, _blank(text[-1])))
    return tuple(sorted(thoughts - {""})), tuple(sorted(ends))


def _who(part: Part, index: int, messages: int) -> str:
    return LAST if index == messages - 1 else part.canonical


def _thought(text: str) -> str:
    """How a text thinks aloud; empty where it does not."""
    before, closing, _ = text.partition("</think>")
    if "<think>" in before:
        return "whole" if closing else "open"
    return "closed" if closing else ""


def _blank(outermost: str) -> str:
    return "\n" if outermost == "\n" else " "


def _part(message: Any) -> Part:
    if not isinstance(message, dict):
        return Part("", BARE if isinstance(message, str) else VOID)
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
    if is_parts:
        return PARTS
    name = type(content).__name__
    return name if content else f"no {name}"


def _content(kind: str, word: str) -> Any:
    if kind == TEXT:
        return word
    if kind == PARTS:
        return [{"type": "text", "text": word}]
    return {EMPTY: "", BLANK: " ", NULL: None}.get(kind, _VALUES.get(kind))


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
