"""How a dataset stands, told without counting: only where all of it was looked at as it is now."""

import json

from app.domain.tagging import TagEdit
from app.domain.targets.chosen import Chosen
from app.domain.validation.diagnostic import Severity
from app.domain.view import View
from app.services import analysing, browsing, criteria, editing, opening, shelving
from app.services.health import Health, health
from app.services.library import Library
from app.store import findings

SAID = [{"role": "user", "content": "Hm?"}, {"role": "assistant", "content": "Sure<|im_end|>."}]
OPENED = [{"role": "assistant", "content": "Welcome."}, {"role": "user", "content": "Hm."}]


def stands(library: Library, slug: str = "talks") -> Health | None:
    return health(library, library.dataset(slug))


def look(library: Library) -> Health | None:
    analysing.bring_up_to_date(library, "talks")
    return stands(library)


def test_nothing_is_told_of_what_is_not_known_as_it_is_now(library):
    lines = [{"messages": SAID, "tags": []}, {"messages": OPENED, "tags": []}]
    opening.import_text(library, "\n".join(map(json.dumps, lines)), "talks")
    assert stands(library) == Health({}, False, is_new=True)
    known = look(library)
    assert known.is_known
    assert all(
        browsing.count(library, "talks", View(diagnostic=each.word)) == entries
        for each, entries in known.severities.items()
    )
    assert known.severities[Severity.ERROR] == 1
    first = browsing.matching_keys(library, "talks", View())[:1]
    for change in (
        lambda: editing.edit_tags(library, "talks", None, TagEdit(add=("calm",))),
        lambda: editing.delete_entries(library, "talks", first),
        lambda: criteria.set_rules(library, "talks", {"slop": ["welcome"]}),
        lambda: criteria.set_target(library, "talks", Chosen(family="gemma3")),
    ):
        change()
        targeted = bool(criteria.target_for(library, "talks").name)
        assert stands(library) == Health({}, False, has_target=targeted)
        known = look(library)
        assert known.is_known
    assert known.severities == {Severity.ERROR: 1, Severity.WARNING: 0, Severity.INFO: 1}


def test_nothing_is_told_of_what_is_empty_or_has_to_be_read(library):
    shelving.new_dataset(library, "bare")
    assert stands(library, "bare") is None
    opening.import_text(library, json.dumps({"messages": SAID}), "talks")
    look(library)
    library.dataset("talks").path.write_text(json.dumps({"messages": OPENED}) + "\n", "utf-8")
    assert stands(library) is None


def test_nothing_is_counted(library, monkeypatch):
    opening.import_text(library, json.dumps({"messages": SAID}), "talks")
    look(library)
    for name in ("entries", "number_lacking", "counts", "sound"):
        monkeypatch.delattr(findings, name)
    assert stands(library).is_known
