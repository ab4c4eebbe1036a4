"""The sample dataset is whole, shows what an entry can be, and opens once."""

import json

from app.config import Config
from app.domain.entry import strict
from app.services.library import Library
from app.services.sample import SAMPLE, open_sample


def test_the_sample_opens_and_opens_only_once(tmp_path):
    library = Library.open(Config(tmp_path / "home"))
    first = open_sample(library)
    assert (first.slug, first.entries, first.rejected) == ("sample", 8, 0)
    assert open_sample(library).existing


def test_the_sample_shows_what_an_entry_can_be():
    entries = [strict(line) for line in SAMPLE.read_bytes().split(b"\n") if line]
    roles = [[message["role"] for message in entry["messages"]] for entry in entries]
    assert any(each[0] == "assistant" for each in roles)  # a greeting
    assert any(len({m.get("name") for m in entry["messages"]}) > 3 for entry in entries)  # a group scene
    assert any("system" not in each for each in roles)
    assert all(entry["tags"] for entry in entries)
    assert not any("_rolethread" in entry for entry in entries)
    assert len({json.dumps(entry["messages"]) for entry in entries}) == 8
