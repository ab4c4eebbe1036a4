"""Steps that follow a commit: done twice they end the same, and what another program wrote is left alone."""

import pytest

from app.store.datasets import content_of, signature
from app.store.places import prepare
from app.store.publish import ContentDiffers, Step, perform, step_of, sweep, sweep_imports


@pytest.fixture
def places(tmp_path):
    return prepare(tmp_path / "home")


def twice(step, places):
    step = step_of(step.as_json())
    perform(step, places)
    perform(step, places)


def test_a_folder_is_made(places):
    twice(Step("make", "datasets/a/b"), places)
    assert (places.home / "datasets/a/b").is_dir()


def test_a_file_is_replaced(places):
    old, new = places.home / "old", places.home / "new"
    old.write_bytes(b"old\n")
    new.write_bytes(b"new\n")
    twice(Step("replace", "old", "new", content_of(old), content_of(new)), places)
    assert old.read_bytes() == b"new\n"
    assert not new.exists()


@pytest.mark.parametrize("seen", [False, True])
def test_a_file_that_another_program_wrote_is_not_replaced(places, seen):
    old, new = places.home / "old", places.home / "new"
    old.write_bytes(b"old\n")
    new.write_bytes(b"new\n")
    step = Step("replace", "old", "new", content_of(old), content_of(new), signature(old) if seen else "")
    old.write_bytes(b"theirs\n")
    for _ in range(2):
        with pytest.raises(ContentDiffers):
            perform(step, places)
    assert (old.read_bytes(), new.read_bytes()) == (b"theirs\n", b"new\n")


def test_a_file_that_was_touched_and_is_the_same_is_replaced(places):
    old, new = places.home / "old", places.home / "new"
    old.write_bytes(b"old\n")
    new.write_bytes(b"new\n")
    step = Step("replace", "old", "new", content_of(old), content_of(new), signature(old))
    old.unlink()
    old.write_bytes(b"old\n")
    perform(step, places)
    assert old.read_bytes() == b"new\n"


@pytest.mark.parametrize("action", ["link", "copy"])
def test_a_backup_is_made_of_the_content_that_was_meant_and_of_no_other(places, action):
    source, target = places.home / "source", places.home / "kept/backup"
    source.write_bytes(b"old\n")
    step = Step(action, "kept/backup", "source", before=content_of(source), seen=signature(source))
    source.write_bytes(b"theirs\n")
    perform(step, places)
    assert not target.exists()
    source.write_bytes(b"old\n")
    twice(step, places)
    assert target.read_bytes() == b"old\n"
    assert target.samefile(source) == (action == "link")


def test_a_file_is_renamed_into_a_folder_that_is_made(places):
    (places.home / "old").write_bytes(b"x")
    twice(Step("rename", "there/new", "old"), places)
    assert (places.home / "there/new").read_bytes() == b"x"


def test_a_file_is_removed_unless_it_is_another(places):
    path = places.home / "old"
    path.write_bytes(b"old\n")
    step = Step("remove", "old", before=content_of(path))
    path.write_bytes(b"theirs\n")
    with pytest.raises(ContentDiffers):
        perform(step, places)
    path.write_bytes(b"old\n")
    twice(step, places)
    assert not path.exists()


def test_sweeping_takes_our_temporary_files_and_spares_those_that_are_needed(places):
    folder = places.datasets
    names = [".a.jsonl.1.rolethread-tmp", ".a.jsonl.2.rolethread-tmp", ".b.jsonl.1.rolethread-tmp", "a.jsonl"]
    for name in names:
        (folder / name).touch()
    sweep([folder, folder / "nowhere"], {folder / names[1]}, of="a.jsonl")
    assert {path.name for path in folder.iterdir()} == set(names[1:])
    sweep([folder], set())
    assert [path.name for path in folder.iterdir()] == ["a.jsonl"]


def test_what_dead_imports_left_is_swept_whatever_it_is(places):
    (places.imports / "one").mkdir()
    (places.imports / "one/dataset.jsonl").touch()
    (places.imports / "two.lock").touch()
    (places.imports / "three").mkdir()
    (places.imports / "three.lock").touch()
    sweep_imports(places.imports)
    assert list(places.imports.iterdir()) == []
