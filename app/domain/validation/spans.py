"""Stretches of a text: what a check found, where, and what a repair would put there."""

from collections.abc import Iterable, Iterator
from heapq import merge
from typing import NamedTuple


class Span(NamedTuple):
    """Characters ``start`` to ``end`` of a text, what was found in them, and what may stand there instead."""

    start: int
    end: int
    detail: str = ""
    better: str = ""


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
