"""Trainers that run on one's own machine: what each of them makes of an entry, from its own source.

What the chat template does is not said here: most of these trainers hand the messages on to it.
"""

from collections.abc import Iterator

from app.domain.roles import ASSISTANT, SYSTEM, TOOL, USER
from app.domain.targets.shapes import MISSING, NULL, OTHER, PARTS, Part, Shape
from app.domain.targets.verdicts import (
    ALTERED,
    DROPPED,
    ERROR,
    UNTRAINED,
    Verdict,
    all_marked,
    answers,
    ignored_marks,
    role_fixes,
    unreadable,
    unweighted,
)

TRL_FORMATS = "TRL docs/source/dataset_formats.md"
TRL_KEYS = "TRL trl/data_utils.py, apply_chat_template"
TRL_LOSS = "TRL trl/trainer/sft_trainer.py"
AXOLOTL = "Axolotl src/axolotl/prompt_strategies/chat_template.py"
AXOLOTL_DOCS = "Axolotl docs/dataset-formats/conversation.qmd"
FACTORY = "LLaMA-Factory src/llamafactory/data/converter.py, SharegptDatasetConverter"
FACTORY_TEXT = "LLaMA-Factory src/llamafactory/data/formatter.py, “Expected a string”"
FACTORY_LAYOUT = "LLaMA-Factory src/llamafactory/data/template.py, Template._encode"
UNSLOTH_FORMATS = "unsloth_zoo/dataset_utils.py, standardize_data_formats"
UNSLOTH_RESPONSES = "unsloth_zoo/dataset_utils.py, train_on_responses_only"
MISTRAL = "mistral-finetune finetune/data/tokenize.py, build_instruct_sample"
MISTRAL_README = "mistral-finetune README.md"
TEXTGEN = "text-generation-webui modules/training.py"

_SKIPPED = ", so LLaMA-Factory skips the entry with a warning in its log"
_OTHER_TYPES = ("prompt", "completion", "chosen", "rejected", "label")


def trl(shape: Shape) -> Iterator[Verdict]:
    """What TRL's trainer for supervised fine-tuning makes of it. Roles go to the template as spelt."""
    yield from unreadable(shape, TRL_FORMATS)
    if shape.messages and any(key in _OTHER_TYPES for key, _ in shape.top):
        names = ", ".join(key for key in _OTHER_TYPES if key in dict(shape.top))
        detail = f"Invalid keys: there is “{names}” beside the messages"
        yield Verdict(ERROR, detail, TRL_KEYS)
    yield from ignored_marks(shape, "", TRL_LOSS)


def axolotl(shape: Shape) -> Iterator[Verdict]:
    """What Axolotl makes of it with ``type: chat_template`` and, for ``train``, its field named."""
    yield from unreadable(shape, AXOLOTL)
    if not shape.messages:
        return
    if shape.messages[0].role != SYSTEM and dict(shape.top).get("system") == "text":
        yield Verdict(ALTERED, "the text under “system” becomes the system prompt", AXOLOTL)
    yield from _axolotl_training(shape)
    yield from ignored_marks(shape, "train", AXOLOTL_DOCS)


def _axolotl_training(shape: Shape) -> Iterator[Verdict]:
    """Learnt are the answers (its own map takes ``gpt`` for one), and whatever is marked to be."""
    spoken = [part for part in shape.messages if part.role in (ASSISTANT, "gpt")]
    if any(part.has("train") == "true" for part in shape.messages):
        return
    if not spoken:
        detail = "no message has the role assistant or gpt, and only those are learnt"
        yield Verdict(UNTRAINED, detail, AXOLOTL, _answer_fixes(shape))
    elif all_marked(spoken, "train", "false"):
        detail = "every answer has “train” false, which counts where the field is named in the config"
        yield Verdict(UNTRAINED, detail, AXOLOTL_DOCS)


def _answer_fixes(shape: Shape) -> tuple[str, ...]:
    """The repair where the assistant speaks under another spelling of its role."""
    others = [part for part in shape.messages if part.canonical == ASSISTANT]
    return role_fixes(others[0]) if others else ()


def llama_factory(shape: Shape) -> Iterator[Verdict]:
    """What LLaMA-Factory makes of it as ``formatting: sharegpt`` with the tags that its README names."""
    found = [*unreadable(shape, FACTORY), *_factory_order(shape)]
    yield from found[:1]
    if not found:
        yield from _factory_content(shape)
    yield from ignored_marks(shape, "", FACTORY)


def _factory_order(shape: Shape) -> Iterator[Verdict]:
    """The first message that is out of order. After a leading system prompt there have to be pairs."""
    leads = bool(shape.messages) and shape.messages[0].role == SYSTEM
    turns = shape.messages[leads:]
    for index, part in enumerate(turns):
        unlabelled = not part.role and part.has("role") in ("", "null")  # passes for a tag that is not set
        if part.role != (USER, ASSISTANT)[index % 2] and not unlabelled:
            detail, fixes = _factory_fault(part, index, leads=leads)
            yield Verdict(DROPPED, f"{detail}{_SKIPPED}", FACTORY, fixes)
            return
    if len(turns) % 2:
        detail = f"the last message is not the assistant's{_SKIPPED}"
        yield Verdict(DROPPED, detail, FACTORY, ("chatml.last_not_assistant",))
    elif not turns:
        yield Verdict(DROPPED, f"there is nothing but a system prompt{_SKIPPED}", FACTORY)


