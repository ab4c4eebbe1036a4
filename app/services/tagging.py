"""The life of tags: made, renamed, merged, archived, deleted. Each is one operation on all datasets."""

import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from app.domain.tagging import renamed
from app.domain.tags import resolve
from app.errors import Conflict, Refused
from app.registry.models import Alias, Category, Dataset, Tag
from app.services import tallies
from app.services.editing import rewrite, second_half
from app.services.library import Library
from app.services.operation import Door, OperationInfo, operation
from app.services.reading import Progress, silent
from app.services.tag_rows import (
    arranged,
    category_number,
    category_row,
    check_free,
    check_own,
    edited,
    fresh,
    known_aliases,
    last_place,
    slug_for,
    tag_row,
    using,
)
from app.services.taxonomy import TagInfo, taxonomy


class Unchanged(Refused):
    """All is as it was asked for already; no operation is recorded."""

    def __init__(self) -> None:
        super().__init__("Nothing had changed.")


@dataclass(frozen=True, slots=True)
class Rewritten:
    """What came of rewriting a tag; ``locked`` are the entries that had to be left as they are."""

    operation: OperationInfo
    locked: Mapping[str, int]  # how many, by the name of the dataset

    @property
    def left(self) -> int:
        """How many entries could not be rewritten without losing something, in all datasets."""
        return sum(self.locked.values())


def effect(library: Library, slug: str) -> TagInfo:
    """What a change of a tag would touch: its entries, by dataset.

    :raises NotFound: if there is no such tag.
    """
    return taxonomy(library).tag(slug)


def create(library: Library, name: str, category: str | None = None) -> OperationInfo:
    """A new tag, active.

    :raises Refused: if the name has no letter or digit.
    :raises Conflict: if there is such a tag, or there was one that is called otherwise now.
    """
    slug = slug_for(name)
    with operation(library, f"New tag {name.strip()}") as door:
        check_free(slug)
        group = category_number(category)
        door.put("tag", None, fresh(slug, name.strip(), group))
    return _done(door)


def rename(library: Library, slug: str, name: str, *, progress: Progress = silent) -> Rewritten:
    """Call a tag otherwise, in every entry that has it; its former name leads to it from now on.

    :raises Conflict: if there is another tag of that name.
    :raises Refused: if the name has no letter or digit, or the tag is built in.
    """
    new, name = slug_for(name), name.strip()
    locked: Mapping[str, int] = {}
    with library.writing():
        tallies.count_all(library)
        with operation(library, f"Rename tag {slug} to {new}", progress=second_half(progress)) as door:
            row = tag_row(door, slug)
            check_own(row)
            if (slug, row.name) == (new, name):
                raise Unchanged
            if new != slug:
                check_free(new, leading_to=slug)
                _lead(door, {slug: new}, "rename")
                locked = _rewrite(door, {slug: new}, progress)
            lifecycle = edited(row, "tag_edit", row.category.slug if row.category else None)
            door.put("tag", row.id, {"slug": new, "name": name, "lifecycle": lifecycle})
            _say(door, [slug, new])
    return Rewritten(_done(door), locked)


def merge(library: Library, slug: str, into: str, *, progress: Progress = silent) -> Rewritten:
    """Put another tag in the place of one, in every entry that has it.

    :raises Refused: if both are the same, or the tag is built in.
    """
    if slug == into:
        raise Refused(f"{slug} cannot be merged into itself.", "Choose another tag.")
    with library.writing():
        tallies.count_all(library)
        with operation(library, f"Merge tag {slug} into {into}", progress=second_half(progress)) as door:
            row = tag_row(door, slug)
            check_own(row)
            tag_row(door, into)
            locked = _rewrite(door, {slug: into}, progress)
            door.put("tag", row.id, None)
            _lead(door, {slug: into}, "merge")
            _say(door, [slug, into])
    return Rewritten(_done(door), locked)


def settle_former(library: Library, slug: str, *, progress: Progress = silent) -> Rewritten:
    """Put a tag's present name in the place of a former one, in every entry that still has that.

    Entries have it that a change of the name did not reach: they were in the trash, in a backup, or locked.

    :raises NotFound: if no entry has such a former name.
    :raises Refused: if none of those that have it can be rewritten.
    """
    with library.writing():
        present = taxonomy(library).former_name(slug).leads_to
        with operation(library, f"Rewrite tag {slug} to {present}", progress=second_half(progress)) as door:
            locked = _rewrite(door, {slug: present}, progress)
            if door.empty:
                raise Refused(
                    f"No entry with {slug} can be rewritten without losing something.",
                    "Their lines are locked; each entry says why when it is opened.",
                )
            door.concern("tag")
    return Rewritten(_done(door), locked)


