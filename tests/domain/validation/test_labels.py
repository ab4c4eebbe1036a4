"""Keys, tags and id of an entry: what is found, and what is left in peace."""

import pytest

from app.domain.entry import Entry, render
from app.domain.validation.codes import CODES
from app.domain.validation.labels import LONGEST_DETAIL, check_labels

BLOCK = {"entry_uuid": "00000000-0000-4000-8000-000000000001", "native": True}
CLEAN = {"messages": [], "tags": ["slow_burn", "懸疑"], "_rolethread": BLOCK}


def found(value):
    diagnostics = list(check_labels(Entry.of(render(value))))
    assert all(each.severity == CODES[each.code].severity and each.message == -1 for each in diagnostics)
    return [(each.code, each.detail) for each in diagnostics]


def without(key):
    return {name: value for name, value in CLEAN.items() if name != key}


def test_nothing_is_said_of_a_clean_entry():
    assert found(CLEAN) == []
    assert found({**CLEAN, "tags": []}) == []


@pytest.mark.parametrize("key", ["conversations", "metadata", "source", "id", "tools", "chosen", "system"])
def test_a_key_of_a_known_format_is_no_news(key):
    assert found({**CLEAN, key: 1}) == []


@pytest.mark.parametrize("key", ["mood", "Messages", "", " tags"])
def test_any_other_key_is_named(key):
    assert found({key: 1, **CLEAN}) == [("base.unknown_top_level_key", key)]


def test_an_entry_without_tags_has_none_to_complain_of():
    assert found(without("tags")) == [("base.missing_tags", "")]


@pytest.mark.parametrize(
    ("tags", "shown"), [(None, "null"), ("calm", '"calm"'), ({"a": [1]}, '{"a":[1]}'), (3, "3")]
)
def test_tags_that_are_no_list(tags, shown):
    assert found({**CLEAN, "tags": tags}) == [("base.tags_not_list", shown)]


@pytest.mark.parametrize(
    ("tag", "shown"), [(None, "null"), (1.5, "1.5"), (True, "true"), (["a"], '["a"]'), (10**20, str(10**20))]
)
def test_a_tag_that_is_no_text(tag, shown):
    assert found({**CLEAN, "tags": ["calm", tag]}) == [("base.invalid_tag_value", shown)]


def test_a_long_value_is_cut():
    assert len(found({**CLEAN, "tags": ["\ud800" * 200, {"a": "\ud800" * 200}]})[1][1]) == LONGEST_DETAIL


@pytest.mark.parametrize("tag", ["", " ", "\n\t", "\u3000"])
def test_an_empty_tag(tag):
    assert found({**CLEAN, "tags": [tag]}) == [("base.empty_tag", "")]


@pytest.mark.parametrize("tag", ["Slow Burn", " calm", "a-b", "CALM", "_a", "!!!", "\ufb01re"])
def test_a_tag_in_another_spelling_than_its_slug(tag):
    assert found({**CLEAN, "tags": ["calm", tag]}) == [("base.tag_spelling", tag)]


@pytest.mark.parametrize(
    "block",
    [None, {}, [], {"entry_uuid": "7"}, {"entry_uuid": 7}, {"entry_uuid": BLOCK["entry_uuid"] + "\n"}],
)
def test_an_entry_without_an_id_of_its_own(block):
    assert found({**CLEAN, "_rolethread": block}) == [("identity.missing_uuid", "")]
    assert found(without("_rolethread")) == [("identity.missing_uuid", "")]


def test_each_is_found_in_reading_order():
    assert [code for code, _ in found({"x": 1, "tags": ["", 1, "A", "b"], "y": 1})] == [
        "base.unknown_top_level_key",
        "base.unknown_top_level_key",
        "base.empty_tag",
        "base.invalid_tag_value",
        "base.tag_spelling",
        "identity.missing_uuid",
    ]
