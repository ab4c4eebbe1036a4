"""What an undo of shared rows puts back, what it leaves alone, and what it refuses in plain words."""

import json

import pytest

from app.domain.tagging import TagEdit
from app.errors import Conflict, NotFound
from app.registry.database import connected, transaction
from app.registry.models import Category, Tag
from app.services import characters, editing, history, opening, prompts, shelving, tagging
from app.services.operation import operation
from app.services.taxonomy import taxonomy
from app.store.places import sidecar_of
from tests.casting import cast, check_all, harbour, lines, spoken
from tests.sidecars import check_pair
from tests.workshop import DATASET, SAMPLES, check_home, dataset, entry, keys, uuid, value_of

SOURCE = SAMPLES / "rolethread-lite" / "native" / "harbor_tales.jsonl"


def typed(library, number, tag="moody"):
    """A person types a tag on an entry."""
    return editing.edit_tags(library, "talks", [uuid(number)], TagEdit(add=(tag,))).operation


def state_of(library, slug):
    """What the registry has of a tag; nothing if it does not know it."""
    with connected():
        row = Tag.get_or_none(Tag.slug == slug)
    return row and (row.status, json.loads(row.lifecycle))


def said(path):
    return json.loads(sidecar_of(path).read_bytes())


def check(library, tmp_path):
    check_home(library, tmp_path)
    for info in library.datasets():
        check_pair(info.path.read_bytes(), sidecar_of(info.path).read_bytes())


@pytest.mark.skipif(not SAMPLES.is_dir(), reason=f"the samples are not at {SAMPLES}")
def test_an_import_that_is_undone_comes_out_of_the_trash_as_it_was(library, tmp_path):
    path = opening.import_path(library, SOURCE).path
    before, speak = said(path), spoken(library, path.stem)
    assert speak
    history.undo(library, path.stem)
    shelving.untrash(library, path.stem)
    assert spoken(library, path.stem) == speak
    editing.edit_tags(library, path.stem, None, TagEdit(add=("hello",)))
    now = said(path)
    assert {tag["slug"] for tag in now["tags"]} - {tag["slug"] for tag in before["tags"]} == {"hello"}
    for part in ("categories", "aliases", "characters", "entry_character_mappings", "system_prompts"):
        assert now[part] == before[part]
    check(library, tmp_path)


@pytest.mark.skipif(not SAMPLES.is_dir(), reason=f"the samples are not at {SAMPLES}")
def test_an_import_is_undone_whatever_became_of_the_rows_that_it_brought(library, tmp_path):
    slug = opening.import_path(library, SOURCE).slug
    number = history.operations(library, slug)[0].id
    tagging.archive(library, "fog")
    characters.edit(library, "mara", name="Mara O’Shea")
    with connected():
        changed = history.history.later_on_same_rows(number)
    assert changed, "the rows that the import brought were to be changed"
    history.undo(library, slug, number)
    assert library.datasets() == []
    history.redo(library, slug)
    assert [each.slug for each in library.datasets()] == [slug]
    assert characters.character(library, "mara").display_name == "Mara O’Shea"
    check_all(library, tmp_path)


def moved_out(library):
    tagging.create_category(library, "Mood")
    tagging.create(library, "wistful", "mood")
    info = tagging.move(library, "wistful", "style")
    tagging.delete_category(library, "mood")
    return info


def deleted_with_its_category(library):
    tagging.create_category(library, "Mood")
    tagging.create(library, "wistful", "mood")
    info = tagging.delete(library, "wistful").operation
    tagging.delete_category(library, "mood")
    return info


def detached_and_deleted(library):
    prompts.create(library, "Keeper", "You keep the light.")
    prompts.attach(library, "keeper", "talks")
    info = prompts.detach(library, "keeper", "talks")
    prompts.delete(library, "keeper")
    return info


def detached_and_attached_again(library):
    prompts.create(library, "Keeper", "You keep the light.")
    prompts.attach(library, "keeper", "talks")
    info = prompts.detach(library, "keeper", "talks")
    prompts.attach(library, "keeper", "talks")
    return info


