"""An entry goes out clean or with everything, and a full ShareGPT export comes back as the same entry."""

import json
import os
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from app.domain.entry import BLOCK, faithful, render
from app.domain.formats import (
    NotConvertible,
    chatml,
    convert,
    plain_chatml,
    plain_sharegpt,
    recognise,
    sharegpt,
)

SAMPLES = Path(os.environ.get("ROLETHREAD_SAMPLES") or Path(__file__).parents[4] / "shared" / "samples")
USUAL = ("system", "user", "assistant", "tool")
HELLO = [{"role": "user", "content": "Hi"}, {"role": "assistant", "content": "Hello"}]
EXTRA_KEYS = ["from", "value", "text", "speaker", "name", "weight", "tool_calls", "source_role", ""]
TOP_KEYS = ["tags", "system", "tools", "conversation", "items", "data", "id", ""]
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


anything = st.text(max_size=3) | st.none() | st.integers() | st.lists(st.text(max_size=3), max_size=2)
talk = st.fixed_dictionaries(
    {"role": st.sampled_from(USUAL), "content": st.text()}, optional={"source_role": st.just("function_call")}
)
messages = (
    st.dictionaries(st.sampled_from(["role", "content", "source_role", "n"]), anything) | anything | talk
)


@given(st.dictionaries(st.sampled_from(["messages", "tags"]), st.lists(messages, max_size=4) | messages))
@example({"messages": {}})
@example({"messages": ""})
@example({"messages": [{"role": "assistant", "content": "f()", "source_role": "function_call"}]})
def test_the_quick_way_to_a_clean_export_says_the_same_or_nothing(value):
    line = render(value) + b"\r\n"
    said = value.get("messages")
    bare, turns = plain_chatml(line), plain_sharegpt(line)
    if bare is None:
        assert not isinstance(said, list) or not all(is_plain(message) for message in said)
    else:
        assert bare == chatml(faithful(render(value))[0], clean=True)
    if turns is not None:
        assert turns == sharegpt(faithful(render(value))[0], clean=True)
    elif bare is not None:
        assert any(message["role"] not in USUAL or "source_role" in message for message in said)


def is_plain(message):
    return isinstance(message, dict) and all(isinstance(message.get(key), str) for key in ("role", "content"))


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
