"""export: where it may write, and what comes out."""

import json
from pathlib import Path

import pytest

from tests.sidecars import check_pair
from tests.workshop import entry


def lines(path):
    return [json.loads(line) for line in Path(path).read_bytes().split(b"\n") if line]


def test_without_a_place_it_goes_under_exports_and_never_over_another(talks):
    first = talks.json("export", "talks", "--format", "chatml").json
    second = talks.json("export", "talks", "--format", "chatml").json
    assert (first["entries"], first["report"]) == (6, [])
    sidecar = first["path"].removesuffix(".jsonl") + ".registry.json"
    assert first["files"] == [first["path"], sidecar]
    check_pair(Path(first["path"]).read_bytes(), Path(sidecar).read_bytes())
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
    sidecar = out.with_name("out.registry.json")
    check_pair(out.read_bytes(), sidecar.read_bytes())
    some = ("--tag", "calm", "1")
    answer = talks.json("export", "talks", "--format", "chatml", "--out", out, "--force", *some)
    assert (answer.json["entries"], lines(out)) == (1, [entry(1, tags=["calm"])])
    check_pair(out.read_bytes(), sidecar.read_bytes())
    assert json.loads(sidecar.read_bytes())["dataset"]["tag_usage_counts"] == {"calm": 1}
    assert talks.json("export", "talks", "--format", "chatml", "--entry", "nobody").error


def test_a_file_that_is_there_is_written_over_only_by_force(talks, tmp_path):
    out = tmp_path / "out.jsonl"
    out.write_bytes(b"mine\n")
    assert (
        "--force" in talks.json("export", "talks", "--format", "chatml", "--out", out).json["error"]["hint"]
    )
    assert out.read_bytes() == b"mine\n"
    assert not out.with_name("out.registry.json").exists()
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


def test_a_sidecar_that_is_there_is_written_over_only_by_force(talks, tmp_path):
    sidecar = tmp_path / "out.registry.json"
    sidecar.write_bytes(b"mine\n")
    assert talks.json("export", "talks", "--format", "chatml", "--out", tmp_path / "out.jsonl").error
    assert sidecar.read_bytes() == b"mine\n"
    assert not (tmp_path / "out.jsonl").exists()
    for more in ((), ("--force",)):
        clean = ("export", "talks", "--format", "chatml", "--clean", "--out", tmp_path / "out.jsonl")
        assert "another name" in talks.json(*clean, *more).json["error"]["hint"]
        assert not (tmp_path / "out.jsonl").exists()
    assert sidecar.read_bytes() == b"mine\n"


def test_the_sidecar_of_a_file_in_place_is_not_written_over(talks, tmp_path):
    own = tmp_path / "own.jsonl"
    own.write_bytes(talks.path().read_bytes())
    talks("import", own, "--in-place")
    before = own.with_name("own.registry.json").read_bytes()
    assert talks.json(
        "export", "talks", "--format", "chatml", "--out", tmp_path / "own.json", "--force"
    ).error
    assert own.with_name("own.registry.json").read_bytes() == before
    assert not (tmp_path / "own.json").exists()


def test_names_go_where_they_are_wanted(run, samples, tmp_path):
    run("import", samples / "rolethread-lite" / "native" / "harbor_tales.jsonl")
    sidecar = json.loads((samples / "rolethread-lite/native/harbor_tales.registry.json").read_bytes())
    mapped = {each["entry_uuid"]: each["turns"] for each in sidecar["entry_character_mappings"]}
    names = {each["slug"]: each["display_name"] for each in sidecar["characters"]}
    out = tmp_path / "out.jsonl"
    plain, said, keyed = (
        run("export", "harbor_tales", "--format", "chatml", "--out", out, "--force", *how) and lines(out)
        for how in ((), ("--characters", "text"), ("--characters", "name"))
    )
    count = 0
    for before, in_text, in_key in zip(plain, said, keyed, strict=True):
        turns = {
            turn["turn_index"]: names[turn["character_slug"]]
            for turn in mapped.get(before["_rolethread"]["entry_uuid"], ())
        }
        for place, message in enumerate(before["messages"]):
            name, text = turns.get(place), message["content"]
            assert in_text["messages"][place]["content"] == (f"{name}: {text}" if name else text)
            assert in_key["messages"][place].get("name") == name
            assert in_key["messages"][place]["content"] == text
            count += name is not None
    assert count == 10
    run(
        "export",
        "harbor_tales",
        "--format",
        "sharegpt",
        "--clean",
        "--characters",
        "text",
        "--out",
        out,
        "--force",
    )
    assert (
        sum(
            turn["value"].startswith("Mara of the Light: ")
            for each in lines(out)
            for turn in each["conversations"]
        )
        > 0
    )


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
