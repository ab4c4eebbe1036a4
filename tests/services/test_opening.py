"""Bringing files into the library: what comes in, what is put aside, what stays as it was."""

import gzip
import io
import json
from operator import itemgetter

import pytest

from app.domain.entry import Entry
from app.errors import Conflict, NotFound, Refused, StoreError
from app.services import editing, exporting, history, opening, rejecting, shelving
from tests.sidecars import check_sidecar
from tests.workshop import DATASET, SAMPLES, check_home, dataset, entry, keys, line, uuid

with_samples = pytest.mark.skipif(not SAMPLES.is_dir(), reason=f"the samples are not at {SAMPLES}")


def entries_of(path):
    return [Entry.of(raw) for raw in path.read_bytes().split(b"\n")[:-1]]


@with_samples
@pytest.mark.parametrize(
    ("name", "entries", "shape"),
    [
        ("llama-factory/glaive_toolcall_en_demo.json", 300, "sharegpt"),
        ("rolethread-lite/native/harbor_tales.jsonl", 12, "chatml"),
        ("openai-cookbook/toy_chat_fine_tuning.jsonl", 5, "chatml"),
        ("wyra/good.jsonl", None, "chatml"),
        ("axolotl/conversation.json", 1, "sharegpt"),
        ("llama-factory/v1_multimodal_demo.jsonl", 24, None),
    ],
)
def test_real_files_come_in_whole_and_go_out_the_same(library, tmp_path, name, entries, shape):
    source = SAMPLES / name
    original = source.read_bytes()
    found = opening.import_path(library, source)
    assert entries in (None, found.entries)
    assert found.records == found.entries + found.rejected
    assert found.rejected == 0
    assert shape is None or set(found.formats) == {shape}
    assert source.read_bytes() == original
    check_home(library, tmp_path)
    out = tmp_path / "out.jsonl"
    exporting.export_to(library, found.slug, "chatml", out)
    assert out.read_bytes() == found.path.read_bytes()
    again = opening.import_path(library, out)
    assert again.path.read_bytes() == found.path.read_bytes()


@with_samples
def test_a_shape_that_is_not_known_yet_is_refused_and_creates_nothing(library, tmp_path):
    with pytest.raises(Refused, match="None of the 1923 records") as refusal:
        opening.import_path(library, SAMPLES / "gpteacher/roleplay-simple-deduped-roleplay-instruct.json")
    assert "line " in refusal.value.message
    assert library.datasets() == []
    check_home(library, tmp_path)


@with_samples
def test_a_dataset_of_rolethread_lite_is_taken_byte_for_byte_and_what_its_sidecar_says(library):
    source = SAMPLES / "rolethread-lite/native/harbor_tales.jsonl"
    found = opening.import_path(library, source)
    assert found.path.read_bytes() == source.read_bytes()
    assert found.sidecar == "used"
    sidecar = found.path.with_name("harbor_tales.registry.json").read_bytes()
    check_sidecar(sidecar)
    ours, theirs = (
        json.loads(sidecar),
        json.loads(source.with_name("harbor_tales.registry.json").read_bytes()),
    )
    assert ours.pop("metadata").keys() == theirs.pop("metadata").keys()
    assert ours.keys() == theirs.keys()
    for found in (ours, theirs):
        found["aliases"].sort(key=itemgetter("old_slug"))
    assert ours == theirs


@pytest.mark.parametrize("end", [b"\n", b"\r\n"])
@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
@pytest.mark.parametrize("packed", [False, True])
def test_a_trusted_file_in_any_wrapping_keeps_every_line(library, tmp_path, end, mark, packed):
    lines = [line(number)[:-1] for number in range(3)]
    data = mark + end.join(lines) + end
    source = tmp_path / ("talks.jsonl.gz" if packed else "talks.jsonl")
    source.write_bytes(gzip.compress(data) if packed else data)
    found = opening.import_path(library, source)
    assert (found.slug, found.entries) == ("talks", 3)
    assert found.path.read_bytes() == b"\n".join(lines) + b"\n"


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be"])
def test_utf_16_is_told_by_its_mark(library, tmp_path, encoding):
    mark = "" if encoding == "utf-16" else "\ufeff"
    source = tmp_path / "talks.jsonl"
    text = "".join(
        json.dumps(entry(number, note="Grüße \u2028 😀"), ensure_ascii=False) + "\n" for number in range(2)
    )
    source.write_bytes((mark + text).encode(encoding))
    found = opening.import_path(library, source)
    assert found.path.read_text("utf-8") == text


def test_an_untrusted_file_is_stamped_and_nothing_else_changes(library, tmp_path):
    source = tmp_path / "My Talks!.jsonl"
    raw = '{"tags":["x"],"messages":[{"role":"USER","content":"\u2028","n":1.50}],"n":1,"n":2}'.encode()
    source.write_bytes(raw + b"\n")
    found = opening.import_path(library, source)
    (only,) = entries_of(found.path)
    assert found.slug == "my_talks"
    assert only.raw.startswith(raw[:-1] + b',"_rolethread":{')
    assert only.uuid
    assert only.dataset_uuid == library.dataset(found.slug).uuid
    assert only.locked
    assert source.read_bytes() == raw + b"\n"


