"""A disk that refuses: a sentence, the old state whole, no litter; after the commit, it is done later."""

import errno
import shutil
import subprocess

import pytest

from app.domain.tagging import TagEdit
from app.errors import StoreError, Unfinished
from app.registry.database import connected
from app.registry.models import Backup
from app.services import editing, history, outside
from tests.crashing import open_home
from tests.deeds import DEEDS, ready, truth
from tests.faults import REFUSALS, Refusing, watched
from tests.refusing import refuse_every_call
from tests.workshop import check_files, check_home, keys, line

SOME = ("save", "delete", "undo", "import", "undo reimport", "keep ours in place")


@pytest.mark.parametrize("name", DEEDS)
def test_a_call_that_is_refused_changes_nothing_or_is_made_up_for(tmp_path, name):
    ends = refuse_every_call(tmp_path, name, REFUSALS)
    assert ends["refused"] >= 1


@pytest.mark.parametrize("name", SOME)
def test_a_disk_that_stays_full_changes_nothing_or_is_made_up_for(tmp_path, name):
    assert refuse_every_call(tmp_path, name, (errno.ENOSPC,), lasting=True)["refused"] >= 3


@pytest.mark.parametrize("reason", [errno.ENOSPC, errno.EACCES, errno.EIO, errno.EROFS, errno.ENAMETOOLONG])
def test_a_refusal_is_a_sentence_and_says_what_to_do(library, talks, reason):
    before = talks.read_bytes()
    key = keys(library, "talks")[0]
    with watched(refuse("fsync", reason)), pytest.raises(StoreError) as refusal:
        editing.delete_entries(library, "talks", [key])
    assert refusal.value.message.startswith("talks could not be written: ")
    assert refusal.value.status == 507
    assert "Nothing was changed" in refusal.value.hint
    assert talks.read_bytes() == before
    check_files(library)


def refuse(call, reason):
    """A hook that makes every call of a name fail."""

    def refusing(name):
        if name == call:
            raise OSError(reason, "refused")

    return refusing


def unfinished(library, number=0):
    """Delete an entry on a disk that refuses the last step."""
    key = keys(library, "talks")[number]
    with watched(refuse("replace", errno.ENOSPC)), pytest.raises(Unfinished) as refusal:
        editing.delete_entries(library, "talks", [key])
    return refusal.value


def test_what_is_committed_is_put_in_place_by_the_next_operation(library, talks, tmp_path):
    before = talks.read_bytes()
    assert "recorded" in unfinished(library).hint
    assert talks.read_bytes() == before  # readers see the old file, and nobody else is blamed for it
    assert library.dataset("talks").state == "ready"
    assert len(keys(library, "talks")) == 6
    editing.edit_tags(library, "talks", None, TagEdit(add=("new",)))
    assert len(keys(library, "talks")) == 5
    check_home(library, tmp_path)
    history.undo(library, "talks")
    history.undo(library, "talks")
    assert talks.read_bytes() == before


def test_an_operation_on_a_disk_that_still_refuses_the_one_before_does_nothing(library, talks, tmp_path):
    unfinished(library)
    count = len(history.operations(library, "talks"))
    with watched(Refusing(0, errno.EROFS, lasting=True)), pytest.raises(StoreError) as refusal:
        editing.delete_entries(library, "talks", keys(library, "talks")[1:2])
    assert "Nothing was changed" in refusal.value.hint
    assert len(history.operations(library, "talks")) == count
    check_home(open_home(tmp_path), tmp_path)
    assert len(keys(library, "talks")) == 5


def test_a_staged_file_that_is_lost_is_made_again(library, talks, tmp_path):
    unfinished(library)
    staged = list(talks.parent.glob(".*.rolethread-tmp"))
    assert len(staged) == 2
    for path in staged:
        path.unlink()
    check_home(open_home(tmp_path), tmp_path)
    assert len(keys(library, "talks")) == 5


@pytest.fixture
def small_disk(tmp_path):
    """A file system of two megabytes, where we may make one."""
    place = tmp_path / "small"
    place.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", str(place)]
    if shutil.which("mount") is None or subprocess.run(command, capture_output=True, check=False).returncode:
        pytest.skip("mounting a small file system is not permitted here")
    yield place
    subprocess.run(["umount", str(place)], check=True)


def test_on_a_disk_that_is_really_full_nothing_is_lost(small_disk, tmp_path):
    library = ready(small_disk)
    path = library.dataset("talks").path
    path.write_bytes(b"".join(line(number) for number in range(200)))
    outside.settle(library, "talks", keep="outside")
    ballast = small_disk / "ballast"
    ends = set()
    for free in range(0, 720, 24):
        before = truth(library)
        fill(small_disk, ballast, free)
        try:
            editing.edit_tags(library, "talks", None, TagEdit(replace=(f"free{free}",)))
            end = "done"
        except Unfinished:
            end = "later"
        except StoreError:
            end = "refused"
        ballast.unlink()
        assert end != "refused" or truth(library) == before
        ends.add(end)
        library = open_home(small_disk)
        check_home(library, tmp_path)
        trim(library)
    assert {"done", "refused"} <= ends


def fill(disk, ballast, free):
    """Leave so many kilobytes."""
    with ballast.open("wb") as file:
        file.write(bytes(max(0, shutil.disk_usage(disk).free - free * 1024)))


def trim(library):
    """Backups would fill the disk for good."""
    for path in (library.home / "backups/datasets/talks").glob("*_bulk*"):
        path.unlink()
    with connected():
        Backup.delete().where(Backup.reason == "bulk").execute()
