"""Another program changes a dataset's file: nothing of either version is lost, and the person chooses."""

import pytest

from app.domain.tagging import TagEdit
from app.errors import ChangedOutside, NotFound, Refused
from app.services import editing, history, opening, outside, rejecting
from tests.faults import watched
from tests.workshop import check, check_home, dataset, entry, keys, line

MARK = b"\xef\xbb\xbf"


@pytest.fixture(params=["working copy", "in place"])
def path(library, tmp_path, request):
    """A dataset with a past."""
    source = dataset(tmp_path / "talks.jsonl")
    found = opening.import_path(library, source, in_place=request.param == "in place")
    editing.edit_tags(library, "talks", None, TagEdit(add=("ours",)))
    return found.path


THEIRS = {
    "rewritten": lambda data: data.replace(b"Question 1?", b"Question one?"),
    "fewer lines": lambda data: data.split(b"\n", 2)[2],
    "more lines": lambda data: line(90) + data + line(91),
    "another order": lambda data: b"\n".join(reversed(data.split(b"\n")[:-1])) + b"\n",
    "with a mark": lambda data: MARK + data,
    "with other line ends": lambda data: data.replace(b"\n", b"\r\n"),
    "without a last line end": lambda data: data[:-1],
    "with odd lines": lambda data: b"\n{broken\n" + data + b"\n\n[1]\n",
    "empty": lambda data: b"",
}


@pytest.mark.parametrize("what", THEIRS)
def test_the_outside_version_is_taken_in_and_can_be_undone(library, path, tmp_path, what):
    ours = path.read_bytes()
    theirs = THEIRS[what](ours)
    path.write_bytes(theirs)
    with pytest.raises(ChangedOutside):
        editing.save_entry(library, "talks", None, entry(60))
    assert path.read_bytes() == theirs
    assert library.dataset("talks").state == "changed_outside"
    outside.settle(library, "talks", keep="outside")
    assert path.read_bytes() == theirs
    check(library, "talks", tmp_path)
    history.undo(library, "talks")
    assert path.read_bytes() == ours
    history.redo(library, "talks")
    assert path.read_bytes() == theirs
    history.restore(library, "talks", 1)
    history.undo(library, "talks")
    assert path.read_bytes() == theirs
    check_home(library, tmp_path)


@pytest.mark.parametrize("what", THEIRS)
def test_our_version_is_put_back_and_theirs_is_kept(library, path, tmp_path, what):
    ours, mode = path.read_bytes(), path.stat().st_mode
    theirs = THEIRS[what](ours)
    path.write_bytes(theirs)
    outside.settle(library, "talks", keep="ours")
    assert path.read_bytes() == ours
    assert path.stat().st_mode == mode
    assert theirs in [backup.read_bytes() for backup in library.places.backups("talks").iterdir()]
    check_home(library, tmp_path)
    history.undo(library, "talks")  # of the tags
    assert b"ours" not in path.read_bytes()


def test_a_file_that_was_not_changed_needs_no_choice(library, path):
    path.write_bytes(path.read_bytes())  # touched, not changed
    assert len(keys(library, "talks")) == 6
    assert library.dataset("talks").state == "ready"
    for keep in ("outside", "ours", "neither"):
        with pytest.raises(Refused):
            outside.settle(library, "talks", keep=keep)


def test_a_file_that_is_gone_shows_as_missing_and_comes_back(library, path, tmp_path):
    ours = path.read_bytes()
    path.rename(tmp_path / "elsewhere")
    assert library.dataset("talks").state == "missing"
    with pytest.raises(NotFound):
        keys(library, "talks")
    with pytest.raises(NotFound):
        editing.save_entry(library, "talks", None, entry(60))
    with pytest.raises(NotFound):
        outside.settle(library, "talks", keep="ours")
    (tmp_path / "elsewhere").rename(path)
    editing.save_entry(library, "talks", None, entry(60))
    assert path.read_bytes().startswith(ours)
    check_home(library, tmp_path)


def blocked(library, path, theirs):
    """Save while another program writes the file between staging and publishing."""
    calls = []

    def meddle(name):
        calls.append(name)
        if name == "committed":
            path.write_bytes(theirs)

    with watched(meddle, labels=True):
        editing.delete_entries(library, "talks", keys(library, "talks")[:2])
    assert "committed" in calls
    assert library.dataset("talks").state == "changed_outside"


