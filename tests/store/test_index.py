"""The index is disposable: lost, damaged or old, it is made anew and says the same."""

import shutil
import sqlite3

import pytest

from app.config import Config
from app.domain.view import View
from app.errors import StoreError
from app.services import browsing, opening
from app.services.library import Library
from tests.workshop import check_home, dataset, keys


@pytest.fixture
def library(tmp_path):
    library = Library.open(Config(tmp_path / "home"))
    opening.import_path(library, dataset(tmp_path / "talks.jsonl", 40))
    return library


def found(library):
    listing = browsing.listing(library, "talks", View(query="question 3", mode="words", size=100))
    return [row.key for row in listing.rows], browsing.tag_counts(library, "talks")


def removed(index):
    shutil.rmtree(index.folder)


def without_text(index):
    index.text.unlink()


def emptied(index):
    index.database.write_bytes(b"")


def overwritten(index):
    index.database.write_bytes(b"no database" * 999)


def without_tables(index):
    with sqlite3.connect(index.database) as connection:
        connection.execute("DROP TABLE meta")
    connection.close()


def of_another_version(index):
    with sqlite3.connect(index.database) as connection:
        connection.execute("UPDATE meta SET value = json_set(value, '$.version', 999)")
    connection.close()


@pytest.mark.parametrize(
    "harm", [removed, without_text, emptied, overwritten, without_tables, of_another_version]
)
def test_an_index_that_came_to_harm_is_made_anew(library, tmp_path, harm):
    before = found(library)
    index = library.index(library.dataset("talks").id)
    harm(index)
    assert found(library) == before
    check_home(library, tmp_path)


@pytest.mark.parametrize("part", ["database", "text"])
def test_harm_deep_inside_is_said_once_and_then_mended(library, tmp_path, part):
    before = [row.key for row in browsing.listing(library, "talks", View(query="answer", size=100)).rows]
    file = getattr(library.index(library.dataset("talks").id), part)
    data = file.read_bytes()
    file.write_bytes(data[:8192] + b"\xaa" * (len(data) - 8192) if part == "database" else data[:50])
    harmed = 0
    for query in ("answer", "question", "question 1"):  # each is looked for anew
        try:
            found = browsing.listing(library, "talks", View(query=query, size=100)).rows
        except StoreError:
            harmed += 1
        else:
            assert query == "question 1" or [row.key for row in found] == before
    assert harmed <= 1
    check_home(library, tmp_path)


def test_a_file_that_grew_is_read_again_and_known_lines_are_remembered(library, tmp_path):
    path = library.dataset("talks").path
    texts = library.index(library.dataset("talks").id).text.read_bytes()
    path.write_bytes(path.read_bytes() + b'{"messages": [{"role": "user", "content": "More"}]}\n')
    assert len(keys(library, "talks")) == 41
    assert library.index(library.dataset("talks").id).text.read_bytes().startswith(texts)
