"""The array scanner finds what json.loads finds, however the stream is cut, and drops nothing."""

import json
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.store import arrays
from app.store.arrays import Broken, Window, array_records, members

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=10,
)
white = st.text(alphabet=" \t\r\n", max_size=3)


@st.composite
def spelt(draw, value):
    """The value as JSON, with white space wherever it may stand."""
    if isinstance(value, list):
        parts = [draw(white) + draw(spelt(item)) + draw(white) for item in value]
        return "[" + (",".join(parts) or draw(white)) + "]"
    if isinstance(value, dict):
        parts = [
            f"{draw(white)}{json.dumps(key)}{draw(white)}:{draw(white)}{draw(spelt(item))}{draw(white)}"
            for key, item in value.items()
        ]
        return "{" + (",".join(parts) or draw(white)) + "}"
    return json.dumps(value, ensure_ascii=draw(st.booleans()))


@st.composite
def arrays_of_json(draw):
    value = draw(st.lists(json_values, max_size=5))
    return value, draw(spelt(value)).encode()


def window(text, size=1 << 20):
    """A window on a text that comes in blocks."""
    return Window(text[at : at + size] for at in range(0, len(text), size))


@given(arrays_of_json(), st.integers(min_value=1, max_value=40))
def test_an_array_is_divided_into_its_values_however_the_stream_is_cut(array, size):
    value, text = array
    notes = []
    records = list(array_records(window(text, size), notes))
    assert [json.loads(record.raw) for record in records] == value
    assert notes == []
    for record, item in zip(records, value, strict=True):
        assert record.error == ("" if isinstance(item, dict) else "not a JSON object")
        assert not isinstance(item, dict) or not {10, 13} & set(record.raw)
        assert record.number == 1 + text[: record.offset].count(b"\n")
        assert text[record.offset : record.offset + 1] == record.raw[:1]


@given(st.text(alphabet='[]{}",:\\ \n1a', max_size=40), st.integers(min_value=1, max_value=10))
def test_no_byte_of_a_broken_array_is_lost(text, size):
    raw = b"[" + text.encode()
    here = window(raw, size)
    records = [*array_records(here, []), *here.rest("more")]
    covered = bytearray(raw)
    for record in records:
        end = record.offset + len(record.raw)
        assert raw[record.offset : end].replace(b"\n", b" ") == record.raw.replace(b"\n", b" ")
        assert record.error or b"\n" not in record.raw
        covered[record.offset : end] = b" " * len(record.raw)
    assert bytes(covered).strip(b" \n,[]") == b""


@pytest.mark.parametrize(
    ("text", "raws", "error"),
    [
        (b'[{"a": 1}, {"b": [2}, {"c": 3}]', [b'{"a": 1}', b'{"b": [2}, {"c": 3}]'], "brackets do not match"),
        (b'[{"a": 1}, {"b": "2}, {"c": 3}]', [b'{"a": 1}', b'{"b": "2}, {"c": 3}]'], "ends inside"),
        (b'[{"a": 1} {"b": 2}]', [b'{"a": 1}', b'{"b": 2}]'], "a comma is missing"),
        (b'[{"a": 1},, {"b": 2}]', [b'{"a": 1}', b', {"b": 2}]'], "there is no record"),
        (b'[{"a": 1},]', [b'{"a": 1}', b"]"], "there is no record"),
        (b'[{"a": 1}}]', [b'{"a": 1}', b"}]"], "a comma is missing"),
        (b'[{"a": 1}, 7]', [b'{"a": 1}', b"7"], "not a JSON object"),
        (b'[{"a": 1}, {"a":\n x}]', [b'{"a": 1}', b'{"a":\n x}'], "not JSON"),
    ],
)
def test_from_where_an_array_is_broken_the_rest_is_one_rejected_record(text, raws, error):
    records = list(array_records(window(text, 3), []))
    assert [record.raw for record in records] == raws
    assert records[0].error == ""
    assert error in records[1].error


@pytest.mark.parametrize("text", [b"[", b'[{"a": 1}', b'[{"a": 1},', b'[{"a": 1} \n'])
def test_an_array_that_is_not_closed_is_noted(text):
    notes = []
    records = list(array_records(window(text), notes))
    assert [record.raw for record in records] == [b'{"a": 1}'] * text.count(b"a")
    assert notes == ["The array is not closed: the file may be cut off."]


@pytest.mark.parametrize("filling", [b"x", b'\\"', b"\\\\", b"[{", b"\\u005c"])
def test_a_record_of_ten_megabytes_takes_linear_time(filling):
    def seconds(size):
        text = b'[{"a": "' + filling * (size // len(filling)) + b'"}]'
        started = time.process_time()
        (record,) = array_records(window(text, 65536), [])
        assert len(record.raw) == len(text) - 2
        return time.process_time() - started

    assert seconds(10_000_000) < 30 * max(seconds(1_000_000), 0.01)


def test_what_is_longer_than_we_hold_comes_in_rejected_pieces(monkeypatch):
    monkeypatch.setattr(arrays, "LONGEST", 1000)
    text = b'[{"a": 1}, {"b": "' + b"x" * 3500 + b'"}, {"c": 1}]'
    good, *pieces = array_records(window(text, 100), [])
    assert good.raw == b'{"a": 1}'
    assert b"".join(piece.raw for piece in pieces) == text[11:]
    assert all(len(piece.raw) <= 1100 and "longer than" in piece.error for piece in pieces)
    assert [piece.offset for piece in pieces] == [11, 1011, 2011, 3011]


def keys_of(here):
    """The keys of the object that comes next in the window."""
    keys = []
    for key in members(here):
        keys.append(key)
        here.skip_value()
    return keys


@given(st.dictionaries(st.text(), json_values, max_size=4), st.data(), st.integers(min_value=1, max_value=40))
def test_the_keys_of_an_object_are_found_in_order(value, data, size):
    here = window(data.draw(spelt(value)).encode(), size)
    assert keys_of(here) == list(value)
    assert here.next_byte() == -1


@pytest.mark.parametrize(
    "text", [b"{", b"{1}", b'{"a"}', b'{"a":', b'{"a":}', b'{"a": 1', b'{"a": 1 "b"', b'{"\\x": 1']
)
def test_an_object_that_breaks_says_so(text):
    with pytest.raises(Broken):
        keys_of(window(text))
