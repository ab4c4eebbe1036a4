"""What validation finds is found once: after a change only what changed is looked at again."""

import json
import sqlite3
from importlib import import_module

import pytest

from app.domain.tagging import TagEdit
from app.domain.targets.chosen import Chosen
from app.domain.view import View
from app.jobs import Cancelled
from app.services import analysing, browsing, criteria, editing, history, opening, targets_report, validating
from app.services.reading import current_index
from app.store import analysing as looking
from tests.workshop import check_home, entry, keys, line, uuid, value_of

COUNT = 40


def spoilt(number: int) -> bytes:
    """A conversation with something to find in every third one."""
    if number % 3:
        return line(number)
    said = entry(number)["messages"]
    return line(number, messages=[{**said[0], "content": f" {number}? "}, said[1]])


@pytest.fixture
def looked(library, tmp_path):
    """A dataset that was looked at."""
    path = tmp_path / "talks.jsonl"
    path.write_bytes(b"".join(spoilt(number) for number in range(COUNT)))
    opening.import_path(library, path)
    assert analysing.due(library, "talks") == analysing.Due(COUNT, COUNT)
    assert analysing.bring_up_to_date(library, "talks") == COUNT
    return library


def found(library, code="chatml.content_whitespace"):
    return browsing.matching_keys(library, "talks", View(diagnostic=code))


SPOILT = [uuid(number) for number in range(0, COUNT, 3)]


def test_what_was_found_is_told_by_code_severity_and_entry(looked, tmp_path):
    overview = validating.overview(looked, "talks")
    counts = {each.code.name: (each.entries, each.found) for each in overview.codes}
    assert counts == {
        "chatml.content_whitespace": (len(SPOILT), len(SPOILT)),
        "chatml.missing_system_role": (COUNT, COUNT),
    }
    assert found(looked) == SPOILT
    assert found(looked, "info") == keys(looked, "talks")
    assert found(looked, "error") == []
    assert overview.due.entries == 0
    assert overview.sound == 0
    check_home(looked, tmp_path)


def test_after_one_edit_one_entry_is_looked_at(looked, tmp_path):
    value = value_of(looked, "talks", uuid(1))
    value["messages"][0]["content"] += " "
    editing.save_entry(looked, "talks", uuid(1), value)
    assert analysing.due(looked, "talks") == analysing.Due(1, 1)
    assert analysing.bring_up_to_date(looked, "talks") == 1
    assert found(looked) == [uuid(0), uuid(1), *SPOILT[1:]]
    history.undo(looked, "talks")
    assert analysing.bring_up_to_date(looked, "talks") == 1
    assert found(looked) == SPOILT
    check_home(looked, tmp_path)


def test_a_bulk_edit_of_tags_looks_at_no_text(looked, tmp_path):
    editing.edit_tags(looked, "talks", None, TagEdit(add=("Two Words",)))
    assert analysing.due(looked, "talks").entries == 0
    assert analysing.bring_up_to_date(looked, "talks") == 0
    assert found(looked) == SPOILT
    assert found(looked, "base.tag_spelling") == keys(looked, "talks")
    assert found(looked, "base.tag_spelling:Two Words") == keys(looked, "talks")
    check_home(looked, tmp_path)


def test_moved_and_deleted_entries_keep_and_lose_what_was_found(looked, tmp_path):
    editing.move_entry(looked, "talks", uuid(0), COUNT)
    editing.delete_entries(looked, "talks", [uuid(3)])
    assert analysing.due(looked, "talks").entries == 0
    assert found(looked) == [*SPOILT[2:], uuid(0)]
    check_home(looked, tmp_path)


def test_what_another_program_left_alone_is_not_looked_at_again(looked, tmp_path):
    path = looked.dataset("talks").path
    lines = path.read_bytes().split(b"\n")
    lines[1] = lines[1].replace(b"Question 1?", b"Another question? ")
    path.write_bytes(b"\n".join(lines))
    assert analysing.due(looked, "talks") == analysing.Due(1, 1)
    assert analysing.bring_up_to_date(looked, "talks") == 1
    assert found(looked) == [uuid(0), uuid(1), *SPOILT[1:]]
    assert found(looked, "base.tag_spelling") == []