def _factory_fault(part: Part, index: int, *, leads: bool) -> tuple[str, tuple[str, ...]]:
    """Why a message is out of order, and the repairs for it."""
    if part.role == SYSTEM:
        if leads:
            return "there is more than one system message", ("chatml.duplicate_system_message",)
        return "a system message is not the first", ("chatml.system_not_first",)
    if part.role == TOOL:
        return "a tool speaks, for which the README's tags have no role", ()
    if part.role not in (USER, ASSISTANT):
        return "a role is none of those that the tags name", role_fixes(part)
    if index == 0:
        return "the assistant speaks first", ("chatml.assistant_first",)
    return "user and assistant do not take turns", ("chatml.not_alternating",)


def _factory_content(shape: Shape) -> Iterator[Verdict]:
    """A system prompt that is null counts as none."""
    leads = shape.messages[0].role == SYSTEM
    if any(part.content in (NULL, MISSING, PARTS, *OTHER) for part in shape.messages[leads:]) or (
        leads and shape.messages[0].content in (PARTS, *OTHER)
    ):
        yield Verdict(ERROR, "the content of a message is no text", FACTORY_TEXT)


def unsloth(shape: Shape) -> Iterator[Verdict]:
    """What Unsloth makes of it. Messages pass through as they are, on to the template."""
    yield from unreadable(shape, UNSLOTH_FORMATS)
    if not shape.messages:
        return
    if "conversations" in dict(shape.top):
        detail = "there is “conversations” beside the messages, and Unsloth works on that"
        yield Verdict(ALTERED, detail, UNSLOTH_FORMATS)
    if not answers(shape):
        detail = "removed when only responses are trained: no answer of the assistant is found"
        yield Verdict(DROPPED, detail, UNSLOTH_RESPONSES, _answer_fixes(shape))
    yield from ignored_marks(shape, "", UNSLOTH_RESPONSES)


def mistral_finetune(shape: Shape) -> Iterator[Verdict]:
    """What mistral-finetune makes of it; what it refuses stops its ``validate_data`` too."""
    yield from unreadable(shape, MISTRAL)
    if not shape.messages:
        return
    top = dict(shape.top)
    if "interactions" in top:
        yield Verdict(ERROR, "there is “interactions” beside the messages", MISTRAL)
    if "tools" in top and "available_tools" in top:
        yield Verdict(ERROR, "there are both “tools” and “available_tools”", MISTRAL)
    elif "text" in (top.get("tools"), top.get("available_tools")):
        yield Verdict(ERROR, "the tools are a text, where it wants a list", MISTRAL)
    for part in shape.messages:
        yield from _mistral_message(part)
    yield from _mistral_order(shape)
    yield from unweighted(shape, MISTRAL_README)
    yield from ignored_marks(shape, "weight", MISTRAL)


def _mistral_message(part: Part) -> Iterator[Verdict]:
    if part.role not in (SYSTEM, USER, ASSISTANT, TOOL):
        yield Verdict(ERROR, "a role is not system, user, assistant or tool", MISTRAL, role_fixes(part))
    text = part.has("text")
    if text and part.content != MISSING:
        yield Verdict(ERROR, "a message has both “text” and “content”", MISTRAL)
    elif part.content in (NULL, MISSING) and text in ("", "null") and part.has("tool_calls") in ("", "null"):
        yield Verdict(ERROR, "a message has no content", MISTRAL)
    if part.role == TOOL and not part.has("tool_call_id"):
        yield Verdict(ERROR, "the message of a tool has no “tool_call_id”", MISTRAL)


def _mistral_order(shape: Shape) -> Iterator[Verdict]:
    roles = [part.role for part in shape.messages]
    if roles.count(SYSTEM) > 1:
        double = ("chatml.duplicate_system_message",)
        yield Verdict(ERROR, "there is more than one system message", MISTRAL, double)
    if roles[-1] != ASSISTANT:
        trim = ("chatml.last_not_assistant",) if ASSISTANT in roles else ()
        yield Verdict(ERROR, "the last message is not the assistant's", MISTRAL_README, trim)
    if SYSTEM in roles and USER not in roles:
        detail = "the system prompt is lost: it is written into a message of the user, and there is none"
        yield Verdict(ALTERED, detail, "mistral-finetune finetune/data/tokenize.py, tokenize_instruct")


def text_generation_webui(shape: Shape) -> Iterator[Verdict]:
    """What text-generation-webui makes of it: it reads messages, and hands them to the template."""
    yield from unreadable(shape, TEXTGEN)
