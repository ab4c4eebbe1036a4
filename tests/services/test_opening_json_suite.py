"""The corpus of bad JSON, in every place of a file: no traceback, no lost byte, counts that add up."""

import base64
import json
from pathlib import Path

import pytest

from app.domain.entry import Entry
from app.errors import AppError
from app.services import editing, opening, rejecting
from tests.workshop import SAMPLES, check, check_files, check_home, keys, line, value_of

SUITE = sorted((SAMPLES / "json-test-suite/test_parsing").glob("*.json"))
pytestmark = pytest.mark.skipif(not SUITE, reason=f"the samples are not at {SAMPLES}")
BEFORE, BEHIND = b'{"messages": [{"role": "user", "content": ', b'}], "more": 1}'


def physical(data: bytes) -> list[bytes]:
    """The lines that are records: all that are not blank."""
    return [part.strip(b" \t\r") for part in data.split(b"\n") if part.strip(b" \t\r\n\x0b\x0c")]


def stamped_from(written: bytes, original: bytes) -> bool:
    """Whether a line is the original with the app's block before its last brace, and nothing else."""
    end = original.rindex(b"}")
    return written.startswith(original[:end]) and written.endswith(original[end:])


def rejected_bytes(path: Path) -> list[bytes]:
    """What was put aside, byte for byte."""
    rejected = path.with_name(f"{path.stem}.rejected.jsonl")
    rows = [json.loads(row) for row in rejected.read_bytes().split(b"\n") if row] if rejected.exists() else []
    return [base64.b64decode(row["base64"]) if "base64" in row else row["text"].encode() for row in rows]


def check_import(library, tmp_path, data: bytes) -> int:
    """Import, count, compare every byte, edit one entry, compare again; how many entries there are."""
    source = tmp_path / "suite.jsonl"
    source.write_bytes(data)
    found = opening.import_path(library, source)
    assert found.records == found.entries + found.rejected == len(physical(data))
    lines = found.path.read_bytes().split(b"\n")[:-1]
    aside = rejected_bytes(found.path)
    assert len(lines) == found.entries
    assert len(aside) == found.rejected
    waiting = [text.strip(b" \t\r") for text in aside]
    entries = iter(lines)
    for original in physical(data):
        if waiting and original == waiting[0]:
            waiting.pop(0)
        else:
            assert stamped_from(next(entries), original)
    assert waiting == []
    key = keys(library, found.slug)[0]
    editing.save_entry(library, found.slug, key, {**value_of(library, found.slug, key), "note": "edited"})
    assert found.path.read_bytes().split(b"\n")[1:-1] == lines[1:]
    assert len(rejecting.rejected(library, found.slug)) == found.rejected
    check_home(library, tmp_path)
    return found.entries


def test_as_the_content_of_messages(library, tmp_path):
    data = b"".join(BEFORE + path.read_bytes() + BEHIND + b"\n" for path in SUITE)
    accepted = check_import(library, tmp_path, BEFORE + b'"good"' + BEHIND + b"\n" + data)
    assert accepted > sum(path.name.startswith("y_") for path in SUITE) * 0.9


def test_as_lines_among_good_lines(library, tmp_path):
    data = b"".join(line(number) + path.read_bytes() + b"\n" for number, path in enumerate(SUITE))
    assert check_import(library, tmp_path, data) >= len(SUITE)


@pytest.mark.parametrize("good", [b"", line(1)], ids=["alone", "before a good line"])
def test_as_a_whole_file(library, tmp_path, good):
    for path in SUITE:
        source = tmp_path / path.name
        source.write_bytes(path.read_bytes() + b"\n" * bool(good) + good)
        try:
            found = opening.import_path(library, source)
        except AppError:
            assert not (library.home / "datasets" / path.stem).exists()
        else:
            assert found.records == found.entries + found.rejected
            assert found.path.read_bytes().count(b"\n") == found.entries
            check(library, found.slug, tmp_path)
    check_files(library)


def test_what_must_parse_is_read_and_what_must_not_is_not():
    judged = {}
    for path in SUITE:
        text = b'{"a": ' + path.read_bytes() + b"}"
        try:
            judged[path.name] = bool(Entry.of(text).value)
        except ValueError:
            judged[path.name] = False
    assert [name for name, good in judged.items() if good and name.startswith("n_")] == []
    assert [name for name, good in judged.items() if not good and name.startswith("y_")] == []
