"""The shape of a conversation: who speaks in which order, and whether every message says something."""

from collections.abc import Iterator
from itertools import chain, pairwise
from typing import Any

from app.domain.entry import Entry
from app.domain.roles import ASSISTANT, SYSTEM, TOOL, USER, canonical
from app.domain.validation.codes import CODES
from app.domain.validation.diagnostic import Diagnostic, Severity
from app.domain.validation.rules import Rules
from app.domain.words import has_more_words

ROLES = frozenset({SYSTEM, USER, ASSISTANT, TOOL})
CALLS = ("tool_calls", "function_call")  # keys of a message that calls a tool, and need not say anything
NOBODY = "?"  # in place of a role: the message is no object

Roles = list[str]


def check_structure(entry: Entry, rules: Rules) -> Iterator[Diagnostic]:
    """What is to be said of the entry's messages, but for what their texts say; in reading order."""
    value = entry.value
    messages = value.get("messages")
    if not isinstance(messages, list):
        code = "chatml.messages_not_list" if "messages" in value else "chatml.missing_messages"
        return iter((_found(code),))
    if not messages:
        return iter((_found("chatml.missing_messages"),))
    if _usual(messages) and len(messages) // 2 < rules.split_exchanges and not _wordy(messages[2::2], rules):
        return iter(())
    return iter(sorted(_checked(messages, rules), key=lambda each: each.message))


def _usual(messages: list[Any]) -> bool:
    """Whether they are a system message and full exchanges of trimmed texts, as nearly all entries are."""
    wanted, following = SYSTEM, USER
    for message in messages:
        if type(message) is not dict or message.get("role") != wanted:
            return False
        content = message.get("content")
        if type(content) is not str or not content or content[0].isspace() or content[-1].isspace():
            return False
        wanted, following = following, ASSISTANT if following == USER else USER
    return wanted == USER and len(messages) > 1


def _checked(messages: list[Any], rules: Rules) -> Iterator[Diagnostic]:
    roles = [role_of(message) for message in messages]
    return chain(
        _no_objects(roles),
        _spellings(messages, roles),
        _contents(messages, roles),
        _system(roles),
        _turns(roles),
        _assistant(roles),
        _length(messages, roles, rules),
    )


def role_of(message: Any) -> str:
    """The role that a message of an entry has, however spelt; empty for one that is unknown."""
    if not isinstance(message, dict):
        return NOBODY
    role = message.get("role")
    return canonical(role) if isinstance(role, str) else ""


def _no_objects(roles: Roles) -> Iterator[Diagnostic]:
    for index, role in enumerate(roles):
        if role == NOBODY:
            yield _found("chatml.message_not_dict", index)


def _spellings(messages: list[Any], roles: Roles) -> Iterator[Diagnostic]:
    for index, role in enumerate(roles):
        if role == NOBODY:
            continue
        label = messages[index].get("role")
        if not role:
            yield _found("chatml.unknown_role", index, label if isinstance(label, str) else "")
        elif label != role:
            yield _found("chatml.role_canonicalization", index, label)


def _contents(messages: list[Any], roles: Roles) -> Iterator[Diagnostic]:
    for index, role in enumerate(roles):
        if role == NOBODY:
            continue
        content = messages[index].get("content")
        if isinstance(content, str):
            if not content or content[0].isspace() or content[-1].isspace():
                yield _white(messages[index], index, role)
        elif content is None:
            yield _silent("chatml.null_content", messages[index], index)
        else:
            kind = "a list of parts" if isinstance(content, list) else "another value"
            yield _found("chatml.content_not_text", index, kind)


def _white(message: dict[str, Any], index: int, role: str) -> Diagnostic:
    """What is to be said of a message whose text is empty, or has white space around it."""
    text: str = message["content"]
    start, end = len(text) - len(text.lstrip()), len(text.rstrip())
    if not end:
        return (
            _found("chatml.empty_system_content", index)
            if role == SYSTEM
            else _silent("chatml.empty_content", message, index)
        )
    where = "at both ends" if start and end < len(text) else "at the beginning" if start else "at the end"
    first, last = (0, start) if start else (end, len(text))
    code = "chatml.content_whitespace"
    return Diagnostic(code, CODES[code].severity, index, first, last, where)


def _silent(code: str, message: dict[str, Any], index: int) -> Diagnostic:
    """A message that says nothing: no fault where it calls a tool instead."""
    if any(message.get(key) for key in CALLS):
        return Diagnostic(code, Severity.INFO, index, detail="it calls a tool")
    return _found(code, index)


def _system(roles: Roles) -> Iterator[Diagnostic]:
    """A second system message is one too many; one that stands behind somebody else's is out of place."""
    if SYSTEM not in roles:
        yield _found("chatml.missing_system_role")
        return
    first = roles.index(SYSTEM)
    leading = True
    for index, role in enumerate(roles):
        leading = leading and role == SYSTEM
        if role == SYSTEM and index > first:
            yield _found("chatml.duplicate_system_message", index)
        if role == SYSTEM and not leading:
            yield _found("chatml.system_not_first", index)


def _turns(roles: Roles) -> Iterator[Diagnostic]:
    for index, (before, role) in enumerate(pairwise(roles), start=1):
        if before == role and role in (USER, ASSISTANT):
            yield _found("chatml.not_alternating", index, f"{role} after {role}")


def _assistant(roles: Roles) -> Iterator[Diagnostic]:
    if ASSISTANT not in roles:
        yield _found("chatml.no_assistant")
        return
    opening = next(index for index, role in enumerate(roles) if role != SYSTEM)
    if roles[opening] == ASSISTANT:
        yield _found("chatml.assistant_first", opening)
    if roles[-1] != ASSISTANT:
        yield _found("chatml.last_not_assistant", len(roles) - 1)


def _length(messages: list[Any], roles: Roles, rules: Rules) -> Iterator[Diagnostic]:
    exchanges = exchanges_of(roles)
    if exchanges >= rules.split_exchanges:
        yield _found("chatml.split_candidate", detail=f"{exchanges:,} exchanges")
        return
    answers = [message for message, role in zip(messages, roles, strict=True) if role == ASSISTANT]
    if _wordy(answers, rules):
        yield _found(
            "chatml.split_candidate", detail=f"more than {rules.split_words:,} words by the assistant"
        )


def exchanges_of(roles: Roles) -> int:
    """How many user messages have a reply."""
    count, asked = 0, False
    for role in roles:
        if role == USER:
            asked = True
        elif role == ASSISTANT:
            count += asked
            asked = False
    return count


def _wordy(answers: list[dict[str, Any]], rules: Rules) -> bool:
    """Whether the messages have more words than the rules' limit."""
    texts = [text for answer in answers if isinstance(text := answer.get("content"), str)]
    return has_more_words(texts, rules.split_words)


def _found(code: str, message: int = -1, detail: str = "") -> Diagnostic:
    return Diagnostic(code, CODES[code].severity, message, detail=detail)
