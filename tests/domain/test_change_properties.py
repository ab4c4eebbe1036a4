"""A change set does what it says, and read backwards takes it back: for any lines and any change."""

from itertools import pairwise

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from app.domain.change import Change, ChangeSet, apply, difference, inverted_order, moved, runs_of
from app.domain.entry import digest

ENDS = st.sampled_from([b"\n", b"\n", b"\r\n", b""])
lines = st.builds(bytes.__add__, st.binary(max_size=6) | st.sampled_from([b"", b"aaaa", b"aabaa"]), ENDS)
files = st.lists(lines, max_size=12)


def permuted(order, kept):
    """The kept items in the order that the runs tell."""
    return [kept[place] for start, length in order for place in range(start, start + length)]


@st.composite
def edits(draw):
    """A file, a change set as an operation would make it, and the file that comes of it."""
    before = draw(files)
    fate = draw(st.lists(st.sampled_from("kkkrd"), min_size=len(before), max_size=len(before)))
    kept = [place for place, what in enumerate(fate) if what != "d"]
    order = None
    if kept and draw(st.booleans()):
        order = runs_of(draw(st.permutations(range(len(kept)))))
    arranged: list[int | bytes] = permuted(order, kept) if order else list(kept)
    for _ in range(draw(st.integers(0, 4))):
        arranged.insert(draw(st.integers(0, len(arranged))), draw(lines))
    rewritten = {place: draw(lines) for place, what in enumerate(fate) if what == "r"}
    after = [item if isinstance(item, bytes) else rewritten.get(item, before[item]) for item in arranged]
    changes = [Change.deleted("d", place, before[place]) for place, what in enumerate(fate) if what == "d"]
    for place, item in enumerate(arranged):
        if isinstance(item, bytes):
            changes.append(Change.inserted("i", place, item))
        elif item in rewritten:
            changes.append(Change.replaced("r", item, place, before[item], rewritten[item]))
    return before, ChangeSet(tuple(draw(st.permutations(changes))), order), after


@given(edits())
def test_a_change_set_leads_to_the_new_file_and_back(edit):
    before, changes, after = edit
    assert apply(changes, before) == after
    assert apply(changes.inverted(), after) == before
    assert changes.inverted().inverted() == changes


@given(edits())
def test_a_gap_stays_behind_the_line_before_it(edit):
    before, changes, _ = edit
    after = changes.apply(list(range(len(before))), lambda change, line: -1 if line is None else line)
    for gap, place in enumerate(changes.follow(range(len(before) + 1))):
        above = [line for line in range(gap) if line in after]
        assert place == after.index(above[-1]) + 1 if above else place == 0


@given(edits())
def test_pieces_name_every_new_line_once(edit):
    before, changes, after = edit
    pieces = list(changes.pieces(len(before)))
    assert sum(1 if isinstance(piece, Change) else piece[1] - piece[0] for piece in pieces) == len(after)
    assert all(isinstance(piece, Change) or piece[0] < piece[1] for piece in pieces)


@given(lines, lines)
def test_a_rewritten_line_is_kept_as_what_differs(old, new):
    change = Change.replaced("k", 0, 0, old, new)
    assert change.splice(old) == new
    assert change.inverted().splice(new) == old
    assert change.prefix + change.suffix <= min(len(old), len(new))
    if change.old and change.new:
        assert change.old[:1] != change.new[:1]
        assert change.old[-1:] != change.new[-1:]


@given(lines, lines, lines)
def test_a_change_fits_its_own_line_only(old, new, other):
    assume(other != old)
    change = Change.replaced("k", 3, 3, old, new)
    with pytest.raises(ValueError, match="not the one"):
        change.splice(other)


def test_adding_a_word_to_a_long_line_is_small():
    old = b"x" * 1_000_000 + b"}" * 1000
    new = old[:500_000] + b" always" + old[500_000:]
    change = Change.replaced("k", 0, 0, old, new)
    assert (change.old, change.new) == (b"", b" always")


@given(
    st.integers(1, 9).flatmap(lambda n: st.tuples(st.just(n), st.integers(0, n - 1), st.integers(0, n - 1)))
)
def test_a_line_is_moved_and_the_others_keep_their_order(case):
    count, start, to = case
    items = list(range(count))
    result = permuted(moved(count, start, to), items)
    assert result[to] == start
    assert [item for item in result if item != start] == [item for item in items if item != start]


@given(st.permutations(range(12)))
def test_runs_hold_a_permutation_and_its_inverse(order):
    runs = runs_of(order)
    assert permuted(runs, range(12)) == list(order)
    assert permuted(inverted_order(runs), permuted(runs, range(12))) == list(range(12))
    assert all(before + length != after for (before, length), (after, _) in pairwise(runs))


@given(files, files)
def test_equal_lines_are_paired_in_order(before, after):
    old, new = [digest(line) for line in before], [digest(line) for line in after]
    origin = difference(old, new)
    paired = [place for place in origin if place is not None]
    assert len(set(paired)) == len(paired) == sum(min(old.count(mark), new.count(mark)) for mark in set(old))
    assert all(old[place] == new[at] for at, place in enumerate(origin) if place is not None)
    for mark in set(new):
        places = [place for place in origin if place is not None and old[place] == mark]
        assert places == sorted(places)
