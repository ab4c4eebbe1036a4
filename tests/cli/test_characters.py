"""character list, create, edit, merge, delete and their kin; speakers and assign."""

import pytest

FOREIGN = "rolethread-lite/foreign/harbor_tales.jsonl"


@pytest.fixture
def tales(run, samples):
    """The command line on a home with a dataset in which Tomas, Mara and Old Finn speak."""
    assert run("import", samples / FOREIGN).code == 0
    return run


def listed(run):
    return {each["slug"]: each for each in run.json("character", "list").json["characters"]}


def assign(run, *more):
    return run.json("character", "assign", "harbor_tales", "Tomas=user:Tomas", "Mara=assistant:Mara", *more)


def test_a_character_is_made_changed_and_forgotten(run):
    made = run.json(
        "character", "create", "Éowyn McCoy", "--description", "A rider.", "--colour", "teal"
    ).json
    assert (made["slug"], made["similar"]) == ("éowyn_mccoy", [])
    assert made["operation"]["title"] == "New character “Éowyn McCoy”"
    assert run.json("character", "create", "Eowyn McCoy").json["similar"] == ["éowyn_mccoy"]
    assert run("character", "edit", "éowyn_mccoy", "--name", "Éowyn", "--colour", "").code == 0
    assert run("character", "deactivate", "éowyn_mccoy").code == 0
    assert listed(run)["éowyn_mccoy"] == {
        "slug": "éowyn_mccoy", "display_name": "Éowyn", "description": "A rider.", "colour": "",
        "is_active": False, "messages": 0, "entries": 0, "datasets": {}, "in_trash": 0,
    }  # fmt: skip
    assert "Éowyn  (not active)" in run("character", "list").out
    assert run.json("character", "activate", "éowyn_mccoy").json["operation"]["id"]
    assert run.json("character", "activate", "éowyn_mccoy").json["operation"] is None
    deleted = run.json("character", "delete", "eowyn_mccoy").json["operation"]
    assert list(listed(run)) == ["éowyn_mccoy"]
    assert run.json("character", "undo", deleted["id"]).json["operation"]["undoes"] == deleted["id"]
    assert list(listed(run)) == ["éowyn_mccoy", "eowyn_mccoy"]


def test_the_speakers_of_a_dataset_are_listed_and_assigned(tales):
    before = tales.path("harbor_tales").read_bytes()
    found = {
        each["label"]: each for each in tales.json("character", "speakers", "harbor_tales").json["speakers"]
    }
    assert {label: (each["messages"], each["role"]) for label, each in found.items()} == {
        "Tomas": (3, "user"), "Mara": (2, "assistant"), "Old Finn": (1, "assistant"),
    }  # fmt: skip
    assert "Old Finn=assistant:Old Finn" in tales("character", "speakers", "harbor_tales").out
    done = assign(tales, "Old Finn=assistant:Old Finn").json
    assert (done["messages"], done["locked"], done["created"]) == (6, 0, ["tomas", "mara", "old_finn"])
    assert listed(tales)["tomas"]["datasets"] == {"harbor_tales": found["Tomas"]["entries"]}
    assert tales.json("character", "speakers", "harbor_tales").json == {"speakers": []}
    assert tales("undo", "harbor_tales", done["operation"]["id"]).code == 0
    assert tales.path("harbor_tales").read_bytes() == before
    assert listed(tales) == {}


def test_a_merge_shows_its_effect_first_and_is_undone(tales):
    assert assign(tales, "Old Finn=assistant").json["created"] == ["tomas", "mara"]
    effect = tales.json("character", "effect", "mara").json
    assert (effect["messages"], effect["datasets"]) == (2, {"harbor_tales": effect["entries"]})
    assert "2 messages in" in tales("character", "effect", "mara").out
    assert tales.json("character", "merge", "mara", "tomas").json["operation"]["datasets"] == ["harbor_tales"]
    assert (list(listed(tales)), listed(tales)["tomas"]["messages"]) == (["tomas"], 5)
    assert "speaks in" in tales.json("character", "delete", "tomas").error
    assert tales("character", "undo").code == 0
    assert tales("character", "delete", "tomas", "--everywhere").code == 0
    assert list(listed(tales)) == ["mara"]


@pytest.mark.parametrize(
    "line",
    [
        ("merge", "nobody", "mara"),
        ("edit", "mara"),
        ("edit", "mara", "--colour", "#ff0000"),
        ("create", " "),
        ("delete", "nobody"),
        ("assign", "harbor_tales", "Tomas"),
        ("assign", "harbor_tales", "Tomas=narrator:Tomas"),
        ("assign", "harbor_tales", "Nobody=user"),
        ("undo", "1"),
    ],
)
def test_what_cannot_be_done_is_refused_in_words(tales, line):
    answer = tales.json("character", *line)
    assert answer.error
    assert answer.json["error"]["hint"]
    assert listed(tales) == {}


def test_a_search_finds_what_a_character_speaks(tales):
    assert assign(tales).code == 0
    found = tales.json("search", "harbor_tales", "--character", "mara").json
    assert found["total"] == listed(tales)["mara"]["entries"] == len(found["uuids"])
    assert tales.json("search", "harbor_tales", "--character", "nobody").json == {"total": 0, "uuids": []}
    tagged = tales.json("tags", "harbor_tales", "--character", "mara", "--add", "hers").json
    assert tagged["operation"]["changed"] == found["total"]
