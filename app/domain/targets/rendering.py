"""What the training text of an entry is: the words of its messages, the markup around them, what is learnt.

A template is a program that we cannot see into. So it is asked twice: for the entry, and for the entry with
a mark in place of every text. Where the marks come out, there the texts belong; put there, they must give
what the template really wrote. A text that looks like markup, or like another message, misleads nobody.
Only where a template looks into the texts themselves are they searched for in it, one behind the other.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, NamedTuple

from app.domain.roles import SYSTEM, canonical
from app.domain.targets.families import Family, Render
from app.domain.targets.handing import handed
from app.domain.targets.masks import learnt, role_of

MARKUP, MESSAGE, ADDED = "markup", "message", "added"

Span = tuple[int, int]

_THINK = re.compile("(</?think>)")
_MOST_THOUGHTS = 40  # tags in one message that are looked at
_MARK = "\ue000{}\ue001"
_MARKS = re.compile("\ue000([0-9]+)\ue001")
# How templates spell a control token: <|im_end|>, <end_of_turn>, </s>, [/INST], [|user|], ### Response:
_TOKEN = re.compile(r"<[^<>\s]{1,40}>|\[/?[A-Z_]{2,30}\]|\[\|[^\]\s]{1,30}\|\]|###[^\n]{1,30}:")
_WORD = re.compile(r"[^\W\d_]{2,}")
_PROSE = 4  # words from which on the text of a template is more than a role or a heading


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of the training text. ``message`` is the number of the message, or -1.

    What is added is of no message: words of the template, or what the trainer puts in front.
    """

    start: int
    end: int
    kind: str
    message: int = -1


@dataclass(frozen=True, slots=True)
class Rendered:
    """The training text of an entry.

    ``pieces`` cover it without a gap. ``trained`` are the spans that are learnt, in order. ``lost`` are the
    messages whose text is not in it, ``trimmed`` those that lost white space at their ends.
    """

    text: str
    pieces: tuple[Piece, ...]
    trained: tuple[Span, ...]
    lost: tuple[int, ...]
    trimmed: tuple[int, ...]
    system_added: bool


class _Core(NamedTuple):
    """Words of a message without the white space around them: what a mark stands for.

    ``lead`` is what the trimmed text has before its first words, such as <think>, and None for words that
    are not its first; ``tail`` likewise what it has behind its last.
    """

    number: int
    message: int
    words: str
    lead: str | None = None
    tail: str | None = None

    def follows(self, other: "_Core") -> bool:
        """Whether these words come next in the same message."""
        return self.message == other.message and self.number == other.number + 1


def rendered(
    family: Family, render: Render, value: dict[str, Any], mask: str = "assistant", trainer: str = ""
) -> Rendered:
    """The training text of an entry's value, and which of it is learnt under a mask.

    Masks: ``assistant`` learns every answer, ``last`` the last one, ``all`` the whole text, ``flags`` what
    ``train`` or ``weight`` of each message say, and an answer that says neither. Learnt is a text with the
    end of its turn. Where the template marks itself what is the assistant's, ``assistant`` follows it.

    :param render: renders a list of messages with the family's template.
    :param trainer: hands the messages to the template in its own way, and honours its own marks.
    :raises TemplateError: if the template refuses the messages or fails on them.
    """
    given = handed(value, trainer)
    messages, before = given.messages, given.before
    text = render(messages, **given.more)
    found = _placed(text, messages, lambda probe: render(probe, **given.more))
    if found is None:
        found = _searched(text, messages)
    pieces = tuple(_pieces(text, found.spans, before))
    learning = learnt(messages, mask, trainer)
    trained = _trained(family, text, found.spans, learning, mask)
    added = not _has_system(messages) and any(piece.kind == ADDED for piece in pieces)
    present = {message for _, _, message in found.spans}
    lost = [at for at, words in enumerate(_texts(messages)) if words.strip() and at not in present]
    trimmed = sorted(found.trimmed.difference(lost))
    lost, trimmed = ([at - before for at in places if at >= before] for places in (lost, trimmed))
    return Rendered(str(text), pieces, trained, tuple(lost), tuple(trimmed), added)


@dataclass(frozen=True, slots=True)
class _Found:
    """Where the texts are: (start, end, message) in the order of the training text."""

    spans: list[tuple[int, int, int]]
    trimmed: set[int]


def _content(message: Any) -> Any:
    """What a message says; a message that is nothing but a text says that."""
    if isinstance(message, dict):
        return message.get("content")
    return message if isinstance(message, str) else None


def _saying(message: Any, content: Any) -> Any:
    """The same message, if it said something else."""
    return {**message, "content": content} if isinstance(message, dict) else content


def _texts(messages: Sequence[Any]) -> list[str]:
    """The text of each message, that of all its parts in one; empty where it has none."""
    return [_text(_content(message)) for message in messages]


