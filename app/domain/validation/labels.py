"""What stands around a conversation: the keys of an entry, its tags, and its id."""

from collections.abc import Iterator, Mapping
from functools import lru_cache
from itertools import chain
from typing import Any

import orjson
import regex

from app.domain.entry import BLOCK, Entry
from app.domain.tags import slug
from app.domain.validation.codes import CODES
from app.domain.validation.diagnostic import Diagnostic

LONGEST_DETAIL = 80  # characters of a value that is shown
_IN_NO_SLUG = regex.compile(r"[^\p{L}\p{M}\p{N}_]")

# Top-level keys of entries and of the records of the formats that are known, each with who uses it.
KNOWN_KEYS = frozenset(
    (
        "messages",
        "tags",
        BLOCK,
        *("conversations", "metadata", "source", "id"),  # RoleThread
        *("tools", "parallel_tool_calls", "functions"),  # OpenAI fine-tuning
        *("prompt", "completion", "chosen", "rejected", "label", "chat_template_kwargs"),  # TRL
        *("system", "text", "segments", "generation"),  # Axolotl
        *("images", "videos", "audios", "kto_tag"),  # LLaMA-Factory
        *("conversation", "items", "dialogue"),  # ShareGPT in other words
        *("instruction", "input", "output", "response", "history"),  # Alpaca
    )
)


def check_labels(entry: Entry) -> Iterator[Diagnostic]:
    """What is to be said of the entry's keys, tags and id. It depends on neither messages nor rules."""
    value = entry.value
    if KNOWN_KEYS.issuperset(value) and entry.uuid and _tidy(value.get("tags")):
        return iter(())
    return chain(_unknown_keys(value), _tags(value), _missing_uuid(entry))


def _tidy(tags: Any) -> bool:
    """Whether they are a list of slugs."""
    return type(tags) is list and all(map(_is_slug, tags))


def _is_slug(tag: Any) -> bool:
    return type(tag) is str and tag != "" and _is_its_spelling(tag)


def _is_its_spelling(tag: str) -> bool:
    if len(tag) > LONGEST_DETAIL and _IN_NO_SLUG.search(tag):
        return False  # as the next line would say, but slowly
    return spelling(tag) == tag


def _unknown_keys(value: Mapping[str, Any]) -> Iterator[Diagnostic]:
    for key in value:
        if key not in KNOWN_KEYS:
            yield _found("base.unknown_top_level_key", key)


def _tags(value: Mapping[str, Any]) -> Iterator[Diagnostic]:
    if "tags" not in value:
        yield _found("base.missing_tags")
        return
    tags = value["tags"]
    if not isinstance(tags, list):
        yield _found("base.tags_not_list", _shown(tags))
        return
    for tag in tags:
        if not isinstance(tag, str):
            yield _found("base.invalid_tag_value", _shown(tag))
        elif not tag.strip():
            yield _found("base.empty_tag")
        elif not _is_its_spelling(tag):
            yield _found("base.tag_spelling", tag)


def _missing_uuid(entry: Entry) -> Iterator[Diagnostic]:
    if entry.uuid is None:
        yield _found("identity.missing_uuid")


@lru_cache(maxsize=4096)  # a dataset says the same few over and over
def spelling(tag: str) -> str:
    """The slug of a tag as filters count it; empty where it has no letter and no digit."""
    return slug(tag.encode("utf-8", "backslashreplace").decode("utf-8"))


def _shown(value: Any) -> str:
    """A value as JSON, cut where it is long."""
    try:
        text = orjson.dumps(value).decode("utf-8")
    except TypeError:  # lone surrogates, numbers beyond 64 bits, deep nesting
        text = ascii(value)
    return text if len(text) <= LONGEST_DETAIL else text[: LONGEST_DETAIL - 1] + "…"


def _found(code: str, detail: str = "") -> Diagnostic:
    return Diagnostic(code, CODES[code].severity, detail=detail)
