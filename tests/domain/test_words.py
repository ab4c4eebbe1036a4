"""Words are counted as Unicode cuts them, as far as is needed."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.words import _WORD, has_more_words


def count(*texts):
    return next(number for number in range(100) if not has_more_words(texts, number))


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
    assert count(text) == words
    assert count(text, "", text, "and") == 2 * words + 1


@given(st.lists(st.text() | st.text("a '.-1漢か²ก\u0301👍\u200d"), max_size=3), st.integers(0, 9))
def test_the_quick_way_says_the_same_as_counting(texts, limit):
    assert has_more_words(texts, limit) == (sum(len(_WORD.findall(text)) for text in texts) > limit)
