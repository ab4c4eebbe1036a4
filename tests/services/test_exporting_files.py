"""An export written to a file: whole or not at all, and never over a dataset's own."""

import errno
import json
import multiprocessing
import os
import signal
import time

import pytest

from app.config import Config
from app.errors import Conflict, NotFound, Refused, StoreError
from app.services import characters, exporting, opening, outside
from app.services.library import Library
from app.store.places import sidecar_of
from tests.casting import cast, spoken
from tests.faults import watched
from tests.sidecars import check_pair
from tests.workshop import DATASET, check_home, dataset, entry, keys

context = multiprocessing.get_context("forkserver")


def exported(library, form, **options):
    return b"".join(exporting.export(library, "talks", form, **options))


def test_a_full_export_is_the_file_and_comes_back_as_the_same_entries(library, talks, tmp_path):
    assert exported(library, "chatml") == talks.read_bytes()
    out = exporting.export_to(library, "talks", "chatml", tmp_path / "out.jsonl").path
    again = opening.import_path(library, out, copy=True)
    assert again.path.read_bytes() == talks.read_bytes()


@pytest.mark.parametrize("form", ["chatml", "sharegpt"])
def test_a_clean_export_comes_back_as_the_same_conversations(library, talks, tmp_path, form):
    out = exporting.export_to(library, "talks", form, tmp_path / f"{form}.jsonl", clean=True)
    assert out.entries == 6
    again = opening.import_path(library, out.path)
    said = [json.loads(raw)["messages"] for raw in again.path.read_bytes().split(b"\n")[:-1]]
    assert said == [entry(number)["messages"] for number in range(6)]
    assert b"tags" not in out.path.read_bytes()


def test_what_is_not_there_is_not_exported(library, talks):
    with pytest.raises(NotFound):
        exported(library, "chatml", selection=["nobody"])
    with pytest.raises(Refused):
        exported(library, "csv")


def test_an_odd_line_stays_out_and_odd_entries_are_said(library, talks):
    talks.write_bytes(b"{broken\n\n" + talks.read_bytes() + b'{"messages": 5}\n')
    outside.settle(library, "talks", keep="outside")
    report = exporting.Report()
    assert exported(library, "sharegpt", clean=True, report=report).count(b"\n") == report.entries
    assert report.entries + report.skipped == 7


def test_nothing_is_written_over_without_being_told_to(library, talks, tmp_path):
    out = tmp_path / "out.jsonl"
    out.write_bytes(b"mine")
    with pytest.raises(Conflict):
        exporting.export_to(library, "talks", "chatml", out)
    assert out.read_bytes() == b"mine"
    assert exporting.export_to(library, "talks", "chatml", out, force=True).path == out
    names = {exporting.export_to(library, "talks", "chatml").path.name for _ in range(3)}
    assert len(names) == 3


def test_a_datasets_own_file_is_never_a_target(library, talks, tmp_path):
    before = talks.read_bytes()
    (tmp_path / "link.jsonl").symlink_to(talks)
    (tmp_path / "name.jsonl").hardlink_to(talks)
    for target in (talks, tmp_path / "link.jsonl", tmp_path / "name.jsonl", library.places.registry):
        with pytest.raises(Refused):
            exporting.export_to(library, "talks", "chatml", target, force=True)
    (tmp_path / "name.jsonl").unlink()
    assert talks.read_bytes() == before
    check_home(library, tmp_path)


@pytest.mark.parametrize("call", ["open", "write", "fsync", "replace"])
def test_a_disk_that_refuses_leaves_what_was_there(library, talks, tmp_path, call):
    folder = tmp_path / "out"
    folder.mkdir()
    out = folder / "out.jsonl"
    out.write_bytes(b"mine")
    keys(library, "talks")

    def refuse(name):
        if name == call:
            raise OSError(errno.ENOSPC, "full")

    with watched(refuse), pytest.raises(StoreError, match="the disk is full"):
        exporting.export_to(library, "talks", "chatml", out, force=True)
    assert out.read_bytes() == b"mine"
    assert [path.name for path in folder.iterdir()] == ["out.jsonl"]


def export_and_die(home, out):
    """Export as a process does that is killed when all is written, but not yet in place."""

    def plug(name):
        if name == "replace":
            os.kill(os.getpid(), signal.SIGKILL)

    with watched(plug):
        exporting.export_to(Library.open(Config(home)), "talks", "chatml", out, force=True)


def age(path, seconds):
    past = time.time() - seconds
    os.utime(path, (past, past))