@pytest.mark.parametrize("keep", ["outside", "ours"])
def test_a_change_between_staging_and_publishing_is_seen_and_nothing_is_lost(library, path, tmp_path, keep):
    before = path.read_bytes()
    theirs = line(95) + before
    blocked(library, path, theirs)
    assert path.read_bytes() == theirs
    (staged,) = path.parent.glob(".talks.jsonl.*.rolethread-tmp")
    ours = staged.read_bytes()
    with pytest.raises(ChangedOutside):
        editing.save_entry(library, "talks", None, entry(60))
    outside.settle(library, "talks", keep=keep)
    assert path.read_bytes() == (theirs if keep == "outside" else ours)
    assert not staged.exists()
    check_home(library, tmp_path)
    if keep == "outside":
        history.undo(library, "talks")
        assert path.read_bytes() == ours
    history.undo(library, "talks")
    assert path.read_bytes() == before
    check_home(library, tmp_path)


def test_a_blocked_operation_whose_file_came_back_is_settled_either_way(library, path, tmp_path):
    before = path.read_bytes()
    blocked(library, path, before + line(95))
    path.write_bytes(before)
    outside.settle(library, "talks", keep="ours")
    assert len(keys(library, "talks")) == 4
    check_home(library, tmp_path)


@pytest.fixture
def mended(library, tmp_path):
    """The list of rejected records of a dataset, and the one that was taken in from it."""
    source = tmp_path / "mixed.jsonl"
    source.write_bytes(line(1) + b'{"broken": \n' + b"{worse\n" + line(2))
    aside = library.places.rejected(opening.import_path(library, source).slug)
    record, _ = aside.read_bytes().split(b"\n")[:2]
    rejecting.reimport(library, "mixed", 0, line(9).decode())
    return aside, record


BY_HAND = {
    "a record more": lambda aside: aside.write_bytes(
        aside.read_bytes() + b'{"line": 9, "text": "by hand"}\n'
    ),
    "a record less": lambda aside: aside.write_bytes(b""),
    "no list": lambda aside: aside.unlink(),
}


@pytest.mark.parametrize("dataset_too", [False, True])
@pytest.mark.parametrize("keep", ["outside", "ours"])
@pytest.mark.parametrize("what", BY_HAND)
def test_a_rejected_record_that_goes_back_survives_a_list_changed_by_hand(
    library, mended, tmp_path, what, keep, dataset_too
):
    aside, record = mended
    path = library.dataset("mixed").path
    theirs = []

    def meddle(name):
        if name == "committed" and not theirs:
            BY_HAND[what](aside)
            theirs.extend(rejecting.read_rejected(aside))
            if dataset_too:
                path.write_bytes(line(95) + path.read_bytes())

    with watched(meddle, labels=True):
        history.undo(library, "mixed")
    assert library.dataset("mixed").state == "changed_outside"
    outside.settle(library, "mixed", keep=keep)
    found = rejecting.read_rejected(aside)
    assert record in found
    assert set(theirs) <= set(found)
    check_home(library, tmp_path)
    if not (dataset_too and keep == "outside"):
        history.redo(library, "mixed")
        assert len(keys(library, "mixed")) == 3
        assert record not in rejecting.read_rejected(aside)
        check_home(library, tmp_path)


def test_a_list_changed_by_hand_twice_keeps_every_record(library, mended, tmp_path):
    aside, record = mended
    times = iter((b'{"line": 8}\n', b'{"line": 9}\n'))

    def meddle(name):
        if name == "committed" and (more := next(times, None)):
            aside.write_bytes(more)

    with watched(meddle, labels=True):
        history.undo(library, "mixed")
        outside.settle(library, "mixed", keep="ours")
    outside.settle(library, "mixed", keep="ours")
    assert {record, b'{"line": 9}'} <= set(rejecting.read_rejected(aside))
    check_home(library, tmp_path)


def test_what_was_settled_without_a_change_is_not_in_the_way_of_undo(library, path, tmp_path):
    before = path.read_bytes()
    blocked(library, path, line(95) + before)
    (staged,) = path.parent.glob(".talks.jsonl.*.rolethread-tmp")
    path.write_bytes(staged.read_bytes())
    outside.settle(library, "talks", keep="outside")
    history.undo(library, "talks")
    assert path.read_bytes() == before
    check_home(library, tmp_path)
