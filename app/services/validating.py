"""What validation has to say: of a dataset by code, of one entry in full, of any file without opening it."""

from dataclasses import dataclass, replace
from sqlite3 import Connection

from app.domain.entry import Entry
from app.domain.facts import payload
from app.domain.repairs import REPAIRS
from app.domain.validation.analysis import check
from app.domain.validation.codes import CODES, Code
from app.domain.validation.diagnostic import Diagnostic, Severity
from app.errors import NotFound
from app.services import criteria
from app.services.analysing import Due, due
from app.services.library import Library
from app.services.reading import Snapshot, reading
from app.store import findings, queries
from app.store.finding import locate
from app.store.tally import MOST, tally

MOST_DETAILS = MOST  # of one code, on the page


@dataclass(frozen=True, slots=True)
class Detail:
    """One thing that a code found: how many entries have it, and how often it stands in them."""

    what: str
    entries: int
    found: int


@dataclass(frozen=True, slots=True)
class CodeCount:
    """How many entries a code concerns. ``details`` are the most frequent things found, where it groups."""

    code: Code
    severity: Severity
    entries: int
    found: int
    details: tuple[Detail, ...]

    @property
    def repairable(self) -> bool:
        """Whether a repair exists."""
        return self.code.name in REPAIRS


@dataclass(frozen=True, slots=True)
class Overview:
    """What validation says of a dataset. ``sound`` counts the entries in which nothing was found.

    ``compared`` tells whether entries that say nearly the same are known as they are now.
    """

    entries: int
    sound: int
    unreadable: int
    severities: dict[Severity, int]
    codes: tuple[CodeCount, ...]
    due: Due
    compared: bool


def overview(library: Library, slug: str) -> Overview:
    """What validation says of a dataset, by severity and code, as far as its entries were looked at.

    :raises NotFound: if there is no such dataset.
    """
    waiting = due(library, slug)
    with reading(library, slug) as snapshot:
        return _overview(snapshot, waiting)


def _overview(snapshot: Snapshot, waiting: Due) -> Overview:
    found, strict = tally(snapshot.connection), findings.strict(snapshot.connection)
    codes = [
        CodeCount(
            CODES[each.code],
            Severity.ERROR if each.code in strict else Severity(each.severity),
            each.entries,
            each.found,
            tuple(Detail(*one) for one in found.details.get(each.code, ())),
        )
        for each in found.counts
        if each.code in CODES
    ]
    return Overview(
        snapshot.summary.entries,
        found.sound,
        snapshot.summary.unreadable,
        {severity: found.severities.get(int(severity), 0) for severity in reversed(Severity)},
        tuple(sorted(codes, key=lambda each: (-each.severity, -each.entries, each.code.name))),
        waiting,
        findings.are_compared(snapshot.connection),
    )


def of_entry(library: Library, slug: str, key: str) -> tuple[Diagnostic, ...]:
    """Every diagnostic of one entry, those of the entry as a whole first, then message by message.

    :raises NotFound: if there is no such entry.
    """
    rules = criteria.rules_for(library, slug)
    with reading(library, slug) as snapshot:
        place = locate(snapshot.connection, key)
        if place is None:
            raise NotFound(f"There is no entry {key} in {slug}.")
        entry = Entry.of(payload(snapshot.file.read(place.offset, place.length)))
        beside = [
            Diagnostic(code, Severity(bad), detail=_told(snapshot.connection, place.rank, code, what))
            for code, bad, what in findings.of_entry(snapshot.connection, place.rank)
        ]
        strict = findings.strict(snapshot.connection)
    return tuple(raised(each, strict) for each in (*beside, *check(entry, rules)))


def _told(connection: Connection, rank: int, code: str, what: str) -> str:
    """What there is to say of a finding beside others: which entry is repeated, or what the target does."""
    first = findings.earlier(connection, rank, code, what)
    if first is not None:
        return f"The earlier one is entry {queries.number(connection, first):,}."
    return "" if code == "duplicate.near" else what


def raised(diagnostic: Diagnostic, strict: frozenset[str]) -> Diagnostic:
    """The diagnostic, an error if the target makes it one."""
    return replace(diagnostic, severity=Severity.ERROR) if diagnostic.code in strict else diagnostic


def as_json(diagnostic: Diagnostic, entry: str, number: int) -> dict[str, object]:
    """A diagnostic as the command line prints it; places are counted from 0, entries from 1."""
    spot = [diagnostic.start, diagnostic.end] if diagnostic.start >= 0 else None
    return {
        "code": diagnostic.code,
        "severity": diagnostic.severity.word,
        "entry": entry,
        "number": number,
        "message": diagnostic.message if diagnostic.message >= 0 else None,
        "span": spot,
        "detail": diagnostic.detail or CODES[diagnostic.code].title,
        "repair": diagnostic.code in REPAIRS,
    }