@pytest.mark.parametrize("elsewhere", [False, True])
def test_what_a_killed_export_left_goes_once_nothing_can_still_be_writing_it(
    library, talks, tmp_path, elsewhere
):
    keys(library, "talks")
    folder = tmp_path / "out" if elsewhere else library.places.exports
    folder.mkdir(exist_ok=True)
    out = folder / "out.jsonl"
    out.write_bytes(b"mine")
    beside = folder / f".other.jsonl.{'0' * 32}.rolethread-tmp"
    strange = folder / ".out.jsonl.7.rolethread-tmp"  # as a file in place is staged
    for path in (beside, strange):
        path.touch()
        age(path, 7200)
    child = context.Process(target=export_and_die, args=(library.home, out))
    child.start()
    child.join()
    assert child.exitcode == -signal.SIGKILL
    assert out.read_bytes() == b"mine"
    (left,) = folder.glob(".out.jsonl.????????????????????????????????.rolethread-tmp")

    def next_one():
        again = Library.open(Config(library.home))
        if elsewhere:
            exporting.export_to(again, "talks", "chatml", out, force=True)

    next_one()
    assert left.exists(), "an export that is at work keeps its draft"
    age(left, 7200)
    next_one()
    assert not left.exists()
    assert strange.exists()
    assert beside.exists() == elsewhere


@pytest.fixture
def placed(library, tmp_path):
    """A dataset in a place of its own, with its sidecar beside it."""
    path = dataset(tmp_path / "placed.jsonl")
    opening.import_path(library, path, in_place=True)
    assert sidecar_of(path).exists()
    return path


@pytest.mark.parametrize("clean", [True, False])
def test_the_sidecar_of_a_dataset_is_never_a_target(library, talks, placed, tmp_path, clean):
    before = sidecar_of(placed).read_bytes()
    (tmp_path / "link.registry.json").symlink_to(sidecar_of(placed))
    for target in (sidecar_of(placed), tmp_path / "link.registry.json"):
        with pytest.raises(Refused, match="own file"):
            exporting.export_to(library, "talks", "chatml", target, clean=clean, force=True)
    assert sidecar_of(placed).read_bytes() == before
    check_home(library, tmp_path)


def test_a_clean_export_leaves_no_sidecar_of_an_earlier_one_beside_it(library, talks, tmp_path):
    out = tmp_path / "out.jsonl"
    exporting.export_to(library, "talks", "chatml", out)
    check_pair(out.read_bytes(), sidecar_of(out).read_bytes())
    out.unlink()
    with pytest.raises(Conflict, match=r"registry\.json already"):
        exporting.export_to(library, "talks", "chatml", out, clean=True)
    done = exporting.export_to(library, "talks", "chatml", out, clean=True, force=True)
    assert (done.files, sidecar_of(out).exists()) == ([out], False)
    assert any("out.registry.json was removed" in note for note in done.report)
    check_home(library, tmp_path)


@pytest.mark.parametrize("strange", [b"precious", b"another's"])
def test_a_clean_export_is_not_put_beside_what_is_no_sidecar_of_its_dataset(
    library, talks, placed, tmp_path, strange
):
    out = tmp_path / "out.jsonl"
    if strange != b"precious":
        strange = sidecar_of(placed).read_bytes().replace(DATASET.encode(), DATASET.encode()[::-1])
        strange = strange.replace(library.dataset("placed").uuid.encode(), b"another")
    sidecar_of(out).write_bytes(strange)
    with pytest.raises(Refused, match="not of an export of talks"):
        exporting.export_to(library, "talks", "chatml", out, clean=True, force=True)
    assert (sidecar_of(out).read_bytes(), out.exists()) == (strange, False)


@pytest.mark.parametrize("clean", [True, False])
def test_a_numbered_export_takes_no_name_whose_sidecar_is_there(library, talks, clean):
    ending = "chatml_clean" if clean else "chatml"
    folder = library.places.exports
    (folder / f"talks_{ending}.jsonl").write_text("mine")
    beside = folder / f"talks_2_{ending}.registry.json"
    beside.write_text("precious")
    done = exporting.export_to(library, "talks", "chatml", clean=clean)
    assert (done.path.name, beside.read_text()) == (f"talks_3_{ending}.jsonl", "precious")


@pytest.mark.parametrize("chosen", [slice(None), slice(6, None)])
def test_a_name_stands_only_in_the_first_entry_of_an_id(library, talks, tmp_path, chosen):
    characters.create(library, "Mara")
    first = cast(library, "talks", 0, ["mara", None])
    value = json.loads(talks.read_bytes().split(b"\n")[0])
    value["messages"][0]["content"] = "Somebody else?"
    talks.write_bytes(talks.read_bytes() + json.dumps(value).encode() + b"\n")
    outside.settle(library, "talks", keep="outside")
    assert spoken(library, "talks") == {first: {0: "mara"}}
    some = keys(library, "talks")[chosen]
    for selection in [some, None] if len(some) == 7 else [some]:
        out = tmp_path / "out.jsonl"
        exporting.export_to(
            library, "talks", "chatml", out, selection=selection, characters="name", force=True
        )
        values = [json.loads(each) for each in out.read_bytes().split(b"\n") if each]
        named = [each["content"] for value in values for each in value["messages"] if "name" in each]
        assert named == (["Question 0?"] if len(some) == 7 else [])
        told = json.loads(sidecar_of(out).read_bytes())["entry_character_mappings"]
        assert [each["entry_uuid"] for each in told] == ([first] if len(some) == 7 else [])
        check_pair(out.read_bytes(), sidecar_of(out).read_bytes())
    check_home(library, tmp_path)
