"""Casting: which character speaks a message, and who the speakers of a file may be."""

import json
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from difflib import SequenceMatcher
from typing import Any

from app.domain.change import difference
from app.domain.entry import Message
from app.domain.folding import normal
from app.domain.roles import ASSISTANT, SYSTEM, TOOL, USER, canonical
from app.domain.tags import free_slug

MOST_PAIRS = 4_000_000  # of equal messages; beyond this it takes too long to look at their neighbours
# What other programs call the two sides of a conversation.
_USUAL = {
    **dict.fromkeys(("you", "me", "anon", "{{user}}", "<user>"), USER),
    **dict.fromkeys(("char", "character", "{{char}}", "<char>", "<bot>"), ASSISTANT),
}


@dataclass(frozen=True, slots=True)
class Turn:
    """One message of an entry and the character that speaks it.

    ``index`` is the message's place in the entry, from 0; ``character`` is a slug; ``role`` is the one
    that the message is trained as; ``label`` is what the file called the speaker, if it had a name.
    """

    index: int
    character: str
    role: str
    label: str | None = None


def moved(
    turns: Iterable[Turn], old_messages: Sequence[Any], new_messages: Sequence[Any]
) -> tuple[Turn, ...]:
    """The turns at the places where their messages are now, without those whose messages are gone.

    A message that both lists hold is the same one, wherever it went. One that is new is an old one
    rewritten if both stand between the same neighbours.

    :param old_messages: JSON values, the list that the turns count in.
    """
    turn_of = {turn.index: turn for turn in turns if turn.index >= 0}
    if not turn_of:
        return ()
    places = enumerate(_origins(old_messages, new_messages))
    return tuple(replace(turn_of[old], index=new) for new, old in places if old in turn_of)


def _origins(old_messages: Sequence[Any], new_messages: Sequence[Any]) -> list[int]:
    """The place where each new message stood; -1 for one that was not there."""
    old = [json.dumps(message, sort_keys=True).encode() for message in old_messages]
    new = [json.dumps(message, sort_keys=True).encode() for message in new_messages]
    steps = list(_aligned(old, new))
    origins = [-1] * len(new)
    for step, start, end, other, other_end in steps:
        if step == "equal":
            origins[other:other_end] = range(start, end)
    for place, origin in _elsewhere(old, new, origins):
        origins[place] = origin
    there, found = set(old), set(origins)
    for step, start, end, other, other_end in steps:
        if step == "replace":
            gone = [place for place in range(start, end) if place not in found]
            come = [place for place in range(other, other_end) if new[place] not in there]
            for origin, place in _rewritten(old_messages, gone, new_messages, come):
                origins[place] = origin
    return origins


def _aligned(old: Sequence[bytes], new: Sequence[bytes]) -> Iterator[tuple[str, int, int, int, int]]:
    """The steps that lead from one list to the other, in the words of ``difflib``.

    What both begin and end with is set apart: of a row of equal messages, one in the middle changed.
    """
    shorter = min(len(old), len(new))
    first = next((n for n in range(shorter) if old[n] != new[n]), shorter)
    last = next((n for n in range(shorter - first) if old[-1 - n] != new[-1 - n]), shorter - first)
    before, after = old[first : len(old) - last], new[first : len(new) - last]
    yield "equal", 0, first, 0, first
    alike = Counter(before)
    if sum(alike[message] for message in after) <= MOST_PAIRS:
        for step, *places in SequenceMatcher(None, before, after, autojunk=False).get_opcodes():
            start, end, other, other_end = (place + first for place in places)
            yield step, start, end, other, other_end
    yield "equal", len(old) - last, len(old), len(new) - last, len(new)


def _elsewhere(
    old: Sequence[bytes], new: Sequence[bytes], origins: Sequence[int]
) -> Iterator[tuple[int, int]]:
    """New and old place of each message that has left the order of the others."""
    gone = sorted({*range(len(old))}.difference(origins))
    come = [place for place, origin in enumerate(origins) if origin < 0]
    found = difference([old[place] for place in gone], [new[place] for place in come])
    return ((place, gone[number]) for place, number in zip(come, found, strict=True) if number is not None)


def _rewritten(
    old: Sequence[Any], gone: Sequence[int], new: Sequence[Any], come: Sequence[int]
) -> Iterable[tuple[int, int]]:
    """Old and new place of messages between two neighbours: one by one, or else as their roles agree."""
    if len(gone) == len(come):
        return zip(gone, come, strict=True)
    before, after = [Message(old[place]).role for place in gone], [Message(new[place]).role for place in come]
    runs = SequenceMatcher(None, before, after, autojunk=False).get_matching_blocks()
    return ((gone[run.a + step], come[run.b + step]) for run in runs for step in range(run.size))


def groups(labels: Iterable[str]) -> tuple[tuple[str, ...], ...]:
    """The labels as they are spelt, those together that differ only by case, accents or white space."""
    found: dict[str, dict[str, None]] = {}
    for label in labels:
        found.setdefault(normal(label, ignore_accents=True) or label.strip(), {})[label] = None
    return tuple(tuple(group) for group in found.values())


def replies(labels: Sequence[str]) -> Counter[str]:
    """How many messages of each named speaker of one entry are spoken to its user.

    The user is who is called so, else who speaks first; but who also has the last word greeted the
    user, who then comes second.

    :param labels: who speaks each message of the entry, as spelt.
    """
    spoken = [label for label in labels if label.strip() and canonical(label) not in (SYSTEM, TOOL)]
    called = [label for label in spoken if canonical(label) == USER]
    askers = called or list(dict.fromkeys(label for label in spoken if canonical(label) != ASSISTANT))
    greeted = len(askers) > 1 and askers[0] == spoken[-1]
    return Counter(label for label in spoken if not canonical(label) and label != askers[greeted])


def next_speaker(said: Sequence[tuple[str, str]], role: str = "") -> tuple[str, str]:
    """Role and character of the next message: the last two speakers take turns.

    A ``said`` pair is the role and the character of a message so far, in order.

    :param role: the role of the next message, where a person chose it.
    """
    talk = [each for each in said if canonical(each[0]) not in (SYSTEM, TOOL)]
    last = talk[-1] if talk else None
    heard = [each for each in said if each[0] == role] if role else talk
    other = next((each for each in reversed(heard) if each != last), None)
    if role:
        return other or (heard[-1] if heard else (role, ""))
    return other or (ASSISTANT if last and canonical(last[0]) == USER else USER, "")


def suggestion(label: str, messages: int, replying: int) -> str:
    """The role that a named speaker seems to have: ``assistant`` or ``user``.

    :param messages: how many the speaker has in the dataset.
    :param replying: how many of them are replies, by :func:`replies`.
    """
    return _USUAL.get(label.strip().casefold()) or (ASSISTANT if replying * 2 > messages else USER)


def character_slug(name: str, taken: Collection[str]) -> str:
    """A slug for a character of this name, in its own script, that is not taken yet."""
    return free_slug(name, taken, nameless="character")
