"""A diagnostic: one thing that validation found in an entry, and where."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import IntEnum

LONGEST = 200  # characters of a detail


class Severity(IntEnum):
    """How bad it is: most trainers refuse or lose it, it is likely wrong, it is worth a look."""

    INFO = 1
    WARNING = 2
    ERROR = 3

    @property
    def word(self) -> str:
        """The severity as it is shown."""
        return self.name.lower()


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """One thing found. ``message`` is the place of the message, from 0, or -1 for the entry as a whole.

    ``start`` and ``end`` are characters of that message's text, -1 where no stretch of it is meant.
    ``detail`` is what was found in a few words, such as the phrase, the role or the key.
    """

    code: str
    severity: Severity
    message: int = -1
    start: int = -1
    end: int = -1
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Finding:
    """How often one code was found in one entry; ``details`` counts what was found, for codes that group."""

    code: str
    severity: Severity
    count: int
    details: tuple[tuple[str, int], ...] = ()


def summed(diagnostics: Iterable[Diagnostic], grouped: frozenset[str]) -> tuple[Finding, ...]:
    """The diagnostics of one entry as one finding a code, each with its worst severity.

    :param grouped: the codes whose details are counted.
    """
    counts: dict[str, tuple[Severity, int]] = {}
    details: dict[str, dict[str, int]] = {}
    for each in diagnostics:
        worst, count = counts.get(each.code, (each.severity, 0))
        counts[each.code] = max(worst, each.severity), count + 1
        if each.code in grouped:
            seen, what = details.setdefault(each.code, {}), shown(each.detail)
            seen[what] = seen.get(what, 0) + 1
    return tuple(
        Finding(code, severity, count, tuple(details.get(code, {}).items()))
        for code, (severity, count) in counts.items()
    )


def shown(detail: str) -> str:
    """A detail as it is counted and shown: half characters as their escapes, and cut if it is long."""
    whole = detail.encode("utf-8", "backslashreplace").decode("utf-8")
    return whole if len(whole) <= LONGEST else whole[: LONGEST - 1] + "…"
