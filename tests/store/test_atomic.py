"""Bytes are copied whole, whichever way the system offers, and a refused write leaves nothing."""

import errno
import os

import pytest

from app.errors import StoreError
from app.store.atomic import copy_file, copy_range, disk, link_or_copy, write_new
from tests.faults import watched

DATA = bytes(range(256)) * 9000


@pytest.fixture
def source(tmp_path):
    path = tmp_path / "source"
    path.write_bytes(DATA)
    return path


def copied(source, target, start, length):
    with source.open("rb") as one, target.open("wb") as other:
        copy_range(one.fileno(), other.fileno(), start, length)
    return target.read_bytes()


@pytest.mark.parametrize("reason", [None, errno.EXDEV, errno.EINVAL, errno.ENOSYS, errno.EOPNOTSUPP])
def test_a_range_is_copied_inside_the_kernel_or_without_it(source, tmp_path, reason):
    def refuse(name):
        if reason and name == "copy_file_range":
            raise OSError(reason, "not here")

    with watched(refuse):
        assert copied(source, tmp_path / "target", 1000, 2_000_000) == DATA[1000:2_001_000]


def test_a_kernel_that_copies_a_bit_at_a_time_copies_all(source, tmp_path, monkeypatch):
    if not hasattr(os, "copy_file_range"):
        pytest.skip("this system copies no ranges by itself")
    whole = os.copy_file_range
    monkeypatch.setattr(
        os,
        "copy_file_range",
        lambda a, b, count, offset_src: whole(a, b, min(count, 7000), offset_src=offset_src),
    )
    assert copied(source, tmp_path / "target", 5, 1_000_000) == DATA[5:1_000_005]


def test_a_range_behind_the_end_is_a_fault(source, tmp_path):
    with pytest.raises(OSError, match="ended early"):
        copied(source, tmp_path / "target", len(DATA) - 10, 20)


def test_a_file_is_linked_or_copied_and_twice_is_once(source, tmp_path):
    for name, reason in (("linked", None), ("copied", errno.EPERM), ("far", errno.EXDEV)):

        def refuse(call, reason=reason):
            if reason and call == "link":
                raise OSError(reason, "no links")

        with watched(refuse):
            link_or_copy(source, tmp_path / name)
        link_or_copy(source, tmp_path / name)
        assert (tmp_path / name).read_bytes() == DATA
        assert (tmp_path / name).samefile(source) == (reason is None)


@pytest.mark.parametrize("call", ["open", "write", "fsync", "replace"])
def test_a_refused_copy_leaves_the_old_file_and_no_litter(source, tmp_path, call):
    def refuse(name):
        if name == call or (call == "write" and name == "copy_file_range"):
            raise OSError(errno.ENOSPC, "full")

    target = tmp_path / "target"
    target.write_bytes(b"old")
    with watched(refuse), pytest.raises(OSError, match="full"):
        copy_file(source, target)
    assert target.read_bytes() == b"old"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["source", "target"]


@pytest.mark.parametrize("call", ["open", "write", "fsync"])
def test_a_refused_new_file_is_not_there(tmp_path, call):
    def refuse(name):
        if name == call:
            raise OSError(errno.ENOSPC, "full")

    with watched(refuse), pytest.raises(OSError, match="full"):
        write_new(tmp_path / "new", b"x")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("code", sorted({*errno.errorcode}))
def test_every_refusal_is_a_sentence(code):
    with pytest.raises(StoreError) as refusal, disk("It could not be done"):
        raise OSError(code, os.strerror(code))
    assert refusal.value.message.startswith("It could not be done: ")
    assert refusal.value.message.endswith(".")
    assert "Errno" not in refusal.value.message
