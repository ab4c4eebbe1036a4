"""Finishing what was committed: putting staged files in place, at once or at the next start."""

from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from sqlite3 import Error as SqliteError

from app.domain.change import ChangeSet
from app.errors import NotFound, StoreError
from app.registry import history
from app.registry.database import connected, schema_version, transaction
from app.registry.models import Dataset, JournalStep, Operation, Touched
from app.services.library import Library
from app.services.reading import current_index
from app.store.atomic import copy_file, reached
from app.store.datasets import signature
from app.store.indexing import sign
from app.store.publish import ContentDiffers, perform, step_of, sweep, sweep_imports
from app.store.staging import Written, follow

Staged = dict[int, tuple[Written, ChangeSet]]


def back_up_registry(library: Library) -> None:
    """Keep a copy of the registry before its schema is changed."""
    path = library.places.registry
    have, want = schema_version(path)
    if 0 < have < want:
        stamp = f"{path.stat().st_mtime_ns}"
        copy_file(path, library.home / "backups" / "registry" / f"registry_{stamp}.sqlite")


def recover(library: Library) -> None:
    """Publish every operation that is committed and not yet published. The caller holds the writer lock."""
    with connected():
        waiting = [
            row.id for row in Operation.select().where(Operation.state == "committed").order_by(Operation.id)
        ]
    for number in waiting:
        publish(library, number, {})
        with connected():
            for row in history.touched_datasets(number):
                _recount(library, row)


def _recount(library: Library, row: Dataset) -> None:
    """Count the entries of a dataset anew, if its file can be read."""
    with suppress(NotFound, StoreError):
        summary = current_index(library, library.info(row)).summary()
        if summary:
            Dataset.update(entries=summary.entries).where(Dataset.id == row.id).execute()


def tidy(library: Library) -> None:
    """Remove what operations and imports left that never came to their commit; under the writer lock."""
    places = library.places
    with connected():
        rows = list(Dataset.select())
        steps = [step_of(row.arguments) for row in JournalStep.select()]
    keep = {places.resolve(step.source) for step in steps if step.source}
    folders = {places.home, *(path for path in places.datasets.glob("*") if path.is_dir())}
    folders |= {path for path in (library.home / "trash").glob("*") if path.is_dir()}
    folders |= {path for path in (library.home / "backups" / "datasets").glob("*") if path.is_dir()}
    sweep(folders, keep)
    for row in rows:
        if row.location:
            place = Path(row.location).resolve()
            sweep([place.parent], keep, of=place.name)
    sweep_imports(places.imports)


def publish(library: Library, number: int, written: Staged) -> None:
    """Do the file steps of a committed operation and move the indexes along.

    A dataset that another program changed meanwhile is marked blocked; its staged version stays
    until the person has chosen. The caller holds the writer lock.

    :raises StoreError: if the disk refuses; the operation has happened, and the next start goes on from here.
    """
    with connected():
        blocked = False
        signed = _signed(library, number)
        for row in JournalStep.select().where(JournalStep.operation == number).order_by(JournalStep.id):
            step = step_of(row.arguments)
            try:
                perform(step, library.places)
            except ContentDiffers:
                blocked = True
                _block(library, number, library.places.resolve(step.target))
                continue
            reached("published step")
        for dataset, (new, changes) in written.items():
            _follow(library, dataset, new, changes)
        for dataset in signed - set(written):
            sign(library.index(dataset), signature(library.path_of(Dataset.get_by_id(dataset))))
        reached("before marking published")
        with transaction():
            state = "blocked" if blocked else "published"
            Operation.update(state=state).where(Operation.id == number).execute()
            if not blocked:
                JournalStep.delete().where(JournalStep.operation == number).execute()


def _block(library: Library, number: int, target: Path) -> None:
    """Mark the dataset whose file could not be replaced."""
    for row in history.touched_datasets(number):
        path = library.path_of(row)
        if target in (path, path.resolve()) or target.is_relative_to(library.places.dataset_folder(row.slug)):
            Dataset.update(blocked=number).where(Dataset.id == row.id).execute()


def _signed(library: Library, number: int) -> set[int]:
    """Datasets of the operation whose file only moves, with an index that describes it."""
    found = set()
    for row in (
        Dataset.select().join(Touched).where(Touched.operation == number, Touched.before == Touched.after)
    ):
        summary = library.index(row.id).summary()
        if summary and summary.content == row.content:
            found.add(row.id)
    return found


def _follow(library: Library, dataset: int, new: Written, changes: ChangeSet) -> None:
    """Move the index along with the file; if that fails it is rebuilt at the next reading."""
    row = Dataset.get_by_id(dataset)
    path = library.path_of(row)
    index = library.index(dataset)
    old = index.summary()
    if old is None or row.blocked:
        return
    with suppress(SqliteError, StoreError, OSError):
        summary = replace(old, signature=signature(path), content=new.content, lines=new.lines, size=new.size)
        summary = follow(index, path, changes, new, summary)
        Dataset.update(entries=summary.entries).where(Dataset.id == dataset).execute()
