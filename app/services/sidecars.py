"""The sidecar of a dataset: written with it, in the same operation, whenever it has something else to say."""

import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from app.config import VERSION
from app.domain.casting import Turn
from app.domain.sidecar import (
    Content,
    SidecarAlias,
    SidecarCategory,
    SidecarCharacter,
    SidecarMapping,
    SidecarPrompt,
    SidecarTag,
    UnreadableSidecar,
    parsed,
    rendered,
    same,
)
from app.domain.sidecar_casts import changed, cut, put
from app.domain.tags import resolve
from app.domain.tags import slug as slug_of
from app.errors import Conflict, NotFound, StoreError
from app.registry import rows
from app.registry.casts import speaking
from app.registry.database import connected
from app.registry.models import Alias, Category, Character, Dataset, Prompt, PromptUse, Tag
from app.services import tallies
from app.services.reading import current_index
from app.store.atomic import disk, write_new
from app.store.index import summary_of
from app.store.places import sidecar_of
from app.store.sidecars import hash_of, read

if TYPE_CHECKING:
    from app.services.library import Library
    from app.services.operation import Door

# Nobody looked whether there is one; left alone; ours to write; ours as it stands.
NONE, ALONE, FOUND, USED = "none", "alone", "found", "used"
_FEW = 8  # mappings that are changed where they stand
CHANGED = "another program changed it"
LATER = "it follows with the next operation on the dataset"  # a note of one that is ours


def follow(door: "Door", row: Dataset) -> None:
    """Write the sidecar of a dataset with the operation, if it says something else than before.

    One that is not ours to write, or that another program changed meanwhile, is left alone.
    """
    if row.sidecar == ALONE:
        return
    if not _is_time(door, row):
        fall_behind(row)
        return
    path, here = sidecar_of(door.library.path_of(row)), sidecar_of(_before_it_moves(door, row))
    raw = _ours(row, here)
    if raw is None:
        return
    data = _changed(door, row, raw) or _anew(door, row, raw)
    if data == raw:
        Dataset.update(sidecar_note="").where(Dataset.id == row.id).execute()
        return
    staging = None if path.parent.is_dir() else door.library.home
    written = door.write(path, data, staging=staging, present=here)
    Dataset.update(sidecar=USED, sidecar_note="", sidecar_content=written).where(
        Dataset.id == row.id
    ).execute()


def _is_time(door: "Door", row: Dataset) -> bool:
    """Whether a sidecar can be written now: nothing waits, its disk is there, and the tags are counted."""
    if row.blocked or row.id in door.waiting:
        return False
    if row.location and not Path(row.location).parent.is_dir():
        return False
    return row.counted == row.content or _count(door, row)


def _count(door: "Door", row: Dataset) -> bool:
    """Count the tags of a dataset; False if its file is not the one that the registry knows."""
    try:
        info = replace(door.library.info(row), path=_before_it_moves(door, row))
        with current_index(door.library, info).connect() as index:
            summary = summary_of(index)
            if summary is None or summary.content != row.content:
                return False
            tallies.counted(row, tallies.read(index), row.content)
    except (NotFound, StoreError):
        return False
    return True


def _ours(row: Dataset, path: Path) -> bytes | None:
    """A dataset's sidecar as it lies there, if it does; None if it is not ours to write."""
    try:
        present, raw = hash_of(path), read(path)
    except StoreError as error:
        leave_alone(row, error.message.rstrip("."))
        return None
    if present and row.sidecar == NONE:
        return None  # the next operation begins with looking at it
    if present and present != row.sidecar_content:
        leave_alone(row, CHANGED)
        return None
    return raw


def _anew(door: "Door", row: Dataset, raw: bytes) -> bytes:
    """The sidecar of a dataset, all of it spelt anew; ``raw`` as it is if that says the same."""
    old = door.old_sidecars.get(row.id) or (_value(row, raw) if raw else {})
    data = _rendered(door.library, row, old)
    return raw if old and raw and same(old, json.loads(data)) else data


