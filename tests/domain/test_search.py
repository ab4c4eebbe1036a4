import sys

import pytest

from app.domain.folding import Alignment, bare, normal
from app.domain.pattern import required, too_large, within_lines
from app.domain.search import BadQuery, Deadline, SearchTimeout, compile_query, fold


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Harbor", "harbor"),
        ("  two\t\twords \r\n here\n\n", "two words here"),
        ("a\x00b\x1bc\x7fd\x85e\x9ff", "a b c d e f"),
        ("no\xa0break\u2028line\u3000wide", "no break line wide"),
        ("Straße ﬁre ΔΣ", "strasse fire δ\u03c3"),
        ("lone \ud83d half", "lone \ud83d half"),
        ("zero\u200bwidth", "zero\u200bwidth"),
        (" \n\x00 ", ""),
        ("", ""),
    ],
)
def test_folding_leaves_small_letters_and_single_spaces(text, expected):
    assert fold(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("café", "cafe"),
        ("cafe\u0301", "cafe"),
        ("Łódź", "Lodz"),
        ("ёж", "еж"),
        ("Ὀδυσσεύς", "Οδυσσευς"),
        ("שָׁלוֹם", "שלום"),
        ("ガ が हिन्दी ผู้", "ガ が हिन्दी ผู้"),
        ("한글 懸疑", "한글 懸疑"),
    ],
)
def test_bare_letters_have_lost_accents_but_no_other_mark(text, expected):
    assert bare(text) == expected


@pytest.mark.parametrize(
    ("mode", "query", "text", "options", "expected"),
    [
        ("contains", "arbo", "The Harbor", {}, True),
        ("contains", "the  harbor", "The\nHarbor", {}, True),
        ("contains", "STRASSE", "Straße", {}, True),
        ("contains", "cafe", "café", {}, False),
        ("contains", "cafe", "Café", {"ignore_accents": True}, True),
        ("contains", "café", "CAFE", {"ignore_accents": True}, True),
        ("contains", "café", "cafe\u0301s", {"ignore_accents": True}, True),
        ("contains", "Harbor", "harbor", {"match_case": True}, False),
        ("contains", "The Harbor", "The\n Harbor", {"match_case": True}, True),
        ("contains", "Cafe", "Café", {"match_case": True, "ignore_accents": True}, True),
        ("contains", "Cafe", "café", {"match_case": True, "ignore_accents": True}, False),
        ("contains", "a.c", "abc", {}, False),
        ("words", "honey lantern", "A lantern, then HONEY.", {}, True),
        ("words", "honey lantern", "A lantern, then honeyed.", {}, False),
        ("words", "honey honey", "honey", {}, True),
        ("words", "cat", "cat_food", {}, False),
        ("words", "cat", "cat7", {}, False),
        ("words", "cafe", "cafe\u0301", {}, False),
        ("words", "кот", "«кот»", {}, True),
        ("words", "кот", "котик", {}, False),
        ("words", "don't", "I don't.", {}, True),
        ("phrase", "old harbor", "the old harbor.", {}, True),
        ("phrase", "old harbor", "the cold harbor", {}, False),
        ("phrase", "old harbor", "the old harbors", {}, False),
        ("phrase", "harbor old", "the old harbor", {}, False),
        ("regex", r"lanterns?\s+\w+ing", "Lantern\nswinging", {}, True),
        ("regex", r"STRASSE$", "Straße", {}, True),
        ("regex", "[A-Z]b", "ab", {"match_case": True}, False),
        ("regex", "[A-Z]b", "ab", {}, True),
        ("regex", "^cafés?$", "Cafe", {"ignore_accents": True}, True),
        ("regex", "a\nb", "a\nb", {}, False),
        ("contains", " \t", "anything", {}, True),
        ("regex", "", "", {"match_case": True}, True),
    ],
)
def test_a_message_matches_as_the_mode_says(mode, query, text, options, expected):
    assert compile_query(query, mode=mode, **options).matches(text) is expected


def test_only_match_case_needs_the_real_text():
    assert compile_query("a", mode="contains").exact
    assert not compile_query("a", mode="contains", match_case=True).exact


@pytest.mark.parametrize(
    ("mode", "query", "text", "options", "expected"),
    [
        ("contains", "harbor", "Harbor to HARBOR", {}, ["Harbor", "HARBOR"]),
        ("contains", "the sea", "to the \n\n sea!", {}, ["the \n\n sea"]),
        ("contains", "strasse", "  Die Straße", {}, ["Straße"]),
        ("contains", "s", "ß", {}, ["ß"]),
        ("contains", "cafe", "ß  un cafe\u0301!", {"ignore_accents": True}, ["cafe\u0301"]),
        ("words", "moon sea", "sea, moon, seaside, SEA", {}, ["sea", "moon", "SEA"]),
        ("phrase", "red fox", "red fox redfox", {}, ["red fox"]),
        ("regex", r"\w+ing", "Singing,  ringing", {}, ["Singing", "ringing"]),
        ("regex", r"x*", "no", {}, []),
        ("contains", "gone", "here", {}, []),
        ("contains", "", "here", {}, []),
    ],
)
def test_spans_say_where_in_the_real_text(mode, query, text, options, expected):
    spans = compile_query(query, mode=mode, **options).spans(text)
    assert [text[start:end] for start, end in spans] == expected


