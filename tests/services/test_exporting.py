"""What an export carries, whatever the dataset's lines hold."""

import json

import pytest

from app.domain.view import View
from app.services import exporting, opening
from app.services.exporting import Report
from tests.workshop import keys, line


def exported(library, slug, form, **more):
    """The export as its lines."""
    return b"".join(exporting.export(library, slug, form, **more)).split(b"\n")[:-1]


@pytest.fixture
def odd(library, tmp_path):
    """A dataset of lines that are hard to write, with blank and broken ones between them."""
    file = tmp_path / "odd.jsonl"
    said = '{"messages": [{"role": "user", "content": %s}], "n": 1}'
    contents = [
        '"\\ud800 half"',
        '"caf\u00e9 \u2028"',
        '{"big": 123456789012345678901234567890}',
        '{"n": 1e999}',
    ]
    file.write_bytes(b"\r\n\n".join(said.replace("%s", content).encode() for content in contents))
    opening.import_path(library, file, name="odd")
    return "odd"


def test_everything_comes_as_it_lies_there(library, talks):
    assert exported(library, "talks", "chatml") == talks.read_bytes().split(b"\n")[:-1]


def test_another_programs_file_comes_without_its_mark_and_line_ends(library, tmp_path):
    file = tmp_path / "own.jsonl"
    lines = [line(number).removesuffix(b"\n") for number in range(3)]
    file.write_bytes(b"\xef\xbb\xbf" + b"\r\n".join(lines))
    opening.import_path(library, file, name="own", in_place=True)
    assert exported(library, "own", "chatml") == lines
    assert exported(library, "own", "chatml", selection=keys(library, "own")) == lines


def test_some_entries_come_in_file_order(library, talks):
    lines = talks.read_bytes().split(b"\n")
    chosen = keys(library, "talks")[3:0:-2]
    assert exported(library, "talks", "chatml", selection=chosen) == [lines[1], lines[3]]
    assert exported(library, "talks", "chatml", selection=View(tags=("calm",))) == lines[1:6:2]
    assert exported(library, "talks", "chatml", selection=View(query="Answer 4")) == [lines[4]]


def test_a_clean_export_holds_what_is_hard_to_write(library, odd):
    report = Report()
    lines = exported(library, odd, "chatml", clean=True, report=report)
    contents = [json.loads(line)["messages"][0]["content"] for line in lines]
    assert contents == ["\ud800 half", "caf\u00e9 \u2028", {"big": 123456789012345678901234567890}]
    assert b"\xe2\x80\xa8" not in b"".join(lines)
    assert (report.entries, report.skipped) == (3, 1)
    assert "1e999" in report.notes[0]


@pytest.mark.parametrize("clean", [True, False])
def test_sharegpt_holds_it_too(library, odd, clean):
    values = [
        json.loads(line)["conversations"][0]["value"]
        for line in exported(library, odd, "sharegpt", clean=clean)
    ]
    assert values == ["\ud800 half", "caf\u00e9 \u2028", {"big": 123456789012345678901234567890}]


def test_long_datasets_come_in_pieces(library, tmp_path):
    file = tmp_path / "long.jsonl"
    file.write_bytes(b"".join(line(number, note="x" * 1000) for number in range(1000)))
    opening.import_path(library, file)
    pieces = list(exporting.export(library, "long", "chatml"))
    assert len(pieces) > 3
    assert b"".join(pieces) == file.read_bytes()
