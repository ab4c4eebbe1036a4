"""The prompt group: list and the lifecycle, who uses a text, and replacing it."""

import json

import pytest

from tests.sidecars import check_sidecar
from tests.workshop import DATASET, uuid

LIGHT = "You keep the harbour light.\r\n“Answer” briefly."


@pytest.fixture
def light(talks):
    """A prompt with that text, and two entries that have it as a system message."""
    made = talks.json("prompt", "create", "Harbour light", "--from", "-", stdin=LIGHT.encode())
    assert made.json["slug"] == "harbour_light"
    for number in (0, 1):
        said = [{"role": "system", "content": LIGHT}, {"role": "user", "content": f"Question {number}?"}]
        saved = json.dumps({"messages": said}).encode()
        assert talks.json("save", "talks", uuid(number), "--from", "-", stdin=saved).code == 0
    return "harbour_light"


def listed(talks):
    return talks.json("prompt", "list").json["prompts"]


def sidecar(talks):
    raw = talks.path().with_suffix(".registry.json").read_bytes()
    check_sidecar(raw)
    return json.loads(raw)["system_prompts"]


def test_list_says_everything_of_each(talks, light):
    assert listed(talks) == [
        {
            "slug": light,
            "name": "Harbour light",
            "content": LIGHT,
            "description": None,
            "is_active": True,
            "datasets": [],
        }
    ]
    assert talks("prompt", "list").out == "harbour_light  You keep the harbour light. “Answer” briefly.\n"


def test_there_is_none_at_first(run):
    assert run.json("prompt", "list").json == {"prompts": []}
    assert "no prompt yet" in run("prompt", "list").out


def test_a_life_of_a_prompt(talks, light, tmp_path):
    def operation(*arguments):
        answer = talks.json("prompt", *arguments)
        assert answer.code == 0, answer
        assert set(answer.json) == {"operation"}
        return answer.json["operation"]

    text = tmp_path / "text.txt"
    text.write_bytes(b"\xef\xbb\xbfOther words.\n")
    assert set(operation("edit", light, "--name", "Lamp", "--from", text, "--description", "For me")) == {
        "id",
        "title",
        "at",
        "datasets",
        "changed",
        "undoes",
    }
    found = listed(talks)[0]
    assert (found["name"], found["content"], found["description"]) == ("Lamp", "Other words.\n", "For me")
    assert operation("attach", light, "talks")["datasets"] == ["talks"]
    assert sidecar(talks)[0]["name"] == "Lamp"
    operation("archive", light)
    assert listed(talks)[0]["is_active"] is False
    assert "(archived)" in talks("prompt", "list").out
    assert operation("archive", light) is None
    operation("restore", light)
    operation("detach", light, "talks")
    assert sidecar(talks) == []
    deleted = operation("delete", light)
    assert listed(talks) == []
    assert operation("undo")["undoes"] == deleted["id"]
    assert [each["slug"] for each in listed(talks)] == [light]


def test_entries_with_the_same_text_and_another_in_its_place(talks, light):
    using = {"total": 2, "datasets": {"talks": [uuid(0), uuid(1)]}}
    assert talks.json("prompt", "entries", light).json == using
    assert talks("prompt", "entries", light).out.split("\n")[:2] == ["2 entries", f"talks {uuid(0)}"]
    before = talks.path().read_bytes()
    dry = talks.json("prompt", "replace", light, "--from", "-", "--dry-run", stdin=b"New.")
    expected = {"changed": 2, "locked": 0, "skipped": [], "datasets": using["datasets"]}
    assert (dry.code, dry.json) == (0, expected)
    assert talks.path().read_bytes() == before
    done = talks.json("prompt", "replace", light, "--from", "-", "--dataset", "talks", stdin=b"New.").json
    assert (done["operation"]["changed"], done["changed"], done["locked"]) == (2, 2, 0)
    assert talks.path().read_bytes() != before
    assert listed(talks)[0]["content"] == LIGHT
    undone = talks.json("prompt", "undo", done["operation"]["id"])
    assert undone.json["operation"]["undoes"] == done["operation"]["id"]
    assert talks.path().read_bytes() == before


def test_another_prompt_may_take_its_place_and_the_template_follow(talks, light):
    talks.json("prompt", "create", "Second", "--from", "-", stdin=b"Second text.")
    answer = talks("prompt", "replace", light, "--with", "second", "--template")
    assert answer.code == 0
    assert "2 entries changed" in answer.out
    assert [each["content"] for each in listed(talks)] == ["Second text."] * 2
    assert talks.json("prompt", "entries", "second").json["total"] == 2


def test_a_line_that_cannot_be_rewritten_is_a_finding(talks, light, tmp_path):
    block = {"native": True, "entry_uuid": uuid(9), "dataset_uuid": DATASET}
    value = {"messages": [{"role": "system", "content": LIGHT}], "_rolethread": block}
    locked = tmp_path / "locked.jsonl"
    locked.write_text(json.dumps(value)[:-1] + ', "x": 1, "x": 2}\n')
    talks.json("import", locked)
    dry = talks.json("prompt", "replace", light, "--from", "-", "--dry-run", stdin=b"New.")
    assert (dry.code, dry.json["changed"], dry.json["locked"]) == (1, 2, 1)
    answer = talks("prompt", "replace", light, "--from", "-", stdin=b"New.")
    assert answer.code == 1
    assert "Left alone" in answer.err


def test_a_system_message_is_saved_as_a_prompt(talks, light):
    made = talks.json("prompt", "save-from", "talks", uuid(0), "Copy").json
    assert (made["slug"], made["operation"]["title"]) == ("copy", "New prompt “Copy”")
    assert {each["content"] for each in listed(talks)} == {LIGHT}
    assert "no system message" in talks.json("prompt", "save-from", "talks", uuid(2), "None").error


@pytest.mark.parametrize(
    ("arguments", "stdin", "why"),
    [
        (("create", "Name", "--from", "-"), b"\xff\xfe", "not UTF-8"),
        (("create", "Name", "--from", "-"), b"", "needs text"),
        (("create", "Name", "--from", "-"), b"x" * 10_000_000, "characters"),
        (("create", " ", "--from", "-"), b"Text.", "needs a name"),
        (("create", "Name", "--from", "no/such/file"), b"", "no/such/file"),
        (("create", "Name"), b"", "--from"),
        (("edit", "harbour_light"), b"", "--name"),
        (("edit", "none", "--name", "x"), b"", "no prompt"),
        (("archive", "\udcff"), b"", "no prompt"),
        (("attach", "harbour_light", "none"), b"", "no dataset"),
        (("replace", "harbour_light"), b"", "--from"),
        (("replace", "harbour_light", "--with", "harbour_light"), b"", "the same"),
        (("replace", "harbour_light", "--with", "none"), b"", "no prompt"),
        (("entries", "none"), b"", "no prompt"),
        (("undo", "999"), b"", "999"),
        (("undo", str(1 << 80)), b"", str(1 << 80)),
    ],
)
def test_what_cannot_be_done_is_refused_and_changes_nothing(talks, light, arguments, stdin, why):
    before = listed(talks), talks.path().read_bytes()
    answer = talks.json("prompt", *arguments, stdin=stdin)
    assert why in answer.error
    assert (listed(talks), talks.path().read_bytes()) == before
