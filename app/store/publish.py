"""The steps on files that follow a commit: each may be done twice, and done late, with the same end."""

import json
import shutil
from collections.abc import Collection, Iterable
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path

from app.store.atomic import copy_file, discard, disk, link_or_copy, reached, sync_folder
from app.store.datasets import content_of, same_but_name, signature
from app.store.places import Places


class ContentDiffers(Exception):
    """The file to be replaced is not the one that the operation started from; nothing was done to it."""


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a journal.

    ``action`` is one of

    * ``make``: the folder ``target`` is there;
    * ``link``: ``target`` is a second name of ``source`` (or a copy), if its content was ``before``;
    * ``copy``: ``target`` is a copy of ``source``, likewise;
    * ``replace``: ``source`` becomes ``target``, whose content was ``before`` and is then ``after``
      (``seen``, a signature of the old file, saves reading it);
    * ``rename``: ``source`` is now called ``target``;
    * ``remove``: ``target`` is gone, if its content was ``before``.

    Paths are spelt as :meth:`Places.spell` does.
    """

    action: str
    target: str
    source: str = ""
    before: str = ""
    after: str = ""
    seen: str = ""

    def as_json(self) -> str:
        """The step as it is kept in the journal."""
        return json.dumps(asdict(self))


def step_of(text: str) -> Step:
    """The step that :meth:`Step.as_json` wrote."""
    return Step(**json.loads(text))


def perform(step: Step, places: Places) -> None:
    """Do a step, or see that it is done.

    :raises ContentDiffers: if the file to be replaced was changed by another program.
    :raises StoreError: if the disk refuses; the step can be tried again.
    """
    target = places.resolve(step.target)
    source = places.resolve(step.source) if step.source else target
    reached(f"publish {step.action}")
    with disk(f"{target.name} could not be put in place"):
        _ACTIONS[step.action](step, source, target)


def _make(step: Step, source: Path, target: Path) -> None:
    target.mkdir(mode=0o700, parents=True, exist_ok=True)
    sync_folder(target.parent)


def _link(step: Step, source: Path, target: Path) -> None:
    if not target.exists() and _unchanged(source, step):
        target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        link_or_copy(source, target)
        sync_folder(target.parent)


def _unchanged(path: Path, step: Step) -> bool:
    """Whether a file still has the content that a step is about."""
    if step.seen and same_but_name(step.seen, signature(path)):
        return True
    return content_of(path) == step.before


def _replace(step: Step, source: Path, target: Path) -> None:
    if not source.exists():
        if content_of(target) == step.after:
            return
        raise ContentDiffers(target.name)
    if not _unchanged(target, step) and content_of(target) != step.after:
        raise ContentDiffers(target.name)
    source.replace(target)
    reached("publish replaced")
    sync_folder(target.parent)


def _copy(step: Step, source: Path, target: Path) -> None:
    if not target.exists() and _unchanged(source, step):
        target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        copy_file(source, target)
        sync_folder(target.parent)


def _rename(step: Step, source: Path, target: Path) -> None:
    if not source.exists():
        return
    target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    source.rename(target)
    sync_folder(target.parent)
    if source.parent != target.parent:
        sync_folder(source.parent)


def _remove(step: Step, source: Path, target: Path) -> None:
    if target.exists() and step.before and content_of(target) != step.before:
        raise ContentDiffers(target.name)
    target.unlink(missing_ok=True)
    sync_folder(target.parent)


_ACTIONS = {
    "make": _make,
    "link": _link,
    "copy": _copy,
    "replace": _replace,
    "rename": _rename,
    "remove": _remove,
}


def sweep(folders: Iterable[Path], keep: set[Path], *, of: str = "") -> None:
    """Remove the temporary files in some folders, except those that a journal still names.

    :param of: only those of the file with that name, in a folder that is not ours alone.
    """
    for folder in folders:
        if not folder.is_dir():
            continue
        for path in folder.glob(".*.rolethread-tmp"):
            if path not in keep and path.name.startswith(f".{of}"):
                with suppress(OSError):  # a folder that is not ours to write any more
                    discard(path)


def sweep_imports(folder: Path, keep: Collection[Path] = ()) -> None:
    """Remove what crashed imports left, but not what is being built or what a journal still names."""
    from filelock import FileLock, Timeout

    names = {path.name.removesuffix(".lock") for path in folder.iterdir()} if folder.is_dir() else set()
    for name in names - {path.relative_to(folder).parts[0] for path in keep if path.is_relative_to(folder)}:
        lock = folder / f"{name}.lock"
        try:
            with FileLock(lock).acquire(blocking=False):
                shutil.rmtree(folder / name, ignore_errors=True)
        except Timeout:
            continue
        lock.unlink(missing_ok=True)