def _text(content: Any) -> str:
    if isinstance(content, list):
        return "".join(_text(part["text"]) for part in content if _is_text(part))
    return content if isinstance(content, str) else ""


def _is_text(part: Any) -> bool:
    return isinstance(part, dict) and isinstance(part.get("text"), str)


# Where the marks come out


def _placed(text: str, messages: Sequence[Any], render: Callable[[list[Any]], str]) -> _Found | None:
    """The texts where the marks are; None if a template does not do the same to texts as to marks."""
    cores: list[_Core] = []
    probe = [_marked(at, message, cores) for at, message in enumerate(messages)]
    ends = [_ends(_content(message)) for message in messages]
    try:
        between, order = _split(render(probe), cores)
        if _joined(between, order) != text:
            return None
        plain, same = between, order
        if any(left or right for left, right in ends):
            again: list[_Core] = []
            bare = [_marked(at, _trimmed(message), again) for at, message in enumerate(messages)]
            plain, same = _split(render(bare), again)
    except ValueError:
        return None
    return _gathered(between, plain, order, ends) if same == order else None


def _trimmed(message: Any) -> Any:
    content = _content(message)
    return _saying(message, content.strip()) if isinstance(content, str) else message


def _marked(at: int, message: Any, cores: list[_Core]) -> Any:
    """The message with marks in place of its words; white space and <think> stay."""
    content = _content(message)
    if isinstance(content, str):
        return _saying(message, _marks(at, content, cores))
    if isinstance(content, list):
        parts = [{**p, "text": _marks(at, p["text"], cores)} if _is_text(p) else p for p in content]
        return _saying(message, parts)
    return message


def _marks(at: int, words: str, cores: list[_Core]) -> str:
    core = words.strip()
    if not core:
        return words
    before, _, after = words.partition(core)
    parts = _THINK.split(core, _MOST_THOUGHTS) if "think>" in core else [core]
    if not any(_is_words(part) for part in parts):
        parts = [core]
    if len(parts) == 1:
        cores.append(_Core(len(cores), at, core, "", ""))
        return before + _MARK.format(len(cores) - 1) + after
    first = len(cores)
    marked = "".join(_mark(at, part, cores) if _is_words(part) else part for part in parts)
    cores[first] = cores[first]._replace(lead=marked.partition(_MARK.format(first))[0])
    cores[-1] = cores[-1]._replace(tail=marked.rpartition(_MARK.format(len(cores) - 1))[2])
    return before + marked + after


def _is_words(part: str) -> bool:
    return bool(part) and not part.isspace() and part not in ("<think>", "</think>")


def _mark(at: int, part: str, cores: list[_Core]) -> str:
    core = part.strip()
    cores.append(_Core(len(cores), at, core))
    before, _, after = part.partition(core)
    return before + _MARK.format(len(cores) - 1) + after


def _ends(words: Any) -> tuple[str, str]:
    """The white space before and behind a text."""
    core = words.strip() if isinstance(words, str) else ""
    if not core or len(core) == len(words):
        return "", ""
    start = len(words) - len(words.lstrip())
    return words[:start], words[start + len(core) :]


def _split(skeleton: str, cores: list[_Core]) -> tuple[list[str], list[_Core]]:
    """What stands between the marks, one more than there are marks, and what the marks stand for.

    :raises ValueError: if a mark is none of ours.
    """
    parts = _MARKS.split(skeleton)
    numbers = [int(number) for number in parts[1::2]]
    if any(number >= len(cores) for number in numbers):
        raise ValueError("a mark that nobody set")
    return parts[::2], [cores[number] for number in numbers]


def _joined(between: list[str], order: list[_Core]) -> str:
    cores = [core.words for core in order]
    return "".join(part for pair in zip(between, [*cores, ""], strict=True) for part in pair)


def _gathered(
    between: list[str], plain: list[str], order: list[_Core], ends: list[tuple[str, str]]
) -> _Found:
    """Where each message's text is, its words with what stands between them as one span.

    ``plain`` is what stands between the marks if no text has white space at its ends.
    """
    spans: list[tuple[int, int, int]] = []
    kept = [0] * len(ends)
    position = 0
    last: _Core | None = None
    for found, bare, core in zip(between, plain, [*order, None], strict=True):
        if core is None or last is None or not core.follows(last):
            behind, before = _own(found, bare, (last, core), ends, kept)
            if last is not None:
                spans[-1] = (spans[-1][0], position + behind, last.message)
            start = position + len(found) - before
        else:
            start = spans.pop()[0]
        if core is not None:
            position += len(found) + len(core.words)
            spans.append((start, position, core.message))
        last = core
    trimmed = {at for at, (left, right) in enumerate(ends) if len(left) + len(right) > kept[at]}
    return _Found(spans, trimmed)


