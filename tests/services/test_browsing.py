"""A list shows just the entries that its view names, in its order, whichever page is asked for."""

import json
from itertools import pairwise
from random import Random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.domain.view import SORTS, TAG_MODES, View
from app.errors import NotFound
from app.services import browsing, editing, opening
from tests.workshop import entry, keys, line, uuid

TAGS = ("calm", "storm", "sea")
COUNT = 45


def made(dice):
    """A conversation of a few short words, now and then with an id that others have, or none."""
    roles = [
        dice.choice(["user", "user", "assistant", "assistant", "system"]) for _ in range(dice.randrange(6))
    ]
    messages = [
        {"role": role, "content": "".join(dice.choices("abc ", k=dice.randrange(7)))} for role in roles
    ]
    value = {**entry(dice.randrange(30)), "messages": messages, "tags": dice.sample(TAGS, dice.randrange(3))}
    if dice.random() < 0.2:
        del value["_rolethread"]
    return value


ENTRIES = [made(Random(number)) for number in range(COUNT)]
LINES = [json.dumps(value).encode() + b"\n" for value in ENTRIES]

views = st.builds(
    View,
    query=st.sampled_from(["", "", "a", "bc", "ab"]),
    scopes=st.sampled_from([("user", "assistant"), ("system",), ("user",)]),
    tags=st.lists(st.sampled_from(TAGS), max_size=2).map(tuple),
    tag_mode=st.sampled_from(TAG_MODES),
    untagged=st.booleans(),
    min_exchanges=st.none() | st.integers(0, 2),
    max_exchanges=st.none() | st.integers(0, 2),
    min_length=st.none() | st.integers(0, 12),
    max_length=st.none() | st.integers(0, 12),
    sort=st.sampled_from(SORTS),
    size=st.sampled_from([3, 10, 100]),
)


@pytest.fixture
def mixed(library, tmp_path):
    """The library with a dataset of those entries."""
    source = tmp_path / "mixed.jsonl"
    source.write_bytes(b"".join(LINES))
    opening.import_path(library, source)
    return library


def exchanges(value):
    roles = [message["role"] for message in value["messages"] if message["role"] != "system"]
    return sum(pair == ("user", "assistant") for pair in pairwise(roles))


def characters(value):
    return sum(len(message["content"]) for message in value["messages"])


def named(view, value):
    """Whether a view names an entry."""
    found, wanted = set(value["tags"]), set(view.tags)
    modes = {"any": found & wanted, "all": found >= wanted, "exact": found == wanted}
    tagged = [bool(modes[view.tag_mode])] if wanted else []
    tagged += [not found] if view.untagged else []
    texts = [message["content"] for message in value["messages"] if message["role"] in view.scopes]
    return (
        (any(tagged) or not tagged)
        and (not view.query or any(view.query in text for text in texts))
        and _within(exchanges(value), view.min_exchanges, view.max_exchanges)
        and _within(characters(value), view.min_length, view.max_length)
    )


def _within(number, least, most):
    return (least is None or number >= least) and (most is None or number <= most)


