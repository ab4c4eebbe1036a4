"""What a sidecar brings along, what of it is left out, and what it never tells of others."""

import json
from collections import Counter

import pytest

from app.registry import rows
from app.registry.database import connected
from app.registry.models import Alias, Character, Prompt
from app.services import characters, editing, history, opening, prompts, tagging
from app.services.casting import cast_of
from app.services.taxonomy import taxonomy
from app.store.places import sidecar_of
from tests.sidecars import check_pair
from tests.workshop import DATASET, SAMPLES, check_home, dataset, keys, line, uuid, value_of

SOURCE = SAMPLES / "rolethread-lite" / "native" / "harbor_tales.jsonl"
with_samples = pytest.mark.skipif(not SAMPLES.is_dir(), reason=f"the samples are not at {SAMPLES}")


def brought(folder, name="tales", **changes):
    """The sample and its sidecar in a folder of their own, some of its keys said otherwise."""
    folder.mkdir(exist_ok=True)
    path = folder / f"{name}.jsonl"
    path.write_bytes(SOURCE.read_bytes())
    sidecar = json.loads(sidecar_of(SOURCE).read_bytes())
    for key, value in changes.items():
        sidecar[key] = value(sidecar[key])
    sidecar_of(path).write_text(json.dumps(sidecar, indent=2, ensure_ascii=False) + "\n")
    return path


def said(path):
    return json.loads(sidecar_of(path).read_bytes())


@with_samples
def test_everything_that_a_sidecar_says_arrives(library, tmp_path):
    found = opening.import_path(library, brought(tmp_path / "a"))
    tags = taxonomy(library)
    active = [tag for tag in tags.every() if tag.status == "active" and (tag.entries or not tag.builtin)]
    assert (len(active), [tag.slug for tag in tags.imported]) == (12, ["uncommon_import"])
    assert [each.slug for each in tags.categories if not each.builtin] == ["harbor_themes", "craft_remarks"]
    with connected():
        assert {row.old_slug for row in Alias.select()} == {"storm_talk", "still_scene"}
        assert Character.select().count() == 3
        casts = rows.casts(library.dataset("tales").id)
        assert (len(casts), sum(map(len, casts.values()))) == (3, 10)
    assert [len(each.datasets) for each in prompts.prompts(library)] == [1, 1, 1]
    assert found.notes == []
    check_pair(found.path.read_bytes(), sidecar_of(found.path).read_bytes())
    check_home(library, tmp_path)


@with_samples
def test_undoing_the_import_moves_the_dataset_alone_and_redo_brings_it_back(library, tmp_path):
    opening.import_path(library, brought(tmp_path / "a"))
    history.undo(library, "tales")
    with connected():
        assert [model.select().count() for model in (Alias, Character, Prompt)] == [2, 3, 3]
    history.redo(library, "tales")
    assert taxonomy(library).tag("fog").category == "harbor_themes"
    told = said(SOURCE)["entry_character_mappings"]
    speaks = Counter(slug for each in told for slug in {turn["character_slug"] for turn in each["turns"]})
    assert {each.slug: each.entries for each in characters.characters(library)} == speaks
    check_home(library, tmp_path)


@with_samples
def test_rows_that_were_here_win_and_each_difference_is_told(library, tmp_path):
    tagging.create(library, "Fog", "style")
    characters.create(library, "tomas", description="mine")
    characters.edit(library, "tomas", name="Tómas")
    found = opening.import_path(library, brought(tmp_path / "a"))
    assert taxonomy(library).tag("fog").category == "style"
    notes = " ".join(found.notes)
    assert "Tag fog stays as it is here: its category is “Style”, the sidecar has “Harbor Themes”." in notes
    assert "Character tomas stays as it is here: its display name is “Tómas”" in notes
    assert "its description is “mine”" in notes
    check_pair(found.path.read_bytes(), sidecar_of(found.path).read_bytes())
    assert {each["slug"]: each["display_name"] for each in said(found.path)["characters"]}["tomas"] == "Tómas"


@with_samples
def test_a_tag_that_nobody_has_decided_on_becomes_what_a_sidecar_says(library, tmp_path):
    alone = tmp_path / "alone.jsonl"
    alone.write_bytes(SOURCE.read_bytes())
    opening.import_path(library, alone)
    assert taxonomy(library).tag("fog").status == "imported"
    found = opening.import_path(library, brought(tmp_path / "a"), copy=True)
    assert (taxonomy(library).tag("fog").status, taxonomy(library).tag("fog").category) == (
        "active",
        "harbor_themes",
    )
    assert found.notes == []
    history.undo(library, found.slug)
    assert taxonomy(library).tag("fog").status == "active"
    check_home(library, tmp_path)


@with_samples
def test_only_entries_and_messages_that_are_there_are_mapped(library, tmp_path):
    def strange(mappings):
        mappings[0]["turns"].append({**mappings[0]["turns"][0], "turn_index": 99})
        mappings[0]["turns"].append({**mappings[0]["turns"][0], "turn_index": -1})
        return [*mappings, {"entry_uuid": uuid(77), "turns": mappings[0]["turns"]}]

    found = opening.import_path(library, brought(tmp_path / "a", entry_character_mappings=strange))
    with connected():
        casts = rows.casts(library.dataset("tales").id)
    assert (len(casts), sum(map(len, casts.values()))) == (3, 10)
    assert f"A mapping was left out: there is no entry {uuid(77)}." in found.notes
    assert any("that were mapped" in note for note in found.notes)
    check_pair(found.path.read_bytes(), sidecar_of(found.path).read_bytes())


