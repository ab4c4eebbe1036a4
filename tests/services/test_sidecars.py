"""The sidecar follows what the registry says, waits where it must, and never stops the entries."""

import errno
import json
import os
from pathlib import Path

import pytest

from app.domain.tagging import TagEdit
from app.errors import Unfinished
from app.registry.database import connected
from app.registry.models import Dataset
from app.services import characters, editing, opening, outside, prompts, settling, tagging
from app.store.places import sidecar_of
from tests.casting import cast, check_all
from tests.faults import watched
from tests.sidecars import check_pair
from tests.workshop import check_home, dataset, keys, line, uuid

UNREADABLE = Path("/proc/self/mem")  # a file whose first byte cannot be read, not even by root


@pytest.fixture(params=["working copy", "in place"])
def path(library, tmp_path, request):
    """A dataset with a sidecar."""
    source = dataset(tmp_path / "talks.jsonl")
    return opening.import_path(library, source, in_place=request.param == "in place").path


def tag(library, number: int, name: str) -> None:
    editing.edit_tags(library, "talks", [uuid(number)], TagEdit(add=(name,)))


def counts(path: Path) -> dict[str, int]:
    """How often each tag is used, by the sidecar."""
    return json.loads(sidecar_of(path).read_bytes())["dataset"]["tag_usage_counts"]


def test_one_that_changes_while_ours_is_put_in_place_is_left_alone(library, path, tmp_path):
    sidecar, theirs = sidecar_of(path), b'{"theirs": 1}'

    def meddle(name):
        if name == "committed":
            sidecar.write_bytes(theirs)

    with watched(meddle, labels=True):
        tag(library, 0, "storm")
    info = library.dataset("talks")
    assert (info.state, info.sidecar, info.sidecar_note) == ("ready", "alone", "another program changed it")
    assert b"storm" in path.read_bytes()
    assert not list(path.parent.glob(".*.rolethread-tmp"))
    tag(library, 2, "fog")
    assert sidecar.read_bytes() == theirs
    check_home(library, tmp_path)
    settling.replace_sidecar(library, "talks")
    check_all(library, tmp_path)


def test_it_counts_the_tags_that_another_program_brought(library, path, tmp_path):
    path.write_bytes(path.read_bytes() + line(50, tags=["brand new", "calm"]))
    outside.settle(library, "talks", keep="outside")
    assert counts(path) == {"calm": 4, "brand_new": 1}
    tagging.rename(library, "brand_new", "old")
    assert counts(path) == {"calm": 4, "old": 1}
    check_all(library, tmp_path)


def test_tags_that_were_not_counted_are_counted_first(library, path, tmp_path):
    with connected():  # as in a home of an earlier version
        Dataset.update(counted="").execute()
    prompts.create(library, "Mood", "Be calm.")
    prompts.attach(library, "mood", "talks")
    assert counts(path) == {"calm": 3}
    check_all(library, tmp_path)


def test_it_waits_until_the_tags_of_a_dataset_can_be_counted(library, path, tmp_path):
    characters.create(library, "Kai")
    cast(library, "talks", 0, ["kai", None])
    before = sidecar_of(path).read_bytes()
    with connected():
        Dataset.update(counted="").execute()
    path.write_bytes(path.read_bytes() + line(50))
    characters.edit(library, "kai", name="Kay")
    assert sidecar_of(path).read_bytes() == before
    outside.settle(library, "talks", keep="ours")
    editing.move_entry(library, "talks", keys(library, "talks")[0], 3)
    assert b"Kay" in sidecar_of(path).read_bytes()
    check_all(library, tmp_path)


def test_it_waits_while_an_operation_waits_for_the_disk(library, path, tmp_path):
    characters.create(library, "Kai")
    cast(library, "talks", 0, ["kai", None])

    names = [""]

    def refuse(name):
        names.append(name)
        if names[-2:] == ["publish replace", "replace"]:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with watched(refuse, labels=True):
        with pytest.raises(Unfinished):
            tag(library, 0, "storm")
        characters.edit(library, "kai", name="Kay")
    prompts.create(library, "Mood", "Be calm.")  # and what waited is put in place
    info = library.dataset("talks")
    assert (info.state, info.sidecar) == ("ready", "found")
    assert counts(path) == {"calm": 3, "storm": 1}
    editing.move_entry(library, "talks", keys(library, "talks")[0], 3)  # whatever is done to it next
    assert b"Kay" in sidecar_of(path).read_bytes()
    check_all(library, tmp_path)


def test_a_folder_of_its_name_does_not_stop_the_entries(library, path, tmp_path):
    sidecar_of(path).unlink()
    sidecar_of(path).mkdir()
    tag(library, 0, "storm")
    editing.delete_entries(library, "talks", keys(library, "talks")[1:3])
    info = library.dataset("talks")
    assert (info.state, info.sidecar) == ("ready", "alone")
    assert info.sidecar_note == "talks.registry.json could not be read: it is a folder"
    check_home(library, tmp_path)
    sidecar_of(path).rmdir()
    settling.replace_sidecar(library, "talks")
    check_pair(path.read_bytes(), sidecar_of(path).read_bytes())


@pytest.mark.skipif(not UNREADABLE.exists(), reason="no such file on this system")
@pytest.mark.parametrize("in_place", [False, True])
def test_a_dataset_whose_sidecar_cannot_be_read_opens_without_it(library, tmp_path, in_place):
    source = dataset(tmp_path / "talks.jsonl")
    sidecar_of(source).symlink_to(UNREADABLE)
    imported = opening.import_path(library, source, in_place=in_place)
    assert imported.sidecar == "ignored"
    assert "could not be read: the disk reported a fault" in imported.notes[0]
    tag(library, 0, "storm")
    assert library.dataset("talks").sidecar == "alone"
    check_home(library, tmp_path)
