"""Every spelling that is known stands for its role, and nothing else does."""

import pytest

from app.domain.roles import canonical, is_call

SPELLINGS = {
    "user": "user, usr, uesr, useer, human, humans, person, player, input, prompt, instruction",
    "assistant": (
        "assistant, assistnt, assitant, assitstant, asistant, asst, bot, chatbot, gpt, model, ai, "
        "completion, response, output, function_call, tool_call"
    ),
    "system": "system, sys, sytem, systm, system_prompt, context",
    "tool": "tool, function, observation, function_response, tool_response",
}


@pytest.mark.parametrize(
    ("label", "role"), [(label, role) for role, labels in SPELLINGS.items() for label in labels.split(", ")]
)
def test_a_known_spelling_stands_for_its_role_in_any_case_and_padding(label, role):
    assert canonical(label) == role
    assert canonical(f"  {label.upper()}\n") == role


@pytest.mark.parametrize("label", ["", " ", "Mara", "Old Finn", "user 2", "users", "function call"])
def test_any_other_label_is_a_named_speaker(label):
    assert canonical(label) == ""


def test_only_the_two_call_labels_mark_a_call():
    assert is_call("function_call")
    assert is_call(" Tool_Call ")
    assert not is_call("assistant")
    assert not is_call(None)
