"""Splitting an entry: nothing is lost, nothing is torn, every part is short enough and can be learnt from."""

from copy import deepcopy
from itertools import pairwise
from time import perf_counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.entry import Entry, render
from app.domain.repairs import REPAIRS, SPLITTING
from app.domain.splitting import by_exchanges, by_length, split_at, turns
from app.domain.validation.rules import Rules
from app.domain.validation.structure import check_structure, role_of

LETTERS = {"S": "system", "U": "user", "A": "assistant", "T": "tool", "M": "Mara", "C": "assistant"}


def talk(letters, words=1):
    """A conversation: system, user, assistant, tool, a name, and C for an assistant that calls a tool."""
    said = []
    for number, letter in enumerate(letters.split()):
        message = {"role": LETTERS[letter[0]], "content": f"{letter}{number}" + " word" * (words - 1)}
        if letter[0] == "C":
            call = {"id": letter[1:] or "x", "type": "function", "function": {"name": "f", "arguments": "{}"}}
            message = {"role": "assistant", "content": None, "tool_calls": [call]}
        elif letter[0] == "T" and letter[1:]:
            message["tool_call_id"] = letter[1:]
        said.append(message)
    return said


def length(value):
    """A measure that counts letters, and some for the markup around each message."""
    return sum(3 + len(str(each.get("content"))) for each in value["messages"] if isinstance(each, dict)) + 5


def is_candidate(value, rules):
    found = check_structure(Entry.of(render(value)), rules)
    return any(each.code == "chatml.split_candidate" for each in found)


@pytest.mark.parametrize(
    ("letters", "places"),
    [
        ("", []),
        ("S U A", []),
        ("S U A U A U A", [3, 5]),
        ("U A U", []),  # a part without an answer
        ("U A A U U A", [3]),
        ("A U A U A", [3]),  # a greeting alone is no part
        ("S A U A", []),
        ("S U A S U A", [3]),  # what a system message says goes with what follows
        ("U A M U A", []),  # a part would not end with an answer
        ("U A M A U A", [4]),
        ("U A M A", []),  # a part would not begin with a question
        ("S A A A", [2, 3]),  # nobody asks
        ("M A M A", [2]),
        ("M M M", []),  # nobody answers
        ("U C T A U A", [4]),
        ("U C U A", []),  # its result may be anywhere behind
        ("U C T U A", []),
        ("U C1 A U T1 A U A", [6]),  # the result comes late
        ("U C1 T1 A U C1 T1 A", [4]),  # each call has its own result, whatever the id
        ("U A T U A", []),
    ],
)
def test_an_entry_may_be_split_where_an_answer_ends_and_a_question_begins(letters, places):
    assert turns(talk(letters)) == places


def test_a_result_that_the_user_hands_over_is_not_torn_from_its_call():
    said = talk("U A U A U A")
    said[2]["content"] = "\n<tool_response>\n7\n</tool_response>"
    assert turns(said) == [4]


def test_every_part_has_all_that_the_entry_has_but_its_other_messages():
    said = talk("S S U A U A S U A")
    value = {"id": 7, "messages": said, "tags": ["calm"], "tools": [{"x": 1}]}
    parts = split_at(value, [4, 6])
    assert [part.origins for part in parts] == [(0, 1, 2, 3), (0, 1, 4, 5), (0, 1, 6, 7, 8)]
    for part in parts:
        assert list(part.value) == list(value)
        assert {**part.value, "messages": said} == value
        assert part.value["messages"] == [said[place] for place in part.origins]


def test_a_system_prompt_inside_is_kept_by_the_parts_behind_it():
    assert [part.origins for part in split_at({"messages": talk("U A S U A U A")}, [2, 5])] == [
        (0, 1),
        (2, 3, 4),
        (2, 5, 6),
    ]


@pytest.mark.parametrize("places", [[0], [3], [-1], [9], [1], [2, 3]])
def test_a_place_that_leaves_nothing_to_a_part_is_refused(places):
    with pytest.raises(ValueError, match=r"nothing but a system prompt|between two of its messages"):
        split_at({"messages": talk("S U A")}, places)


