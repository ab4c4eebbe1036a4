"""Characters: made, changed, merged and deleted, with every dataset in which they speak."""

import json

import pytest

from app.errors import Conflict, NotFound, Refused
from app.services import casting, characters, history, opening, shelving
from app.store.places import sidecar_of
from tests.casting import cast, check_all, harbour, spoken
from tests.workshop import SAMPLES, check_files, dataset, keys

NATIVE = SAMPLES / "rolethread-lite/native/harbor_tales.jsonl"


@pytest.fixture
def two(library, talks, tmp_path):
    """Two datasets in which Mara and Old Finn speak."""
    opening.import_path(library, dataset(tmp_path / "more.jsonl", 3))
    harbour(library)
    cast(library, "talks", 0, ["mara", "old_finn"])
    cast(library, "talks", 1, ["mara", "mara"])
    cast(library, "more", 2, [None, "mara"])
    return library


def names(library):
    return [each.display_name for each in characters.characters(library)]


@pytest.mark.parametrize("name", ["懸疑", "Éowyn McCoy", " kai ", "Жуковский", "👩‍🚀", "---"])
def test_a_character_keeps_its_name_exactly_as_typed(library, name):
    made = characters.create(library, name, description="A keeper.", colour="teal")
    found = characters.character(library, made.slug)
    assert (found.display_name, found.description, found.colour, found.is_active) == (
        name, "A keeper.", "teal", True,
    )  # fmt: skip
    assert made.operation.title == f"New character “{name}”"
    history.undo_shared(library, made.operation.id)
    assert names(library) == []


def test_names_that_differ_by_case_or_accents_are_offered_and_still_allowed(library):
    characters.create(library, "Kai")
    characters.create(library, "Éowyn")
    assert [each.slug for each in characters.similar(library, "kai")] == ["kai"]
    assert [each.slug for each in characters.similar(library, "EOWYN")] == ["éowyn"]
    assert characters.similar(library, "Kay") == []
    assert characters.create(library, "kai").slug == "kai_2"
    assert [each.slug for each in characters.similar(library, "kai")] == ["kai_2", "kai"]
    assert names(library) == ["Éowyn", "Kai", "kai"]


@pytest.mark.parametrize(
    ("name", "colour"), [("", ""), (" \t ", ""), ("x" * 201, ""), ("half \ud800", ""), ("Mara", "#ff0000")]
)
def test_a_name_or_colour_that_cannot_be_is_refused_and_nothing_is_made(library, name, colour):
    with pytest.raises(Refused) as refusal:
        characters.create(library, name, colour=colour)
    assert refusal.value.hint
    assert names(library) == []


def test_usage_is_counted_by_dataset(two):
    mara, finn = characters.character(two, "mara"), characters.character(two, "old_finn")
    assert (mara.messages, mara.entries, mara.datasets) == (4, 3, {"more": 1, "talks": 2})
    assert (finn.messages, finn.entries, finn.datasets) == (1, 1, {"talks": 1})
    assert characters.effect(two, "éowyn_mccoy") == characters.Effect()
    assert {each.slug: each.used for each in characters.characters(two)} == {
        slug: characters.effect(two, slug) for slug in ("mara", "old_finn", "éowyn_mccoy")
    }
    shelving.trash(two, "more")
    effect = characters.effect(two, "mara")
    assert (effect.datasets, effect.in_trash) == ({"talks": 2}, 1)
    assert effect.words == "2 entries of talks, 1 entry in the trash"


def test_an_edit_reaches_the_sidecars_and_is_undone(two, tmp_path):
    sidecar = sidecar_of(two.dataset("talks").path)
    before = sidecar.read_bytes()
    info = characters.edit(two, "mara", name="Mara O’Shea", description="Keeps the light.", colour="blue")
    assert info.datasets == ("more", "talks")
    assert characters.character(two, "mara").display_name == "Mara O’Shea"
    (row,) = [each for each in json.loads(sidecar.read_bytes())["characters"] if each["slug"] == "mara"]
    assert row == {
        "slug": "mara", "display_name": "Mara O’Shea", "description": "Keeps the light.", "is_active": True
    }  # fmt: skip
    assert characters.edit(two, "mara", name="Mara O’Shea") is None
    check_all(two, tmp_path)
    history.undo_shared(two, info.id)
    after = sidecar.read_bytes()
    assert json.loads(after)["characters"] == json.loads(before)["characters"]
    assert characters.edit(two, "mara", description="") is None
    check_all(two, tmp_path)