def _changed(door: "Door", row: Dataset, raw: bytes) -> bytes | None:
    """The same, with the mappings as they stand in ``raw``, which may be far more than all else.

    None if ``raw`` is not known to say just what the registry does of them, or many of them are others now.
    """
    recast = sorted(
        {key for table, number, key, *_ in door.rows if (table, number) == (rows.MAPPING, row.id)}
    )
    parts = cut(raw) if row.sidecar == USED and len(recast) <= _FEW else None
    old = _value(row, parts[0]) if parts else {}
    if not parts or not old:
        return None
    rest = _rendered(door.library, row, old, mapped=False)
    if not recast and same(old, json.loads(rest)):
        return raw
    casts = rows.casts(row.id, recast)
    speakers = {each.id: each for each in Character.select()}
    new = {
        entry: SidecarMapping(entry, tuple(_turn(turn, speakers) for turn in casts[entry]))
        if entry in casts
        else None
        for entry in recast
    }
    return put(rest, changed(parts[1], new))


def _before_it_moves(door: "Door", row: Dataset) -> Path:
    """Where a dataset's file is, while an operation that gives it another name or state is being made."""
    if row.location:
        return Path(row.location)
    moves = [before for table, number, _, before, _ in door.rows if (table, number) == ("dataset", row.id)]
    was = {"slug": row.slug, "state": row.state}
    for before in reversed(moves):
        was.update({name: value for name, value in before.items() if name in was})
    return door.library.places.folder(row.id, was["slug"], was["state"]) / f"{was['slug']}.jsonl"


def recognise(row: Dataset, path: Path) -> None:
    """Take the sidecar that lies beside a dataset for the one that belongs to it, whoever wrote it."""
    Dataset.update(sidecar=FOUND, sidecar_note="", sidecar_content=hash_of(path)).where(
        Dataset.id == row.id
    ).execute()


def fall_behind(row: Dataset) -> None:
    """Let a sidecar be for now; when it is written next, all of it is spelt anew."""
    Dataset.update(sidecar_note=LATER).where(Dataset.id == row.id, Dataset.sidecar != ALONE).execute()
    Dataset.update(sidecar=FOUND).where(Dataset.id == row.id, Dataset.sidecar == USED).execute()


def leave_alone(row: Dataset, why: str) -> None:
    """Write a dataset's sidecar no more, until the person has chosen."""
    Dataset.update(sidecar=ALONE, sidecar_note=why).where(Dataset.id == row.id).execute()
    row.sidecar, row.sidecar_note = ALONE, why


def make_again(library: "Library", row: Dataset, draft: Path) -> None:
    """Write a staged sidecar that was lost anew; the caller is connected."""
    path = sidecar_of(library.path_of(row))
    with disk(f"{path.name} could not be written"):
        write_new(draft, _rendered(library, row, _value(row, read(path))))
        recognise(row, draft)


def _rendered(library: "Library", row: Dataset, old: dict[str, Any], *, mapped: bool = True) -> bytes:
    at = datetime.now(UTC).isoformat(timespec="microseconds")
    return rendered(content(library, row, mapped=mapped), exported_at=at, app_version=VERSION, old=old)


def take_over(door: "Door", row: Dataset) -> None:
    """Write our own sidecar in place of the one that was left alone; undo puts that one back."""
    path = sidecar_of(door.library.path_of(row))
    theirs = base64.b64encode(read(path)).decode("ascii") if hash_of(path) else None
    kept = {"why": row.sidecar_note, "data": theirs}
    door.note("sidecar", row, kept, None)
    recognise(row, path)
    door.says(row)


def put_back(door: "Door", row: Dataset, wanted: dict[str, Any] | None) -> None:
    """Turn :func:`take_over` round: the sidecar that was left alone, byte for byte, or ours again.

    :raises Conflict: if another program changed ours since.
    """
    if wanted is None:
        take_over(door, row)
        return
    theirs, path = wanted["data"], sidecar_of(door.library.path_of(row))
    if hash_of(path) not in ("", row.sidecar_content):
        raise Conflict(
            f"Another program changed the sidecar of {row.slug} since it was replaced.",
            f"Move {path.name} to another folder first.",
        )
    door.write(path, None if theirs is None else base64.b64decode(theirs))
    leave_alone(row, wanted["why"])
    door.note("sidecar", row, None, wanted)


