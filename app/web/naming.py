"""The names under which messages are shown: the character, else the name from the settings, else the role."""

from collections.abc import Mapping
from typing import Any, Protocol

from flask import Flask

from app.domain.casting import Turn, moved
from app.domain.entry import Message, messages_of
from app.domain.roles import canonical
from app.web.context import preferences


class Named(Protocol):
    """A character, in whatever it is shown."""

    @property
    def display_name(self) -> str:
        """Its name as typed."""
        ...


def install(app: Flask) -> None:
    """Let every template say who speaks."""
    app.jinja_env.filters.update(named=preview_name)
    app.jinja_env.globals.update(speaker=speaker)


def preview_name(role: str) -> str:
    """The name that the person gave to whoever speaks in that role, to be shown; empty if none."""
    chosen = preferences()
    names = {"user": chosen.preview_user_name, "assistant": chosen.preview_assistant_name}
    return names.get(canonical(role), "").strip()


def speaker(role: str, character: Named | None = None) -> str:
    """Who says a message of that role; the role itself, where nobody has a name."""
    name = character.display_name if character else preview_name(role)
    return name or role


def names(value: Mapping[str, Any], cast: Mapping[int, Named]) -> list[str]:
    """For each message of an entry its speaker and its role, as a comparison shows them."""
    return [_name(message, cast.get(index)) for index, message in enumerate(messages_of(value))]


def names_then(
    value: Mapping[str, Any] | None, cast: Mapping[int, Named], now: Mapping[str, Any] | None
) -> list[str]:
    """The same for a version of an entry: characters stand beside the messages that they speak ``now``."""
    if value is None:
        return []
    turns = (Turn(index, str(index), "") for index in cast)
    then, present = ([message.value for message in messages_of(each or {})] for each in (value, now))
    return names(value, {turn.index: cast[int(turn.character)] for turn in moved(turns, present, then)})


def _name(message: Message, character: Named | None) -> str:
    role = message.role or "no role"
    name = speaker(role, character)
    return role if name == role else f"{name} ({role})"
