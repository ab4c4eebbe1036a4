"""What may be rewritten and what may not, example by example; any line of JSON can be read."""

import json

import pytest

from app.domain.entry import PLAIN, Entry, NotJson, Style, Unfaithful, loads, render, strict, style_of


def nested(levels: int) -> bytes:
    """An object whose nesting has so many levels, its own included."""
    return b'{"a": ' + b"[" * (levels - 1) + b"]" * (levels - 1) + b"}"


@pytest.mark.parametrize(
    ("line", "why"),
    [
        (b'{"a": 1, "a": 1}', "the key 'a' stands twice"),
        (b'{"b": {"a": 1, "\\u0061": 2}}', "the key 'a' stands twice"),
        (b'{"a": 1e400}', "1e400 cannot be held exactly"),
        (b'{"a": 1e99999999999999999999}', "cannot be held exactly"),
        (b'{"a": 1e-99999999999999999999}', "cannot be held exactly"),
        (b'{"a": 0.1000000000000000055}', "cannot be held exactly"),
        (b'{"a": ' + b"7" * 5000 + b"}", "cannot be held exactly"),
        (nested(201), "more than 200 levels"),
        (nested(900), "more than 200 levels"),
    ],
)
def test_a_line_that_cannot_be_held_faithfully_is_read_and_locked(line, why):
    entry = Entry.of(line)
    assert why in entry.locked
    with pytest.raises(Unfaithful):
        strict(line)


@pytest.mark.parametrize(
    "line",
    [
        b'{"a": NaN}',
        b'{"a": Infinity}',
        b"[1]",
        b"7",
        b"",
        b"{} x",
        b'{"a": "\xff"}',
        nested(901),
        nested(200_000),
    ],
)
def test_a_line_that_is_no_json_object_is_no_entry(line):
    with pytest.raises(NotJson):
        Entry.of(line)
    with pytest.raises(Unfaithful):
        strict(line)


@pytest.mark.parametrize(
    ("line", "written"),
    [
        (b'{"a": 123456789012345678901234567890}', None),
        (b'{"a": -0.0}', None),
        (b'{"a": 1e22, "b": 5e-324}', b'{"a": 1e+22, "b": 5e-324}'),
        (b'{"a": -0}', b'{"a": 0}'),
        (b'{"a": 2.50}', b'{"a": 2.5}'),
        (b'{"a": 1.0}', None),
        (b'{"a": true, "b": 1}', None),
        (b'{"a": "\\u0000"}', None),
        (b'{"a": "\\ud800 \\udfff"}', None),
        ('{"a": "\u2028\u2029\u0085"}'.encode(), b'{"a": "\\u2028\\u2029\\u0085"}'),
        ('{"\u2028": "\u000b\u000c"}'.encode("utf-8", "backslashreplace"), None),
        (nested(200), None),
    ],
)
def test_a_faithful_line_is_written_with_the_same_meaning(line, written):
    if b"\x0b" in line:  # control characters must be escaped in JSON
        line, written = b'{"\\u2028": "\\u000b\\f"}', None
    assert render(strict(line)) == (written or line)
    assert not Entry.of(line).locked


def test_separate_halves_of_a_character_are_joined_when_they_meet():
    # an edit can put them side by side; JSON has one spelling for both
    assert strict(render({"a": "\ud83d\ude00"})) == {"a": "\U0001f600"}


@pytest.mark.parametrize(
    ("line", "style"),
    [
        ('{"a": "é", "b": [1, 2]}', PLAIN),
        ('{"a":"é","b":[1,2]}', Style(compact=True)),
        ('{"a": "\\u00e9"}', Style(ascii=True)),
        ('{"a":"\\u00e9"}', Style(compact=True, ascii=True)),
        ('{ "a" : "é" }', PLAIN),
        ('{"a": "\\u00e9é"}', PLAIN),
    ],
)
def test_the_spelling_of_a_line_is_found(line, style):
    raw = line.encode()
    assert style_of(raw, strict(raw)) == style


def test_half_read_values_are_those_of_json():
    line = b'{"messages": [{"role": "user", "content": "\\ud800"}], "n": 123456789012345678901234567890}'
    assert loads(line) == json.loads(line)


def test_messages_of_every_kind_are_held():
    line = (
        b'{"messages": [{"role": "User", "content": "Hi", "name": "Ada"}, {"role": 7, "content": null},'
        b' "loose", null, {"content": ["part"]}], "tags": ["a", "", 3, " b "], "extra": {"k": 1}}'
    )
    entry = Entry.of(line)
    assert [message.canonical for message in entry.messages] == ["user", "", "", "", ""]
    assert [message.is_text for message in entry.messages] == [True, False, False, False, False]
    assert [message.text for message in entry.messages] == ["Hi", "", "loose", "", ""]
    assert entry.messages[0].others == {"name": "Ada"}
    assert entry.tags == ("a", " b ")
    assert entry.others == {"extra": {"k": 1}}
    assert entry.uuid is entry.dataset_uuid is None


@pytest.mark.parametrize("block", [None, 3, [], {}, {"entry_uuid": 5}, {"entry_uuid": "x/../y"}])
def test_a_block_without_a_uuid_gives_none(block):
    assert Entry.of(render({"_rolethread": block})).uuid is None
