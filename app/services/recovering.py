"""Finishing what was committed: putting staged files in place, at once or at the next start."""

from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from app.domain.change import ChangeSet
from app.errors import StoreError, Unfinished
from app.registry import history
from app.registry.database import back_up, connected, schema_version, transaction
from app.registry.models import Dataset, JournalStep, Operation, Touched
from app.services import sidecars
from app.services.library import Library
from app.store.atomic import discard, disk, reached
from app.store.datasets import content_of, same_but_name, signature
from app.store.exports import sweep_exports
from app.store.indexing import sign
from app.store.places import sidecar_of
from app.store.publish import ContentDiffers, Step, perform, step_of, sweep, sweep_imports
from app.store.replaying import replay
from app.store.staging import Written, follow

Staged = dict[int, tuple[Written, ChangeSet]]


def back_up_registry(library: Library) -> None:
    """Keep a copy of the registry before its schema is changed."""
    path = library.places.registry
    have, want = schema_version(path)
    if 0 < have < want:
        back_up(path, library.places.registry_backup(datetime.now(UTC)))


def recover(library: Library) -> dict[int, str]:
    """Publish every operation that is committed and not yet published. The caller holds the writer lock.

    :returns: the datasets of operations that the disk still does not let finish, and what it says.
    """
    refused: dict[int, str] = {}
    with connected():
        waiting = [
            row.id for row in Operation.select().where(Operation.state == "committed").order_by(Operation.id)
        ]
    for number in waiting:
        try:
            publish(library, number, {})
        except Unfinished as error:
            with connected():
                refused.update((row.id, error.message) for row in history.touched_datasets(number))
    return refused


def tidy(library: Library) -> None:
    """Remove what operations, imports and exports left that did not end; under the writer lock."""
    places = library.places
    with connected():
        rows = list(Dataset.select())
        steps = [step_of(row.arguments) for row in JournalStep.select()]
    keep = {places.resolve(step.source) for step in steps if step.source}
    folders = {places.home, places.tokenizers, *(path for path in places.datasets.glob("*") if path.is_dir())}
    folders |= {path for path in (library.home / "trash").glob("*") if path.is_dir()}
    folders |= {path for path in (library.home / "backups" / "datasets").glob("*") if path.is_dir()}
    sweep(folders, keep)
    for row in rows:
        if row.location:
            place = Path(row.location).resolve()
            for path in (place, sidecar_of(Path(row.location))):
                sweep([path.parent], keep, of=path.name)
    sweep_imports(places.imports, keep)
    sweep_exports(places.exports)


def publish(library: Library, number: int, written: Staged) -> None:
    """Do the file steps of a committed operation and move the indexes along.

    A dataset that another program changed meanwhile is marked blocked; its staged version stays
    until the person has chosen. The caller holds the writer lock.

    :raises Unfinished: if the disk refuses; the operation has happened, and the next start goes on from here.
    """
    try:
        with connected():
            rows = JournalStep.select().where(JournalStep.operation == number).order_by(JournalStep.id)
            steps = [step_of(row.arguments) for row in rows]
            signed = _signed(library, number, steps)
            undone = [step for step in steps if not _done(library, number, step)]
            blocked = [step for step in undone if not _left_alone(library, number, step)]
            for step in blocked:
                _block(library, number, library.places.resolve(step.target))
            for dataset, (new, changes) in written.items():
                _follow(library, dataset, new, changes)
            for dataset, mark in signed.items():
                _sign(library, dataset, mark)
            reached("before marking published")
            _mark(number, "blocked" if blocked else "published")
    except StoreError as error:
        raise Unfinished(error.message) from error


def _done(library: Library, number: int, step: Step) -> bool:
    """Do a step; False if another program changed the file that it was to replace."""
    try:
        perform(step, library.places)
    except ContentDiffers:
        return _staged_again(library, number, step) and _done(library, number, step)
    reached("published step")
    return True


def _staged_again(library: Library, number: int, step: Step) -> bool:
    """Make a staged file that was lost anew, from the old file and the changes."""
    target, source = library.places.resolve(step.target), library.places.resolve(step.source)
    if source.exists() or content_of(target) != step.before:
        return False
    if row := _with_sidecar(library, number, target):
        sidecars.make_again(library, row, source)
        return True
    rows = Touched.select().where(Touched.operation == number, Touched.after == step.after)
    with disk(f"{target.name} could not be written"):
        made = (replay(target, source, [history.changes_of(number, row.dataset.id)]) for row in rows)
        return any(content == step.after for content in made)


def _left_alone(library: Library, number: int, step: Step) -> bool:
    """Let a file be that another program changed, and drop ours, if it is a sidecar."""
    row = _with_sidecar(library, number, library.places.resolve(step.target))
    if row is None:
        return False
    sidecars.leave_alone(row, sidecars.CHANGED)
    if step.source:
        discard(library.places.resolve(step.source))
    return True


def _with_sidecar(library: Library, number: int, path: Path) -> Dataset | None:
    """The dataset whose sidecar lies there, if an operation touched it."""
    rows = history.touched_datasets(number)
    return next((row for row in rows if sidecar_of(library.path_of(row)) == path), None)


def _mark(number: int, state: str) -> None:
    """Write down what has become of an operation; a published one needs its journal no more."""
    with transaction():
        Operation.update(state=state).where(Operation.id == number).execute()
        if state == "published":
            JournalStep.delete().where(JournalStep.operation == number).execute()


def _block(library: Library, number: int, target: Path) -> None:
    """Mark the dataset whose file could not be replaced."""
    for row in history.touched_datasets(number):
        path = library.path_of(row)
        if target in (path, path.resolve()) or target.is_relative_to(library.places.dataset_folder(row.slug)):
            Dataset.update(blocked=number).where(Dataset.id == row.id).execute()


def _signed(library: Library, number: int, steps: list[Step]) -> dict[int, str]:
    """The signatures of dataset files that only move, by dataset, where the index describes them."""
    found = {}
    only_moved = Touched.select().where(Touched.operation == number, Touched.before == Touched.after)
    for row in Dataset.select().where(Dataset.id.in_([touched.dataset.id for touched in only_moved])):
        summary = library.index(row.id).summary()
        places = (library.path_of(row), _place_before(library, library.path_of(row), steps))
        if summary and any(same_but_name(summary.signature, signature(place)) for place in places):
            found[row.id] = summary.signature
    return found


def _place_before(library: Library, path: Path, steps: list[Step]) -> Path:
    """Where a file was before the renames of a journal."""
    for step in reversed(steps):
        source, target = library.places.resolve(step.source), library.places.resolve(step.target)
        if step.action == "rename" and path.is_relative_to(target):
            path = source / path.relative_to(target) if path != target else source
    return path


def _sign(library: Library, dataset: int, mark: str) -> None:
    """Say that a dataset's index describes the file in its new place, if it is the very same file."""
    with suppress(StoreError):
        present = signature(library.path_of(Dataset.get_by_id(dataset)))
        if same_but_name(mark, present):
            sign(library.index(dataset), present)


def _follow(library: Library, dataset: int, new: Written, changes: ChangeSet) -> None:
    """Move the index along with the file; if that fails it is rebuilt at the next reading."""
    row = Dataset.get_by_id(dataset)
    path = library.path_of(row)
    index = library.index(dataset)
    old = index.summary()
    present = signature(path)
    if old is None or row.blocked or not same_but_name(new.signature, present):
        return  # another program was quicker; the next reading finds out
    with suppress(StoreError, OSError):
        summary = replace(old, signature=present, content=new.content, lines=new.lines, size=new.size)
        follow(index, path, changes, new, summary)
