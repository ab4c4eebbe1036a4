"""One entry of a dataset: a line of JSON, read without loss and written back in its own spelling."""

import json
import re
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from functools import cached_property
from hashlib import sha256
from itertools import islice
from typing import Any

import orjson

from app.domain.roles import canonical

DEEPEST = 200  # levels of a line that can be edited
READABLE = 900  # levels of one that can be read: a few more, and Python could parse it but not spell it out
BLOCK = "_rolethread"
_ESCAPED = re.compile("[\u0085\u2028\u2029\ud800-\udfff]")
# What is left of a line to see: each digit as 0, each opening bracket as [, all else as a blank.
_SHOWN = dict(zip(b"0123456789[{", b"0000000000[[", strict=True))
_SHAPE = bytes(_SHOWN.get(byte, ord(" ")) for byte in range(256))
_LONG_NUMBER = b"0" * 19  # in such a shape: an integer that may have more than 64 bits
_BREAKS = re.compile(b"\xc2\x85|\xe2\x80[\xa8\xa9]")  # the first three of those in UTF-8
_UUID = re.compile("[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_TOO_DEEP = "nested too deeply"
_LOCK_DUPLICATE = "the key {!r} stands twice in one object"
_LOCK_NUMBER = "the number {} cannot be held exactly"
_LOCK_DEEP = f"it is nested more than {DEEPEST} levels deep"


class NotJson(ValueError):
    """The line is no JSON; the text says why, in plain words."""


class Unfaithful(ValueError):
    """The line is a JSON object that cannot be rewritten without losing something; the text says what."""


@dataclass(frozen=True, slots=True)
class Style:
    """How a line spells its JSON: ``compact`` has no spaces, ``ascii`` escapes every other letter."""

    compact: bool = False
    ascii: bool = False


PLAIN = Style()
_STYLES = (PLAIN, Style(ascii=True), Style(compact=True), Style(compact=True, ascii=True))


def digest(raw: bytes) -> bytes:
    """A 16-byte fingerprint of a line: the first half of its sha256, which processors have in hardware."""
    return sha256(raw).digest()[:16]


def loads(raw: bytes) -> Any:
    """The value of a line of JSON. Fast, and enough for reading; :func:`strict` is for rewriting.

    :raises NotJson: if it is no JSON (RFC 8259), no UTF-8, or nested too deeply to be read.
    """
    shape = raw.translate(_SHAPE)
    value = _parsed(raw, shape)
    if shape.count(b"[") > READABLE and _deeper(value, READABLE):
        raise NotJson(_TOO_DEEP)
    return value


def _parsed(raw: bytes, shape: bytes) -> Any:
    try:
        value = orjson.loads(raw)
        if _LONG_NUMBER not in shape:
            return value
        first = ""
    except orjson.JSONDecodeError as error:
        first = str(error)
    try:  # orjson refuses lone surrogates, and turns integers beyond 64 bits into floats
        return json.loads(raw.decode("utf-8"), parse_constant=_no_constant, parse_int=_integer)
    except UnicodeDecodeError as error:
        raise NotJson(f"not UTF-8 (byte {error.start + 1})") from error
    except RecursionError as error:
        raise NotJson(_TOO_DEEP) from error
    except ValueError as error:
        raise NotJson(f"not JSON ({first.partition(':')[0]})") from error


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is not JSON")


def _integer(literal: str) -> int | float:
    return int(literal) if len(literal) <= 4000 else float("inf")


def strict(raw: bytes) -> dict[str, Any]:
    """The faithful value of a line that holds an object: what :func:`render` writes of it means the same.

    :raises Unfaithful: for repeated keys, numbers that we cannot hold exactly, more than 200 levels,
        or a line that is no JSON object at all.
    """
    try:
        value = json.loads(
            raw.decode("utf-8"),
            object_pairs_hook=_distinct,
            parse_constant=_no_constant,
            parse_float=_exact_float,
            parse_int=_exact_integer,
        )
    except RecursionError as error:
        raise Unfaithful(_LOCK_DEEP) from error
    except Unfaithful:
        raise
    except ValueError as error:
        raise Unfaithful("it is no JSON") from error
    if not isinstance(value, dict):
        raise Unfaithful("it is no JSON object")
    if _deeper(value, DEEPEST):
        raise Unfaithful(_LOCK_DEEP)
    return value


def _distinct(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    value = dict(pairs)
    if len(value) < len(pairs):
        seen: set[str] = set()
        for key, _ in pairs:
            if key in seen:
                raise Unfaithful(_LOCK_DUPLICATE.format(key))
            seen.add(key)
    return value


def _exact_float(literal: str) -> float:
    value = float(literal)
    try:
        exact = Decimal(literal) == Decimal(repr(value))
    except InvalidOperation:  # an exponent of more than 18 digits
        exact = False
    if not exact:
        raise Unfaithful(_LOCK_NUMBER.format(literal[:40]))
    return value


def _exact_integer(literal: str) -> int:
    if len(literal) > 4000:
        raise Unfaithful(_LOCK_NUMBER.format(literal[:40] + "…"))
    return int(literal)


def _deeper(value: Any, levels: int) -> bool:
    """Whether a value is nested more than so many levels deep, its own included."""
    level = [value] if isinstance(value, dict | list) else []
    for _ in range(levels):
        inner: list[Any] = []
        for item in level:
            inner.extend(item.values() if isinstance(item, dict) else item)
        level = [item for item in inner if isinstance(item, dict | list)]
        if not level:
            return False
    return True


def render(value: Mapping[str, Any], style: Style = PLAIN) -> bytes:
    """One line of JSON without line end.

    U+0085, U+2028, U+2029 and lone surrogates are escaped: many tools split lines on the
    first three, and the last have no UTF-8.
    """
    separators = (",", ":") if style.compact else (", ", ": ")
    text = json.dumps(value, ensure_ascii=style.ascii, separators=separators, allow_nan=False)
    if text.isascii():
        return text.encode("ascii")
    return _ESCAPED.sub(lambda match: f"\\u{ord(match[0]):04x}", text).encode("utf-8")


def spell(value: Mapping[str, Any]) -> bytes:
    """One line of compact JSON, as :func:`render` gives it, but for how a number is spelt; much quicker."""
    try:
        text = orjson.dumps(value)
    except TypeError:  # lone surrogates, integers beyond 64 bits, deep nesting
        return render(value, Style(compact=True))
    return text if text.isascii() or not _BREAKS.search(text) else render(value, Style(compact=True))


def style_of(raw: bytes, value: Mapping[str, Any]) -> Style:
    """The spelling that gives ``raw`` back from its value, or the plain one where none does."""
    return _style_of(raw, value) or PLAIN


def _style_of(raw: bytes, value: Mapping[str, Any]) -> Style | None:
    """The spelling that gives ``raw`` back from its value, the likeliest tried first."""
    colon = raw.find(b'":')
    compact = colon >= 0 and raw[colon + 2 : colon + 3] != b" "
    likely = sorted(_STYLES, key=lambda style: style.compact != compact)
    return next((style for style in likely if render(value, style) == raw), None)


def faithful(raw: bytes) -> tuple[dict[str, Any], Style]:
    """The faithful value of a line as :func:`strict` gives it, and the style in which to write it back.

    A line that one of our styles gives back to the byte has lost nothing on the way; only the others
    need the long look.

    :raises Unfaithful: as :func:`strict`.
    """
    if raw.count(b"{") + raw.count(b"[") <= DEEPEST:
        with suppress(orjson.JSONDecodeError):
            value = orjson.loads(raw)
            style = _style_of(raw, value) if isinstance(value, dict) else None
            if style:
                return value, style
    value = strict(raw)
    return value, style_of(raw, value)


def respelt(raw: bytes, old: Mapping[str, Any], new: Mapping[str, Any], style: Style) -> bytes:
    """The line of ``new``, where ``raw`` is that of ``old``: what stands before the first changed key stays.

    Only the rest is spelt, which takes a tenth of the time where long messages stand first.
    """
    kept = 0
    for (key, value), (other, now) in zip(old.items(), new.items(), strict=False):
        if key != other or value is not now:
            break
        kept += 1
    gone, come = (dict(islice(each.items(), kept, None)) for each in (old, new))
    ending = render(gone, style)[1:]
    if not (kept and gone and come and raw.endswith(ending)):
        return render(new, style)
    return raw[: len(raw) - len(ending)] + render(come, style)[1:]


@dataclass(frozen=True, slots=True)
class Message:
    """One message as it stands in the file: a role, a content, and whatever else is there."""

    value: Any

    @property
    def role(self) -> str:
        """The role as spelt; empty where there is none."""
        role = self.value.get("role") if isinstance(self.value, dict) else None
        return role if isinstance(role, str) else ""

    @property
    def canonical(self) -> str:
        """system, user, assistant or tool; empty for any other label."""
        return canonical(self.role)

    @property
    def content(self) -> Any:
        """What is said, of whatever type."""
        return self.value.get("content") if isinstance(self.value, dict) else self.value

    @property
    def is_text(self) -> bool:
        """Whether the content is plain text, which can be edited."""
        return isinstance(self.value, dict) and isinstance(self.content, str)

    @property
    def text(self) -> str:
        """The content where it is text, else nothing."""
        content = self.content
        return content if isinstance(content, str) else ""

    @property
    def others(self) -> dict[str, Any]:
        """Every further key of the message."""
        if not isinstance(self.value, dict):
            return {}
        return {key: item for key, item in self.value.items() if key not in ("role", "content")}


@dataclass(frozen=True)
class Entry:
    """One line of a dataset that is a JSON object."""

    raw: bytes
    value: dict[str, Any]

    @classmethod
    def of(cls, raw: bytes) -> "Entry":
        """The entry in a line.

        :raises NotJson: if the line is no JSON object.
        """
        value = loads(raw)
        if not isinstance(value, dict):
            raise NotJson("not a JSON object")
        return cls(raw, value)

    @cached_property
    def locked(self) -> str:
        """Why the text cannot be edited; empty where it can."""
        try:
            strict(self.raw)
        except Unfaithful as reason:
            return str(reason)
        return f"it uses the key {BLOCK} for something else" if _is_taken(self.value) else ""

    @property
    def messages(self) -> tuple[Message, ...]:
        """The messages in order; none where there is no list of them."""
        return messages_of(self.value)

    @property
    def tags(self) -> tuple[str, ...]:
        """The tags as spelt."""
        return tags_of(self.value)

    @property
    def uuid(self) -> str | None:
        """The entry's own id, where the line carries one."""
        return _stamped(self.value, "entry_uuid")

    @property
    def dataset_uuid(self) -> str | None:
        """The id of the dataset that the line says it belongs to."""
        return _stamped(self.value, "dataset_uuid")

    @property
    def others(self) -> dict[str, Any]:
        """Top-level keys beside messages, tags and the block that the app keeps."""
        return {key: item for key, item in self.value.items() if key not in ("messages", "tags", BLOCK)}


def _is_taken(value: Mapping[str, Any]) -> bool:
    """Whether the place of the app's own block holds something that is none."""
    held = value.get(BLOCK)
    return held is not None and not isinstance(held, dict)


def messages_of(value: Mapping[str, Any]) -> tuple[Message, ...]:
    """The messages of an entry's value."""
    found = value.get("messages")
    return tuple(Message(item) for item in found) if isinstance(found, list) else ()


def tags_of(value: Mapping[str, Any]) -> tuple[str, ...]:
    """The tags of an entry's value that are text and not blank, as spelt."""
    found = value.get("tags")
    items = found if isinstance(found, list) else [found]
    return tuple(tag for tag in items if isinstance(tag, str) and tag.strip())


def _stamped(value: Mapping[str, Any], key: str) -> str | None:
    block = value.get(BLOCK)
    found = block.get(key) if isinstance(block, dict) else None
    return found if isinstance(found, str) and _UUID.fullmatch(found) else None
