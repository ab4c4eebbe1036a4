"""Processes that die in the midst of their work, and what is asked of the home that they leave."""

import multiprocessing
import random
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

from app.config import Config
from app.domain.tagging import TagEdit
from app.errors import Conflict, Refused
from app.services import editing, history
from app.services.library import Library
from tests.deeds import DEEDS, masked, ready, truth
from tests.faults import Plug, watched
from tests.workshop import check_home, entry, keys

KILLED = -9
_context = multiprocessing.get_context("forkserver")
_context.set_forkserver_preload([__name__])


def open_home(folder: Path) -> Library:
    """The library in a folder, opened as at a start of the app."""
    return Library.open(Config(folder / "home"))


def _act(folder: Path, name: str, number: int, labels: bool) -> None:
    library = open_home(folder)
    with watched(Plug(number, labels=labels), labels=True):
        DEEDS[name].act(library, folder)


class Stage:
    """A home made ready for one kind of deed, to be set up as often as needed."""

    def __init__(self, folder: Path, name: str) -> None:
        self.name, self.deed = name, DEEDS[name]
        self.scratch, self.template, self.folder = folder, folder / "template", folder / "work"
        self.folder.mkdir()
        library = ready(self.folder)
        self.deed.first(library, self.folder)
        self.before = truth(library)
        shutil.copytree(self.folder, self.template)
        self.deed.act(library, self.folder)
        self.after = masked(truth(library))
        check_home(library, self.scratch)
        assert self.after != masked(self.before)

    def set_up(self) -> None:
        """Put the home back as it was before the deed."""
        shutil.rmtree(self.folder)
        shutil.copytree(self.template, self.folder)

    def kill(self, number: int, *, labels: bool = False) -> bool:
        """Do the deed in a process that dies before its step of that number; whether it came to that."""
        self.set_up()
        child = _context.Process(target=_act, args=(self.folder, self.name, number, labels))
        child.start()
        child.join()
        assert child.exitcode in (0, KILLED)
        return child.exitcode == KILLED

    def check(self) -> bool:
        """That the next start finds the home as before or as after the deed; whether it is done.

        Either way work goes on: what was done can be undone, and what was not can be done.
        """
        library = open_home(self.folder)
        found = truth(library)
        done = found != self.before
        assert not done or masked(found) == self.after
        if done and self.deed.undone:
            history.undo(library, self.deed.undone)
            assert _files(truth(library)) == _files(self.before)
        elif not done:
            self.deed.act(library, self.folder)
            assert masked(truth(library)) == self.after
        check_home(library, self.scratch)
        return done


def _files(found: dict[str, tuple]) -> dict[str, tuple]:
    """The datasets with their files; of a sidecar (the last item), all but when it was written."""
    return {
        name: (*items[:-1], items[-1] and re.sub(rb'"exported_at": "[^"]*"', b"", items[-1]))
        for name, items in found.items()
        if name not in ("operations", "rows")
    } | {"rows": found["rows"]}


def pull_at_every_step(folder: Path, name: str, *, labels: bool = False) -> int:
    """Kill a process at each step of a deed in turn, and check the home each time; how often it died."""
    stage = Stage(folder, name)
    outcomes = []
    while stage.kill(len(outcomes), labels=labels):
        outcomes.append(stage.check())
    assert outcomes == sorted(outcomes), "a deed that was done is done, whatever comes later"
    assert set(outcomes) == {False, True}
    return len(outcomes)


def _work(folder: Path, seed: int, told) -> None:
    library = open_home(folder)
    for each in stream(library, random.Random(seed)):
        told.send((each.id, library.dataset("talks").content))


def stream(library: Library, dice: random.Random) -> Iterator[history.OperationInfo]:
    """One change of a dataset after the other, without end."""
    while True:
        present = keys(library, "talks")
        key = dice.choice(present) if present else None
        act = dice.choice(
            ["save", "new", "tag", "tag", "delete", "duplicate", "move", "undo", "undo", "redo", "restore"]
        )
        try:
            done = _one(library, dice, act if key else "new", key)
        except (Conflict, Refused):
            continue
        if done is not None:
            yield done


def _one(library, dice, act, key):
    slug = "talks"
    if act in ("undo", "redo"):
        return history.undo(library, slug) if act == "undo" else history.redo(library, slug)
    if act == "restore":
        return history.restore(library, slug, dice.choice(history.operations(library, slug)).id)
    made = {
        "save": lambda: editing.save_entry(library, slug, key, entry(dice.randrange(10**6))),
        "new": lambda: editing.save_entry(library, slug, None, entry(dice.randrange(10**6))),
        "tag": lambda: editing.edit_tags(library, slug, None, TagEdit(replace=(f"t{dice.randrange(99)}",))),
        "delete": lambda: editing.delete_entries(library, slug, [key]),
        "duplicate": lambda: editing.duplicate_entry(library, slug, key),
        "move": lambda: editing.move_entry(library, slug, key, dice.randrange(1, 40)),
    }[act]()
    return made.operation


class Busy:
    """A home in which process after process works and is killed."""

    def __init__(self, folder: Path, seed: int) -> None:
        self.folder, self.scratch, self.dice = folder / "work", folder, random.Random(seed)
        self.folder.mkdir()
        library = ready(self.folder)
        self.first = library.dataset("talks").path.read_bytes()
        self.number = history.operations(library, "talks")[0].id

    def kill(self) -> int:
        """Let a process work for a moment, kill it, and check its home; how many operations it told of."""
        listening, telling = _context.Pipe(duplex=False)
        child = _context.Process(target=_work, args=(self.folder, self.dice.randrange(10**6), telling))
        child.start()
        telling.close()
        told = [listening.recv()]
        child.join(timeout=self.dice.uniform(0.0, 0.25))
        child.kill()
        child.join()
        assert child.exitcode == KILLED
        while listening.poll():
            try:
                told.append(listening.recv())
            except EOFError:
                break
        self.check(told)
        return len(told)

    def check(self, told: list[tuple[int, str]]) -> None:
        """That nothing that was told of is lost, nothing is half done, and undo works."""
        library = open_home(self.folder)
        check_home(library, self.scratch)
        contents = dict(history_contents(library))
        assert {number: contents.get(number) for number, _ in told} == dict(told)
        newest = history.operations(library, "talks")[0]
        assert newest.id - told[-1][0] <= 1, "at most the operation that was under way is new"
        path = library.dataset("talks").path
        if path.read_bytes() != self.first:
            history.restore(library, "talks", self.number)
            assert path.read_bytes() == self.first
            history.undo(library, "talks")
        assert library.dataset("talks").content == contents[newest.id]
        check_home(library, self.scratch)


def history_contents(library: Library) -> Iterator[tuple[int, str]]:
    """Every operation on the dataset with the content hash just after it."""
    from app.registry.database import connected
    from app.registry.models import Touched

    with connected():
        for row in Touched.select():
            if row.dataset_id == library.dataset("talks").id:
                yield row.operation_id, row.after
