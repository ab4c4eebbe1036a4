"""Search: what a person types into the search box, held against the text of messages."""

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import islice
from time import monotonic

import regex
from regex import Pattern

from app.domain.folding import Alignment, bare, fold, normal
from app.domain.pattern import LONGEST, required, too_large, within_lines
from app.errors import AppError

__all__ = ["MODES", "BadQuery", "Deadline", "Matcher", "SearchTimeout", "compile_query", "fold"]

MODES = ("contains", "words", "phrase", "regex")

LONGEST_QUERY = 10_000
_LETTER = r"[\p{L}\p{M}\p{N}_]"


class BadQuery(AppError):
    """What stands in the search box is no query; ``details["position"]`` is where it stops being one."""

    status = 422
    hint = "Correct the pattern, or search in another mode."


class SearchTimeout(AppError):
    """The pattern takes too long on this dataset, or too much memory."""

    status = 422
    hint = "Add a plain word to the pattern, or avoid a repeat inside a repeat, such as (a+)+."


class Deadline:
    """The moment at which a search gives up."""

    def __init__(self, seconds: float = 5.0) -> None:
        self._seconds = seconds
        self._end = monotonic() + seconds

    def left(self) -> float:
        """The seconds that are left, more than none.

        :raises SearchTimeout: if none is.
        """
        left = self._end - monotonic()
        if left <= 0:
            raise self.passed()
        return left

    def passed(self) -> SearchTimeout:
        """The error that says so."""
        return SearchTimeout(f"The search was stopped after {self._seconds:g} seconds.")


@dataclass(frozen=True, slots=True)
class Matcher:
    """A query, ready to be held against messages.

    A message matches if its text, made normal by the two options, holds every one of ``patterns``.
    The rest makes it quick to search folded text: what matches holds ``folded`` there, and all
    ``literals`` (with accents ignored: where its folded text is ASCII). ``sure``: and what holds
    the literals, matches. ``lines``, where there are none, finds the same in many messages at once.
    """

    patterns: tuple[Pattern[str], ...] = ()
    folded: tuple[Pattern[str], ...] = ()
    literals: tuple[str, ...] = ()
    lines: Pattern[str] | None = None
    match_case: bool = False
    ignore_accents: bool = False
    sure: bool = False
    timed: bool = False

    @property
    def exact(self) -> bool:
        """Whether folded text decides; if not, :meth:`matches` has to confirm what is found there."""
        return not self.match_case

    def matches(self, text: str, deadline: Deadline | None = None) -> bool:
        """Whether the query stands in the text of one message.

        :raises SearchTimeout: if a regular expression cannot tell before the deadline.
        """
        view = normal(text, match_case=self.match_case, ignore_accents=self.ignore_accents)
        return self._found(self.patterns, view, deadline)

    def matches_folded(self, folded: str, deadline: Deadline | None = None) -> bool:
        """Whether the query stands in the folded text of one message, or might, if not ``exact``.

        :raises SearchTimeout: if a regular expression cannot tell before the deadline.
        """
        return self._found(self.folded, bare(folded) if self.ignore_accents else folded, deadline)

    def spans(self, text: str, *, most: int = 200) -> list[tuple[int, int]]:
        """Where the query stands in the text of one message: start and end, in order, apart.

        A letter that folding makes two, such as ``ß``, is marked whole. A regular expression that
        takes longer than a second marks what it found by then.

        :param most: how many are looked for, of each word.
        """
        view = normal(text, match_case=self.match_case, ignore_accents=self.ignore_accents)
        found = [span for pattern in self.patterns for span in _spans(pattern, view, most)]
        if not found:
            return []
        align = Alignment(text, match_case=self.match_case, ignore_accents=self.ignore_accents)
        return _apart(align.origin(*span) for span in sorted(found))[:most]

    def _found(self, patterns: Iterable[Pattern[str]], text: str, deadline: Deadline | None) -> bool:
        if not self.timed:
            return all(pattern.search(text) for pattern in patterns)
        deadline = deadline or Deadline()
        return all(search_timed(pattern, text, 0, deadline) is not None for pattern in patterns)


def search_timed(pattern: Pattern[str], text: str, start: int, deadline: Deadline) -> int | None:
    """Where the pattern is first found at or behind ``start``.

    :raises SearchTimeout: if that takes longer than there is time, or more memory than is sensible.
    """
    try:
        found = pattern.search(text, start, timeout=deadline.left())
    except TimeoutError:
        raise deadline.passed() from None
    except MemoryError:
        raise SearchTimeout("The search was stopped: the pattern needs too much memory.") from None
    return found.start() if found else None


