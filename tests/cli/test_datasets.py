"""import, list, show, rejected, new, rename, trash and untrash, on real files where there are some."""

import json
from datetime import datetime
from pathlib import Path

import pytest

from tests.workshop import DATASET, dataset, entry, line

GOOD = b'{"messages": [{"role": "user", "content": "Hi"}, {"role": "assistant", "content": "Ho"}]}\n'


def test_an_import_says_all_that_the_contract_names(run, tmp_path):
    answer = run.json("import", dataset(tmp_path / "talks.jsonl"))
    assert answer.code == 0
    (one,) = answer.json["datasets"]
    path = run.home / "datasets" / "talks" / "talks.jsonl"
    assert one == {
        "slug": "talks",
        "entries": 6,
        "rejected": 0,
        "records": 6,
        "formats": {"chatml": 6},
        "path": str(path),
        "working_copy": True,
        "existing": False,
        "sidecar": "none",
        "notes": [],
    }
    assert path.read_bytes() == (tmp_path / "talks.jsonl").read_bytes()


@pytest.mark.parametrize(
    ("name", "entries", "formats", "sidecar"),
    [
        ("llama-factory/glaive_toolcall_en_demo.json", 300, {"sharegpt": 300}, "none"),
        ("rolethread-lite/native/harbor_tales.jsonl", 12, {"chatml": 12}, "used"),
        ("openai-cookbook/toy_chat_fine_tuning.jsonl", 5, {"chatml": 5}, "none"),
        ("wyra/good.jsonl", 3, {"chatml": 3}, "none"),
    ],
)
def test_real_files_are_imported_and_come_back_from_an_export(run, samples, name, entries, formats, sidecar):
    (one,) = run.json("import", samples / name).json["datasets"]
    assert (one["entries"], one["records"], one["formats"]) == (entries, entries, formats)
    assert one["sidecar"] == sidecar
    slug = one["slug"]
    exported = Path(run.json("export", slug, "--format", "chatml").json["path"])
    (again,) = run.json("import", exported, "--copy", "--name", "again").json["datasets"]
    assert Path(again["path"]).read_bytes() == Path(one["path"]).read_bytes()


def test_a_sidecar_of_another_dataset_lies_byte_for_byte_beside_the_working_copy(run, samples, tmp_path):
    original = samples / "rolethread-lite" / "native"
    strange = (original / "harbor_tales.registry.json").read_bytes().replace(b"60a27d61", b"70a27d61")
    (tmp_path / "tales.jsonl").write_bytes((original / "harbor_tales.jsonl").read_bytes())
    (tmp_path / "tales.registry.json").write_bytes(strange)
    (one,) = run.json("import", tmp_path / "tales.jsonl").json["datasets"]
    assert one["sidecar"] == "ignored"
    assert "The sidecar was left alone: it belongs to another dataset." in one["notes"]
    assert Path(one["path"]).with_name("tales.registry.json").read_bytes() == strange


def test_a_file_of_a_shape_to_come_is_refused_with_counts_and_creates_nothing(run, samples):
    (file,) = (samples / "gpteacher").glob("*.json")
    assert "1923 records" in run.json("import", file).error
    assert run.json("list").json == {"datasets": []}


def test_rejected_records_are_counted_listed_and_said_by_the_exit_code(run, tmp_path):
    file = tmp_path / "some.jsonl"
    file.write_bytes(GOOD + b'{"broken"\n' + b'{"messages": "\xff"}\n' + b'{"other": 1}\n')
    answer = run.json("import", file)
    (one,) = answer.json["datasets"]
    assert (answer.code, one["entries"], one["rejected"], one["records"]) == (1, 1, 3, 4)
    listed = run.json("rejected", "some")
    assert listed.code == 1
    first, second, third = listed.json["rejected"]
    assert (first["line"], first["offset"], first["text"]) == (2, len(GOOD), '{"broken"')
    assert "base64" in second
    assert third["reason"] == "unknown shape"
    assert "line 4" in run("rejected", "some").out


def test_the_same_bytes_give_the_dataset_that_exists_unless_a_copy_is_wanted(talks, tmp_path):
    file = tmp_path / "talks.jsonl"
    (again,) = talks.json("import", file).json["datasets"]
    assert (again["slug"], again["existing"]) == ("talks", True)
    (copy,) = talks.json("import", file, "--copy").json["datasets"]
    assert (copy["slug"], copy["existing"]) == ("talks_copy-2", False)


def test_what_was_imported_before_a_failure_stays_and_is_named(run, tmp_path):
    there = dataset(tmp_path / "talks.jsonl")
    answer = run.json("import", there, tmp_path / "nowhere.jsonl", there)
    assert answer.code == 2
    assert "nowhere.jsonl" in answer.json["error"]["message"]
    assert [one["slug"] for one in answer.json["datasets"]] == ["talks"]
    assert [one["slug"] for one in run.json("list").json["datasets"]] == ["talks"]


