"""Prompts: which system messages say just that, and how they are reworded."""

import json

from hypothesis import given
from hypothesis import strategies as st

from app.domain.entry import Style, render
from app.domain.prompts import beginnings, reworded, system_texts

texts = st.text(st.sampled_from('aA é\n\r\0"\\\u2028\ud800{<'), max_size=6)
roles = st.sampled_from(["system", "System", "sys", "user", "assistant", ""])
contents = st.one_of(texts, st.none(), st.just([{"type": "text", "text": "a"}]))
messages = st.one_of(
    st.fixed_dictionaries({"role": roles, "content": contents}, optional={"weight": st.just(0)}),
    st.sampled_from([None, "a", 3]),
)
values = st.fixed_dictionaries({"messages": st.lists(messages, max_size=4), "note": st.just("a")})
styles = st.builds(Style, st.booleans(), st.booleans())


@given(values, texts, texts)
def test_only_the_system_messages_that_say_just_that_are_reworded(value, old, new):
    after = reworded(value, old, new)
    assert (after is value) == (old not in system_texts(value))
    assert {**after, "messages": 0} == {**value, "messages": 0}
    for now, then in zip(after["messages"], value["messages"], strict=True):
        if now != then:
            assert then == {**now, "content": old}
            assert now["content"] == new
            assert then["role"].lower().startswith("sys")
    if old != new:
        assert old not in system_texts(after)


@given(values, texts, styles)
def test_a_line_that_begins_so_has_such_a_message(value, text, style):
    line = render(value, style)
    if line.startswith(beginnings(text)):
        assert text in system_texts(value)


@given(texts, styles)
def test_the_usual_line_is_known_by_its_beginning(text, style):
    value = {"messages": [{"role": "system", "content": text}, {"role": "user", "content": "?"}], "tags": []}
    assert render(value, style).startswith(beginnings(text))


def test_a_longer_text_or_a_further_key_does_not_begin_so():
    for message in ({"role": "system", "content": "ab"}, {"role": "system", "content": "a", "weight": 0}):
        assert not json.dumps({"messages": [message]}).encode().startswith(beginnings("a"))
