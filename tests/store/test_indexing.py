"""An index that was moved along says what one made anew would say; a rebuilt one remembers what it can."""

from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.domain.change import Change, ChangeSet, moved
from app.errors import StoreError
from app.store.datasets import signature
from app.store.index import Index
from app.store.indexing import build, rebuild, sign
from tests.lines import between, files, moved_along
from tests.workshop import indexed, line


def made(path, folder):
    """The index of a file, made anew."""
    index = Index(folder)
    build(index, path, lambda done: None)
    return index


def check(index, path, folder):
    fresh = made(path, folder)
    assert index.summary() == fresh.summary()
    assert list(indexed(index)) == list(indexed(fresh))


@pytest.fixture
def talks(tmp_path):
    """A file of four entries, and its index."""
    path = tmp_path / "talks.jsonl"
    path.write_bytes(b"".join(map(line, range(4))))
    return path, made(path, tmp_path / "index")


@settings(deadline=None, max_examples=50)
@given(st.lists(files(), min_size=2, max_size=4))
def test_an_index_follows_its_file_through_any_changes(states):
    with TemporaryDirectory() as name:
        folder = Path(name)
        path, wanted, draft = (folder / each for each in ("talks.jsonl", "wanted.jsonl", "draft"))
        path.write_bytes(states[0])
        index = made(path, folder / "index")
        for _, state in pairwise(states):
            wanted.write_bytes(state)
            changes = between(path, wanted)
            if changes:
                moved_along(index, path, changes, draft)
                check(index, path, folder / "fresh")


def test_lines_put_in_at_one_place_over_and_over_find_room(talks, tmp_path):
    path, index = talks
    for number in range(30):  # a gap can be halved twenty times
        change = Change.inserted("x", 2, line(100 + number))
        moved_along(index, path, ChangeSet((change,)), tmp_path / "draft")
    check(index, path, tmp_path / "fresh")


def test_lines_moved_to_one_place_over_and_over_find_room(talks, tmp_path):
    path, index = talks
    for _ in range(30):
        moved_along(index, path, ChangeSet((), moved(4, 3, 1)), tmp_path / "draft")
    check(index, path, tmp_path / "fresh")


@pytest.mark.parametrize("more", [{"head": (b"", b"\xef\xbb\xbf")}, {"order": moved(4, 0, 3)}, {}])
def test_one_line_rewritten_moves_all_behind_it(talks, tmp_path, more):
    path, index = talks
    after = 0 if more.get("order") else 1
    change = Change.replaced("x", 1, after, line(1), line(1, note="longer"))
    moved_along(index, path, replace(ChangeSet((change,)), **more), tmp_path / "draft")
    check(index, path, tmp_path / "fresh")


def doubted(index):
    """Make an index say of its first line what nobody would find in it."""
    with index.connect() as connection:
        connection.execute("UPDATE lines SET messages = 99 WHERE offset = 0")


def messages(index):
    with index.connect() as connection:
        return [row[0] for row in connection.execute("SELECT messages FROM lines ORDER BY rank")]


def test_a_rebuilt_index_remembers_the_lines_that_it_knew(talks):
    path, index = talks
    doubted(index)
    path.write_bytes(line(9) + path.read_bytes())
    rebuild(index, path, lambda done: None)
    assert messages(index) == [2, 99, 2, 2, 2]


def test_a_line_whose_text_was_lost_is_looked_at_again(talks):
    path, index = talks
    doubted(index)
    index.text.write_bytes(b"")
    rebuild(index, path, lambda done: None)
    assert messages(index) == [2, 2, 2, 2]


def test_a_file_that_cannot_be_read_leaves_the_old_index(talks, tmp_path):
    _, index = talks
    before = index.summary(), list(indexed(index))
    with pytest.raises(StoreError):
        rebuild(index, tmp_path / "nowhere.jsonl", lambda done: None)
    assert (index.summary(), list(indexed(index))) == before
    assert {each.name for each in tmp_path.iterdir()} == {"index", "talks.jsonl"}


def test_a_change_that_does_not_fit_leaves_the_index_as_it_was(talks, tmp_path):
    path, index = talks
    before = index.summary(), list(indexed(index))
    change = Change.replaced("x", 1, 1, line(7), line(8))
    with pytest.raises(ValueError, match="not the one that was changed"):
        moved_along(index, path, ChangeSet((change,)), tmp_path / "draft")
    assert (index.summary(), list(indexed(index))) == before


def test_an_index_can_be_told_that_its_file_got_another_name(talks):
    path, index = talks
    other = path.rename(path.with_name("other.jsonl"))
    sign(index, signature(other))
    assert index.summary().signature == signature(other)
    assert index.summary().entries == 4
