"""Repairs of tags: each does its own, and what wants a person's look stays."""

import pytest

from app.domain.repairs import repaired
from app.domain.validation.rules import Rules

RULES = Rules()


def tags_after(code, tags, **choice):
    return repaired({"a": 1, "tags": tags, "b": 2}, f"base.{code}", RULES, **choice)["tags"]


def test_an_empty_list_is_added():
    assert list(repaired({"messages": []}, "base.missing_tags", RULES).items()) == [
        ("messages", []),
        ("tags", []),
    ]
    value = {"tags": None}
    assert repaired(value, "base.missing_tags", RULES) is value


@pytest.mark.parametrize(
    ("tags", "wrapped", "split"),
    [
        (None, [], []),
        ("", [], []),
        (" calm ", ["calm"], ["calm"]),
        ("calm, Slow Burn,,", ["calm, Slow Burn,,"], ["calm", "Slow Burn"]),
        (7, 7, 7),
        ({"calm": True}, {"calm": True}, {"calm": True}),
        (["calm"], ["calm"], ["calm"]),
    ],
)
def test_a_text_becomes_a_list_and_nothing_else_does(tags, wrapped, split):
    assert tags_after("tags_not_list", tags) == tags_after("tags_not_list", tags, choice="wrap") == wrapped
    assert tags_after("tags_not_list", tags, choice="split") == split


def test_numbers_and_yes_and_no_become_text():
    assert tags_after("invalid_tag_value", ["calm", 7, 1.5, True, None, ["x"], {}, ""]) == [
        "calm", "7", "1.5", "true", ["x"], {}, "",
    ]  # fmt: skip


def test_empty_tags_are_dropped():
    assert tags_after("empty_tag", ["", "calm", " \n", None, 0, [], "Slow Burn"]) == [
        "calm", None, 0, [], "Slow Burn",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("tags", "after"),
    [
        (["Slow Burn", "slow_burn", "  BANTER "], ["slow_burn", "banter"]),
        (["Calm", "CALM", 1, None, ""], ["calm", 1, None, ""]),
        (["calm", "calm"], ["calm", "calm"]),
        (["!!!", "É"], ["!!!", "é"]),
    ],
)
def test_a_tag_becomes_its_slug_once(tags, after):
    assert tags_after("tag_spelling", tags) == after


@pytest.mark.parametrize("code", ["tags_not_list", "invalid_tag_value", "empty_tag", "tag_spelling"])
@pytest.mark.parametrize("value", [{}, {"tags": ["calm", "é"]}, {"tags": 7}])
def test_where_there_is_nothing_to_do_nothing_is_done(code, value):
    assert repaired(value, f"base.{code}", RULES) is value
