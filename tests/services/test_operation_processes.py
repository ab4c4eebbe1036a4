"""Several processes, threads and readers on one home: everyone's work lands, and nobody reads half of it."""

import multiprocessing
import threading

import pytest
from filelock import FileLock

from app.config import Config
from app.errors import AppError, Busy
from app.services import browsing, editing, history, opening
from app.services import library as libraries
from app.services.library import Library
from tests.workshop import check_home, dataset, entry, keys, value_of

context = multiprocessing.get_context("forkserver")
TIMES = 12


def write(home, name):
    library = Library.open(Config(home))
    for number in range(TIMES):
        editing.save_entry(library, "talks", None, {**entry(number), "note": f"{name} {number}"})


def test_two_processes_writing_at_once_lose_nothing(library, talks, tmp_path):
    writers = [context.Process(target=write, args=(library.home, name)) for name in "ab"]
    for writer in writers:
        writer.start()
    read = 0
    while any(writer.is_alive() for writer in writers):
        rows = browsing.listing(library, "talks", browsing.View(query="Question")).rows
        assert len(rows) >= 6
        read += 1
    assert [writer.exitcode for writer in writers] == [0, 0]
    notes = [value_of(library, "talks", key).get("note") for key in keys(library, "talks")[6:]]
    assert sorted(notes) == sorted(f"{name} {number}" for name in "ab" for number in range(TIMES))
    assert len(history.operations(library, "talks")) == 2 * TIMES + 1
    assert read
    check_home(library, tmp_path)


def test_threads_of_one_process_take_turns(library, talks, tmp_path):
    failures = []

    def work(name):
        try:
            for number in range(TIMES):
                done = editing.save_entry(library, "talks", None, {**entry(number), "note": name})
                assert browsing.open_entry(library, "talks", done.uuid).entry.value["note"] == name
        except (AppError, AssertionError) as failure:
            failures.append(failure)

    threads = [threading.Thread(target=work, args=(name,)) for name in "abc"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert len(keys(library, "talks")) == 6 + 3 * TIMES
    check_home(library, tmp_path)


def test_a_lock_that_another_keeps_is_said_to_be_kept(library, talks, monkeypatch):
    monkeypatch.setattr(libraries, "PATIENCE", 0.05)
    before = talks.read_bytes()
    with FileLock(library.places.writer_lock), pytest.raises(Busy) as refusal:
        editing.save_entry(library, "talks", None, entry(60))
    assert refusal.value.status == 503
    assert talks.read_bytes() == before
    assert len(keys(library, "talks")) == 6  # reading waits for nobody
    editing.save_entry(library, "talks", None, entry(60))


def test_an_import_and_an_edit_go_side_by_side(library, talks, tmp_path):
    other = dataset(tmp_path / "other.jsonl", 3)

    def edit(done, total):
        if done and len(keys(library, "talks")) == 6:
            editing.save_entry(library, "talks", None, entry(60))

    found = opening.import_path(library, other, progress=edit)
    assert (found.entries, len(keys(library, "talks"))) == (3, 7)
    check_home(library, tmp_path)
