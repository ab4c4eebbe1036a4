"""A stamp changes the block and no other byte, in lines of every spelling."""

import json

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from app.domain.entry import BLOCK, loads
from app.domain.stamping import stamp

BLOCKS = {
    "version": "2.0.0",
    "native": True,
    "validated_at": "2026-11-22T10:00:00Z",
    "entry_uuid": "30125014-e067-43ef-b9a6-d86814b5de2f",
    "dataset_uuid": "60a27d61-1f05-4776-a835-7161674e75ea",
}
SPELT = json.dumps(BLOCKS).encode()

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)
objects = st.dictionaries(
    st.text() | st.sampled_from([BLOCK, '"' + BLOCK, "messages"]), json_values, max_size=5
)
spellings = st.fixed_dictionaries(
    {
        "ensure_ascii": st.booleans(),
        "separators": st.sampled_from([(", ", ": "), (",", ":"), (" , ", " :\t")]),
    }
)


def spelt(value, spelling):
    return json.dumps(value, **spelling).encode("utf-8", "replace")


@given(objects, spellings, json_values)
def test_a_stamp_sets_the_block_and_leaves_the_rest_of_the_value(value, spelling, block):
    raw = spelt(value, spelling)
    value = loads(raw)
    stamped = stamp(raw, value, {"entry_uuid": "u", "more": block})
    assert loads(stamped) == {**value, BLOCK: {"entry_uuid": "u", "more": loads(json.dumps(block).encode())}}
    assert list(loads(stamped)) == list({**value, BLOCK: None})
    assert b"\n" not in stamped


@given(objects, spellings, st.sampled_from([b"", b" ", b"\t\r"]))
def test_a_stamp_inserts_before_the_closing_brace_and_keeps_every_other_byte(value, spelling, white):
    assume(BLOCK not in value)
    raw = spelt(value, spelling)
    raw = raw[:-1] + white + b"}" + white
    stamped = stamp(raw, loads(raw), BLOCKS)
    head, tail = raw[: raw.rindex(b"}")], raw[raw.rindex(b"}") :]
    assert stamped.startswith(head)
    assert stamped.endswith(tail)
    assert stamp(stamped, loads(stamped), BLOCKS) is stamped


@given(objects, objects, json_values, spellings)
def test_a_stamp_replaces_a_block_in_the_middle_and_keeps_the_bytes_on_both_sides(
    before, after, held, spelling
):
    for value in (before, after):
        value.pop(BLOCK, None)
    assume(not set(before) & set(after))
    comma, colon = spelling["separators"]
    first, last = (spelt(value, spelling)[1:-1] for value in (before, after))
    left = b"{" + first + (comma.encode() if before else b"") + b'"_rolethread"' + colon.encode()
    right = (comma.encode() if after else b"") + last + b"}"
    raw = left + spelt(held, spelling) + right
    stamped = stamp(raw, loads(raw), BLOCKS)
    assert stamped.startswith(left)
    assert stamped.endswith(right)
    assert loads(stamped)[BLOCK] == BLOCKS


@pytest.mark.parametrize(
    ("raw", "stamped"),
    [
        (b"{}", b'{"_rolethread": ' + SPELT + b"}"),
        (b'{"a": 1}', b'{"a": 1, "_rolethread": ' + SPELT + b"}"),
        (b'{"a":1}', b'{"a":1,"_rolethread":' + SPELT.replace(b'": ', b'":').replace(b", ", b",") + b"}"),
        (b'{"a": 1, "a": 2.50}', b'{"a": 1, "a": 2.50, "_rolethread": ' + SPELT + b"}"),
        (b'{"n": ' + b"9" * 30 + b"}", b'{"n": ' + b"9" * 30 + b', "_rolethread": ' + SPELT + b"}"),
        (
            b'{"_rolethread": 1, "x": {"_rolethread": 2}, "_rolethread": null , "y": "\\"_rolethread\\": 3"}',
            b'{"_rolethread": 1, "x": {"_rolethread": 2}, "_rolethread": '
            + SPELT
            + b' , "y": "\\"_rolethread\\": 3"}',
        ),
        (b'{"\\u005frolethread": {}, "x": 1}', b'{"\\u005frolethread": ' + SPELT + b', "x": 1}'),
        (
            b'{"x\\"_rolethread": 1, "_rolethread": 2}',
            b'{"x\\"_rolethread": 1, "_rolethread": ' + SPELT + b"}",
        ),
        (
            b'{"_rolethread": 2, "x\\"_rolethread": 1}',
            b'{"_rolethread": ' + SPELT + b', "x\\"_rolethread": 1}',
        ),
    ],
)
def test_lines_of_every_kind_are_stamped(raw, stamped):
    assert stamp(raw, loads(raw), BLOCKS) == stamped


def test_a_block_that_says_so_already_stays_in_its_own_spelling():
    raw = b'{"a": 1, "_rolethread" : {"native":true,  "entry_uuid": "\\u0075"} }'
    assert stamp(raw, loads(raw), {"native": True, "entry_uuid": "u"}) is raw


def test_one_is_not_true():
    raw = b'{"_rolethread": {"native": 1}}'
    assert stamp(raw, loads(raw), {"native": True}) == b'{"_rolethread": {"native": true}}'
