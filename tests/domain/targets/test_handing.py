"""What trainers make of messages before a template sees them: each rule with the source that has it."""

import pytest

from app.domain.targets.families import FAMILIES
from app.domain.targets.handing import handed
from app.domain.targets.outcomes import outcome, strictness
from app.domain.targets.rendering import rendered
from app.domain.targets.sandbox import TemplateError
from app.domain.targets.shapes import Shape
from app.domain.targets.trainers import TRAINERS

U, A, S = (
    {"role": "user", "content": "U1"},
    {"role": "assistant", "content": "A1"},
    {"role": "system", "content": "S1"},
)
TOP = {"role": "system", "content": "TOPSYS"}

# Axolotl src/axolotl/prompt_strategies/chat_template.py, as the facts on targets have it in 2.3: “Built-in
# role map: human,user→user; gpt,assistant→assistant; system→system; tool→tool. … Others pass through
# unmapped.” “field_system: system (used only if first message is not system)”. Its transform_message takes
# over what is not None.
AXOLOTL = [
    ({"messages": [{**U, "role": "human"}, {**A, "role": "gpt"}]}, [U, A]),
    ({"messages": [S, U, A, {**U, "role": "tool"}]}, [S, U, A, {**U, "role": "tool"}]),
    (
        {"messages": [{**U, "role": "Human"}, {**A, "role": "bot"}]},
        [{**U, "role": "Human"}, {**A, "role": "bot"}],
    ),
    ({"messages": [U, A], "system": "TOPSYS"}, [TOP, U, A]),
    ({"messages": [U, S, A], "system": "TOPSYS"}, [TOP, U, S, A]),
    ({"messages": [S, U, A], "system": "TOPSYS"}, [S, U, A]),
    ({"messages": [U, A], "system": ""}, [{**TOP, "content": ""}, U, A]),
    ({"messages": [U, A], "system": None}, [U, A]),
    (
        {"messages": [U, {"role": "gpt", "content": None, "train": True}]},
        [U, {"role": "assistant", "train": True}],
    ),
    ({"messages": [], "system": "TOPSYS"}, []),
    ({"messages": ["bare", 7, {"role": 5}], "system": "TOPSYS"}, [TOP, "bare", 7, {"role": 5}]),
    ({"messages": "none"}, []),
]  # fmt: skip


@pytest.mark.parametrize(("value", "messages"), AXOLOTL)
def test_axolotl_maps_roles_and_sets_its_system_field_in_front(value, messages):
    found = handed(value, "axolotl")
    assert found.messages == messages
    stated = value["messages"] if isinstance(value["messages"], list) else []
    assert found.before == len(messages) - len(stated)


# TRL trl/data_utils.py, 2.2: “role values are not mapped”. unsloth_zoo/dataset_utils.py, 2.5: “messages
# files pass through untouched”. The others lay the text out by themselves, or have no such rule.
@pytest.mark.parametrize("trainer", ["", *(name for name in TRAINERS if name != "axolotl")])
@pytest.mark.parametrize("value", [value for value, _ in AXOLOTL])
def test_every_other_trainer_hands_the_messages_on_as_they_are(trainer, value):
    found = handed(value, trainer)
    assert found.messages == (value["messages"] if isinstance(value["messages"], list) else [])
    assert found.before == 0


def test_an_entry_is_not_changed_by_handing_it_on():
    value = {"messages": [{"role": "human", "content": "U1", "name": None}], "system": "TOPSYS"}
    handed(value, "axolotl")
    assert value == {"messages": [{"role": "human", "content": "U1", "name": None}], "system": "TOPSYS"}


def test_what_axolotl_puts_in_front_is_of_no_message():
    family = FAMILIES["qwen2.5"]
    value = {"messages": [{**U, "role": "human"}, {**A, "role": "gpt"}], "system": "TOPSYS"}
    text = rendered(family, family.render, value, "assistant", "axolotl")
    assert text.text == family.render([TOP, U, A])
    places = {text.text[piece.start : piece.end]: (piece.kind, piece.message) for piece in text.pieces}
    assert (places["TOPSYS"], places["U1"], places["A1"]) == (("added", -1), ("message", 0), ("message", 1))
    assert [text.text[start:end] for start, end in text.trained] == ["A1<|im_end|>"]
    assert (text.lost, text.trimmed, text.system_added) == ((), (), False)


def test_a_text_in_front_moves_no_other_from_its_place():
    family = FAMILIES["llama3"]
    value = {"messages": [U, {**A, "content": " A1 "}, "bare"], "system": " TOPSYS "}
    text = rendered(family, family.render, value, "last", "axolotl")
    assert (text.lost, text.trimmed) == ((2,), (1,))
    assert [text.text[start:end] for start, end in text.trained] == ["A1<|eot_id|>"]


@pytest.mark.parametrize("name", FAMILIES)
@pytest.mark.parametrize("value", [value for value, _ in AXOLOTL if value["messages"]])
@pytest.mark.parametrize("trainer", ["axolotl", "trl"])
def test_an_entry_fares_with_its_trainer_as_its_shape(name, value, trainer):
    family = FAMILIES[name]
    found = outcome(family, family.render, Shape.of(value), trainer)
    if found.error:
        with pytest.raises(TemplateError):
            rendered(family, family.render, value, "assistant", trainer)
        return
    text = rendered(family, family.render, value, "assistant", trainer)
    lost = [at for at in found.lost if isinstance(value["messages"][at], dict | str)]
    assert list(text.lost) == lost
    assert text.system_added == found.system_added
    if trainer == "axolotl" and value.get("system") and value["messages"][0] != S:
        prompts = [word for word in ("TOPSYS", "S1") if word in str(value)]
        assert found.system_lost == any(word not in text.text for word in prompts)


def test_a_role_that_the_trainer_maps_is_no_error_of_the_template():
    for name in ("qwen2.5", "gemma3"):
        family = FAMILIES[name]
        code = "chatml.role_canonicalization"
        assert code in strictness(family, family.render)
        assert code not in strictness(family, family.render, "axolotl")
