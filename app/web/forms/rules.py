"""The form of the rules of validation: a phrase a line, and what is as long as to be split."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from app.domain.form_text import unix
from app.domain.validation.rules import LARGEST_LIMIT, LIMITS, LONGEST_PHRASE, MOST_PHRASES, Rules
from app.errors import Refused
from app.web.forms import whole


@dataclass(frozen=True, slots=True)
class Field:
    """A rule as the form shows it."""

    name: str
    title: str
    help: str

    @property
    def is_number(self) -> bool:
        """Whether it is a number; else it is a list."""
        return self.name in LIMITS


FIELDS = (
    Field(
        "refusals",
        "Phrases of a refusing assistant",
        "Found where the assistant says them as a language model would.",
    ),
    Field("slop", "Worn phrases", "Found in answers; counted phrase by phrase."),
    Field("speaks_for_user", "Phrases by which the assistant speaks for the user", "Found in answers."),
    Field("ooc", "Remarks out of character", "Words by which such a remark is known."),
    Field(
        "special_tokens",
        "Control tokens",
        "Found exactly as they are spelt, capitals and all. Chat templates write them, texts must not.",
    ),
    Field(
        "never_publish",
        "Names that are never to be published",
        "People and places that you want to be told of wherever they stand.",
    ),
    Field("split_exchanges", "A conversation is long from this many exchanges on", ""),
    Field("split_words", "It is long, too, with more words by the assistant than", ""),
)


def shown(field: Field, rules: Rules) -> str:
    """What stands in the field."""
    value = getattr(rules, field.name)
    return str(value) if field.is_number else "\n".join(value)


def posted(fields: Mapping[str, str], usual: Rules) -> dict[str, Any]:
    """What was typed, by the name of the rule; None where it is as usual, or shall be again.

    :raises Refused: naming the field, and the line of it, that cannot be.
    """
    return {field.name: _posted(field, fields, usual) for field in FIELDS if field.name in fields}


def _posted(field: Field, fields: Mapping[str, str], usual: Rules) -> Any:
    typed = fields[field.name]
    if f"usual-{field.name}" in fields:
        return None
    value: Any = _number(field, typed) if field.is_number else _lines(field, typed)
    return None if value == getattr(usual, field.name) else value


def _number(field: Field, typed: str) -> int:
    number = whole(typed)
    if number is None or not 1 <= number <= LARGEST_LIMIT:
        raise Refused(
            f"“{field.title}” is a whole number from 1 to {LARGEST_LIMIT:,}.",
            "Write it in digits.",
            field=field.name,
        )
    return number


def _lines(field: Field, typed: str) -> tuple[str, ...]:
    lines = [each.strip() for each in unix(typed).split("\n")]
    for number, each in enumerate(lines, 1):
        if len(each) > LONGEST_PHRASE:
            raise Refused(
                f"“{field.title}”: line {number:,} is longer than {LONGEST_PHRASE} characters.",
                "Shorten it, then save again. Nothing was changed.",
                field=field.name,
            )
    found = tuple(dict.fromkeys(each for each in lines if each))
    if len(found) > MOST_PHRASES:
        raise Refused(
            f"“{field.title}” has {len(found):,} phrases; there may be {MOST_PHRASES:,}.",
            "Take some out, then save again. Nothing was changed.",
            field=field.name,
        )
    return found