def in_order(view, numbers):
    """The numbers of entries in the order of a view."""
    measure = {"length": characters, "exchanges": exchanges}.get(view.sort.lstrip("-"))
    if measure is None:
        return sorted(numbers, reverse=view.sort.startswith("-"))
    sign = -1 if view.sort.startswith("-") else 1
    return sorted(numbers, key=lambda number: (sign * measure(ENTRIES[number]), number))


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(view=views)
def test_the_pages_of_a_view_are_what_it_names_in_its_order(mixed, view):
    wanted = in_order(view, [number for number, value in enumerate(ENTRIES) if named(view, value)])
    every = keys(mixed, "mixed")
    shown, page = [], 1
    while True:
        found = browsing.listing(mixed, "mixed", _paged(view, page))
        assert found.page == page
        shown += [(row.number - 1, row.key) for row in found.rows]
        if not found.more:
            break
        assert len(found.rows) == view.size
        page += 1
    assert shown == [(number, every[number]) for number in wanted]
    assert browsing.count(mixed, "mixed", view) == len(wanted)
    assert browsing.matching_keys(mixed, "mixed", view) == [every[number] for number in sorted(wanted)]
    last = browsing.listing(mixed, "mixed", _paged(view, 1000))
    assert (last.page, last.matched) == (max(1, -(-len(wanted) // view.size)), len(wanted))


def _paged(view, page):
    return View(**{name: getattr(view, name) for name in View.__slots__} | {"page": page})


def test_every_key_opens_its_entry_between_its_neighbours(mixed):
    every = keys(mixed, "mixed")
    assert len(set(every)) == COUNT
    for number, (key, before, after) in enumerate(
        zip(every, [None, *every], [*every[1:], None], strict=False)
    ):
        found = browsing.open_entry(mixed, "mixed", key)
        assert (found.number, found.total) == (number + 1, COUNT)
        assert (found.previous_key, found.next_key) == (before, after)
        assert found.entry.messages[:1] == browsing.Entry.of(LINES[number]).messages[:1]
    with pytest.raises(NotFound):
        browsing.open_entry(mixed, "mixed", "nobody")


def test_tags_are_counted_most_used_first(mixed):
    counted = {tag: sum(tag in value["tags"] for value in ENTRIES) for tag in TAGS}
    found = [(each.slug, each.count) for each in browsing.tag_counts(mixed, "mixed")]
    assert found == sorted(counted.items(), key=lambda item: (-item[1], item[0]))


def test_a_tag_is_shown_as_its_slug_if_anybody_spells_it_so_else_as_one_of_its_spellings(library, tmp_path):
    path = tmp_path / "talks.jsonl"
    spelt = (["Slow Burn", "Old Sea"], ["slow_burn"], ["SLOW BURN", "old sea"])
    path.write_bytes(b"".join(line(number, tags=tags) for number, tags in enumerate(spelt)))
    opening.import_path(library, path, in_place=True)
    counted = [(each.label, each.count) for each in browsing.tag_counts(library, "talks")]
    assert counted == [("slow_burn", 3), ("Old Sea", 2)]


@pytest.mark.parametrize("view", [View(), View(query="Question"), View(tags=("calm",))])
def test_what_was_found_before_a_change_is_not_what_is_found_after_it(library, talks, view):
    for calm, gone in ((3, []), (2, [uuid(1)]), (1, [uuid(3)])):
        editing.delete_entries(library, "talks", gone)
        wanted = [
            key for key in keys(library, "talks") if not view.tags or key in (uuid(1), uuid(3), uuid(5))
        ]
        assert [row.key for row in browsing.listing(library, "talks", view).rows] == wanted
        assert browsing.count(library, "talks", view) == len(wanted)
        assert browsing.tag_counts(library, "talks")[0].count == calm


def test_a_row_begins_with_what_is_said_first_and_shows_the_words_around_a_hit(library, tmp_path):
    said = [
        ("system", "Be kind."),
        ("user", "  "),
        ("Mara", "far away " * 40),
        ("user", "x" * 99 + "needle" + "y" * 99),
    ]
    value = {**entry(1), "messages": [{"role": role, "content": text} for role, text in said]}
    source = tmp_path / "one.jsonl"
    source.write_bytes(json.dumps(value).encode())
    opening.import_path(library, source)
    (row,) = browsing.listing(library, "one", View(query="NEEDLE")).rows
    assert row.speaker == "Mara"
    assert row.opening.startswith("far away far away")
    assert len(row.opening) <= browsing.OPENING + 1
    before, match, after = row.hit
    assert (match, before[0], after[-1]) == ("needle", "…", "…")
    assert len(before) == len(after) == browsing.CONTEXT + 1


def test_a_line_too_large_for_a_list_is_listed_without_being_read(library, tmp_path):
    source = tmp_path / "large.jsonl"
    source.write_bytes(line(1, more="z" * (browsing.LARGEST_SHOWN + 1)) + line(2))
    opening.import_path(library, source)
    large, small = browsing.listing(library, "large", View()).rows
    assert "too large" in large.opening
    assert small.opening == "Question 2?"


@pytest.mark.parametrize("query", ["(", "[a", "*"])
def test_a_query_that_is_none_is_a_problem_that_is_said(library, talks, query):
    found = browsing.listing(library, "talks", View(query=query, mode="regex"))
    assert found.rows == ()
    assert found.problem
    assert found.total == 6
