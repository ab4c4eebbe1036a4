"""Datasets as things on a shelf: made, named, renamed, moved to the trash and back."""

import json
from typing import Any
from uuid import uuid4

from app.domain.names import fits, free_slug
from app.errors import Conflict, NotFound, Refused
from app.registry.database import connected
from app.registry.models import Dataset, FormerSlug
from app.services import backing_up
from app.services.library import Library
from app.services.operation import Door, OperationInfo, operation
from app.store.datasets import EMPTY
from app.store.publish import Step

_NAMES = "Use lower-case letters of any script and digits, joined by _; not too long."


def check_name(library: Library, slug: str) -> None:
    """Nothing, if a dataset can be called that.

    :raises Refused: if the name does not fit.
    :raises Conflict: if it is taken.
    """
    if not fits(slug):
        raise Refused(f"A dataset cannot be called {slug!r}.", _NAMES)
    if slug in taken(library):
        raise Conflict(f"There is a dataset called {slug} already.", "Choose another name.")


def taken(library: Library) -> set[str]:
    """The names that are in use, by datasets or by folders that are not ours."""
    with connected():
        names = {row.slug for row in Dataset.select(Dataset.slug).where(Dataset.state == "live")}
    folders = (library.places.datasets, library.home / "backups" / "datasets")
    return names | {path.name for folder in folders for path in folder.iterdir()}


def create(door: Door, slug: str, *, report: dict[str, Any], **values: Any) -> Dataset:
    """A new row for a dataset; undoing the operation moves it to the trash."""
    row = Dataset.create(slug=slug, report=json.dumps(report), **values)
    FormerSlug.delete().where(FormerSlug.slug == slug).execute()
    door.rows.append(("dataset", row.id, "", {"state": "trashed"}, {"state": "live"}))
    door.touched.add(row.id)
    return row


def baseline(door: Door, row: Dataset, seen: str) -> None:
    """Keep a copy of a dataset as it came, so that no other program can take it away.

    :param seen: the signature of its file.
    """
    backing_up.keep(door, row, reason="import", by="copy", seen=seen)


def new_dataset(library: Library, slug: str) -> OperationInfo:
    """An empty dataset.

    :raises Refused: if the name does not fit.
    :raises Conflict: if it is taken.
    """
    with operation(library, f"New dataset {slug}") as door:
        check_name(library, slug)
        create(door, slug, report={}, uuid=str(uuid4()), content=EMPTY)
        path = library.places.dataset(slug)
        door.step(Step("make", library.places.spell(path.parent)))
        door.write(path, b"", staging=library.home)
    return door.done


def rename(library: Library, slug: str, new: str) -> OperationInfo:
    """Give a dataset another name; its folder, files and backups follow, and the old address leads to it.

    :raises Refused: if the name does not fit.
    :raises Conflict: if it is taken.
    """
    with operation(library, f"Rename {slug} to {new}") as door:
        row = library.row(slug)
        if new != slug:
            check_name(library, new)
            relocate(door, row, slug=new)
    return door.info or _refuse_same(slug)


def trash(library: Library, slug: str) -> OperationInfo:
    """Move a dataset to the trash; a file in place is only taken off the list."""
    with operation(library, f"Move {slug} to the trash") as door:
        row = library.row(slug)
        if not row.location and library.info(row).state == "ready":
            backing_up.keep(door, row, reason="trash", by="copy")
        relocate(door, row, state="trashed")
    return door.done


def untrash(library: Library, slug: str) -> OperationInfo:
    """Take the dataset of that name that was trashed last out of the trash; a taken name gets a number.

    :raises NotFound: if there is none in the trash.
    """
    with operation(library, f"Take {slug} out of the trash") as door:
        query = Dataset.select().where(Dataset.slug == slug, Dataset.state == "trashed")
        row = query.order_by(Dataset.changed_at.desc()).first()
        if row is None:
            raise NotFound(f"There is no dataset called {slug} in the trash.")
        _check_location(row)
        relocate(door, row, state="live")
    return door.done


def _check_location(row: Dataset) -> None:
    """Nothing, if no other live dataset is the same file in place.

    :raises Conflict: if one is.
    """
    same = Dataset.get_or_none(
        Dataset.location == row.location,
        Dataset.location.is_null(False),
        Dataset.state == "live",
        Dataset.id != row.id,
    )
    if same is not None:
        raise Conflict(f"That file is open already, as {same.slug}.", "Move that one to the trash first.")


def relocate(door: Door, row: Dataset, *, slug: str | None = None, state: str | None = None) -> None:
    """Give a row another name or state, and plan how its files follow."""
    door.check_free(row)
    library, places = door.library, door.library.places
    old_slug, old_state = row.slug, row.state
    new_slug, new_state = slug or old_slug, state or old_state
    if new_state == "live" and (new_slug, new_state) != (old_slug, old_state):
        new_slug = free_slug(new_slug, taken(library) - ({old_slug} if old_state == "live" else set()))
    door.set(row, slug=new_slug, state=new_state)
    door.says(row)  # its name; and much may have changed while it was in the trash
    if new_slug != old_slug:
        FormerSlug.insert(slug=old_slug, dataset=row.id).on_conflict_replace().execute()
        FormerSlug.delete().where(FormerSlug.slug == new_slug).execute()
    source, target = places.folder(row.id, old_slug, old_state), places.folder(row.id, new_slug, new_state)
    backups = places.kept(row.id, old_slug, old_state), places.kept(row.id, new_slug, new_state)
    for old, new in ((source, target), backups):
        if old != new:
            door.step(Step("rename", places.spell(new), places.spell(old)))
    if new_slug == old_slug:
        return
    for path in sorted(source.iterdir()) if source.exists() else ():
        if path.name.startswith(f"{old_slug}."):
            renamed = new_slug + path.name.removeprefix(old_slug)
            door.step(Step("rename", places.spell(target / renamed), places.spell(target / path.name)))


def _refuse_same(slug: str) -> OperationInfo:
    raise Refused(f"The dataset is called {slug} already.", _NAMES)
