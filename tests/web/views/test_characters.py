"""The characters' pages over HTTP: list, search, every deed with its undo, refusals, hostile names."""

import html
import json
import re

import pytest

from app.domain.view import View
from app.errors import NotFound
from app.services import browsing, casting, characters, editing, opening
from tests.workshop import value_of

SAID = [
    {"role": "user", "content": "Is the lamp lit?"},
    {"role": "assistant", "content": "Every night."},
    {"role": "assistant", "content": "Nearly."},
]
HOSTILE = (
    "<script>alert(1)</script>",
    "{{ 7 * 7 }}{% raw %}",
    "\u202e\u05d3\u05d2 \u05e7\u05d8\u05df",
    "懸疑",
    "Éowyn McCoy",
    "x" * 200,
    '\'" onmouseover=alert(1) x="',
    "..",
)


@pytest.fixture
def harbour(library):
    """A dataset in whose first entry Mara and Finn speak."""
    opening.import_text(library, "\n".join(json.dumps({"messages": SAID}) for _ in "ab"), "harbour")
    characters.create(library, "Mara", description="Keeps the light.", colour="red")
    characters.create(library, "Finn")
    key = browsing.matching_keys(library, "harbour", View())[0]
    cast = [None, "mara", "finn"]
    editing.save_entry(library, "harbour", key, value_of(library, "harbour", key), cast=cast)
    return browsing.matching_keys(library, "harbour", View())


def undo(client, page):
    """Press Undo in the toast of a page."""
    action = re.search(r'class="toast" data-offers>.*?action="([^"]+)"', page.text)[1]
    response = client.post(html.unescape(action))
    assert response.status_code == 303
    return client.get(response.headers["Location"])


def after(client, path, data):
    """The page that a form leads to."""
    response = client.post(path, data=data)
    assert response.status_code == 303, response.text
    return client.get(response.headers["Location"])


def names(library):
    return {each.slug: each.display_name for each in characters.characters(library)}


def test_the_list_says_who_speaks_where_and_leads_there(client, harbour):
    page = client.get("/characters").text
    assert "1 message" in page
    assert 'href="/datasets/harbour/?character=mara"' in page
    assert "Keeps the light." in page
    assert '<bdi class="voice" data-colour="red">Mara</bdi>' in page
    assert "<span>Red</span>" in page


@pytest.mark.parametrize(("query", "found"), [("LIGHT", ["Mara"]), ("fin", ["Finn"]), ("zz", [])])
def test_a_search_finds_names_and_descriptions(client, harbour, query, found):
    part = client.get("/characters", query_string={"q": query}, headers={"HX-Target": "div#listing"}).text
    assert re.findall(r'class="voice"[^>]*>([^<]*)<', part) == found
    assert found or "Nobody is called that" in part


def test_without_characters_the_page_says_how_they_come(client):
    assert "No characters yet" in client.get("/characters").text


@pytest.mark.parametrize("name", HOSTILE, ids=ascii)
def test_a_name_is_kept_and_shown_as_typed(client, library, name):
    page = after(client, "/characters", {"name": name, "colour": "teal"})
    (info,) = characters.characters(library)
    assert (info.display_name, info.colour) == (name, "teal")
    for shown in (page.text, client.get("/characters").text):
        assert str(html.escape(name, quote=False)).replace("'", "&#39;") in shown.replace("&#34;", '"')
        assert "<script>alert" not in shown
        assert "49" not in re.sub(r"&#\d+;|v=\w+|/static/\S+|<time [^>]*>|operation=\d+", "", shown)
    undo(client, page)
    assert names(library) == {}


def test_a_name_that_is_there_in_other_letters_is_refused_until_both_are_meant(client, library):
    characters.create(library, "Kai")
    response = client.post("/characters", data={"name": "kai"})
    assert response.status_code == 422
    assert "There is “Kai” already." in response.text
    assert re.search(r'<input id="name" name="name" value="kai" aria-invalid="true"', response.text)
    assert 'name="anyway"' in response.text
    after(client, "/characters", {"name": "kai", "anyway": "1"})
    assert sorted(names(library).values()) == ["Kai", "kai"]


