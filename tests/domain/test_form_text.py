"""What comes back from a form changes only what was typed."""

import pytest

from app.domain.form_text import Row, as_posted, harm, merged, shown

STORED = {
    "id": 7,
    "messages": [
        {"role": "system", "content": "Be brief.", "weight": 0},
        {"role": "user", "content": "one\r\ntwo"},
        {"role": "assistant", "content": [{"type": "text", "text": "parts"}]},
        "no object at all",
    ],
    "tags": ["calm", 5, " ", "calm", "storm"],
}


def untouched(stored):
    rows = []
    for index, message in enumerate(stored["messages"]):
        message = message if isinstance(message, dict) else {}
        content, role = message.get("content"), message.get("role", "")
        boxed = isinstance(content, str) and not harm(content)
        rows.append(Row(index, as_posted(role), as_posted(content).replace("\n", "\r\n") if boxed else None))
    return rows


@pytest.mark.parametrize("text", ["a\rb", "a\r\nb", "a\0b", "a\ud800b"])
def test_text_that_a_form_would_change_is_named(text):
    assert harm(text)


@pytest.mark.parametrize(
    "text", ["", "\nfirst line empty", "tab\t", "\u2028\u2029\u0085", "<b>&amp;", "\u200d🏮", "\x0c"]
)
def test_other_text_passes(text):
    assert harm(text) == ""


def test_a_form_that_nobody_touched_changes_nothing():
    assert merged(STORED, untouched(STORED), kept=[0, 1, 2], added=[]) == STORED


def test_a_changed_text_keeps_the_keys_beside_it():
    rows = [Row(0, "system", "Be kind.\r\nAlways."), *untouched(STORED)[1:]]
    value = merged(STORED, rows, kept=[0, 1, 2], added=[])
    assert value["messages"][0] == {"role": "system", "content": "Be kind.\nAlways.", "weight": 0}
    assert value["messages"][1:] == STORED["messages"][1:]


def test_moved_messages_take_everything_along():
    rows = untouched(STORED)[::-1]
    assert merged(STORED, rows, kept=[0, 1, 2], added=[])["messages"] == STORED["messages"][::-1]


def test_a_role_that_cannot_be_sent_stays_if_it_is_not_changed():
    stored = {"messages": [{"role": "a\ud800\rb", "content": "x"}]}
    assert merged(stored, [Row(0, as_posted("a\ud800\rb"), "x")], kept=[], added=[]) == stored


def test_a_message_without_a_role_gets_none():
    stored = {"messages": [{"content": "x"}]}
    assert merged(stored, [Row(0, "", "x")], kept=[], added=[]) == stored


def test_tags_that_are_no_text_were_not_on_the_form_and_stay():
    value = merged(STORED, untouched(STORED), kept=[2], added=["new", "storm"])
    assert value["tags"] == [5, " ", "storm", "new"]


def test_an_entry_without_tags_gets_none():
    stored = {"messages": [{"role": "user", "content": "x"}]}
    assert "tags" not in merged(stored, [Row(0, "user", "x")], kept=[], added=[])


def test_half_a_character_is_shown_as_its_escape():
    assert shown("a\ud800b") == "a\\ud800b"