def delete(library: Library, slug: str, *, progress: Progress = silent) -> Rewritten:
    """Take a tag off every entry that has it, and forget it.

    :raises Refused: if the tag is built in.
    """
    with library.writing():
        tallies.count_all(library)
        with operation(library, f"Delete tag {slug}", progress=second_half(progress)) as door:
            row = tag_row(door, slug)
            check_own(row)
            locked = _rewrite(door, {slug: ""}, progress)
            aliases = known_aliases()
            for alias in Alias.select():
                if resolve(alias.old_slug, aliases) == slug:
                    door.put("alias", alias.id, None)
            door.put("tag", row.id, None)
            _say(door, [slug])
    return Rewritten(_done(door), locked)


def move(library: Library, slug: str, category: str | None) -> OperationInfo:
    """Put a tag into another category, or into none.

    :raises Refused: if the tag is built in.
    """
    with operation(library, f"Move tag {slug} to {category or 'no category'}") as door:
        row = tag_row(door, slug)
        check_own(row)
        if row.category_id == category_number(category):
            raise Unchanged
        values = {"category": category_number(category), "sort_order": last_place(category)}
        door.put("tag", row.id, {**values, "lifecycle": edited(row, "tag_edit", category)})
        _say(door, [slug])
    return _done(door)


def adopt(library: Library, slug: str, category: str | None = None) -> OperationInfo:
    """Make an imported tag one of ours: active, in a category or in none."""
    with operation(library, f"Adopt tag {slug}") as door:
        row = tag_row(door, slug)
        if row.status == "active":
            raise Refused(f"{row.name} is in use already.", "Move it, if it stands in the wrong category.")
        values = {
            "status": "active",
            "category": category_number(category),
            "sort_order": last_place(category),
        }
        door.put("tag", row.id, {**values, "lifecycle": edited(row, "imported_assignment", category)})
        _say(door, [slug])
    return _done(door)


def archive(library: Library, slug: str) -> OperationInfo:
    """Offer a tag no more; the entries that have it keep it."""
    return _set_status(library, slug, "archived", f"Archive tag {slug}")


def hide(library: Library, slug: str) -> OperationInfo:
    """Show a tag nowhere but among the hidden ones; the entries that have it keep it."""
    return _set_status(library, slug, "hidden", f"Hide tag {slug}")


def restore(library: Library, slug: str) -> OperationInfo:
    """Make an archived or hidden tag active again."""
    return _set_status(library, slug, "active", f"Restore tag {slug}")


def order(library: Library, category: str | None, slugs: Sequence[str]) -> OperationInfo:
    """Put the tags of a category in an order; those that are not named follow behind.

    :raises NotFound: if one of them is not in it.
    """
    with operation(library, f"Order the tags of {category or 'no category'}") as door:
        group = category_number(category)
        query = Tag.select().where(Tag.category == group if group else Tag.category.is_null())
        present = {row.slug: row for row in query.order_by(Tag.sort_order, Tag.name)}
        for place, slug in enumerate(arranged(present, slugs, "tag")):
            door.put("tag", present[slug].id, {"sort_order": place})
        _say(door, present)
    return _done(door)


def create_category(library: Library, name: str) -> OperationInfo:
    """A new category, behind the others.

    :raises Conflict: if there is one of that name.
    """
    slug = slug_for(name)
    with operation(library, f"New category {name.strip()}") as door:
        if there := Category.get_or_none(Category.slug == slug):
            raise Conflict(f"There is a category called {there.name} already.", "Choose another name.")
        place = Category.select().count()
        values = {"sort_order": place, "is_active": True, "is_builtin": False}
        door.put("category", None, {"slug": slug, "name": name.strip(), **values})
    return _done(door)


