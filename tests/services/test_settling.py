"""A sidecar that is not ours to write stays as it is until the person replaces it; undo brings it back."""

import json
from uuid import uuid4

import pytest

from app.domain.tagging import TagEdit
from app.errors import Conflict, Refused
from app.registry.database import connected
from app.registry.models import Dataset, Tag
from app.services import editing, history, opening, outside, prompts, settling
from app.store.places import sidecar_of
from tests.casting import check_all, spoken
from tests.sidecars import check_pair
from tests.workshop import DATASET, SAMPLES, check_home, dataset, keys, uuid

NATIVE = SAMPLES / "rolethread-lite" / "native" / "harbor_tales.registry.json"


def sidecar(**changes) -> bytes:
    """The sidecar of the sample, as if it were of our entries, with some of it otherwise."""
    value = json.loads(NATIVE.read_bytes())
    value["dataset"]["dataset_uuid"] = DATASET
    for path, found in changes.items():
        part, _, key = path.partition("__")
        if key:
            value[part][key] = found
        else:
            value[part] = found
    return json.dumps(value, indent=2).encode()


STRANGE = {
    "of another dataset": (sidecar(dataset__dataset_uuid=str(uuid4())), "it belongs to another dataset"),
    "of a newer schema": (sidecar(metadata__schema_version=2), "it cannot be read"),
    "truncated": (sidecar()[:500], "it cannot be read"),
    "of wrong types": (sidecar(tags={"calm": 1}), "it cannot be read"),
    "empty": (b"", "it cannot be read"),
}


@pytest.fixture(params=STRANGE.values(), ids=STRANGE)
def strange(request, library, tmp_path):
    """A dataset whose sidecar is odd, and the bytes of that sidecar."""
    source = dataset(tmp_path / "talks.jsonl")
    data, why = request.param
    sidecar_of(source).write_bytes(data)
    imported = opening.import_path(library, source)
    assert any(why in note for note in imported.notes)
    return data


def beside(library) -> bytes:
    """The sidecar that lies beside the dataset in the library."""
    return sidecar_of(library.dataset("talks").path).read_bytes()


def edit(library, tag: str) -> None:
    editing.edit_tags(library, "talks", keys(library, "talks")[:2], TagEdit(add=(tag,)))


def test_the_entries_open_and_the_sidecar_is_never_overwritten(library, strange, tmp_path):
    info = library.dataset("talks")
    assert (info.entries, info.sidecar) == (6, "alone")
    assert info.sidecar_note in " ".join(info.notes)
    assert info.sidecar_waits
    edit(library, "storm")
    history.undo(library, "talks")
    edit(library, "fog")
    assert beside(library) == strange
    check_home(library, tmp_path)


def test_ours_takes_its_place_and_undo_brings_it_back(library, strange, tmp_path):
    edit(library, "storm")
    done = settling.replace_sidecar(library, "talks")
    ours = beside(library)
    check_pair(library.dataset("talks").path.read_bytes(), ours)
    assert (library.dataset("talks").sidecar, library.dataset("talks").sidecar_waits) == ("used", False)
    history.undo(library, "talks", done.id)
    assert beside(library) == strange
    assert library.dataset("talks").sidecar == "alone"
    edit(library, "fog")
    assert beside(library) == strange
    check_home(library, tmp_path)


def test_nothing_of_another_datasets_sidecar_is_in_ours(library, tmp_path):
    source = dataset(tmp_path / "talks.jsonl")
    sidecar_of(source).write_bytes(sidecar(dataset__dataset_uuid=str(uuid4()), private="theirs"))
    opening.import_path(library, source)
    settling.replace_sidecar(library, "talks")
    assert b"theirs" not in beside(library)


def test_the_replacement_is_done_again(library, strange):
    settling.replace_sidecar(library, "talks")
    history.undo(library, "talks")
    history.redo(library, "talks")
    check_pair(library.dataset("talks").path.read_bytes(), beside(library))
    history.undo(library, "talks")
    assert beside(library) == strange


def test_after_the_replacement_it_follows_the_entries(library, strange):
    settling.replace_sidecar(library, "talks")
    edit(library, "storm")
    assert json.loads(beside(library))["dataset"]["tag_usage_counts"] == {"calm": 3, "storm": 2}


def test_kept_theirs_is_asked_about_no_more_and_can_still_be_replaced(library, strange):
    settling.keep_sidecar(library, "talks")
    info = library.dataset("talks")
    assert (info.sidecar, info.sidecar_waits) == ("alone", False)
    assert info.sidecar_note
    assert beside(library) == strange
    settling.replace_sidecar(library, "talks")
    check_pair(library.dataset("talks").path.read_bytes(), beside(library))


