"""The sidecar: a small JSON file beside a dataset, with what its lines cannot say.

RoleThread Lite reads and writes the same file. It passes over keys that it does not know, and so do
we; but we keep them, each in its place.
"""

import json
import re
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from operator import attrgetter
from typing import Any, TypeVar

import orjson

from app.domain.casting import Turn
from app.domain.entry import Unfaithful, strict

KIND = "rolethread.tag_registry"
SCHEMA = 1
APP_NAME = "RoleThread"

_HALF_A_CHARACTER = re.compile("[\ud800-\udfff]")
_AT_EACH_WRITING = ("exported_at", "app_name", "app_version")
_SPELLING = orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE

Row = TypeVar("Row")


class UnreadableSidecar(ValueError):
    """The file is no sidecar that this app can read; the text says why, in plain words."""


@dataclass(frozen=True, slots=True)
class SidecarCategory:
    """A category that one of the dataset's tags stands in."""

    slug: str
    name: str
    sort_order: int
    is_active: bool
    is_builtin: bool


@dataclass(frozen=True, slots=True)
class SidecarTag:
    """A tag of the dataset. ``lifecycle`` says how it became what it is."""

    slug: str
    name: str
    category_slug: str | None
    sort_order: int
    status: str
    is_active: bool
    is_builtin: bool
    lifecycle: dict[str, Any]


@dataclass(frozen=True, slots=True)
class SidecarAlias:
    """A slug that another one has taken the place of."""

    old_slug: str
    new_slug: str | None
    action: str
    metadata: dict[str, Any]


@dataclass(frozen=True, slots=True)
class SidecarCharacter:
    """A character that speaks in the dataset."""

    slug: str
    display_name: str
    description: str | None
    is_active: bool


@dataclass(frozen=True, slots=True)
class SidecarMapping:
    """Who speaks the messages of one entry. A turn's index may lie outside the entry as it is now."""

    entry_uuid: str
    turns: tuple[Turn, ...]


