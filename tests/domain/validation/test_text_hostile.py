"""Texts made to be slow: every check looks at each letter a few times, whatever stands there."""

import re
from functools import partial
from itertools import islice
from time import process_time

import pytest

from app.domain.entry import Entry
from app.domain.validation import markup, privacy, unicode
from app.domain.validation.rules import Rules
from app.domain.validation.special import SPECIAL_TOKENS
from app.domain.validation.text import MOST, check_texts, names

RULES = Rules()
SIZES = (1_000_000, pytest.param(10_000_000, marks=pytest.mark.soak))  # bytes
CHECKS = {
    "special": partial(markup.special_tokens, tokens=SPECIAL_TOKENS),
    "macros": markup.macros,
    "leakage": markup.leakage,
    "control": unicode.control_characters,
    "mojibake": unicode.mojibake,
    "zero width": unicode.zero_width,
    "replacement": unicode.replacement_characters,
    "zalgo": unicode.zalgo,
    "quotes": unicode.mixed_quotes,
    "names": partial(names, rules=Rules(never_publish=("a a b", "Ann", "((", "中国"))),
    **privacy.PRIVATE,
}
PIECES = (
    "a", "[", "{", "{{", " ", "\n", "(", "a@a@a@", "<", "<|", "</", "#", "# ", '{"', "```", "`", "http://",
    "www.", "a.", "A1", "A ", "1", "1 ", "1-", "1a", "12:", "(1", "1.", "+1 ", "0a:", '"', '“"', "sk-", "eyJ",
    "-----BEGIN ", "password: ", "<p ", "{{user ", "as an AI ", "I'm sorry, but ", "you feel ", "1 Aa ",
    "1 rue ", "Calle a ", "://a:", "Aweg ", "-eyJ1", "1://a:",
    "\u200d", "\u200cب", "a\u0301", "\u0301", "\u0e47", "😀\u200d", "中", "é", "Я", "“", "\ud800",
    "\U000e0041",
)  # fmt: skip


def filled(piece, size):
    return piece * (size // len(piece.encode("utf-8", "surrogatepass")) + 1)


def spent(work):
    started = process_time()
    work()
    return process_time() - started


def first_found(spans, text):
    return sum(1 for _ in islice(spans(text), MOST))


@pytest.fixture(scope="module")
def tenth():
    """How long a tenth of a second is here: at least that, and the time of ten looks at a million letters."""
    text = filled("a", 1_000_000)
    look = re.compile("(?<!x)[a-z](?!a)")
    return max(0.1, min(spent(lambda: [look.search(text) for _ in range(10)]) for _ in range(3)))


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("piece", PIECES, ids=ascii)
def test_megabytes_of_one_piece_are_looked_through_at_once(piece, size, tenth):
    text = filled(piece, size)
    for name, spans in CHECKS.items():
        limit = (
            tenth * size / 1_000_000 * (2 if name == "mojibake" else 1)
        )  # where ftfy looks, it looks twice
        assert spent(partial(first_found, spans, text)) < limit, name


@pytest.mark.parametrize("rest", [")", ").", "]", "()", "."])
def test_a_link_that_never_ends_is_cut_at_once(rest, tenth):
    text = "http://" + filled(rest, 10_000_000)
    assert spent(lambda: list(privacy.urls(text))) < 10 * tenth


@pytest.mark.parametrize(
    "piece", ["<s>", "a@b.cd ", "{{user}}", "4111 1111 1111 1111 ", "you feel ", "x\u200b"]
)
def test_more_findings_than_anybody_reads_are_not_all_listed(piece, tenth):
    entry = Entry(b"", {"messages": [{"role": "assistant", "content": filled(piece, 1_000_000)}]})
    found = []
    assert spent(lambda: found.extend(check_texts(entry, RULES))) < 10 * tenth
    assert MOST <= len(found) <= 2 * MOST


def test_a_thousand_phrases_cost_little_more_than_none():
    words = [f"{first}{second}ing" for first in "bcdfghklmnprstvw" for second in ("al", "er", "on", "um")]
    many = tuple(f"{first} {second}" for first in words for second in words[::4])[:1000]
    prose = "The old road ran on, and *nobody* was talking of it. “Yes,” she said; he’d go. " * 40
    entry = Entry(b"", {"messages": [{"role": "assistant", "content": prose}]})

    def time_with(rules):
        list(check_texts(entry, rules))
        return min(spent(lambda: [list(check_texts(entry, rules)) for _ in range(100)]) for _ in range(3))

    assert time_with(Rules(slop=many, refusals=many)) < 3 * time_with(Rules(slop=(), refusals=()))