def test_labels_that_another_program_left_alone_are_still_known(looked):
    editing.edit_tags(looked, "talks", [uuid(4)], TagEdit(add=("Two Words",)))
    path = looked.dataset("talks").path
    path.write_bytes(path.read_bytes().replace(b"Question 1?", b"Another question?"))
    assert found(looked, "base.tag_spelling") == [uuid(4)]


def test_other_rules_have_every_text_looked_at_anew(looked, tmp_path):
    criteria.set_rules(looked, "talks", {"slop": ["answer 7"]})
    assert analysing.due(looked, "talks") == analysing.Due(COUNT, 0)
    assert analysing.bring_up_to_date(looked, "talks") == COUNT
    assert found(looked, "style.slop_phrase") == [uuid(7)]
    assert found(looked, "style.slop_phrase:answer 7") == [uuid(7)]
    assert found(looked) == SPOILT


def test_another_target_has_no_text_looked_at_but_measured(looked):
    criteria.set_target(looked, "talks", Chosen(trainer="trl", family="gemma", limit=10))
    assert analysing.due(looked, "talks") == analysing.Due(0, COUNT)
    assert analysing.bring_up_to_date(looked, "talks") == COUNT
    assert found(looked, "tokens.over_limit") == keys(looked, "talks")
    assert found(looked, "target.cut") == keys(looked, "talks")
    criteria.set_target(looked, "talks", Chosen())
    analysing.bring_up_to_date(looked, "talks")
    assert found(looked, "tokens.over_limit") == []
    assert found(looked) == SPOILT


def test_what_the_target_says_of_an_entry_follows_its_shape(looked):
    criteria.set_target(looked, "talks", Chosen(family="gemma"))
    analysing.bring_up_to_date(looked, "talks")
    assert found(looked, "target.error") == []
    value = value_of(looked, "talks", uuid(2))
    value["messages"].insert(0, {"role": "system", "content": "Be kind."})
    editing.save_entry(looked, "talks", uuid(2), value)
    assert analysing.bring_up_to_date(looked, "talks") == 1
    assert found(looked, "target.error") == [uuid(2)]
    assert "target.error" in {each.code for each in validating.of_entry(looked, "talks", uuid(2))}
    history.undo(looked, "talks")
    analysing.bring_up_to_date(looked, "talks")
    assert found(looked, "target.error") == []


def test_what_the_target_says_stays_with_its_shape_when_the_rules_change(looked):
    value = value_of(looked, "talks", uuid(2))
    value["messages"].insert(0, {"role": "system", "content": "Be kind."})
    editing.save_entry(looked, "talks", uuid(2), value)
    criteria.set_target(looked, "talks", Chosen(family="gemma"))
    criteria.set_rules(looked, "talks", {"slop": ["orbs"]})
    analysing.bring_up_to_date(looked, "talks")
    history.undo(looked, "talks")
    criteria.set_rules(looked, "talks", {"slop": ["a tapestry of"]})
    analysing.bring_up_to_date(looked, "talks")
    assert found(looked, "target.error") == []
    editing.save_entry(looked, "talks", uuid(2), value)
    for phrase in ("moonlight", "starlight"):
        criteria.set_rules(looked, "talks", {"slop": [phrase]})
        analysing.bring_up_to_date(looked, "talks")
        counts = {
            each.code.name: (each.entries, each.found) for each in validating.overview(looked, "talks").codes
        }
        assert counts["target.error"] == (1, 1)


@pytest.mark.parametrize("work", ["app.services.analysing.by", "app.services.targeting.verdicts"])
def test_what_a_look_finds_after_other_rules_and_another_target_were_chosen_does_not_count(
    looked, monkeypatch, work
):
    criteria.set_rules(looked, "talks", {"slop": ["answer 3"]})
    criteria.set_target(looked, "talks", Chosen(family="qwen2.5"))
    module, _, name = work.rpartition(".")
    genuine, later = getattr(import_module(module), name), []

    def interrupted(*arguments):
        answer = genuine(*arguments)
        if not later:
            later.append(True)
            criteria.set_rules(looked, "talks", {"slop": ["answer 7"]})
            criteria.set_target(looked, "talks", Chosen(family="gemma"))
            analysing.bring_up_to_date(looked, "talks")
        return answer

    monkeypatch.setattr(work, interrupted)
    analysing.bring_up_to_date(looked, "talks")
    assert later
    analysing.bring_up_to_date(looked, "talks")
    assert analysing.due(looked, "talks").entries == 0
    assert found(looked, "style.slop_phrase") == [uuid(7)]
    assert found(looked, "target.system_added") == []


