"""The one door: an operation changes files and registry together, whole or not at all.

Leaving the block stages the new files, commits the registry – this is the moment it has
happened – and puts the files in place. See ARCHITECTURE.md for the path of one save.
"""

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from app.domain.change import ChangeSet
from app.domain.facts import is_entry
from app.errors import AppError, ChangedOutside, Refused, StoreError
from app.registry import history, rows
from app.registry.database import connected, transaction
from app.registry.models import Dataset, JournalStep, Operation, now
from app.services import backing_up, recovering, sidecars, tallies
from app.services.editor import Editor
from app.services.library import Library
from app.services.reading import Progress, reading, silent
from app.store.atomic import copy_file, discard, disk, reached, sync_folder, write_new
from app.store.datasets import content_of
from app.store.places import staged
from app.store.publish import Step
from app.store.staging import Written, stage


@dataclass(frozen=True, slots=True)
class OperationInfo:
    """An operation as it is shown: what was done, when, to which datasets, to how many entries."""

    id: int
    title: str
    at: datetime
    datasets: tuple[str, ...]
    changed: int
    undoes: int | None
    kind: str = "change"
    undone: bool = False
    state: str = "published"

    def as_json(self) -> dict[str, Any]:
        """The operation as the command line prints it."""
        return {
            "id": self.id,
            "title": self.title,
            "at": self.at.isoformat(),
            "datasets": list(self.datasets),
            "changed": self.changed,
            "undoes": self.undoes,
        }


class _Nothing(Exception):
    """The block changed nothing: the transaction is taken back, no operation is recorded."""


