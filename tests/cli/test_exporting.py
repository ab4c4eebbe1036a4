"""export: where it may write, and what comes out."""

import json
from pathlib import Path

import pytest

from tests.workshop import entry


def lines(path):
    return [json.loads(line) for line in Path(path).read_bytes().split(b"\n") if line]


def test_without_a_place_it_goes_under_exports_and_never_over_another(talks):
    first = talks.json("export", "talks", "--format", "chatml").json
    second = talks.json("export", "talks", "--format", "chatml").json
    assert (first["entries"], first["report"]) == (6, [])
    assert first["files"] == [first["path"]]
    assert Path(first["path"]).parent == talks.home / "exports"
    assert Path(first["path"]).read_bytes() == talks.path().read_bytes()
    assert second["path"] != first["path"]


def test_clean_holds_exactly_the_keys_of_the_format(talks, tmp_path):
    out = tmp_path / "out.jsonl"
    assert talks("export", "talks", "--format", "sharegpt", "--clean", "--out", out).code == 0
    assert lines(out)[0] == {
        "conversations": [{"from": "human", "value": "Question 0?"}, {"from": "gpt", "value": "Answer 0."}]
    }


def test_a_selection_is_exported_in_file_order(talks, tmp_path):
    keys = talks.keys()
    out = tmp_path / "out.jsonl"
    talks("export", "talks", "--format", "chatml", "--out", out, "--entry", keys[4], "--entry", keys[2])
    assert lines(out) == [entry(2), entry(4)]
    some = ("--tag", "calm", "1")
    answer = talks.json("export", "talks", "--format", "chatml", "--out", out, "--force", *some)
    assert (answer.json["entries"], lines(out)) == (1, [entry(1, tags=["calm"])])
    assert talks.json("export", "talks", "--format", "chatml", "--entry", "nobody").error


def test_a_file_that_is_there_is_written_over_only_by_force(talks, tmp_path):
    out = tmp_path / "out.jsonl"
    out.write_bytes(b"mine\n")
    assert (
        "--force" in talks.json("export", "talks", "--format", "chatml", "--out", out).json["error"]["hint"]
    )
    assert out.read_bytes() == b"mine\n"
    assert talks("export", "talks", "--format", "chatml", "--out", out, "--force").code == 0
    assert len(lines(out)) == 6


@pytest.mark.parametrize("force", [(), ("--force",)])
@pytest.mark.parametrize(
    "place", ["datasets/talks/talks.jsonl", "registry.sqlite3", "owner.key", "index/1/text"]
)
def test_nothing_of_ours_is_written_over(talks, place, force):
    target = talks.home / place
    before = target.read_bytes() if target.exists() else None
    assert talks.json("export", "talks", "--format", "chatml", "--out", target, *force).error
    assert (target.read_bytes() if target.exists() else None) == before


def test_no_link_leads_around_that(talks, tmp_path):
    (tmp_path / "link.jsonl").symlink_to(talks.path())
    before = talks.path().read_bytes()
    answer = talks.json("export", "talks", "--format", "chatml", "--out", tmp_path / "link.jsonl", "--force")
    assert answer.error
    assert talks.path().read_bytes() == before


def test_an_export_may_lie_in_the_home_and_be_imported_from_there(talks):
    out = talks.home / "mine.jsonl"
    assert talks("export", "talks", "--format", "sharegpt", "--out", out).code == 0
    (one,) = talks.json("import", out).json["datasets"]
    assert (one["slug"], one["entries"]) == ("mine", 6)
    assert talks.json("doctor").json == {"ok": True, "findings": []}


def test_a_folder_that_is_not_there_is_a_refusal(talks, tmp_path):
    assert talks.json("export", "talks", "--format", "chatml", "--out", tmp_path / "no" / "x.jsonl").error
