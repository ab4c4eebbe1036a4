"""Repairs of who speaks when: roles, turns, the opening and the ending, and white space around a text."""

from typing import Any

from app.domain.repairs.repair import (
    Asked,
    Choice,
    Repair,
    Value,
    each_message,
    further_keys,
    joined,
    messages_in,
    text_of,
    with_messages,
)
from app.domain.roles import ASSISTANT, SYSTEM, USER, canonical, is_call
from app.domain.validation.structure import CALLS, role_of


def _canonical(message: dict[str, Any]) -> dict[str, Any]:
    """The message with its role as trainers spell it; the label of a call is kept beside it."""
    label = message.get("role")
    role = canonical(label) if isinstance(label, str) else ""
    if not role or role == label:
        return message
    if not is_call(label):
        return {**message, "role": role}
    return message if "source_role" in message else {**message, "role": role, "source_role": label}


def _trimmed(message: dict[str, Any]) -> dict[str, Any]:
    text = text_of(message) or ""
    bare = text.strip()
    return {**message, "content": bare} if bare and bare != text else message


def _by_turns(value: Value, _: Asked) -> Value:
    """Messages in a row by one side as one, where neither calls a tool and no key would be lost."""
    turns: list[list[Any]] = []
    for message in messages_in(value):
        if turns and _is_continued(turns[-1][0], message):
            turns[-1].append(message)
        else:
            turns.append([message])
    return with_messages(value, [_as_one(turn) for turn in turns])


def _as_one(turn: list[Any]) -> Any:
    if len(turn) == 1:
        return turn[0]
    return {**turn[0], "content": joined([message["content"] for message in turn])}


def _is_continued(message: Any, following: Any) -> bool:
    role = role_of(message)
    return (
        role in (USER, ASSISTANT)
        and role == role_of(following)
        and text_of(message) is not None
        and text_of(following) is not None
        and not _calls(message)
        and not _calls(following)
        and further_keys(message) == further_keys(following)
    )


def _calls(message: dict[str, Any]) -> bool:
    """Whether the message calls a tool, so that it is more than its text."""
    labels = (message.get("role"), message.get("source_role"))
    return any(map(is_call, labels)) or any(key in message for key in CALLS)


def _until_last_answer(value: Value, _: Asked) -> Value:
    messages = messages_in(value)
    answers = [place for place, each in enumerate(messages) if role_of(each) == ASSISTANT]
    return with_messages(value, messages[: answers[-1] + 1]) if answers else value


def _greetings(messages: list[Any]) -> dict[int, Any]:
    """What the assistant says before anybody else has spoken, by its places."""
    places = {}
    for place, message in enumerate(messages):
        role = role_of(message)
        if role == ASSISTANT:
            places[place] = message
        elif role != SYSTEM:
            break
    return places


def _spare_greetings(messages: list[Any]) -> dict[int, Any]:
    """The same; none where they are all that the assistant says, so that there would be nothing to learn."""
    places = _greetings(messages)
    answers = sum(role_of(each) == ASSISTANT for each in messages)
    return places if len(places) < answers else {}


def _to_system(value: Value, _: Asked) -> Value:
    messages = messages_in(value)
    places = _spare_greetings(messages)
    greetings = places.values()
    if not places or any(text_of(each) is None or further_keys(each) for each in greetings):
        return value
    kept = [each for place, each in enumerate(messages) if place not in places]
    system = next((place for place, each in enumerate(kept) if role_of(each) == SYSTEM), -1)
    if system < 0:
        kept.insert(0, {"role": SYSTEM, "content": ""})
        system = 0
    text = text_of(kept[system])
    if text is None:
        return value
    whole = joined([text, *(each["content"] for each in greetings)])
    kept[system] = {**kept[system], "content": whole}
    return with_messages(value, kept)


def _opened(value: Value, asked: Asked) -> Value:
    messages = messages_in(value)
    place = next(iter(_greetings(messages)), -1)
    if place < 0:
        return value
    opener = {"role": USER, "content": asked.text.strip()}
    return with_messages(value, [*messages[:place], opener, *messages[place:]])


def _without_greeting(value: Value, _: Asked) -> Value:
    messages = messages_in(value)
    gone = _spare_greetings(messages)
    return with_messages(value, [each for place, each in enumerate(messages) if place not in gone])


def _untrained(value: Value, _: Asked) -> Value:
    messages = messages_in(value)
    places = _spare_greetings(messages)
    masked = [_masked(each) if place in places else each for place, each in enumerate(messages)]
    return with_messages(value, masked)


def _masked(message: dict[str, Any]) -> dict[str, Any]:
    """The message with both keys by which trainers leave one out: OpenAI's and Axolotl's."""
    if message.get("weight", 1) == 0 and message.get("train", True) is False:
        return message
    return {**message, "weight": 0, "train": False}


REPAIRS = (
    Repair.plain(
        "chatml.role_canonicalization",
        "Rewrite roles as system, user, assistant or tool",
        each_message(_canonical),
    ),
    Repair.plain("chatml.not_alternating", "Merge messages in a row into one", _by_turns),
    Repair(
        "chatml.assistant_first",
        "Do something about the greeting",
        (
            Choice("to_system", "Move the greeting into the system prompt", _to_system),
            Choice("user_opener", "Put an opening of the user in front", _opened, asks="What the user says"),
            Choice("drop", "Take the greeting out", _without_greeting),
            Choice("untrained", "Keep it, but do not train on it", _untrained),
        ),
    ),
    Repair.plain("chatml.last_not_assistant", "Cut what stands behind the last answer", _until_last_answer),
    Repair.plain("chatml.content_whitespace", "Trim white space around messages", each_message(_trimmed)),
)
