from array import array
from itertools import islice

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from app.domain.folding import fold
from app.domain.search import MODES, BadQuery, Deadline, SearchTimeout, compile_query
from app.store.textcache import ALL_LETTERS, TextCacheLost, TextCacheWriter, scan, segment_of, whole

letters = st.sampled_from("abAB éßİ_7-.\n\x00\x01\u2028\u0301\ud800한usax")
entries = st.lists(
    st.lists(st.tuples(st.sampled_from("suax"), st.text(letters, max_size=8)), max_size=4), max_size=12
)
queries = st.text(letters, max_size=3) | st.sampled_from(
    ["a b", r"a.?b", r"\w+$", r"^\W", r"[^a]b?", r"\s\S", "(a)\\1"]
)


def written(path, entries):
    starts, lengths = array("q"), array("q")
    with TextCacheWriter(path) as writer:
        for messages in entries:
            start, length = writer.append(messages)
            starts.append(start)
            lengths.append(length)
    return starts, lengths


def found(path, matcher, segments, letters=ALL_LETTERS):
    return list(scan(path, matcher, *segments, letters))


@pytest.fixture
def path(tmp_path):
    return tmp_path / "texts"


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("texts")


@settings(deadline=None)
@given(
    entries,
    st.sampled_from(MODES),
    queries,
    st.sets(st.sampled_from("suax")),
    st.booleans(),
    st.booleans(),
    st.data(),
)
@example([[("u", "x")], [], [("a", "b a")]], "regex", "a$", {"a", "u"}, False, False, None)
def test_a_scan_finds_what_a_look_at_each_message_finds(
    folder, entries, mode, query, scope, match_case, ignore_accents, data
):
    path = folder / "texts"
    path.unlink(missing_ok=True)
    try:
        matcher = compile_query(query, mode=mode, match_case=match_case, ignore_accents=ignore_accents)
    except BadQuery:
        return
    starts, lengths = written(path, entries)
    if data is not None and entries:  # some entries are edited, others move or go: their order is the index's
        edited = data.draw(st.lists(st.integers(0, len(entries) - 1), max_size=3))
        again = written(path, [entries[number] for number in edited])
        for number, start, length in zip(edited, *again, strict=True):
            starts[number], lengths[number] = start, length
        order = data.draw(st.permutations(range(len(entries))))[: data.draw(st.integers(0, len(entries)))]
    else:
        order = list(range(len(entries)))
    segments = array("q", [starts[n] for n in order]), array("q", [lengths[n] for n in order])
    hits = found(path, matcher, segments, frozenset(scope))
    expected = [
        place
        for place, number in enumerate(order)
        if not fold(query)
        or any(matcher.matches(text) for letter, text in entries[number] if letter in scope)
    ]
    if matcher.exact:
        assert hits == expected
    else:
        assert hits == sorted(set(hits))
        assert set(hits) >= set(expected)


@pytest.mark.parametrize("query", ["a b", "hello", "u", "ab", r"a\s+b"])
def test_a_match_never_spans_two_messages(path, query):
    segments = written(path, [[("u", "a"), ("a", "b")], [("u", "hel"), ("a", "lo")]])
    for mode in MODES:
        assert found(path, compile_query(query, mode=mode), segments) == []


@pytest.mark.parametrize("query", ["needle", r"n\w+e$", r"\d{3}$", r"needle|thread"])
def test_hits_are_found_across_many_blocks_in_any_script(path, query):
    filling = "Ein Satz über nichts, 说的没什么. " * 400
    needles = {3, 77, 78, 199}
    entries = [[("u", filling), ("a", "a needle 123 needle" if n in needles else "b")] for n in range(200)]
    entries = [[*messages, ("a", "123")] if n in needles else messages for n, messages in enumerate(entries)]
    segments = written(path, entries)
    assert set(found(path, compile_query(query, mode="regex"), segments)) == needles


def test_only_the_scopes_asked_for_count(path):
    segments = written(path, [[("s", "sea"), ("u", "land")], [("s", "land"), ("x", "sea")]])
    sea = compile_query("sea", mode="contains")
    assert found(path, sea, segments, frozenset("s")) == [0]
    assert found(path, sea, segments, frozenset("ua")) == []
    assert found(path, sea, segments) == [0, 1]


def test_the_first_hits_are_there_before_the_rest_is_read(path):
    starts, lengths = written(path, [[("u", "sea" * 1000)]] * 1000)
    lengths[-1] += 1  # the last segment is not whole: reading on would tell
    hits = scan(path, compile_query("sea", mode="contains"), starts, lengths)
    assert list(islice(hits, 5)) == [0, 1, 2, 3, 4]
    with pytest.raises(TextCacheLost):
        list(hits)


def test_what_was_appended_later_is_found_and_what_it_replaced_is_not(path):
    starts, lengths = written(path, [[("u", "old")], [("u", "other")]])
    with TextCacheWriter(path) as writer:
        starts[0], lengths[0] = writer.append([("u", "new")])
        writer.flush()
        assert found(path, compile_query("new", mode="contains"), (starts, lengths)) == [0]
    assert found(path, compile_query("old", mode="contains"), (starts, lengths)) == []


def test_half_a_line_left_by_a_crash_harms_nothing(path):
    segments = written(path, [[("u", "whole")]])
    with path.open("ab") as file:
        file.write(b"\x02half a li")
    again = written(path, [[("u", "next")]])
    segments = segments[0] + again[0], segments[1] + again[1]
    assert found(path, compile_query("next", mode="contains"), segments) == [1]
    assert found(path, compile_query("half", mode="contains"), segments) == []


def test_a_query_without_a_letter_matches_every_entry(path):
    segments = written(path, [[("u", "a")], []])
    assert found(path, compile_query(" ", mode="contains"), segments) == [0, 1]


def test_a_lost_cache_says_so(path):
    with pytest.raises(TextCacheLost, match="gone"):
        found(path, compile_query("a", mode="contains"), (array("q", [0]), array("q", [5])))


@pytest.mark.parametrize("pattern", ["(a+)+$", "(?i)(a+)+$", "(?:a|aa)+z"])
def test_a_scan_that_takes_too_long_stops_by_its_deadline(path, pattern):
    segments = written(path, [[("u", "a" * 10_000_000 + "! z")]])
    with pytest.raises(SearchTimeout):
        list(scan(path, compile_query(pattern, mode="regex"), *segments, deadline=Deadline(0.3)))


@settings(deadline=None)
@given(entries, st.sampled_from("suax"), st.lists(st.text(letters, max_size=4), max_size=3))
def test_a_whole_message_is_found_where_a_look_at_each_finds_it(folder, entries, letter, wanted):
    path = folder / "whole"
    path.unlink(missing_ok=True)
    segments = written(path, entries)
    lines = {segment_of([(letter, text)]) for text in wanted}
    told = [
        (number, segment_of([message]))
        for number, messages in enumerate(entries)
        for message in messages
        if segment_of([message]) in lines
    ]
    assert list(whole(path, lines, *segments)) == told


def test_whole_messages_are_found_over_many_blocks(path):
    long = "Word. " * 50_000
    segments = written(path, [[("s", "Be brief."), ("u", long)] for _ in range(9)])
    line = segment_of([("s", "be  BRIEF.")])
    assert [number for number, _ in whole(path, {line}, *segments)] == list(range(9))


def test_a_lost_cache_is_told_to_whoever_looks_for_whole_messages(path):
    segments = written(path, [[("s", "Be brief.")]])
    path.unlink()
    with pytest.raises(TextCacheLost):
        list(whole(path, {segment_of([("s", "x")])}, *segments))
