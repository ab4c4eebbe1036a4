"""Tags are added, removed and replaced; whatever else stands in the list stays."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.tagging import TagEdit
from app.domain.tags import slug

tag = st.sampled_from(["calm", "Calm", "CALM ", "storm talk", "storm_talk", "!!", "??", "ünï"])
tags = st.lists(tag | st.sampled_from([3, None, "", {"a": 1}]), max_size=5)
some = st.lists(tag, max_size=3).map(tuple)
edits = st.builds(TagEdit, add=some, remove=some) | st.builds(TagEdit, replace=some)


def name(label: str) -> str:
    return slug(label) or label.strip()


def names(items) -> list[str]:
    return [name(item) for item in items if isinstance(item, str) and item.strip()]


@given(tags, edits)
def test_an_edit_does_what_it_says_and_doing_it_again_does_nothing(before, edit):
    value = {"messages": [], "tags": before, "more": 1}
    result = edit.applied(value)
    after = result["tags"]
    wanted = set(map(name, edit.replace if edit.replace is not None else edit.add))
    if edit.replace is None:
        assert wanted <= set(names(after))
        assert not ({name(each) for each in edit.remove} - wanted) & set(names(after))
        assert [item for item in after if not isinstance(item, str)] == [
            item for item in before if not isinstance(item, str)
        ]
        untouched = [item for item in before if name(str(item)) not in {*wanted, *map(name, edit.remove)}]
        assert [item for item in after if item in untouched] == untouched
    else:
        assert set(names(after)) == wanted
        assert len(names(after)) == len(wanted)
    if not set(map(name, edit.add)) & set(map(name, edit.remove)):
        assert edit.applied(result) is result
    assert list(result) == list(value)


@given(tags, edits)
def test_what_does_not_change_is_the_very_same(before, edit):
    value = {"tags": before}
    result = edit.applied(value)
    assert (result is value) == (result["tags"] == before)


@given(tags, some)
def test_an_added_tag_is_not_there_twice(before, add):
    after = TagEdit(add=add).applied({"tags": before})["tags"]
    assert len(after) == len(before) + len(set(map(name, add)) - set(names(before)))


@pytest.mark.parametrize(
    ("found", "edit", "after"),
    [
        ({}, TagEdit(add=("a",)), {"tags": ["a"]}),
        ({}, TagEdit(remove=("a",)), {}),
        ({"tags": None}, TagEdit(remove=("a",)), {"tags": None}),
        ({"tags": "a"}, TagEdit(remove=("b",)), {"tags": "a"}),
        ({"tags": "a"}, TagEdit(add=("A",)), {"tags": "a"}),
        ({"tags": "a"}, TagEdit(add=("b",)), {"tags": ["a", "b"]}),
        ({"tags": "a"}, TagEdit(remove=("a",)), {"tags": []}),
        ({"tags": {"k": 1}}, TagEdit(add=("b",)), {"tags": [{"k": 1}, "b"]}),
        ({"tags": ["Needs Review"]}, TagEdit(replace=("needs_review", "b")), {"tags": ["Needs Review", "b"]}),
        ({"tags": ["a", 1]}, TagEdit(replace=()), {"tags": []}),
        ({"tags": [True]}, TagEdit(add=("1",)), {"tags": [True, "1"]}),
    ],
)
def test_tags_by_example(found, edit, after):
    assert edit.applied(found) == after


@pytest.mark.parametrize(
    ("edit", "title"),
    [
        (TagEdit(add=("a", "b")), "Tags: add a, b"),
        (TagEdit(add=("a",), remove=("b",)), "Tags: add a; remove b"),
        (TagEdit(replace=("a",)), "Replace tags by a"),
        (TagEdit(replace=()), "Remove all tags"),
    ],
)
def test_an_edit_has_a_title_for_the_history(edit, title):
    assert edit.title() == title
