"""The shapes in which conversations come and go: what a record is, and how it becomes an entry."""

from collections import Counter
from typing import Any

from app.domain.formats import turns
from app.domain.formats.converted import Converted, NotConvertible
from app.domain.formats.exports import chatml, plain_chatml, plain_sharegpt, sharegpt, with_names
from app.domain.formats.turns import is_turn

__all__ = [
    "Converted",
    "NotConvertible",
    "chatml",
    "convert",
    "is_turn",
    "plain_chatml",
    "plain_sharegpt",
    "recognise",
    "sharegpt",
    "with_names",
]


def recognise(value: Any) -> str:
    """The name of the shape that a record has: ``chatml``, ``sharegpt``, or empty for none we know."""
    if not isinstance(value, dict):
        return ""
    messages = value.get("messages")
    if isinstance(messages, list):
        return "sharegpt" if turns.foreign_names(messages) else "chatml"
    return "sharegpt" if turns.container(value) else ""


def convert(value: dict[str, Any], shape: str) -> Converted:
    """The record as an entry in ChatML shape. ChatML stays as it is, each role as spelt.

    :param shape: what :func:`recognise` said.
    :raises NotConvertible: if something would be lost, or the shape is none we know.
    """
    if shape == "chatml":
        return Converted(value, Counter())
    if shape == "sharegpt":
        in_messages = isinstance(value.get("messages"), list)
        return turns.convert(value, "messages" if in_messages else turns.container(value))
    raise NotConvertible("unknown shape")
