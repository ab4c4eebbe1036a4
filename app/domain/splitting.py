"""Splitting an entry into several: where a conversation may be cut, and what the parts are."""

from bisect import bisect_left
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from operator import add, gt
from typing import Any

from app.domain.roles import ASSISTANT, SYSTEM, TOOL, USER, is_call
from app.domain.validation.structure import CALLS, exchanges_of, role_of
from app.domain.words import count_words, has_more_words

_MOST_TRIES = 8  # at parts that are short enough; then each turn is one
_RESULT = "<tool_response>"  # how some files hand a tool's result over in a message of the user

Weight = tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Part:
    """One part of an entry that is split: its value, and where each of its messages stood, from 0.

    ``tokens`` is how long it is, where that was asked.
    """

    value: dict[str, Any]
    origins: tuple[int, ...]
    tokens: int | None = None


def split_at(value: Mapping[str, Any], places: Collection[int]) -> tuple[Part, ...]:
    """The parts of an entry that is split before some of its messages.

    A part has every key that the entry has, and in front the system prompt that stood before it.

    :param places: before which messages, counted from 0.
    :raises ValueError: if there is no message to split before, or a part would hold a system prompt alone.
    """
    messages = _messages(value)
    edges = [0, *sorted(set(places)), len(messages)]
    if edges[1] <= 0 or edges[-2] >= len(messages):
        raise ValueError("An entry is split between two of its messages.")
    prompt = _prompt(messages)
    parts = []
    for start, stop in pairwise(edges):
        if all(role_of(message) == SYSTEM for message in messages[start:stop]):
            raise ValueError("A part would hold nothing but a system prompt.")
        origins = (*(prompt if prompt.stop <= start else ()), *range(start, stop))
        parts.append(Part({**value, "messages": [messages[place] for place in origins]}, origins))
    return tuple(parts)


def _messages(value: Mapping[str, Any]) -> list[Any]:
    found = value.get("messages")
    return found if isinstance(found, list) else []


def _prompt(messages: Sequence[Any]) -> range:
    """The places of the system prompt: the first system messages that stand in a row."""
    first = next((place for place, each in enumerate(messages) if role_of(each) == SYSTEM), 0)
    after = range(first, len(messages))
    return range(first, next((place for place in after if role_of(messages[place]) != SYSTEM), len(messages)))


def turns(messages: Sequence[Any]) -> list[int]:
    """The places of the messages before which an entry may be split.

    A part then ends with an answer and begins with a question, if there are any; no call of a tool is torn
    from its result, and no part is without an answer. What a system message says goes with what follows.
    """
    roles = [role_of(message) for message in messages]
    answers = [place for place, role in enumerate(roles) if role == ASSISTANT]
    results = dict(_results(messages, roles))
    asks = USER in roles
    found, asked, busy, last = [], False, -1, -1
    for place, role in enumerate(roles):
        if role == SYSTEM:
            continue
        ends = last >= 0 and roles[last] == ASSISTANT and not _calls(messages[last])
        opens = asked and role == USER if asks else role != TOOL
        if ends and opens and busy < place <= answers[-1] and not _hands_over(messages[place]):
            found.append(last + 1)
        asked = asked or role == USER
        busy, last = max(busy, results.get(place, -1)), place
    return found


def _calls(message: Any) -> bool:
    """Whether a message calls a tool."""
    if not isinstance(message, dict):
        return False
    labels = (message.get("role"), message.get("source_role"))
    return any(map(is_call, labels)) or any(message.get(key) for key in CALLS)


def _hands_over(message: Any) -> bool:
    text = message.get("content") if isinstance(message, dict) else None
    return isinstance(text, str) and text.lstrip().startswith(_RESULT)


def _results(messages: Sequence[Any], roles: Sequence[str]) -> Iterator[tuple[int, int]]:
    """Where each call of a tool stands, and its last result: the one of its id, or the next without any."""
    calls: dict[str, int] = {}
    last = -1
    for place, message in enumerate(messages):
        if roles[place] == ASSISTANT and _calls(message):
            last = place
            calls.update((name, place) for name in _names(message.get("tool_calls")))
        elif roles[place] == TOOL and last >= 0:
            name = message.get("tool_call_id")
            yield calls.get(name, last) if isinstance(name, str) else last, place


def _names(calls: Any) -> Iterator[str]:
    for call in calls if isinstance(calls, list) else ():
        name = call.get("id") if isinstance(call, dict) else None
        if isinstance(name, str):
            yield name


