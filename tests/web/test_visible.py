"""What nobody sees is shown by signs that are read aloud once; long texts are cut around what changed."""

import html
import json
import re
import unicodedata
from time import perf_counter

import pytest
from hypothesis import given
from hypothesis import strategies as some
from markupsafe import Markup

from app.domain.comparing import DIFFERENT, SAME, Line, compare
from app.web.context import pretty
from app.web.visible import AROUND, LONGEST, clipped, escaped_turns, visible, visible_signs, visible_turns


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain words\n\nof two lines", "plain words\n\nof two lines"),
        ("  a", '<span class="sign" role="img" aria-label="2 spaces">··</span>a'),
        ("a\t", 'a<span class="sign" role="img" aria-label="1 tab">→</span>'),
        ("a  b", 'a<span class="sign" role="img" aria-label="2 spaces">··</span>b'),
        (
            "a \n\n",
            'a<span class="sign" role="img" aria-label="1 space, 2 line ends">·⏎</span>\n'
            '<span class="sign" aria-hidden="true">⏎</span>\n',
        ),
        ("a\u200bb", 'a<abbr class="sign" title="zero width space">U+200B</abbr>b'),
        ("\x07", '<abbr class="sign" title="control character">U+0007</abbr>'),
        ("\xa0", '<abbr class="sign" title="no-break space">U+00A0</abbr>'),
        ("\ud800", '<abbr class="sign" title="control character">U+D800</abbr>'),
        ("<b>&", "&lt;b&gt;&amp;"),
    ],
)
def test_what_is_not_seen_is_shown(text, shown):
    assert visible(text) == shown


def test_what_turns_the_order_of_letters_is_shown_and_the_rest_stays():
    turns = "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
    for turn in turns:
        sign = f'<abbr class="sign" title="{unicodedata.name(turn).lower()}">U+{ord(turn):04X}</abbr>'
        assert visible_turns(f"<{turn}a") == f"&lt;{sign}a"
        assert escaped_turns(f"<{turn}a") == f"<\\u{ord(turn):04x}a"
    assert not set(visible_turns(turns)) & set(turns)
    plain = "a  b\n\u200f\u200d\u05d0"  # marks and letters turn nothing that stands in another element
    assert visible_turns(plain) == escaped_turns(plain) == plain
    assert visible_turns(Markup("<b>&amp;")) == "<b>&amp;"


def test_json_with_a_turn_is_the_same_json():
    value = {"\u202ea": "\u2069", "b": "\u05d0"}
    assert json.loads(pretty(value)) == value
    assert not set(pretty(value)) & {"\u202e", "\u2069"}


@given(some.text().filter(lambda text: not set(text) & set("·→⏎")))
def test_no_letter_is_lost(text):
    signs = str.maketrans({"·": " ", "→": "\t", "⏎": None})  # the line end itself stands behind its sign
    plain = re.sub(r"<abbr[^>]*>U\+([0-9A-F]+)</abbr>", lambda each: chr(int(each[1], 16)), visible(text))
    plain = re.sub(r"<span[^>]*>([^<]*)</span>", lambda each: each[1].translate(signs), plain)
    assert html.unescape(plain) == text
    assert visible_signs(text).count("<abbr") == visible(text).count("<abbr")


@pytest.mark.parametrize("text", [" " * 500_000 + "x", "\t \n" * 20_000, "\u200b" * 50_000])
def test_long_runs_take_no_time(text):
    start = perf_counter()
    visible(text)
    assert perf_counter() - start < 1


def test_a_long_text_is_cut_around_its_change_on_both_sides_alike():
    before = "word " * 500 + "odd\u200b one" + " word" * 500
    (line,) = clipped(
        compare(
            {"messages": [{"role": "user", "content": before}]},
            {"messages": [{"role": "user", "content": before.replace("\u200b", "")}]},
        )
    )
    texts = ["".join(text for _, text in side) for side in (line.before, line.after)]
    assert texts[1] == texts[0].replace("\u200b", "")
    assert texts[1].startswith("user:  … ")
    assert "odd one" in texts[1]
    assert len(texts[0]) < 3 * AROUND


def test_short_texts_stay_whole_and_long_changes_are_cut():
    (line,) = clipped([Line("Message 1", ((SAME, "user: a b"),), ((SAME, "user: a"), (DIFFERENT, " b")))])
    assert line.before == ((SAME, "user: a b"),)
    (line,) = clipped([Line("Message 1", None, ((DIFFERENT, "x" * LONGEST * 2),))])
    assert line.before is None
    assert line.after[0][1].endswith(f"… and {LONGEST:,} more letters")
