"""Matchers against the plainest reading of the rules."""

import unicodedata

import regex
from hypothesis import assume, example, given
from hypothesis import strategies as st

from app.domain.folding import bare, fold, normal
from app.domain.search import MODES, BadQuery, compile_query

letters = st.sampled_from("abAB éÉßſıİŉﬁάΐσς_7٣-'.\n\t\x00\x85\xa0\u2028\u0301\u0327 \ud800한が")
assigned = st.characters(exclude_categories=["Cn"])  # `regex` knows newer letters than some Pythons
texts = st.text(letters, max_size=30) | st.text(assigned, max_size=20)
queries = st.text(letters, min_size=1, max_size=4)
expressions = st.text(st.sampled_from("ab é.^$|()[]*+?\\wsbSWdD{}1,-A"), max_size=10)


def is_part_of_a_word(letter):
    return letter == "_" or unicodedata.category(letter)[0] in "LMN"


def stands_as_a_word(needle, text):
    at = text.find(needle)
    while at >= 0:
        around = text[at - 1 : at] + text[at + len(needle) : at + len(needle) + 1]
        if not any(map(is_part_of_a_word, around)):
            return True
        at = text.find(needle, at + 1)
    return False


def plainly_matches(mode, query, text, **options):
    query, text = normal(query, **options), normal(text, **options)
    if mode == "contains":
        return query in text
    needles = query.split() if mode == "words" else [query]
    return all(stands_as_a_word(needle, text) for needle in needles)


@given(texts)
def test_folding_what_is_folded_changes_nothing(text):
    folded = fold(text)
    assert fold(folded) == folded
    assert folded == " ".join(
        "".join(" " if c < " " or "\x7f" <= c <= "\x9f" else c for c in text.casefold()).split()
    )


@given(texts)
def test_without_accents_there_are_no_accents(text):
    assert bare(bare(text)) == bare(text)
    assert bare(unicodedata.normalize("NFD", bare(text))) == bare(unicodedata.normalize("NFD", text))


@given(st.sampled_from(MODES[:3]), queries, texts, st.booleans(), st.booleans(), st.data())
def test_a_message_matches_exactly_when_the_rules_say_so(mode, query, text, match_case, ignore_accents, data):
    at = data.draw(st.integers(0, len(text)))
    text = text[:at] + data.draw(st.sampled_from(["", query, query.upper(), bare(query)])) + text[at:]
    assume(fold(query))
    options = {"match_case": match_case, "ignore_accents": ignore_accents}
    matcher = compile_query(query, mode=mode, **options)
    expected = plainly_matches(mode, query, text, **options)
    assert matcher.matches(text) == expected
    if matcher.exact:
        assert matcher.matches_folded(fold(text)) == expected
    elif expected:
        assert matcher.matches_folded(fold(text))
    if expected and matcher.exact and not ignore_accents:
        assert all(literal in fold(text) for literal in matcher.literals)


@given(queries, texts, st.booleans(), st.booleans())
@example("s", "ß", False, False)
def test_spans_lie_in_the_text_apart_and_hold_the_needle(query, text, match_case, ignore_accents):
    options = {"match_case": match_case, "ignore_accents": ignore_accents}
    needle = normal(query, **options)
    assume(needle.strip())
    matcher = compile_query(query, mode="contains", **options)
    spans = matcher.spans(f"{text}{query}{text}")
    assert bool(spans) == matcher.matches(f"{text}{query}{text}")
    behind = 0
    for start, end in spans:
        assert behind <= start < end <= len(text) * 2 + len(query)
        behind = end
        marked = normal(f"{text}{query}{text}"[start:end], **options)
        assert needle.strip() in marked


@given(st.text("abc XYZéÉ\n\t\x00", min_size=1, max_size=4), st.text("abc XYZéÉ\n\t\x00", max_size=40))
def test_where_no_letter_folds_longer_a_span_is_the_needle(query, text):
    assume(fold(query))
    text += query + text
    spans = compile_query(query, mode="contains").spans(text)
    assert spans
    assert all(fold(text[start:end]) == fold(query) for start, end in spans)


@given(expressions, st.booleans(), st.booleans())
def test_any_text_is_a_pattern_or_a_query_that_says_why_not(text, match_case, ignore_accents):
    problem = None
    try:
        compile_query(text, mode="regex", match_case=match_case, ignore_accents=ignore_accents).matches("ab")
    except BadQuery as error:
        problem = error
    assert problem is None or (problem.hint and 0 <= problem.details.get("position", 0) <= len(text))


@given(expressions, texts)
def test_what_a_pattern_requires_is_in_whatever_it_matches(pattern, text):
    try:
        matcher = compile_query(pattern, mode="regex")
    except BadQuery:
        return
    folded = fold(text)
    if fold(pattern) and matcher.matches_folded(folded):
        assert all(literal in folded for literal in matcher.literals)


@given(expressions, st.lists(texts, max_size=4))
@example(r"\B", ["", "a", "-"])
@example("^$", ["", "a"])
@example("a++$", ["ba", "a"])
def test_a_pattern_over_many_messages_finds_what_it_finds_in_each(pattern, messages):
    try:
        matcher = compile_query(pattern, mode="regex")
    except BadQuery:
        return
    if matcher.lines is None:
        return
    for folded in map(fold, messages):
        over = f"\x02b a\n\x01{folded}\n\x03a b\n"
        hits = [match.start() for match in regex.finditer(matcher.lines, over, overlapped=True)]
        in_line = any(5 <= hit <= 6 + len(folded) for hit in hits)
        assert in_line >= matcher.matches_folded(folded)
