"""A library in a home of its own, and a dataset in it."""

import pytest

from app.config import Config
from app.services import opening
from app.services.library import Library
from tests.workshop import dataset


@pytest.fixture
def library(tmp_path):
    """An empty library in a home of its own."""
    return Library.open(Config(tmp_path / "home"))


@pytest.fixture
def talks(library, tmp_path):
    """Its one dataset: six conversations, every second with the tag calm."""
    return opening.import_path(library, dataset(tmp_path / "talks.jsonl")).path
