"""Stretches of a text: what a check found, where, and what a repair would put there."""

import re
from collections.abc import Callable, Iterable, Iterator
from heapq import merge
from typing import NamedTuple


class Span(NamedTuple):
    """Characters ``start`` to ``end`` of a text, what was found in them, and what may stand there instead."""

    start: int
    end: int
    detail: str = ""
    better: str = ""


# Places of one kind that a check judges one by one in a message. Only a text made for that has more, and
# they may take a second; a repair judges all.
TRIES = 20_000
STOPPED = "from here on not looked at: too much before is nearly of this kind"


def stopped(place: int) -> Span:
    """What a check gives in place of the rest, where it has judged as many places as it may."""
    return Span(place, place, STOPPED)


def judged(
    matches: "Iterable[re.Match[str]]", judge: "Callable[[re.Match[str]], Span | None]", tries: int | None
) -> Iterator[Span]:
    """What a judge makes of each match, or of so many."""
    for tried, found in enumerate(matches):
        if tried == tries:
            yield stopped(found.start())
            return
        if span := judge(found):
            yield span


def replaced(text: str, spans: Iterable[Span]) -> str:
    """The text with ``better`` in the place of each span; they come in order and do not overlap."""
    pieces: list[str] = []
    place = 0
    for start, end, _, better in spans:
        pieces += (text[place:start], better)
        place = end
    return "".join((*pieces, text[place:]))


def apart(*ordered: Iterable[Span]) -> Iterator[Span]:
    """The spans of all, each in order, as one; of those that overlap the first, of those the longest."""
    place = 0
    for span in merge(*ordered, key=lambda span: (span.start, -span.end, span.detail)):
        if span.start >= place:
            place = span.end
            yield span
