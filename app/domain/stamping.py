"""Writing the app's own block into a line, and leaving every other byte of it alone."""

import re
from collections.abc import Iterator
from typing import Any

import orjson

from app.domain.entry import BLOCK, NotJson, Style, loads, render

_TOKEN = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"|[\[\]{},:]', re.DOTALL)
_WHITE = b" \t\r\n"
_KEY = b'"_rolethread"'
_BACKSLASH = ord("\\")


def stamp(raw: bytes, value: dict[str, Any], block: dict[str, Any]) -> bytes:
    """The line with ``block`` as its ``_rolethread``; the same bytes if it says so already.

    The line need not be one that we could rewrite: repeated keys and long numbers stay as they are.

    :param raw: a line that holds one JSON object.
    :param value: the object that it holds.
    """
    if BLOCK not in value:
        return _inserted(raw, block)
    held = value[BLOCK]
    if held == block and repr(held) == repr(block):  # True == 1, but JSON spells them differently
        return raw
    start, end = _span(raw)
    return raw[:start] + _spelt(block, compact=_is_compact(raw)) + raw[end:]


def _inserted(raw: bytes, block: dict[str, Any]) -> bytes:
    end = raw.rindex(b"}")
    compact = _is_compact(raw)
    comma = b"" if raw[:end].rstrip(_WHITE).endswith(b"{") else b"," if compact else b", "
    key = b'"_rolethread":' if compact else b'"_rolethread": '
    return b"".join((raw[:end], comma, key, _spelt(block, compact=compact), raw[end:]))


def _is_compact(raw: bytes) -> bool:
    """Whether the line's first key is followed by its value without a space."""
    colon = raw.find(b'":')
    return colon >= 0 and raw[colon + 2] not in _WHITE


def _spelt(block: dict[str, Any], *, compact: bool) -> bytes:
    """The block as JSON; several times faster than ``render`` for the flat blocks that we write."""
    try:
        text = orjson.dumps(block, option=None if compact else orjson.OPT_INDENT_2)
    except TypeError:
        return render(block, Style(compact=compact))
    if not compact:
        text = text.replace(b"{\n  ", b"{", 1).replace(b",\n  ", b", ").replace(b"\n}", b"}")
    return text if text.isascii() and b"\n" not in text else render(block, Style(compact=compact))


def _span(raw: bytes) -> tuple[int, int]:
    """Where the value of the line's last ``_rolethread`` begins and ends."""
    start, end = _final_span(raw) or _scanned_span(raw)
    text = raw[start:end]
    return start + len(text) - len(text.lstrip(_WHITE)), start + len(text.rstrip(_WHITE))


def _final_span(raw: bytes) -> tuple[int, int] | None:
    """The place of the block where it is the line's last key, as in every line that we wrote."""
    key, end = raw.rfind(_KEY), raw.rindex(b"}")
    start = raw.find(b":", key) + 1
    # An unescaped quote before a bare word opens a text, and a value between it and the last bracket
    # of the line makes it a key of the outermost object.
    if key < 0 or raw[key - 1] == _BACKSLASH or raw[key + len(_KEY) : start].strip(_WHITE) != b":":
        return None
    try:
        loads(raw[start:end])
    except NotJson:
        return None
    return start, end


def _scanned_span(raw: bytes) -> tuple[int, int]:
    *_, span = ((start, end) for key, start, end in _members(raw) if loads(key) == BLOCK)
    return span


def _members(raw: bytes) -> Iterator[tuple[bytes, int, int]]:
    """Each key of the outermost object as spelt, with the place between its colon and the next comma."""
    depth, key, start = 0, b"", 0
    last = b""
    for token in _TOKEN.finditer(raw):
        mark = raw[token.start() : token.start() + 1]
        if depth == 1 and mark in b",}" and key:
            yield key, start, token.start()
            key = b""
        elif depth == 1 and mark == b":":
            key, start = last, token.end()
        elif depth == 1 and mark == b'"':
            last = token[0]
        depth += (mark in b"[{") - (mark in b"]}")
