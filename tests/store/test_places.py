"""Every file of a home has its place, and no name leads out of it."""

import pytest

from app.errors import AppError, StoreError
from app.store.places import FOLDERS, Places, owner_key, prepare, sidecar_of, staged


def test_a_home_is_made_for_its_owner_alone(tmp_path):
    places = prepare(tmp_path / "deep" / "home")
    assert prepare(places.home) == places
    for folder in (places.home, *(places.home / name for name in FOLDERS)):
        assert folder.is_dir()
        assert folder.stat().st_mode & 0o077 == 0


def test_a_home_that_cannot_be_is_said(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(StoreError, match="The home"):
        prepare(tmp_path / "file" / "home")


@pytest.mark.parametrize("name", ["..", "../x", "/etc", "a/b", "", ".", "a\0b", "Ä", "con", "x" * 300])
def test_no_name_leads_out(tmp_path, name):
    places = Places(tmp_path)
    for place in (places.dataset, places.rejected, places.backups, places.dataset_folder):
        with pytest.raises(AppError):
            place(name)


def test_paths_are_recorded_so_that_a_home_can_be_moved(tmp_path):
    places = Places(tmp_path / "home")
    inside, outside = places.dataset("talks"), tmp_path / "own" / "talks.jsonl"
    assert places.spell(inside) == "datasets/talks/talks.jsonl"
    assert places.resolve(places.spell(outside)) == outside
    assert (
        Places(tmp_path / "moved").resolve(places.spell(inside))
        == tmp_path / "moved/datasets/talks/talks.jsonl"
    )


def test_names_beside_a_dataset(tmp_path):
    path = tmp_path / "talks.jsonl"
    assert staged(path, 7).name == ".talks.jsonl.7.rolethread-tmp"
    assert sidecar_of(path).name == "talks.registry.json"


def test_the_owners_key_is_made_once_and_for_the_owner_alone(tmp_path):
    prepare(tmp_path)
    key = owner_key(tmp_path)
    assert len(key) >= 32
    assert owner_key(tmp_path) == key
    assert (tmp_path / "owner.key").stat().st_mode & 0o077 == 0
    assert list(tmp_path.glob("*.rolethread-tmp")) == []
