"""Two versions of an entry side by side: what stands in both, what only in one."""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Any

from app.domain.entry import BLOCK, Message, messages_of, tags_of

WORDS = re.compile(r"\s+|\w+|[^\w\s]")
MOST_WORDS = 4000  # beyond this a word-by-word comparison takes too long; the whole text is marked
SAME, DIFFERENT = "same", "different"

Side = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Line:
    """One part of both versions. A side is pairs of (``same`` or ``different``, text); None where absent."""

    label: str
    before: Side | None
    after: Side | None


def compare(before: Mapping[str, Any] | None, after: Mapping[str, Any] | None) -> tuple[Line, ...]:
    """Every part in which the two versions differ, in reading order."""
    old, new = _parts(before), _parts(after)
    parts = list(dict.fromkeys([*old, *new]))
    return tuple(
        _line(part[1], old.get(part), new.get(part)) for part in parts if old.get(part) != new.get(part)
    )


def _parts(value: Mapping[str, Any] | None) -> dict[tuple[str, str], str]:
    """What can be compared, by its kind and label: each message, the tags, each further key."""
    if value is None:
        return {}
    messages = enumerate(messages_of(value), start=1)
    parts = {("message", f"Message {index}"): _message(message) for index, message in messages}
    if tags_of(value):
        parts["tags", "Tags"] = ", ".join(tags_of(value))
    for key, item in value.items():
        if key not in ("messages", "tags", BLOCK):
            parts["key", key] = _text(item)
    return parts


def _message(message: Message) -> str:
    lines = [f"{message.role or 'no role'}: {message.text if message.is_text else _text(message.content)}"]
    lines += [f"{key}: {_text(item)}" for key, item in message.others.items()]
    return "\n".join(lines)


def _text(item: Any) -> str:
    return item if isinstance(item, str) else json.dumps(item, ensure_ascii=False)


def _line(label: str, before: str | None, after: str | None) -> Line:
    if before is None or after is None:
        return Line(label, _all_different(before), _all_different(after))
    old, new = WORDS.findall(before), WORDS.findall(after)
    if len(old) + len(new) > MOST_WORDS:
        return Line(label, _all_different(before), _all_different(after))
    left: list[tuple[str, str]] = []
    right: list[tuple[str, str]] = []
    # a space alone between two changes counts as changed, or the page would flicker with marks
    for name, start, end, other_start, other_end in SequenceMatcher(
        None, old, new, autojunk=False
    ).get_opcodes():
        same = name == "equal" and (end == len(old) or "".join(old[start:end]).strip())
        _add(left, SAME if same else DIFFERENT, old[start:end])
        _add(right, SAME if same else DIFFERENT, new[other_start:other_end])
    return Line(label, tuple(left), tuple(right))


def _add(side: list[tuple[str, str]], kind: str, words: Sequence[str]) -> None:
    """Append words, joined to what stands before them if that is of the same kind."""
    text = "".join(words)
    if text and side and side[-1][0] == kind:
        side[-1] = (kind, side[-1][1] + text)
    elif text:
        side.append((kind, text))


def _all_different(text: str | None) -> Side | None:
    return None if text is None else ((DIFFERENT, text),)
