"""The life of tags: made, renamed, merged, archived, deleted. Each is one operation on all datasets."""

import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from app.domain.tagging import renamed
from app.domain.tags import resolve
from app.domain.tags import slug as slug_of
from app.errors import Conflict, NotFound, Refused
from app.registry.models import Alias, Category, Dataset, Tag, TagUse
from app.services import tallies
from app.services.editing import rewrite, second_half
from app.services.library import Library
from app.services.operation import Door, OperationInfo, operation
from app.services.reading import Progress, silent
from app.services.taxonomy import TagInfo, is_imported, taxonomy

_LONGEST = 200  # characters of a name


class Unchanged(Refused):
    """All is as it was asked for already; no operation is recorded."""

    def __init__(self) -> None:
        super().__init__("Nothing had changed.")


@dataclass(frozen=True, slots=True)
class Rewritten(OperationInfo):
    """An operation that rewrote a tag; ``locked`` are the entries that it had to leave as they are."""

    locked: Mapping[str, int] = field(default_factory=dict)  # how many, by the name of the dataset

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
    slug = _slug(name)
    with operation(library, f"New tag {name.strip()}") as door:
        _check_free(slug)
        group = _category(category)
        door.put("tag", None, _fresh(slug, name.strip(), group))
    return _done(door)


def rename(library: Library, slug: str, name: str, *, progress: Progress = silent) -> Rewritten:
    """Call a tag otherwise, in every entry that has it; its former name leads to it from now on.

    :raises Conflict: if there is another tag of that name.
    :raises Refused: if the name has no letter or digit, or the tag is built in.
    """
    new, name = _slug(name), name.strip()
    locked: Mapping[str, int] = {}
    with library.writing():
        tallies.count_all(library)
        with operation(library, f"Rename tag {slug} to {new}", progress=second_half(progress)) as door:
            row = _row(door, slug)
            _check_own(row)
            if (slug, row.name) == (new, name):
                raise Unchanged
            if new != slug:
                _check_free(new, leading_to=slug)
                _lead(door, {slug: new}, "rename")
                locked = _rewrite(door, {slug: new}, progress)
            lifecycle = _edited(row, "tag_edit", row.category and row.category.slug)
            door.put("tag", row.id, {"slug": new, "name": name, "lifecycle": lifecycle})
            _say(door, [slug, new])
    return _rewritten(door, locked)


def merge(library: Library, slug: str, into: str, *, progress: Progress = silent) -> Rewritten:
    """Put another tag in the place of one, in every entry that has it.

    :raises Refused: if both are the same, or the tag is built in.
    """
    if slug == into:
        raise Refused(f"{slug} cannot be merged into itself.", "Choose another tag.")
    with library.writing():
        tallies.count_all(library)
        with operation(library, f"Merge tag {slug} into {into}", progress=second_half(progress)) as door:
            row = _row(door, slug)
            _check_own(row)
            _row(door, into)
            locked = _rewrite(door, {slug: into}, progress)
            door.put("tag", row.id, None)
            _lead(door, {slug: into}, "merge")
            _say(door, [slug, into])
    return _rewritten(door, locked)


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
    return _rewritten(door, locked)


def delete(library: Library, slug: str, *, progress: Progress = silent) -> Rewritten:
    """Take a tag off every entry that has it, and forget it.

    :raises Refused: if the tag is built in.
    """
    with library.writing():
        tallies.count_all(library)
        with operation(library, f"Delete tag {slug}", progress=second_half(progress)) as door:
            row = _row(door, slug)
            _check_own(row)
            locked = _rewrite(door, {slug: ""}, progress)
            aliases = _aliases()
            for alias in Alias.select():
                if resolve(alias.old_slug, aliases) == slug:
                    door.put("alias", alias.id, None)
            door.put("tag", row.id, None)
            _say(door, [slug])
    return _rewritten(door, locked)


def move(library: Library, slug: str, category: str | None) -> OperationInfo:
    """Put a tag into another category, or into none.

    :raises Refused: if the tag is built in.
    """
    with operation(library, f"Move tag {slug} to {category or 'no category'}") as door:
        row = _row(door, slug)
        _check_own(row)
        if row.category_id == _category(category):
            raise Unchanged
        values = {"category": _category(category), "sort_order": _last(category)}
        door.put("tag", row.id, {**values, "lifecycle": _edited(row, "tag_edit", category)})
        _say(door, [slug])
    return _done(door)


def adopt(library: Library, slug: str, category: str | None = None) -> OperationInfo:
    """Make an imported tag one of ours: active, in a category or in none."""
    with operation(library, f"Adopt tag {slug}") as door:
        row = _row(door, slug)
        if row.status == "active":
            raise Refused(f"{row.name} is in use already.", "Move it, if it stands in the wrong category.")
        values = {"status": "active", "category": _category(category), "sort_order": _last(category)}
        door.put("tag", row.id, {**values, "lifecycle": _edited(row, "imported_assignment", category)})
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
        group = _category(category)
        query = Tag.select().where(Tag.category == group if group else Tag.category.is_null())
        present = {row.slug: row for row in query.order_by(Tag.sort_order, Tag.name)}
        for place, slug in enumerate(_arranged(present, slugs, "tag")):
            door.put("tag", present[slug].id, {"sort_order": place})
        _say(door, present)
    return _done(door)


