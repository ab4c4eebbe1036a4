"""Who speaks where: questions about the mapping of messages to characters, over all datasets."""

from collections.abc import Iterator
from dataclasses import dataclass

from app.registry.database import db
from app.registry.models import Dataset


@dataclass(frozen=True, slots=True)
class Use:
    """How much a character speaks in one dataset."""

    character: int
    dataset: str
    state: str
    messages: int
    entries: int


def uses(character: int | None = None) -> Iterator[Use]:
    """Where characters speak, or one of them, by the names of the datasets."""
    only = "" if character is None else "WHERE character_id = ?"
    query = (
        "SELECT character_id, slug, state, count(*), count(DISTINCT entry_uuid)"
        f" FROM mapping JOIN dataset ON dataset.id = dataset_id {only}"
        " GROUP BY character_id, dataset_id ORDER BY slug"
    )
    return (Use(*row) for row in db.execute_sql(query, (character,) if only else ()))


def datasets_of(character: int) -> list[Dataset]:
    """The datasets in which a character speaks."""
    query = "SELECT DISTINCT dataset_id FROM mapping WHERE character_id = ?"
    numbers = [number for (number,) in db.execute_sql(query, (character,))]
    return list(Dataset.select().where(Dataset.id.in_(numbers)).order_by(Dataset.slug))


def entries_of(character: int, dataset: int) -> list[str]:
    """The uuids of the entries of a dataset in which a character speaks."""
    query = "SELECT DISTINCT entry_uuid FROM mapping WHERE character_id = ? AND dataset_id = ?"
    return [entry for (entry,) in db.execute_sql(query, (character, dataset))]