def test_what_an_answer_thinks_and_the_template_leaves_out_is_told(looked):
    value = value_of(looked, "talks", uuid(2))
    value["messages"][1]["content"] = "<think>\nHm.\n</think>\n\nAnswer."
    value["messages"] += value_of(looked, "talks", uuid(4))["messages"]
    editing.save_entry(looked, "talks", uuid(2), value)
    for family, told in (("qwen3", [uuid(2)]), ("chatml", [])):
        criteria.set_target(looked, "talks", Chosen(family=family))
        analysing.bring_up_to_date(looked, "talks")
        assert found(looked, "target.altered") == told


def test_a_strict_target_makes_errors_of_what_it_refuses(looked):
    value = {"messages": [{"role": "assistant", "content": "Welcome."}], "tags": []}
    made = editing.save_entry(looked, "talks", None, value).uuid
    analysing.bring_up_to_date(looked, "talks")
    assert found(looked, "error") == []
    criteria.set_target(looked, "talks", Chosen(family="gemma3"))
    analysing.bring_up_to_date(looked, "talks")
    assert found(looked, "error") == [made]
    said = {each.code: each.severity.word for each in validating.of_entry(looked, "talks", made)}
    assert said["chatml.assistant_first"] == "error"
    overview = validating.overview(looked, "talks")
    assert {each.code.name for each in overview.codes if each.severity.word == "error"} >= {
        "chatml.assistant_first", "target.error",
    }  # fmt: skip
    assert {each.word: count for each, count in overview.severities.items()}["error"] == 1


def test_the_second_of_two_equal_conversations_is_told_and_no_longer_when_it_goes(looked):
    copied = editing.duplicate_entry(looked, "talks", uuid(1)).uuid
    analysing.bring_up_to_date(looked, "talks")
    assert found(looked, "duplicate.exact") == [copied]
    said = {each.code: each.detail for each in validating.of_entry(looked, "talks", copied)}
    assert said["duplicate.exact"] == "The earlier one is entry 2."
    editing.delete_entries(looked, "talks", [uuid(1)])
    analysing.bring_up_to_date(looked, "talks")
    assert found(looked, "duplicate.exact") == []


def test_the_second_of_two_equal_ids_is_told(library, tmp_path):
    path = tmp_path / "talks.jsonl"
    path.write_bytes(line(1) + line(2) + line(1, messages=entry(3)["messages"]))
    opening.import_path(library, path, in_place=True)
    analysing.bring_up_to_date(library, "talks")
    assert found(library, "identity.duplicate_uuid") == [f"{uuid(1)}~2"]


def test_stopped_work_goes_on_where_it_was(library, tmp_path, monkeypatch):
    path = tmp_path / "talks.jsonl"
    path.write_bytes(b"".join(spoilt(number) for number in range(COUNT)))
    opening.import_path(library, path)
    monkeypatch.setattr(looking, "BATCH", 10)

    def stop(done, total):
        assert total == 3 * COUNT
        if done >= 20:
            raise Cancelled("enough")

    with pytest.raises(Cancelled):
        analysing.bring_up_to_date(library, "talks", stop)
    assert analysing.due(library, "talks") == analysing.Due(COUNT - 20, COUNT)
    assert analysing.bring_up_to_date(library, "talks") == COUNT
    assert found(library) == SPOILT


def test_many_entries_are_looked_at_in_other_processes_with_the_same_result(looked, tmp_path, monkeypatch):
    def told():
        with sqlite3.connect(current_index(looked, looked.dataset("talks")).database) as connection:
            tables = ("findings", "details", "sizes", "checks")
            return [sorted(connection.execute(f"SELECT * FROM {table}")) for table in tables]

    alone, seen = told(), []
    criteria.set_rules(looked, "talks", {"split_words": 1999})
    criteria.set_target(looked, "talks", Chosen(vocabulary="llama3"))
    monkeypatch.setattr(looking, "MANY", 1)
    monkeypatch.setattr(looking, "BATCH", 7)
    analysing.bring_up_to_date(looked, "talks", lambda done, total: seen.append((done, total)))
    assert told() == alone
    assert seen[-1] == (2 * COUNT, 2 * COUNT)
    assert seen == sorted(seen)


