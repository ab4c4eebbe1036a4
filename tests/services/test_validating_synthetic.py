"""A dataset whose faults are known: all of them are found, and nothing else of their kinds."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from app.domain.view import View
from app.services import analysing, browsing, opening, reporting
from app.services.reading import reading

GENERATOR = Path(__file__).parents[3] / "shared/tools/gen_synth.py"
COUNT = 10_000
CODES = {
    "content_whitespace": "chatml.content_whitespace",
    "role_case": "chatml.role_canonicalization",
    "empty_content": "chatml.empty_content",
    "double_user": "chatml.not_alternating",
    "ends_on_user": "chatml.last_not_assistant",
    "tag_spelling": "base.tag_spelling",
}
pytestmark = pytest.mark.skipif(not GENERATOR.is_file(), reason="the generator of samples is not here")


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A file of many entries, and the truth about it."""
    path = tmp_path_factory.mktemp("synthetic") / "made.jsonl"
    arguments = ["--n", str(COUNT), "--seed", "11", "--defects", "0.05"]
    subprocess.run([sys.executable, GENERATOR, path, *arguments], check=True, capture_output=True)
    return path, json.loads(path.with_name("made.jsonl.truth.json").read_bytes())


def numbers(library, code):
    """The places of the entries with a code, from 0."""
    with reading(library, "made") as snapshot:
        return {
            browsing.queries.number(snapshot.connection, rank) - 1
            for rank in browsing.ranks_in(snapshot, View(diagnostic=code))
        }


def test_all_faults_are_found_and_nothing_else_of_their_kinds(library, made):
    path, truth = made
    opening.import_path(library, path)
    assert analysing.bring_up_to_date(library, "made") == COUNT
    for kind, code in CODES.items():
        assert numbers(library, code) == set(truth["defects"][kind]), kind
    assert numbers(library, "duplicate.exact") == {max(pair) for pair in truth["exact_duplicates"]}
    near = {max(pair) for pair in truth["near_duplicates"]}
    assert near <= numbers(library, "duplicate.near") | numbers(library, "duplicate.exact")
    worst = {"text.mojibake", "text.special_token", "privacy.secret", "chatml.ai_refusal_language"}
    assert all(not numbers(library, code) for code in worst)


def test_the_report_of_the_file_itself_says_the_same_of_its_messages(library, made, tmp_path):
    path, truth = made
    report = reporting.of_file(library, path, reporting.Chosen())
    assert report.entries == COUNT
    found = {(each["code"], each["number"] - 1) for each in report.diagnostics}
    for kind, code in CODES.items():
        assert {number for name, number in found if name == code} == set(truth["defects"][kind]), kind
    assert library.datasets() == []
    assert list((library.home / "imports").iterdir()) == []
