"""When another program changed a dataset's file: the person chooses which version stays; neither is lost."""

from pathlib import Path

from app.domain.change import ChangeSet
from app.domain.transition import Side, transition
from app.errors import NotFound, Refused
from app.registry import history
from app.registry.database import connected
from app.registry.models import Backup, Dataset, JournalStep, Operation
from app.services import backing_up, casting, recovering, rejecting, tallies
from app.services.library import Library
from app.services.operation import Door, OperationInfo, operation
from app.services.reading import current_index
from app.services.way_back import line_key
from app.store.datasets import content_of, signature
from app.store.imports import ImportFolder, import_folder
from app.store.index import Summary
from app.store.places import staged
from app.store.publish import Step, step_of
from app.store.replaying import Lines, lines_of, replay

OUTSIDE = "outside"
OURS = "ours"
_NEVER = -1  # the operation of a backup whose content the history does not lead to


def settle(library: Library, slug: str, *, keep: str) -> OperationInfo:
    """Keep one of two versions of a dataset: the file as another program left it, or ours.

    The outside version is taken in as an operation that can be undone, as long as ours can still be
    found; when ours is put back, the outside version is kept as a backup.

    :param keep: ``outside`` or ``ours``.
    :raises Refused: if the file was not changed outside.
    :raises NotFound: if ours is wanted and can no longer be put together.
    """
    if keep not in (OUTSIDE, OURS):
        raise Refused(f"There is no version {keep!r}.", "Choose outside or ours.")
    with library.writing(), connected(), import_folder(library.places.imports) as folder:
        recovering.recover(library)
        row = library.row(slug)
        summary = current_index(library, library.info(row)).summary()
        if summary is None or (summary.content == row.content and not row.blocked):
            raise Refused(f"{slug} was not changed by another program.")
        if summary.content == row.content:
            return _keep_as_it_is(library, row)
        recorded = _recorded(library, row, folder)
        if keep == OUTSIDE:
            return _take_outside(library, row, summary, recorded)
        if recorded is None:
            raise NotFound(
                f"The version of {slug} that the library had can no longer be put together.",
                "The backups folder may hold an older one. Take the outside version to go on.",
            )
        return _take_ours(library, row, summary.content, recorded)


def _keep_as_it_is(library: Library, row: Dataset) -> OperationInfo:
    """The file says what ours does: only the list of rejected records beside it was changed, if anything."""
    with operation(library, f"Keep {row.slug} as it is", kind="keep") as door:
        _unblock(door, row)
        door.touched.add(row.id)
    return door.done


def _take_outside(library: Library, row: Dataset, summary: Summary, recorded: Path | None) -> OperationInfo:
    path, found = library.path_of(row), summary.content
    with operation(library, f"Changed outside: {row.slug}") as door:
        changes = ChangeSet() if recorded is None else difference(recorded, path)
        _recast(door, row, changes, recorded)
        history.record(door.id, row.id, changes, before=row.content, after=found)
        Dataset.update(content=found, size=summary.size, entries=summary.entries).where(
            Dataset.id == row.id
        ).execute()
        _unblock(door, row)
        _count(door, row, found)
        door.written_elsewhere.add(row.id)
        door.touched.discard(row.id)  # it is recorded above
    return door.done


def _count(door: Door, row: Dataset, content: str) -> None:
    """Count the tags as another program left them, make them known, and have the sidecar say so."""
    with current_index(door.library, door.library.info(row)).connect() as connection:
        uses = tallies.read(connection)
    tallies.counted(row, uses, content)
    tallies.register(door, {slug: use.label for slug, use in uses.items()})
    door.says(row)


def _recast(door: Door, row: Dataset, changes: ChangeSet, recorded: Path | None) -> None:
    """Let characters follow what another program did to their messages.

    Where that cannot be told, they stay in the places that are still there.
    """
    if recorded is not None:
        with lines_of(recorded) as old:
            casting.follow(door, row, changes, old.line)
        return
    with current_index(door.library, door.library.info(row)).connect() as connection:
        casting.cut(door, row, connection)


def _take_ours(library: Library, row: Dataset, found: str, recorded: Path) -> OperationInfo:
    places, path = library.places, library.path_of(row)
    with operation(library, f"Put back the library's version of {row.slug}", kind="keep") as door:
        _unblock(door, row)
        draft = staged(path.resolve() if row.location else path, door.id)
        door.stage_copy(recorded, draft, like=path)
        backing_up.keep_outside(door, row, found)
        door.step(
            Step("replace", places.spell(path), places.spell(draft), found, row.content, signature(path))
        )
        door.says(row)
    return door.done


def _unblock(door: Door, row: Dataset) -> None:
    """Close the operation that could not be published; its staged files go once this one is committed.

    Rejected records that it was to put back are put back, whichever version of the dataset stays.
    """
    if not row.blocked:
        return
    places = door.library.places
    for kept in JournalStep.select().where(JournalStep.operation == row.blocked):
        step = step_of(kept.arguments)
        if step.action == "replace":
            if places.resolve(step.target) == places.rejected(row.slug):
                rejecting.take_over(door, row, places.resolve(step.source))
            door.step(Step("remove", step.source))
    JournalStep.delete().where(JournalStep.operation == row.blocked).execute()
    Operation.update(state="published").where(Operation.id == row.blocked).execute()
    Dataset.update(blocked=None).where(Dataset.id == row.id).execute()


def _recorded(library: Library, row: Dataset, folder: ImportFolder) -> Path | None:
    """A file with the content that the library last wrote: as staged, or a backup with what came after."""
    for kept in JournalStep.select().where(JournalStep.operation == (row.blocked or 0)):
        step = step_of(kept.arguments)
        source = library.places.resolve(step.source)
        if step.action == "replace" and step.after == row.content and content_of(source) == row.content:
            return source
    backups = Backup.select().where(Backup.dataset == row.id, Backup.operation > _NEVER)
    for backup in backups.order_by(Backup.operation.desc()):
        kept_file = library.places.backups(row.slug) / backup.name
        if content_of(kept_file) != backup.content:
            continue
        later = [each.id for each in history.operations_on(row.id, above=backup.operation)]
        target = folder.path / "recorded.jsonl"
        content = replay(
            kept_file, target, [history.changes_of(number, row.id) for number in reversed(later)]
        )
        if content == row.content:
            return target
    return None


def difference(before: Path, after: Path) -> ChangeSet:
    """What turns the content of one file into that of another."""
    with lines_of(before) as old, lines_of(after) as new:
        return transition(_side(old), _side(new)).headed(old.head, new.head)


def _side(lines: Lines) -> Side:
    return Side(lines.digests, lines.line, line_key)
