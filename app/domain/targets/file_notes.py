"""What a trainer asks of the file as a whole, and what a single entry cannot tell."""

from collections.abc import Callable, Iterator, Mapping

from app.domain.roles import ASSISTANT
from app.domain.targets import hosted, local
from app.domain.targets.shapes import BLANK, EMPTY, TEXT, Part, Shape
from app.domain.targets.verdicts import Note, answers

OPENAI_LEAST = 10
ARROW = "huggingface/datasets issues 6460, 7222, 7664 and 4491"
Shapes = Mapping[Shape, int]

# What Unsloth takes for one of its three roles, in any file of conversations.
_UNSLOTH_ROLES = frozenset({"system", "user", "human", "input", "gpt", "assistant", "output"})
_KINDS = {"true": "yes or no", "false": "yes or no", "0": "number", "1": "number"}


def file_notes(trainer: str, *, entries: int, shapes: Shapes) -> tuple[Note, ...]:
    """What to know before this trainer is given the file; the gravest first.

    :param trainer: a name of the trainers.
    :param entries: how many entries are to be trained on.
    :param shapes: how many entries there are of each shape.
    """
    return tuple(_NOTES[trainer](entries, shapes))


def _openai(entries: int, shapes: Shapes) -> Iterator[Note]:
    source = "OpenAI platform documentation, supervised fine-tuning"
    if entries < OPENAI_LEAST:
        least = f"OpenAI wants at least {OPENAI_LEAST} entries, and there {_are(entries)}."
        yield Note(least, source, refuses=True)
    yield Note("The file has to be named .jsonl and be no larger than 512 MB.", source)


def _together(entries: int, shapes: Shapes) -> Iterator[Note]:
    yield Note(
        "Tags and the block that this program keeps are further keys, which Together AI refuses: export"
        " clean.",
        hosted.TOGETHER_COLUMNS,
    )


def _trl(entries: int, shapes: Shapes) -> Iterator[Note]:
    bare = _count(shapes, lambda shape: not shape.messages)
    if bare:
        yield Note(
            "What kind of dataset this is, TRL tells by the first row alone, and"
            f" {_entries(bare)} no list of messages.",
            local.TRL_FORMATS,
        )
    yield Note("Where nothing else is set, every message is learnt, not only the answers.", local.TRL_LOSS)
    silent = _count(shapes, lambda shape: bool(shape.messages) and not answers(shape))
    if silent:
        yield Note(
            f"{_entries(silent, capital=True)} no answer: with assistant_only_loss, TRL stops there.",
            local.TRL_LOSS,
        )
    if _count(shapes, lambda shape: dict(shape.top).get("tools") == "list"):
        yield Note("“tools” has to be JSON in a text where datasets is older than 4.7.", local.TRL_FORMATS)
    yield from _table(shapes)


def _axolotl(entries: int, shapes: Shapes) -> Iterator[Note]:
    marked = _count(shapes, lambda shape: _any(shape, _is_marked))
    if marked:
        yield Note(
            f"{_entries(marked, capital=True)} “train” or “train_detail” on a message: that counts only"
            " where the config says “message_field_training: train” and"
            " “message_field_training_detail: train_detail”.",
            local.AXOLOTL_DOCS,
        )
    open_ended = _count(shapes, lambda shape: bool(shape.messages) and not _ends_learnt(shape.messages[-1]))
    if open_ended:
        yield Note(
            f"{_entries(open_ended, capital=True)} a last message that is not learnt, of which Axolotl"
            " warns in its log.",
            local.AXOLOTL,
        )
    yield from _table(shapes)


def _llama_factory(entries: int, shapes: Shapes) -> Iterator[Note]:
    yield Note(
        "In dataset_info.json write every column and every tag that you rely on: as soon as “columns” or"
        " “tags” is there, whatever it leaves out is unset.",
        "LLaMA-Factory src/llamafactory/data/parser.py, join; LlamaFactory issue 2381",
    )
    yield Note(
        "Use “formatting: sharegpt” for messages: “formatting: openai” adds “detailed thinking off” to"
        " every system prompt of an entry without tools.",
        "LLaMA-Factory src/llamafactory/data/converter.py, OpenAIDatasetConverter",
    )
    yield from _table(shapes)


