"""Casting: which character speaks a message."""

from dataclasses import dataclass


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