def compile_query(text: str, *, mode: str, match_case: bool = False, ignore_accents: bool = False) -> Matcher:
    """The query as a matcher. One without a letter matches everything.

    :param mode: one of ``MODES``.
    :raises BadQuery: if there is no such mode, the text is too long, or it is no regular expression.
    """
    if mode not in MODES:
        raise BadQuery(f"There is no search mode {mode!r}.", f"Choose one of {', '.join(MODES)}.")
    if len(text) > LONGEST_QUERY:
        raise BadQuery(
            f"The query has {len(text):,} characters.", f"Search for at most {LONGEST_QUERY:,} at once."
        )
    if not fold(text):
        return Matcher()
    if mode == "regex":
        return _regex(text, match_case, ignore_accents)
    needle = normal(text, match_case=match_case, ignore_accents=ignore_accents)
    folded = normal(text, ignore_accents=ignore_accents)
    needles, foldeds = (needle.split(), folded.split()) if mode == "words" else ([needle], [folded])
    bounded = mode != "contains"
    return Matcher(
        patterns=tuple(_plain(needle, bounded) for needle in dict.fromkeys(needles)),
        folded=tuple(_plain(needle, bounded) for needle in dict.fromkeys(foldeds)),
        literals=_longest_first(set(foldeds)),
        match_case=match_case,
        ignore_accents=ignore_accents,
        sure=mode == "contains" and not match_case and not ignore_accents,
    )


def _longest_first(literals: set[str]) -> tuple[str, ...]:
    return tuple(sorted(literals, key=lambda literal: (-len(literal), literal)))


def _plain(needle: str, bounded: bool) -> Pattern[str]:
    """A pattern of the text as it stands; ``bounded``: and is no part of a longer word."""
    escaped = regex.escape(needle, special_only=True)
    return regex.compile(rf"(?<!{_LETTER}){escaped}(?!{_LETTER})" if bounded else escaped)


def _regex(text: str, match_case: bool, ignore_accents: bool) -> Matcher:
    if too_large(text):
        raise BadQuery(
            "The pattern is too large to be tried.",
            f"Keep it under {LONGEST:,} characters, with smaller numbers in {{ }}.",
        )
    flags = regex.V0 if match_case else regex.V0 | regex.IGNORECASE | regex.FULLCASE
    expression = _expression(text, flags)
    if ignore_accents:  # compiled as typed first, so that an error points into what the person sees
        text = bare(text)
        expression = _expression(text, flags)
    if not match_case:
        text = text.removeprefix("(?i)")  # it says nothing new, and would hide the rest from what follows
    literals = {fold(piece) for piece in required(text)} - {""}
    return Matcher(
        patterns=(expression,),
        folded=() if match_case else (expression,),
        literals=_longest_first(literals),
        lines=None if literals or match_case or ignore_accents else _lines(text, flags),
        match_case=match_case,
        ignore_accents=ignore_accents,
        timed=True,
    )


def _lines(text: str, flags: int) -> Pattern[str] | None:
    """The expression for many messages at once, if there is one."""
    within = within_lines(text)
    try:
        return _expression(within, flags) if within else None
    except BadQuery:
        return None


def _expression(text: str, flags: int) -> Pattern[str]:
    try:
        return regex.compile(text, flags)
    except regex.error as error:
        position = min(getattr(error, "pos", None) or 0, len(text))
        reason = getattr(error, "msg", str(error))
        raise BadQuery(
            f"The pattern cannot be read at character {position + 1}: {reason}.", position=position
        ) from error
    except RecursionError as error:
        raise BadQuery("The pattern is nested too deeply.", position=0) from error
    except (ValueError, TypeError, OverflowError) as error:
        raise BadQuery(f"The pattern cannot be read: {error}.", position=0) from error


def _spans(pattern: Pattern[str], text: str, most: int) -> list[tuple[int, int]]:
    """The first matches that are not empty, or those found within a second."""
    spans: list[tuple[int, int]] = []
    try:
        found = (match.span() for match in pattern.finditer(text, timeout=1.0))
        spans.extend(islice((span for span in found if span[0] < span[1]), most))
    except (TimeoutError, MemoryError):
        pass  # what is found is marked; the search itself has told of the time
    return spans


def _apart(spans: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    """The spans, which come in order, with overlapping ones as one."""
    apart: list[tuple[int, int]] = []
    for start, end in spans:
        if apart and start < apart[-1][1]:
            apart[-1] = (apart[-1][0], max(end, apart[-1][1]))
        else:
            apart.append((start, end))
    return apart
