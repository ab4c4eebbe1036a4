"""doctor and bench."""


def test_doctor_prepares_an_empty_home(run):
    run.home.mkdir(mode=0o755)
    (run.home / "notes.txt").write_text("not ours")
    answer = run.json("doctor")
    assert (answer.code, answer.json) == (0, {"ok": True, "findings": []})
    assert (run.home / "datasets").is_dir()
    assert run.home.stat().st_mode & 0o777 == 0o700
    assert run("doctor").out == "All is well.\n"


def test_findings_are_told_in_words_json_and_exit_code(talks):
    talks.path().write_bytes(talks.path().read_bytes() + b"no entry\n")
    answer = talks.json("doctor")
    assert (answer.code, answer.json["ok"]) == (1, False)
    for finding in answer.json["findings"]:
        assert set(finding) == {"severity", "what", "dataset", "hint"}
    assert {finding["dataset"] for finding in answer.json["findings"]} == {"talks"}
    assert "changed by another program" in talks("doctor").out


def test_bench_hands_its_arguments_on(run):
    said = run("bench", "--help")
    assert said.code == 0
    assert "--sizes" in said.out
