"""What a trainer asks of the file as a whole."""

from collections import Counter

import pytest

from app.domain.targets.file_notes import file_notes
from app.domain.targets.shapes import Shape
from app.domain.targets.trainers import TRAINERS

SAID = {"role": "user", "content": "Hello"}
ANSWER = {"role": "assistant", "content": "Hello, Mira."}


def notes(trainer, *values):
    shapes = Counter(Shape.of(value) for value in values)
    found = file_notes(trainer, entries=len(values), shapes=shapes)
    assert all(note.words.endswith(".") and note.source for note in found)
    return " ".join(note.words for note in found)


PLAIN = {"messages": [SAID, ANSWER]}


@pytest.mark.parametrize("trainer", TRAINERS)
def test_an_empty_file_and_a_plain_one_have_notes_that_can_be_read(trainer):
    for values in ((), (PLAIN,) * 20):
        assert "  " not in notes(trainer, *values)


def test_openai_wants_ten_entries():
    """OpenAI documentation: minimum 10 examples; .jsonl only, files of at most 512 MB."""
    assert "at least 10 entries, and there are 9." in notes("openai", *[PLAIN] * 9)
    assert "at least" not in notes("openai", *[PLAIN] * 10)
    assert ".jsonl and be no larger than 512 MB" in notes("openai", *[PLAIN] * 10)


def test_together_refuses_tags():
    """together-python, _check_jsonl: Found extra column."""
    assert "export clean" in notes("together", PLAIN)


def test_trl_looks_at_the_first_row():
    """TRL: next(iter(dataset)) decides the format; assistant_only_loss raises for a row without an answer."""
    told = notes("trl", PLAIN, {"text": "x"}, {"messages": [SAID]})
    assert "by the first row alone, and one entry has no list of messages." in told
    assert "One entry has no answer: with assistant_only_loss, TRL stops there." in told
    told = notes("trl", PLAIN)
    assert "first row" not in told
    assert "assistant_only_loss" not in told
    assert "older than 4.7" in notes("trl", {**PLAIN, "tools": [{"type": "function"}]})


def test_axolotl_wants_its_fields_named():
    """Axolotl docs: message_field_training; its strategy warns “Last turn is not trainable”."""
    told = notes("axolotl", {"messages": [SAID, {**ANSWER, "train": False}]}, PLAIN, PLAIN)
    assert "One entry has “train” or “train_detail” on a message" in told
    assert "One entry has a last message that is not learnt" in told
    told = notes("axolotl", PLAIN, {"messages": [ANSWER, SAID]}, {"messages": [SAID, ANSWER, SAID]})
    assert "2 entries have a last message that is not learnt" in told
    assert "last message" not in notes("axolotl", PLAIN, {"messages": [ANSWER, {**SAID, "train": True}]})


def test_llama_factory_has_traps_in_its_config():
    """LLaMA-Factory: set_attr(…, default=None); formatting openai adds “detailed thinking off”."""
    told = notes("llama-factory", PLAIN)
    assert "every column and every tag" in told
    assert "“formatting: openai” adds “detailed thinking off”" in told


def test_unsloth_is_strict_with_conversations_only():
    """unsloth_zoo: assert(len(uniques.keys()) == 2); Cannot standardize non text datasets; not in aliases."""
    assert notes("unsloth", PLAIN) == "A file of messages is not touched, but handed to the chat template."
    told = notes(
        "unsloth",
        {"messages": [SAID, {**ANSWER, "weight": 0}]},
        {"messages": [SAID, {"role": "assistant", "content": None}]},
        {"messages": [{"role": "Mira", "content": "Hi"}, ANSWER]},
        {"messages": [{"role": "human", "content": ""}, {"role": "gpt", "content": " "}]},
    )
    assert "As “conversations”, one entry has a message with further keys" in told
    assert "As “conversations”, one entry has content that is no text" in told
    assert "As “conversations”, one entry has a role that it does not know" in told


def test_mistral_finetune_counts_the_letters_of_ids():
    """mistral-finetune README: ids of tool calls are exactly 9 alphanumerics."""
    calling = {"messages": [SAID, {**ANSWER, "tool_calls": [{"id": "1"}]}]}
    assert "nine letters or digits" in notes("mistral-finetune", calling, PLAIN)
    assert notes("mistral-finetune", PLAIN) == ""


def test_text_generation_webui_lists_arrays_only():
    """text-generation-webui: get_chat_datasets globs *.json and looks for [."""
    assert "export the dataset as an array" in notes("text-generation-webui", PLAIN)


@pytest.mark.parametrize("trainer", ["trl", "axolotl", "llama-factory", "unsloth"])
def test_one_table_wants_the_same_keys_and_types(trainer):
    """datasets#6460, #7222, #7664, #4491: columns are guessed from the first rows, and types may not mix."""
    assert "same keys" in notes(trainer, PLAIN, {**PLAIN, "id": "a"})
    assert "same keys" in notes(trainer, PLAIN, {"messages": [SAID, {**ANSWER, "weight": 1}]})
    longer = {"messages": [SAID, ANSWER, SAID, ANSWER]}
    assert "same keys" not in notes(trainer, PLAIN, longer)
    mixed = ({**PLAIN, "id": "a"}, {**PLAIN, "id": 7})
    assert "“id” are not all of one type" in notes(trainer, *mixed)
    assert "one type" not in notes(trainer, {**PLAIN, "id": 0}, {**PLAIN, "id": 7}, {**PLAIN, "id": None})
