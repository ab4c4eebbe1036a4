"""The shape of an entry: what is in it, what is not, and that it survives being written down."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.targets.shapes import Part, Shape, placeholder

scalars = (
    st.none() | st.booleans() | st.integers(-1, 2) | st.sampled_from([0.0, 1.0, 0.5]) | st.text(max_size=4)
)
values = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=3), inner)
)
messages = st.fixed_dictionaries(
    {},
    optional={
        "role": st.sampled_from(["system", "user", "assistant", "gpt", "", "\ud800"]) | values,
        "content": st.sampled_from(["", " ", "Hello", "<think>hm</think>Yes"]) | values,
        "weight": values,
        "name": st.text(max_size=3),
        "tool_calls": values,
    },
)
entries = st.fixed_dictionaries(
    {}, optional={"messages": st.lists(messages | values, max_size=4) | values, "a": values}
)


@given(entries)
def test_a_shape_survives_being_written_down(value):
    shape = Shape.of(value)
    assert Shape.decode(shape.encode()) == shape


@given(entries)
def test_a_probe_has_the_shape_that_it_was_made_of(value):
    shape = Shape.of(value)
    top = {key: kind for key, kind in shape.top if key == "messages"}
    probed = Shape.of({"messages": shape.probe()} if shape.messages else {})
    assert probed.messages == shape.messages
    assert top or shape.messages or "messages" not in value


@given(entries)
def test_words_and_the_order_of_keys_leave_no_trace(value):
    turned = json.loads(json.dumps(value).replace("Hello", "Goodbye"))
    turned = dict(reversed(turned.items()))
    assert Shape.of(turned).encode() == Shape.of(value).encode()


@pytest.mark.parametrize(
    ("message", "part"),
    [
        ({"role": "user", "content": "Hello"}, Part("user", "text")),
        ({"role": "user", "content": ""}, Part("user", "empty")),
        ({"role": "user", "content": " \n"}, Part("user", "blank")),
        ({"role": "user", "content": None}, Part("user", "null")),
        ({"role": "user"}, Part("user", "missing")),
        ({"role": "user", "content": [{"type": "text", "text": "Hello"}]}, Part("user", "parts")),
        ({"role": "user", "content": []}, Part("user", "other")),
        ({"role": "user", "content": 7}, Part("user", "other")),
        ({"content": "Hello"}, Part("", "text")),
        ({"role": None, "content": "Hello"}, Part("", "text", (("role", "null"),))),
        ({"role": "", "content": "Hello"}, Part("", "text", (("role", "empty"),))),
        ("Hello", Part("", "bare")),
        (
            {"weight": 0, "role": "gpt", "train": True, "content": "Hello", "name": "Mira"},
            Part("gpt", "text", (("name", "text"), ("train", "true"), ("weight", "0"))),
        ),
    ],
)
def test_what_a_part_tells_of_a_message(message, part):
    assert Shape.of({"messages": [message]}).messages == (part,)


def test_tags_and_the_block_of_ours_are_not_in_it():
    shape = Shape.of(
        {"messages": [], "tags": ["a"], "_rolethread": {}, "id": "x", "tools": [{"type": "function"}]}
    )
    assert shape == Shape((), (("id", "text"), ("messages", "empty"), ("tools", "list")))


def test_an_answer_that_thinks_aloud_is_probed_with_a_thought():
    value = {
        "messages": [{"role": "user", "content": "<think>"}, {"role": "assistant", "content": "<think>a"}]
    }
    shape = Shape.of(value)
    assert shape.thinks
    assert [message["content"] for message in shape.probe()] == [
        placeholder(0),
        f"<think>\nT{placeholder(1)}T\n</think>\n\n{placeholder(1)}",
    ]
    assert not Shape.of({"messages": value["messages"][:1]}).thinks
