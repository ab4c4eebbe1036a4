"""The tag group: what is listed, what is done to a tag in every dataset, and what is refused."""

import json

import pytest

from tests.sidecars import check_pair
from tests.workshop import line

LOCKED = b'{"messages": [], "tags": ["calm"], "n": 1, "n": 2}\n'


def listed(talks):
    return talks.json("tag", "list").json


def tag(talks, slug):
    return next((each for each in listed(talks)["tags"] if each["slug"] == slug), None)


def category(talks, slug):
    return next((each for each in listed(talks)["categories"] if each["slug"] == slug), None)


def done(talks, *arguments):
    """What an act on the tags says of its operation."""
    answer = talks.json("tag", *arguments)
    assert answer.code == 0, answer
    assert set(answer.json) in ({"operation"}, {"operation", "locked"})
    return answer.json["operation"]


def check(talks):
    path = talks.path()
    check_pair(path.read_bytes(), path.with_suffix(".registry.json").read_bytes())


def test_list_says_everything_of_each(talks):
    found = listed(talks)
    assert set(found) == {"tags", "categories", "former"}
    assert found["former"] == []
    assert tag(talks, "calm") == {
        "slug": "calm",
        "name": "Calm",
        "category": None,
        "status": "imported",
        "builtin": False,
        "entries": 3,
        "datasets": {"talks": 3},
        "aliases": [],
    }
    style = category(talks, "style")
    assert (style["name"], style["builtin"], style["tags"][0]) == ("Style", True, "dialogue")
    words = talks("tag", "list").out
    assert "Imported, to be looked at\n  calm                           3 entries\n" in words


def test_effect_says_what_a_change_would_touch(talks):
    assert talks.json("tag", "effect", "calm").json["datasets"] == {"talks": 3}
    assert talks("tag", "effect", "calm").out.split() == ["3", "entries", "in", "1", "dataset.", "talks", "3"]


def test_a_tag_is_put_away_and_comes_back(talks):
    done(talks, "adopt", "calm")
    for act, status in (("archive", "archived"), ("restore", "active"), ("hide", "hidden")):
        done(talks, act, "calm")
        assert tag(talks, "calm")["status"] == status
        check(talks)


def test_a_life_of_a_tag(talks):
    assert set(done(talks, "create-category", "Weather")) >= {"id", "title", "at", "datasets", "changed"}
    done(talks, "create", "Storm", "--category", "weather")
    done(talks, "adopt", "calm", "--category", "weather")
    assert (tag(talks, "calm")["status"], tag(talks, "calm")["category"]) == ("active", "weather")
    done(talks, "order", "calm", "storm", "--category", "weather")
    assert category(talks, "weather")["tags"] == ["calm", "storm"]
    renamed = done(talks, "rename", "calm", "Still water")
    assert (renamed["changed"], renamed["datasets"]) == (3, ["talks"])
    assert tag(talks, "still_water")["aliases"] == ["calm"]
    check(talks)
    done(talks, "merge", "still_water", "storm")
    assert tag(talks, "storm")["aliases"] == ["calm", "still_water"]
    done(talks, "move", "storm", "--category", "style")
    done(talks, "move", "storm")
    assert tag(talks, "storm")["category"] is None
    before = talks.path().read_bytes()
    deleted = done(talks, "delete", "storm")
    assert deleted["changed"] == 3
    assert tag(talks, "storm") is None
    check(talks)
    assert done(talks, "undo")["undoes"] == deleted["id"]
    assert talks.path().read_bytes() == before
    assert tag(talks, "storm")["entries"] == 3
    done(talks, "redo")
    assert tag(talks, "storm") is None
    check(talks)


def test_a_life_of_a_category(talks):
    done(talks, "create-category", "Weather")
    done(talks, "rename-category", "weather", "Sky")
    done(talks, "order-categories", "sky", "style")
    assert [each["slug"] for each in listed(talks)["categories"]][:2] == ["sky", "style"]
    deleted = done(talks, "delete-category", "sky")
    assert category(talks, "sky") is None
    done(talks, "undo", deleted["id"])
    assert category(talks, "sky")["name"] == "Sky"


def test_an_entry_that_cannot_be_rewritten_is_a_finding(talks, tmp_path):
    odd = tmp_path / "odd.jsonl"
    odd.write_bytes(line(9, tags=["calm"]) + LOCKED)
    talks.json("import", odd)
    renamed = talks.json("tag", "rename", "calm", "quiet")
    assert (renamed.code, renamed.json["locked"], renamed.json["operation"]["changed"]) == (1, 1, 4)
    done(talks, "undo", renamed.json["operation"]["id"])
    words = talks("tag", "merge", "calm", "pacing")
    assert (words.code, "losing something: 1." in words.out) == (1, True)
    assert listed(talks)["former"] == [
        {"slug": "calm", "leads_to": "pacing", "entries": 1, "datasets": {"odd": 1}}
    ]
    words = "Former names still in entries\n  calm                           1 entry, now pacing\n"
    assert words in talks("tag", "list").out
    assert "can be rewritten" in talks.json("tag", "rewrite", "calm").error


def test_a_former_name_that_comes_back_is_rewritten(talks):
    talks.json("trash", "talks")
    assert talks.json("tag", "create", "Quiet").code == 0
    other = json.dumps({"messages": [], "tags": ["calm"]}).encode()
    talks.json("import", "-", "--name", "other", stdin=other)
    talks.json("tag", "merge", "calm", "quiet")
    talks.json("untrash", "talks")
    assert [each["slug"] for each in listed(talks)["former"]] == ["calm"]
    rewritten = talks.json("tag", "rewrite", "calm")
    assert (rewritten.code, rewritten.json["locked"], rewritten.json["operation"]["changed"]) == (0, 0, 3)
    assert listed(talks)["former"] == []
    assert tag(talks, "quiet")["datasets"]["talks"] == 3
    check(talks)


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        (("effect", "none"), "no tag called none"),
        (("create", "Calm"), "already"),
        (("create", "!!"), "cannot be a name"),
        (("create", "\udcff"), "name"),
        (("create", "x", "--category", "none"), "no category called none"),
        (("rename", "none", "x"), "no tag called none"),
        (("rename", "draft", "x"), "built in"),
        (("rename", "calm", "draft"), "already"),
        (("merge", "calm", "calm"), "into itself"),
        (("merge", "calm", "none"), "no tag called none"),
        (("rewrite", "calm"), "former name"),
        (("adopt", "draft"), "in use already"),
        (("restore", "draft"), "active already"),
        (("order", "calm", "--category", "style"), "no tag called calm here"),
        (("order-categories", "none"), "no category called none"),
        (("delete-category", "style"), "built in"),
        (("rename-category", "style", "Mood"), "built in"),
        (("undo", "999"), "999"),
        (("undo", str(1 << 80)), str(1 << 80)),
        (("fly",), "fly"),
    ],
)
def test_what_cannot_be_done_is_refused_and_changes_nothing(talks, arguments, why):
    before = listed(talks), talks.path().read_bytes()
    assert why in talks.json("tag", *arguments).error
    assert (listed(talks), talks.path().read_bytes()) == before
