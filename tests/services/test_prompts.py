"""Prompts: made, changed, attached, undone; the sidecars of the datasets say what the registry says."""

import json

import pytest

from app.domain.prompts import LONGEST_TEXT
from app.errors import Conflict, NotFound, Refused, StaleEdit
from app.services import editing, history, opening, prompts, shelving
from tests.sidecars import check_pair, check_sidecar
from tests.workshop import SAMPLES, check_home, dataset, entry, keys

LIGHT = "You keep the harbour light.\n\nAnswer briefly."


def carried(talks, field="slug"):
    """What the sidecar of a dataset says of prompts."""
    sidecar = talks.with_suffix(".registry.json").read_bytes()
    check_sidecar(sidecar)
    return [row[field] for row in json.loads(sidecar)["system_prompts"]]


@pytest.fixture
def light(library):
    """A prompt."""
    return prompts.create(library, "Harbour light", LIGHT, "For the harbour.").slug


def test_a_prompt_is_kept_byte_for_byte(library, tmp_path):
    text = " \r\n You\tare <b>{{char}}</b>\0 \u2028懸疑\n"
    made = prompts.create(library, "  Éowyn's <i>", text)
    kept = prompts.prompt(library, made.slug)
    assert (kept.name, kept.content, kept.description) == ("  Éowyn's <i>", text, None)
    assert (kept.is_active, kept.datasets) == (True, ())
    assert made.operation.title == "New prompt “  Éowyn's <i>”"
    check_home(library, tmp_path)


def test_a_slug_is_made_of_the_name_in_its_own_script(library):
    names = ["懸疑", "Harbour Light", "harbour light", "Harbour--light!", "…", "?", "x" * 200]
    slugs = [prompts.create(library, name, "Text.").slug for name in names]
    assert slugs == [
        "懸疑",
        "harbour_light",
        "harbour_light_2",
        "harbour_light_3",
        "prompt",
        "prompt_2",
        "x" * 80,
    ]


def test_they_come_by_name_and_those_put_away_last(library):
    for name in ("b", "A", "c"):
        prompts.create(library, name, name)
    prompts.archive(library, "a")
    assert [each.name for each in prompts.prompts(library)] == ["b", "c", "A"]


@pytest.mark.parametrize(
    ("name", "text", "why"),
    [
        ("", "Text.", "needs a name"),
        (" \u3000", "Text.", "needs a name"),
        ("two\nlines", "Text.", "one line"),
        ("x" * 201, "Text.", "201 characters"),
        ("half \ud83d", "Text.", "lone surrogate"),
        ("Name", "", "needs text"),
        ("Name", " \n\t", "needs text"),
        ("Name", "half \udc00", "lone surrogate"),
        ("Name", "x" * (LONGEST_TEXT + 1), "1,000,001 characters"),
        ("Name", "x" * 10_000_000, "10,000,000 characters"),
    ],
)
def test_what_cannot_be_a_prompt_is_refused_with_the_reason(library, name, text, why):
    with pytest.raises(Refused, match=why) as refusal:
        prompts.create(library, name, text)
    assert refusal.value.hint
    assert prompts.prompts(library) == []


def test_an_edit_keeps_the_slug_and_what_was_not_named(library, light):
    done = prompts.edit(library, light, name="Lamp", description="")
    assert done.title == "Edit prompt “Lamp”"
    kept = prompts.prompt(library, light)
    assert (kept.slug, kept.name, kept.content, kept.description) == (light, "Lamp", LIGHT, None)
    assert prompts.edit(library, light, name="Lamp", content=LIGHT, description="") is None


def test_the_second_of_two_tabs_writes_nothing(library, light):
    seen = prompts.prompt(library, light).revision
    prompts.edit(library, light, content="First.", revision=seen)
    with pytest.raises(StaleEdit):
        prompts.edit(library, light, content="Second.", revision=seen)
    assert prompts.prompt(library, light).content == "First."


def test_a_text_too_long_that_came_with_a_sidecar_can_keep_it_under_another_name(library, talks):
    sidecar = json.loads(talks.with_suffix(".registry.json").read_bytes())
    long = {
        "slug": "long",
        "name": "Long",
        "content": "x" * 1_100_000,
        "description": None,
        "is_active": True,
    }
    source = talks.parent.parent / "other.jsonl"
    source.write_bytes(talks.read_bytes())
    source.with_name("other.registry.json").write_text(
        json.dumps({**sidecar, "system_prompts": [long]}), encoding="utf-8"
    )
    opening.import_path(library, source, copy=True)
    prompts.edit(library, "long", name="Longest", content=long["content"])
    assert prompts.prompt(library, "long").name == "Longest"


def test_attaching_brings_it_into_the_sidecar_and_every_change_with_it(library, talks, light, tmp_path):
    done = prompts.attach(library, light, "talks")
    assert (done.title, done.datasets) == ("Attach prompt “Harbour light” to talks", ("talks",))
    assert carried(talks) == [light]
    assert prompts.attach(library, light, "talks") is None
    prompts.edit(library, light, content="Other words.")
    assert carried(talks, "content") == ["Other words."]
    prompts.archive(library, light)
    assert carried(talks, "is_active") == [False]
    prompts.restore(library, light)
    assert carried(talks, "is_active") == [True]
    assert prompts.prompt(library, light).datasets == ("talks",)
    check_pair(talks.read_bytes(), talks.with_suffix(".registry.json").read_bytes())
    check_home(library, tmp_path)