def _value(row: Dataset, raw: bytes) -> dict[str, Any]:
    """What a dataset's sidecar says, whose further keys are kept; nothing if it is none, or another's."""
    try:
        found = parsed(raw)
    except UnreadableSidecar:
        return {}
    return found.value if found.dataset_uuid == row.uuid else {}


@dataclass(frozen=True, slots=True)
class Part:
    """Some entries of a dataset as a file of their own: what it is called, its tags, and whose entries."""

    filename: str
    entries: int
    uses: Mapping[str, tallies.Use]
    uuids: set[str]


def part(library: "Library", slug: str, some: Part) -> bytes:
    """The sidecar of some entries of a dataset, for an export of them."""
    with connected():
        row = library.row(slug)
        at = datetime.now(UTC).isoformat(timespec="microseconds")
        return rendered(content(library, row, some), exported_at=at, app_version=VERSION)


def content(library: "Library", row: Dataset, some: Part | None = None, *, mapped: bool = True) -> Content:
    """What the registry says of a dataset, or of some entries of it, and nothing of any other.

    The caller is connected.

    :param mapped: with who speaks in which entry.
    """
    uses = some.uses if some else tallies.of(row)
    casts = rows.casts(row.id) if mapped else {}
    if some:
        casts = {entry: cast for entry, cast in casts.items() if entry in some.uuids}
    tags, categories, aliases = _taxonomy(uses)
    spoken = {turn[1] for cast in casts.values() for turn in cast} if mapped else speaking(row.id)
    characters = {each.id: each for each in Character.select() if each.id in spoken}
    prompts = Prompt.select().join(PromptUse).where(PromptUse.dataset == row.id)
    return Content(
        dataset_uuid=row.uuid,
        filename=some.filename if some else library.path_of(row).name,
        entry_count=some.entries if some else row.entries,
        tag_usage_counts={slug: use.entries for slug, use in uses.items() if slug_of(slug) == slug},
        categories=categories,
        tags=tags,
        aliases=aliases,
        characters=tuple(
            SidecarCharacter(each.slug, each.display_name, each.description, each.is_active)
            for each in characters.values()
        ),
        mappings=tuple(
            SidecarMapping(entry, tuple(_turn(turn, characters) for turn in cast))
            for entry, cast in casts.items()
        ),
        prompts=tuple(
            SidecarPrompt(each.slug, each.name, each.content, each.description, each.is_active)
            for each in prompts
        ),
    )


def _turn(turn: tuple[int, int, str, str | None], characters: Mapping[int, Character]) -> Turn:
    index, number, role, label = turn
    return Turn(index, characters[number].slug, role, label)


def _taxonomy(
    uses: Mapping[str, tallies.Use],
) -> tuple[tuple[SidecarTag, ...], tuple[SidecarCategory, ...], tuple[SidecarAlias, ...]]:
    """The tags in use, their categories, and the aliases that lead to them."""
    known = list(Alias.select())
    leads = {each.old_slug: each.new_slug for each in known}
    used = {slug for slug in uses if slug_of(slug) == slug}  # others could not be read as tags anywhere
    groups = {each.id: each for each in Category.select()}
    found = [each for each in Tag.select() if each.slug in used]
    tags = [_tag(each, groups) for each in found]
    for slug in used - {each.slug for each in found}:
        values = tallies.fresh_tag(slug, uses[slug].label, active=False)
        tags.append(SidecarTag(slug, values["name"], None, 0, "archived", False, False, tallies.IMPORTED))
    named = {each.category_id for each in found}
    return (
        tuple(tags),
        tuple(
            SidecarCategory(each.slug, each.name, each.sort_order, each.is_active, each.is_builtin)
            for each in groups.values()
            if each.id in named
        ),
        tuple(
            SidecarAlias(each.old_slug, each.new_slug, each.action, json.loads(each.metadata))
            for each in known
            if resolve(each.old_slug, leads) in used
        ),
    )


def _tag(each: Tag, groups: Mapping[int, Category]) -> SidecarTag:
    category = groups[each.category_id].slug if each.category_id else None
    active, lifecycle = each.status == "active", json.loads(each.lifecycle)
    return SidecarTag(
        each.slug, each.name, category, each.sort_order, each.status, active, each.is_builtin, lifecycle
    )
