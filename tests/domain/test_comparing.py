"""Two versions of an entry, compared."""

from hypothesis import given
from hypothesis import strategies as st

from app.domain.comparing import DIFFERENT, compare


def entry(*texts, **others):
    return {"messages": [{"role": "user", "content": text} for text in texts], **others}


def test_only_what_differs_is_listed():
    (line,) = compare(entry("a", "the fog lifts"), entry("a", "the fog stays"))
    assert line.label == "Message 2"
    assert [text for kind, text in line.before if kind == DIFFERENT] == ["lifts"]
    assert [text for kind, text in line.after if kind == DIFFERENT] == ["stays"]


def test_what_is_only_in_one_version_is_absent_in_the_other():
    (line,) = compare(entry("a"), entry("a", "b"))
    assert line.before is None
    assert line.after == ((DIFFERENT, "user: b"),)


def test_tags_and_other_keys_are_compared_too():
    lines = compare(entry("a", tags=["x"], source="one"), entry("a", tags=["x", "y"], source="two"))
    assert [line.label for line in lines] == ["Tags", "source"]


def test_a_key_called_like_a_message_is_kept_apart():
    lines = compare({**entry("a"), "Message 1": "x"}, {**entry("b"), "Message 1": "x"})
    assert [line.before for line in lines] == [(("same", "user: "), (DIFFERENT, "a"))]


def test_an_entry_that_is_gone_or_new_is_shown_whole():
    assert [line.after for line in compare(entry("a"), None)] == [None]
    assert [line.before for line in compare(None, entry("a"))] == [None]


@given(st.text(max_size=40), st.text(max_size=40))
def test_the_pieces_of_a_side_are_its_text(one, other):
    for line in compare(entry(one), entry(other)):
        assert "".join(text for _, text in line.before) == f"user: {one}"
        assert "".join(text for _, text in line.after) == f"user: {other}"


def test_a_message_that_was_taken_out_leaves_those_behind_it_alone():
    def told(*texts):
        return {"messages": [{"role": "user", "content": text} for text in texts]}

    (out,) = compare(told("a", "b", "c", "d"), told("a", "c", "d"))
    assert (out.label, out.after) == ("Message 2", None)
    (put_in,) = compare(told("a", "c"), told("a", "b", "c"))
    assert (put_in.label, put_in.before) == ("Message 2", None)


def test_an_empty_list_of_tags_that_is_added_or_taken_out_is_a_difference():
    (added,) = compare(entry("a"), entry("a", tags=[]))
    assert (added.label, added.before, added.after) == ("Tags", None, ((DIFFERENT, "[]"),))
    (out,) = compare(entry("a", tags=[]), entry("a"))
    assert (out.before, out.after) == (((DIFFERENT, "[]"),), None)
    (told,) = compare(entry("a", tags=["x", 1]), entry("a", tags=["x"]))
    assert ("".join(text for _, text in told.before), told.after[0][1]) == ('["x", 1]', "x")


def test_what_stands_between_a_role_and_a_text_is_no_difference():
    before = {"messages": [{"role": "SYSTEM", "content": "System"}]}
    (line,) = compare(before, {"messages": [{"role": "system", "content": "Keep"}]})
    assert line.before == ((DIFFERENT, "SYSTEM"), ("same", ": "), (DIFFERENT, "System"))
    assert line.after == ((DIFFERENT, "system"), ("same", ": "), (DIFFERENT, "Keep"))
