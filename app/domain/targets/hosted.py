"""Services that are sent a file and train on their own machines: OpenAI and Together AI."""

from collections.abc import Iterator
from itertools import pairwise

from app.domain.roles import ASSISTANT, SYSTEM, TOOL, USER
from app.domain.targets.shapes import EMPTY, MISSING, NO_OBJECT, NULL, OTHER, Part, Shape
from app.domain.targets.verdicts import (
    ERROR,
    Verdict,
    answers,
    no_messages,
    role_fixes,
    unreadable,
    unweighted,
)

OPENAI_CHECKS = "OpenAI Cookbook, examples/Chat_finetuning_data_prep.ipynb, “Format validation”"
OPENAI_REFERENCE = "OpenAI API specification, FineTuneChatRequestInput"
TOGETHER_DOCS = "docs.together.ai/docs/fine-tuning/data-preparation"
TOGETHER_CHECKS = "together-python, src/together/utils/files.py, validate_messages"
TOGETHER_COLUMNS = "together-python, src/together/utils/files.py, _check_jsonl"

_OPENAI_ROLES = frozenset({SYSTEM, USER, ASSISTANT, TOOL, "developer", "function"})
_OPENAI_KEYS = frozenset(
    {"role", "name", "weight", "function_call", "tool_calls", "tool_call_id", "refusal", "audio"}
)
_CALLS = ("tool_calls", "function_call")


def openai(shape: Shape) -> Iterator[Verdict]:
    """What OpenAI refuses. The names before a colon are those that the Cookbook's own checks print."""
    if not shape.messages:
        yield Verdict(ERROR, f"missing_messages_list: {no_messages(shape)}", OPENAI_CHECKS)
        return
    if dict(shape.top).get("tools", "list") not in ("list", "empty", "null"):
        yield Verdict(ERROR, "“tools” is no list", OPENAI_REFERENCE)
    for part in shape.messages:
        yield from _openai_keys(part)
        yield from _openai_role(part)
        yield from _openai_content(part)
        yield from _openai_weight(part)
    if not answers(shape):
        detail = "example_missing_assistant_message: there is no message of the assistant"
        yield Verdict(ERROR, detail, OPENAI_CHECKS)
    yield from unweighted(shape, OPENAI_REFERENCE)


def _openai_keys(part: Part) -> Iterator[Verdict]:
    no_role = not part.role and not part.has("role")
    if part.content in NO_OBJECT or no_role or (part.content == MISSING and not _calls(part)):
        yield Verdict(ERROR, "message_missing_key: a message lacks role or content", OPENAI_CHECKS)
    for key, _ in part.keys:
        if key not in _OPENAI_KEYS:
            detail = f"message_unrecognized_key: a message has the key “{key}”"
            yield Verdict(ERROR, detail, OPENAI_CHECKS)


def _openai_role(part: Part) -> Iterator[Verdict]:
    """Beside the roles of the Cookbook's checks, those that came later: ``tool`` and ``developer``."""
    if (part.role or part.has("role")) and part.role not in _OPENAI_ROLES:
        detail = "unrecognized_role: a role is not system, user, assistant, tool or developer"
        yield Verdict(ERROR, detail, OPENAI_CHECKS, role_fixes(part))


def _openai_content(part: Part) -> Iterator[Verdict]:
    """Parts are left alone: the checks of the Cookbook are older than they are."""
    if part.content in (EMPTY, NULL, *OTHER) and not _calls(part):
        fixes = ("chatml.empty_system_content",) if part.role == SYSTEM and part.content == EMPTY else ()
        detail = "missing_content: the content of a message is empty or no text"
        yield Verdict(ERROR, detail, OPENAI_CHECKS, fixes)


def _openai_weight(part: Part) -> Iterator[Verdict]:
    kind = part.has("weight")
    if kind and part.role != ASSISTANT:
        yield Verdict(ERROR, "a message that is not the assistant's has a weight", OPENAI_REFERENCE)
    elif kind and kind not in ("0", "1"):
        yield Verdict(ERROR, "a weight is neither 0 nor 1", OPENAI_REFERENCE)


def together(shape: Shape) -> Iterator[Verdict]:
    """What the checks of Together AI refuse before anything is sent."""
    yield from unreadable(shape, TOGETHER_CHECKS)
    if not shape.messages:
        return
    for key, _ in shape.top:
        if key == "text":
            yield Verdict(ERROR, "both “text” and “messages” are there", TOGETHER_DOCS)
        elif key != "tools":
            yield Verdict(ERROR, f"there is a further key “{key}” beside the messages", TOGETHER_COLUMNS)
    for part in shape.messages:
        yield from _together_message(part)
    yield from _together_turns(shape)
    yield from unweighted(shape, TOGETHER_CHECKS)


def _together_message(part: Part) -> Iterator[Verdict]:
    if part.content in NO_OBJECT:
        return
    if part.content in (NULL, MISSING, *OTHER) and not _calls(part):
        yield Verdict(ERROR, "the content of a message is no text", TOGETHER_CHECKS)
    if part.role not in (SYSTEM, USER, ASSISTANT, TOOL):
        detail = "a role is not system, user, assistant or tool"
        yield Verdict(ERROR, detail, TOGETHER_CHECKS, role_fixes(part))
    if part.has("weight") not in ("", "0", "1", "true", "false"):
        yield Verdict(ERROR, "a weight is neither 0 nor 1", TOGETHER_CHECKS)


def _together_turns(shape: Shape) -> Iterator[Verdict]:
    """Results of several tools may stand in a row; of every other role, no two messages."""
    roles = [part.role for part in shape.messages]
    if roles[0] == ASSISTANT:
        detail = "the assistant speaks first"
        yield Verdict(ERROR, detail, TOGETHER_DOCS, ("chatml.assistant_first",))
    for before, role in pairwise(roles):
        if before == role == SYSTEM:
            fixes = ("chatml.duplicate_system_message",)
            yield Verdict(ERROR, "two system messages stand in a row", TOGETHER_CHECKS, fixes)
        elif before == role and role in (USER, ASSISTANT):
            fixes = ("chatml.not_alternating",)
            yield Verdict(ERROR, "two messages in a row have the same role", TOGETHER_CHECKS, fixes)


def _calls(part: Part) -> bool:
    """Whether the message calls a tool, so that it need not say anything."""
    return any(part.has(key) in ("list", "object") for key in _CALLS)
