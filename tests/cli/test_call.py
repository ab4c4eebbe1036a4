"""What every command keeps: one JSON object, words on standard error, exit codes, no traceback."""

import json

import pytest

from app.cli.call import plain

COMMANDS = (
    "serve",
    "import",
    "list",
    "show",
    "rejected",
    "new",
    "rename",
    "trash",
    "untrash",
    "search",
    "save",
    "delete",
    "move",
    "duplicate",
    "tags",
    "history",
    "undo",
    "redo",
    "restore",
    "export",
    "doctor",
    "bench",
)


def test_help_names_every_command(run):
    said = run("--help")
    assert said.code == 0
    assert [word for word in (*COMMANDS, "test", "soak") if f"  {word} " not in said.out] == []


@pytest.mark.parametrize("command", [name for name in COMMANDS if name != "bench"])
def test_every_command_explains_itself(run, command):
    said = run(command, "--help")
    assert said.code == 0
    assert "--home DIR" in said.out
    assert "--json" in said.out


def test_home_and_json_may_stand_before_the_command(run, tmp_path):
    there = tmp_path / "elsewhere"
    assert run("--json", "list").json == {"datasets": []}
    assert run("new", "talks", "--home", there).code == 0  # the last one wins
    assert run.json("list").json["datasets"][0]["slug"] == "talks"


@pytest.mark.parametrize(
    "line",
    [
        ("frobnicate",),
        ("show",),
        ("show", "a", "b"),
        ("list", "--frobnicate"),
        ("search", "a", "--mode", "psychic"),
        ("undo", "a", "three"),
        ("--bogus",),
        ("export", "a"),
    ],
)
def test_a_slip_in_the_command_line_is_refused_in_words_and_as_json(run, line):
    assert "--help" in run.json(*line).json["error"]["hint"]
    assert run.json(*line).code == 2
    said = run(*line)
    assert (said.code, said.out) == (2, "")
    assert "Traceback" not in said.err
    assert not run.home.exists()


def test_a_refusal_in_words_goes_to_standard_error(run):
    said = run("show", "nothing")
    assert (said.code, said.out) == (2, "")
    assert said.err == "There is no dataset called nothing.\nThe command list shows what there is.\n"


def test_a_home_that_cannot_be_made_is_a_refusal(run):
    run.home.write_text("in the way")
    assert "home" in run.json("list").error


def test_a_registry_that_is_none_is_a_refusal(run):
    assert run("list").code == 0
    (run.home / "registry.sqlite3").write_bytes(b"no database at all" * 100)
    assert "registry" in run.json("list").error


def test_what_nobody_foresaw_shows_no_traceback_unless_asked(talks, monkeypatch):
    def broken(*_, **__):
        raise RuntimeError("a surprise")

    monkeypatch.setattr("app.services.browsing.matching_keys", broken)
    assert "a surprise" in talks.json("search", "talks").error
    assert "Traceback" not in talks("search", "talks").err
    assert "Traceback" in talks("search", "talks", "--debug").err


def test_json_is_plain_ascii_whatever_the_text(run, tmp_path):
    file = tmp_path / "odd.jsonl"
    line = '{"messages":[{"role":"user","content":"\\ud800 é \u2028"}],"tags":["\\ud800x"]}\n'
    file.write_bytes(line.encode("utf-8"))
    assert run("import", file).code == 0
    shown = run.json("show", "odd", "--entry", run.keys("odd")[0])
    assert shown.out.isascii()
    assert json.loads(shown.out)["entry"]["messages"][0]["content"] == "\ud800 é \u2028"
    assert run("show", "odd").code == 0


def test_control_characters_are_spelt_out():
    assert plain("a\x1b[2Jb\tc\n\x9b") == "a\\x1b[2Jb\tc\n\\x9b"
