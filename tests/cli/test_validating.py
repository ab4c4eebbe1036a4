"""What scripts are told of entries, tokens and targets, and what they have repaired."""

import json

import pytest

from app.domain.tokens import counter
from tests.cli.conftest import SAMPLES
from tests.workshop import entry, line, uuid

DIRTY = SAMPLES / "rolethread-lite/02_dirty_auto_fixable.jsonl"


@pytest.fixture
def spoilt(run, tmp_path):
    """A dataset in which the second entry has white space, and the third opens with a greeting."""
    path = tmp_path / "spoilt.jsonl"
    said = entry(2)["messages"]
    padded = [{**each, "content": f" {each['content']}"} for each in said]
    greeting = [{"role": "assistant", "content": "Welcome."}, *said]
    path.write_bytes(line(1) + line(2, messages=padded) + line(3, messages=greeting))
    run("import", path)
    return run


def test_validate_tells_of_lines_that_another_program_broke(run, tmp_path):
    path = tmp_path / "talks.jsonl"
    path.write_bytes(line(1) + line(2))
    run("import", path)
    (kept,) = (run.home / "datasets").rglob("talks.jsonl")
    kept.write_bytes(line(1) + b"[1]\n" + line(2))
    (broken,) = [
        each for each in run.json("validate", "talks").json["diagnostics"] if each["code"] == "base.not_dict"
    ]
    assert (broken["entry"], broken["number"], broken["severity"]) == ("line 2", 2, "error")


def test_validate_tells_of_records_that_were_put_aside_too(run, tmp_path):
    path = tmp_path / "talks.jsonl"
    path.write_bytes(line(1) + b'{"messages": NaN}\n' + line(2))
    run("import", path)
    before = run.json("validate", path)
    answer = run.json("validate", "talks")
    assert (before.code, answer.code) == (1, 1)
    (broken,) = [each for each in answer.json["diagnostics"] if each["code"] == "base.not_dict"]
    assert (broken["entry"], broken["number"], broken["severity"]) == ("rejected 2", 2, "error")
    assert answer.json["entries"] == 2
    assert answer.json["codes"] == before.json["codes"]


def test_validate_names_code_severity_entry_and_place(spoilt):
    answer = spoilt.json("validate", "spoilt")
    assert answer.code == 1
    assert set(answer.json) == {"entries", "codes", "diagnostics"}
    assert answer.json["entries"] == 3
    assert answer.json["codes"] == {
        "chatml.missing_system_role": 3,
        "chatml.content_whitespace": 2,
        "chatml.assistant_first": 1,
    }
    (first, second) = [
        each for each in answer.json["diagnostics"] if each["code"] == "chatml.content_whitespace"
    ]
    assert (first["entry"], first["severity"], first["message"], first["span"]) == (
        uuid(2),
        "info",
        0,
        [0, 1],
    )
    assert second["message"] == 1
    assert first["number"] == 2
    assert first["repair"] is True
    words = spoilt("validate", "spoilt")
    assert "chatml.assistant_first" in words.out
    assert words.code == 1


def test_a_target_raises_what_it_refuses_and_names_the_rows(spoilt):
    found = spoilt.json("validate", "spoilt", "--target", "gemma3").json
    bad = [each for each in found["diagnostics"] if each["severity"] == "error"]
    assert {each["entry"] for each in bad} == {uuid(3)}
    assert {each["code"] for each in bad} == {"target.error", "chatml.assistant_first"}
    plain = spoilt.json("validate", "spoilt").json
    assert all(each["severity"] != "error" for each in plain["diagnostics"])


def test_any_file_is_looked_at_without_being_opened(run, tmp_path):
    path = tmp_path / "odd.jsonl"
    path.write_bytes(line(1) + b"[1]\n{broken\n" + line(1))
    found = run.json("validate", path).json
    assert found["entries"] == 2
    assert found["codes"]["base.not_dict"] == 2
    assert found["codes"]["identity.duplicate_uuid"] == 1
    assert [each["number"] for each in found["diagnostics"] if each["code"] == "base.not_dict"] == [2, 3]
    assert [each["number"] for each in found["diagnostics"] if each["code"] == "duplicate.exact"] == [4]
    assert run.json("list").json["datasets"] == []
    assert path.read_bytes() == line(1) + b"[1]\n{broken\n" + line(1)


@pytest.mark.parametrize("content", [b"", b"\n\n", b"[]"])
def test_a_file_without_entries_says_so_and_ends_with_zero(run, tmp_path, content):
    path = tmp_path / "empty.jsonl"
    path.write_bytes(content)
    words = run("validate", path)
    assert (words.code, words.out) == (0, "It is empty: there are no entries in it.\n")
    answer = run.json("validate", path)
    assert (answer.code, answer.json) == (0, {"entries": 0, "codes": {}, "diagnostics": []})
    run("new", "bare")
    assert "there are no entries in it" in run("validate", "bare").out


def test_a_file_of_nothing_but_broken_lines_has_no_entries(run, tmp_path):
    path = tmp_path / "broken.jsonl"
    path.write_bytes(b"[1]\n{broken\n")
    words = run("validate", path)
    assert words.code == 1
    assert words.out.startswith("There are no entries in it.\nerror   base.not_dict")


def test_a_target_raises_the_word_too(spoilt):
    assert "info    chatml.assistant_first" in spoilt("validate", "spoilt").out
    words = spoilt("validate", "spoilt", "--target", "gemma3").out
    assert "error   chatml.assistant_first" in words
    assert "info    chatml.assistant_first" not in words