def test_one_that_is_gone_is_gone_again_after_undo(library, strange):
    path = sidecar_of(library.dataset("talks").path)
    path.unlink()
    settling.replace_sidecar(library, "talks")
    assert path.exists()
    history.undo(library, "talks")
    assert not path.exists()


def test_one_that_another_program_changed_is_left_alone(library, talks):
    edit(library, "storm")
    path = sidecar_of(talks)
    theirs = path.read_bytes() + b"\n"
    path.write_bytes(theirs)
    edit(library, "fog")
    assert path.read_bytes() == theirs
    assert library.dataset("talks").sidecar_note == "another program changed it"
    settling.replace_sidecar(library, "talks")
    check_pair(talks.read_bytes(), path.read_bytes())


def test_a_sidecar_that_is_ours_is_not_settled(library, talks):
    for act in (settling.replace_sidecar, settling.keep_sidecar):
        with pytest.raises(Refused, match="was not left alone"):
            act(library, "talks")


def test_one_of_ours_that_another_program_changed_survives_undo(library, strange, tmp_path):
    done = settling.replace_sidecar(library, "talks")
    path = sidecar_of(library.dataset("talks").path)
    theirs = path.read_bytes() + b"\n"
    path.write_bytes(theirs)
    with pytest.raises(Conflict, match="changed the sidecar of talks since"):
        history.undo(library, "talks", done.id)
    assert path.read_bytes() == theirs
    path.unlink()
    history.undo(library, "talks", done.id)
    assert path.read_bytes() == strange
    check_home(library, tmp_path)


@pytest.fixture(params=["working copy", "in place"])
def earlier(request, library, tmp_path):
    """A dataset as an earlier version has it, with a sidecar that nobody looked at."""
    source = dataset(tmp_path / "talks.jsonl")
    path = opening.import_path(library, source, in_place=request.param == "in place").path
    with connected():
        Tag.delete().execute()
        Dataset.update(sidecar="none", sidecar_content="", counted="").execute()
    return path


def with_casts() -> bytes:
    """A sidecar of ours in which Mara speaks, also in an entry that is not there, and with a foreign key."""
    turn = {"turn_index": 1, "character_slug": "mara", "training_role": "assistant", "source_role_label": "M"}
    mappings = [{"entry_uuid": uuid(number), "turns": [turn]} for number in (0, 3, 70)]
    return sidecar(entry_character_mappings=mappings, theirs="kept")


def test_one_that_nobody_looked_at_is_taken_in_before_anything_else(library, earlier, tmp_path):
    sidecar_of(earlier).write_bytes(with_casts())
    prompts.create(library, "Mood", "Be calm.")
    info = library.dataset("talks")
    assert (info.sidecar, info.report["sidecar"]) == ("used", "used")
    assert any("there is no entry" in note for note in info.notes)
    mapped = {uuid(0): {1: "mara"}, uuid(3): {1: "mara"}}
    assert spoken(library, "talks") == mapped
    assert b'"theirs": "kept"' in sidecar_of(earlier).read_bytes()
    check_all(library, tmp_path)
    edit(library, "storm")
    history.undo(library, "talks")
    edit(library, "fog")
    history.restore(library, "talks", 1)
    assert spoken(library, "talks") == mapped
    check_all(library, tmp_path)


def test_the_first_operation_may_be_about_the_very_entry(library, earlier, tmp_path):
    sidecar_of(earlier).write_bytes(with_casts())
    editing.delete_entries(library, "talks", [uuid(3)])
    assert spoken(library, "talks") == {uuid(0): {1: "mara"}}
    check_all(library, tmp_path)
    history.undo(library, "talks")
    assert set(spoken(library, "talks")) == {uuid(0), uuid(3)}
    check_all(library, tmp_path)


@pytest.mark.parametrize(("data", "why"), STRANGE.values(), ids=STRANGE)
def test_one_that_nobody_looked_at_and_is_odd_is_left_alone_for_that(library, earlier, data, why, tmp_path):
    sidecar_of(earlier).write_bytes(data)
    edit(library, "storm")
    info = library.dataset("talks")
    assert info.sidecar == "alone"
    assert why in info.sidecar_note
    assert sidecar_of(earlier).read_bytes() == data
    check_home(library, tmp_path)


def test_one_that_nobody_looked_at_waits_for_its_dataset(library, earlier, tmp_path):
    sidecar_of(earlier).write_bytes(with_casts())
    ours = earlier.read_bytes()
    earlier.write_bytes(ours + b"\n")
    prompts.create(library, "Mood", "Be calm.")
    assert (library.dataset("talks").sidecar, beside(library)) == ("none", with_casts())
    outside.settle(library, "talks", keep="ours")
    prompts.create(library, "Tone", "Be kind.")
    assert set(spoken(library, "talks")) == {uuid(0), uuid(3)}
    check_all(library, tmp_path)