def rename_category(library: Library, slug: str, name: str) -> OperationInfo:
    """Call a category otherwise; its tags stay in it.

    :raises Refused: if it is built in.
    :raises Conflict: if there is one of that name.
    """
    new = slug_for(name)
    with operation(library, f"Rename category {slug} to {new}") as door:
        row = category_row(slug)
        if (slug, row.name) == (new, name.strip()):
            raise Unchanged
        if new != slug and (there := Category.get_or_none(Category.slug == new)):
            raise Conflict(f"There is a category called {there.name} already.", "Choose another name.")
        door.put("category", row.id, {"slug": new, "name": name.strip()})
        _say(door, [tag.slug for tag in Tag.select().where(Tag.category == row.id)])
    return _done(door)


def delete_category(library: Library, slug: str) -> OperationInfo:
    """Remove an empty category.

    :raises Refused: if it is built in, or has tags.
    """
    with operation(library, f"Delete category {slug}") as door:
        row = category_row(slug)
        count = Tag.select().where(Tag.category == row.id).count()
        if count:
            noun = "tag" if count == 1 else "tags"
            raise Refused(f"{row.name} still has {count} {noun}.", "Move them to another category first.")
        door.put("category", row.id, None)
    return _done(door)


def order_categories(library: Library, slugs: Sequence[str]) -> OperationInfo:
    """Put the categories in an order; those that are not named follow behind."""
    with operation(library, "Order the categories") as door:
        present = {row.slug: row for row in Category.select().order_by(Category.sort_order)}
        for place, slug in enumerate(arranged(present, slugs, "category")):
            door.put("category", present[slug].id, {"sort_order": place})
        _say(door, [row.slug for row in Tag.select().where(Tag.category.is_null(False))])
    return _done(door)


def _set_status(library: Library, slug: str, status: str, title: str) -> OperationInfo:
    with operation(library, title) as door:
        row = tag_row(door, slug)
        if row.status == status:
            raise Refused(f"{row.name} is {status} already.", "")
        if status == "archived":
            check_own(row)
        lifecycle = {**json.loads(row.lifecycle), "lifecycle_state": status}
        if status == "archived":
            group = Category.get_or_none(Category.id == row.category_id)
            lifecycle |= {"archive_origin": "archived", "previous_category_slug": group and group.slug}
        elif status == "active":
            for key in ("archive_origin", "archive_reason", "previous_category_slug", "visible_badge"):
                lifecycle.pop(key, None)
        door.put("tag", row.id, {"status": status, "lifecycle": json.dumps(lifecycle)})
        _say(door, [slug])
    return _done(door)


def _rewrite(door: Door, leads: Mapping[str, str], progress: Progress) -> Mapping[str, int]:
    """Rewrite the tags of every entry that has one of those, in every dataset; "" takes a tag away.

    :returns: how many entries of which dataset stay as they are, as their lines are locked.
    """
    uses = list(using(leads))
    total = 2 * sum(use.entries for use in uses)
    seen, locked = 0, Counter[str]()
    for row in _datasets(use.dataset_id for use in uses):
        editor = door.editor(row.slug)
        for line in editor.tagged(leads):
            if rewrite(editor, line, lambda value: renamed(value, leads)) is None:
                locked[row.slug] += 1
            seen += 1
            if seen % 200 == 0:
                progress(seen, total)
    return locked


def _say(door: Door, slugs: Iterable[str]) -> None:
    """The sidecars of the datasets that use some tags say something else from now on."""
    for row in _datasets(use.dataset_id for use in using(slugs)):
        door.says(row)


def _datasets(numbers: Iterable[int]) -> list[Dataset]:
    return list(Dataset.select().where(Dataset.id.in_(set(numbers))).order_by(Dataset.slug))


def _lead(door: Door, leads: Mapping[str, str], action: str) -> None:
    """Let former slugs lead to present ones; a slug that is used again leads nowhere."""
    for old, new in leads.items():
        for alias in Alias.select().where(Alias.old_slug.in_([old, new])):
            door.put("alias", alias.id, None)
        metadata = {
            "alias_type": action,
            "lifecycle_state": "hidden",
            "new_slug": new,
            "old_slug": old,
            "resolver_behavior": "map_to_target",
        }
        values = {"old_slug": old, "new_slug": new, "action": action, "metadata": json.dumps(metadata)}
        door.put("alias", None, values)


def _done(door: Door) -> OperationInfo:
    if door.info is None:
        raise Unchanged
    return door.info