def _unsloth(entries: int, shapes: Shapes) -> Iterator[Note]:
    yield Note("A file of messages is not touched, but handed to the chat template.", local.UNSLOTH_FORMATS)
    faults: tuple[tuple[Callable[[Part], bool], str], ...] = (
        (lambda part: bool(part.keys), "a message with further keys, where it allows two in all"),
        (lambda part: part.content not in (TEXT, EMPTY, BLANK), "content that is no text"),
        (lambda part: part.role not in _UNSLOTH_ROLES, "a role that it does not know"),
    )
    for at_fault, words in faults:
        found = _count(shapes, lambda shape, at_fault=at_fault: _any(shape, at_fault))  # type: ignore[misc]
        if found:
            yield Note(
                f"As “conversations”, {_entries(found)} {words}. Unsloth looks at the first ten rows and"
                " stops if it is among them.",
                local.UNSLOTH_FORMATS,
            )
    yield from _table(shapes)


def _mistral_finetune(entries: int, shapes: Shapes) -> Iterator[Note]:
    calling = _count(shapes, lambda shape: _any(shape, lambda part: bool(part.has("tool_calls"))))
    if calling:
        yield Note(
            f"{_entries(calling, capital=True)} calls of tools: each id has to be nine letters or digits,"
            " and “arguments” has to be a text.",
            local.MISTRAL_README,
        )


def _text_generation_webui(entries: int, shapes: Shapes) -> Iterator[Note]:
    yield Note(
        "Only files are listed that are named .json and begin with “[”: export the dataset as an array.",
        "text-generation-webui modules/utils.py, get_chat_datasets",
    )


_NOTES: dict[str, Callable[[int, Shapes], Iterator[Note]]] = {
    "openai": _openai,
    "together": _together,
    "trl": _trl,
    "axolotl": _axolotl,
    "llama-factory": _llama_factory,
    "unsloth": _unsloth,
    "mistral-finetune": _mistral_finetune,
    "text-generation-webui": _text_generation_webui,
}


def _table(shapes: Shapes) -> Iterator[Note]:
    """What may go wrong when the datasets library makes one table of all rows."""
    if len({_keys(shape) for shape in shapes}) > 1:
        yield Note(
            "Not every entry has the same keys. The datasets library makes one table of all rows: it"
            " writes null where a key is missing, or stops.",
            ARROW,
        )
    for key in sorted(_mixed(shapes)):
        yield Note(
            f"The values of “{key}” are not all of one type, where the datasets library allows one.", ARROW
        )


def _keys(shape: Shape) -> frozenset[tuple[str, ...]]:
    """The keys beside the messages, and the further keys of the messages, each set of them once."""
    top = ("", *(key for key, _ in shape.top))
    return frozenset({top, *(tuple(key for key, _ in part.keys) for part in shape.messages)})


def _mixed(shapes: Shapes) -> set[str]:
    kinds: dict[tuple[str, str], set[str]] = {}
    for shape in shapes:
        pairs = [("top", *pair) for pair in shape.top]
        pairs += [("message", *pair) for part in shape.messages for pair in part.keys]
        for place, key, kind in pairs:
            if kind not in ("null", "empty"):
                kinds.setdefault((place, key), set()).add(_KINDS.get(kind, kind))
    return {key for (_, key), found in kinds.items() if len(found) > 1}


def _any(shape: Shape, test: Callable[[Part], bool]) -> bool:
    return any(test(part) for part in shape.messages)


def _is_marked(part: Part) -> bool:
    return bool(part.has("train") or part.has("train_detail"))


def _ends_learnt(part: Part) -> bool:
    """Whether Axolotl learns this message: its mark decides, else its role."""
    mark = part.has("train")
    return mark == "true" if mark in ("true", "false") else part.role in (ASSISTANT, "gpt")


def _count(shapes: Shapes, test: Callable[[Shape], bool]) -> int:
    return sum(count for shape, count in shapes.items() if test(shape))


def _are(count: int) -> str:
    return "is one" if count == 1 else f"are {count:,}"


def _entries(count: int, *, capital: bool = False) -> str:
    """The number of entries with its verb: “one entry has”, “12 entries have”."""
    if count == 1:
        return "One entry has" if capital else "one entry has"
    return f"{count:,} entries have"
