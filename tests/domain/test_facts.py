"""What a list knows of a line without reading it again."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.entry import digest, render
from app.domain.facts import Kind, facts_of, letters, payload

UUID = "30125014-e067-43ef-b9a6-d86814b5de2f"


def said(*roles):
    return {"messages": [{"role": role, "content": f"{role} says"} for role in roles]}


@pytest.mark.parametrize("line", [b"", b"\n", b"\r\n", b"  \t \r\n"])
def test_a_blank_line_is_blank(line):
    assert facts_of(line)[0].kind is Kind.BLANK


@pytest.mark.parametrize("line", [b"{", b"[]\n", b'"text"', b"\xff\xfe\n", b'{"a": NaN}', "\x85".encode()])
def test_a_line_that_is_no_object_is_unreadable_and_says_why(line):
    found, texts = facts_of(line)
    assert (found.kind, list(texts)) == (Kind.UNREADABLE, [])
    assert found.reason


@pytest.mark.parametrize(
    ("roles", "exchanges"),
    [
        ((), 0),
        (("user", "assistant"), 1),
        (("assistant", "user"), 0),
        (("system", "user", "assistant", "user", "assistant"), 2),
        (("user", "user", "assistant", "assistant"), 1),
        (("user", "tool", "assistant"), 1),
        (("Human", "GPT"), 1),
        (("user", "narrator", "assistant"), 1),
    ],
)
def test_an_exchange_is_a_user_message_and_the_reply_that_follows(roles, exchanges):
    found, _ = facts_of(render(said(*roles)) + b"\r\n")
    assert (found.exchanges, found.messages) == (exchanges, len(roles))
    assert found.characters == sum(len(f"{role} says") for role in roles)


def test_tags_count_once_under_whatever_spelling_and_keep_the_first():
    found, _ = facts_of(render({"tags": ["Needs Review", "needs_review", " ", 5, "!!", "calm"]}))
    assert dict(found.tags) == {"needs_review": "Needs Review", "!!": "!!", "calm": "calm"}


def test_half_a_character_in_a_tag_is_shown_as_its_escape():
    assert facts_of(b'{"tags": ["\\ud800"]}')[0].tags == (("ud800", "\\ud800"),)


@pytest.mark.parametrize("tags", [None, "calm", {"a": 1}, 7, []])
def test_tags_of_any_type_are_read(tags):
    found, _ = facts_of(render({"tags": tags}))
    assert dict(found.tags) == ({"calm": "calm"} if tags == "calm" else {})


def test_the_talk_changes_with_the_messages_and_keys_of_others_but_not_with_tags():
    entry = {**said("user", "assistant"), "tags": ["a"], "_rolethread": {"entry_uuid": UUID}}
    found, _ = facts_of(render(entry))
    other, _ = facts_of(render({**entry, "tags": ["b"]}))
    assert other.talk == found.talk
    assert facts_of(render({**entry, "more": 1}))[0].talk != found.talk
    assert other.digest != found.digest
    assert facts_of(render({**entry, **said("user")}))[0].talk != found.talk
    assert found.uuid == UUID


@pytest.mark.parametrize(
    "content",
    [b'"\\ud800"', b"1" * 40, b"[" * 300 + b"]" * 300, b"[" * 890 + b"]" * 890, b"1e400", b'{"a":1,"a":2}'],
)
def test_a_line_that_is_hard_to_spell_has_facts(content):
    line = b'{"messages":[{"role":"user","content":' + content + b"}]}"
    found, _ = facts_of(line)
    assert (found.kind, found.messages) == (Kind.ENTRY, 1)
    assert found.talk != facts_of(line.replace(b"user", b"tool"))[0].talk


def test_letters_name_the_scope_of_each_message():
    value = said("system", "USER", "gpt", "tool", "narrator")
    assert [letter for letter, _ in letters(value)] == ["s", "u", "a", "x", "x"]
    assert facts_of(render(value))[1] == letters(value)


@given(st.binary(max_size=40), st.sampled_from([b"", b"\n", b"\r\n"]))
def test_only_the_line_end_is_taken_off(text, ending):
    kept = payload(text + ending)
    assert (text + ending).startswith(kept)
    assert (text + ending)[len(kept) :] in (b"", b"\n", b"\r\n", b"\r")


@given(st.sampled_from([b"", b"\n", b"\r\n"]))
def test_the_digest_is_that_of_the_whole_line(ending):
    line = render(said("user")) + ending
    assert facts_of(line)[0].digest == digest(line)
