"""The life of a tag: every change of it is in every dataset, every sidecar and the registry, and undone."""

import json

import pytest

from app.domain.tagging import TagEdit
from app.errors import ChangedOutside, Conflict, NotFound, Refused
from app.registry.database import connected
from app.registry.models import Alias, Tag
from app.services import browsing, editing, history, opening, shelving, tagging
from app.services.taxonomy import taxonomy
from app.store.places import sidecar_of
from tests.sidecars import check_pair
from tests.workshop import check_home, keys, line, uuid, value_of

NAMES = ("one", "two", "three")


@pytest.fixture
def three(library, tmp_path):
    """Three datasets of which the first two have the tag calm, spelt in two ways."""
    for number, name in enumerate(NAMES):
        path = tmp_path / f"{name}.jsonl"
        spelt = (["calm", "fog"], ["Calm!"], ["other"])[number]
        path.write_bytes(b"".join(line(10 * number + each, tags=spelt) for each in range(4)))
        opening.import_path(library, path)
    return [library.dataset(name).path for name in NAMES]


def states(paths):
    return [path.read_bytes() for path in paths]


def said(path):
    """What a sidecar says, when it was written aside."""
    sidecar = json.loads(sidecar_of(path).read_bytes())
    del sidecar["metadata"]
    return sidecar


def tags(library, name):
    return [browsing.open_entry(library, name, key).entry.tags for key in keys(library, name)]


def check(library, paths, tmp_path):
    check_home(library, tmp_path)
    for path in paths:
        check_pair(path.read_bytes(), sidecar_of(path).read_bytes())


def test_tags_that_nobody_knew_wait_to_be_looked_at(library, three):
    found = taxonomy(library)
    assert [(tag.slug, tag.entries) for tag in found.imported] == [("calm", 8), ("fog", 4), ("other", 4)]
    assert found.tag("calm").uses == {"one": 4, "two": 4}


def test_a_tag_is_renamed_in_every_dataset_and_its_former_name_leads_on(library, three, tmp_path):
    before, sidecars = states(three), [said(path) for path in three]
    done = tagging.rename(library, "calm", "Very calm").operation
    assert done.datasets == ("one", "two")
    assert done.changed == 8
    assert tags(library, "one") == [("very_calm", "fog")] * 4
    assert tags(library, "two") == [("very_calm",)] * 4
    assert three[2].read_bytes() == before[2]
    assert said(three[0])["dataset"]["tag_usage_counts"] == {"fog": 4, "very_calm": 4}
    assert [each["old_slug"] for each in said(three[1])["aliases"]] == ["calm"]
    assert taxonomy(library).tag("very_calm").former == ("calm",)
    check(library, three, tmp_path)
    history.undo(library, "two")
    assert states(three) == before
    assert [said(path) for path in three] == sidecars
    history.redo(library, "one")
    assert taxonomy(library).tag("very_calm").entries == 8
    check(library, three, tmp_path)


def test_a_tag_can_get_its_former_name_back(library, three, tmp_path):
    tagging.rename(library, "calm", "quiet")
    tagging.rename(library, "quiet", "calm")
    found = taxonomy(library).tag("calm")
    assert (found.entries, found.former) == (8, ("quiet",))
    check(library, three, tmp_path)


def test_a_former_name_that_a_person_types_becomes_the_present_one(library, three):
    tagging.rename(library, "calm", "quiet")
    editing.edit_tags(library, "three", None, TagEdit(add=("Calm",)))
    assert tags(library, "three") == [("other", "quiet")] * 4
    value = value_of(library, "three", uuid(20))
    editing.save_entry(library, "three", uuid(20), {**value, "tags": ["other", "calm"]})
    assert tags(library, "three")[0] == ("other", "quiet")
    editing.save_entry(library, "three", None, {**value, "tags": ["calm", "fresh"]})
    assert tags(library, "three")[-1] == ("quiet", "fresh")


def test_a_former_name_in_a_file_is_replaced_when_it_is_imported(library, three, tmp_path):
    tagging.rename(library, "calm", "quiet")
    path = tmp_path / "late.jsonl"
    lines = [line(50, tags=["x", "calm", "quiet"]), line(51, tags=["Quiet"]), line(52, tags=["calm", 7])]
    path.write_bytes(b"".join(lines))
    found = opening.import_path(library, path)
    assert tags(library, "late") == [("x", "quiet"), ("Quiet",), ("quiet",)]
    assert "Former names of tags were replaced by the present ones: calm (2)." in found.notes
    assert value_of(library, "late", uuid(52))["tags"] == ["quiet", 7]
    assert path.read_bytes() == b"".join(lines)
    assert found.path.read_bytes().split(b"\n")[1] == lines[1][:-1]


