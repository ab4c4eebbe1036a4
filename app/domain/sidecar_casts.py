"""The mappings of a sidecar as they stand in the file: cut out, changed row by row, put back.

They may be a hundred megabytes where all else is a few kilobytes, so a change that is not about them
does not spell them anew.
"""

from collections.abc import Mapping
from typing import Any

import orjson

from app.domain.sidecar import SidecarMapping, row_of_mapping

# No text holds a line feed as it stands, so that these are found nowhere but where they belong.
_EMPTY = b'\n  "entry_character_mappings": []'
_START = b'\n  "entry_character_mappings": ['
_END = b"\n  ]"
_NEXT = b'\n  "system_prompts": '
_OPEN, _CLOSE = b"\n    {", b"\n    }"


def cut(raw: bytes) -> tuple[bytes, bytes] | None:
    """A sidecar without mappings, and the rows of its mappings; None if it is not spelt as we do it."""
    start = raw.find(_START)
    if start < 0:
        return None
    if raw.startswith(_EMPTY, start):
        return raw, b""
    first = start + len(_START)
    end = raw.find(_NEXT, first) - len(_END) - 1
    if end < first or raw[end : end + len(_END) + 1] != _END + b",":
        return None
    return raw[:start] + _EMPTY + raw[end + len(_END) :], raw[first:end]


def put(rest: bytes, rows: bytes) -> bytes:
    """A sidecar without mappings with these rows of mappings."""
    return rest.replace(_EMPTY, _START + rows + _END, 1) if rows else rest


def changed(rows: bytes, mappings: Mapping[str, SidecarMapping | None]) -> bytes:
    """The rows with some entries mapped otherwise, or no more; a new one stands behind the others.

    Each costs a copy of the rows.
    """
    for uuid, mapping in mappings.items():
        place = rows.find(b"%b\n      %b," % (_OPEN, _key(uuid)))
        if place < 0:
            rows += (b"," if rows else b"") + _spelt(mapping, {}) if mapping else b""
            continue
        end = rows.index(_CLOSE, place) + len(_CLOSE)
        if mapping:
            text = _spelt(mapping, orjson.loads(rows[place:end]))
            rows = rows[:place] + text + rows[end:]
        else:
            rows = (rows[:place] + rows[end:].removeprefix(b",")).removesuffix(b",")
    return rows


def _key(uuid: str) -> bytes:
    return b'"entry_uuid": ' + orjson.dumps(uuid)


def _spelt(mapping: SidecarMapping, old: dict[str, Any]) -> bytes:
    text = orjson.dumps([row_of_mapping(mapping, old)], option=orjson.OPT_INDENT_2)
    return text[1 : -len(b"\n]")].replace(b"\n", b"\n  ")
