"""The benchmark runs, and prints every line that it promises."""

import json

from tests.bench import run, synth
from tests.bench.stages import EXPORTS, SEARCHES

LABELS = {
    "import", "first page usable", "reopen", "page", "filter", "save one entry", "tag all", "undo of that",
    "http page", "http filter", "http entry", *EXPORTS,
    "look through all", "measure all for a template", "validation page", "look after one edit",
    "after one edit", "entries with a code: frequent", "entries with a code: rare", "repair all",
    *(f"search {name}: {what}" for name in SEARCHES for what in ("first page", "count")),
}  # fmt: skip


def test_it_prints_every_line(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert run.main(["--sizes", "200", "--rounds", "1"]) == 0
    lines = capsys.readouterr().out.split("\n")
    assert LABELS - {line[: run.WIDTH].strip() for line in lines} == set()
    assert not [line for line in lines if "NOT REACHED" in line]


def test_it_measures_a_file_of_ones_own(tmp_path, capsys):
    file = tmp_path / "own.jsonl"
    file.write_text('{"messages": [{"role": "user", "content": "harbor"}]}\n')
    run.main(["--file", str(file), "--rounds", "1", "--only", "page", "--json"])
    found = json.loads(capsys.readouterr().out)["own.jsonl"]
    assert found["entries"] == 1
    assert set(found["times"]) == {"read", "orjson", "copy", "import", "page"}
    assert found["peaks"]["page"] > 0


def test_what_is_done_with_hostile_texts_is_measured(capsys):
    assert run.main(["--hostile", "1000"]) == 0
    lines = capsys.readouterr().out
    assert all(work in lines for work in ("privacy.email", "chatml.*", "render gemma", "repair text.zalgo"))
    assert "NOT REACHED" not in lines


def test_the_same_seed_gives_the_same_words():
    assert list(synth.entries(20)) == list(synth.entries(20))


def test_what_is_searched_for_is_there():
    text = [json.dumps(entry) for entry in synth.entries(3000)]
    assert 0.03 < sum("harbor" in entry for entry in text) / len(text) < 0.12
    assert any("anterns swaying" in entry for entry in text)
    assert not any("zzqqx" in entry for entry in text)
