"""Texts made to be slow: every check looks at each letter a few times, whatever stands there.

What is a place of its form is judged by itself, and takes longer: so a check judges no more than so many of
them in a message, and says where it stopped.
"""

import re
from functools import partial
from itertools import islice
from time import process_time

import pytest

from app.domain.entry import Entry
from app.domain.validation import markup, privacy, text, unicode
from app.domain.validation.codes import CODES
from app.domain.validation.labels import check_labels
from app.domain.validation.phrases import SLOP
from app.domain.validation.rules import Rules
from app.domain.validation.spans import STOPPED, TRIES
from app.domain.validation.special import SPECIAL_TOKENS
from app.domain.validation.structure import check_structure
from app.domain.validation.text import MOST, check_texts, names

RULES = Rules()
NAMES = tuple(f"Name{number} Example{number}" for number in range(300))
LISTS = Rules(
    slop=(*SLOP, *(f"worn{number} phrase{number} of words" for number in range(100))),
    never_publish=("a a b", "Ann", "((", "中国", *NAMES),
    inactive_characters=("Ann", "Ben"),
)
SIZES = (1_000_000, pytest.param(10_000_000, marks=pytest.mark.soak))  # bytes


def structure(words):
    return check_structure(Entry(b"", {"messages": [{"role": "assistant", "content": words}]}), LISTS)


def labels(words):
    return check_labels(Entry(b"", {"messages": [], "tags": [words]}))


def phrases(code):
    find = text._outside_speech if code in text._OUTSIDE_SPEECH else text._held
    return partial(find, cut=partial(text._lexicon(LISTS).pieces, tries=text.FILED), code=code)


CHECKS = {
    "text.special_token": partial(markup.special_tokens, tokens=SPECIAL_TOKENS),
    "text.macro_left": markup.macros,
    "text.control_characters": partial(unicode.control_characters, tries=TRIES),
    "text.mojibake": partial(unicode.mojibake, tries=TRIES),
    "text.zero_width": unicode.zero_width,
    "text.replacement_character": unicode.replacement_characters,
    "text.zalgo": unicode.zalgo,
    "text.mixed_quotes": unicode.mixed_quotes,
    "privacy.name": partial(names, rules=LISTS, tries=TRIES),
    **{code: partial(spans, tries=TRIES) for code, spans in privacy.PRIVATE.items()},
    **{code: phrases(code) for code in (text.REFUSAL, text.SLOP, text.SPEAKS, text.OOC, text.INACTIVE)},
    text.LEAKAGE: markup.leakage,
    "chatml.split_candidate": structure,
    "base.tag_spelling": labels,
}
PIECES = (
    "a", "[", "{", "{{", " ", "\n", "(", "a@a@a@", "<", "<|", "</", "#", "# ", '{"', "```", "`", "http://",
    "www.", "a.", "A1", "A ", "1", "1 ", "1-", "1a", "12:", "(1", "1.", "+1 ", "0a:", '"', '“"', "sk-", "eyJ",
    "-----BEGIN ", "password: ", "<p ", "{{user ", "as an AI ", "I'm sorry, but ", "you feel ", "1 Aa ",
    "1 rue ", "Calle a ", "://a:", "Aweg ", "-eyJ1", "1://a:",
    "\u200d", "\u200cب", "a\u0301", "\u0301", "\u0e47", "😀\u200d", "中", "é", "Я", "“", "\ud800",
    "\U000e0041", "Ã…", "Ã", "Ã…\n", "đź", "─", "<b>", "|", "[INST]", "\xa0", "\ufffd", "\u202e", "\x00",
    "a.a.a.a",
)  # fmt: skip
# What has the form of something but is none, so that each has to be judged; and what takes long to put right.
NEARLY = (
    "555 123 ", "a 1234567 ", "+49 ", "1-1-1-", "tel 4111111111111111 ", "4111 1111 1111 1112 ", "1.2.3.999 ",
    "1::2::3 ", "AB12 3456 7890 1234 ", "a@a.png ", "www.a. ", "password: aaaaaaaa ", "://a:aaaaaaa@ ",
    "A1b2C3d4E5f6G7h8I9j0K1l2M3n4O5aa ", '"you nod ', "“you nod ", '"as an AI model ', "<user></user>",
    "{{a:", "\x80", "\x81a", "a\x85", "\x81é中", "Ã©中 ", "â€œ中a", "Ã©\n中\n", "Â ", "e\u0301e\u0301 ",
    "\u0301\u0301\u0301\u0301 e\u0301 ", ", ".join(NAMES).replace(" ", "-"), " Example1 x ".join(NAMES),
    ", ".join(LISTS.slop).replace(" ", ", "),
)  # fmt: skip


