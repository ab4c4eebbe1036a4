"""What was found in a dataset as a whole, as the index keeps count of it."""

import sqlite3
from dataclasses import dataclass

from app.domain.validation.codes import GROUPED
from app.store import findings
from app.store.findings import Count

MOST = 12  # of one code


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
    """What was found in all."""
    counts = tuple(findings.counts(connection))
    grouped = (each.code for each in counts if each.code in GROUPED)
    return Tally(
        counts,
        findings.standing(connection),
        findings.sound(connection),
        {code: tuple(findings.details(connection, code, MOST)) for code in grouped},
    )
