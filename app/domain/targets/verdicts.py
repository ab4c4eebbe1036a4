"""What a target says of an entry, and of a whole file: in plain words, with the source to look it up."""

from collections.abc import Iterator
from dataclasses import dataclass

from app.domain.roles import ASSISTANT
from app.domain.targets.shapes import NO_OBJECT, Part, Shape

ERROR = "target.error"
DROPPED = "target.dropped"
ALTERED = "target.altered"
UNTRAINED = "target.untrained"


@dataclass(frozen=True, slots=True)
class Verdict:
    """One thing that happens to an entry: a code of validation, the reason, its source, and repairs for it.

    ``fixes`` are codes with a repair, the likeliest first; none where only a person can help.
    """

    code: str
    detail: str
    source: str
    fixes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Note:
    """Something to know of the file as a whole, and where it can be looked up.

    ``refuses``: the trainer does not take the file at all.
    """

    words: str
    source: str
    refuses: bool = False


# By which key other formats are known: none of them has messages.
_FORMATS = {
    "instruction": "Alpaca's format",
    "conversations": "ShareGPT's format",
    "chosen": "a format of preferences",
    "chosen_messages": "a format of preferences",
    "prompt": "a format of prompts",
    "text": "plain text",
}


def unreadable(shape: Shape, source: str) -> Iterator[Verdict]:
    """That there are no messages, or some that are no objects, which no trainer can read."""
    if not shape.messages:
        yield Verdict(ERROR, no_messages(shape), source)
    elif any(part.content in NO_OBJECT for part in shape.messages):
        yield Verdict(ERROR, "a message is no object with role and content", source)


def no_messages(shape: Shape) -> str:
    """The words for it, with the format that the entry seems to have instead."""
    top = dict(shape.top)
    other = next((title for key, title in _FORMATS.items() if key in top), "")
    known = f": this is {other}, which trainers read, if at all, with other settings" if other else ""
    return f"there is no list of messages{known}"


def ignored_marks(shape: Shape, honours: str, source: str) -> Iterator[Verdict]:
    """That a message which is marked as not to be learnt is learnt all the same.

    :param honours: the mark that the trainer knows, ``weight`` or ``train``; empty where it knows none.
    """
    marks = {"weight": "0", "train": "false"}
    for key, kind in marks.items():
        if key != honours and any(part.has(key) == kind for part in shape.messages):
            yield Verdict(ALTERED, f"a message with “{key}” {kind} is learnt all the same", source)


def answers(shape: Shape) -> list[Part]:
    """The messages whose role is spelt ``assistant``."""
    return [part for part in shape.messages if part.role == ASSISTANT]


def all_marked(parts: list[Part], key: str, kind: str) -> bool:
    """Whether there are messages, and each has this mark."""
    return bool(parts) and all(part.has(key) == kind for part in parts)


def unweighted(shape: Shape, source: str) -> Iterator[Verdict]:
    """That every answer has the weight 0, so that nothing is learnt."""
    if all_marked(answers(shape), "weight", "0"):
        yield Verdict(UNTRAINED, "every answer has the weight 0", source)


def role_fixes(part: Part) -> tuple[str, ...]:
    """The repair for a role that is spelt otherwise; none for one that nobody knows."""
    return ("chatml.role_canonicalization",) if part.canonical else ()