def test_missing_and_repeated_ids_are_issued_anew_and_listed(library, tmp_path):
    source = tmp_path / "talks.jsonl"
    nameless = {**entry(5), "_rolethread": {"version": "1.0.0", "native": True, "dataset_uuid": DATASET}}
    source.write_bytes(line(1) + line(2) + line(1) + json.dumps(nameless).encode() + b"\n")
    found = opening.import_path(library, source)
    first, second, third, fourth = entries_of(found.path)
    assert [first.uuid, second.uuid] == [uuid(1), uuid(2)]
    assert len({first.uuid, second.uuid, third.uuid, fourth.uuid}) == 4
    assert {each.dataset_uuid for each in (first, second, third, fourth)} == {DATASET}
    assert any("2 entries got a new id" in note and "line 3, 4" in note for note in found.notes)
    assert found.path.read_bytes().startswith(line(1) + line(2))


def test_the_same_bytes_give_the_dataset_that_exists_unless_a_copy_is_wanted(library, tmp_path):
    source = dataset(tmp_path / "talks.jsonl")
    first = opening.import_path(library, source)
    editing.delete_entries(library, "talks", keys(library, "talks")[:2])
    again = opening.import_path(library, source.rename(tmp_path / "other.jsonl"))
    assert (again.slug, again.existing, again.entries) == ("talks", True, first.entries)
    copy = opening.import_path(library, tmp_path / "other.jsonl", copy=True)
    assert (copy.slug, copy.existing, copy.entries) == ("other", False, 6)
    upload = opening.import_upload(library, io.BytesIO((tmp_path / "other.jsonl").read_bytes()), "x.jsonl")
    assert upload.existing
    check_home(library, tmp_path)


def test_a_trashed_dataset_does_not_stand_for_its_source(library, tmp_path):
    source = dataset(tmp_path / "talks.jsonl")
    opening.import_path(library, source)
    shelving.trash(library, "talks")
    assert not opening.import_path(library, source).existing


def test_names_are_numbered_and_those_that_are_taken_are_refused(library, tmp_path):
    for number in range(1, 4):
        (tmp_path / str(number)).mkdir()
        opening.import_path(library, dataset(tmp_path / str(number) / "Con.jsonl", number))
    assert {info.slug for info in library.datasets()} == {"con_", "con_copy-2", "con_copy-3"}
    with pytest.raises(Conflict):
        opening.import_path(library, dataset(tmp_path / "x.jsonl", 5), name="con_")
    with pytest.raises(Refused):
        opening.import_path(library, tmp_path / "x.jsonl", name="../x")
    check_home(library, tmp_path)


@pytest.mark.parametrize("data", [b"", b"\n \n", b"[]", b"7", b'{"a": 1}\n{"b": 2}', b"\xff\xfe", b"PK\x03"])
def test_a_file_without_a_conversation_is_refused_and_leaves_nothing(library, tmp_path, data):
    source = tmp_path / "none.jsonl"
    source.write_bytes(data)
    with pytest.raises(Refused):
        opening.import_path(library, source)
    assert library.datasets() == []
    check_home(library, tmp_path)


def test_what_is_not_there_is_said(library, tmp_path):
    for path in (tmp_path / "nowhere.jsonl", tmp_path, tmp_path / ("x" * 300)):
        with pytest.raises((NotFound, StoreError)) as refusal:
            opening.import_path(library, path)
        assert refusal.value.message.endswith(".")
    check_home(library, tmp_path)


def test_pasted_text_comes_in_and_odd_text_is_put_aside(library, tmp_path):
    found = opening.import_text(library, line(1).decode() + '{"a": "\ud800"}\n{"b": 1}\n', "pasted")
    assert (found.slug, found.entries, found.rejected, found.records) == ("pasted", 1, 2, 3)
    check_home(library, tmp_path)


def test_an_import_can_be_undone_and_done_again(library, tmp_path):
    found = opening.import_path(library, dataset(tmp_path / "talks.jsonl"))
    before = found.path.read_bytes()
    history.undo(library, "talks")
    assert library.datasets() == []
    shelving.untrash(library, "talks")
    assert found.path.read_bytes() == before
    check_home(library, tmp_path)


def test_a_mended_record_is_the_last_entry_and_undo_puts_it_back(library, tmp_path):
    source = tmp_path / "talks.jsonl"
    source.write_bytes(line(1) + b'{"broken": \n' + b"\xff\xfe\n" + line(2))
    found = opening.import_path(library, source)
    aside = found.path.with_name("talks.rejected.jsonl")
    before = found.path.read_bytes(), aside.read_bytes()
    first, second = rejecting.rejected(library, "talks")
    assert (first.line, first.offset, first.text) == (2, len(line(1)), '{"broken": ')
    assert (second.line, second.base64) == (3, "//4=")
    with pytest.raises(Refused):
        rejecting.reimport(library, "talks", 0, '{"still": "nothing"}')
    assert (found.path.read_bytes(), aside.read_bytes()) == before
    rejecting.reimport(library, "talks", 0, line(9).decode())
    assert len(keys(library, "talks")) == 3
    assert [record.line for record in rejecting.rejected(library, "talks")] == [3]
    rejecting.reimport(library, "talks", 0, line(8).decode())
    assert not aside.exists()
    check_home(library, tmp_path)
    history.undo(library, "talks")
    history.undo(library, "talks")
    assert (found.path.read_bytes(), aside.read_bytes()) == before
    history.redo(library, "talks")
    assert [record.line for record in rejecting.rejected(library, "talks")] == [3]
    check_home(library, tmp_path)