def test_a_character_that_is_deactivated_speaks_on(two, tmp_path):
    assert characters.deactivate(two, "mara").title == "Deactivate “Mara”"
    assert characters.deactivate(two, "mara") is None
    assert not characters.character(two, "mara").is_active
    assert characters.character(two, "mara").entries == 3
    check_all(two, tmp_path)
    assert characters.activate(two, "mara").datasets == ("more", "talks")
    check_all(two, tmp_path)


def test_a_merge_moves_every_message_of_all_datasets_as_one_operation(two, tmp_path):
    before = [spoken(two, slug) for slug in ("talks", "more")]
    first, second = keys(two, "talks")[:2]
    info = characters.merge(two, "mara", "old_finn")
    assert info.datasets == ("more", "talks")
    assert spoken(two, "talks") == {
        first: {0: "old_finn", 1: "old_finn"},
        second: {0: "old_finn", 1: "old_finn"},
    }
    assert names(two) == ["Éowyn McCoy", "Old Finn"]
    check_all(two, tmp_path)
    history.undo_shared(two)
    assert [spoken(two, slug) for slug in ("talks", "more")] == before
    assert names(two) == ["Éowyn McCoy", "Mara", "Old Finn"]
    check_all(two, tmp_path)


def test_a_merge_reaches_what_is_in_the_trash(two, tmp_path):
    shelving.trash(two, "more")
    characters.merge(two, "mara", "old_finn")
    shelving.untrash(two, "more")
    assert list(spoken(two, "more").values()) == [{1: "old_finn"}]
    check_all(two, tmp_path)
    shelving.rename(two, "more", "stories")
    value = json.loads(sidecar_of(two.dataset("stories").path).read_bytes())
    assert value["dataset"]["filename"] == "stories.jsonl"
    check_all(two, tmp_path)
    history.undo(two, "stories")
    check_all(two, tmp_path)


def test_a_dataset_on_a_disk_that_is_not_there_keeps_its_sidecar_until_it_is_back(two, tmp_path):
    stick = tmp_path / "stick"
    stick.mkdir()
    opening.import_path(two, dataset(stick / "place.jsonl", 3), in_place=True)
    cast(two, "place", 0, ["mara", None])
    stick.rename(tmp_path / "elsewhere")
    characters.merge(two, "mara", "old_finn")
    (tmp_path / "elsewhere").rename(stick)
    check_files(two)
    cast(two, "place", 1, ["old_finn", None])
    check_all(two, tmp_path)


def test_a_character_that_speaks_is_deleted_only_when_asked_for_it_everywhere(two, tmp_path):
    with pytest.raises(Refused, match=r"speaks in 1 entry of more, 2 entries of talks\.") as refusal:
        characters.delete(two, "mara")
    assert "everywhere" in refusal.value.hint
    before = spoken(two, "talks")
    info = characters.delete(two, "mara", everywhere=True)
    assert spoken(two, "talks") == {keys(two, "talks")[0]: {1: "old_finn"}}
    assert spoken(two, "more") == {}
    check_all(two, tmp_path)
    history.undo(two, "talks", info.id)
    assert spoken(two, "talks") == before
    check_all(two, tmp_path)
    assert characters.delete(two, "éowyn_mccoy").datasets == ()


def test_what_is_not_there_cannot_be_changed(library):
    characters.create(library, "Mara")
    for act in (
        lambda: characters.merge(library, "mara", "finn"),
        lambda: characters.merge(library, "finn", "mara"),
        lambda: characters.delete(library, "finn"),
        lambda: characters.edit(library, "finn", name="Finn"),
        lambda: characters.activate(library, "finn"),
        lambda: characters.effect(library, "finn"),
    ):
        with pytest.raises(NotFound):
            act()
    with pytest.raises(Refused, match="into itself"):
        characters.merge(library, "mara", "mara")


def test_a_deleted_character_does_not_come_back_over_one_that_took_its_place(library):
    made = characters.create(library, "Mara")
    gone = characters.delete(library, made.slug)
    assert characters.create(library, "Mara").slug == "mara"
    with pytest.raises(Conflict, match="mara"):
        history.undo_shared(library, gone.id)


def test_the_characters_of_a_native_dataset_arrive_with_their_messages(library, tmp_path):
    slug = opening.import_path(library, NATIVE).slug
    assert len(characters.characters(library)) == 3
    casts = spoken(library, slug)
    assert (len(casts), sum(map(len, casts.values()))) == (3, 10)
    entry, cast_ = next(iter(casts.items()))
    seen = casting.cast_of(library, slug, entry)
    assert {index: each.slug for index, each in seen.items()} == cast_
    assert all(each.role in ("user", "assistant") and each.display_name for each in seen.values())
    assert casting.casts_of(library.dataset(slug).id, keys(library, slug)).keys() == casts.keys()
    check_all(library, tmp_path)