def by_exchanges(value: Mapping[str, Any], exchanges: int, words: int) -> tuple[Part, ...]:
    """The parts of an entry, each with no more than so many exchanges and words of the assistant.

    They are as few as can be. There are none where the entry is short enough, or cannot be split so.
    """
    messages = _messages(value)
    roles = [role_of(message) for message in messages]
    is_wordy = has_more_words(_answers(messages, roles), words)
    edges = [0, *turns(messages), len(messages)]
    weights = []
    for start, stop in pairwise(edges):
        said = _answers(messages[start:stop], roles[start:stop]) if is_wordy else []
        weights.append((exchanges_of(roles[start:stop]), count_words(said)))
    firsts = _evened(weights, (exchanges, words))
    return split_at(value, [edges[first] for first in firsts]) if firsts else ()


def _answers(messages: Sequence[Any], roles: Sequence[str]) -> list[str]:
    """What the assistant says, as far as it is text."""
    answers = (message for message, role in zip(messages, roles, strict=True) if role == ASSISTANT)
    return [text for answer in answers if isinstance(text := answer.get("content"), str)]


def by_length(
    value: Mapping[str, Any], limit: int, length: Callable[[Mapping[str, Any]], int]
) -> tuple[Part, ...]:
    """The parts of an entry, none of them longer than a limit.

    There are none where the entry is short enough, or cannot be split so.

    :param length: how long the value of an entry is.
    """
    messages = _messages(value)
    edges = [0, *turns(messages), len(messages)]
    if len(edges) < 3 or length(value) <= limit:
        return ()

    def measured(firsts: Iterable[int]) -> tuple[Part, ...]:
        parts = split_at(value, [edges[first] for first in firsts])
        return tuple(replace(part, tokens=length(part.value)) for part in parts)

    # A part is about as long as the prompt and its turns are by themselves; how long, it says itself.
    prompt = _prompt(messages)
    lead = [messages[place] for place in prompt]
    pieces = [_without(prompt, messages, start, stop) for start, stop in pairwise(edges)]
    weights = [(length({**value, "messages": piece}),) for piece in pieces]
    (heaviest,) = max(weights)
    place = weights.index((heaviest,))
    alone = [*lead, *pieces[place]] if prompt.start < edges[place + 1] else pieces[place]
    if length({**value, "messages": alone}) > limit:
        return ()
    cap = limit - (length({**value, "messages": lead}) if lead else 0)
    for _ in range(_MOST_TRIES):
        parts = measured(_evened(weights, (max(cap, heaviest),)))
        excess = _longest(parts) - limit
        if excess <= 0:
            return parts
        if cap <= heaviest:
            break
        cap -= excess
    parts = measured(range(1, len(weights)))
    return parts if _longest(parts) <= limit else ()


def _without(prompt: range, messages: Sequence[Any], start: int, stop: int) -> list[Any]:
    """Some messages without those of the prompt."""
    return [messages[place] for place in range(start, stop) if place not in prompt]


def _longest(parts: Sequence[Part]) -> int:
    return max(part.tokens or 0 for part in parts)


def _evened(weights: Sequence[Weight], caps: Weight) -> list[int]:
    """Which pieces begin a part, so that parts are as few as can be, and then none heavier than need be.

    There are none where one part is enough, or a piece alone is too heavy.
    """
    firsts = _filled(weights, caps)
    if not firsts:
        return []
    for place in range(len(caps)):
        caps = _lowered(weights, caps, place, len(firsts))
    return _filled(weights, caps) or []


def _lowered(weights: Sequence[Weight], caps: Weight, place: int, most: int) -> Weight:
    """The caps, one of them as low as it can be with parts begun no more than ``most`` times."""

    def with_cap(cap: int) -> Weight:
        return (*caps[:place], cap, *caps[place + 1 :])

    def serves(cap: int) -> bool:
        firsts = _filled(weights, with_cap(cap))
        return firsts is not None and len(firsts) <= most

    low = max(weight[place] for weight in weights)
    return with_cap(low + bisect_left(range(low, caps[place]), True, key=serves))


def _filled(weights: Sequence[Weight], caps: Weight) -> list[int] | None:
    """Which pieces begin a part, if each takes as many as it can; None if a piece alone is too heavy."""
    firsts: list[int] = []
    held = (0,) * len(caps)
    for number, weight in enumerate(weights):
        if any(map(gt, weight, caps)):
            return None
        held = tuple(map(add, held, weight))
        if any(map(gt, held, caps)):
            firsts.append(number)
            held = weight
    return firsts
