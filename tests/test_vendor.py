"""Files made by other people are what their record says they are."""

import hashlib
import tomllib
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[1]
FOLDERS = [ROOT / "static/vendor", ROOT / "tests/data/vendor"]
# Licences that allow passing the file on unchanged beside our own code.
ACCEPTED = {"0BSD", "MIT", "BSD-2-Clause", "BSD-3-Clause", "ISC", "Apache-2.0", "MPL-2.0"}


def records(folder: Path) -> list[dict[str, Any]]:
    return tomllib.loads((folder / "VENDOR.toml").read_text(encoding="utf-8"))["file"]


def every_record() -> list[Any]:
    pairs = [(folder, record) for folder in FOLDERS for record in records(folder)]
    return [pytest.param(folder, record, id=record["name"]) for folder, record in pairs]


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.relative_to(ROOT).as_posix())
def test_nothing_lies_in_a_vendor_folder_without_a_record(folder):
    recorded = {"VENDOR.toml"}
    for record in records(folder):
        recorded |= {record["name"], record["licence_file"]}
    assert {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()} == recorded


@pytest.mark.parametrize(("folder", "record"), every_record())
def test_a_vendored_file_is_byte_for_byte_the_recorded_one(folder, record):
    assert hashlib.sha256((folder / record["name"]).read_bytes()).hexdigest() == record["sha256"]


@pytest.mark.parametrize(("folder", "record"), every_record())
def test_name_source_and_text_agree_on_the_version(folder, record):
    assert record["version"] in record["name"]
    assert f"npm:{record['project']}@{record['version']} " in record["source"]
    assert record["version"] in (folder / record["name"]).read_text(encoding="utf-8")


@pytest.mark.parametrize(("folder", "record"), every_record())
def test_the_licence_is_an_accepted_one_and_lies_beside_the_file(folder, record):
    assert record["licence"] in ACCEPTED
    assert (folder / record["licence_file"]).stat().st_size > 100
