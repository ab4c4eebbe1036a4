"""The tags of the library as a person sees them: by category, with their uses, and those to be looked at."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from app.domain.folding import fold
from app.domain.tags import resolve
from app.domain.tags import slug as slug_of
from app.errors import NotFound
from app.registry.database import connected, db
from app.registry.models import Alias, Category, Tag
from app.services import tallies
from app.services.library import Library


@dataclass(frozen=True, slots=True)
class TagInfo:
    """A tag: what it is called, where it stands, how many entries of which datasets have it.

    ``status`` is active, archived, hidden, or imported: it came with entries, and nobody has looked at it.
    """

    slug: str
    name: str
    category: str | None
    status: str
    builtin: bool
    sort_order: int
    uses: dict[str, int]  # entries, by the name of the dataset
    former: tuple[str, ...]  # slugs that lead to it

    @property
    def entries(self) -> int:
        """How many entries have it, in all datasets."""
        return sum(self.uses.values())

    def has(self, words: str) -> bool:
        """Whether its name, its slug or a former one holds these words, however they are spelt."""
        wanted, slug = fold(words), slug_of(words)
        return wanted in fold(self.name) or bool(slug and any(slug in each for each in self.slugs))

    @property
    def slugs(self) -> tuple[str, ...]:
        """Its slug, and those that lead to it."""
        return (self.slug, *self.former)

    def as_json(self) -> dict[str, Any]:
        """The tag as the command line prints it."""
        return {
            "slug": self.slug,
            "name": self.name,
            "category": self.category,
            "status": self.status,
            "builtin": self.builtin,
            "entries": self.entries,
            "datasets": self.uses,
            "aliases": list(self.former),
        }


@dataclass(frozen=True, slots=True)
class FormerName:
    """A former name of a tag that entries still have: a name was changed without them."""

    slug: str
    name: str  # one of its spellings
    leads_to: str  # the slug of the tag that is meant
    uses: dict[str, int]  # entries, by the name of the dataset

    @property
    def entries(self) -> int:
        """How many entries still have it, in all datasets."""
        return sum(self.uses.values())

    def has(self, words: str) -> bool:
        """Whether its name or the present one holds these words, however they are spelt."""
        slug = slug_of(words)
        return fold(words) in fold(self.name) or bool(slug and (slug in self.slug or slug in self.leads_to))

    def as_json(self) -> dict[str, Any]:
        """The former name as the command line prints it."""
        return {
            "slug": self.slug,
            "leads_to": self.leads_to,
            "entries": self.entries,
            "datasets": self.uses,
        }


@dataclass(frozen=True, slots=True)
class CategoryInfo:
    """A category with its active tags, in their order."""

    slug: str
    name: str
    builtin: bool
    tags: tuple[TagInfo, ...]


@dataclass(frozen=True, slots=True)
class Taxonomy:
    """Every tag of the library, each in one of these lists, and former names that are still in use."""

    categories: tuple[CategoryInfo, ...]
    loose: tuple[TagInfo, ...]  # active, without a category
    imported: tuple[TagInfo, ...]
    archived: tuple[TagInfo, ...]
    hidden: tuple[TagInfo, ...]
    former: tuple[FormerName, ...] = ()  # names that entries still have, though no tag has them

    def matching(self, words: str) -> "Taxonomy":
        """Those tags that have these words, and the categories that have such tags."""
        if not words.strip():
            return self
        groups = (replace(each, tags=_matching(each.tags, words)) for each in self.categories)
        return Taxonomy(
            categories=tuple(each for each in groups if each.tags),
            loose=_matching(self.loose, words),
            imported=_matching(self.imported, words),
            archived=_matching(self.archived, words),
            hidden=_matching(self.hidden, words),
            former=tuple(each for each in self.former if each.has(words)),
        )

    def every(self) -> list[TagInfo]:
        """All of them, active ones first."""
        grouped = [tag for category in self.categories for tag in category.tags]
        return [*grouped, *self.loose, *self.imported, *self.archived, *self.hidden]

    def tag(self, slug: str) -> TagInfo:
        """The tag of that slug.

        :raises NotFound: if there is none.
        """
        found = next((tag for tag in self.every() if tag.slug == slug), None)
        if found is None:
            raise NotFound(f"There is no tag called {slug}.", "The tags page lists those that there are.")
        return found

    def now(self, slug: str) -> TagInfo:
        """The tag of that slug, or the one that was called so formerly.

        :raises NotFound: if there is none.
        """
        leads = {former: tag.slug for tag in self.every() for former in tag.former}
        leads |= {tag.slug: tag.slug for tag in self.every()}
        return self.tag(leads.get(slug, slug))

    def former_name(self, slug: str) -> FormerName:
        """The former name of that slug, which entries still have.

        :raises NotFound: if there is none.
        """
        found = next((each for each in self.former if each.slug == slug), None)
        if found is None:
            hint = "The tags page lists the former names that entries still have."
            raise NotFound(f"No entry has {slug} as the former name of a tag.", hint)
        return found


def _matching(tags: Iterable[TagInfo], words: str) -> tuple[TagInfo, ...]:
    return tuple(tag for tag in tags if tag.has(words))


@dataclass(frozen=True, slots=True)
class Mark:
    """What is shown of a tag wherever it stands: its status, its category and that one's place from 0."""

    status: str
    category: str = ""
    place: int | None = None


