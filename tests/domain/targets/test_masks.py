"""Which messages are learnt: by what was chosen, and by what each trainer does if nothing else is set."""

import pytest

from app.domain.targets.chosen import MASKS
from app.domain.targets.masks import learnt, mask_of
from app.domain.targets.trainers import TRAINERS

ENTRY = [
    {"role": "system", "content": "s"},
    {"role": "assistant", "content": "greeting", "weight": 0, "train": False},
    {"role": "user", "content": "q", "train": True, "weight": 1},
    {"role": "assistant", "content": "a", "weight": 0},
    {"role": "gpt", "content": "b", "train": False},
    {"role": "assistant", "content": "c"},
]

# What the facts on targets say that each learns by itself.
USUAL = [
    # 2.1: “weight integer, only 0 or 1, assistant only”
    ("openai", "flags", {5}),
    # 2.1: the same shape as OpenAI's
    ("together", "flags", {5}),
    # 2.2: “assistant_only_loss default False”
    ("trl", "all", {0, 1, 2, 3, 4, 5}),
    # 2.3: “roles_to_train:["assistant"]”, “message_field_training: train (bool)”; weight does not count
    ("axolotl", "flags", {2, 3, 5}),
    # 2.4: answers, those of “history” too
    ("llama-factory", "assistant", {1, 3, 5}),
    # 2.5: train_on_responses_only is something that one calls
    ("unsloth", "all", {0, 1, 2, 3, 4, 5}),
    # 2.1: “weight: 0 per assistant message”
    ("mistral-finetune", "flags", {5}),
    ("text-generation-webui", "assistant", {1, 3, 5}),
    ("", "assistant", {1, 3, 4, 5}),
]


@pytest.mark.parametrize(("trainer", "mask", "places"), USUAL)
def test_what_a_trainer_learns_where_nothing_else_is_set(trainer, mask, places):
    assert mask_of(trainer) == mask
    assert learnt(ENTRY, mask, trainer) == places


def test_the_table_has_every_trainer():
    assert [name for name, _, _ in USUAL if name] == list(TRAINERS)


def test_without_a_trainer_both_marks_count():
    assert learnt(ENTRY, "flags") == {2, 5}


def test_a_weight_that_is_no_number_marks_nothing():
    for mask in MASKS:
        found = learnt([{"role": "assistant", "content": "a", "weight": "0", "train": "no"}], mask, "openai")
        assert found == {0}
