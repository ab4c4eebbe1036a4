"""Whatever text a line holds, it is read without loss and written as one line with the same meaning."""

import json
from decimal import Decimal

from hypothesis import example, given, settings
from hypothesis import strategies as st

from app.domain.entry import (
    Entry,
    Style,
    Unfaithful,
    faithful,
    loads,
    render,
    respelt,
    spell,
    strict,
    style_of,
)
from app.domain.facts import facts_of

HARD = '\u2028\u2029\u0085\0\x0b\x0c\x1c\r\n\t"\\/é😀\ufeff\ufffd\U0010ffff'


def parted(text: str) -> str:
    """The text as JSON gives it back: a high half before a low half is one character."""
    return json.loads(json.dumps(text))


texts = (st.text(st.characters() | st.characters(categories=["Cs"])) | st.text(HARD)).map(parted)
numbers = st.integers(-(10**40), 10**40) | st.floats(allow_nan=False, allow_infinity=False)
values = st.recursive(
    st.none() | st.booleans() | numbers | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=10,
)
entries = st.dictionaries(texts, values, max_size=4)
styles = st.builds(Style, compact=st.booleans(), ascii=st.booleans())


def same(one, other):
    """Whether two values are equal in type, key order and every number."""
    return repr(one) == repr(other)


@given(entries, styles)
def test_an_entry_survives_the_file(value, style):
    line = render(value, style)
    assert not set(line) & {0x0A, 0x0D}
    assert len(line.decode("utf-8").splitlines()) == 1  # of other tools too
    assert same(strict(line), value)
    assert same(json.loads(line), value)
    assert Entry.of(line).value == json.loads(line)
    assert style_of(line, value) in (style, Style(compact=style.compact), Style(ascii=style.ascii), Style())
    assert render(value, style_of(line, value)) == line


@given(texts, st.sampled_from(["content", "key", "tag"]))
@settings(max_examples=15, deadline=None)
@example("\u2028", "content")
@example("\ud800", "key")
def test_text_of_ten_megabytes_survives(text, place):
    text = parted((text or "x") * (10_000_000 // max(1, len(text.encode("utf-8", "surrogatepass")))))
    value = {"content": {"messages": [{"content": text}]}, "key": {text: 1}, "tag": {"tags": [text]}}[place]
    line = render(value)
    assert strict(line) == value
    assert loads(line) == value


@given(entries, st.integers(1, 199), st.booleans())
def test_nesting_of_two_hundred_levels_survives(value, levels, lists):
    deep = value
    for _ in range(levels):
        deep = {"a": [deep] if lists and levels < 100 else deep}
    line = render(deep)
    if depth(deep) <= 200:
        assert same(strict(line), deep)
    else:
        assert "200 levels" in Entry.of(line).locked


def depth(value) -> int:
    level, deep = [value], 0
    while level := [item for item in level if isinstance(item, dict | list)]:
        deep += 1
        level = [inner for item in level for inner in (item.values() if isinstance(item, dict) else item)]
    return deep


@given(entries)
@example({"a": "\u2028\u0085é"})
@example({"a": "\ud800"})
@example({"a": 10**30})
def test_the_quick_spelling_means_the_same(value):
    line = spell(value)
    assert line.count(b"\n") == 0
    assert len(line.decode("utf-8").splitlines()) == 1
    assert same(json.loads(line), value)


@given(entries, entries, st.integers(0, 4), styles)
def test_a_line_spelt_from_its_first_changed_key_on_is_spelt_whole(old, more, kept, style):
    new = {**dict(list(old.items())[:kept]), **more}
    assert respelt(render(old, style), old, new, style) == render(new, style)


literals = st.from_regex(r"-?(0|[1-9][0-9]{0,40})(\.[0-9]{1,30})?([eE][+-]?[0-9]{1,25})?", fullmatch=True)


@given(literals)
def test_a_number_is_held_exactly_or_its_line_is_locked(literal):
    line = b'{"a": ' + literal.encode() + b"}"
    assert "a" in loads(line)
    if locked := Entry.of(line).locked:
        assert "cannot be held exactly" in locked
        assert "." in literal or "e" in literal.lower()  # an integer of 40 digits is no problem
    else:
        written = json.loads(render(strict(line)), parse_int=str, parse_float=str)
        assert Decimal(written["a"]) == Decimal(literal)


def looked_at(look, line):
    """What a look at a line gives, or why it gives nothing."""
    try:
        return repr(look(line))
    except Unfaithful as reason:
        return str(reason)


@given(
    entries.flatmap(lambda value: styles.map(lambda style: render(value, style)))
    | st.text(max_size=40).map(str.encode)
)
@example(b'{"a": 1e999}')
@example(b'{"a": -0}')
@example(b'{"a": 1, "a": 2}')
@example(b'{"a": 18446744073709551616}')
@example(b'{"a": "\\ud800"}')
@example(b'{"a": 2.50}')
@example(b'{"a":' + b"[" * 200 + b"]" * 200 + b"}")
@example(b'{"a": "' + b"[" * 200 + b'"}')
def test_the_short_look_at_a_line_sees_what_the_long_one_sees(line):
    assert looked_at(lambda text: faithful(text)[0], line) == looked_at(strict, line)
    assert looked_at(lambda text: faithful(text)[1], line) == looked_at(
        lambda text: style_of(text, strict(text)), line
    )


@given(st.lists(st.tuples(texts, values), max_size=5))
def test_repeated_keys_lock_a_line_and_no_others_do(pairs):
    line = b"{" + b", ".join(render({key: value})[1:-1] for key, value in pairs) + b"}"
    distinct = len({key for key, _ in pairs}) == len(pairs)
    assert (Entry.of(line).locked == "") == distinct
    if distinct:
        assert same(strict(line), dict(pairs))


@given(
    st.binary(max_size=60)
    | entries.map(render).flatmap(lambda line: st.integers(0, len(line)).map(lambda n: line[:n]))
)
def test_any_bytes_have_facts(line):
    found, said = facts_of(line)
    assert (found, said) == facts_of(line)
    assert all(isinstance(text, str) for _, text in said)
