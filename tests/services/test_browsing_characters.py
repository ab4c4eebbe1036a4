"""Lists of the entries in which a character speaks."""

import pytest
from werkzeug.datastructures import MultiDict

from app.cli.selecting import selected
from app.domain.tagging import TagEdit
from app.domain.view import View
from app.services import browsing, characters, editing, exporting, history, opening, outside
from app.web.forms.view import address_of, narrowings, view_of
from tests.casting import cast, check_all, harbour
from tests.workshop import dataset, keys, line

MARA = View(character="mara")


@pytest.fixture
def spoken(library, talks):
    """Mara speaks in the first, second and fifth entry, Old Finn in the second."""
    harbour(library)
    cast(library, "talks", 0, ["mara", None])
    cast(library, "talks", 1, ["mara", "old_finn"])
    cast(library, "talks", 4, [None, "mara"])
    return keys(library, "talks")


def found(library, view, slug="talks"):
    return browsing.matching_keys(library, slug, view)


def test_a_list_counts_pages_searches_and_sorts_what_a_character_speaks(library, spoken):
    mine = [spoken[place] for place in (0, 1, 4)]
    assert found(library, MARA) == mine
    assert browsing.count(library, "talks", MARA) == 3
    listing = browsing.listing(library, "talks", View(character="mara", sort="-position", size=2))
    assert ([row.key for row in listing.rows], listing.matched, listing.pages) == (mine[:0:-1], 3, 2)
    assert found(library, View(character="mara", query="question 1")) == [spoken[1]]
    assert browsing.listing(library, "talks", View(character="mara", query="question")).matched == 3
    assert found(library, View(character="mara", tags=("calm",))) == [spoken[1]]
    assert found(library, View(character="old_finn")) == [spoken[1]]
    assert found(library, View(character="éowyn_mccoy")) == found(library, View(character="nobody")) == []


@pytest.mark.parametrize("query", ["", "question"])
def test_a_list_that_was_counted_is_counted_anew_when_somebody_else_speaks(library, spoken, query):
    view = View(character="mara", query=query)
    assert browsing.count(library, "talks", view) == len(found(library, view)) == 3
    cast(library, "talks", 2, ["mara", None])
    assert browsing.count(library, "talks", view) == len(found(library, view)) == 4
    characters.merge(library, "mara", "old_finn")
    assert browsing.count(library, "talks", view) == len(found(library, view)) == 0
    assert browsing.listing(library, "talks", View(character="old_finn", query=query)).matched == 4
    history.undo_shared(library)
    assert browsing.listing(library, "talks", view).matched == 4


def test_exports_and_tags_reach_what_a_character_speaks(library, spoken, tmp_path):
    for view in (MARA, View(character="mara", query="question")):
        data = b"".join(exporting.export(library, "talks", "chatml", selection=view))
        assert data.count(b"\n") == 3
    editing.edit_tags(library, "talks", found(library, MARA), TagEdit(add=("hers",)))
    assert found(library, View(tags=("hers",))) == found(library, MARA)
    check_all(library, tmp_path)


def test_of_entries_that_share_an_id_the_first_is_the_one_that_is_spoken(library, tmp_path):
    path = dataset(tmp_path / "place.jsonl", 3)
    opening.import_path(library, path, in_place=True)
    harbour(library)
    cast(library, "place", 0, ["mara", None])
    path.write_bytes(path.read_bytes() + line(0, note="again"))
    outside.settle(library, "place", keep="outside")
    assert found(library, MARA, "place") == keys(library, "place")[:1]
    assert browsing.listing(library, "place", MARA).matched == 1


def test_the_character_stands_in_the_address(library):
    view = view_of(MultiDict([("character", "懸疑"), ("q", "lamp")]), size=25)
    assert view == View(character="懸疑", query="lamp")
    assert address_of(view) == {"character": "懸疑", "q": "lamp"}
    assert narrowings(view) == [("character: 懸疑", View(query="lamp"))]
    assert view_of(MultiDict(), size=25).character == ""
    options = {"query": None, "mode": "contains", "scope": (), "match_case": False, "ignore_accents": False}
    options |= {"tag": (), "tag_mode": "any", "untagged": False}
    assert selected(entry=(), character="mara", **options) == MARA