def a_category_took_the_name(library):
    tagging.create_category(library, "Mood")
    info = tagging.rename_category(library, "mood", "Feeling")
    tagging.create_category(library, "Mood")
    return info


def a_tag_took_the_name(library):
    tagging.create(library, "hush")
    info = tagging.rename(library, "hush", "quiet").operation
    with operation(library, "Take in a sidecar") as door:
        door.put("tag", None, {"slug": "hush", "name": "Hush"})
    return info


def a_tag_took_the_former_name(library):
    tagging.create(library, "hush")
    tagging.rename(library, "hush", "quiet")
    info = tagging.delete(library, "quiet").operation
    tagging.create(library, "hush")
    return info


@pytest.mark.parametrize(
    ("deed", "why"),
    [
        (moved_out, "tag wistful would need a category that was deleted"),
        (deleted_with_its_category, "tag wistful would need a category that was deleted"),
        (detached_and_deleted, "would need a prompt that was deleted"),
        (detached_and_attached_again, "another attachment of a prompt"),
        (a_category_took_the_name, "another category mood"),
        (a_tag_took_the_name, "another tag hush"),
        (a_tag_took_the_former_name, "hush would be a tag and a former name"),
    ],
)
def test_what_no_longer_fits_is_refused_and_nothing_is_changed(library, talks, tmp_path, deed, why):
    info = deed(library)
    newest = history.operations(library, "talks")
    with pytest.raises(Conflict, match=why) as refused:
        history.undo_shared(library, info.id)
    assert refused.value.hint
    assert history.operations(library, "talks") == newest
    check(library, tmp_path)


def test_an_undo_succeeds_once_the_deletion_in_its_way_is_undone(library, talks, tmp_path):
    info = moved_out(library)
    history.undo_shared(library)
    history.undo_shared(library, info.id)
    assert taxonomy(library).tag("wistful").category == "mood"
    check(library, tmp_path)


def test_a_row_that_the_registry_cannot_hold_is_a_conflict_and_nothing_is_written(library):
    with connected():
        before = Category.select().count()
    with pytest.raises(Conflict, match=r"category\.slug"), transaction():
        Category.insert_many(
            [{"slug": "fresh", "name": "Fresh"}, {"slug": "style", "name": "Style"}]
        ).execute()
    with connected():
        assert Category.select().count() == before


def test_a_tag_that_is_in_use_is_not_undone_and_its_users_are_named(library, talks, tmp_path):
    made = tagging.create(library, "moody")
    typed(library, 0)
    with pytest.raises(Conflict, match="The tag moody is in use: talks") as refused:
        history.undo_shared(library, made.id)
    assert "first" in refused.value.hint
    history.undo(library, "talks")
    history.undo_shared(library, made.id)
    assert state_of(library, "moody") is None
    check(library, tmp_path)


@pytest.mark.parametrize("kind", ["character", "category", "prompt"])
def test_what_is_in_use_is_named_with_what_uses_it(library, talks, tmp_path, kind):
    if kind == "character":
        made = characters.create(library, "Mara").operation
        cast(library, "talks", 0, ["mara", None])
    elif kind == "category":
        made = tagging.create_category(library, "Mood")
        tagging.create(library, "wistful", "mood")
    else:
        made = prompts.create(library, "Keeper", "You keep the light.").operation
        prompts.attach(library, "keeper", "talks")
    with pytest.raises(Conflict, match=f"The {kind} .* is in use: (talks|wistful)"):
        history.undo_shared(library, made.id)
    check_all(library, tmp_path)


def test_the_first_use_of_a_typed_tag_is_undone_while_others_keep_it(library, talks, tmp_path):
    first = typed(library, 0)
    typed(library, 1)
    history.undo(library, "talks", first.id)
    assert state_of(library, "moody") == ("active", {})
    assert [tag["status"] for tag in said(talks)["tags"] if tag["slug"] == "moody"] == ["active"]
    check(library, tmp_path)


def test_a_typed_tag_goes_with_its_only_use_and_comes_back_as_it_was(library, talks, tmp_path):
    typed(library, 0)
    history.undo(library, "talks")
    assert state_of(library, "moody") is None
    history.redo(library, "talks")
    assert state_of(library, "moody") == ("active", {})
    history.undo(library, "talks")
    assert state_of(library, "moody") is None
    check(library, tmp_path)


