"""The doctor: each thing that can be wrong with a home is found, and nothing else is."""

import os

import pytest

from app.config import Config
from app.errors import AppError
from app.registry.database import connected
from app.registry.models import Mapping, Operation, TagUse
from app.services import characters, checking, criteria, editing, shelving
from app.services.library import Library
from app.services.opening import import_path
from tests.deeds import TOKENIZER
from tests.workshop import dataset, line, uuid, value_of


@pytest.fixture
def home(tmp_path):
    """A home with one dataset, and a rejected record beside it."""
    library = Library.open(Config(tmp_path / "home"))
    file = dataset(tmp_path / "talks.jsonl")
    file.write_bytes(file.read_bytes() + b"no entry\n")
    import_path(library, file)
    return library


def found(library):
    """Severity and words of what the doctor finds."""
    return [(finding.severity, finding.what) for finding in checking.check(library.config)]


def test_a_home_in_order_has_no_findings(home):
    assert found(home) == []


def test_a_damaged_registry(home):
    data = bytearray(home.places.registry.read_bytes())
    data[4096:8192] = b"x" * 4096
    for path in home.home.glob("registry.sqlite3-*"):
        path.unlink()
    home.places.registry.write_bytes(data)
    ((severity, what),) = found(home)
    assert severity == "error"
    assert "registry" in what


def test_a_file_that_is_gone(home):
    home.dataset("talks").path.unlink()
    ((severity, what),) = found(home)
    assert severity == "error"
    assert "is not there" in what


def test_a_file_changed_by_another_program_and_its_unreadable_line(home):
    with home.dataset("talks").path.open("ab") as file:
        file.write(line(9) + b"{]\n")
    changed, unreadable = found(home)
    assert "changed by another program" in changed[1]
    assert "8 (1 in all)" in unreadable[1]


@pytest.mark.parametrize("text", [b"", b"{", b"[]", b'{"metadata": 1}', b"\xff"])
def test_a_sidecar_that_is_none(home, text):
    home.dataset("talks").path.with_name("talks.registry.json").write_bytes(text)
    ((severity, what),) = found(home)
    assert severity == "warning"
    assert "talks.registry.json" in what


@pytest.mark.parametrize("text", [None, b"no json\n", b'{"a": 1}\n{"b": 2}\n'])
def test_a_list_of_rejected_records_that_another_program_changed(home, text):
    path = home.places.rejected("talks")
    path.unlink() if text is None else path.write_bytes(text)
    ((severity, what),) = found(home)
    assert severity == "error"
    assert "1 rejected record" in what


@pytest.mark.skipif(os.name == "nt", reason="Windows has other permissions")
def test_tags_that_are_counted_wrong(home):
    with connected():
        TagUse.update(entries=99).where(TagUse.slug == "calm").execute()
    assert found(home) == [("error", "The registry counts other tags in talks than there are: calm.")]


def test_a_mapping_of_an_entry_that_is_gone(home):
    characters.create(home, "Mara")
    editing.save_entry(home, "talks", uuid(0), value_of(home, "talks", uuid(0)), cast=[None, "mara"])
    assert found(home) == []
    with connected():
        Mapping.update(entry_uuid=uuid(99)).execute()
    assert found(home) == [("error", "The registry says who speaks in entries of talks that are gone: 1.")]


def test_what_others_may_open(home):
    home.owner_key  # noqa: B018 - made on first use
    home.home.chmod(0o755)
    (home.home / "owner.key").chmod(0o644)
    assert [what for _, what in found(home)] == [
        f"Other users of this machine may open {home.home}.",
        f"Other users of this machine may open {home.home / 'owner.key'}.",
    ]


def test_what_a_write_left_long_ago(home):
    left = home.places.exports / ".talks.jsonl.7.rolethread-tmp"
    left.write_bytes(b"half")
    assert found(home) == []  # somebody may be writing it
    os.utime(left, (1, 1))
    ((severity, what),) = found(home)
    assert severity == "info"
    assert str(left) in what


def test_an_operation_that_waits_for_the_person(home):
    with connected():
        Operation.update(state="blocked").execute()
    ((severity, what),) = found(home)
    assert severity == "error"
    assert "not finished" in what


def test_little_room_on_the_disk(home, monkeypatch):
    monkeypatch.setattr(checking, "LITTLE_SPACE", 1 << 60)
    ((severity, what),) = found(home)
    assert severity == "warning"
    assert "are free" in what


def test_the_trash_is_looked_at_too(home):
    shelving.trash(home, "talks")
    assert found(home) == []
    (home.places.trash(1) / "talks.jsonl").write_bytes(b"")
    ((_, what),) = found(home)
    assert "changed by another program" in what


def test_files_that_are_not_ours_are_no_finding(home):
    (home.home / "notes.txt").write_text("mine")
    (home.places.datasets / "stray").mkdir()
    assert found(home) == []


def test_a_home_that_cannot_be_prepared_is_an_error(tmp_path):
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(AppError):
        checking.check(Config(tmp_path / "file"))


def test_a_tokenizer_of_ones_own_that_is_gone_or_changed(home):
    slug, _ = criteria.add_own(home, "Mine", {"tokenizer.json": TOKENIZER})
    path = criteria.tokenizer_path(home, slug)
    (home.places.tokenizers / "strange.json").write_bytes(b"{}")
    assert found(home) == []
    path.write_bytes(b"{}")
    assert found(home) == [("error", f"The tokenizer of “Mine” was changed by another program: {path}")]
    path.unlink()
    assert found(home) == [("error", f"The tokenizer of “Mine” is not there: {path}")]
    criteria.remove_own(home, slug)
    assert found(home) == []
