"""What was found in a dataset as a whole: counted once after a look, and written down in the index."""

import json
import sqlite3
from dataclasses import asdict, dataclass
from typing import Any

from app.domain.validation.codes import GROUPED
from app.store import findings
from app.store.findings import Count
from app.store.index import summary_of

MOST = 12  # of one code
_MARK = "tally"


@dataclass(frozen=True, slots=True)
class Tally:
    """How many entries have each code, and at least one finding of each severity.

    ``sound`` counts the entries that were looked at and have none. ``details`` are the most frequent
    things found, by the codes that group them.
    """

    counts: tuple[Count, ...]
    severities: dict[int, int]
    sound: int
    details: dict[str, tuple[tuple[str, int, int], ...]]


def tally(connection: sqlite3.Connection) -> Tally:
    """What was found in all: as it was last written down, or counted now if anything changed since."""
    known = json.loads(findings.mark(connection, _MARK) or "{}")
    return _read(known["found"]) if known.get("state") == _state(connection) else _counted(connection)


def write_tally(connection: sqlite3.Connection) -> None:
    """Count what was found, and write it down, if that was not done since anything changed."""
    known = json.loads(findings.mark(connection, _MARK) or "{}")
    state = _state(connection)
    if known.get("state") != state:
        found = {"state": state, "found": asdict(_counted(connection))}
        findings.set_mark(connection, _MARK, json.dumps(found))


def _state(connection: sqlite3.Connection) -> list[str]:
    """What changes whenever findings do."""
    summary = summary_of(connection)
    return [summary.content if summary else "", *findings.state(connection)]


def _counted(connection: sqlite3.Connection) -> Tally:
    counts = tuple(findings.counts(connection))
    grouped = (each.code for each in counts if each.code in GROUPED)
    return Tally(
        counts,
        findings.by_severity(connection),
        findings.sound(connection),
        {code: tuple(findings.details(connection, code, MOST)) for code in grouped},
    )


def _read(found: dict[str, Any]) -> Tally:
    return Tally(
        tuple(Count(**each) for each in found["counts"]),
        {int(severity): entries for severity, entries in found["severities"].items()},
        found["sound"],
        {code: tuple((*each,) for each in several) for code, several in found["details"].items()},
    )