def create_category(library: Library, name: str) -> OperationInfo:
    """A new category, behind the others.

    :raises Conflict: if there is one of that name.
    """
    slug = _slug(name)
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
    new = _slug(name)
    with operation(library, f"Rename category {slug} to {new}") as door:
        row = _category_row(slug)
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
        row = _category_row(slug)
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
        for place, slug in enumerate(_arranged(present, slugs, "category")):
            door.put("category", present[slug].id, {"sort_order": place})
        _say(door, [row.slug for row in Tag.select().where(Tag.category.is_null(False))])
    return _done(door)


def _set_status(library: Library, slug: str, status: str, title: str) -> OperationInfo:
    with operation(library, title) as door:
        row = _row(door, slug)
        if row.status == status:
            raise Refused(f"{row.name} is {status} already.", "")
        if status == "archived":
            _check_own(row)
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
    uses = list(_using(leads))
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
    for row in _datasets(use.dataset_id for use in _using(slugs)):
        door.says(row)


def _using(slugs: Iterable[str]) -> Iterable[TagUse]:
    live = TagUse.select().join(Dataset).where(Dataset.state == "live", TagUse.slug.in_(list(slugs)))
    return iter(live)


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


def _row(door: Door, slug: str) -> Tag:
    """The tag's row; one that only entries know of gets its own."""
    row = Tag.get_or_none(Tag.slug == slug)
    if row is None:
        use, present = next(iter(_using([slug])), None), resolve(slug, _aliases())
        if use is None and present != slug:
            raise NotFound(f"{slug} is now called {present}.", f"Use {present}, if that is still meant.")
        if use is None:
            raise NotFound(f"There is no tag called {slug}.", "The tags page lists those that there are.")
        if present != slug:
            hint = f"Rewrite the entries that still have it to {present}, or change {present} itself."
            raise Conflict(f"{slug} is a former name of {present}.", hint)
        row = Tag.get_by_id(door.put("tag", None, tallies.fresh_tag(slug, use.label, active=False)))
    return row


def _slug(name: str) -> str:
    slug = slug_of(name)
    if not slug:
        raise Refused(f"“{name}” cannot be a name.", "It needs at least one letter or digit, of any script.")
    if len(name) > _LONGEST:
        raise Refused(f"A name of {len(name)} characters is too long.", f"Use {_LONGEST} at most.")
    try:
        name.encode("utf-8")
    except UnicodeEncodeError as error:
        raise Refused("The name holds half a character.", "Type it anew.") from error
    return slug


def _check_own(row: Tag) -> None:
    if row.is_builtin:
        raise Refused(f"{row.name} is built in and stays as it is.", "It can be hidden.")


def _check_free(slug: str, *, leading_to: str | None = None) -> None:
    row = Tag.get_or_none(Tag.slug == slug)
    if row is not None:
        hint = "Merge the one into the other, or choose another name."
        status = "imported" if is_imported(row.status, row.lifecycle) else row.status
        raise Conflict(f"There is a tag called {row.name} already; it is {status}.", hint)
    end = resolve(slug, _aliases())
    if end not in (slug, leading_to):
        raise Conflict(f"{slug} is a former name of {end}.", f"Use {end}, or choose another name.")


def _aliases() -> dict[str, str | None]:
    return {alias.old_slug: alias.new_slug for alias in Alias.select()}


def _category(slug: str | None) -> int | None:
    if not slug:
        return None
    row = Category.get_or_none(Category.slug == slug)
    if row is None:
        raise NotFound(f"There is no category called {slug}.", "The tags page lists those that there are.")
    return int(row.id)


def _category_row(slug: str) -> Category:
    row = Category.get_by_id(_category(slug))
    if row.is_builtin:
        raise Refused(f"{row.name} is built in and stays as it is.", "Make a category of your own.")
    return row


def _last(category: str | None) -> int:
    """A place behind all tags of a category."""
    group = _category(category)
    query = Tag.select(Tag.sort_order).where(Tag.category == group if group else Tag.category.is_null())
    return max((row.sort_order for row in query), default=-1) + 1


def _arranged(present: Mapping[str, Any], slugs: Sequence[str], noun: str) -> list[str]:
    strange = [slug for slug in slugs if slug not in present]
    if strange:
        raise NotFound(f"There is no {noun} called {strange[0]} here.", "Look at the list again.")
    return [*dict.fromkeys(slugs), *(slug for slug in present if slug not in slugs)]


def _fresh(slug: str, name: str, group: int | None) -> dict[str, Any]:
    place = {"category": group, "sort_order": Tag.select().where(Tag.category == group).count()}
    state = {"status": "active", "is_builtin": False, "lifecycle": "{}"}
    return {"slug": slug, "name": name, **place, **state}


def _edited(row: Tag, origin: str, category: str | None) -> str:
    """The lifecycle of a tag that a person has changed, in the words of RoleThread Lite.

    :param category: the one that it is in from now on.
    """
    if row.status != "active" and origin == "tag_edit":
        return row.lifecycle  # it is still to be looked at, or still put away
    lifecycle = {"activation_origin": origin, "assigned_category_slug": category, "lifecycle_state": "active"}
    return json.dumps({**lifecycle, "visible_badge": None})


def _rewritten(door: Door, locked: Mapping[str, int]) -> Rewritten:
    return Rewritten(**asdict(_done(door)), locked=locked)


def _done(door: Door) -> OperationInfo:
    if door.info is None:
        raise Unchanged
    return door.info