def test_one_tag_takes_the_place_of_another(library, three, tmp_path):
    before = states(three)
    tagging.merge(library, "calm", "fog")
    assert tags(library, "one") == [("fog",)] * 4
    assert tags(library, "two") == [("fog",)] * 4
    with pytest.raises(NotFound):
        taxonomy(library).tag("calm")
    assert taxonomy(library).tag("fog").former == ("calm",)
    check(library, three, tmp_path)
    history.undo(library, "one")
    assert states(three) == before
    assert taxonomy(library).tag("calm").entries == 8
    check(library, three, tmp_path)


def test_a_tag_is_taken_off_every_entry_and_forgotten(library, three, tmp_path):
    before = states(three)
    tagging.delete(library, "calm")
    assert tags(library, "one") == [("fog",)] * 4
    assert tags(library, "two") == [()] * 4
    check(library, three, tmp_path)
    history.undo(library, "one")
    assert states(three) == before
    check(library, three, tmp_path)


@pytest.mark.parametrize("act", [tagging.archive, tagging.hide])
def test_a_tag_that_is_put_away_stays_on_its_entries_and_comes_back(library, three, act, tmp_path):
    tagging.adopt(library, "calm")
    before = states(three)
    act(library, "calm")
    assert states(three) == before
    (row,) = [each for each in said(three[0])["tags"] if each["slug"] == "calm"]
    assert row["status"] == ("archived" if act is tagging.archive else "hidden")
    assert row["is_active"] is False
    tagging.restore(library, "calm")
    assert taxonomy(library).tag("calm").status == "active"
    check(library, three, tmp_path)


def test_an_imported_tag_is_adopted_into_a_category(library, three, tmp_path):
    tagging.create_category(library, "Own words")
    tagging.adopt(library, "calm", "own_words")
    found = taxonomy(library).tag("calm")
    assert (found.status, found.category) == ("active", "own_words")
    assert [each["slug"] for each in said(three[1])["categories"]] == ["own_words"]
    check(library, three, tmp_path)
    tagging.move(library, "calm", "style")
    assert [each["slug"] for each in said(three[1])["categories"]] == ["style"]
    tagging.delete_category(library, "own_words")
    check(library, three, tmp_path)


def test_tags_and_categories_stand_in_the_order_that_the_person_gives(library):
    tagging.create_category(library, "B")
    tagging.create_category(library, "A")
    for name in ("x", "y", "z"):
        tagging.create(library, name, "a")
    tagging.order(library, "a", ["z", "x"])
    tagging.order_categories(library, ["a", "b"])
    found = taxonomy(library).categories
    assert [each.slug for each in found][:2] == ["a", "b"]
    assert [each.slug for each in found[0].tags] == ["z", "x", "y"]
    history.undo_shared(library)
    history.undo_shared(library)
    assert [each.slug for each in taxonomy(library).categories][-2:] == ["b", "a"]
    history.redo_shared(library)
    assert [tag.slug for tag in taxonomy(library).categories[-1].tags] == ["z", "x", "y"]


def test_what_is_done_without_a_dataset_is_undone_without_one(library):
    made = tagging.create(library, "Éowyn's words")
    assert made.datasets == ()
    assert [tag.slug for tag in taxonomy(library).loose] == ["éowyn_s_words"]
    history.undo_shared(library, made.id)
    assert taxonomy(library).loose == ()
    with pytest.raises(NotFound, match="no operation"):
        history.undo_shared(library, made.id)


def test_a_category_with_tags_in_it_is_not_deleted(library):
    tagging.create_category(library, "Own")
    tagging.create(library, "x", "own")
    with pytest.raises(Refused, match="still has 1 tag"):
        tagging.delete_category(library, "own")


