"""A staged file is the old one with the changes, byte for byte; where it cannot be, nothing is left of it."""

from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings

from app.domain.change import Change, ChangeSet
from app.domain.entry import digest
from app.domain.facts import facts_of
from app.store.datasets import content_of
from app.store.index import Index
from app.store.indexing import build
from app.store.staging import Layout
from tests.lines import between, files, staged
from tests.workshop import line


@pytest.fixture
def talks(tmp_path):
    """A file of three entries, and its index."""
    path, index = tmp_path / "talks.jsonl", Index(tmp_path / "index")
    path.write_bytes(line(1) + line(2) + line(3))
    build(index, path, lambda done: None)
    return path, index


@settings(deadline=None)
@given(files(), files())
def test_a_staged_file_is_the_new_one_and_the_old_one_stands(before, after):
    with TemporaryDirectory() as name:
        folder = Path(name)
        path, wanted, draft = (folder / each for each in ("talks.jsonl", "wanted.jsonl", "draft"))
        path.write_bytes(before)
        wanted.write_bytes(after)
        index = Index(folder / "index")
        build(index, path, lambda done: None)
        changes = between(path, wanted)
        written = staged(index, path, changes, draft)
        assert draft.read_bytes() == after
        assert path.read_bytes() == before
        assert (written.content, written.size) == (content_of(wanted), len(after))
        for new in written.placed:
            text = after[new.offset : new.offset + new.length]
            assert digest(text) == new.change.now
            assert facts_of(text)[0] == new.found
        assert {new.change for new in written.placed} == {c for c in changes.changes if c.after is not None}


def test_every_line_is_found_at_its_position_and_rank(talks):
    path, index = talks
    with index.connect() as connection, path.open("rb") as file:
        layout = Layout.of(connection, index.summary())
        assert [layout.line(file.fileno(), place) for place in range(layout.count)] == [
            line(1), line(2), line(3)
        ]  # fmt: skip
        assert [layout.position(rank) for rank in layout.ranks] == [0, 1, 2]


def test_the_new_file_has_the_permissions_of_the_old_one(talks, tmp_path):
    path, index = talks
    path.chmod(0o640)
    change = Change.deleted("x", 0, line(1))
    assert staged(index, path, ChangeSet((change,)), tmp_path / "draft").path.stat().st_mode & 0o777 == 0o640


def test_a_line_that_is_not_the_one_that_was_changed_is_not_rewritten(talks, tmp_path):
    path, index = talks
    change = Change.replaced("x", 1, 1, line(9, note="a"), line(9, note="b"))
    with pytest.raises(ValueError, match="not the one that was changed"):
        staged(index, path, ChangeSet((change,)), tmp_path / "draft")
    assert not (tmp_path / "draft").exists()


def test_an_index_that_would_cut_a_line_in_two_writes_nothing(talks, tmp_path):
    path, index = talks
    with index.connect() as connection:
        connection.execute("UPDATE lines SET offset = offset + 7 WHERE offset > 0")
    with pytest.raises(OSError, match="does not fit"):
        staged(index, path, ChangeSet((Change.deleted("x", 0, line(1)),)), tmp_path / "draft")
    assert not (tmp_path / "draft").exists()
    assert path.read_bytes() == line(1) + line(2) + line(3)