def filled(piece, size):
    return piece * (size // len(piece.encode("utf-8", "surrogatepass")) + 1)


def spent(work):
    started = process_time()
    work()
    return process_time() - started


def first_found(spans, text):
    return sum(1 for _ in islice(spans(text), MOST))


@pytest.fixture(scope="module", autouse=True)
def patterns():
    """Each pattern is made, which takes longer than a look with it and is done once."""
    assert all(phrase.pattern for filed in text._lexicon(LISTS)._plain.values() for phrase in filed)
    assert list(unicode.mojibake("Ã©"))


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
            tenth * size / 1_000_000 * (2 if name == "text.mojibake" else 1)
        )  # where ftfy looks, it looks twice
        assert spent(partial(first_found, spans, text)) < limit, name


@pytest.mark.parametrize("size", [400_000, pytest.param(10_000_000, marks=pytest.mark.soak)])
@pytest.mark.parametrize("piece", NEARLY, ids=lambda piece: ascii(piece[:20]))
def test_what_has_to_be_judged_takes_no_longer_than_its_share(piece, size, tenth):
    text, quarter = filled(piece, size), filled(piece, size // 4)
    for code, spans in CHECKS.items():
        long = spent(partial(first_found, spans, text))
        judging = 3 * tenth  # the same, however long the text: with 0.7 a million, a second for ten million
        assert long < judging + 0.7 * tenth * size / 1_000_000, code
        if long > 0.1 * tenth and long >= 8 * spent(partial(first_found, spans, quarter)):
            long = spent(partial(first_found, spans, text))  # once more: Python may have been tidying up
            assert long < 8 * spent(partial(first_found, spans, quarter)), code


def test_every_code_that_is_found_in_words_is_held_to_it():
    found_in_words = {code for code in CODES if code.startswith(("text.", "privacy.", "style."))}
    assert found_in_words | {text.REFUSAL, text.LEAKAGE, text.INACTIVE} <= CHECKS.keys()


@pytest.mark.parametrize(
    "piece", ["555 123 ", "\x81a", "sk-a1B2c3D4e5F6g7H8i9J0k ", "+49 ", "Â ", '"you nod ']
)
def test_all_codes_together_take_no_more_than_two(piece, tenth):
    entry = Entry(b"", {"messages": [{"role": "assistant", "content": filled(piece, 1_000_000)}]})
    assert spent(lambda: list(check_texts(entry, LISTS))) < 8 * tenth


@pytest.mark.parametrize(
    ("code", "piece"),
    [
        ("privacy.phone", "a 1234567 "),
        ("privacy.secret", "4111 1111 1111 1112 "), ("privacy.url", "www.a. "),
        ("privacy.email", "a@a.png "), ("privacy.address", "1.2.3.999 "), ("text.mojibake", "Ã©中 "),
        ("text.control_characters", "\x81é中"), ("style.speaks_for_user", '"x" "you nod '),
        ("privacy.name", " ".join(f"Name{number}, Example{number}" for number in range(300)) + " "),
    ],
)  # fmt: skip
def test_where_a_check_stops_it_says_so(code, piece):
    many = filled(piece, 1_500_000)
    assert [found.detail for found in CHECKS[code](many)][-1] == STOPPED
    assert STOPPED not in [found.detail for found in CHECKS[code](piece)]


def test_what_stands_behind_long_texts_is_found():
    secret = " John Smith, you nod, wrote to ann@example.com, of 12 Oak Street, +49 171 1234567: itâ€™s <s>"
    words = "The road ran on. é 12 \n" * 100_000 + secret
    entry = Entry(b"", {"messages": [{"role": "assistant", "content": words}]})
    found = {each.code for each in check_texts(entry, Rules(never_publish=("John Smith",)))}
    assert found == {
        "privacy.name", "style.speaks_for_user", "privacy.email", "privacy.address", "privacy.phone",
        "text.mojibake", "text.special_token",
    }  # fmt: skip


@pytest.mark.parametrize("at", range(text.PIECE - 12, text.PIECE + 3))
def test_a_phrase_between_two_pieces_is_found_once(at):
    words = "a " * (at // 2) + "-" * (at % 2) + "you\n\nnod" + " a" * 20_000
    spans = list(text._held(words, partial(text._lexicon(RULES).pieces, tries=None), text.SPEAKS))
    assert [(span.start, span.detail) for span in spans] == [(at, "you nod")]


def test_broken_letters_in_lines_longer_than_anybody_writes_are_found_and_put_right():
    long = ("It was naÃ¯ve, " + "a" * 500 + " ") * 200
    spans = list(unicode.mojibake(f"x\n{long}\nÃ  la carte"))
    assert len(spans) > 3
    text = f"x\n{long}\nÃ  la carte"
    for span in reversed(spans):
        text = text[: span.start] + span.better + text[span.end :]
    assert text == f"x\n{long.replace('Ã¯', 'ï')}\nà la carte"


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