class Door:
    """What the block of an operation has in hand."""

    def __init__(self, library: Library, row: Operation, progress: Progress = silent) -> None:
        self.library = library
        self.row = row
        self.progress = progress
        self.id: int = row.id
        self.info: OperationInfo | None = None
        self.steps: list[Step] = []
        self.rows: list[tuple[str, int, str, Any, Any]] = []  # table, number, key, before and after
        self.editors: dict[int, Editor] = {}
        self.written: dict[int, tuple[Written, ChangeSet]] = {}
        self._open_files = ExitStack()
        self.drafts: list[Path] = []  # staged files, dropped if the operation fails
        self.touched: set[int] = set()  # datasets that change without a line of theirs
        self.written_elsewhere: set[int] = set()  # datasets whose new file is there already
        self.said: set[int] = set()  # datasets of which the registry says something else from now on
        self.old_sidecars: dict[int, dict[str, Any]] = {}  # of datasets that an import is bringing along
        self.new_tags = "archived"  # what becomes of a tag that nobody knew: active, where a person typed it
        self.undoing: list[Dataset] = []  # the datasets of the operation that this one takes back
        self.waiting: dict[int, str] = {}  # datasets whose last operation the disk does not let finish

    def check_free(self, row: Dataset) -> None:
        """Nothing, if no earlier operation on the dataset still waits for the disk or for the person.

        :raises StoreError: if one waits for the disk.
        :raises ChangedOutside: if one waits for the person to choose a version.
        """
        if row.id in self.waiting:
            raise StoreError(f"An earlier operation on {row.slug} waits for the disk. {self.waiting[row.id]}")
        if row.blocked:
            raise ChangedOutside(f"{row.slug} was changed by another program.", slug=row.slug)

    def editor(self, slug: str) -> Editor:
        """The dataset, open for changes to its lines.

        :raises ChangedOutside: if its file is not as the library last left it.
        """
        row = self.library.row(slug)
        if row.id not in self.editors:
            self.editors[row.id] = self._open(row)
        return self.editors[row.id]

    def _open(self, row: Dataset) -> Editor:
        self.check_free(row)
        snapshot = self._open_files.enter_context(reading(self.library, row.slug))
        if snapshot.summary.content != row.content:
            raise ChangedOutside(f"{row.slug} was changed by another program.", slug=row.slug)
        return Editor(row, snapshot)

    def set(self, row: Dataset, **values: Any) -> None:
        """Change columns of a dataset's row, so that undo can put them back."""
        before = {name: getattr(row, name) for name in values if getattr(row, name) != values[name]}
        if not before:
            return
        after = {name: values[name] for name in before}
        Dataset.update(**after).where(Dataset.id == row.id).execute()
        for name, value in after.items():
            setattr(row, name, value)
        self.rows.append(("dataset", row.id, "", before, after))
        self.touched.add(row.id)

    def put(self, table: str, number: int | None, values: dict[str, Any] | None) -> int:
        """Insert a row that all datasets share (no number), change columns of it, or delete it (no values).

        :param table: one of ``rows.SHARED``.
        :returns: the row's number.
        """
        number, before, after = rows.put(table, number, values)
        if before != after:
            self.rows.append((table, number, "", before, after))
        return number

    def concern(self, table: str) -> None:
        """Make the operation one on rows of a table, though none of them becomes another: undone like those.

        :param table: one of ``rows.SHARED``.
        """
        self.rows.append((table, 0, rows.CONCERNED, None, None))

    def cast(self, row: Dataset, wanted: Mapping[str, rows.Cast]) -> None:
        """Say who speaks in some entries of a dataset, by their uuids."""
        present = rows.casts(row.id, list(wanted))
        changed = {entry: cast for entry, cast in wanted.items() if cast != present.get(entry, [])}
        if not changed:
            return
        rows.set_casts(row.id, changed)
        self.rows.extend(
            (rows.MAPPING, row.id, entry, present.get(entry, []), cast) for entry, cast in changed.items()
        )
        self.says(row)

    def says(self, row: Dataset) -> None:
        """The registry says something else of a dataset than before, so that its sidecar does too."""
        self.said.add(row.id)
        self.touched.add(row.id)

    def note(self, table: str, row: Dataset, before: Any, after: Any) -> None:
        """Record a change beside the lines of a dataset, so that undo can turn it round."""
        self.rows.append((table, row.id, "", before, after))
        self.touched.add(row.id)

    def write(
        self, target: Path, data: bytes | None, *, staging: Path | None = None, present: Path | None = None
    ) -> str:
        """Replace a small file beside a dataset (its rejected records, its sidecar); None removes it.

        :param staging: where to stage it, if not beside the target (whose folder may be yet to be made).
        :param present: where it still is, if this operation moves it.
        :returns: the content hash that it then has.
        """
        with disk(f"{target.name} could not be read"):
            before = content_of(present or target)
        if data is None:
            self.step(Step("remove", target=self._spell(target), before=before))
            return ""
        path = staged(staging / target.name if staging else target, self.id)
        with disk(f"{target.name} could not be written"):
            self.drafts.append(path)
            write_new(path, data)
            sync_folder(path.parent)
            after = content_of(path)
            self.step(Step("replace", self._spell(target), self._spell(path), before, after))
        return after

    def stage_copy(self, source: Path, draft: Path, *, like: Path) -> None:
        """Stage a whole file under the temporary name ``draft``, to take the place of ``like``."""
        with disk(f"{like.name} could not be written"):
            self.drafts.append(draft)
            copy_file(source, draft, like=like)
            sync_folder(draft.parent)

    def title(self, title: str) -> None:
        """Say more of what was done than was known when the operation began."""
        self.row.title = title
        Operation.update(title=title).where(Operation.id == self.id).execute()

    def step(self, step: Step) -> None:
        """Add a step for after the commit."""
        self.steps.append(step)

    def _spell(self, path: Path) -> str:
        return self.library.places.spell(path)

    @property
    def done(self) -> OperationInfo:
        """What was recorded, once the block is left.

        :raises Refused: if it changed nothing.
        """
        if self.info is None:
            raise Refused("There was nothing to change.")
        return self.info

    @property
    def empty(self) -> bool:
        """Whether nothing was changed."""
        planned = self.steps or self.rows or self.touched or self.written_elsewhere
        return not (planned or any(editor.changed for editor in self.editors.values()))

    def stage(self) -> None:
        """Write the new version of every dataset that was edited, beside the old one."""
        for editor in self.editors.values():
            changes = editor.changes()
            if changes:
                with disk(f"{editor.row.slug} could not be written"):
                    self._stage(editor, changes)
        touched = [*self.touched, *self.written, *self.written_elsewhere]
        late = Dataset.id.in_(touched) & (Dataset.sidecar_note == sidecars.LATER)
        for row in Dataset.select().where(Dataset.id.in_(self.said) | late):
            if row.state == "live":
                sidecars.follow(self, row)
            else:
                sidecars.fall_behind(row)

    def _stage(self, editor: Editor, changes: ChangeSet) -> None:
        path = editor.snapshot.info.path
        target = path.resolve() if editor.row.location else path
        draft = staged(target, self.id)
        self.drafts.append(draft)
        written = stage(draft, editor.snapshot.file.descriptor, editor.layout, changes, self.progress)
        self.written[editor.row.id] = (written, changes)
        backing_up.before_change(self, editor, changes)
        self.step(
            Step(
                "replace", self._spell(target), self._spell(draft), editor.row.content, written.content,
                editor.snapshot.file.signature,
            )
        )  # fmt: skip
        self.touched.discard(editor.row.id)
        history.record(self.id, editor.row.id, changes, before=editor.row.content, after=written.content)
        entries = editor.row.entries + _growth(changes)
        if tallies.follow(self, editor, changes, written) or entries != editor.row.entries:
            self.said.add(editor.row.id)
        Dataset.update(content=written.content, size=written.size, entries=entries).where(
            Dataset.id == editor.row.id
        ).execute()

    def record(self) -> None:
        """Write the journal, the row changes and the touched datasets into the open transaction."""
        for step in self.steps:
            JournalStep.create(operation=self.id, action=step.action, arguments=step.as_json())
        rows.record(self.id, self.rows)
        for number in self.touched - self.written.keys():
            content = Dataset.get_by_id(number).content
            history.record(self.id, number, ChangeSet(), before=content, after=content)
        Dataset.update(changed_at=now()).where(
            Dataset.id.in_([*self.touched, *self.written, *self.written_elsewhere])
        ).execute()

    def close(self, *, failed: bool) -> None:
        """Let go of the files; after a failure, drop what was staged."""
        self._open_files.close()
        for draft in self.drafts if failed else ():
            discard(draft)


