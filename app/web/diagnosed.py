"""What validation says of the open entry: by code, each place with the words around it and a way there."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby

from app.domain.entry import Message
from app.domain.repairs import REPAIRS
from app.domain.validation.codes import CODES, Code
from app.domain.validation.diagnostic import Diagnostic, Severity
from app.errors import AppError
from app.services import validating
from app.services.browsing import OpenEntry
from app.services.health import Health, health
from app.services.library import DatasetInfo
from app.web.context import library
from app.web.forms.entry import EntryForm
from app.web.forms.view import DIAGNOSTICS

MOST_PLACES = 8  # of one code that are listed
AROUND = 30  # letters on each side of what was found
LONGEST = 80  # letters of what was found

SAID = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.INFO: "worth a look"}

Mark = tuple[str, str]  # a piece of a text, and what is said of it; nothing of most


@dataclass(frozen=True, slots=True)
class Place:
    """Where something was found: the message and its number, the box it stands in, the words around it.

    ``row`` is the place of the box in the form, none if the draft has it no more; ``words`` are those
    before, in and behind what was found, none where no stretch of text is meant.
    """

    number: int
    row: int | None
    words: tuple[str, str, str] | None
    detail: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Found:
    """One code that was found in the entry; ``more`` counts the places that are not listed."""

    code: Code
    severity: Severity
    detail: str
    places: tuple[Place, ...]
    more: int
    repairable: bool

    @property
    def words(self) -> str:
        """How bad it is, as all pages say it."""
        return dict(DIAGNOSTICS)[self.severity.word]


def unlooked(dataset: DatasetInfo) -> Health | None:
    """How the dataset stands, where it is not known whether an entry repeats another one; else None."""
    stands = health(library(), dataset)
    return stands if stands and not stands.is_known else None


def found_in(slug: str, entry: OpenEntry, form: EntryForm | None) -> tuple[Found, ...]:
    """What validation says of an entry as it stands in the file, worst first."""
    try:
        diagnostics = validating.of_entry(library(), slug, entry.key)
    except AppError:
        return ()  # the entry is shown all the same; the page of validation says what is wrong
    ordered = sorted(diagnostics, key=lambda each: (-each.severity, each.code))
    rows = _rows(form)
    messages = entry.entry.messages
    grouped = groupby(ordered, key=lambda each: each.code)
    return tuple(_found(list(each), messages, rows) for code, each in grouped if code in CODES)


def _rows(form: EntryForm | None) -> dict[int, int]:
    """Where in the form each message of the stored entry stands."""
    rows = form.rows() if form else ()
    return {row.origin: place for place, row in enumerate(rows) if row.origin is not None}


def _found(diagnostics: Sequence[Diagnostic], messages: Sequence[Message], rows: Mapping[int, int]) -> Found:
    first = diagnostics[0]
    inside = sorted((each for each in diagnostics if each.message >= 0), key=lambda each: each.message)
    whole = {each.detail: each for each in diagnostics if each.message < 0 and each.detail}
    return Found(
        CODES[first.code],
        max(each.severity for each in diagnostics),
        ", ".join(whole),
        tuple(_place(each, messages, rows) for each in inside[:MOST_PLACES]),
        max(0, len(inside) - MOST_PLACES),
        first.code in REPAIRS,
    )


def _place(each: Diagnostic, messages: Sequence[Message], rows: Mapping[int, int]) -> Place:
    text = messages[each.message].text if each.message < len(messages) else ""
    words = _words(text, each.start, each.end) if 0 <= each.start < each.end <= len(text) else None
    detail = "" if words else each.detail
    return Place(each.message + 1, rows.get(each.message), words, detail, each.start, each.end)


def _words(text: str, start: int, end: int) -> tuple[str, str, str]:
    before, inside, behind = text[:start], text[start:end], text[end:]
    if len(before) > AROUND:
        before = "…" + before[-AROUND:]
    if len(inside) > LONGEST:
        inside = inside[:LONGEST] + "…"
    return before, inside, behind if len(behind) <= AROUND else behind[:AROUND] + "…"


def marks(slug: str, entry: OpenEntry) -> dict[int, tuple[Mark, ...]]:
    """The texts in which something was found, in pieces, by the places of their messages."""
    by_message: dict[int, list[Diagnostic]] = {}
    for each in validating.of_entry(library(), slug, entry.key):
        if each.start >= 0 and each.code in CODES:
            by_message.setdefault(each.message, []).append(each)
    return {
        place: tuple(_pieces(entry.entry.messages[place].text, each)) for place, each in by_message.items()
    }


def _pieces(text: str, diagnostics: Iterable[Diagnostic]) -> Iterable[Mark]:
    """A text cut where something was found; of two that overlap, the one that begins first is marked."""
    last = 0
    for each in sorted(diagnostics, key=lambda found: (found.start, -found.end)):
        if each.start >= last and each.end <= len(text):
            yield text[last : each.start], ""
            yield text[each.start : each.end], f"{SAID[each.severity]}: {CODES[each.code].title}"
            last = each.end
    yield text[last:], ""
