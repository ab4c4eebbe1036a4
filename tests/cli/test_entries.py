"""search, save, delete, move, duplicate and tags."""

import json

import pytest

from tests.workshop import entry, line

NEW = {"messages": [{"role": "user", "content": "New?"}, {"role": "assistant", "content": "New."}]}


@pytest.fixture
def handed(tmp_path):
    """A file with one entry in it."""
    file = tmp_path / "entry.json"
    file.write_text(json.dumps(NEW, indent=2))
    return file


@pytest.mark.parametrize(
    ("options", "numbers"),
    [
        ((), range(6)),
        (("question 3",), [3]),
        (("question 3", "--match-case"), []),
        (("Answer question", "--mode", "words"), []),
        (("3 question", "--mode", "words"), [3]),
        (("answer", "--scope", "user"), []),
        (("question|answer [12]", "--mode", "regex", "--scope", "assistant"), [1, 2]),
        (("--tag", "calm"), [1, 3, 5]),
        (("--tag", "Calm", "--tag", "other"), [1, 3, 5]),
        (("--tag", "calm", "--tag", "other", "--tag-mode", "all"), []),
        (("--tag", "calm", "--tag-mode", "exact"), [1, 3, 5]),
        (("--untagged",), [0, 2, 4]),
        (("cal", "--scope", "tags"), [1, 3, 5]),
        (("000000000004", "--scope", "id"), [4]),
    ],
)
def test_search_finds_all_in_file_order(talks, options, numbers):
    keys = talks.keys()
    found = talks.json("search", "talks", *options).json
    assert found == {"total": len(numbers), "uuids": [keys[number] for number in numbers]}


def test_a_broken_pattern_is_refused(talks):
    assert "pattern" in talks.json("search", "talks", "(", "--mode", "regex").error


def test_save_appends_and_writes_over_and_touches_one_line(talks, handed):
    before = talks.path().read_bytes()
    made = talks.json("save", "talks", "--from", handed).json
    assert talks.keys()[-1] == made["uuid"]
    assert talks.path().read_bytes().startswith(before)
    third = talks.keys()[2]
    saved = talks.json("save", "talks", third, "--from", handed).json
    assert (saved["uuid"], saved["operation"]["changed"]) == (third, 1)
    lines, old = talks.path().read_bytes().split(b"\n"), before.split(b"\n")
    assert lines[:2] + lines[3:6] == old[:2] + old[3:6]
    assert json.loads(lines[2])["messages"] == NEW["messages"]


def test_save_takes_any_shape_that_an_import_knows_from_standard_input(talks):
    turns = b'[{"from": "human", "value": "A"}, {"from": "gpt", "value": "B"}]'
    shared = b'\xef\xbb\xbf {"conversations": ' + turns + b"}\r\n"
    made = talks.json("save", "talks", "--from", "-", stdin=shared).json
    kept = talks.json("show", "talks", "--entry", made["uuid"]).json["entry"]
    assert kept["messages"] == [{"role": "user", "content": "A"}, {"role": "assistant", "content": "B"}]


def test_saving_what_is_there_does_nothing(talks):
    key = talks.keys()[1]
    same = json.dumps(entry(1, tags=["calm"])).encode()
    before = talks.path().read_bytes()
    saved = talks.json("save", "talks", key, "--from", "-", stdin=same)
    assert (saved.code, saved.json) == (0, {"operation": None, "uuid": key})
    assert talks.path().read_bytes() == before


@pytest.mark.parametrize(
    "text", [b"", b"{", b"[]", b'{"a": 1}', b'{"messages": [], "x": 1, "x": 2}', b"\xff"]
)
def test_what_is_no_entry_is_refused_and_changes_nothing(talks, text):
    before = talks.path().read_bytes()
    assert talks.json("save", "talks", "--from", "-", stdin=text).error
    assert talks.json("save", "talks", talks.keys()[0], "--from", "-", stdin=text).error
    assert talks.path().read_bytes() == before
    assert len(talks.json("history", "talks").json["operations"]) == 1


