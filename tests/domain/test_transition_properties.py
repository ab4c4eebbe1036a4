"""Whatever happened between two states of a file, the transition leads from one to the other and back."""

from hypothesis import given
from hypothesis import strategies as st

from app.domain.change import apply
from app.domain.entry import digest
from app.domain.transition import Side, transition

lines = st.builds(bytes.__add__, st.text("abc", max_size=3).map(str.encode), st.sampled_from([b"\n", b""]))
files = st.lists(lines, max_size=12)


def side(file):
    """A file whose lines have their first letter as their key."""
    return Side([digest(line) for line in file], file.__getitem__, lambda line: line[:1].decode())


@given(files, files)
def test_a_transition_leads_there_and_back(before, after):
    changes = transition(side(before), side(after))
    assert apply(changes, before) == after
    assert apply(changes.inverted(), after) == before


@given(files)
def test_there_is_no_transition_to_the_same(file):
    assert not transition(side(file), side(file))


@given(files, st.data())
def test_a_new_order_is_no_rewriting(file, data):
    changes = transition(side(file), side(data.draw(st.permutations(file))))
    assert changes.changes == ()


@given(files, lines, st.data())
def test_one_line_more_is_one_change(file, line, data):
    at = data.draw(st.integers(0, len(file)))
    changes = transition(side(file), side([*file[:at], line, *file[at:]]))
    assert [change.kind for change in changes.changes] == ["inserted"]


def test_lines_of_one_key_are_one_line_rewritten():
    changes = transition(side([b"a1\n", b"b1\n", b"c\n"]), side([b"c\n", b"b2\n", b"x\n"]))
    assert {(change.kind, change.key) for change in changes.changes} == {
        ("replaced", "b"),
        ("deleted", "a"),
        ("inserted", "x"),
    }
