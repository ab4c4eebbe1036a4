"""An entry in the shapes that others read: ChatML and ShareGPT, clean or with everything it has."""

from collections.abc import Mapping
from typing import Any

import orjson

from app.domain.formats.converted import NotConvertible
from app.domain.roles import ASSISTANT, SYSTEM, TOOL, USER, canonical, is_call

_SHAREGPT = {SYSTEM: "system", USER: "human", ASSISTANT: "gpt", TOOL: "observation"}


def chatml(value: dict[str, Any], *, clean: bool) -> dict[str, Any]:
    """The entry as ChatML: ``clean`` means role and content alone, else it comes as it stands.

    :raises NotConvertible: if a clean export meets a message without a role.
    """
    if not clean:
        return value
    return {
        "messages": [
            {"role": message["role"], "content": message.get("content")} for message in _messages(value)
        ]
    }


def plain_chatml(text: bytes) -> dict[str, Any] | None:
    """What a clean :func:`chatml` gives of a line, if every role and content of it is text; else None.

    Then no number comes along, and orjson, which does not hold every number, will do.
    """
    messages = []
    try:
        found = orjson.loads(text)["messages"]
        for message in found:
            role, content = message["role"], message["content"]
            if type(role) is not str or type(content) is not str:
                return None
            messages.append({"role": role, "content": content})
    except (KeyError, TypeError, orjson.JSONDecodeError):
        return None
    return {"messages": messages} if type(found) is list else None


def plain_sharegpt(text: bytes) -> dict[str, Any] | None:
    """What a clean :func:`sharegpt` gives of a line, if its speakers are the usual ones; else None."""
    turns = []
    try:
        found = orjson.loads(text)["messages"]
        for message in found:
            content = message["content"]
            if type(content) is not str or "source_role" in message:
                return None
            turns.append({"from": _SHAREGPT[message["role"]], "value": content})
    except (KeyError, TypeError, orjson.JSONDecodeError):
        return None
    return {"conversations": turns} if type(found) is list else None


def sharegpt(value: dict[str, Any], *, clean: bool) -> dict[str, Any]:
    """The entry as ShareGPT: ``clean`` means speaker and text alone, else every other key comes along.

    :raises NotConvertible: if a message has no role, or another key stands where the turns belong.
    """
    messages = _messages(value)
    if clean:
        return {
            "conversations": [
                {"from": _speaker(message), "value": message.get("content")} for message in messages
            ]
        }
    if "conversations" in value:
        raise NotConvertible("it has a key “conversations” of its own")
    turns = [_turn(message) for message in messages]
    return {
        ("conversations" if key == "messages" else key): (turns if key == "messages" else item)
        for key, item in value.items()
    }


def _messages(value: dict[str, Any]) -> list[dict[str, Any]]:
    messages = value.get("messages")
    if not isinstance(messages, list):
        raise NotConvertible("it has no list of messages")
    for number, message in enumerate(messages, start=1):
        if not isinstance(message, dict) or not isinstance(message.get("role"), str):
            raise NotConvertible(f"message {number} has no role")
    return messages


def _turn(message: dict[str, Any]) -> dict[str, Any]:
    """The message under ShareGPT's names, unless a key of its own already has such a name."""
    names = {
        "role": "role" if "from" in message else "from",
        "content": "content" if "value" in message else "value",
    }
    speaker = _speaker(message)
    restored = is_call(speaker) and not is_call(message["role"])
    return {
        names.get(key, key): (speaker if key == "role" else item)
        for key, item in message.items()
        if not (restored and key == "source_role")
    }


def _speaker(message: dict[str, Any]) -> str:
    """ShareGPT's word for who speaks; a call and a character keep the label that they came with."""
    role: str = message["role"]
    source = message.get("source_role")
    if is_call(role):
        return role
    if canonical(role) == ASSISTANT and isinstance(source, str) and is_call(source):
        return source
    return _SHAREGPT.get(canonical(role), role)


def with_names(value: dict[str, Any], names: Mapping[int, str], how: str) -> dict[str, Any]:
    """An exported entry whose messages say who speaks them.

    :param names: the characters, by the place of their message.
    :param how: ``text`` puts ``Name: `` before what is said, ``name`` is a key of its own, where none is.
    """
    key = "conversations" if "conversations" in value else "messages"
    turns = [_named(turn, names.get(place), how) for place, turn in enumerate(value[key])]
    return {**value, key: turns}


def _named(turn: dict[str, Any], name: str | None, how: str) -> dict[str, Any]:
    text = "value" if "value" in turn else "content"
    if name is None:
        return turn
    if how == "name":
        return {**turn, "name": turn.get("name", name)}
    return {**turn, text: f"{name}: {turn[text]}"} if isinstance(turn.get(text), str) else turn
