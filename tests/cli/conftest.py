"""The command line called in this process, and what it answered."""

import json
import os
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from app.cli import main
from tests.workshop import dataset

SAMPLES = Path(os.environ.get("ROLETHREAD_SAMPLES") or Path(__file__).parents[3] / "shared" / "samples")


@dataclass(frozen=True)
class Answer:
    """What a command printed, and its exit code."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """The one JSON object on standard output."""
        assert self.err == ""
        return json.loads(self.out)

    @property
    def error(self) -> str:
        """The message of a refusal."""
        assert self.code == 2
        assert set(self.json["error"]) == {"message", "hint"}
        return self.json["error"]["message"]


class CommandLine:
    """Commands on one home."""

    def __init__(self, home: Path) -> None:
        self.home = home

    def __call__(self, *arguments: object, stdin: bytes = b"") -> Answer:
        """The answer in words."""
        with CliRunner().isolation(input=stdin) as (out, err, _):
            with pytest.raises(SystemExit) as ended:
                main([*map(str, arguments), "--home", str(self.home)])
            sys.stdout.flush()
        return Answer(ended.value.code, out.getvalue().decode(), err.getvalue().decode())

    def json(self, *arguments: object, stdin: bytes = b"") -> Answer:
        """The answer as JSON."""
        return self(*arguments, "--json", stdin=stdin)

    def keys(self, slug: str = "talks") -> list[str]:
        """The keys of all entries, in file order."""
        return self.json("search", slug).json["uuids"]

    def path(self, slug: str = "talks") -> Path:
        """The file of a dataset."""
        return Path(self.json("show", slug).json["path"])


@pytest.fixture
def run(tmp_path):
    """The command line on a home of its own."""
    before = os.umask(0o022)
    yield CommandLine(tmp_path / "home")
    os.umask(before)


@pytest.fixture
def talks(run, tmp_path):
    """The command line on a home with one dataset, ``talks``, of six entries."""
    assert run("import", dataset(tmp_path / "talks.jsonl")).code == 0
    return run


@pytest.fixture
def samples():
    """The folder with real files."""
    if not SAMPLES.is_dir():
        pytest.skip(f"the sample files are not at {SAMPLES}")
    return SAMPLES
