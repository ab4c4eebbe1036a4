"""ShareGPT in its variants becomes ChatML, goes back, and loses nothing on either way."""

import json
import os
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.entry import BLOCK
from app.domain.formats import NotConvertible, chatml, convert, recognise, sharegpt

SAMPLES = Path(os.environ.get("ROLETHREAD_SAMPLES") or Path(__file__).parents[4] / "shared" / "samples")
HELLO = [{"role": "user", "content": "Hi"}, {"role": "assistant", "content": "Hello"}]
EXTRA_KEYS = ["from", "value", "text", "speaker", "name", "weight", "tool_calls", "source_role", ""]
TOP_KEYS = ["tags", "system", "tools", "conversation", "items", "data", "id", ""]


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


FULL = {
    "messages": [
        {"role": "SYSTEM", "content": "S", "name": "n"},
        {"role": "user", "content": ["part"]},
        {"role": "Mara", "content": None},
        {"role": "tool"},
    ],
    "tags": ["calm"],
}


def test_a_clean_export_has_the_conversation_and_nothing_else():
    assert chatml(FULL, clean=True) == {
        "messages": [
            {"role": "SYSTEM", "content": "S"},
            {"role": "user", "content": ["part"]},
            {"role": "Mara", "content": None},
            {"role": "tool", "content": None},
        ]
    }
    assert sharegpt(FULL, clean=True) == {
        "conversations": [
            {"from": "system", "value": "S"},
            {"from": "human", "value": ["part"]},
            {"from": "Mara", "value": None},
            {"from": "observation", "value": None},
        ]
    }


def test_a_full_sharegpt_export_has_everything():
    assert sharegpt(FULL, clean=False) == {
        "conversations": [
            {"from": "system", "value": "S", "name": "n"},
            {"from": "human", "value": ["part"]},
            {"from": "Mara", "value": None},
            {"from": "observation"},
        ],
        "tags": ["calm"],
    }


@pytest.mark.parametrize("export", [chatml, sharegpt])
@pytest.mark.parametrize(
    ("value", "reason"),
    [
        ({"messages": [{"content": "x"}]}, "message 1 has no role"),
        ({"messages": [*HELLO, "x"]}, "message 3 has no role"),
        ({"turns": []}, "it has no list of messages"),
    ],
)
def test_an_entry_that_has_no_such_shape_is_not_exported_clean(export, value, reason):
    with pytest.raises(NotConvertible, match=reason):
        export(value, clean=True)


def test_a_key_that_stands_where_the_turns_belong_is_not_overwritten():
    with pytest.raises(NotConvertible, match="a key “conversations” of its own"):
        sharegpt({"messages": HELLO, "conversations": 1}, clean=False)


contents = st.text() | st.none() | st.lists(st.dictionaries(st.text(), st.text(), max_size=2), max_size=2)
extras = st.dictionaries(st.sampled_from(EXTRA_KEYS), contents | st.integers(), max_size=3)
roles = st.sampled_from(["system", "user", "assistant", "tool", "Mara", "user 2", ""])
spoken = st.builds(
    lambda role, content, more: {"role": role, "content": content, **more}, roles, contents, extras
)
calls = st.builds(
    lambda content, more, label: {"role": "assistant", "content": content, **more, "source_role": label},
    contents,
    extras,
    st.sampled_from(["function_call", "tool_call", "Function_Call"]),
)
entries = st.builds(
    lambda messages, more: {"messages": messages, **more, BLOCK: {"native": True}},
    st.lists(spoken | calls, max_size=5),
    st.dictionaries(st.sampled_from(TOP_KEYS), contents, max_size=4),
)


@given(entries)
def test_a_full_export_comes_back_as_the_same_entry(entry):
    exported = json.loads(json.dumps(sharegpt(entry, clean=False)))
    assert recognise(exported) == "sharegpt"
    assert convert(exported, "sharegpt").value == entry


def test_a_real_file_of_tool_calls_goes_there_and_back():
    path = SAMPLES / "llama-factory" / "glaive_toolcall_en_demo.json"
    if not path.exists():
        pytest.skip(f"the sample files are not at {SAMPLES}")
    counted = Counter()
    for value in json.loads(path.read_text(encoding="utf-8")):
        converted = convert(value, recognise(value))
        counted += converted.roles
        assert sharegpt(converted.value, clean=False) == value
    assert set(counted) == {"human", "gpt", "function_call", "observation"}
