"""Whatever an entry holds: a repair does its own, once, and nothing else."""

from copy import deepcopy

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from app.domain.entry import Entry, render
from app.domain.repairs import REPAIRS, repaired
from app.domain.validation.labels import check_labels
from app.domain.validation.rules import Rules
from app.domain.validation.structure import check_structure
from app.domain.validation.text import check_texts

RULES = Rules()
TEXT = "Ann, Bo"
OF_STRUCTURE = [code for code in REPAIRS if code.startswith(("base.", "chatml."))]
CHOICES = [(code, choice.name) for code in OF_STRUCTURE for choice in REPAIRS[code].choices]

texts = st.text(" x\n,", max_size=4) | st.sampled_from(["Hello", "", " "])
odd = st.none() | st.integers(0, 3) | st.booleans() | st.lists(st.text("x ", max_size=2), max_size=2)
roles = st.sampled_from(
    ["system", "user", "assistant", "assistant", "user", "tool", "GPT", "human", "Mara", "function_call"]
)
usual = st.fixed_dictionaries({"role": roles, "content": texts})
messages = (
    usual
    | usual
    | st.fixed_dictionaries(
        {},
        optional={
            "role": roles | odd,
            "content": texts | odd,
            "name": texts,
            "weight": odd,
            "tool_calls": odd,
        },
    )
    | odd
)
tags = (
    st.lists(st.sampled_from(["calm", "Slow Burn", "slow_burn", "", " ", "!!!", "É"]) | odd, max_size=4)
    | texts
    | odd
)
values = st.fixed_dictionaries(
    {"messages": st.lists(messages, max_size=6) | odd}, optional={"tags": tags, "x": odd, "tools": odd}
)


def codes_of(value):
    entry = Entry.of(render(value))
    return {each.code for each in (*check_labels(entry), *check_structure(entry, RULES))}


def kept(value):
    """What of an entry no repair of structure may change, and a message that is cut takes with it."""
    others = {key: item for key, item in value.items() if key not in ("messages", "tags")}
    return list(others.items())


@pytest.mark.parametrize(("code", "choice"), CHOICES)
@given(value=values)
def test_a_repair_is_done_once_and_only_where_there_is_something_to_repair(code, choice, value):
    before = deepcopy(value)
    after = repaired(value, code, RULES, choice=choice, text=TEXT)
    assert value == before
    assert list(after)[: len(value)] == list(value)
    assert kept(after) == kept(value)
    assert repaired(after, code, RULES, choice=choice, text=TEXT) is after
    if code not in codes_of(value):
        assert after is value
    if not code.startswith("base."):
        assert after.get("tags") == value.get("tags")
    else:
        assert after["messages"] == value["messages"]


def is_plain(value):
    """Whether all messages and tags are what a repair can work with."""
    found, tagged = value["messages"], value.get("tags")
    return (
        isinstance(found, list)
        and all(isinstance(each, dict) and set(each) == {"role", "content"} for each in found)
        and all(isinstance(each["content"], str) for each in found)
        and not any(each["role"] == "function_call" for each in found)
        and (tagged is None or isinstance(tagged, str | list))
        and not any(isinstance(each, list) or each == "!!!" for each in tagged or ())
    )


GREETING = ("system", "assistant", "GPT")
PROMISED = [(code, choice) for code, choice in CHOICES if choice != "untrained"]
plain_values = st.fixed_dictionaries(
    {"messages": st.lists(usual, max_size=6)}, optional={"tags": tags}
).filter(is_plain)


@pytest.mark.parametrize(("code", "choice"), PROMISED)
@given(value=plain_values)
def test_what_was_found_is_found_no_more(code, choice, value):
    after = repaired(value, code, RULES, choice=choice, text=TEXT)
    if not only_greets(value) or code != "chatml.assistant_first" or choice == "user_opener":
        assert code not in codes_of(after)
    else:
        assert after is value


def only_greets(value):
    """Whether the assistant says nothing once another has spoken: there is nothing else to learn."""
    roles = [each["role"] for each in value["messages"]]
    opening = next((place for place, role in enumerate(roles) if role not in GREETING), len(roles))
    return not {"assistant", "GPT"}.intersection(roles[opening:])


@given(value=values)
@example(value={"messages": [0, {"role": "system"}]})
def test_only_what_is_cut_or_merged_is_gone(value):
    """Content that is no text is in the entry as before, unless it stands behind the last answer.

    A system message may be put in front; everything else keeps its order.
    """
    for code, choice in CHOICES:
        if (code, choice) == ("chatml.last_not_assistant", "repair") or choice == "drop":
            continue
        after = repaired(value, code, RULES, choice=choice, text=TEXT)
        if code == "chatml.system_not_first":
            assert sorted(map(repr, parts(after))) == sorted(map(repr, parts(value)))
        else:
            assert parts(after) == parts(value)


def parts(value):
    found = value["messages"] if isinstance(value["messages"], list) else []
    return [each.get("content") if isinstance(each, dict) else each for each in found if not is_text(each)]


def is_text(message):
    return isinstance(message, dict) and isinstance(message.get("content"), str)


SNIPPETS = [
    "Ann", "ann@example.org", "https://example.org/a", "see www.example.org", "+49 30 1234567",
    "12 Baker Street", "4111 1111 1111 1111", "192.168.7.20", "<|im_end|>", "<|im_", "end|>", "[INST]",
    "</s>", "{{user}}", "<START>", "itâ€™s", "cafÃ©", "Ã", "©", "“", "”", '"', "she said", "\u200b",
    "\u200d", "👩", "🚀", "\ufe0f", "\u0301", "\u0300" * 4, "e", "\x00", "\x85", "\u2028", "\x9d", "\ufeff",
    "\u0627", "\u200c", "漢字", "\n", " ", ".", "```", "§",
]  # fmt: skip
OF_TEXTS = [
    (code, choice.name)
    for code, repair in REPAIRS.items()
    for choice in repair.choices
    if code.startswith(("text.", "privacy.")) and code != "text.macro_left"
]
STRICT = RULES.changed({"never_publish": ["Ann"]})
spoken = st.lists(st.sampled_from(SNIPPETS), max_size=8).map("".join) | st.lists(
    st.sampled_from(SNIPPETS)
).map(" ".join)


@pytest.mark.parametrize(("code", "choice"), OF_TEXTS)
@given(said=st.lists(spoken, min_size=1, max_size=2))
def test_a_repair_of_texts_is_done_where_and_only_where_its_code_is_found(code, choice, said):
    value = {"messages": [{"role": "user", "content": each} for each in said], "note": said}
    after = repaired(value, code, STRICT, choice=choice)
    found = {each.message for each in check_texts(Entry.of(render(value)), STRICT) if each.code == code}
    changed = {place for place, each in enumerate(after["messages"]) if each is not value["messages"][place]}
    assert changed == found
    assert code not in {each.code for each in check_texts(Entry.of(render(after)), STRICT)}
    assert repaired(after, code, STRICT, choice=choice) is after
