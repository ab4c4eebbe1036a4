"""What a sidecar brings along: its rows become ours, except where the registry has such rows already."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from app.domain.casting import Turn
from app.domain.names import quoted
from app.domain.sidecar import Sidecar, SidecarAlias, UnreadableSidecar, parsed
from app.domain.tags import free_slug, resolve
from app.registry import rows
from app.registry.database import connected
from app.registry.models import Alias, Category, Character, Dataset, Prompt, PromptUse, Tag
from app.services import sidecars, tallies
from app.services.taxonomy import former_names, is_imported
from app.store import queries
from app.store.index import Index

if TYPE_CHECKING:
    from app.services.operation import Door

_SHOWN = 50
_STATES = ("active", "archived", "hidden")


@dataclass(slots=True)
class Found:
    """A sidecar that came with a dataset: its rows, or why it is left alone."""

    sidecar: Sidecar | None = None
    why: str = ""
    whole: bool = True  # whether its mappings count too

    @property
    def aliases(self) -> dict[str, str | None]:
        """Its former names of tags, as far as the library can take them."""
        if self.sidecar is None:
            return {}
        with connected():
            return {each.old_slug: each.new_slug for each in _sound_aliases(self.sidecar)}


def leads(found: Found | None) -> dict[str, str]:
    """Former tags, by slug, and what they are called now: by the library, and else by the sidecar."""
    with connected():
        return former_names(found.aliases if found else None)


def bring(door: "Door", row: Dataset, found: Found | None, index: Index, report: dict[str, Any]) -> None:
    """Give a dataset that is being imported what its sidecar says, count its tags, and make them known.

    :param index: of the dataset.
    :param report: of the import; what became of the sidecar is added to it.
    """
    if found is not None and found.sidecar is None:
        sidecars.leave_alone(row, found.why)
        report["sidecar"] = "ignored"
        report["notes"].append(f"The sidecar was left alone: {found.why}.")
    elif found is not None and found.sidecar is not None:
        report["sidecar"] = "used"
        report["notes"] += take_in(door, row, found, index)
        door.old_sidecars[row.id] = found.sidecar.value
    with index.connect() as connection:
        uses = tallies.read(connection)
    tallies.counted(row, uses, row.content)
    tallies.register(door, {slug: use.label for slug, use in uses.items()})
    Dataset.update(report=json.dumps(report)).where(Dataset.id == row.id).execute()
    door.says(row)


def look(raw: bytes) -> Found:
    """What the bytes of a sidecar say."""
    try:
        return Found(parsed(raw))
    except UnreadableSidecar as reason:
        return Found(why=f"it cannot be read: {reason}")


def fit(found: Found, carried: set[str]) -> Found:
    """The sidecar as far as it belongs to entries that carry these ids of datasets."""
    if found.sidecar is None or found.sidecar.dataset_uuid in carried:
        return found
    if len(carried) == 1:
        return Found(why="it belongs to another dataset")
    return Found(found.sidecar, whole=False)


@dataclass(slots=True)
class _Notes:
    """What a person should know of it."""

    lines: list[str] = field(default_factory=list)
    more: int = 0

    def add(self, line: str) -> None:
        if len(self.lines) < _SHOWN:
            self.lines.append(line)
        else:
            self.more += 1


def take_in(door: "Door", row: Dataset, found: Found, index: Index) -> list[str]:
    """Make the rows of a sidecar ours, and say who speaks; returns what differs from what was known.

    :param index: of the dataset as it is now: only entries that are there get a mapping.
    """
    sidecar, notes = found.sidecar, _Notes()
    if sidecar is None:
        return []
    categories = _merge(door, "category", Category, _categories(sidecar), notes)
    aliases = _sound_aliases(sidecar, notes)
    _merge(door, "tag", Tag, _without_former(_tags(sidecar, categories), notes), notes)
    _merge(door, "alias", Alias, _aliases(aliases), notes)
    characters = _merge(door, "character", Character, _characters(sidecar), notes)
    theirs = _beside_ours(_prompts(sidecar), notes)
    prompts = _merge(door, "prompt", Prompt, theirs, notes)
    for slug in theirs:
        attach(door, row, prompts[slug])
    if found.whole:
        _take_casts(door, row, sidecar, characters, index, notes)
    elif sidecar.mappings:
        notes.add("Who speaks was not taken from the sidecar: the entries do not say that they belong to it.")
    if notes.more:
        notes.lines.append(f"{notes.more} more differences are not listed.")
    return notes.lines


def attach(door: "Door", row: Dataset, prompt: int) -> None:
    """Attach a prompt to a dataset, unless it is."""
    if not PromptUse.get_or_none(PromptUse.prompt == prompt, PromptUse.dataset == row.id):
        door.put("promptuse", None, {"prompt": prompt, "dataset": row.id})
        door.says(row)


def _categories(sidecar: Sidecar) -> dict[str, dict[str, Any]]:
    return {
        each.slug: {
            "slug": each.slug, "name": each.name, "sort_order": each.sort_order,
            "is_active": each.is_active, "is_builtin": False,
        }
        for each in sidecar.categories
    }  # fmt: skip


def _tags(sidecar: Sidecar, categories: Mapping[str, int]) -> dict[str, dict[str, Any]]:
    return {
        each.slug: {
            "slug": each.slug, "name": each.name, "category": categories.get(each.category_slug or ""),
            "sort_order": each.sort_order, "status": _status(each.status, active=each.is_active),
            "is_builtin": False, "lifecycle": json.dumps(each.lifecycle),
        }
        for each in sidecar.tags
    }  # fmt: skip


def _status(status: str, *, active: bool) -> str:
    if status == "uncategorized":
        return "active" if active else "archived"
    return status if status in _STATES else "archived"


def _without_former(tags: dict[str, dict[str, Any]], notes: _Notes) -> dict[str, dict[str, Any]]:
    """The tags of a sidecar without those that are former names here, and no tags."""
    former = {row.old_slug: row.new_slug for row in Alias.select()}
    known = {row.slug for row in Tag.select(Tag.slug)}
    for slug in tags.keys() & former.keys() - known:
        notes.add(f"Tag {slug} was left out: here it is a former name of {resolve(slug, former)}.")
    return {slug: values for slug, values in tags.items() if slug in known or slug not in former}


def _sound_aliases(sidecar: Sidecar, notes: _Notes | None = None) -> list[SidecarAlias]:
    """The aliases of a sidecar that name no tag a former one, and lead in no circle with those here."""
    notes, leads = notes or _Notes(), {row.old_slug: row.new_slug for row in Alias.select()}
    here = set(leads)
    tags = {row.slug for row in Tag.select(Tag.slug)} | {each.slug for each in sidecar.tags} - here
    sound = []
    for each in sidecar.aliases:
        if each.old_slug not in here:
            if each.old_slug in tags:
                notes.add(f"Former tag {each.old_slug} was left out: it is a tag.")
                continue
            if each.new_slug is not None and resolve(each.new_slug, leads) == each.old_slug:
                notes.add(f"Former tag {each.old_slug} was left out: {each.new_slug} leads back to it.")
                continue
            leads[each.old_slug] = each.new_slug
        sound.append(each)
    return sound


def _aliases(sound: Iterable[SidecarAlias]) -> dict[str, dict[str, Any]]:
    return {
        each.old_slug: {
            "old_slug": each.old_slug, "new_slug": each.new_slug, "action": each.action,
            "metadata": json.dumps(each.metadata),
        }
        for each in sound
    }  # fmt: skip


def _characters(sidecar: Sidecar) -> dict[str, dict[str, Any]]:
    return {
        each.slug: {
            "slug": each.slug, "display_name": each.display_name, "description": each.description,
            "colour": "", "is_active": each.is_active,
        }
        for each in sidecar.characters
    }  # fmt: skip


def _prompts(sidecar: Sidecar) -> dict[str, dict[str, Any]]:
    return {
        each.slug: {
            "slug": each.slug, "name": each.name, "content": each.content,
            "description": each.description, "is_active": each.is_active,
        }
        for each in sidecar.prompts
    }  # fmt: skip


def _beside_ours(prompts: dict[str, dict[str, Any]], notes: _Notes) -> dict[str, dict[str, Any]]:
    """The prompts of a sidecar, by slugs under which the library has no other text.

    A prompt of the person's own must not get into a dataset because it happens to be called the same.
    """
    rows_here: Iterable[Any] = Prompt.select().dicts()
    ours: dict[str, dict[str, Any]] = {row["slug"]: row for row in rows_here}
    taken, found = ours.keys() | prompts.keys(), {}
    for slug, values in prompts.items():
        if slug not in ours or ours[slug]["content"] == values["content"]:
            found[slug] = values
            continue
        free = _kept_before(values, ours.values()) or free_slug(slug, taken, nameless="prompt")
        taken = taken | {free}
        found[free] = {**values, "slug": free}
        notes.add(f"Prompt {slug} has another text here: the one of the sidecar is {free}.")
    return found


def _kept_before(values: Mapping[str, Any], ours: Iterable[Mapping[str, Any]]) -> str | None:
    """The slug under which a prompt is here, text, name and all."""
    parts = ("name", "content", "description")
    return next((row["slug"] for row in ours if all(row[part] == values[part] for part in parts)), None)


_OWN = frozenset(("is_builtin", "sort_order", "colour", "lifecycle", "metadata"))  # no difference to speak of
_NOUNS = {
    "category": "Category",
    "tag": "Tag",
    "alias": "Former tag",
    "character": "Character",
    "prompt": "Prompt",
}


def _merge(
    door: "Door", table: str, model: Any, wanted: Mapping[str, dict[str, Any]], notes: _Notes
) -> dict[str, int]:
    """Insert the rows that nobody knew; returns the numbers of all that are known then, by slug."""
    name = "old_slug" if table == "alias" else "slug"
    known = {each[name]: each for each in model.select().dicts()}
    for slug, values in wanted.items():
        present = known.get(slug)
        if present is None:
            known[slug] = {"id": door.put(table, None, values), **values}
            continue
        if table == "tag" and is_imported(present["status"], present["lifecycle"]):
            door.put(table, present["id"], values)  # nobody has decided on it yet
            continue
        for key, value in values.items():
            if key not in _OWN and present[key] != value:
                notes.add(_difference(table, slug, key, present[key], value))
    return {slug: each["id"] for slug, each in known.items()}


def _difference(table: str, slug: str, key: str, here: Any, there: Any) -> str:
    words = key.replace("_", " ").removeprefix("is ")
    if table == "tag" and key == "category":
        names = {each.id: each.name for each in Category.select()}
        here, there = names.get(here, "none"), names.get(there, "none")
    kept = f"{_NOUNS[table]} {slug} stays as it is here: its {words} is {_short(here)}"
    return f"{kept}, the sidecar has {_short(there)}."


def _short(value: Any) -> str:
    if not isinstance(value, str):
        return "empty" if value is None else "yes" if value else "no"
    return quoted(value)


def _take_casts(
    door: "Door", row: Dataset, sidecar: Sidecar, characters: Mapping[str, int], index: Index, notes: _Notes
) -> None:
    """Say who speaks in the entries that are there."""
    with index.connect() as connection:
        lengths = queries.lengths(connection, [each.entry_uuid for each in sidecar.mappings])
    casts: dict[str, rows.Cast] = {}
    for mapping in sidecar.mappings:
        if mapping.entry_uuid not in lengths:
            notes.add(f"A mapping was left out: there is no entry {mapping.entry_uuid}.")
            continue
        cast = list(_cast(mapping.turns, characters, lengths[mapping.entry_uuid]))
        if len(cast) < len(mapping.turns):
            notes.add(f"Some messages that were mapped in entry {mapping.entry_uuid} are not there.")
        if cast:
            casts[mapping.entry_uuid] = cast
    door.cast(row, casts)


def _cast(
    turns: Iterable[Turn], characters: Mapping[str, int], length: int
) -> Iterable[tuple[int, int, str, str | None]]:
    for turn in sorted(turns, key=lambda turn: turn.index):
        if 0 <= turn.index < length and turn.character in characters:
            yield turn.index, characters[turn.character], turn.role, turn.label
