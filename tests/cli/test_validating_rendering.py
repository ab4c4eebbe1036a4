"""What a script is shown of an entry is what its trainer would learn, unless it asks for something else."""

import json

import pytest

from tests.workshop import entry, uuid

WEIGHED = [
    {"role": "human", "content": "Question?"},
    {"role": "gpt", "content": "No.", "weight": 0, "train": False},
    {"role": "assistant", "content": "Yes."},
]


@pytest.fixture
def marked(run, tmp_path):
    """A dataset of one entry in which an answer is marked as not to be learnt."""
    path = tmp_path / "marked.jsonl"
    path.write_text(json.dumps(entry(1, messages=WEIGHED)), encoding="utf-8")
    run("import", path)
    return run


@pytest.mark.parametrize(
    ("options", "learnt"),
    [
        ((), "No. Yes."),
        (("--target", "chatml"), "No. Yes."),
        (("--target", "axolotl+qwen2.5"), "Yes."),
        (("--target", "axolotl+qwen2.5", "--mask", "assistant"), "No. Yes."),
        (("--target", "openai"), "Yes."),
        (("--target", "trl+chatml"), "Question? No. Yes."),
        (("--target", "trl+chatml", "--mask", "assistant"), "Yes."),
        (("--target", "unsloth+chatml"), "Question? No. Yes."),
    ],
)
def test_render_shows_what_the_trainer_learns(marked, options, learnt):
    found = marked.json("render", "marked", uuid(1), *options).json
    trained = "".join(found["text"][start:end] for start, end in found["trained"])
    assert [word for word in ("Question?", "No.", "Yes.") if word in trained] == learnt.split()


def test_targets_says_what_each_trainer_learns(marked):
    found = {each["name"]: each["mask"] for each in marked.json("targets").json["trainers"]}
    assert (found["openai"], found["trl"], found["llama-factory"]) == ("flags", "all", "assistant")
