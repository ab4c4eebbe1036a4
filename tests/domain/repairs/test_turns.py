"""Repairs of roles, turns, opening, ending and white space."""

import pytest

from app.domain.repairs import repaired
from app.domain.validation.rules import Rules

RULES = Rules()
ROLES = {"S": "system", "U": "user", "A": "assistant", "T": "tool", "M": "Mara"}
PARTS = [{"type": "text", "text": " x "}]
CALL = [{"id": "1"}]


def talk(*texts):
    """Messages, each of the role that its text begins with."""
    return [{"role": ROLES[text[0]], "content": text} for text in texts]


def after(code, messages, **choice):
    return repaired({"x": 1, "messages": messages, "y": 2}, f"chatml.{code}", RULES, **choice)["messages"]


@pytest.mark.parametrize(
    ("label", "role"), [("GPT", "assistant"), (" user", "user"), ("sys", "system"), ("observation", "tool")]
)
def test_a_known_spelling_of_a_role_is_rewritten_in_its_place(label, role):
    message = {"name": "n", "role": label, "content": " x", "weight": 0}
    (done,) = after("role_canonicalization", [message])
    assert list(done.items()) == list({**message, "role": role}.items())


def test_the_label_of_a_call_is_kept_beside():
    call = {"role": "function_call", "content": "{}"}
    (done,) = after("role_canonicalization", [call])
    assert done == {"role": "assistant", "content": "{}", "source_role": "function_call"}
    taken = {**call, "source_role": "ipython"}
    assert after("role_canonicalization", [taken]) == [taken]


@pytest.mark.parametrize("message", [{"role": "Mara"}, {"role": ""}, {"role": None}, {}, 7, {"role": "user"}])
def test_any_other_role_stays(message):
    assert after("role_canonicalization", [message]) == [message]


@pytest.mark.parametrize(
    ("before", "merged"),
    [
        (("U1", "U2", "A"), ("U1\n\nU2", "A")),
        (("S", "U1", "U2", "U3", "A1", "A2"), ("S", "U1\n\nU2\n\nU3", "A1\n\nA2")),
        (("U1 \n", "U\n2", "A "), ("U1\n\nU\n2", "A ")),
        (("S1", "S2", "U", "S3", "U2", "A"), ("S1", "S2", "U", "S3", "U2", "A")),
        (("U", "A", "T1", "T2", "A"), ("U", "A", "T1", "T2", "A")),
        (("M1", "M2", "A"), ("M1", "M2", "A")),
    ],
)
def test_messages_in_a_row_become_one(before, merged):
    assert after("not_alternating", talk(*before)) == talk(*merged)


def test_an_empty_message_adds_nothing_to_another():
    empty = {"role": "user", "content": " "}
    assert after("not_alternating", [*talk("U"), empty]) == talk("U")
    assert after("not_alternating", [empty, *talk("U")]) == talk("U")
    assert after("not_alternating", [empty, {**empty, "content": ""}]) == [empty]


@pytest.mark.parametrize(
    "message",
    [
        {"role": "assistant", "content": "A2", "name": "Mara"},
        {"role": "assistant", "content": "A2", "weight": 0},
        {"role": "assistant", "content": PARTS},
        {"role": "assistant", "content": None},
        {"role": "assistant"},
        {"role": "assistant", "content": "", "tool_calls": CALL},
        {"role": "function_call", "content": "{}"},
        {"role": "assistant", "content": "{}", "source_role": "function_call"},
    ],
)
def test_a_message_that_would_lose_something_is_not_merged(message):
    for messages in ([*talk("U", "A"), message], [message, *talk("A", "U")]):
        assert after("not_alternating", messages) == messages
    assert len(after("not_alternating", [message, message])) == (
        1 if "name" in message or "weight" in message else 2
    )


@pytest.mark.parametrize(
    ("before", "to_system", "dropped", "opened"),
    [
        (("S", "A1", "U", "A2"), ("S\n\nA1", "U", "A2"), ("S", "U", "A2"), ("S", "Hi", "A1", "U", "A2")),
        (("A1", "A2", "U", "A3"), ("A1\n\nA2", "U", "A3"), ("U", "A3"), ("Hi", "A1", "A2", "U", "A3")),
        (("A1", "S", "A2", "M", "A3"), ("S\n\nA1\n\nA2", "M", "A3"), ("S", "M", "A3"),
         ("Hi", "A1", "S", "A2", "M", "A3")),
        (("S", "A"), ("S", "A"), ("S", "A"), ("S", "Hi", "A")),
        (("S", "U", "A"), ("S", "U", "A"), ("S", "U", "A"), ("S", "U", "A")),
    ],
)  # fmt: skip
def test_a_greeting_goes_where_the_person_wants_it(before, to_system, dropped, opened):
    def texts(**choice):
        return tuple(each["content"] for each in after("assistant_first", talk(*before), **choice))

    assert texts() == texts(choice="to_system") == to_system
    assert texts(choice="drop") == dropped
    assert texts(choice="user_opener", text=" Hi\n") == opened
    assert texts(choice="untrained") == before


def test_a_greeting_becomes_the_system_prompt_where_there_is_none():
    assert after("assistant_first", talk("A1", "U", "A2")) == [
        {"role": "system", "content": "A1"}, *talk("U", "A2"),
    ]  # fmt: skip


def test_a_greeting_that_is_not_trained_says_so_to_every_trainer():
    first, *others = after("assistant_first", talk("A1", "U", "A2"), choice="untrained")
    assert first == {"role": "assistant", "content": "A1", "weight": 0, "train": False}
    assert others == talk("U", "A2")
    assert after("assistant_first", [first, *others], choice="untrained") == [first, *others]
    assert after("assistant_first", talk("S", "A1"), choice="untrained") == talk("S", "A1")


@pytest.mark.parametrize("greeting", [{"content": PARTS}, {"content": "x", "tool_calls": CALL}, {}])
def test_a_greeting_that_is_more_than_text_stays_out_of_the_system_prompt(greeting):
    messages = [{"role": "assistant", **greeting}, *talk("U", "A")]
    assert after("assistant_first", messages) == messages


def test_a_greeting_does_not_go_into_a_system_prompt_of_parts():
    messages = [{"role": "system", "content": PARTS}, *talk("A1", "U", "A2")]
    assert after("assistant_first", messages) == messages


@pytest.mark.parametrize(
    ("before", "cut"),
    [
        (("S", "U", "A", "U2"), 3),
        (("U", "A", "T", "M", "S"), 2),
        (("U", "A"), 2),
        (("S", "U"), 2),
    ],
)
def test_what_stands_behind_the_last_answer_is_cut(before, cut):
    assert after("last_not_assistant", talk(*before)) == talk(*before[:cut])


def test_white_space_is_trimmed_around_every_text():
    messages = [{"role": role, "content": " \n x  y\u3000", "n": " "} for role in ("system", "Mara", "")]
    assert after("content_whitespace", messages) == [{**each, "content": "x  y"} for each in messages]


@pytest.mark.parametrize("message", [{"content": " "}, {"content": PARTS}, {"content": None}, {}, " x "])
def test_what_is_empty_or_no_text_is_not_trimmed(message):
    assert after("content_whitespace", [message]) == [message]