@pytest.mark.parametrize("what", ["nowhere.jsonl", "."])
def test_a_folder_or_nothing_is_refused(run, tmp_path, what):
    assert run.json("import", tmp_path / what).error


def test_one_name_is_for_one_file(run, tmp_path):
    file = dataset(tmp_path / "talks.jsonl")
    assert "--name" in run.json("import", file, file, "--name", "x").error


def test_a_file_in_place_is_edited_where_it_is_and_keeps_its_mode(run, tmp_path):
    file = dataset(tmp_path / "mine.jsonl")
    file.chmod(0o664)
    (one,) = run.json("import", "--in-place", file).json["datasets"]
    assert (one["working_copy"], one["path"]) == (False, str(file))
    assert run("delete", "mine", run.keys("mine")[0]).code == 0
    assert file.read_bytes() == b"".join(line(n, tags=["calm"] if n % 2 else []) for n in range(1, 6))
    assert file.stat().st_mode & 0o777 == 0o664
    assert run("trash", "mine").code == 0
    assert file.exists()


def test_a_foreign_file_is_not_edited_in_place(run, tmp_path):
    (tmp_path / "foreign.jsonl").write_bytes(GOOD)
    assert "in place" in run.json("import", "--in-place", tmp_path / "foreign.jsonl").error


def test_an_encoding_can_be_named(run, tmp_path):
    file = tmp_path / "old.jsonl"
    file.write_bytes('{"messages": [{"role": "user", "content": "Crème brûlée"}]}\n'.encode("cp1252"))
    assert run.json("import", file).error
    assert run("import", file, "--encoding", "cp1252").code == 0
    assert run.json("search", "old", "brûlée").json["total"] == 1
    assert "klingon" in run.json("import", file, "--encoding", "klingon", "--copy").error


def test_list_gives_slug_entries_path_and_uuid(talks):
    (one,) = talks.json("list").json["datasets"]
    assert one == {"slug": "talks", "entries": 6, "path": str(talks.path()), "dataset_uuid": DATASET}


def test_show_sums_a_dataset_up(talks):
    summary = talks.json("show", "talks").json
    assert summary["tags"] == {"calm": 3}
    assert (summary["entries"], summary["rejected"], summary["records"]) == (6, 0, 6)
    assert summary["size"] == talks.path().stat().st_size
    assert summary["state"] == "ready"
    assert datetime.fromisoformat(summary["changed_at"]).tzinfo


def test_show_says_when_another_program_changed_the_file(talks):
    with talks.path().open("ab") as file:
        file.write(line(7))
    assert talks.json("show", "talks").json["state"] == "changed_outside"
    talks.path().unlink()
    assert talks.json("show", "talks").json["state"] == "missing"


def test_show_gives_an_entry_as_it_stands_in_the_file(talks):
    assert talks.json("show", "talks", "--entry", talks.keys()[2]).json == {"entry": entry(2)}


@pytest.mark.parametrize("odd", [b'1, "x": 2', b"1" * 5000, b"[" * 500 + b"]" * 500])
def test_what_no_object_can_hold_is_shown_raw_too(run, tmp_path, odd):
    (tmp_path / "odd.jsonl").write_bytes(GOOD.replace(b"}\n", b', "x": ' + odd + b"}\n"))
    assert run("import", tmp_path / "odd.jsonl").code == 0
    shown = run.json("show", "odd", "--entry", run.keys("odd")[0]).json
    assert shown["raw"].encode() + b"\n" == run.path("odd").read_bytes()
    assert shown["locked"]


def test_a_dataset_is_made_renamed_trashed_and_taken_back(run):
    made = run.json("new", "talks")
    assert made.json["operation"]["datasets"] == ["talks"]
    assert set(made.json["operation"]) == {"id", "title", "at", "datasets", "changed", "undoes"}
    assert run("rename", "talks", "tales").code == 0
    assert "now called tales" in run.json("show", "talks").error
    assert run("trash", "tales").code == 0
    assert run.json("list").json == {"datasets": []}
    assert [one["slug"] for one in run.json("list", "--trashed").json["datasets"]] == ["tales"]
    assert run("untrash", "tales").code == 0
    assert run.path("tales").read_bytes() == b""


@pytest.mark.parametrize(
    "line",
    [("new", "Talks"), ("new", "../up"), ("new", "talks"), ("rename", "talks", "con"), ("untrash", "talks")],
)
def test_what_cannot_be_is_refused(talks, line):
    before = json.dumps(talks.json("list").json)
    assert talks.json(*line).error
    assert json.dumps(talks.json("list").json) == before
