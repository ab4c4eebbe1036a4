"""What a trainer hands on to the chat template: for most of them, the messages of an entry as they are."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from app.domain.roles import ASSISTANT, SYSTEM, USER

Messages = list[Any]

# Axolotl's built-in map; every other role stays as it is.
_AXOLOTL_ROLES = {"human": USER, "gpt": ASSISTANT}


@dataclass(frozen=True, slots=True)
class Handed:
    """What a chat template is given of an entry.

    ``before``: so many messages stand in front that are none of the entry's messages. ``more`` are further
    names for the template: the tools that can be called, if any.
    """

    messages: Messages
    before: int = 0
    more: dict[str, Any] = field(default_factory=dict)


def handed(value: Mapping[str, Any], trainer: str = "") -> Handed:
    """What the template is given of an entry's value.

    :param trainer: the name of the trainer; without one the messages are given as they are.
    """
    found = value.get("messages")
    stated = found if isinstance(found, list) else []
    prepare = _PREPARED.get(trainer)
    messages = prepare(stated, value) if prepare else stated
    more = {"tools": value["tools"]} if isinstance(value.get("tools"), list) else {}
    return Handed(messages, len(messages) - len(stated), more)


def _axolotl(messages: Messages, value: Mapping[str, Any]) -> Messages:
    """As ``get_conversation_thread`` of Axolotl's chat_template.py has them.

    The roles go through its own map. A text under ``system`` comes first where the first message is no
    system prompt; nothing that is null comes along.
    """
    turns = [_axolotl_turn(message) for message in messages]
    system = value.get("system")
    if not turns or system is None or (isinstance(turns[0], dict) and turns[0].get("role") == SYSTEM):
        return turns
    return [{"role": SYSTEM, "content": system}, *turns]


def _axolotl_turn(message: Any) -> Any:
    if not isinstance(message, dict):
        return message
    turn = {key: item for key, item in message.items() if item is not None}
    role = turn.get("role")
    if isinstance(role, str):
        turn["role"] = _AXOLOTL_ROLES.get(role, role)
    return turn


_PREPARED: dict[str, Callable[[Messages, Mapping[str, Any]], Messages]] = {"axolotl": _axolotl}