def test_built_in_tags_are_locked(library):
    for act in (tagging.delete, tagging.archive):
        with pytest.raises(Refused, match="built in"):
            act(library, "draft")
    with pytest.raises(Refused, match="built in"):
        tagging.rename(library, "draft", "sketch")
    with pytest.raises(Refused, match="built in"):
        tagging.merge(library, "draft", "approved")
    with pytest.raises(Refused, match="built in"):
        tagging.rename_category(library, "status", "State")
    tagging.hide(library, "draft")
    assert taxonomy(library).tag("draft").status == "hidden"


@pytest.mark.parametrize("name", ["", "!!!", "\ud800a", "x" * 300])
def test_a_name_that_cannot_be_one_is_refused(library, name):
    with pytest.raises(Refused):
        tagging.create(library, name)


def test_a_name_that_is_taken_is_refused(library, three):
    with pytest.raises(Conflict, match="already"):
        tagging.create(library, "Calm")
    with pytest.raises(Conflict, match="already"):
        tagging.rename(library, "calm", "Fog")
    tagging.rename(library, "calm", "quiet")
    with pytest.raises(Conflict, match="former name of quiet"):
        tagging.create(library, "calm")


def test_a_dataset_that_another_program_changed_stops_the_whole(library, three):
    three[1].write_bytes(three[1].read_bytes() + line(99))
    before = states(three)
    with pytest.raises(ChangedOutside, match="two"):
        tagging.rename(library, "calm", "quiet")
    assert states(three) == before
    with connected():
        assert Tag.get_or_none(Tag.slug == "quiet") is None
        assert Alias.select().count() == 0


def test_what_was_renamed_is_not_undone_under_a_later_change_of_the_same_entries(library, three):
    done = tagging.rename(library, "calm", "quiet").operation
    editing.edit_tags(library, "one", [uuid(0)], TagEdit(add=("late",)))
    with pytest.raises(Conflict, match="same entries"):
        history.undo(library, "two", done.id)
    history.undo(library, "one")
    history.undo(library, "two")
    assert taxonomy(library).tag("calm").entries == 8


LOCKED = b'{"messages": [], "tags": ["calm"], "n": 1, "n": 2}\n'


@pytest.mark.parametrize(
    ("act", "left"),
    [
        (lambda library: tagging.rename(library, "calm", "quiet"), ("quiet",)),
        (lambda library: tagging.merge(library, "calm", "pacing"), ("pacing",)),
        (lambda library: tagging.delete(library, "calm"), ()),
    ],
)
def test_an_entry_that_cannot_be_rewritten_keeps_its_tag_and_is_counted(library, tmp_path, act, left):
    path = tmp_path / "odd.jsonl"
    path.write_bytes(line(1, tags=["calm"]) + LOCKED)
    opening.import_path(library, path)
    done = act(library)
    assert (done.operation.changed, done.locked, done.left) == (1, {"odd": 1}, 1)
    assert tags(library, "odd") == [left, ("calm",)]
    check_home(library, tmp_path)


def test_nothing_is_left_where_every_line_can_be_rewritten(library, three):
    assert tagging.rename(library, "calm", "quiet").left == 0


@pytest.mark.parametrize(
    "act",
    [
        lambda library, told: tagging.rename(library, "calm", "quiet", progress=told),
        lambda library, told: tagging.merge(library, "calm", "pacing", progress=told),
        lambda library, told: tagging.delete(library, "calm", progress=told),
    ],
)
def test_finding_the_entries_is_the_first_half_of_the_progress_and_writing_them_the_second(
    library, tmp_path, act
):
    path = tmp_path / "long.jsonl"
    path.write_bytes(b"".join(line(number, tags=["calm"]) for number in range(400)))
    opening.import_path(library, path)
    told = []
    act(library, lambda done, total: told.append(done / total))
    assert told == sorted(told)
    assert (min(told) < 0.5, max(told)) == (True, 1)