def test_undo_walks_back_through_all_of_it(library, talks, light, tmp_path):
    before = talks.with_suffix(".registry.json").read_bytes()
    prompts.attach(library, light, "talks")
    prompts.edit(library, light, content="Other words.")
    prompts.archive(library, light)
    prompts.delete(library, light)
    assert (carried(talks), prompts.prompts(library)) == ([], [])
    prompts.undo(library)
    assert (carried(talks), carried(talks, "is_active")) == ([light], [False])
    prompts.undo(library)
    assert carried(talks, "is_active") == [True]
    prompts.undo(library)
    assert carried(talks, "content") == [LIGHT]
    assert prompts.undo(library).title == "Undo: Attach prompt “Harbour light” to talks"
    assert json.loads(talks.with_suffix(".registry.json").read_bytes())["system_prompts"] == []
    assert carried(talks) == json.loads(before)["system_prompts"]
    prompts.undo(library)
    assert prompts.prompts(library) == []
    with pytest.raises(NotFound, match="nothing to undo"):
        prompts.undo(library)
    check_home(library, tmp_path)


def test_undo_leaves_imports_and_edits_of_entries_alone(library, talks, light):
    done = prompts.edit(library, light, content="Other.")
    editing.save_entry(library, "talks", None, entry(50))
    undone = prompts.undo(library)
    assert undone.undoes == done.id
    for number in (1, done.id, 99, 0, -1, 1 << 70):
        with pytest.raises(NotFound, match=f"Operation {number} "):
            prompts.undo(library, number)


def test_undo_of_an_older_one_is_refused_while_a_later_one_stands(library, light):
    older = prompts.edit(library, light, content="Older.")
    prompts.edit(library, light, content="Newer.")
    with pytest.raises(Conflict):
        prompts.undo(library, older.id)


def test_just_the_datasets_that_are_chosen_have_it(library, talks, light, tmp_path):
    for name in ("one", "two"):
        opening.import_path(library, dataset(tmp_path / f"{name}.jsonl", 2), name=name, copy=True)
    prompts.attach_to(library, light, ["one", "talks"])
    assert prompts.prompt(library, light).datasets == ("one", "talks")
    done = prompts.attach_to(library, light, ["two", "one"])
    assert (done.title, done.datasets) == ("Attach prompt “Harbour light” elsewhere", ("talks", "two"))
    assert prompts.prompt(library, light).datasets == ("one", "two")
    assert carried(talks) == []
    assert prompts.attach_to(library, light, ["one", "two"]) is None
    assert prompts.detach(library, light, "talks") is None
    assert prompts.attach_to(library, light, []).title == "Detach prompt “Harbour light” from one, two"
    with pytest.raises(NotFound):
        prompts.attach_to(library, light, ["one", "three"])
    assert prompts.prompt(library, light).datasets == ()
    check_home(library, tmp_path)


def test_a_dataset_in_the_trash_comes_back_with_what_is_said_by_then(library, talks, light, tmp_path):
    prompts.attach(library, light, "talks")
    shelving.trash(library, "talks")
    assert prompts.prompt(library, light).datasets == ()
    prompts.edit(library, light, content="Other words.")
    shelving.untrash(library, "talks")
    prompts.archive(library, light)
    assert carried(talks, "content") == ["Other words."]
    prompts.delete(library, light)
    assert carried(talks) == []
    check_home(library, tmp_path)


def test_nobody_is_told_of_a_prompt_that_is_not_attached(library, talks, light):
    editing.save_entry(library, "talks", None, entry(50))
    assert b"harbour" not in talks.with_suffix(".registry.json").read_bytes()


def test_a_prompt_that_is_not_there_is_said_not_to_be(library, talks):
    for act in (
        lambda: prompts.prompt(library, "none"),
        lambda: prompts.prompt(library, "half \ud83d"),
        lambda: prompts.edit(library, "none", name="x"),
        lambda: prompts.archive(library, "none"),
        lambda: prompts.delete(library, "none"),
        lambda: prompts.attach(library, "none", "talks"),
    ):
        with pytest.raises(NotFound, match="no prompt"):
            act()


def test_a_system_message_becomes_a_prompt(library, talks):
    said = [{"role": "developer", "content": "no"}, {"role": "System", "content": "Be\r\nbrief.\n"}]
    done = editing.save_entry(library, "talks", None, {"messages": said})
    made = prompts.save_from_entry(library, "talks", done.uuid, "Brief")
    assert prompts.prompt(library, made.slug).content == "Be\r\nbrief.\n"
    with pytest.raises(Refused, match="no system message"):
        prompts.save_from_entry(library, "talks", keys(library, "talks")[0], "Brief")
    with pytest.raises(NotFound):
        prompts.save_from_entry(library, "talks", "none", "Brief")
    half = {"messages": [{"role": "system", "content": "half \ud83d"}]}
    done = editing.save_entry(library, "talks", None, half)
    with pytest.raises(Refused, match="lone surrogate"):
        prompts.save_from_entry(library, "talks", done.uuid, "Half")


def test_those_of_a_sidecar_are_known_and_attached(library, tmp_path):
    source = SAMPLES / "rolethread-lite/native/harbor_tales.jsonl"
    if not source.exists():
        pytest.skip("the sample files are not there")
    slug = opening.import_path(library, source).slug
    found = prompts.prompts(library)
    assert len(found) == 3
    assert {each.datasets for each in found} == {(slug,)}
    check_home(library, tmp_path)


def test_an_import_that_is_undone_and_done_again_has_its_prompts(library, tmp_path):
    source = SAMPLES / "rolethread-lite/native/harbor_tales.jsonl"
    if not source.exists():
        pytest.skip("the sample files are not there")
    slug = opening.import_path(library, source).slug
    history.undo(library, slug)
    history.redo(library, slug)
    assert {each.datasets for each in prompts.prompts(library)} == {(slug,)}
    check_home(library, tmp_path)