def _growth(changes: ChangeSet) -> int:
    """By how many entries a dataset grows; a line that is rewritten stays what it is."""
    fresh = sum(is_entry(change.new) for change in changes.changes if change.before is None)
    return fresh - sum(is_entry(change.old) for change in changes.changes if change.after is None)


@contextmanager
def operation(
    library: Library,
    title: str,
    *,
    kind: str = "change",
    undoes: int | None = None,
    progress: Progress = silent,
    looking: bool = True,
) -> Iterator[Door]:
    """One operation: what the block does happens as a whole when it is left, or not at all.

    ``door.info`` says afterwards what was recorded; it is None if the block changed nothing, which
    ``door.done`` refuses.

    :param progress: told the changed lines staged and those in all; what it raises calls everything off.
    :param looking: whether sidecars that nobody looked at are taken in first.
    :raises StoreError: if the disk refused before the commit; everything is then as before.
    """
    from app.services import settling

    with library.writing():
        waiting = recovering.recover(library)
        if looking:
            settling.take_in_unseen(library)
        door: Door | None = None
        try:
            with transaction():
                door = Door(library, Operation.create(title=title, kind=kind, undoes=undoes), progress)
                door.waiting = waiting
                yield door
                if door.empty:
                    raise _Nothing
                door.stage()
                door.record()
                reached("before commit")
        except _Nothing:
            if door:
                door.close(failed=True)
            return
        except BaseException:
            if door:
                door.close(failed=not _is_committed(door.id))
            raise
        reached("committed")
        door.close(failed=False)
        recovering.publish(library, door.id, door.written)
        with connected():
            door.info = info_of(Operation.get_by_id(door.id))


def _is_committed(number: int) -> bool:
    """Whether an operation happened: an interrupt may come just after its commit."""
    try:
        with connected():
            return Operation.get_or_none(Operation.id == number) is not None
    except AppError:
        return True  # nobody can tell; what was staged is swept later if nothing names it


def info_of(row: Operation) -> OperationInfo:
    """What there is to say of an operation; datasets by their present names. The caller is connected."""
    return OperationInfo(
        id=row.id,
        title=row.title,
        at=datetime.fromisoformat(row.at),
        datasets=tuple(dataset.slug for dataset in history.touched_datasets(row.id)),
        changed=history.changed_by(row.id),
        undoes=row.undoes,
        kind=row.kind,
        undone=not row.in_force,
        state=row.state,
    )
