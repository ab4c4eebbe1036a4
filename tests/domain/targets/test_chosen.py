"""The chosen target: what it may hold, what it says of anything else, and its short name."""

import re

import pytest

from app.domain.targets.chosen import Chosen, named

FAMILIES = ("chatml", "gemma3", "my own")


def test_a_choice_survives_being_kept():
    chosen = Chosen("trl", "gemma3", "llama3", 4096, "last")
    assert Chosen.of(chosen.as_json()) == chosen
    assert Chosen.of({}) == Chosen()


def test_another_choice_has_another_key():
    choices = [
        Chosen(),
        Chosen("trl"),
        Chosen("", "trl"),
        Chosen(limit=1),
        Chosen(mask="all"),
        Chosen("", "", "x"),
    ]
    assert len({chosen.key for chosen in choices}) == len(choices)
    assert Chosen("trl").key == Chosen("trl").key


@pytest.mark.parametrize(
    ("mapping", "words"),
    [
        ({"trainer": "trlx"}, "There is no trainer “trlx”. There are openai, together, trl"),
        ({"family": 7}, "The family of a target is a name."),
        ({"limit": 0}, "a number of tokens from 1 to 100,000,000"),
        ({"limit": "4096"}, "a number of tokens"),
        ({"limit": True}, "a number of tokens"),
        ({"limit": 10**9}, "a number of tokens"),
        ({"mask": "most"}, "one of assistant, last, all, flags, not “most”"),
        ({"mask": ["last"]}, "one of assistant, last, all, flags"),
        ({"context": 1}, "A target has no “context”."),
    ],
)
def test_what_is_no_choice_is_told_in_plain_words(mapping, words):
    with pytest.raises(ValueError, match=re.escape(words)):
        Chosen.of(mapping)


@pytest.mark.parametrize(
    ("text", "chosen"),
    [
        ("trl", Chosen("trl", mask="all")),
        ("openai", Chosen("openai", mask="flags")),
        ("llama-factory", Chosen("llama-factory")),
        ("gemma3", Chosen(family="gemma3")),
        ("trl+gemma3", Chosen("trl", "gemma3", mask="all")),
        (" gemma3 + trl ", Chosen("trl", "gemma3", mask="all")),
        ("axolotl+my own", Chosen("axolotl", "my own", mask="flags")),
    ],
)
def test_a_target_has_a_short_name(text, chosen):
    assert named(text, FAMILIES) == chosen
    assert named(chosen.name, FAMILIES) == chosen


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "There is no target “”."),
        ("gemma9", "There is no target “gemma9”."),
        ("trl+", "There is no target “”."),
        ("trl+axolotl", "one trainer, one template, or one of each"),
        ("trl+gemma3+chatml", "one trainer, one template, or one of each"),
    ],
)
def test_what_names_no_target_is_refused(text, words):
    with pytest.raises(ValueError, match=re.escape(words)):
        named(text, FAMILIES)


def test_a_template_of_ones_own_may_be_called_like_a_trainer():
    assert named("trl", ("trl",)) == Chosen("trl", mask="all")
    assert named("trl+trl", ("trl",)) == Chosen("trl", "trl", mask="all")
