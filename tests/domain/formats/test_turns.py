"""ShareGPT in its variants becomes ChatML and loses nothing on the way."""

from collections import Counter

import pytest

from app.domain.formats import NotConvertible, chatml, convert, recognise, sharegpt

HELLO = [{"role": "user", "content": "Hi"}, {"role": "assistant", "content": "Hello"}]


def messages_of(value):
    assert recognise(value) == "sharegpt"
    return convert(value, "sharegpt").value["messages"]


@pytest.mark.parametrize(
    "value",
    [
        {"conversations": [{"from": "human", "value": "Hi"}, {"from": "gpt", "value": "Hello"}]},
        {"conversation": [{"from": "Human ", "value": "Hi"}, {"from": "ChatBot", "value": "Hello"}]},
        {"conversations": [{"role": "user", "content": "Hi"}, {"role": "assistant", "content": "Hello"}]},
        {"conversations": [{"role": "user", "value": "Hi"}, {"role": "model", "value": "Hello"}]},
        {"conversations": [{"speaker": "human", "text": "Hi"}, {"speaker": "bot", "text": "Hello"}]},
        {"conversations": [{"from": "input", "text": "Hi"}, {"from": "output", "content": "Hello"}]},
        {"items": [{"from": "human", "value": "Hi"}, {"from": "gpt", "value": "Hello"}]},
        {"messages": [{"from": "human", "value": "Hi"}, {"from": "gpt", "value": "Hello"}]},
        {"messages": [{"role": "user", "content": "Hi"}, {"from": "gpt", "value": "Hello"}]},
    ],
)
def test_every_variant_becomes_the_same_messages(value):
    assert messages_of(value) == HELLO


def test_a_single_turn_without_a_list_is_one_message():
    assert messages_of({"conversations": {"from": "human", "value": "Hi"}}) == HELLO[:1]


def test_no_turns_are_no_messages():
    assert messages_of({"conversations": []}) == []


@pytest.mark.parametrize(
    "value",
    [
        {"messages": []},
        {"messages": HELLO},
        {"messages": [{"role": "USER", "content": None}, "not a message"]},
        {"messages": [{"role": "assistant", "tool_calls": []}], "conversations": HELLO},
        {"messages": [{"role": "user", "content": [{"type": "text", "value": "Hi"}]}]},
        {"messages": [{"content": "nobody"}]},
    ],
)
def test_a_list_of_messages_is_chatml_and_stays_as_it_is(value):
    assert recognise(value) == "chatml"
    assert convert(value, "chatml").value is value
    assert convert(value, "chatml").roles == Counter()
    assert chatml(value, clean=False) is value


@pytest.mark.parametrize(
    "value",
    [
        None,
        [],
        [{"from": "human", "value": "Hi"}],
        "text",
        3,
        {},
        {"messages": "Hi"},
        {"messages": None},
        {"conversations": None},
        {"conversations": ["Hi"]},
        {"conversation": []},
        {"items": [{"name": "lamp"}]},
        {"items": [{"role": "admin"}]},
        {"instruction": "Say hi", "output": "Hi"},
        {"dialogue": [{"role": "Mara", "text": "Hi"}]},
    ],
)
def test_anything_else_is_of_no_known_shape(value):
    assert recognise(value) == ""


def test_other_keys_of_records_and_turns_stay_in_their_place():
    turn = {"id": 7, "from": "human", "weight": 0, "value": "Hi", "html": None}
    converted = convert({"source": "x", "conversations": [turn], "tools": "[]"}, "sharegpt").value
    assert converted["source"] == "x"
    assert list(converted) == ["source", "messages", "tools"]
    assert list(converted["messages"][0].items()) == [
        ("id", 7),
        ("role", "user"),
        ("weight", 0),
        ("content", "Hi"),
        ("html", None),
    ]


def test_replaced_spellings_are_counted_and_named_speakers_keep_theirs():
    labels = ["human", "HUMAN", "gpt", "human", "user", " Old Finn ", "observation"]
    converted = convert({"conversations": [{"from": label, "value": ""} for label in labels]}, "sharegpt")
    roles = [message["role"] for message in converted.value["messages"]]
    assert roles == ["user", "user", "assistant", "user", "user", " Old Finn ", "tool"]
    assert converted.roles == {"human": 2, "HUMAN": 1, "gpt": 1, "observation": 1}


def test_a_call_is_the_assistant_and_its_label_comes_back():
    value = {"conversations": [{"from": "function_call", "value": '{"name": "x"}'}]}
    message = {"role": "assistant", "content": '{"name": "x"}', "source_role": "function_call"}
    converted = convert(value, "sharegpt")
    assert converted.value == {"messages": [message]}
    assert converted.roles == {"function_call": 1}
    assert sharegpt(converted.value, clean=False) == value
    assert sharegpt(converted.value, clean=True) == value


def test_a_call_with_a_source_role_of_its_own_keeps_both():
    value = {"conversations": [{"from": "function_call", "value": "", "source_role": "mine"}]}
    converted = convert(value, "sharegpt").value
    assert converted == {"messages": [{"role": "function_call", "content": "", "source_role": "mine"}]}
    assert sharegpt(converted, clean=False) == value


TURNS = [{"from": "human", "value": "Hi"}]
SYSTEM = {"role": "system", "content": "Be brief."}


@pytest.mark.parametrize(
    ("value", "converted"),
    [
        (
            {"system": "Be brief.", "conversations": TURNS},
            {"messages": [SYSTEM, HELLO[0]]},
        ),
        (
            {"conversations": [{"from": "SYS", "value": "First."}], "system": "Be brief."},
            {"messages": [{"role": "system", "content": "First."}], "system": "Be brief."},
        ),
        ({"conversations": TURNS, "system": " "}, {"messages": HELLO[:1], "system": " "}),
        ({"conversations": TURNS, "system": None}, {"messages": HELLO[:1], "system": None}),
        ({"conversations": TURNS}, {"messages": HELLO[:1]}),
    ],
)
def test_a_system_text_beside_the_turns_comes_first_unless_there_is_one(value, converted):
    assert convert(value, "sharegpt").value == converted


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        ({"conversations": [*TURNS, "Hello"]}, "turn 2 does not say who speaks"),
        ({"conversations": [*TURNS, {"from": None, "value": "x"}]}, "turn 2 does not say who speaks"),
        ({"conversations": TURNS, "messages": None}, "it has both “conversations” and “messages”"),
    ],
)
def test_a_broken_record_of_the_shape_says_what_is_wrong(value, reason):
    assert recognise(value) == "sharegpt"
    with pytest.raises(NotConvertible, match=reason):
        convert(value, "sharegpt")


def test_an_unknown_shape_cannot_be_converted():
    with pytest.raises(NotConvertible, match="unknown shape"):
        convert({}, "")
