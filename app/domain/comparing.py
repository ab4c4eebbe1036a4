"""Two versions of an entry side by side: what stands in both, what only in one."""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from itertools import takewhile, zip_longest
from typing import Any

from app.domain.entry import BLOCK, Message, messages_of, tags_of

WORDS = re.compile(r"\s+|\w+|[^\w\s]")
MOST_WORDS = 4000  # beyond this a word-by-word comparison takes too long; the whole text is marked
SAME, DIFFERENT = "same", "different"
COLON = ": "  # between who says a message and what is said

Side = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Line:
    """One part of both versions. A side is pairs of (``same`` or ``different``, text); None where absent."""

    label: str
    before: Side | None
    after: Side | None


def compare(
    before: Mapping[str, Any] | None,
    after: Mapping[str, Any] | None,
    *,
    before_names: Sequence[str] = (),
    after_names: Sequence[str] = (),
) -> tuple[Line, ...]:
    """Every part in which the two versions differ, in reading order.

    :param before_names: what to call who says each message of a version; without, it is the role.
    """
    old, new = _parts(before), _parts(after)
    parts = list(dict.fromkeys([*old, *new]))
    rest = [_line(part[1], old.get(part), new.get(part)) for part in parts if old.get(part) != new.get(part)]
    return (*_messages(_told(before, before_names), _told(after, after_names)), *rest)


def _told(value: Mapping[str, Any] | None, names: Sequence[str]) -> list[str]:
    pairs = zip_longest(messages_of(value) if value is not None else (), names)
    return [_message(message, name or message.role) for message, name in pairs if message is not None]


def _messages(old: list[str], new: list[str]) -> Iterator[Line]:
    """The messages that differ. One that was taken out or put in does not make those behind it differ."""
    for name, start, end, other, other_end in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if name == "equal":
            continue
        pairs = zip_longest(range(start, end), range(other, other_end))
        for here, there in pairs:
            number = (there if there is not None else here or 0) + 1
            before = None if here is None else old[here]
            after = None if there is None else new[there]
            yield _spoken(f"Message {number}", before, after)


def _parts(value: Mapping[str, Any] | None) -> dict[tuple[str, str], str]:
    """What can be compared, by its kind and label: the tags, each further key."""
    if value is None:
        return {}
    parts: dict[tuple[str, str], str] = {}
    if "tags" in value:
        tags = tags_of(value)
        is_plain = tags and list(tags) == value["tags"]
        parts["tags", "Tags"] = ", ".join(tags) if is_plain else _text(value["tags"])
    for key, item in value.items():
        if key not in ("messages", "tags", BLOCK):
            parts["key", key] = _text(item)
    return parts


def _message(message: Message, name: str) -> str:
    lines = [f"{name or 'no role'}{COLON}{message.text if message.is_text else _text(message.content)}"]
    lines += [f"{key}: {_text(item)}" for key, item in message.others.items()]
    return "\n".join(lines)


def _text(item: Any) -> str:
    return item if isinstance(item, str) else json.dumps(item, ensure_ascii=False)


def _spoken(label: str, before: str | None, after: str | None) -> Line:
    """A message: who says it and what is said, each compared alone; what stands between is the same."""
    if before is None or after is None:
        return Line(label, _all_different(before), _all_different(after))
    (who, _, said), (other, _, said_there) = before.partition(COLON), after.partition(COLON)
    line = _line(label, said, said_there)
    kind = SAME if who == other else DIFFERENT
    return Line(label, _behind(who, kind, line.before), _behind(other, kind, line.after))


def _behind(who: str, kind: str, said: Side | None) -> Side:
    parts: list[tuple[str, str]] = []
    for each, text in ((kind, who), (SAME, COLON), *(said or ())):
        _add(parts, each, [text])
    return tuple(parts)


def _line(label: str, before: str | None, after: str | None) -> Line:
    if before is None or after is None:
        return Line(label, _all_different(before), _all_different(after))
    old, new = WORDS.findall(before), WORDS.findall(after)
    start, end = _alike(old, new)
    left: list[tuple[str, str]] = []
    right: list[tuple[str, str]] = []
    for side, whole in ((left, old), (right, new)):
        _add(side, SAME, whole[:start])
    _compare_words(left, right, old[start : len(old) - end], new[start : len(new) - end])
    for side, whole in ((left, old), (right, new)):
        _add(side, SAME, whole[len(whole) - end :])
    return Line(label, tuple(left), tuple(right))


def _alike(old: Sequence[str], new: Sequence[str]) -> tuple[int, int]:
    """How many words are the same at the start, and how many of the others at the end."""
    start = sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(old, new, strict=False)))
    ends = zip(reversed(old[start:]), reversed(new[start:]), strict=False)
    return start, sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], ends))


def _compare_words(
    left: list[tuple[str, str]], right: list[tuple[str, str]], old: Sequence[str], new: Sequence[str]
) -> None:
    """Add to both sides what stands between a common start and a common end."""
    if len(old) + len(new) > MOST_WORDS:
        _add(left, DIFFERENT, old)
        _add(right, DIFFERENT, new)
        return
    # a space alone between two changes counts as changed, or the page would flicker with marks
    for name, start, end, other_start, other_end in SequenceMatcher(
        None, old, new, autojunk=False
    ).get_opcodes():
        same = name == "equal" and (end == len(old) or "".join(old[start:end]).strip())
        _add(left, SAME if same else DIFFERENT, old[start:end])
        _add(right, SAME if same else DIFFERENT, new[other_start:other_end])


def _add(side: list[tuple[str, str]], kind: str, words: Sequence[str]) -> None:
    """Append words, joined to what stands before them if that is of the same kind."""
    text = "".join(words)
    if text and side and side[-1][0] == kind:
        side[-1] = (kind, side[-1][1] + text)
    elif text:
        side.append((kind, text))


def _all_different(text: str | None) -> Side | None:
    return None if text is None else ((DIFFERENT, text),)
