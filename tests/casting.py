"""What the tests of characters share: a home in which somebody speaks, and who speaks what in it."""

import json
from pathlib import Path

from app.registry import rows
from app.registry.database import connected
from app.registry.models import Character, Dataset
from app.services import characters, editing
from app.services.library import Library
from app.store.places import sidecar_of
from tests.sidecars import check_pair
from tests.workshop import check_home, keys, value_of


def spoken(library: Library, slug: str) -> dict[str, dict[int, str]]:
    """Who speaks in a dataset as the registry has it: characters by entry and message."""
    with connected():
        names = {row.id: row.slug for row in Character.select()}
        casts = rows.casts(library.row(slug).id)
    return {entry: {turn[0]: names[turn[1]] for turn in cast} for entry, cast in casts.items()}


def told(library: Library, slug: str) -> dict[str, dict[int, str]]:
    """The same as the sidecar has it."""
    value = json.loads(sidecar_of(library.dataset(slug).path).read_bytes())
    return {
        each["entry_uuid"]: {turn["turn_index"]: turn["character_slug"] for turn in each["turns"]}
        for each in value["entry_character_mappings"]
    }


def lines(library: Library, slug: str) -> dict[str, dict[str, str]]:
    """Who speaks what: the character of each mapped text, by entry."""
    found = {}
    for entry, cast in spoken(library, slug).items():
        messages = value_of(library, slug, entry)["messages"]
        found[entry] = {messages[index]["content"]: name for index, name in cast.items()}
    return found


def check_all(library: Library, scratch: Path) -> None:
    """That a home is at rest, and that every sidecar in it is one and says what the registry says."""
    check_home(library, scratch)
    with connected():
        rows_ = list(Dataset.select().where(Dataset.state == "live"))
    for row in rows_:
        path = library.dataset(row.slug).path
        if sidecar_of(path).exists():
            check_pair(path.read_bytes(), sidecar_of(path).read_bytes())
            assert told(library, row.slug) == spoken(library, row.slug)
        else:
            assert spoken(library, row.slug) == {}


def cast(library: Library, slug: str, number: int, names: list[str | None]) -> str:
    """Say who speaks in an entry; returns its key."""
    key = keys(library, slug)[number]
    editing.save_entry(library, slug, key, value_of(library, slug, key), cast=names)
    return key


def harbour(library: Library) -> None:
    """Some characters: Mara, Old Finn and Éowyn McCoy."""
    for name in ("Mara", "Old Finn", "Éowyn McCoy"):
        characters.create(library, name)
