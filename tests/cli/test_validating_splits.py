"""Long entries split by command: first dry, then done, then undone."""

import json

import pytest

from tests.workshop import entry, line, uuid


@pytest.fixture
def long(run, tmp_path):
    """A dataset whose second entry has nine exchanges, and whose third cannot be split."""
    path = tmp_path / "long.jsonl"
    said = entry(2)["messages"]
    wordy = [said[0], {"role": "assistant", "content": "word " * 2000 + "end"}]
    path.write_bytes(line(1) + line(2, messages=said * 9) + line(3, messages=wordy))
    run("import", path)
    return run


def test_long_entries_are_split_first_dry_then_done_then_undone(long):
    before = long.path("long").read_bytes()
    dry = long.json("repair", "long", "chatml.split_candidate", "--dry-run")
    assert dry.code == 1
    assert dry.json == {"changed": 1, "added": 1, "left": 1, "locked": [], "operation": None}
    words = long("repair", "long", "chatml.split_candidate", "--dry-run").out
    assert words == "1 entry would change, 1 more would come in. 1 entry cannot be repaired by a program.\n"
    assert long.path("long").read_bytes() == before
    done = long.json("repair", "long", "chatml.split_candidate", "--entry", uuid(2))
    assert (done.code, done.json["changed"], done.json["added"], done.json["left"]) == (0, 1, 1, 0)
    lines = [json.loads(each) for each in long.path("long").read_bytes().split(b"\n")[:-1]]
    assert [len(each["messages"]) for each in lines] == [2, 10, 8, 2]
    assert long.json("validate", "long").json["codes"]["chatml.split_candidate"] == 1
    undone = long.json("undo", "long").json["operation"]
    assert undone["undoes"] == done.json["operation"]["id"]
    assert long.path("long").read_bytes() == before


def test_validate_says_that_a_long_entry_can_be_repaired(long):
    found = long.json("validate", "long").json["diagnostics"]
    assert {each["repair"] for each in found if each["code"] == "chatml.split_candidate"} == {True}


def test_without_a_context_no_entry_is_too_long(long):
    assert long.json("repair", "long", "tokens.over_limit").json["changed"] == 0
