"""ShareGPT and its relatives: conversations as a list of turns, under many names."""

from collections import Counter
from typing import Any

from app.domain.entry import BLOCK
from app.domain.formats.converted import Converted, NotConvertible
from app.domain.roles import SYSTEM, canonical, is_call

# In order of preference. ChatML's own names come first, so that a further key never has to give way:
# a turn with ``role`` and ``from`` keeps ``from`` as it is.
LABELS = ("role", "from", "speaker")
_LABELS = frozenset(LABELS)
TEXTS = ("content", "value", "text")


def is_turn(item: Any) -> bool:
    """Whether the value looks like one turn: an object that says who speaks."""
    return isinstance(item, dict) and not _LABELS.isdisjoint(item)


def container(value: dict[str, Any]) -> str:
    """The key under which a record keeps its turns; empty if it has none."""
    if value.get("conversations") == []:
        return "conversations"
    for name in ("conversations", "conversation"):
        found = value.get(name)
        if is_turn(found) or (isinstance(found, list) and any(is_turn(item) for item in found)):
            return name
    items = value.get("items")
    if isinstance(items, list) and items and all(is_turn(item) and _text_key(item) for item in items):
        return "items"
    return ""


def foreign_names(messages: list[Any]) -> bool:
    """Whether these are turns of which some do not call their parts ``role`` and ``content``."""
    foreign = False
    for item in messages:
        if isinstance(item, dict) and "role" in item and "content" in item:
            continue  # nearly every turn that there is
        if not is_turn(item):
            return False
        if "role" not in item or ("content" not in item and _text_key(item)):
            foreign = True
    return foreign


def convert(value: dict[str, Any], name: str) -> Converted:
    """The record with the turns under ``name`` as messages; every other key stays in its place.

    A ``system`` text beside the turns becomes the first message, unless there is one already.

    :raises NotConvertible: if a turn does not say who speaks, or there is no room for the messages.
    """
    if name != "messages" and "messages" in value:
        raise NotConvertible(f"it has both “{name}” and “messages”")
    roles: Counter[str] = Counter()
    turns = value[name] if isinstance(value[name], list) else [value[name]]
    messages = [_message(turn, number, roles) for number, turn in enumerate(turns, start=1)]
    others = dict(value)
    if _leads(value, messages):
        messages.insert(0, {"role": SYSTEM, "content": others.pop("system")})
    return Converted(
        {
            ("messages" if key == name else key): (messages if key == name else item)
            for key, item in others.items()
        },
        roles,
    )


def _leads(value: dict[str, Any], messages: list[dict[str, Any]]) -> bool:
    """Whether the record's ``system`` text is the first message of the conversation.

    In a record that carries our own block it is a key of the entry: our exports have the
    system message among the turns.
    """
    system = value.get("system")
    if not isinstance(system, str) or not system.strip() or BLOCK in value:
        return False
    return not messages or canonical(messages[0]["role"]) != SYSTEM


def _message(turn: Any, number: int, roles: Counter[str]) -> dict[str, Any]:
    label_key = next((name for name in LABELS if isinstance(turn, dict) and name in turn), "")
    label = turn[label_key] if label_key else None
    if not isinstance(label, str):
        raise NotConvertible(f"turn {number} does not say who speaks")
    # A turn that has a source_role of its own keeps both labels as they are.
    if is_call(label) and "source_role" in turn:
        role, source = label, {}
    else:
        role, source = canonical(label) or label, ({"source_role": label} if is_call(label) else {})
    if role != label:
        roles[label] += 1
    names = {label_key: "role"}
    if text_key := _text_key(turn):
        names[text_key] = "content"
    message = {names.get(key, key): item for key, item in turn.items()}
    return {**message, "role": role, **source}


def without_source_roles(value: dict[str, Any]) -> dict[str, Any]:
    """A converted record without the labels that :func:`convert` keeps of turns in which a tool is called."""
    messages = value.get("messages")
    if not isinstance(messages, list):
        return value
    bare = [
        {key: item for key, item in message.items() if key != "source_role"}
        if isinstance(message, dict)
        else message
        for message in messages
    ]
    return {**value, "messages": bare}


def _text_key(turn: dict[str, Any]) -> str:
    return next((name for name in TEXTS if name in turn), "")
