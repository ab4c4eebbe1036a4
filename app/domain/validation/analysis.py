"""All that validation says of one entry, and what of it is kept beside its line."""

from dataclasses import dataclass
from functools import lru_cache

from app.domain.entry import Entry, digest
from app.domain.targets.shapes import Shape
from app.domain.validation.codes import GROUPED
from app.domain.validation.diagnostic import Diagnostic, Finding, summed
from app.domain.validation.labels import check_labels
from app.domain.validation.rules import Rules
from app.domain.validation.structure import check_structure
from app.domain.validation.text import check_texts

VERSION = 2  # raise it when a check of messages finds something else than before


@dataclass(frozen=True, slots=True)
class Analysis:
    """What the messages of one entry say of it.

    ``shape`` is all that a trainer or a chat template reacts to, as text. Entries with the same ``same``
    hold the same conversation, white space aside.
    """

    shape: str
    same: bytes
    findings: tuple[Finding, ...]


def check(entry: Entry, rules: Rules) -> tuple[Diagnostic, ...]:
    """Every diagnostic of an entry by itself: those of the entry as a whole first, then message by message.

    What only shows beside other entries (repeated ids, duplicates) or with a target is not among them.
    """
    found = (*check_labels(entry), *check_structure(entry, rules), *check_texts(entry, rules))
    return tuple(sorted(found, key=lambda each: (each.message, each.start)))


def analysed(entry: Entry, rules: Rules) -> Analysis:
    """What validation finds in the messages of an entry; for its labels see the facts of its line."""
    diagnostics = (*check_structure(entry, rules), *check_texts(entry, rules))
    return Analysis(Shape.of(entry.value).encode(), same_text(entry), summed(diagnostics, GROUPED))


def same_text(entry: Entry) -> bytes:
    """A digest that two entries share if their conversations are the same text, white space aside."""
    if not entry.messages:
        return b""
    said = (f"{each.canonical or each.role}\0{' '.join(_words(each.content))}" for each in entry.messages)
    return digest("\1".join(said).encode("utf-8", "surrogatepass"))


def spoken(entry: Entry) -> str:
    """All that an entry says but for its system messages."""
    return "\n".join(each.text for each in entry.messages if each.canonical != "system")


def _words(content: object) -> list[str]:
    return content.split() if isinstance(content, str) else [repr(content)]


@lru_cache(maxsize=8)
def key_of(rules: Rules) -> str:
    """What an analysis is good for: the rules and the version of the checks that it was made with."""
    return f"{VERSION}:{rules.key}"
