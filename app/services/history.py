"""The history of a dataset: what was done, undo, redo, and the way back to any point."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from app.domain.change import Change
from app.domain.entry import Entry, NotJson, digest
from app.domain.facts import payload
from app.errors import Conflict, NotFound, Refused
from app.registry import casts, history
from app.registry.database import connected
from app.registry.models import Dataset, Operation, RowChange, Touched
from app.registry.rows import MAPPING
from app.services import casting
from app.services.browsing import LARGEST_SHOWN, opening_words
from app.services.library import Library
from app.services.operation import Door, OperationInfo, info_of, operation
from app.services.putting_back import put_back
from app.services.reading import Progress, Snapshot, reading, silent
from app.services.rebasing import rebase
from app.services.way_back import since, way_back
from app.store.finding import locate, places

PAGE = 50
TAGS, CHARACTERS, PROMPTS = ("category", "tag", "alias"), ("character",), ("prompt", "promptuse")
CRITERIA = ("criteria", "owntarget")
_LAST = (1 << 63) - 1  # the largest number that SQLite gives an operation


class NothingToUndo(NotFound):
    """No such operation is in force."""


@dataclass(frozen=True, slots=True)
class ChangeView:
    """One changed entry: its whole line before and after, as far as it can still be told.

    Numbers are lines of the file, from 1.
    """

    key: str
    kind: str
    before_number: int | None
    after_number: int | None
    before: Entry | None
    after: Entry | None


@dataclass(frozen=True, slots=True)
class LoneEntry:
    """The one entry that an operation is about: its place at that time, from 1, and how it begins."""

    number: int
    words: str


@dataclass(frozen=True, slots=True)
class Offer:
    """What a person can do from an operation on: undo it, or return to how the dataset stood just after."""

    undo: bool
    back: bool
    to_trash: bool  # undoing it moves the dataset to the trash


def operations(
    library: Library, slug: str, *, limit: int = PAGE, before: int | None = None
) -> list[OperationInfo]:
    """The operations on a dataset, newest first.

    :param before: only those older than the one with this number.
    """
    with connected():
        row = library.row(slug)
        found = (each for each in history.operations_on(row.id) if before is None or each.id < before)
        return [info_of(each) for each, _ in zip(found, range(limit), strict=False)]


def every_operation(library: Library, slug: str) -> Iterator[OperationInfo]:
    """All operations on a dataset, newest first."""
    with connected():
        yield from [info_of(each) for each in history.operations_on(library.row(slug).id)]


def shared_operations(tables: Sequence[str], limit: int = 10) -> list[OperationInfo]:
    """The newest changes of what all datasets share, undone or in force; newest first.

    :param tables: of what: ``TAGS``, ``CHARACTERS``, ``PROMPTS`` or ``CRITERIA``.
    """
    with connected():
        return [info_of(each) for each in history.changes_on_shared(tables, limit)]


def offers(library: Library, slug: str, shown: Sequence[OperationInfo]) -> dict[int, Offer]:
    """What each of some operations on a dataset offers, by its number."""
    numbers = [each.id for each in shown]
    with connected():
        row = library.row(slug)
        after, recast = history.left_by(numbers, row.id), casts.last_change(row.id)
        made = {
            number for number, before in history.rows_before(numbers, row) if before.get("state") == "trashed"
        }
    return {
        each.id: Offer(
            undo=each.kind == "change" and not each.undone and each.state == "published",
            back=after.get(each.id) != row.content or each.id < recast,
            to_trash=each.id in made,
        )
        for each in shown
    }


def changed_here(library: Library, slug: str, shown: Sequence[OperationInfo]) -> dict[int, int]:
    """How many entries of a dataset each of some operations changed, by its number."""
    with connected():
        return history.changed_in([each.id for each in shown], library.row(slug).id)


def lone_entries(library: Library, slug: str, shown: Sequence[OperationInfo]) -> dict[int, LoneEntry]:
    """The entry of each of some operations that changed just one, by the operation's number.

    Its words are those that it has now; where it is gone, those that it had last.
    """
    with connected():
        found = history.lone_changes([each.id for each in shown if each.changed == 1], library.row(slug).id)
        keys = {change.key for change in found.values()}
        lines = _present_lines(library, slug, keys)
        gone = [key for key in keys if key not in lines]
        lines.update(history.last_lines(gone, library.row(slug).id))
    entries = {key: _entry(line) for key, line in lines.items()}
    return {number: _lone(change, entries.get(change.key)) for number, change in found.items()}


def _present_lines(library: Library, slug: str, keys: Iterable[str]) -> dict[str, bytes]:
    """The lines of some entries, as far as they are there and not too large to be shown in a list."""
    try:
        with reading(library, slug) as snapshot:
            found = places(snapshot.connection, keys)
            small = {key: place for key, place in found.items() if place[1] <= LARGEST_SHOWN}
            return {key: snapshot.file.read(*place) for key, place in small.items()}
    except NotFound:
        return {}  # the file is not where it was: the page says so


def _lone(change: Change, entry: Entry | None) -> LoneEntry:
    place = change.before if change.after is None else change.after
    return LoneEntry((place or 0) + 1, opening_words(entry)[1] if entry else "")


def changes(library: Library, slug: str, number: int, *, page: int = 1, size: int = 25) -> list[ChangeView]:
    """What an operation did to the entries of a dataset, a page at a time.

    :raises NotFound: if the operation did not touch the dataset.
    """
    with connected(), reading(library, slug) as snapshot:
        row = library.row(slug)
        _touched(row, number)
        found = history.page_of_changes(number, row.id, start=(page - 1) * size, size=size)
        return [_view(snapshot, row.id, number, change) for change in found]


def versions(library: Library, slug: str, key: str) -> list[tuple[OperationInfo, ChangeView]]:
    """What happened to one entry, newest first."""
    with connected(), reading(library, slug) as snapshot:
        row = library.row(slug)
        return [
            (info_of(each), _shown(change, before, after))
            for each, change, before, after in _told(snapshot, row.id, key)
        ]


def _view(snapshot: Snapshot, dataset: int, number: int, change: Change) -> ChangeView:
    for each, found, before, after in _told(snapshot, dataset, change.key):
        if each.id == number and found == change:
            return _shown(change, before, after)
    return _shown(
        change, change.old if change.after is None else None, change.new if change.before is None else None
    )


def _told(
    snapshot: Snapshot, dataset: int, key: str
) -> Iterator[tuple[Operation, Change, bytes | None, bytes | None]]:
    """The changes of one entry, newest first, with the line before and after; told backwards from now."""
    found = locate(snapshot.connection, key)
    line = snapshot.file.read(found.offset, found.length) if found else None
    for each, change in history.history_of_entry(dataset, key):
        after = line if change.after is not None else None
        if after is not None and digest(after) != change.now:
            return  # a change that history does not know lies between
        if change.before is None:
            line = None
        elif change.after is None:
            line = change.old
        elif after is None:
            return
        else:
            line = change.inverted().splice(after)
        yield each, change, line, after


def _shown(change: Change, before: bytes | None, after: bytes | None) -> ChangeView:
    return ChangeView(
        change.key,
        change.kind,
        None if change.before is None else change.before + 1,
        None if change.after is None else change.after + 1,
        _entry(before) if before else None,
        _entry(after) if after else None,
    )


def _entry(line: bytes) -> Entry | None:
    try:
        return Entry.of(payload(line))
    except NotJson:
        return None


def undo(
    library: Library, slug: str, number: int | None = None, *, progress: Progress = silent
) -> OperationInfo:
    """Take back the newest operation on a dataset that is in force, or the one with that number.

    An operation on several datasets is taken back in all of them.

    :raises Refused: if there is nothing to undo, or that one cannot be undone.
    :raises Conflict: if later operations stand in the way; the message names them.
    """
    with library.writing(), connected():
        row = library.row(slug, or_trashed=True)
        target = _named(row, number) if number is not None else _newest(row)
        return take_back(library, target, progress=progress)


def undo_shared(
    library: Library,
    number: int | None = None,
    *,
    tables: Sequence[str] = (*TAGS, *CHARACTERS, *PROMPTS, *CRITERIA),
    progress: Progress = silent,
) -> OperationInfo:
    """Take back an operation on what all datasets share: the newest in force, or the one with that number.

    :param tables: on what of it: ``TAGS``, ``CHARACTERS``, ``PROMPTS``, ``CRITERIA`` or several of them.
    :raises NothingToUndo: if that operation is none of those.
    :raises Refused, Conflict: as :func:`undo`.
    """
    with library.writing(), connected():
        known = number is None or 0 < number <= _LAST
        target = history.newest_on_shared(number, tables=tables) if known else None
        if target is None:
            raise NothingToUndo(
                "There is nothing to undo." if number is None else f"There is no operation {number} to undo."
            )
        return take_back(library, target, progress=progress)


def next_undo(slug: str) -> str:
    """The title of what the next undo on a dataset takes back; empty if that is its import, or nothing."""
    with connected():
        return history.next_undo(slug)


def redo_shared(library: Library, *, progress: Progress = silent) -> OperationInfo:
    """Do again what was last undone on what all datasets share, if nothing else was done to it since.

    :raises Refused: if there is nothing to redo.
    """
    with library.writing(), connected():
        undone, newest = history.newest_undo_on_shared(), history.newest_on_shared()
        if undone is None or (newest is not None and newest.id > undone.id):
            raise Refused("There is nothing to redo.")
        return _redo(library, undone, progress)


def take_back(library: Library, target: Operation, *, progress: Progress = silent) -> OperationInfo:
    """Take back an operation that is in force; the caller has the library for writing.

    :raises Refused, Conflict: as :func:`undo`.
    """
    _check_clear(target)
    with operation(
        library, f"Undo: {target.title}", kind="undo", undoes=target.id, progress=progress
    ) as door:
        kept = _invert(door, target)
        Operation.update(in_force=False).where(Operation.id == target.id).execute()
    return _done(door, kept)


def redo(library: Library, slug: str, *, progress: Progress = silent) -> OperationInfo:
    """Do again what was last undone, if nothing else was done since.

    :raises Refused: if there is nothing to redo.
    """
    with library.writing(), connected():
        undone = _undone(library.row(slug, or_trashed=True))
        return _redo(library, undone, progress)


def _redo(library: Library, undone: Operation, progress: Progress) -> OperationInfo:
    target = Operation.get_by_id(undone.undoes)
    _check_clear(undone)
    with operation(
        library, f"Redo: {target.title}", kind="redo", undoes=undone.id, progress=progress
    ) as door:
        kept = _invert(door, undone)
        Operation.update(in_force=False).where(Operation.id == undone.id).execute()
        Operation.update(in_force=True).where(Operation.id == target.id).execute()
    return _done(door, kept)


def restore(library: Library, slug: str, number: int, *, progress: Progress = silent) -> OperationInfo:
    """Bring the entries of a dataset back to what they were just after an operation; itself one operation.

    :raises NotFound: if that operation did not touch the dataset.
    :raises Refused: if that is how the dataset stands.
    """
    with library.writing(), connected():
        row = library.row(slug)
        touched = _touched(row, number)
        title = Operation.get_by_id(number).title
        with operation(library, f"Restore to just after: {title}", progress=progress) as door:
            if touched.after != row.content:
                editor = door.editor(slug)
                editor.adopt(way_back(editor, row, number, touched.after))
            casting.restore(door, row, number)
    if door.info is None:
        raise Refused(f"{slug} stands as it did after operation {number}.")
    return door.info


def _touched(row: Dataset, number: int) -> Touched:
    """What the operation with that number did to a dataset, as a whole.

    :raises NotFound: if there is no such operation, or it did not touch the dataset.
    """
    found: Touched | None = None
    if 0 < number <= _LAST:
        found = Touched.get_or_none(Touched.operation == number, Touched.dataset == row.id)
    if found is None:
        raise NotFound(
            f"There is no operation {number} on {row.slug}.", "The history lists them with their numbers."
        )
    return found


def _newest(row: Dataset) -> Operation:
    for each in history.operations_on(row.id):
        if each.kind == "change" and each.in_force:
            return each
    raise Refused(f"There is nothing to undo in {row.slug}.")


def _named(row: Dataset, number: int) -> Operation:
    found: Operation = _touched(row, number).operation
    if found.kind != "change":
        raise Refused(
            f"Operation {number} is no change of its own: {found.title}.", "Redo takes back an undo."
        )
    if not found.in_force:
        raise Refused(f"Operation {number} is undone already.")
    return found


def _undone(row: Dataset) -> Operation:
    for each in history.operations_on(row.id):
        if each.kind == "undo" and each.in_force:
            return each
        if each.kind == "change":
            break
    raise Refused(f"There is nothing to redo in {row.slug}.")


def _check_clear(target: Operation) -> None:
    """Nothing, if no later operation in force touched what this one did, and its files are in their place."""
    for dataset in history.touched_datasets(target.id):
        touched = _touched(dataset, target.id)
        if dataset.state == "trashed" and touched.before != touched.after:
            raise Conflict(
                f"{dataset.slug} is in the trash, and “{target.title}” (operation {target.id})"
                " changed its entries.",
                "Take it out of the trash first.",
            )
        later = history.later_on_same_entries(target.id, dataset.id)
        if later:
            names = "; ".join(f"“{each.title}” (operation {each.id})" for each in later[:5])
            raise Conflict(
                f"Later operations changed the same entries of {dataset.slug}: {names}.",
                "Undo those first, newest first.",
                operations=[each.id for each in later],
            )
    later = history.later_on_same_rows(target.id)
    if later and not history.moves(target.id):
        names = "; ".join(f"“{each.title}” (operation {each.id})" for each in later[:5])
        raise Conflict(
            f"Later operations changed the same: {names}.",
            "Undo those first, newest first.",
            operations=[each.id for each in later],
        )


def _invert(door: Door, target: Operation) -> list[str]:
    """Put the inverse of an operation through the door, in all its datasets.

    A dataset that an import brought goes to the trash with all that the registry says of it, to be taken
    out as it was; what came with it for all datasets stays too.

    :returns: what stays because something else has come to use it, in words.
    """
    datasets = history.touched_datasets(target.id)
    door.undoing = datasets
    changed = history.moves(target.id) or list(
        RowChange.select().where(RowChange.operation == target.id).order_by(RowChange.id.desc())
    )
    kept = put_back(door, changed)
    put = {(each.row, each.key) for each in changed if each.table == MAPPING}
    for dataset in datasets:  # what was put back may stand in their sidecars
        door.says(dataset)
    for dataset in datasets:
        found = history.changes_of(target.id, dataset.id)
        touched = Touched.get(Touched.operation == target.id, Touched.dataset == dataset.id)
        if not found:
            if touched.before != touched.after:
                raise Refused(f"{target.title} cannot be undone: what was there before is not known.")
            continue
        editor = door.editor(dataset.slug)
        if touched.after == dataset.content:
            editor.adopt(found.inverted())
        else:
            rebase(editor, found.inverted(), since(target, dataset))
        known = {entry for number, entry in put if number == dataset.id}
        casting.follow(door, dataset, editor.changes(), editor.line, but=known)
    return kept


def _done(door: Door, kept: Sequence[str]) -> OperationInfo:
    if door.info is None and kept:
        raise Conflict("; ".join(kept) + ".", "Take it away there first, or leave things as they are.")
    return door.done
