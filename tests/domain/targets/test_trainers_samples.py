"""What the trainers do to real files by others, as far as our importer reads them."""

import json
import os
from collections import Counter
from pathlib import Path

import pytest

from app.domain.formats import convert, recognise
from app.domain.targets.file_notes import file_notes
from app.domain.targets.shapes import Shape
from app.domain.targets.trainers import TRAINERS, judge

SAMPLES = Path(os.environ.get("ROLETHREAD_SAMPLES") or Path(__file__).parents[4] / "shared" / "samples")
pytestmark = pytest.mark.skipif(not SAMPLES.is_dir(), reason="the folder of samples is not here")

SKIPPED = ", so LLaMA-Factory skips the entry with a warning in its log"


def rows(name):
    text = (SAMPLES / name).read_text(encoding="utf-8")
    if name.endswith(".json"):
        return json.loads(text)
    return [json.loads(line) for line in text.split("\n") if line.strip()]


def shapes(name):
    """The shapes of the entries that the importer makes of the file."""
    return [Shape.of(convert(row, recognise(row)).value) for row in rows(name)]


def report(trainer, found):
    return Counter(
        (verdict.code.removeprefix("target."), verdict.detail)
        for shape in found
        for verdict in judge(trainer, shape)
    )


def test_the_cookbooks_toy_file():
    found = shapes("openai-cookbook/toy_chat_fine_tuning.jsonl")
    reports = {trainer: report(trainer, found) for trainer in TRAINERS}
    told = {trainer: dict(counts) for trainer, counts in reports.items() if counts}
    assert told == {
        "llama-factory": {("dropped", f"the assistant speaks first{SKIPPED}"): 1},
        "mistral-finetune": {
            (
                "altered",
                "the system prompt is lost: it is written into a message of the user, and there is none",
            ): 1
        },
    }
    notes = file_notes("openai", entries=len(found), shapes=Counter(found))
    assert notes[0].words == "OpenAI wants at least 10 entries, and there are 5."


def test_llama_factorys_calls_of_tools():
    """In its own tags the file is whole; as messages, the README's tags have no role for what tools say."""
    found = shapes("llama-factory/glaive_toolcall_en_demo.json")
    calling = sum(
        any(turn["from"] == "observation" for turn in row["conversations"])
        for row in rows("llama-factory/glaive_toolcall_en_demo.json")
    )
    assert (len(found), calling) == (300, 153)
    skipped = f"a tool speaks, for which the README's tags have no role{SKIPPED}"
    assert report("llama-factory", found) == {("dropped", skipped): calling}
    told, mistral = report("openai", found), report("mistral-finetune", found)
    assert told["error", "message_unrecognized_key: a message has the key “source_role”"] == calling
    assert told["error", "“tools” is no list"] == 300
    assert mistral["error", "the message of a tool has no “tool_call_id”"] == calling
    assert mistral["error", "the tools are a text, where it wants a list"] == 300
    assert not report("trl", found)
    assert not report("axolotl", found)
    assert not report("unsloth", found)


def test_llama_factorys_images():
    found = shapes("llama-factory/mllm_demo.json")
    told = {trainer: dict(report(trainer, found)) for trainer in TRAINERS if report(trainer, found)}
    assert told == {"together": {("error", "there is a further key “images” beside the messages"): 6}}
    parts = shapes("llama-factory/v1_multimodal_demo.jsonl")
    assert report("llama-factory", parts) == {("error", "the content of a message is no text"): 24}
    assert not report("openai", parts)
    assert "24 entries have content that is no text" in " ".join(
        note.words for note in file_notes("unsloth", entries=24, shapes=Counter(parts))
    )


@pytest.mark.parametrize(
    ("name", "count", "other"),
    [
        ("llama-factory/identity.json", 91, "Alpaca's format"),
        ("llama-factory/v1_dpo_demo.jsonl", 10, "a format of preferences"),
    ],
)
def test_another_format_is_named(name, count, other):
    """These the importer leaves alone, and the trainer reads them with other settings."""
    found = rows(name)
    assert {recognise(row) for row in found} == {""}
    for trainer in TRAINERS:
        told = report(trainer, [Shape.of(row) for row in found])
        assert [(code, told[code, detail]) for code, detail in told] == [("error", count)]
        assert all(f"there is no list of messages: this is {other}" in detail for _, detail in told)
