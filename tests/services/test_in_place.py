"""A trusted file edited where it is: it stays the person's own, in every respect."""

import os

import pytest

from app.domain.tagging import TagEdit
from app.errors import Refused
from app.services import editing, history, opening, shelving
from app.services.library import Library
from tests.faults import watched
from tests.workshop import check_home, dataset, entry, keys, line


@pytest.fixture
def path(tmp_path):
    (tmp_path / "own").mkdir()
    return dataset(tmp_path / "own" / "talks.jsonl")


def edit_all(library):
    editing.edit_tags(library, "talks", None, TagEdit(add=("all",)))


def test_mode_and_links_stay_as_they_are(library, path, tmp_path):
    real = path.rename(tmp_path / "own" / "real.jsonl")
    path.symlink_to(real)
    real.chmod(0o664)
    opening.import_path(library, path, in_place=True, name="talks")
    mask = os.umask(0o077)
    try:
        edit_all(library)
    finally:
        os.umask(mask)
    assert path.is_symlink()
    assert real.stat().st_mode & 0o777 == 0o664
    assert real.read_bytes().count(b'"all"') == 6
    check_home(library, tmp_path)


@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
@pytest.mark.parametrize("end", [b"\n", b"\r\n"])
@pytest.mark.parametrize("closed", [True, False])
def test_mark_blank_lines_and_line_ends_stay_as_found(library, path, tmp_path, mark, end, closed):
    lines = [line(0).rstrip(), b"", line(1).rstrip(), b"  ", line(2).rstrip()]
    before = mark + end.join(lines) + end * closed
    path.write_bytes(before)
    opening.import_path(library, path, in_place=True)
    done = editing.save_entry(library, "talks", None, entry(9))
    after = path.read_bytes()
    assert after.startswith(mark + end.join(lines) + end)
    assert after.endswith(end) == closed
    assert after.count(end) == 5 + closed
    editing.delete_entries(library, "talks", [done.uuid])
    assert path.read_bytes() == before
    edit_all(library)
    assert path.read_bytes().split(end)[1] == b""
    history.undo(library, "talks")
    assert path.read_bytes() == before
    check_home(library, tmp_path)


def test_the_new_version_is_staged_beside_it_under_a_name_of_ours(library, path):
    opening.import_path(library, path, in_place=True)
    names = set()

    def look(name):
        names.update(each.name for each in path.parent.iterdir())

    with watched(look, labels=True):
        edit_all(library)
    files = {"talks.jsonl", "talks.registry.json"}
    assert names == files | {f".{name}.2.rolethread-tmp" for name in files}
    assert {each.name for each in path.parent.iterdir()} == files


def test_only_what_is_ours_is_swept_from_the_folder(library, path):
    opening.import_path(library, path, in_place=True)
    (path.parent / ".other.jsonl.7.rolethread-tmp").touch()
    (path.parent / ".talks.jsonl.7.rolethread-tmp").touch()
    (path.parent / ".talks.registry.json.7.rolethread-tmp").touch()
    Library.open(library.config)
    assert sorted(each.name for each in path.parent.iterdir()) == [
        ".other.jsonl.7.rolethread-tmp",
        "talks.jsonl",
        "talks.registry.json",
    ]


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"{}\n",
        line(1) + b"{broken\n",
        line(1) + b'{"messages": []}\n',
        line(1) + line(2).replace(b"60a27d61", b"70a27d61"),
        line(1).replace(b"true", b"false"),
        b"[" + line(1) + b"]",
    ],
)
def test_a_file_that_the_app_did_not_write_is_refused(library, path, tmp_path, data):
    path.write_bytes(data)
    with pytest.raises(Refused):
        opening.import_path(library, path, in_place=True)
    assert path.read_bytes() == data
    assert library.datasets() == []
    check_home(library, tmp_path)


def test_the_librarys_own_files_are_not_opened_in_place(library, talks):
    with pytest.raises(Refused):
        opening.import_path(library, talks, in_place=True)


def test_rename_and_trash_leave_the_file_where_it_is(library, path, tmp_path):
    before = path.read_bytes()
    opening.import_path(library, path, in_place=True)
    assert opening.import_path(library, path, in_place=True).existing
    shelving.rename(library, "talks", "stories")
    shelving.trash(library, "stories")
    assert library.datasets() == []
    assert path.read_bytes() == before
    shelving.untrash(library, "stories")
    editing.delete_entries(library, "stories", keys(library, "stories")[:1])
    history.undo(library, "stories")
    assert path.read_bytes() == before
    check_home(library, tmp_path)


def test_a_file_in_place_and_a_copy_of_it_live_apart(library, path, tmp_path):
    opening.import_path(library, path, in_place=True)
    copy = opening.import_path(library, path)
    key = keys(library, "talks")[0]
    assert keys(library, copy.slug)[0] == key
    editing.delete_entries(library, copy.slug, [key])
    assert keys(library, "talks")[0] == key
    check_home(library, tmp_path)