UNKNOWN = Mark("imported")


def marks() -> dict[str, Mark]:
    """The marks of all tags that the library knows, by their slugs, in the order of the categories."""
    with connected():
        groups = db.execute_sql("SELECT id, name FROM category ORDER BY sort_order, name")
        places = {number: (name, place) for place, (number, name) in enumerate(groups)}
        rows = db.execute_sql(
            "SELECT slug, status, lifecycle, category_id FROM tag ORDER BY sort_order, name"
        )
        found: list[tuple[str, Mark]] = [
            (slug, Mark(_status(status, lifecycle), *places.get(group, ("", None))))
            for slug, status, lifecycle, group in rows
        ]
    last = len(places)
    return dict(sorted(found, key=lambda each: last if each[1].place is None else each[1].place))


def taxonomy(library: Library) -> Taxonomy:
    """Every tag that the library knows or that a dataset uses, as it is now."""
    tallies.count_all(library)
    with connected():
        groups = list(Category.select().order_by(Category.sort_order, Category.name))
        names = {group.id: group.slug for group in groups}
        used, leads = _used(), {row.old_slug: row.new_slug for row in Alias.select()}
        tags = _tags(names, used, leads)
    former = _former(used, {tag.slug for tag in tags}, leads)
    by_status: dict[str, list[TagInfo]] = {}
    for tag in tags:
        by_status.setdefault(tag.status, []).append(tag)
    active = by_status.get("active", [])
    return Taxonomy(
        categories=tuple(
            CategoryInfo(
                group.slug, group.name, group.is_builtin,
                tuple(tag for tag in active if tag.category == group.slug),
            )
            for group in groups
        ),
        loose=tuple(tag for tag in active if tag.category is None),
        imported=tuple(by_status.get("imported", ())),
        archived=tuple(by_status.get("archived", ())),
        hidden=tuple(by_status.get("hidden", ())),
        former=tuple(former),
    )  # fmt: skip


@dataclass(slots=True)
class _Found:
    uses: dict[str, dict[str, int]] = field(default_factory=dict)
    labels: dict[str, str] = field(default_factory=dict)


def _used() -> _Found:
    """The uses of every tag, by its slug and the dataset's name."""
    found = _Found()
    rows = db.execute_sql(
        "SELECT taguse.slug, label, taguse.entries, dataset.slug FROM taguse"
        " JOIN dataset ON dataset.id = dataset_id WHERE state = 'live' ORDER BY dataset.slug"
    )
    for slug, label, entries, dataset in rows:
        found.uses.setdefault(slug, {})[dataset] = entries
        found.labels.setdefault(slug, label)
    return found


def _tags(names: dict[int, str], used: _Found, aliases: Mapping[str, str | None]) -> list[TagInfo]:
    former: dict[str, list[str]] = {}
    for old in sorted(aliases):
        former.setdefault(resolve(old, aliases), []).append(old)
    rows = list(Tag.select().order_by(Tag.sort_order, Tag.name))
    known = [
        TagInfo(
            row.slug, row.name, names.get(row.category_id or 0), _status(row.status, row.lifecycle),
            row.is_builtin, row.sort_order, used.uses.get(row.slug, {}),
            tuple(old for old in former.get(row.slug, ()) if old != row.slug),
        )
        for row in rows
    ]  # fmt: skip
    led = {slug for slug in used.uses.keys() & aliases.keys() if resolve(slug, aliases) != slug}
    return [*known, *_unknown(used, {row.slug for row in rows} | led)]


def _former(used: _Found, tags: set[str], aliases: Mapping[str, str | None]) -> Iterable[FormerName]:
    """Names that entries have, and that are those of no tag any more."""
    for slug in sorted(used.uses.keys() - tags):
        yield FormerName(slug, used.labels[slug], resolve(slug, aliases), used.uses[slug])


def _unknown(used: _Found, known: set[str]) -> Iterable[TagInfo]:
    """Tags of entries that no row tells of: another program wrote them."""
    for slug in sorted(used.uses.keys() - known):
        name = tallies.fresh_tag(slug, used.labels[slug], active=False)["name"]
        yield TagInfo(slug, name, None, "imported", False, 0, used.uses[slug], ())


def is_imported(status: str, lifecycle: str) -> bool:
    """Whether a tag came with entries and nobody has decided on it."""
    return status == "archived" and json.loads(lifecycle).get("archive_origin") == "imported"


def _status(status: str, lifecycle: str) -> str:
    return "imported" if is_imported(status, lifecycle) else status


def former_names(more: Mapping[str, str | None] | None = None) -> dict[str, str]:
    """Former slugs of tags, and what they are called now. The caller is connected.

    :param more: such slugs that the library does not know of; what it knows comes first.
    """
    aliases = {**(more or {}), **{row.old_slug: row.new_slug for row in Alias.select()}}
    if not aliases:
        return {}
    active = {row.slug for row in Tag.select(Tag.slug).where(Tag.status == "active")}
    ends = {old: resolve(old, aliases) for old in aliases.keys() - active}
    return {old: end for old, end in ends.items() if end != old}


def present_names(tags: Iterable[str]) -> tuple[str, ...]:
    """Tags that a person typed, former names replaced by the present ones. The caller is connected."""
    leads = former_names()
    return tuple(leads.get(slug_of(tag), tag) for tag in tags)
