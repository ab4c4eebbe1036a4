"""The trainers that a dataset can be checked against: what each is, and what it does to an entry.

Each rule was read in the source that it names. Where a trainer hands the messages on to a chat template,
the template decides the rest, and that is said by the families.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from app.domain.targets import hosted, local
from app.domain.targets.shapes import BARE, EMPTY, NULL, PARTS, TEXT, Part, Shape
from app.domain.targets.verdicts import DROPPED, ERROR, Note, Verdict


@dataclass(frozen=True, slots=True)
class Trainer:
    """One trainer. ``limit`` is its context in tokens where nobody sets another; None where it has none.

    ``excess`` says what becomes of an entry that is longer: ``cut``, ``drop``, or empty where its sources
    do not say. ``honours`` is the key of a message by which it tells what is learnt: ``weight``,
    ``train``, or empty. ``answers_by`` is the setting without which it learns every message, not only the
    answers; empty where it learns no more than these. ``own_layout`` says that it lays the text out by
    itself, so that the model's chat template decides nothing; None where the chat template does.
    """

    name: str
    title: str
    about: str
    source: str
    limit: int | None = None
    excess: str = ""
    honours: str = ""
    answers_by: str = ""
    own_layout: Note | None = None


_ALL = (
    Trainer(
        "openai", "OpenAI",
        "A service. It wants a .jsonl file in UTF-8 of at most 512 MB with ten entries or more. It learns"
        " the answers of the assistant; “weight” 0 on an answer leaves it out. The words before a colon"
        " are the names of errors in the checks that OpenAI publishes; keys and roles which came after"
        " those checks, such as “tool_calls”, are taken as the specification has them.",
        hosted.OPENAI_REFERENCE, honours="weight",
        own_layout=Note(
            "OpenAI puts the text together by itself, and no chat template of yours has a part in it.",
            hosted.OPENAI_REFERENCE,
        ),
    ),
    Trainer(
        "together", "Together AI",
        "A service that takes files in OpenAI's shape, and is stricter: after the system prompt the user"
        " speaks first, nobody speaks twice in a row, and beside “messages” and “tools” there may be no"
        " other key. Export clean, so that tags are left out. “weight” 0 on an answer leaves it out.",
        hosted.TOGETHER_DOCS, honours="weight",
        own_layout=Note(
            "Together AI puts the text together by itself, and no chat template of yours has a part in it.",
            hosted.TOGETHER_DOCS,
        ),
    ),
    Trainer(
        "trl", "TRL",
        "The library of Hugging Face. Roles reach the chat template as they are spelt. Where nothing else"
        " is set, an entry is cut after 1,024 tokens (max_length), so that its end is lost, and every"
        " message is learnt, not only the answers: assistant_only_loss changes that, and needs a template"
        " that marks the answers.",
        local.TRL_LOSS, limit=1024, excess="cut", answers_by="assistant_only_loss",
    ),
    Trainer(
        "axolotl", "Axolotl",
        "Use “type: chat_template”; “type: sharegpt” is deprecated. It takes the roles human and gpt for user"
        " and assistant, and a text under “system” for the system prompt where the first message is none. It"
        " learns the answers. An entry longer than sequence_len is dropped, unless excess_length_strategy"
        " says truncate or raise. A message's “train” counts once the config says “message_field_training:"
        " train”; “weight” does not count.",
        local.AXOLOTL_DOCS, excess="drop", honours="train",
    ),
    Trainer(
        "llama-factory", "LLaMA-Factory",
        "Judged as “formatting: sharegpt” with the tags role, content, user, assistant and system, as its"
        " README has it for messages. After a leading system prompt, user and assistant have to take"
        " turns in whole pairs; any other entry is left out with a warning in the log. An entry is cut"
        " after 2,048 tokens (cutoff_len) where nothing else is set.",
        local.FACTORY, limit=2048, excess="cut",
        own_layout=Note(
            "LLaMA-Factory puts the text together with a template of its own, which sets the system prompt"
            " before the first message of the user; it does not use the chat template of the model.",
            local.FACTORY_LAYOUT,
        ),
    ),
    Trainer(
        "unsloth", "Unsloth",
        "A file of messages goes to the chat template as it is. Only a file of “conversations” is put in"
        " order first, and that is strict: two keys a turn, nothing but text, roles human, user, gpt,"
        " assistant, system. Entries are cut after max_seq_length, and one of which no answer is left is"
        " removed when only responses are trained.",
        local.UNSLOTH_FORMATS, excess="cut", answers_by="train_on_responses_only",
    ),
    Trainer(
        "mistral-finetune", "mistral-finetune",
        "For the models of Mistral. The last message has to be the assistant's, ids of tool calls have"
        " nine letters or digits, and “weight” 0 on an answer leaves it out. Its own validate_data checks"
        " a file before the training.",
        local.MISTRAL_README, honours="weight",
        own_layout=Note(
            "mistral-finetune puts the text together with mistral-common, not with a chat template.",
            local.MISTRAL,
        ),
    ),
    Trainer(
        "text-generation-webui", "text-generation-webui",
        "It lists only files named .json that hold one array, never .jsonl: export as an array. An entry"
        " longer than 512 tokens is dropped where nothing else is set.",
        local.TEXTGEN, limit=512, excess="drop",
    ),
)  # fmt: skip
TRAINERS = {trainer.name: trainer for trainer in _ALL}

_RULES: dict[str, Callable[[Shape], Iterator[Verdict]]] = {
    "openai": hosted.openai,
    "together": hosted.together,
    "trl": local.trl,
    "axolotl": local.axolotl,
    "llama-factory": local.llama_factory,
    "unsloth": local.unsloth,
    "mistral-finetune": local.mistral_finetune,
    "text-generation-webui": local.text_generation_webui,
}


def judge(trainer: str, shape: Shape) -> tuple[Verdict, ...]:
    """What a trainer does to every entry of this shape; nothing where it takes it as it is.

    :param trainer: a name of :data:`TRAINERS`.
    """
    return tuple(dict.fromkeys(_RULES[trainer](shape)))


def _shape(*roles: str) -> Shape:
    return Shape(tuple(Part(role, TEXT) for role in roles))


def _answer(content: str) -> Shape:
    return Shape((Part("user", TEXT), Part("assistant", content)))


# For each code of validation the plainest conversation that has it, and nothing else that is wrong.
_EXAMPLES = {
    "chatml.missing_messages": Shape(()),
    "chatml.message_not_dict": Shape((*_shape("user", "assistant").messages, Part("", BARE))),
    "chatml.no_assistant": _shape("user"),
    "chatml.assistant_first": _shape("assistant", "user", "assistant"),
    "chatml.not_alternating": _shape("user", "user", "assistant"),
    "chatml.last_not_assistant": _shape("user", "assistant", "user"),
    "chatml.missing_system_role": _shape("user", "assistant"),
    "chatml.system_not_first": _shape("user", "assistant", "system", "user", "assistant"),
    "chatml.duplicate_system_message": _shape("system", "system", "user", "assistant"),
    "chatml.role_canonicalization": _shape("human", "gpt"),
    "chatml.unknown_role": _shape("Mira", "assistant", "user", "assistant"),
    "chatml.empty_content": _answer(EMPTY),
    "chatml.null_content": _answer(NULL),
    "chatml.content_not_text": _answer(PARTS),
    "chatml.empty_system_content": Shape((Part("system", EMPTY), *_answer(TEXT).messages)),
}


def strictness(trainer: str) -> frozenset[str]:
    """The codes of validation that this trainer does not forgive: it refuses or drops such an entry.

    :param trainer: a name of :data:`TRAINERS`.
    """
    return frozenset(
        code
        for code, example in _EXAMPLES.items()
        if any(verdict.code in (ERROR, DROPPED) for verdict in judge(trainer, example))
    )
