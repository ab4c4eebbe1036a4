"""How many entries of each dataset have which tag: counted once, and moved along by every operation."""

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from sqlite3 import Connection
from typing import TYPE_CHECKING, Any

from app.domain.change import ChangeSet
from app.registry import rows
from app.registry.database import connected, db, transaction
from app.registry.models import Alias, Dataset, RowChange, TagUse
from app.services.reading import reading
from app.store import queries
from app.store.staging import Written

if TYPE_CHECKING:
    from app.services.editor import Editor
    from app.services.library import Library
    from app.services.operation import Door

# How RoleThread Lite marks a tag that came with entries and that nobody knew.
IMPORTED = {
    "archive_origin": "imported",
    "archive_reason": "unknown_import",
    "lifecycle_state": "archived",
    "visible_badge": "Imported",
}


@dataclass(frozen=True, slots=True)
class Use:
    """A tag of a dataset: one of its spellings, and how many entries have it."""

    label: str
    entries: int


def follow(door: "Door", editor: "Editor", changes: ChangeSet, written: Written) -> bool:
    """Count the tags of a dataset as an operation leaves them; whether they are others than before.

    Tags that nobody knew become known: as active ones where the person typed them, else as imported.
    """
    row = editor.row
    if row.counted != row.content:
        counted(row, read(editor.snapshot.connection), row.content)
    labels, changed = _grown(editor, changes, written)
    uses = {slug: Use(use.label, use.entries + changed[slug]) for slug, use in _of(row, changed, labels)}
    _keep(row, uses)
    _mark(row, written.content)
    register(door, {slug: use.label for slug, use in uses.items() if use.entries > 0})
    _forget(door)
    return bool(changed)


def _grown(editor: "Editor", changes: ChangeSet, written: Written) -> tuple[dict[str, str], dict[str, int]]:
    """How the tags that come are spelt, and how many more entries have each that comes or goes, by slug."""
    labels: dict[str, str] = {}
    grown: Counter[str] = Counter()
    for line in written.placed:
        for slug, label in line.found.tags:
            labels.setdefault(slug, label)
            grown[slug] += 1
    old = [editor.layout.ranks[each.before] for each in changes.changes if each.before is not None]
    for slug, _, entries in queries.tag_counts_of(editor.snapshot.connection, old):
        grown[slug] -= entries
    return labels, {slug: more for slug, more in grown.items() if more}


def register(door: "Door", labels: Mapping[str, str]) -> None:
    """Make tags known that no row and no alias tells of.

    :param labels: how they are spelt, by their slugs.
    """
    active = door.new_tags == "active"
    fresh = [fresh_tag(slug, labels[slug], active=active) for slug in sorted(labels) if not _is_known(slug)]
    numbers = rows.insert_all("tag", fresh)
    door.rows.extend(
        ("tag", number, rows.REGISTERED, None, values) for number, values in zip(numbers, fresh, strict=True)
    )


def _is_known(slug: str) -> bool:
    query = "SELECT 1 FROM tag WHERE slug = ? UNION ALL SELECT 1 FROM alias WHERE old_slug = ?"
    return db.connection().execute(query, (slug, slug)).fetchone() is not None


def _forget(door: "Door") -> None:
    """Forget the tags that the operation which is taken back made known, as far as nothing has them now."""
    if door.row.undoes is None:
        return
    made = RowChange.select().where(
        RowChange.operation == door.row.undoes,
        RowChange.table == "tag",
        RowChange.key == rows.REGISTERED,
        RowChange.before == "null",
    )
    for change in made:
        values = json.loads(change.after)
        slug = values["slug"]
        if rows.get("tag", change.row) == values and not _is_used(slug):
            put(door, change.row, None)


def _is_used(slug: str) -> bool:
    """Whether an entry has a tag, or a former name leads to it."""
    entries, names = TagUse.select().where(TagUse.slug == slug), Alias.select().where(Alias.new_slug == slug)
    return bool(entries.exists() or names.exists())


def put(door: "Door", number: int | None, values: dict[str, Any] | None) -> None:
    """Change a tag's row as something that follows from the entries: nobody undoes it by itself."""
    number, before, after = rows.put("tag", number, values)
    door.rows.append(("tag", number, rows.REGISTERED, before, after))


def of(row: Dataset) -> dict[str, Use]:
    """The tags of a dataset, by their slugs, as last counted. The caller is connected."""
    found = db.execute_sql("SELECT slug, label, entries FROM taguse WHERE dataset_id = ?", (row.id,))
    return {slug: Use(label, entries) for slug, label, entries in found}


def _of(row: Dataset, slugs: Iterable[str], labels: Mapping[str, str]) -> Iterator[tuple[str, Use]]:
    """Some tags of a dataset, as last counted; one that it did not have is of no entry, spelt as told."""
    query = "SELECT label, entries FROM taguse WHERE dataset_id = ? AND slug = ?"
    connection = db.connection()
    for slug in slugs:
        found = connection.execute(query, (row.id, slug)).fetchone()
        yield slug, Use(*found) if found else Use(labels.get(slug, slug), 0)


def counted(row: Dataset, uses: Mapping[str, Use], content: str) -> None:
    """Keep what was counted of the content with that hash."""
    TagUse.delete().where(TagUse.dataset == row.id).execute()
    _keep(row, uses)
    _mark(row, content)


def _keep(row: Dataset, uses: Mapping[str, Use]) -> None:
    """Keep how many entries have some tags; of the others, what was kept stays."""
    connection = db.connection()
    connection.executemany(
        "DELETE FROM taguse WHERE dataset_id = ? AND slug = ?", ((row.id, slug) for slug in uses)
    )
    connection.executemany(
        "INSERT INTO taguse (dataset_id, slug, label, entries) VALUES (?,?,?,?)",
        ((row.id, slug, use.label, use.entries) for slug, use in uses.items() if use.entries > 0),
    )


def count_all(library: "Library") -> None:
    """Count the tags of every dataset whose file is another one than when they were last counted."""
    with connected():
        found = list(Dataset.select().where(Dataset.state == "live", Dataset.counted != Dataset.content))
        stale = [row.slug for row in found if library.info(row).state == "ready"]
    for slug in stale:
        with library.writing(), reading(library, slug) as snapshot, transaction():
            row = library.row(slug)
            if snapshot.summary.content == row.content:
                counted(row, read(snapshot.connection), row.content)


def read(index: Connection) -> dict[str, Use]:
    """The tags that an index knows of."""
    return {slug: Use(label, entries) for slug, label, entries in queries.tag_counts(index)}


def fresh_tag(slug: str, label: str, *, active: bool) -> dict[str, Any]:
    """The row of a tag that nobody knew."""
    name = label if label != slug else slug.replace("_", " ").title()
    return {
        "slug": slug,
        "name": name,
        "category": None,
        "sort_order": 0,
        "status": "active" if active else "archived",
        "is_builtin": False,
        "lifecycle": json.dumps({} if active else IMPORTED),
    }


def _mark(row: Dataset, content: str) -> None:
    Dataset.update(counted=content).where(Dataset.id == row.id).execute()
    row.counted = content