@with_samples
def test_entries_that_name_no_dataset_get_the_rows_and_not_the_mappings(library, tmp_path):
    path = brought(tmp_path / "a")
    entries = [json.loads(each) for each in path.read_bytes().split(b"\n") if each]
    for each in entries:
        del each["_rolethread"]
    path.write_text("".join(json.dumps(each) + "\n" for each in entries))
    found = opening.import_path(library, path)
    assert found.sidecar == "used"
    assert taxonomy(library).tag("fog").category == "harbor_themes"
    with connected():
        assert rows.casts(library.dataset("tales").id) == {}
    assert any(note.startswith("Who speaks was not taken") for note in found.notes)


@with_samples
def test_a_former_name_in_a_sidecar_is_replaced_in_the_entries_that_it_came_with(library, tmp_path):
    path = brought(tmp_path / "a")
    path.write_bytes(path.read_bytes().replace(b'"storm_dialogue"', b'"storm_talk"', 1))
    found = opening.import_path(library, path)
    assert b"storm_talk" not in found.path.read_bytes()
    assert "Former names of tags were replaced by the present ones: storm_talk (1)." in found.notes
    check_home(library, tmp_path)


@with_samples
def test_a_strange_sidecar_renames_nothing(library, tmp_path):
    path = brought(tmp_path / "a", dataset=lambda it: {**it, "dataset_uuid": DATASET.replace("6", "7")})
    path.write_bytes(path.read_bytes().replace(b'"storm_dialogue"', b'"storm_talk"', 1))
    before = sidecar_of(path).read_bytes()
    found = opening.import_path(library, path)
    assert (found.sidecar, found.path.read_bytes()) == ("ignored", path.read_bytes())
    editing.delete_entries(library, "tales", keys(library, "tales")[:1])
    assert sidecar_of(found.path).read_bytes() == before
    with connected():
        assert Alias.select().count() == 0


@with_samples
def test_keys_that_others_put_there_stay(library, tmp_path):
    path = brought(
        tmp_path / "a",
        metadata=lambda it: {**it, "theirs": 1.5},
        tags=lambda it: [{**each, "note": each["slug"]} for each in it],
    )
    sidecar = said(path)
    sidecar_of(path).write_text(json.dumps({**sidecar, "their_own": {"x": [1]}}, indent=2) + "\n")
    found = opening.import_path(library, path)
    editing.delete_entries(library, "tales", keys(library, "tales")[:1])
    now = said(found.path)
    assert (now["metadata"]["theirs"], now["their_own"]) == (1.5, {"x": [1]})
    assert all(each["note"] == each["slug"] for each in now["tags"])
    check_pair(found.path.read_bytes(), sidecar_of(found.path).read_bytes())


@with_samples
def test_a_sidecar_tells_nothing_of_other_datasets(library, tmp_path):
    opening.import_path(library, brought(tmp_path / "a"))
    characters.create(library, "Secret friend")
    prompts.create(library, "Secret", "nobody is to read this")
    other = opening.import_path(library, dataset(tmp_path / "talks.jsonl"))
    text = sidecar_of(other.path).read_text()
    for word in ("ecret", "fog", "tomas", "harbor", "storm"):
        assert word not in text.lower()
    check_pair(other.path.read_bytes(), text.encode())


def test_a_sidecar_that_another_program_changes_is_left_alone_from_then_on(library, talks, tmp_path):
    editing.save_entry(library, "talks", None, value_of(library, "talks", uuid(1)))
    theirs = sidecar_of(talks).read_bytes().replace(b"Calm", b"Very calm")
    assert theirs != sidecar_of(talks).read_bytes()
    sidecar_of(talks).write_bytes(theirs)
    editing.delete_entries(library, "talks", keys(library, "talks")[:1])
    assert sidecar_of(talks).read_bytes() == theirs
    info = library.dataset("talks")
    assert (info.sidecar, info.sidecar_note) == ("alone", "another program changed it")
    assert info.entries == 6


def test_a_cast_arrives_in_place_and_the_persons_sidecar_waits_for_the_first_change(library, tmp_path):
    if not SAMPLES.is_dir():
        pytest.skip(f"the samples are not at {SAMPLES}")
    path = brought(tmp_path / "own")
    before = sidecar_of(path).read_bytes()
    opening.import_path(library, path, in_place=True)
    assert sidecar_of(path).read_bytes() == before
    mapped = said(path)["entry_character_mappings"][0]["entry_uuid"]
    assert cast_of(library, "tales", mapped)
    editing.delete_entries(library, "tales", [mapped])
    check_pair(path.read_bytes(), sidecar_of(path).read_bytes())
    assert len(said(path)["entry_character_mappings"]) == 2
    history.undo(library, "tales")
    assert len(said(path)["entry_character_mappings"]) == 3
    assert path.read_bytes() == SOURCE.read_bytes()
    check_home(library, tmp_path)


def test_a_sidecar_of_many_odd_tags_is_still_one(library, tmp_path):
    path = tmp_path / "odd.jsonl"
    path.write_bytes(
        b"".join(line(n, tags=tag) for n, tag in enumerate([["!!!"], ["懸疑"], ["A & B"], ["ﬁ"], [""]]))
    )
    found = opening.import_path(library, path)
    check_pair(found.path.read_bytes(), sidecar_of(found.path).read_bytes())
    assert said(found.path)["dataset"]["tag_usage_counts"] == {"a_b": 1, "fi": 1, "懸疑": 1}
