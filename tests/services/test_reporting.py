"""The report of a dataset is of one moment, or it is none."""

import json

import pytest

from app.domain.targets.chosen import Chosen
from app.errors import Conflict
from app.services import analysing, editing, reporting
from app.services.reading import current_index
from app.store import analysing as looking
from tests.workshop import uuid


def test_a_dataset_that_changes_while_it_is_looked_at_gives_no_mixture(library, talks, monkeypatch):
    whole = reporting.of_dataset(library, "talks")
    assert len({each["entry"] for each in whole.diagnostics}) == 6
    monkeypatch.setattr(looking, "BATCH", 1)
    monkeypatch.setattr(looking, "LIMIT", 1)
    gone = []

    def meanwhile(done, total):
        if not gone:
            gone.append(uuid(0))
            editing.delete_entries(library, "talks", gone)

    with pytest.raises(Conflict, match="changed while"):
        reporting.of_dataset(library, "talks", progress=meanwhile)
    assert gone
    assert {each["entry"] for each in reporting.of_dataset(library, "talks").diagnostics} == {
        uuid(number) for number in range(1, 6)
    }


def test_where_nothing_changed_a_look_writes_nothing(library, talks):
    analysing.bring_up_to_date(library, "talks", near=True)
    kept = current_index(library, library.dataset("talks"))
    with kept.connect() as connection:
        before = connection.execute("PRAGMA data_version").fetchone()
        assert analysing.bring_up_to_date(library, "talks", near=True) == 0
        assert connection.execute("PRAGMA data_version").fetchone() == before
        editing.delete_entries(library, "talks", [uuid(0)])
        analysing.bring_up_to_date(library, "talks", near=True)
        assert connection.execute("PRAGMA data_version").fetchone() != before


@pytest.mark.parametrize("own", [False, True])
def test_a_label_that_only_opening_a_file_would_keep_is_not_laid_to_its_charge(library, tmp_path, own):
    """The turn in which a tool is called keeps its label in a key of ours, which OpenAI does not know."""
    turns = [
        {"from": "human", "value": "How late is it?", **({"source_role": "mine"} if own else {})},
        {"from": "function_call", "value": "clock()"},
        {"from": "observation", "value": "four"},
        {"from": "gpt", "value": "Four."},
    ]
    path = tmp_path / "calls.json"
    path.write_text(json.dumps([{"conversations": turns}]), encoding="utf-8")
    report = reporting.of_file(library, path, Chosen("openai"))
    details = [each.get("detail", "") for each in report.diagnostics]
    assert any("source_role" in str(detail) for detail in details) == own
