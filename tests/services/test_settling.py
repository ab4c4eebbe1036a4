"""A sidecar that is not ours to write stays as it is until the person replaces it; undo brings it back."""

import json
from uuid import uuid4

import pytest

from app.domain.tagging import TagEdit
from app.errors import Conflict, Refused
from app.services import editing, history, opening, settling
from app.store.places import sidecar_of
from tests.sidecars import check_pair
from tests.workshop import DATASET, SAMPLES, check_home, dataset, keys

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
