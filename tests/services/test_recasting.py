"""What the history tells of who speaks."""

import pytest

from app.config import Config
from app.services import characters, history, opening
from app.services.library import Library
from app.services.recasting import GONE, Recast, recasts
from tests.casting import cast, harbour
from tests.workshop import dataset, keys


@pytest.fixture
def library(tmp_path):
    """A library with a dataset called talks, and some characters."""
    library = Library.open(Config(tmp_path / "home"))
    opening.import_path(library, dataset(tmp_path / "talks.jsonl"))
    harbour(library)
    return library


def newest(library):
    return history.operations(library, "talks", limit=1)[0].id


def test_a_change_of_the_cast_is_told_message_by_message(library):
    key = cast(library, "talks", 0, ["mara", None])
    assert recasts(library, "talks", newest(library), most=5) == [Recast(key, ((1, "", "Mara"),))]
    cast(library, "talks", 0, ["old_finn", "mara"])
    told = recasts(library, "talks", newest(library), most=5)
    assert told == [Recast(key, ((1, "Mara", "Old Finn"), (2, "", "Mara")))]
    cast(library, "talks", 0, [None, "mara"])
    assert recasts(library, "talks", newest(library), most=5) == [Recast(key, ((1, "Old Finn", ""),))]


def test_a_merge_tells_who_took_over_and_no_more_entries_than_asked_for(library):
    for number in range(3):
        cast(library, "talks", number, ["mara", None])
    characters.merge(library, "mara", "old_finn")
    told = recasts(library, "talks", newest(library), most=2)
    assert told == [Recast(key, ((1, GONE, "Old Finn"),)) for key in keys(library, "talks")[:2]]
    assert recasts(library, "talks", 1, most=5) == []
