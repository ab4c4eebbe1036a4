"""The repairs that there are, what is asked of a person, and a file with known defects put right."""

import json
import os
from pathlib import Path
from time import perf_counter

import pytest

from app.domain.entry import Entry, render
from app.domain.repairs import REPAIRS, repaired
from app.domain.validation.codes import CODES
from app.domain.validation.labels import check_labels
from app.domain.validation.rules import Rules
from app.domain.validation.structure import check_structure

RULES = Rules()
SAMPLES = Path(os.environ.get("ROLETHREAD_SAMPLES") or Path(__file__).parents[4] / "shared" / "samples")
DIRTY = SAMPLES / "rolethread-lite/02_dirty_auto_fixable.jsonl"


def test_every_repair_is_about_a_code_and_its_choices_have_names():
    for code, repair in REPAIRS.items():
        assert code == repair.code
        assert code in CODES
        names = [choice.name for choice in repair.choices]
        assert names
        assert len(names) == len(set(names))
        assert all(choice.title for choice in repair.choices)
        assert repair.choice("") is repair.choices[0]


def test_a_code_without_repair_is_refused():
    with pytest.raises(ValueError, match="no repair for chatml"):
        repaired({}, "chatml.no_assistant", RULES)


def test_a_choice_that_is_none_is_refused_with_those_that_are():
    with pytest.raises(ValueError, match="There is: to_system, user_opener, drop, untrained"):
        repaired({}, "chatml.assistant_first", RULES, choice="burn")


@pytest.mark.parametrize("text", ["", " \n"])
def test_a_text_that_is_asked_for_is_needed(text):
    with pytest.raises(ValueError, match="needs a text: System prompt"):
        repaired({}, "chatml.missing_system_role", RULES, text=text)


def test_ids_are_not_given_here():
    for code in ("identity.missing_uuid", "identity.duplicate_uuid"):
        value = {"messages": []}
        assert repaired(value, code, RULES) is value


def talk(*messages):
    return [dict(zip(("role", "content"), message, strict=True)) for message in messages]


HELLO = talk(("system", "System"), ("user", "Hi"), ("assistant", "Hello"))
# What each repair makes of the lines of the file, by their numbers from 1; every other line stays as it is.
EXPECTED = {
    "base.empty_tag": {1: [], 2: [], 3: [], 4: []},
    "chatml.role_canonicalization": {
        2: HELLO,
        3: HELLO,
        6: talk(("assistant", "System-ish"), ("user", "Hi"), ("assistant", "Hello")),
    },
    "chatml.content_whitespace": {4: HELLO},
    "chatml.assistant_first": {6: talk(("system", "System-ish"), ("USER", "Hi"), ("Bot", "Hello"))},
    "chatml.missing_system_role": {
        6: talk(("system", "Asked"), ("GPT", "System-ish"), ("USER", "Hi"), ("Bot", "Hello"))
    },
}


@pytest.mark.skipif(not DIRTY.exists(), reason="the samples are not here")
@pytest.mark.parametrize("code", REPAIRS)
def test_each_repair_changes_exactly_the_lines_with_its_defect(code):
    lines = DIRTY.read_bytes().rstrip(b"\n").split(b"\n")
    key = "tags" if code.startswith("base.") else "messages"
    for number, line in enumerate(lines, start=1):
        before = json.loads(line)
        after = repaired(before, code, RULES, text="Asked, Named")
        expected = EXPECTED.get(code, {}).get(number)
        if code == "chatml.missing_system_role" and expected:
            expected = [{**expected[0], "content": "Asked, Named"}, *expected[1:]]
        if code.startswith("target.system_") and number < 6:  # what becomes of it is for the target to say
            assert len(after["messages"]) == 2
        else:
            assert after == (before if expected is None else {**before, key: expected})


@pytest.mark.skipif(not DIRTY.exists(), reason="the samples are not here")
def test_all_repairs_together_leave_nothing_to_say():
    codes = [code for code in EXPECTED if code != "chatml.missing_system_role"]
    for line in DIRTY.read_bytes().rstrip(b"\n").split(b"\n"):
        value = json.loads(line)
        for code in codes:
            value = repaired(value, code, RULES)
        entry = Entry.of(render(value))
        left = [each.code for each in (*check_labels(entry), *check_structure(entry, RULES))]
        assert left == ["identity.missing_uuid"]


@pytest.mark.parametrize("code", [code for code in REPAIRS if not code.startswith("base.")])
@pytest.mark.parametrize("role", ["system", "user", "assistant"])
def test_a_very_long_conversation_of_one_side_takes_no_longer_than_its_length(code, role):
    message = {"role": role, "content": " <START><|im_end|>{{user}}\u200b" * 2}
    value = {"messages": [*talk(("assistant", "x")), *(dict(message) for _ in range(20_000)), *HELLO]}
    start = perf_counter()
    for choice in REPAIRS[code].choices:
        repaired(value, code, RULES, choice=choice.name, text="Ann, Bo")
    assert perf_counter() - start < 5
