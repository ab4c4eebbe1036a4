"""The tallies of tags: true after every operation, and little to write where little changed."""

import pytest

from app.domain.tagging import TagEdit
from app.registry.database import connected, db
from app.registry.models import Tag
from app.services import editing, history, opening, tallies
from app.services.reading import reading
from app.services.taxonomy import taxonomy
from app.store.places import sidecar_of
from tests.sidecars import check_pair
from tests.workshop import check_home, line, uuid

MANY = 600


@pytest.fixture
def many(library, tmp_path):
    """A dataset of which every entry has a tag of its own; what SQLite was told to do at its import."""
    path = tmp_path / "many.jsonl"
    path.write_bytes(b"".join(line(number, tags=[f"title {number}"]) for number in range(MANY)))
    said: list[str] = []
    with connected():
        db.connection().set_trace_callback(said.append)
        opening.import_path(library, path)
        db.connection().set_trace_callback(None)
    return said


def check(library, tmp_path):
    check_home(library, tmp_path)
    path = library.dataset("many").path
    check_pair(path.read_bytes(), sidecar_of(path).read_bytes())
    with reading(library, "many") as snapshot, connected():
        assert tallies.of(library.row("many")) == tallies.read(snapshot.connection)


def test_tags_that_come_at_once_are_made_known_at_once(library, many, tmp_path):
    assert len(taxonomy(library).imported) == MANY
    assert len([each for each in many if each.startswith('INSERT INTO "tag"')]) == 1
    check(library, tmp_path)


def test_of_many_tags_only_those_are_counted_anew_that_changed(library, many, tmp_path):
    with connected():
        before = db.connection().total_changes
        editing.edit_tags(library, "many", [uuid(1)], TagEdit(add=("zz",), remove=("title 1",)))
        assert db.connection().total_changes - before < MANY / 10
    found = taxonomy(library)
    assert (found.tag("zz").uses, found.tag("title_1").uses) == ({"many": 1}, {})
    check(library, tmp_path)


def test_what_many_tags_made_known_is_forgotten_when_it_is_taken_back(library, many, tmp_path):
    def known():
        with connected():
            return [tuple(row) for row in Tag.select(Tag.id, Tag.slug, Tag.status).order_by(Tag.id).tuples()]

    before, typed = known(), tuple(f"typed {number}" for number in range(40))
    editing.edit_tags(library, "many", [uuid(1)], TagEdit(add=typed))
    after = known()
    assert [status for *_, status in after[len(before) :]] == ["active"] * len(typed)
    history.undo(library, "many")
    assert known() == before
    check(library, tmp_path)
    history.redo(library, "many")
    assert known() == after
    check(library, tmp_path)