def test_an_entry_that_is_not_there_is_refused(talks, handed):
    key = talks.keys()[0]
    assert talks.json("save", "talks", "nobody", "--from", handed).error
    assert talks.json("save", "talks", "--from", handed.with_name("nowhere")).error
    assert talks.json("delete", "talks", key, "nobody").error
    assert talks.json("move", "talks", "nobody", "--to", 1).error
    assert talks.json("duplicate", "talks", "nobody").error
    assert talks.json("tags", "talks", "--add", "x", "--entry", "nobody").error
    assert talks.keys()[0] == key


def test_delete_move_and_duplicate(talks):
    keys = talks.keys()
    assert talks.json("delete", "talks", *keys[:2]).json["operation"]["changed"] == 2
    assert talks.json("move", "talks", keys[5], "--to", 1).json["uuid"] == keys[5]
    assert talks.keys() == [keys[5], keys[2], keys[3], keys[4]]
    copy = talks.json("duplicate", "talks", keys[2]).json["uuid"]
    assert talks.keys() == [keys[5], keys[2], copy, keys[3], keys[4]]
    assert talks.json("move", "talks", keys[5], "--to", 0).error
    assert talks.json("move", "talks", keys[5], "--to", 1).json["operation"] is None


def test_tags_change_on_what_is_selected_and_as_one_operation(talks):
    keys = talks.keys()

    def tagged(tag):
        return [keys.index(key) for key in talks.json("search", "talks", "--tag", tag).json["uuids"]]

    assert talks.json("tags", "talks", "--add", "all of them").json["operation"]["changed"] == 6
    assert tagged("all of them") == [0, 1, 2, 3, 4, 5]
    talks.json("tags", "talks", "answer 2", "--scope", "assistant", "--add", "two")
    assert tagged("two") == [2]
    talks.json("tags", "talks", "--tag", "calm", "--replace", "quiet", "--replace", "still")
    assert (tagged("calm"), tagged("quiet"), tagged("still")) == ([], [1, 3, 5], [1, 3, 5])
    talks.json("tags", "talks", "--entry", keys[0], "--entry", keys[1], "--remove", "all of them")
    assert tagged("all of them") == [2, 4]
    talks.json("tags", "talks", "--replace", "")
    assert talks.json("show", "talks").json["tags"] == {}
    assert len(talks.json("history", "talks").json["operations"]) == 6
    assert talks.json("tags", "talks", "--replace", "").json == {"operation": None}


@pytest.mark.parametrize(
    "options",
    [
        (),
        ("--add", "x", "--replace", "y"),
        ("--add", ""),
        ("--add", "!!!"),
        ("--replace", "x", "--replace", ""),
        ("--add", "x", "--entry", "e", "query"),
        ("--add", "x", "--entry", "e", "--tag", "calm"),
    ],
)
def test_tags_that_make_no_sense_are_refused(talks, options):
    assert talks.json("tags", "talks", *options).error


def test_entries_that_cannot_be_rewritten_are_left_alone_and_said(run, tmp_path):
    (tmp_path / "odd.jsonl").write_bytes(line(1) + line(2).replace(b'"tags"', b'"x": 1, "x": 2, "tags"'))
    assert run("import", tmp_path / "odd.jsonl").code == 0
    said = run("tags", "odd", "--add", "new")
    assert said.code == 1
    assert "1 entry" in said.err
    assert run.json("search", "odd", "--tag", "new").json["total"] == 1


def test_an_entry_that_is_nested_as_deep_as_can_be_read_comes_by_every_command(run, tmp_path):
    source = tmp_path / "deep.jsonl"
    source.write_text(
        '{"deep": ' + "[" * 899 + "]" * 899 + ', "messages": [{"role": "user", "content": "a"}]}\n'
    )
    assert run("import", source).code == 0
    (key,) = run.keys("deep")
    shown = run.json("show", "deep", "--entry", key).json
    assert "200 levels" in shown["locked"]
    assert json.loads(shown["raw"]) == shown["entry"]
    assert run("show", "deep", "--entry", key).out.startswith('{"deep": [[')
    for form in ("chatml", "sharegpt"):
        for clean in ((), ("--clean",)):
            assert run("export", "deep", "--format", form, *clean).code in (0, 1)
    assert run("tags", "deep", "--add", "x").code == 1
    assert "200 levels" in run.json("duplicate", "deep", key).error
    path = run.path("deep")
    before = path.read_bytes()
    assert run("delete", "deep", key).code == 0
    assert run("undo", "deep").code == 0
    assert path.read_bytes() == before
