"""Words are counted as Unicode cuts them, and never more than was said to be the most."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.words import count_words, most_words


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", 0),
        (" … — !", 0),
        ("The lantern's light.", 3),
        ("don\u2019t stop", 2),
        ("a well-known 3.14", 4),
        ("*She waits.* “Yes?”", 3),
        ("懸疑", 2),
        ("caf\u00e9 naïve", 2),
        ("हिन्दी में", 2),
    ],
)
def test_words_of_any_script_are_counted(text, words):
    assert count_words(text) == words


@given(st.text() | st.text("a '.-1漢か²ก\u0301👍\u200d"))
def test_there_are_never_more_words_than_the_bound(text):
    assert count_words(text) <= most_words(text)
