"""What comes out when a foreign record is turned into a conversation."""

from collections import Counter
from dataclasses import dataclass
from typing import Any


class NotConvertible(ValueError):
    """The record cannot take the other shape without losing something; the text says what."""


@dataclass(frozen=True, slots=True)
class Converted:
    """An entry in ChatML shape, and how often each spelling of a role was replaced on the way."""

    value: dict[str, Any]
    roles: Counter[str]