def test_a_former_name_in_entries_is_listed_and_rewritten_to_the_present_one(library, three, tmp_path):
    shelving.trash(library, "two")
    assert tagging.rename(library, "calm", "quiet").operation.changed == 4
    tagging.merge(library, "quiet", "fog")
    assert taxonomy(library).former == ()
    shelving.untrash(library, "two")
    assert tags(library, "two") == [("Calm!",)] * 4
    (former,) = taxonomy(library).former
    assert (former.slug, former.name, former.leads_to, former.uses) == ("calm", "Calm!", "fog", {"two": 4})
    assert taxonomy(library).matching("calm").former == (former,)
    assert taxonomy(library).matching("other").former == ()
    before = states(three)
    done = tagging.settle_former(library, "calm")
    assert (done.operation.title, done.operation.changed, done.left) == ("Rewrite tag calm to fog", 4, 0)
    assert tags(library, "two") == [("fog",)] * 4
    assert taxonomy(library).former == ()
    assert taxonomy(library).tag("fog").uses == {"one": 4, "two": 4}
    check(library, three, tmp_path)
    assert history.undo_shared(library).undoes == done.operation.id
    assert states(three) == before
    assert taxonomy(library).former == (former,)
    check(library, three, tmp_path)
    history.redo_shared(library)
    assert taxonomy(library).former == ()
    history.undo_shared(library)
    history.redo(library, "two")
    assert taxonomy(library).former == ()
    history.undo(library, "two")
    assert states(three) == before
    check(library, three, tmp_path)


def test_a_former_name_is_no_tag_to_be_changed(library, three):
    shelving.trash(library, "two")
    tagging.rename(library, "calm", "quiet")
    with pytest.raises(NotFound, match="calm is now called quiet"):
        tagging.rename(library, "calm", "storm")  # what only the trash has
    shelving.untrash(library, "two")
    for act in (tagging.delete, tagging.hide, tagging.adopt):
        with pytest.raises(Conflict, match="former name of quiet"):
            act(library, "calm")
    for act in (tagging.rename, tagging.merge):
        with pytest.raises(Conflict, match="former name of quiet"):
            act(library, "calm", "storm" if act is tagging.rename else "fog")
    with pytest.raises(NotFound, match="former name"):
        tagging.settle_former(library, "fog")
    assert taxonomy(library).tag("quiet").former == ("calm",)


def test_a_former_name_on_locked_lines_only_stays_there(library, tmp_path):
    path = tmp_path / "odd.jsonl"
    path.write_bytes(line(1, tags=["calm"]) + LOCKED)
    opening.import_path(library, path)
    tagging.rename(library, "calm", "quiet")
    assert [each.entries for each in taxonomy(library).former] == [1]
    with pytest.raises(Refused, match="No entry with calm can be rewritten"):
        tagging.settle_former(library, "calm")
    check_home(library, tmp_path)


def test_a_tag_that_is_deleted_has_no_former_names(library, three, tmp_path):
    for old, new in (("calm", "x"), ("x", "y"), ("y", "z"), ("fog", "mist")):
        tagging.rename(library, old, new)
    tagging.delete(library, "z")
    with connected():
        assert [row.old_slug for row in Alias.select()] == ["fog"]
    tagging.create(library, "calm")
    history.undo_shared(library)
    history.undo(library, "one")
    assert taxonomy(library).tag("z").former == ("calm", "x", "y")
    check(library, three, tmp_path)


@pytest.mark.parametrize("put_away", [None, tagging.archive, tagging.hide])
def test_a_tag_that_is_renamed_or_moved_stays_where_it_waits(library, three, put_away, tmp_path):
    if put_away:
        tagging.adopt(library, "calm")
        put_away(library, "calm")
    before, status = said(three[1])["tags"][0]["lifecycle"], taxonomy(library).tag("calm").status
    tagging.rename(library, "calm", "quiet")
    tagging.move(library, "quiet", "style")
    found = taxonomy(library).tag("quiet")
    assert (found.status, found.category) == (status, "style")
    assert said(three[1])["tags"][0]["lifecycle"] == before
    check(library, three, tmp_path)


def test_the_sidecar_says_which_category_a_person_put_a_tag_into(library, three, tmp_path):
    def assigned():
        return said(three[1])["tags"][0]["lifecycle"]["assigned_category_slug"]

    tagging.adopt(library, "calm", "style")
    assert assigned() == "style"
    tagging.rename(library, "calm", "quiet")
    assert assigned() == "style"
    tagging.move(library, "quiet", None)
    assert assigned() is None
    tagging.rename(library, "quiet", "still")
    assert assigned() is None
    tagging.move(library, "still", "source")
    assert assigned() == "source"
    check(library, three, tmp_path)


def test_the_effect_is_known_beforehand(library, three):
    assert tagging.effect(library, "calm").uses == {"one": 4, "two": 4}
    with pytest.raises(NotFound):
        tagging.effect(library, "none")
