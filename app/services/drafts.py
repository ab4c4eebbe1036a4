"""What is typed and not saved: kept on this machine while typing, gone when it is saved or dropped."""

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from app.registry import drafts
from app.services.library import Library

NEW = "new"


@dataclass(frozen=True, slots=True)
class DraftInfo:
    """A kept draft: the form's fields, the revision it was opened on, and when it was last kept."""

    key: str
    revision: str
    payload: dict[str, Any]
    at: datetime


def keep(library: Library, dataset: int, key: str, revision: str, payload: dict[str, Any]) -> None:
    """Keep the fields of a form as the draft of an entry.

    :param dataset: the dataset's number, so that a renamed one keeps its drafts.
    :raises StoreError: if the disk refuses.
    """
    drafts.keep(dataset, key, revision, payload)


def get(library: Library, dataset: int, key: str) -> DraftInfo | None:
    """The draft of an entry, if there is one."""
    found = drafts.get(dataset, key)
    if found is None:
        return None
    return DraftInfo(found.key, found.revision, json.loads(found.payload), datetime.fromisoformat(found.at))


def forget(library: Library, dataset: int, key: str) -> None:
    """Drop the draft of an entry."""
    drafts.forget(dataset, key)


def keys(library: Library, dataset: int) -> list[str]:
    """The entries of a dataset that have a draft, last kept first."""
    return drafts.keys(dataset)


def counts(library: Library) -> dict[int, int]:
    """How many drafts each dataset has, by its number; those without any are left out."""
    return drafts.counts()
