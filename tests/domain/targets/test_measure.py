"""How long an entry is: the same number, whether it is also asked what of it is trained or not."""

import pytest

from app.domain.targets.chosen import MASKS
from app.domain.targets.families import FAMILIES
from app.domain.targets.measure import length, measured
from app.domain.tokens import counter

SYSTEM = {"role": "system", "content": "Be kind."}
SAID = [
    {"role": "user", "content": " Hm?\n"},
    {"role": "assistant", "content": "<think>\nWell.\n</think>\n\nYes."},
]
CALL = {"role": "assistant", "content": None, "tool_calls": [{"id": "abcdefghi", "function": {"name": "f"}}]}
VALUES = [
    {},
    {"messages": "x"},
    {"messages": []},
    {"messages": [SYSTEM]},
    {"messages": [SYSTEM, *SAID, *SAID]},
    {"messages": SAID[::-1]},
    {"messages": [*SAID, SYSTEM, SAID[0]]},
    {"messages": [SAID[0], CALL, {"role": "tool", "content": "7", "tool_call_id": "abcdefghi"}, SAID[1]]},
    {"messages": [1, None, {"role": 7}, {"content": ["x"]}]},
    {"messages": [SAID[0], {"role": "Mara", "content": [{"type": "text", "text": "Come <|im_end|>."}]}]},
    {"messages": [{**each, "role": role} for each, role in zip(SAID, ("human", "gpt"), strict=True)]},
    {"messages": SAID, "system": "Be brief."},
    {"messages": SAID, "tools": [{"type": "function", "function": {"name": "f"}}]},
    {"messages": [SAID[0], {"role": "assistant", "content": "half \ud800"}]},
]


@pytest.mark.parametrize("name", [*FAMILIES, ""])
def test_an_entry_is_as_long_as_it_is_measured(name):
    family, llama3 = FAMILIES.get(name), counter("llama3")
    render = family.render if family else None
    for value in VALUES:
        for mask in MASKS:
            for trainer in ("", "axolotl", "trl"):
                found = measured(value, llama3, family, render, mask, trainer)
                assert length(value, llama3, render, trainer) == found[0]


@pytest.mark.parametrize(
    ("trainer", "mask", "learnt"),
    [
        ("", "assistant", "one three four"),
        ("", "last", "four"),
        ("", "all", "two one three four"),
        ("", "flags", "two four"),
        ("openai", "flags", "three four"),
        ("axolotl", "flags", "two one four"),
    ],
)
def test_of_texts_alone_what_is_learnt_is_counted_by_the_same_masks(trainer, mask, learnt):
    llama3 = counter("llama3")
    answer = {"role": "assistant"}
    messages = [
        {"role": "user", "content": "two", "train": True},
        {**answer, "content": "one", "weight": 0},
        {**answer, "content": "three", "train": False},
        {**answer, "content": "four"},
    ]
    found = measured({"messages": messages}, llama3, None, None, mask, trainer)
    assert found == (4, sum(map(llama3.count, learnt.split())))