def test_a_clean_file_ends_with_zero(run, tmp_path):
    path = tmp_path / "clean.jsonl"
    said = entry(1)["messages"]
    path.write_bytes(line(1, messages=[{"role": "system", "content": "Be kind."}, *said]))
    answer = run.json("validate", path)
    assert (answer.code, answer.json) == (0, {"entries": 1, "codes": {}, "diagnostics": []})


@pytest.mark.skipif(not DIRTY.is_file(), reason="the samples are not here")
def test_the_faults_of_a_real_file(run):
    codes = run.json("validate", DIRTY).json["codes"]
    assert codes == {
        "base.empty_tag": 4,
        "chatml.assistant_first": 1,
        "chatml.content_whitespace": 3,
        "chatml.missing_system_role": 1,
        "chatml.role_canonicalization": 8,
        "duplicate.exact": 4,
        "identity.missing_uuid": 6,
    }


def test_repair_first_dry_then_done_then_undone(spoilt):
    before = spoilt.path("spoilt").read_bytes()
    dry = spoilt.json("repair", "spoilt", "chatml.content_whitespace", "--dry-run").json
    assert (dry["changed"], dry["operation"]) == (1, None)
    done = spoilt.json("repair", "spoilt", "chatml.content_whitespace").json
    assert done["changed"] == done["operation"]["changed"] == 1
    again = spoilt.json("repair", "spoilt", "chatml.content_whitespace").json
    assert (again["changed"], again["operation"]) == (0, None)
    assert spoilt.json("undo", "spoilt").json["operation"]["undoes"] == done["operation"]["id"]
    assert "chatml.content_whitespace" in spoilt.json("validate", "spoilt").json["codes"]
    assert spoilt.path("spoilt").read_bytes() == before


def test_repair_in_a_way_that_asks_for_a_text(spoilt):
    options = ("--way", "user_opener", "--text", "Knock.")
    assert spoilt.json("repair", "spoilt", "chatml.assistant_first", *options).json["changed"] == 1
    shown = spoilt.json("show", "spoilt", "--entry", uuid(3)).json["entry"]
    assert shown["messages"][0] == {"role": "user", "content": "Knock."}


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("repair", "spoilt", "nonsense"), "There is no diagnostic called nonsense"),
        (("repair", "spoilt", "chatml.missing_system_role"), "needs a text"),
        (("repair", "spoilt", "a", "b", "--text", "x"), "belong to one repair"),
        (("repair", "spoilt", "chatml.content_whitespace", "--entry", "nobody"), "no entry nobody"),
        (
            ("repair", "spoilt", "chatml.content_whitespace", "--entry", "nobody", "--dry-run"),
            "no entry nobody",
        ),
        (("validate", "nowhere"), "no dataset and no file"),
        (("validate", "~nobody/x"), "no dataset and no file"),
        (("validate", "x" * 5000), "no dataset and no file"),
        (("validate", "spoilt", "--target", "nonsense"), "no target"),
        (("validate", "spoilt", "--target", "trl+openai"), "one trainer, one template"),
        (("render", "spoilt", "nobody"), "no entry nobody"),
        (("render", "spoilt", uuid(3), "--target", "gemma3"), "refuses this entry"),
        (("tokens", "spoilt", "--tokenizer", "nonsense"), "no tokenizer"),
        (("tokens", "nowhere"), "nowhere"),
    ],
)
def test_what_cannot_be_is_said(spoilt, arguments, said):
    assert said in spoilt.json(*arguments).error


def test_render_gives_the_text_the_trained_spans_and_the_tokens(spoilt):
    found = spoilt.json("render", "spoilt", uuid(1), "--target", "chatml").json
    assert found["text"] == (
        "<|im_start|>user\nQuestion 1?<|im_end|>\n<|im_start|>assistant\nAnswer 1.<|im_end|>\n"
    )
    assert [found["text"][start:end] for start, end in found["trained"]] == ["Answer 1.<|im_end|>"]
    qwen = spoilt.json("render", "spoilt", uuid(1), "--target", "qwen3").json
    assert qwen["tokenizer"] == "qwen3"
    assert qwen["tokens"] == counter("qwen3").count_rendered(qwen["text"])
    assert spoilt("render", "spoilt", uuid(1), "--target", "chatml").out == found["text"] + "\n"


def test_tokens_are_counted_by_the_vocabulary_that_is_named(spoilt):
    found = spoilt.json("tokens", "spoilt", "--tokenizer", "cl100k_base").json
    assert found["tokenizer"] == "cl100k_base"
    assert found["total"] == 3 * 8 + 2  # “Question 1?” and “Answer 1.” have four each, “Welcome.” two
    assert set(found["per_entry"]) == {"median", "p95", "max"}
    assert found["over"]["1024"] == 0
    assert spoilt.json("tokens", "spoilt").json["tokenizer"] == "llama3"


def test_targets_lists_the_names_that_others_take(spoilt):
    found = spoilt.json("targets").json
    assert {"openai", "trl", "axolotl", "llama-factory", "unsloth", "chatml", "gemma3"} <= set(
        found["targets"]
    )
    assert {"llama3", "qwen3", "cl100k_base", "o200k_base"} <= set(found["tokenizers"])
    for name in found["targets"]:
        answer = spoilt.json("validate", "spoilt", "--target", name)
        assert answer.code == 1, json.dumps(answer.json)