def test_an_entry_that_is_saved_while_it_is_looked_at_is_looked_at_again(looked):
    criteria.set_rules(looked, "talks", {"slop": ["a new word"]})
    value = value_of(looked, "talks", uuid(5))
    value["messages"][1]["content"] = "A new word."

    def meanwhile(done, total):
        if value:
            editing.save_entry(looked, "talks", uuid(5), dict(value))
            value.clear()

    analysing.bring_up_to_date(looked, "talks", meanwhile)
    assert analysing.due(looked, "talks").unchecked == 1
    assert analysing.bring_up_to_date(looked, "talks") == 1
    assert found(looked, "style.slop_phrase") == [uuid(5)]


def test_half_a_character_is_told_as_its_escape(library, tmp_path):
    path = tmp_path / "talks.jsonl"
    odd = {"messages": [{"role": "\ud800", "content": "x\ud800"}], "tags": ["\ud800"], "\ud800": 1}
    path.write_text(json.dumps(odd) + "\n")
    opening.import_path(library, path)
    analysing.bring_up_to_date(library, "talks")
    details = {
        each.code.name: [one.what for one in each.details]
        for each in validating.overview(library, "talks").codes
    }
    assert details["chatml.unknown_role"] == ["\\ud800"]
    assert details["base.unknown_top_level_key"] == ["\\ud800"]


def test_half_a_character_in_a_key_is_told_as_its_escape_by_the_target(library, tmp_path):
    path = tmp_path / "talks.jsonl"
    said = [{"role": "user", "content": "Hi", "\ud800": 1}, {"role": "assistant", "content": "Hello"}]
    path.write_text(json.dumps({"messages": said, "tags": []}) + "\n")
    opening.import_path(library, path)
    criteria.set_target(library, "talks", Chosen(trainer="openai"))
    analysing.bring_up_to_date(library, "talks")
    (reason,) = targets_report.report(library, "talks").fates[0].reasons
    assert "\\ud800" in reason.what
    assert reason.source


def test_an_entry_that_nearly_repeats_another_says_which(library, tmp_path):
    words = " ".join(f"word{number}" for number in range(80))
    said = [{"role": "user", "content": words}, {"role": "assistant", "content": words[:400]}]
    other = [said[0], {"role": "assistant", "content": f"{words[:396]} end"}]
    path = tmp_path / "talks.jsonl"
    path.write_bytes(line(1) + line(2, messages=said) + line(3, messages=other))
    opening.import_path(library, path)
    analysing.bring_up_to_date(library, "talks")
    assert found(library, "duplicate.near") == [uuid(3)]
    told = {each.code: each.detail for each in validating.of_entry(library, "talks", uuid(3))}
    assert told["duplicate.near"] == "The earlier one is entry 2."
    editing.delete_entries(library, "talks", [uuid(2)])
    analysing.bring_up_to_date(library, "talks")
    assert found(library, "duplicate.near") == []


def test_what_a_stopped_look_kept_gets_what_follows_from_it(looked, monkeypatch):
    criteria.set_target(looked, "talks", Chosen(family="gemma"))
    analysing.bring_up_to_date(looked, "talks")
    for number in (2, 7):
        value = value_of(looked, "talks", uuid(number))
        value["messages"].insert(0, {"role": "system", "content": "Be kind."})
        editing.save_entry(looked, "talks", uuid(number), value)
    monkeypatch.setattr(looking, "BATCH", 1)

    def stop(done, total):
        if done == 3:  # both were looked at, the first was measured too
            raise Cancelled("enough")

    with pytest.raises(Cancelled):
        analysing.bring_up_to_date(looked, "talks", stop)
    assert analysing.due(looked, "talks") == analysing.Due(0, 1)
    analysing.bring_up_to_date(looked, "talks")
    assert found(looked, "target.error") == [uuid(2), uuid(7)]