@pytest.mark.parametrize(
    ("exchanges", "most", "sizes"),
    [(8, 7, [4, 4]), (15, 7, [5, 5, 5]), (9, 7, [5, 4]), (3, 1, [1, 1, 1]), (7, 7, []), (2, 0, [])],
)
def test_parts_are_as_few_as_can_be_and_even(exchanges, most, sizes):
    parts = by_exchanges({"messages": talk("S" + " U A" * exchanges)}, most, 2000)
    assert [len(part.value["messages"]) // 2 for part in parts] == sizes


def test_words_are_counted_where_there_are_many():
    said = talk("S U A U A U A U A", words=30)
    parts = by_exchanges({"messages": said}, 7, 65)
    assert [part.origins for part in parts] == [(0, 1, 2, 3, 4), (0, 5, 6, 7, 8)]
    assert by_exchanges({"messages": said}, 7, 120) == ()
    assert by_exchanges({"messages": said}, 7, 29) == ()  # one answer alone has more


def test_parts_are_no_longer_than_a_limit():
    value = {"messages": talk("S" + " U A" * 12, words=10)}
    alone = length(split_at(value, range(3, 25, 2))[-1].value)
    whole = length(value)
    assert by_length(value, whole, length) == ()
    assert [len(part.value["messages"]) for part in by_length(value, whole - 1, length)] == [13, 13]
    assert len(by_length(value, alone, length)) == 12
    assert by_length(value, alone - 1, length) == ()
    parts = by_length(value, 700, length)
    assert [part.tokens for part in parts] == [length(part.value) for part in parts]


def test_a_prompt_that_comes_later_counts_only_for_the_parts_that_have_it():
    said = [*talk("U A", words=40), *talk("S U A U A", words=10)]
    value = {"messages": said}
    limit = length({"messages": said[:2]})
    assert [part.origins for part in by_length(value, limit, length)] == [(0, 1), (2, 3, 4, 5, 6)]


def test_a_measure_that_is_not_the_sum_of_its_parts_is_still_kept_to():
    """As with a template that writes more, the more there is."""

    def odd(value):
        return length(value) + len(value["messages"]) ** 2

    value = {"messages": talk("S" + " U A" * 12, words=10)}
    for limit in range(150, odd(value), 50):
        parts = by_length(value, limit, odd)
        assert all(odd(part.value) <= limit for part in parts)
        assert bool(parts) == (odd(split_at(value, [23])[1].value) <= limit)


@pytest.mark.parametrize("messages", [None, 7, "x", {}, [], [1, 2], [None] * 20, ["x"] * 20, [{}] * 20])
def test_what_is_no_conversation_is_left_alone(messages):
    assert by_exchanges({"messages": messages}, 1, 1) == ()
    assert by_length({"messages": messages}, -1, lambda _: 0) == ()
    assert by_exchanges({}, 1, 1) == ()


odd = st.none() | st.integers(0, 2) | st.text("x ", max_size=2)
usual = st.sampled_from(["S", "U", "A", "T", "M", "C1", "C2", "T1", "T2"]).map(lambda letter: talk(letter)[0])
strange = st.fixed_dictionaries(
    {},
    optional={
        "role": st.sampled_from(["user", "GPT", "function_call", "tool", 7]),
        "content": odd,
        "tool_calls": odd | st.just([{"id": "1"}]) | st.just([{"id": []}, 3]),
        "function_call": odd,
        "tool_call_id": odd | st.just("1") | st.just([]),
    },
)
exchange = st.sampled_from(["U A", "U A", "U A", "U C1 T1 A", "U C T T A", "A", "S U A", "U", "U C T"])
usual_talks = st.lists(exchange, max_size=16).map(lambda found: talk(" ".join(["S", *found]), words=5))
talks = usual_talks | st.lists(usual | strange | odd, max_size=12)
values = st.fixed_dictionaries({"messages": talks}, optional={"tags": odd, "x": odd})


def check(value, parts):
    """Nothing is lost or torn, and every part begins and ends as it should."""
    said = value["messages"]
    roles = [role_of(each) for each in said]
    told = [place for place, role in enumerate(roles) if role != "system"]
    assert [place for part in parts for place in part.origins if place in told] == told
    for part in parts:
        assert {**part.value, "messages": said} == value
        assert [id(each) for each in part.value["messages"]] == [id(said[place]) for place in part.origins]
        assert "assistant" in [roles[place] for place in part.origins]
        prompts = [place for place, role in enumerate(roles[: max(part.origins)]) if role == "system"]
        assert not prompts or prompts[0] in part.origins
    for before, after in pairwise(parts):
        assert roles[before.origins[-1]] == "assistant"
        first = next(place for place in after.origins if place > before.origins[-1] and place in told)
        assert roles[first] == "user" or ("user" not in roles and roles[first] != "tool")
    owner = {}
    for place, each in enumerate(said):
        calls = each.get("tool_calls") if isinstance(each, dict) else None
        for call in calls if isinstance(calls, list) and roles[place] == "assistant" else ():
            if isinstance(call, dict) and isinstance(call.get("id"), str):
                owner[call["id"]] = place
        if roles[place] == "tool" and isinstance(each.get("tool_call_id"), str):
            call = owner.get(each["tool_call_id"])
            assert call is None or any({call, place} <= {*part.origins} for part in parts)


@given(value=values, exchanges=st.integers(1, 5), words=st.integers(5, 40))
def test_parts_are_no_candidates_and_nothing_is_lost(value, exchanges, words):
    before = deepcopy(value)
    rules = Rules(split_exchanges=exchanges, split_words=words)
    parts = by_exchanges(value, exchanges - 1, words)
    assert value == before
    if parts:
        assert is_candidate(value, rules)
        assert not any(is_candidate(part.value, rules) for part in parts)
        check(value, parts)


@given(value=values, limit=st.integers(10, 300))
def test_parts_are_short_enough_and_nothing_is_lost(value, limit):
    before = deepcopy(value)
    parts = by_length(value, limit, length)
    assert value == before
    places = turns(value["messages"])
    if parts:
        assert length(value) > limit
        assert all(part.tokens == length(part.value) <= limit for part in parts)
        check(value, parts)
    elif places and length(value) > limit:
        assert max(length(part.value) for part in split_at(value, places)) > limit


@given(value=values)
def test_every_turn_can_be_a_part(value):
    places = turns(value["messages"])
    if places:
        check(value, split_at(value, places))


def test_a_very_long_conversation_takes_no_longer_than_its_length():
    value = {"messages": talk("S" + " U A U C1 T1 A" * 5000)}
    start = perf_counter()
    assert len(by_exchanges(value, 7, 2000)) == 1429
    assert len(by_length(value, 20_000, length)) > 10
    assert perf_counter() - start < 5


def test_the_codes_that_are_split_have_a_repair():
    assert {"chatml.split_candidate", "tokens.over_limit", "target.cut"} == SPLITTING <= REPAIRS.keys()
