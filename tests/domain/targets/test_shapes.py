"""The shape of an entry: what is in it, what is not, and that it survives being written down."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.targets.shapes import BLANKS, Part, Shape, placeholder

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
        "content": st.sampled_from(["", " ", "Hello", " Hello\n", "<think>hm</think>Yes", "hm</think>Yes"])
        | values,
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
        ({"role": "user", "content": []}, Part("user", "no list")),
        ({"role": "user", "content": ["Hello"]}, Part("user", "list")),
        ({"role": "user", "content": 7}, Part("user", "int")),
        ({"role": "user", "content": 0}, Part("user", "no int")),
        ({"role": "user", "content": 7.5}, Part("user", "float")),
        ({"role": "user", "content": True}, Part("user", "bool")),
        ({"role": "user", "content": {"text": "Hello"}}, Part("user", "dict")),
        ({"content": "Hello"}, Part("", "text")),
        ({"role": None, "content": "Hello"}, Part("", "text", (("role", "null"),))),
        ({"role": "", "content": "Hello"}, Part("", "text", (("role", "empty"),))),
        ("Hello", Part("", "bare")),
        (7, Part("", "void")),
        (None, Part("", "void")),
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


@pytest.mark.parametrize(
    ("content", "thoughts", "probed"),
    [
        ("Yes, I rethink> it.", (), "X1X"),
        ("<think>a</think>b", ("whole",), "<think>\nTX1XT\n</think>\n\nX1X"),
        ("a</think>b", ("closed",), "TX1XT\n</think>\n\nX1X"),
        ("a</think>b<think>c</think>d", ("closed",), "TX1XT\n</think>\n\nX1X"),
        ("<think>a", ("open",), "<think>\nTX1XT\nX1X"),
    ],
)
def test_an_answer_that_thinks_aloud_is_probed_with_such_a_thought(content, thoughts, probed):
    value = {"messages": [{"role": "user", "content": "<think>"}, {"role": "assistant", "content": content}]}
    shape = Shape.of(value)
    assert shape.thoughts == thoughts
    words = [message["content"] for message in shape.probe(*thoughts)]
    assert words == [placeholder(0), probed]
    assert Shape.of({"messages": value["messages"][:1]}).thoughts == ()


def test_white_space_at_the_ends_of_texts_is_told_by_who_speaks_and_of_the_last_message_apart():
    texts = (
        ("system", "Be kind.\n"),
        ("user", " Hi?"),
        ("assistant", "Ho."),
        ("Mira", "\n \nHm."),
        ("user", "x\u00a0"),
    )
    shape = Shape.of({"messages": [{"role": role, "content": text} for role, text in texts]})
    assert shape.ends == (
        ("", "left", "\n"), ("last", "right", " "), ("system", "right", "\n"), ("user", "left", " "),
    )  # fmt: skip
    words = [[message["content"] for message in shape.probe(blank=blank)] for blank in BLANKS]
    assert words == [
        ["X0X", " X1X", "X2X", "X3X", "X4X "],
        ["X0X\n", "X1X", "X2X", "\nX3X", "X4X"],
    ]


def test_which_of_many_texts_have_white_space_at_their_ends_makes_few_shapes():
    ways = ("", " ", "\n")
    found = set()
    for left in range(3**6):
        talk = [
            {"role": ("user", "assistant")[at % 2], "content": f"{ways[left // 3**at % 3]}Hm."}
            for at in range(6)
        ]
        found.add(Shape.of({"messages": talk}).encode())
    assert len(found) == 4 * 4 * 3