def _own(
    found: str,
    bare: str,
    cores: tuple[_Core | None, _Core | None],
    ends: list[tuple[str, str]],
    kept: list[int],
) -> Span:
    """How much of what stands between two marks is the one's, at its start, and the other's, at its end."""
    last, core = cores
    tail = last.tail or "" if last else ""
    lead = core.lead or "" if core else ""
    if found == bare and not tail and not lead:
        return 0, 0
    if not (found.startswith(tail) and bare.startswith(tail)):
        tail = ""
    if not (found.endswith(lead) and bare.endswith(lead) and len(bare) >= len(tail) + len(lead)):
        lead = ""
    left = ends[last.message][1] if last and last.tail is not None else ""
    right = ends[core.message][0] if core and core.lead is not None else ""
    inner, plain = (words[len(tail) : len(words) - len(lead)] for words in (found, bare))
    behind, before = _blanks(inner, plain, left, right)
    if last:
        kept[last.message] += behind
    if core:
        kept[core.message] += before
    return len(tail) + behind, len(lead) + before


def _blanks(found: str, bare: str, left: str, right: str) -> Span:
    """How much white space a template kept: of ``left`` at the start, of ``right`` at the end."""
    more = len(found) - len(bare)
    for length in dict.fromkeys((min(len(left), more), max(more - len(right), 0), 0)):
        start, end = found[:length], found[len(found) - more + length :]
        if left.startswith(start) and right.endswith(end) and found == start + bare + end:
            return length, more - length
    return 0, 0


# Where they are searched for


def _searched(text: str, messages: Sequence[Any]) -> _Found:
    """The texts, found one behind the other, as they are or trimmed, or without what was thought."""
    spans: list[tuple[int, int, int]] = []
    trimmed: set[int] = set()
    position = 0
    for at, words in enumerate(_texts(messages)):
        for likely in dict.fromkeys((words, words.strip(), words.rpartition("</think>")[2].strip())):
            start = text.find(likely, position) if likely.strip() else -1
            if start >= 0:
                position = start + len(likely)
                spans.append((start, position, at))
                if likely == words.strip() != words:
                    trimmed.add(at)
                break
    return _Found(spans, trimmed)


# What is made of it


def _pieces(text: str, spans: list[tuple[int, int, int]], before: int) -> Iterator[Piece]:
    """The text in pieces; the first messages, so many as stand before those of the entry, are added."""
    position = spans[0][0] if spans else len(text)
    yield from _opening(text, 0, position)
    for start, end, message in spans:
        if position < start:
            yield Piece(position, start, MARKUP)
        if start < end:
            yield (
                Piece(start, end, MESSAGE, message - before)
                if message >= before
                else Piece(start, end, ADDED)
            )
        position = end
    if position < len(text):
        yield Piece(position, len(text), MARKUP)


def _opening(text: str, start: int, end: int) -> Iterator[Piece]:
    """What a template wrote before the first message, in pieces of markup and of prose that it added."""
    marks = [match.span() for match in _TOKEN.finditer(text, start, end)]
    edges = sorted({start, end, *(edge for mark in marks for edge in mark)})
    pending = start
    for left, right in pairwise(edges):
        if is_prose(text[left:right]):
            if pending < left:
                yield Piece(pending, left, MARKUP)
            yield Piece(left, right, ADDED)
            pending = right
    if pending < end:
        yield Piece(pending, end, MARKUP)


def is_prose(words: str) -> bool:
    """Whether text of a template is more than a role or a heading: four words, not counting tokens."""
    return len(words) > 2 * _PROSE and len(_WORD.findall(_TOKEN.sub(" ", words[:2000]))) >= _PROSE


def _has_system(messages: Sequence[Any]) -> bool:
    return any(canonical(role_of(message)) == SYSTEM for message in messages)


def _trained(
    family: Family, text: str, spans: list[tuple[int, int, int]], learning: set[int], mask: str
) -> tuple[Span, ...]:
    if mask == "all":
        return ((0, len(text)),) if text else ()
    marked = getattr(text, "generated", ())
    if mask == "assistant" and marked:
        return tuple(span for span in marked if span[0] < span[1])
    learnt_spans = ((start, end) for start, end, message in spans if message in learning)
    return tuple((start, _turn_end(family, text, end)) for start, end in learnt_spans)


def _turn_end(family: Family, text: str, end: int) -> int:
    """Where a turn ends, of which the text ends at ``end``: behind its closing token, if one is there."""
    for token in (family.turn_end, family.eos_token):
        if token and text.startswith(token, end):
            return end + len(token)
    if not family.turn_end and not family.eos_token:
        token_there = _TOKEN.match(text, end)
        return token_there.end() if token_there else end
    return end
