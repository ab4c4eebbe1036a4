"""Stretches of a text: what a check found, where, and what a repair would put there."""

from collections.abc import Iterable
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
    for span in spans:
        pieces += (text[place : span.start], span.better)
        place = span.end
    return "".join((*pieces, text[place:]))


def apart(spans: Iterable[Span]) -> list[Span]:
    """The spans in order; of those that overlap the one that begins first, of those the longest."""
    kept: list[Span] = []
    for span in sorted(spans, key=lambda span: (span.start, -span.end, span.detail)):
        if not kept or span.start >= kept[-1].end:
            kept.append(span)
    return kept
