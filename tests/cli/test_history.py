"""history, undo, redo and restore."""


def test_undo_redo_and_restore_bring_back_every_byte(talks):
    keys, path = talks.keys(), talks.path()
    states = [path.read_bytes()]
    for line in (
        ("delete", "talks", keys[0]),
        ("tags", "talks", "--add", "x"),
        ("duplicate", "talks", keys[3]),
    ):
        assert talks(*line).code == 0
        states.append(path.read_bytes())
    newest, *_, imported = talks.json("history", "talks").json["operations"]
    assert talks.json("undo", "talks").json["operation"]["undoes"] == newest["id"]
    assert path.read_bytes() == states[2]
    assert talks("undo", "talks").code == 0
    assert path.read_bytes() == states[1]
    assert talks("redo", "talks").code == 0
    assert path.read_bytes() == states[2]
    assert talks("redo", "talks").code == 0
    assert path.read_bytes() == states[3]
    assert talks("restore", "talks", imported["id"]).code == 0
    assert path.read_bytes() == states[0]


def test_history_is_newest_first_and_complete(talks):
    for number in range(60):
        assert talks("tags", "talks", "--add" if number % 2 else "--remove", "calm").code == 0
    found = talks.json("history", "talks").json["operations"]
    assert len(found) == 61
    assert [each["id"] for each in found] == sorted((each["id"] for each in found), reverse=True)
    assert "Import talks" in talks("history", "talks").out


def test_an_older_operation_is_undone_alone_if_nothing_stands_in_the_way(talks):
    keys = talks.keys()
    first = talks.json("tags", "talks", "--add", "x", "--entry", keys[0]).json["operation"]["id"]
    talks("tags", "talks", "--add", "y", "--entry", keys[1])
    third = talks.json("tags", "talks", "--add", "z", "--entry", keys[0]).json["operation"]["id"]
    assert str(third) in talks.json("undo", "talks", first).error
    assert talks("undo", "talks", third).code == 0
    assert talks("undo", "talks", first).code == 0
    assert talks.json("show", "talks").json["tags"] == {"calm": 3, "y": 1}


def test_what_cannot_be_undone_or_restored_is_refused(talks):
    assert talks.json("undo", "talks", 99).error
    assert talks.json("undo", "talks", 10**20).error == f"There is no operation {10**20} on talks."
    assert talks.json("redo", "talks").error
    assert talks.json("restore", "talks", 99).error
    assert talks.json("restore", "talks", 1).error
