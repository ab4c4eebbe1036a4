"""Repairs of system messages: merged, moved, added or taken out, and never at the price of another key."""

import pytest

from app.domain.repairs import repaired
from app.domain.validation.rules import Rules

RULES = Rules()
ROLES = {"S": "system", "U": "user", "A": "assistant"}
PARTS = [{"type": "text", "text": "x"}]


def talk(*texts):
    """Messages, each of the role that its text begins with."""
    return [{"role": ROLES[text[0]], "content": text} for text in texts]


def after(code, messages, **choice):
    return repaired({"x": 1, "messages": messages, "y": 2}, code, RULES, **choice)["messages"]


def system(content, **keys):
    return {"role": "System", "content": content, **keys}


def test_only_empty_system_messages_are_removed():
    user = {"role": "user", "content": ""}
    kept = [system(None), system(PARTS), user, *talk("A")]
    assert after("chatml.empty_system_content", [system(""), system(" \n"), *kept]) == kept


def test_a_system_prompt_is_put_in_front_where_there_is_none():
    code = "chatml.missing_system_role"
    assert after(code, talk("U", "A"), text=" Be kind.\n") == [
        {"role": "system", "content": "Be kind."}, *talk("U", "A"),
    ]  # fmt: skip
    for messages in (talk("U", "S", "A"), [system(""), *talk("U")], [], None):
        assert after(code, messages, text="Be kind.") == messages


@pytest.mark.parametrize(
    ("before", "merged"),
    [
        (("S1", "S2", "U", "A"), ("S1\n\nS2", "U", "A")),
        (("S1", "U", "S2", "A", "S3"), ("S1\n\nS2\n\nS3", "U", "A")),
        (("U", "S1", "S2", "A"), ("U", "S1\n\nS2", "A")),
        (("S1", "U", "S2", "S1", "S2"), ("S1\n\nS2", "U")),
        (("S1 \n", "S\n2 ", "U"), ("S1\n\nS\n2 ", "U")),
        (("S", "U", "A"), ("S", "U", "A")),
    ],
)
def test_system_messages_are_merged_into_the_first(before, merged):
    assert after("chatml.duplicate_system_message", talk(*before)) == talk(*merged)


@pytest.mark.parametrize(
    ("before", "moved"),
    [
        (("U", "S", "A"), ("S", "U", "A")),
        (("U", "S1", "A", "S2"), ("S1\n\nS2", "U", "A")),
        (("S1", "U", "S2", "A"), ("S1\n\nS2", "U", "A")),
        (("S1", "S2", "U", "S3"), ("S1\n\nS3", "S2", "U")),
        (("S1", "S2", "U", "A"), ("S1", "S2", "U", "A")),
        (("U", "A"), ("U", "A")),
    ],
)
def test_a_system_message_that_is_not_first_goes_into_the_first(before, moved):
    assert after("chatml.system_not_first", talk(*before)) == talk(*moved)


@pytest.mark.parametrize("code", ["chatml.duplicate_system_message", "chatml.system_not_first"])
@pytest.mark.parametrize(
    "stray", [system(PARTS), system(None), system("S2", name="stage"), {"role": "system"}]
)
def test_a_system_message_that_would_lose_something_is_not_merged(code, stray):
    messages = [*talk("S1", "U"), stray, *talk("A")]
    assert after(code, messages) == messages
    assert after(code, [{**stray, "content": PARTS}, *talk("U", "S2", "A")])[-2:] == talk("S2", "A")


def test_further_keys_stay_where_both_have_them():
    messages = [system("a", weight=1), *talk("U"), system("b", weight=1), *talk("A")]
    assert after("chatml.system_not_first", messages) == [system("a\n\nb", weight=1), *talk("U", "A")]


@pytest.mark.parametrize(
    ("before", "folded"),
    [
        (("S", "U", "A"), ("S\n\nU", "A")),
        (("S", "A1", "U", "A2"), ("A1", "S\n\nU", "A2")),
        (("S1", "S2", "U", "S3"), ("S1\n\nS2\n\nU", "S3")),
        (("S", "A"), ("S", "A")),
        (("U", "A"), ("U", "A")),
    ],
)
def test_a_system_prompt_that_gets_lost_goes_into_the_users_first_message(before, folded):
    done = after("target.system_lost", talk(*before))
    assert [each["content"] for each in done] == list(folded)
    users = [each for each in done if each["role"] == "user"]
    assert len(users) == sum(text[0] == "U" for text in before)


@pytest.mark.parametrize(
    "messages",
    [
        [system(PARTS), *talk("U", "A")],
        [system("S", name="stage"), *talk("U", "A")],
        [*talk("S"), {"role": "user", "content": PARTS}, *talk("A")],
        [7, *talk("S", "U")],
    ],
)
def test_it_stays_where_something_would_be_lost(messages):
    assert after("target.system_lost", messages) == messages