@dataclass(frozen=True, slots=True)
class SidecarPrompt:
    """A prompt template that is attached to the dataset."""

    slug: str
    name: str
    content: str
    description: str | None
    is_active: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Content:
    """What a sidecar says of its dataset; ``tag_usage_counts`` counts entries by the slug of a tag."""

    dataset_uuid: str
    filename: str
    entry_count: int
    tag_usage_counts: Mapping[str, int]
    categories: tuple[SidecarCategory, ...] = ()
    tags: tuple[SidecarTag, ...] = ()
    aliases: tuple[SidecarAlias, ...] = ()
    characters: tuple[SidecarCharacter, ...] = ()
    mappings: tuple[SidecarMapping, ...] = ()
    prompts: tuple[SidecarPrompt, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Sidecar(Content):
    """A sidecar as it was read; ``value`` is the whole of it, with what only others understand.

    Where two rows have one slug, or one alias or entry, the first is the one that counts.
    """

    value: dict[str, Any]


@dataclass(frozen=True, slots=True)
class _Plain:
    """A value without parts: what it is called, and whether one fits."""

    name: str
    fits: Callable[[Any], bool]


def _is_text(value: Any) -> bool:
    """Whether it is text that has a UTF-8; half a character could be kept nowhere else."""
    return isinstance(value, str) and (value.isascii() or not _HALF_A_CHARACTER.search(value))


def _is_number(value: Any) -> bool:
    """Whether it is a whole number, of a size that a database can hold; True and False are none."""
    return isinstance(value, int) and not isinstance(value, bool) and -(2**63) <= value < 2**63


_TEXT = _Plain("readable text", _is_text)
_TEXT_OR_NULL = _Plain("readable text or null", lambda value: value is None or _is_text(value))
_NUMBER = _Plain("a whole number", _is_number)
_BOOLEAN = _Plain("true or false", lambda value: isinstance(value, bool))
_OBJECT = _Plain("an object", lambda value: isinstance(value, dict))
_COUNTS = _Plain(
    "an object of whole numbers",
    lambda value: isinstance(value, dict) and all(map(_is_number, value.values())),
)
_ACTION = _Plain("“rename” or “merge”", lambda value: value in ("rename", "merge"))

# The parts of a sidecar as they are written: an object of parts, or a list of one kind of part.
_KIND = {"schema_version": _NUMBER, "kind": _TEXT}
_METADATA = {**_KIND, "exported_at": _TEXT, "app_name": _TEXT, "app_version": _TEXT}
_DATASET = {"dataset_uuid": _TEXT, "filename": _TEXT, "entry_count": _NUMBER, "tag_usage_counts": _COUNTS}
_CATEGORY = {
    "slug": _TEXT, "name": _TEXT, "sort_order": _NUMBER, "is_active": _BOOLEAN, "is_builtin": _BOOLEAN,
}  # fmt: skip
_TAG = {
    "slug": _TEXT, "name": _TEXT, "category_slug": _TEXT_OR_NULL, "sort_order": _NUMBER, "status": _TEXT,
    "is_active": _BOOLEAN, "is_builtin": _BOOLEAN, "lifecycle": _OBJECT,
}  # fmt: skip
_ALIAS = {"old_slug": _TEXT, "new_slug": _TEXT_OR_NULL, "action": _ACTION, "metadata": _OBJECT}
_CHARACTER = {"slug": _TEXT, "display_name": _TEXT, "description": _TEXT_OR_NULL, "is_active": _BOOLEAN}
_TURN = {
    "turn_index": _NUMBER, "character_slug": _TEXT, "training_role": _TEXT,
    "source_role_label": _TEXT_OR_NULL,
}  # fmt: skip
_MAPPING = {"entry_uuid": _TEXT, "turns": [_TURN]}
_PROMPT = {
    "slug": _TEXT, "name": _TEXT, "content": _TEXT, "description": _TEXT_OR_NULL, "is_active": _BOOLEAN,
}  # fmt: skip
_SIDECAR = {
    "metadata": _METADATA,
    "dataset": _DATASET,
    "categories": [_CATEGORY],
    "tags": [_TAG],
    "aliases": [_ALIAS],
    "characters": [_CHARACTER],
    "entry_character_mappings": [_MAPPING],
    "system_prompts": [_PROMPT],
}
_LISTS = [key for key, shape in _SIDECAR.items() if isinstance(shape, list)]


def parsed(raw: bytes) -> Sidecar:
    """The sidecar in the bytes of a file.

    :raises UnreadableSidecar: if it is no faithful JSON object, of another kind or schema, or lacks
        what RoleThread Lite would refuse it for.
    """
    value = _object(raw)
    _require(value, {"metadata": _KIND})
    metadata = value["metadata"]
    if metadata["kind"] != KIND:
        raise UnreadableSidecar(f"it is another kind of file ({metadata['kind'][:80]})")
    if metadata["schema_version"] != SCHEMA:
        version = metadata["schema_version"]
        raise UnreadableSidecar(f"it has schema version {version}, and this app reads version {SCHEMA}")
    _require(value, _SIDECAR)
    return Sidecar(
        value=value,
        **{key: value["dataset"][key] for key in _DATASET},
        categories=_rows(value["categories"], _CATEGORY, SidecarCategory),
        tags=_rows(value["tags"], _TAG, SidecarTag),
        aliases=_rows(value["aliases"], _ALIAS, SidecarAlias),
        characters=_rows(value["characters"], _CHARACTER, SidecarCharacter),
        mappings=_rows(value["entry_character_mappings"], _MAPPING, _mapping),
        prompts=_rows(value["system_prompts"], _PROMPT, SidecarPrompt),
    )


def _object(raw: bytes) -> dict[str, Any]:
    """The object in a file, if we can write it again without losing any of it."""
    with suppress(orjson.JSONDecodeError, TypeError):  # our own spelling: quick to tell, nothing was lost
        value = orjson.loads(raw)
        if isinstance(value, dict) and orjson.dumps(value, option=_SPELLING) == raw:
            return value
    try:
        return strict(raw)
    except Unfaithful as reason:
        raise UnreadableSidecar(str(reason)) from reason


def _require(value: Any, shape: Any) -> None:
    fault = _fault(value, shape)
    if fault:
        raise UnreadableSidecar(fault.lstrip("."))


def _fault(value: Any, shape: Any) -> str:
    """Where a value is not of its shape, and how: the path from here and the fault; empty if it is."""
    if isinstance(shape, _Plain):
        return "" if shape.fits(value) else f" is not {shape.name}"
    if isinstance(shape, list):
        if not isinstance(value, list):
            return " is not a list"
        faults = ((place, _fault(item, shape[0])) for place, item in enumerate(value))
        return next((f"[{place}]{fault}" for place, fault in faults if fault), "")
    if not isinstance(value, dict):
        return " is not an object"
    for key, part in shape.items():
        fault = _fault(value[key], part) if key in value else " is missing"
        if fault:
            return f".{key}{fault}"
    return ""


def _rows(rows: Any, shape: Mapping[str, Any], row_of: Callable[..., Row]) -> tuple[Row, ...]:
    return tuple(row_of(*(row[key] for key in shape)) for row in _named(rows, shape).values())


def _mapping(entry_uuid: str, turns: Any) -> SidecarMapping:
    return SidecarMapping(entry_uuid, _rows(turns, _TURN, Turn))


def _named(rows: Iterable[Mapping[str, Any]], shape: Mapping[str, Any]) -> dict[Any, Mapping[str, Any]]:
    """The rows by the first of their keys, which tells them apart; where several are called the same, one."""
    name = next(iter(shape))
    found: dict[Any, Mapping[str, Any]] = {}
    for row in rows:
        found.setdefault(row[name], row)
    return found


def rendered(
    content: Content, *, exported_at: str, app_version: str, old: Mapping[str, Any] | None = None
) -> bytes:
    """The file that says ``content``; what ``old`` said and we do not know stays, where its row stays.

    :param exported_at: the time of writing, ISO 8601 in UTC with its offset.
    :param old: the sidecar that it takes the place of: ``value`` as :func:`parsed` gave it.
    """
    metadata = (SCHEMA, KIND, exported_at, APP_NAME, app_version)
    dataset = (content.dataset_uuid, content.filename, content.entry_count, dict(content.tag_usage_counts))
    mappings = sorted(content.mappings, key=lambda mapping: mapping.entry_uuid)
    known = {
        "metadata": dict(zip(_METADATA, metadata, strict=True)),
        "dataset": dict(zip(_DATASET, dataset, strict=True)),
        "categories": _values(content.categories, _CATEGORY, "sort_order", "slug"),
        "tags": _values(content.tags, _TAG, "sort_order", "slug"),
        "aliases": _values(content.aliases, _ALIAS, "old_slug"),
        "characters": _values(content.characters, _CHARACTER, "slug"),
        "entry_character_mappings": [_mapping_row(mapping) for mapping in mappings],
        "system_prompts": _values(content.prompts, _PROMPT, "slug"),
    }
    return _spelt(_with_rest(known, old or {}, _SIDECAR))


def _values(rows: Iterable[Any], shape: Iterable[str], *order: str) -> list[dict[str, Any]]:
    return [{key: getattr(row, key) for key in shape} for row in sorted(rows, key=attrgetter(*order))]


def row_of_mapping(mapping: SidecarMapping, old: Mapping[str, Any]) -> dict[str, Any]:
    """The row of one mapping; what ``old``, the row that it takes the place of, has beside that stays."""
    row: dict[str, Any] = _with_rest(_mapping_row(mapping), old, _MAPPING)
    return row


def _mapping_row(mapping: SidecarMapping) -> dict[str, Any]:
    return {"entry_uuid": mapping.entry_uuid, "turns": _turns(mapping.turns)}


def _turns(turns: Iterable[Turn]) -> list[dict[str, Any]]:
    return [
        {
            "turn_index": turn.index,
            "character_slug": turn.character,
            "training_role": turn.role,
            "source_role_label": turn.label,
        }
        for turn in sorted(turns, key=attrgetter("index"))
    ]


def _with_rest(new: Any, old: Any, shape: Any) -> Any:
    """``new``, and in each of its objects, behind the keys that we know, the others of ``old``."""
    if isinstance(shape, list):
        rows, name = _named(old, shape[0]), next(iter(shape[0]))
        return [_with_rest(row, rows.get(row[name], {}), shape[0]) for row in new]
    if isinstance(shape, dict):
        known = {key: _with_rest(new[key], old.get(key, {}), part) for key, part in shape.items()}
        return {**known, **{key: value for key, value in old.items() if key not in shape}}
    return new


def _spelt(value: dict[str, Any]) -> bytes:
    try:
        return orjson.dumps(value, option=_SPELLING)
    except TypeError:  # half characters and long numbers, in what others wrote
        text = json.dumps(value, ensure_ascii=False, indent=2, allow_nan=False)
    escaped = _HALF_A_CHARACTER.sub(lambda match: f"\\u{ord(match[0]):04x}", text)
    return f"{escaped}\n".encode()


def same(old: Mapping[str, Any], new: Mapping[str, Any]) -> bool:
    """Whether two sidecars say the same, whenever and by whichever app they were written.

    Both as :func:`parsed` gave their ``value``. The order of rows says nothing.
    """
    return _said(old) == _said(new)


def _said(value: Mapping[str, Any]) -> dict[str, Any]:
    """What a sidecar says, part by part, in a form that can be compared: in JSON, 1 is not ``true``."""
    metadata = {key: item for key, item in value["metadata"].items() if key not in _AT_EACH_WRITING}
    return {
        key: sorted(map(_sorted_json, part)) if key in _LISTS else _sorted_json(part)
        for key, part in {**value, "metadata": metadata}.items()
    }


def _sorted_json(value: Any) -> str:
    return json.dumps(value, sort_keys=True)