def test_a_tag_that_was_moved_since_does_not_stand_in_the_way_of_its_first_use(library, talks, tmp_path):
    first = typed(library, 0)
    tagging.move(library, "moody", "style")
    history.undo(library, "talks", first.id)
    assert taxonomy(library).tag("moody").category == "style"
    check(library, tmp_path)


def test_a_tag_that_another_dataset_has_stays_known(library, talks, tmp_path):
    other = [entry(number, tags=["moody"]) for number in range(2)]
    for each in other:
        each["_rolethread"]["dataset_uuid"] = DATASET[:-1] + "b"
    first = typed(library, 0)
    path = tmp_path / "other.jsonl"
    path.write_text("".join(json.dumps(each) + "\n" for each in other))
    opening.import_path(library, path)
    history.undo(library, "talks", first.id)
    assert state_of(library, "moody") == ("active", {})
    check(library, tmp_path)


def test_the_newest_change_of_tags_is_no_save_that_made_one_known(library, talks, tmp_path):
    made = tagging.create(library, "mine")
    value = value_of(library, "talks", uuid(0))
    value["messages"][0]["content"] = "long precious edit"
    value["tags"] = ["fresh"]
    saved = editing.save_entry(library, "talks", uuid(0), value).operation
    with pytest.raises(NotFound):
        history.undo_shared(library, saved.id)
    assert history.undo_shared(library).undoes == made.id
    assert value_of(library, "talks", uuid(0))["messages"][0]["content"] == "long precious edit"
    history.redo_shared(library)
    history.undo(library, "talks", saved.id)
    assert history.undo_shared(library).undoes == made.id
    history.redo_shared(library)
    assert (state_of(library, "mine"), state_of(library, "fresh")) == (("active", {}), None)
    check(library, tmp_path)


def test_who_spoke_is_put_back_where_the_messages_are_now(library, tmp_path):
    opening.import_path(library, dataset(tmp_path / "many.jsonl", 600))
    harbour(library)
    with operation(library, "Cast all") as door:
        row, mara = library.row("many"), characters.row_of("mara").id
        door.cast(row, {uuid(number): [(1, mara, "assistant", None)] for number in range(600)})
    before = lines(library, "many")
    gone = characters.delete(library, "mara", everywhere=True)
    editing.edit_tags(library, "many", None, TagEdit(add=("seen",)))
    value = value_of(library, "many", uuid(3))
    value["messages"].insert(0, {"role": "system", "content": "Keep it short."})
    editing.save_entry(library, "many", uuid(3), value)
    editing.delete_entries(library, "many", [uuid(5)])
    history.undo(library, "many", gone.id)
    before.pop(uuid(5))
    assert lines(library, "many") == before
    assert spoken(library, "many")[uuid(3)] == {2: "mara"}
    check_all(library, tmp_path)


def test_who_spoke_in_entries_that_were_changed_is_not_put_back_in_the_trash(library, talks, tmp_path):
    harbour(library)
    cast(library, "talks", 0, ["mara", None])
    gone = characters.delete(library, "mara", everywhere=True)
    editing.edit_tags(library, "talks", None, TagEdit(add=("seen",)))
    shelving.trash(library, "talks")
    with pytest.raises(Conflict, match="talks is in the trash, and its entries were changed"):
        history.undo_shared(library, gone.id)
    shelving.untrash(library, "talks")
    history.undo_shared(library, gone.id)
    assert spoken(library, "talks") == {keys(library, "talks")[0]: {0: "mara"}}
    check_all(library, tmp_path)


def test_prompts_are_undone_for_a_dataset_in_the_trash_whose_name_is_taken_again(library, talks, tmp_path):
    prompts.create(library, "Keeper", "You keep the light.")
    info = prompts.attach(library, "keeper", "talks")
    shelving.trash(library, "talks")
    opening.import_path(library, dataset(tmp_path / "talks.jsonl", 5))
    assert prompts.undo(library, info.id).undoes == info.id
    check(library, tmp_path)