@pytest.mark.parametrize("name", ["", "  ", "x" * 201])
def test_a_name_that_cannot_be_is_refused_at_the_form(client, library, name):
    response = client.post("/characters", data={"name": name})
    assert response.status_code == 422
    assert '<form method="post" action="/characters"' in response.text
    assert names(library) == {}


def test_an_edit_is_saved_and_undone(client, library, harbour):
    fields = {"name": "Mara of the light", "description": "Two\r\nlines", "colour": ""}
    page = after(client, "/characters/mara/save", fields)
    info = characters.character(library, "mara")
    assert (info.display_name, info.description, info.colour) == ("Mara of the light", "Two\nlines", "")
    undo(client, page)
    assert characters.character(library, "mara").description == "Keeps the light."
    assert "Nothing had changed." in after(client, "/characters/finn/save", {"name": "Finn"}).text


def test_a_refused_edit_keeps_what_was_typed(client, harbour):
    response = client.post(
        "/characters/mara/save", data={"name": "y" * 201, "description": "typed", "colour": "pink"}
    )
    assert response.status_code == 422
    assert "y" * 201 in response.text
    assert "typed</textarea>" in response.text
    assert re.search(r'value="pink" checked', response.text)


def test_one_that_is_not_offered_is_marked(client, library, harbour):
    page = after(client, "/characters/mara/deactivate", {})
    assert not characters.character(library, "mara").is_active
    assert "inactive" in client.get("/characters").text
    undo(client, page)
    after(client, "/characters/mara/deactivate", {})
    after(client, "/characters/mara/activate", {})
    assert characters.character(library, "mara").is_active


def test_a_merge_shows_what_it_does_and_does_that(client, library, harbour):
    page = client.get("/characters/mara?into=finn").text
    assert "In 1 entry of harbour:" in page
    assert re.search(r"Finn</\w+>.* will speak 1 message that .*Mara</\w+>.* speaks now\.</p>", page)
    page = after(client, "/characters/mara/merge", {"into": "finn", "messages": "1"})
    spoken = casting.cast_of(library, "harbour", harbour[0])
    assert {index: who.slug for index, who in spoken.items()} == {1: "finn", 2: "finn"}
    assert "mara" not in names(library)
    undo(client, page)
    spoken = casting.cast_of(library, "harbour", harbour[0])
    assert {index: who.slug for index, who in spoken.items()} == {1: "mara", 2: "finn"}


def test_a_deletion_shows_what_it_does_and_does_that(client, library, harbour):
    assert "Speaks 1 message in 1 entry of harbour." in client.get("/characters/mara").text
    page = after(client, "/characters/mara/delete", {"messages": "1"})
    assert set(casting.cast_of(library, "harbour", harbour[0])) == {2}
    undo(client, page)
    assert set(casting.cast_of(library, "harbour", harbour[0])) == {1, 2}


def test_a_deleted_character_comes_back_from_the_last_changes(client, library, harbour):
    client.post("/characters/mara/delete", data={"messages": "1"})
    client.get("/characters")
    newest = re.findall(r'action="(/characters/undo[^"]*)"', client.get("/characters").text)[0]
    client.post(newest)
    assert "mara" in names(library)
    assert ">undone<" in client.get("/characters").text


@pytest.mark.parametrize("deed", ["merge", "delete"])
def test_what_changed_since_it_was_looked_at_is_not_done(client, library, harbour, deed):
    response = client.post(f"/characters/mara/{deed}", data={"into": "finn", "messages": "0"})
    assert response.status_code == 409
    assert "Mara speaks 1 message now" in response.text
    assert "mara" in names(library)


def test_nobody_is_merged_into_itself_or_into_nobody(client, library, harbour):
    assert client.post("/characters/mara/merge", data={"into": "mara", "messages": "1"}).status_code == 422
    assert client.post("/characters/mara/merge", data={"into": "x", "messages": "1"}).status_code == 404
    assert set(names(library)) == {"mara", "finn"}


def test_one_that_is_not_there_is_said_to_be_gone(client, library):
    assert client.get("/characters/nobody").status_code == 404
    assert client.post("/characters/nobody/save", data={"name": "x"}).status_code == 404
    assert client.post("/characters/undo").status_code == 400
    assert client.post("/characters/undo?operation=99").status_code == 404
    with pytest.raises(NotFound):
        characters.character(library, "nobody")