def test_spans_are_no_more_than_asked_for():
    matcher = compile_query("a", mode="contains")
    assert len(matcher.spans("a" * 1000)) == 200
    assert matcher.spans("aaaa", most=2) == [(0, 1), (1, 2)]


def test_every_letter_keeps_its_place_under_every_option():
    for point in (*range(0x3400), *range(0xF900, 0x10000)):
        for match_case in (False, True):
            for ignore_accents in (False, True):
                text = f"x{chr(point)}y"
                options = {"match_case": match_case, "ignore_accents": ignore_accents}
                view = normal(text, **options)
                assert Alignment(text, **options).origin(len(view) - 1, len(view)) == (2, 3), hex(point)


def test_no_letter_beyond_the_ranges_that_are_looked_at_folds_longer():
    longer = [point for point in range(sys.maxunicode + 1) if len(chr(point).casefold()) > 1]
    assert all(0xC0 <= point < 0x2000 or 0xFB00 <= point < 0xFB20 for point in longer)


@pytest.mark.parametrize(
    ("pattern", "position", "reason"),
    [
        ("(open", 5, "missing"),
        ("a**", 2, "multiple repeat"),
        ("[z-a]", 4, "character range"),
        (r"\p{Nothing}", 11, "unknown property"),
        ("end\\", 4, "escape"),
        ("(?V1)(?V0)", 0, "incompatible"),
        ("(" * 900, 0, "nested too deeply"),
    ],
)
def test_a_pattern_that_is_none_says_where_and_why(pattern, position, reason):
    with pytest.raises(BadQuery, match=reason) as caught:
        compile_query(pattern, mode="regex")
    assert caught.value.details["position"] == position
    assert caught.value.hint


@pytest.mark.parametrize(
    "pattern", ["a" * 1001, "(?:(?:ab{99}){99}){99}", "x{1000000}", r"(?:\w{999}){ 999}"]
)
def test_a_pattern_too_large_to_compile_is_refused_before_it_is(pattern):
    assert too_large(pattern)
    with pytest.raises(BadQuery, match="too large"):
        compile_query(pattern, mode="regex")


def test_what_cannot_be_searched_for_is_said():
    with pytest.raises(BadQuery, match="10,001 characters"):
        compile_query("a" * 10_001, mode="contains")
    with pytest.raises(BadQuery, match="no search mode 'fuzzy'"):
        compile_query("a", mode="fuzzy")


@pytest.mark.parametrize("pattern", ["(a+)+$", "(a|aa)+$"])
def test_a_pattern_that_explodes_stops_by_the_deadline(pattern):
    matcher = compile_query(pattern, mode="regex")
    text = "a" * 10_000_000 + "!"
    with pytest.raises(SearchTimeout, match="stopped") as caught:
        matcher.matches(text, Deadline(0.5))
    assert caught.value.hint
    assert matcher.spans("a" * 40 + "!") == []


def test_a_deadline_that_has_passed_stops_at_once():
    with pytest.raises(SearchTimeout, match="0 seconds"):
        compile_query("a", mode="regex").matches("a", Deadline(0))


@pytest.mark.parametrize(
    ("pattern", "pieces"),
    [
        (r"lanterns?\s+\w+ing", ["lantern", "ing"]),
        (r"\b\w+ly\b \w+ed", ["ly", " ", "ed"]),
        (r"ab+c\.d", ["a", "c.d"]),
        (r"a{2}bc{0,3}", ["b"]),
        (r"(?:ab|cd)ef(gh)?", ["ef"]),
        (r"x[ab]y", ["x", "y"]),
        (r"(?P<name>ab)c", ["c"]),
        ("a|b", []),
        ("(?i)ab", []),
        ("(?x)a b", []),
        ("(?#note)ab", []),
        (r"\x41bc", []),
        ("ab{e<=1}", []),
    ],
)
def test_the_text_that_a_pattern_cannot_do_without(pattern, pieces):
    assert required(pattern) == pieces


def test_a_flag_that_says_nothing_new_does_not_make_a_search_slow():
    assert compile_query("(?i)Harbor", mode="regex").literals == ("harbor",)
    assert compile_query("(?i)Harbor", mode="regex", match_case=True).literals == ()
    assert compile_query("(?i)Harbor", mode="regex", match_case=True).matches("HARBOR")


def test_only_well_known_syntax_runs_over_many_messages():
    assert within_lines(r"\d{4}") == r"\d{4}"
    assert within_lines(r"^[^a]\s") == r"(?<=[\x01-\x04])[^\x00-\x1fa][ ]"
    assert within_lines(r"(?i)a") == within_lines(r"[\S]") == within_lines(r"\p{L}") == ""
