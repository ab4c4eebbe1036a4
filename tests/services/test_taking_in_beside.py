"""What a sidecar brings where the library has something else of the same name."""

import json

import pytest

from app.registry.database import connected
from app.registry.models import Alias
from app.services import history, opening, prompts, tagging
from app.services.taxonomy import taxonomy
from app.store.places import sidecar_of
from tests.sidecars import check_pair
from tests.workshop import DATASET, check_home, entry, keys, value_of

OTHER = DATASET.replace("6", "7")


@pytest.fixture
def strange(library, talks, tmp_path):
    """Makes a dataset of somebody else whose sidecar says something else than one of ours does."""

    def made(name, on_entries=(), **parts):
        path = tmp_path / f"{name}.jsonl"
        values = [entry(number, tags=list(on_entries)) for number in range(3)]
        for each in values:
            each["_rolethread"]["dataset_uuid"] = OTHER
        path.write_text("".join(json.dumps(each) + "\n" for each in values))
        tagging.create(library, f"for {name}")
        value = json.loads(sidecar_of(talks).read_bytes())
        value["dataset"] = {**value["dataset"], "dataset_uuid": OTHER}
        sidecar_of(path).write_text(json.dumps({**value, **parts}))
        return path

    return made


def prompt(slug, content):
    return {"slug": slug, "name": slug.title(), "content": content, "description": None, "is_active": True}


def aliases():
    with connected():
        return {row.old_slug: row.new_slug for row in Alias.select()}


def alias(old, new):
    return {"old_slug": old, "new_slug": new, "action": "rename", "metadata": {}}


def said(path):
    return json.loads(sidecar_of(path).read_bytes())


def test_a_prompt_of_ones_own_never_gets_into_a_dataset_that_has_another_of_that_slug(
    library, strange, tmp_path
):
    prompts.create(library, "Mood", "nobody is to read this")
    theirs = [prompt("mood", "theirs"), prompt("mood_2", "theirs too")]
    found = opening.import_path(library, strange("other", system_prompts=theirs))
    assert found.notes == ["Prompt mood has another text here: the one of the sidecar is mood_3."]
    assert b"nobody" not in sidecar_of(found.path).read_bytes()
    texts = {each["slug"]: each["content"] for each in said(found.path)["system_prompts"]}
    assert texts == {"mood_3": "theirs", "mood_2": "theirs too"}
    check_pair(found.path.read_bytes(), sidecar_of(found.path).read_bytes())
    again = opening.import_path(library, tmp_path / "other.jsonl", copy=True)
    assert {each["slug"] for each in said(again.path)["system_prompts"]} == {"mood_3", "mood_2"}
    assert len(prompts.prompts(library)) == 3
    check_home(library, tmp_path)
    history.undo(library, again.slug)
    check_home(library, tmp_path)


def test_a_prompt_of_the_same_text_is_the_one_that_is_here(library, strange, tmp_path):
    prompts.create(library, "Mood", "theirs")
    found = opening.import_path(library, strange("other", system_prompts=[prompt("mood", "theirs")]))
    assert [each["slug"] for each in said(found.path)["system_prompts"]] == ["mood"]
    assert found.notes == []
    check_home(library, tmp_path)


def test_a_former_name_that_is_a_tag_here_is_left_out(library, strange, tmp_path):
    tagging.create(library, "early")
    tagging.rename(library, "early", "late")
    found = opening.import_path(
        library, strange("other", ["early", "late"], aliases=[alias("late", "early")])
    )
    assert aliases() == {"early": "late"}
    assert "Former tag late was left out: it is a tag." in found.notes
    assert value_of(library, "other", keys(library, "other")[0])["tags"] == ["late"]
    assert taxonomy(library).tag("late").uses == {"other": 3}
    check_pair(found.path.read_bytes(), sidecar_of(found.path).read_bytes())
    check_home(library, tmp_path)


def test_former_names_never_lead_in_a_circle(library, strange, tmp_path):
    wanted = [alias("one", "two"), alias("two", "three"), alias("three", "one"), alias("four", "four")]
    found = opening.import_path(library, strange("other", ["one"], aliases=wanted))
    assert aliases() == {"one": "two", "two": "three"}
    assert "Former tag three was left out: one leads back to it." in found.notes
    assert "Former tag four was left out: four leads back to it." in found.notes
    assert value_of(library, "other", keys(library, "other")[0])["tags"] == ["three"]
    check_pair(found.path.read_bytes(), sidecar_of(found.path).read_bytes())
    check_home(library, tmp_path)


def test_a_former_name_here_becomes_no_tag_again(library, strange, tmp_path):
    tagging.create(library, "early")
    tagging.rename(library, "early", "late")
    row = {
        **{"slug": "early", "name": "Early", "category_slug": None, "sort_order": 0, "status": "active"},
        **{"is_active": True, "is_builtin": False, "lifecycle": {}},
    }
    found = opening.import_path(library, strange("other", ["early"], tags=[row]))
    assert "Tag early was left out: here it is a former name of late." in found.notes
    assert "early" not in {tag.slug for tag in taxonomy(library).every()}
    assert value_of(library, "other", keys(library, "other")[0])["tags"] == ["late"]
    check_pair(found.path.read_bytes(), sidecar_of(found.path).read_bytes())
    check_home(library, tmp_path)
