"""Group chat over HTTP: who speaks is chosen, kept through every rearrangement, saved, and never lost."""

import json
import re

import pytest

from app.domain.view import View
from app.services import browsing, casting, characters, drafts, editing, history, opening
from tests.workshop import value_of

PART = {"HX-Request": "true", "HX-Target": "div#messages"}
SAID = [
    {"role": "user", "content": "Is the lamp lit?"},
    {"role": "assistant", "content": "Every night."},
    {"role": "assistant", "content": "Nearly."},
]


@pytest.fixture
def key(library):
    """The key of an entry of a dataset called harbour; Mara, Finn and Tomas are known."""
    opening.import_text(library, json.dumps({"messages": SAID}), "harbour")
    for name in ("Mara", "Finn", "Tomas"):
        characters.create(library, name)
    return browsing.matching_keys(library, "harbour", View())[0]


def fields(library, key, cast=("", "", ""), **more):
    """What a browser posts for the entry's form in a group chat."""
    entry = browsing.open_entry(library, "harbour", key)
    was = casting.cast_of(library, "harbour", key)
    data = {
        "revision": entry.revision,
        "tab": "one",
        "group": "1",
        "cast_was": " ".join(f"{index}:{who.slug}" for index, who in sorted(was.items())),
    }
    for index, message in enumerate(entry.entry.messages):
        data[f"messages-{index}-origin"] = str(index)
        data[f"messages-{index}-role"] = message.role
        data[f"messages-{index}-character"] = cast[index]
        data[f"messages-{index}-new_character"] = ""
        data[f"messages-{index}-text"] = message.text
    return {**data, **more}


def spoken(library, key):
    return {index: who.slug for index, who in casting.cast_of(library, "harbour", key).items()}


def chosen(page):
    """The characters chosen on a page, in order; those kept out of sight among them."""
    found = re.findall(r'<select class="message-character".*?</select>', page, re.DOTALL)
    selected = [re.search(r'<option value="([^"]*)"[^>]* selected', each) for each in found]
    hidden = re.findall(r'type="hidden" name="messages-\d+-character" value="([^"]*)"', page)
    return [match[1] if match else "" for match in selected] or hidden


def current(library, key):
    """The entry's key as it is now: one without an id got one."""
    return browsing.matching_keys(library, "harbour", View())[0]


def test_who_speaks_is_saved_and_the_line_keeps_its_text(client, library, key):
    response = client.post(
        f"/datasets/harbour/entries/{key}", data=fields(library, key, ("tomas", "mara", "finn"))
    )
    assert response.status_code == 303
    key = current(library, key)
    assert spoken(library, key) == {0: "tomas", 1: "mara", 2: "finn"}
    assert value_of(library, "harbour", key)["messages"] == SAID
    page = client.get(f"/datasets/harbour/entries/{key}").text
    assert chosen(page) == ["tomas", "mara", "finn"]
    assert 'aria-pressed="true"' in page


def test_switching_keeps_text_and_characters(client, library, key):
    address = f"/datasets/harbour/entries/{key}/form"
    typed = {**fields(library, key, ("", "mara", "finn")), "messages-0-text": "Typed."}
    plain = client.post(address, data={**typed, "act": "group:off"}, headers=PART).text
    assert "Typed." in plain
    assert "message-character" not in plain
    assert chosen(plain) == ["mara", "finn"]
    group = client.post(address, data={**typed, "group": "", "act": "group:on"}, headers=PART).text
    assert chosen(group) == ["", "mara", "finn"]
    assert "Typed." in group


@pytest.mark.parametrize(
    ("act", "expected"),
    [
        ("up:2", ["tomas", "finn", "mara"]),
        ("down:0", ["mara", "tomas", "finn"]),
        ("remove:0", ["mara", "finn"]),
        ("add:next", ["tomas", "mara", "finn", "mara"]),
        ("add:assistant", ["tomas", "mara", "finn", "mara"]),
        ("add:user", ["tomas", "mara", "finn", "tomas"]),
        ("add:system", ["tomas", "mara", "finn", ""]),
    ],
)
def test_characters_go_with_their_messages(client, library, key, act, expected):
    data = fields(library, key, ("tomas", "mara", "finn"), act=act)
    for headers in (PART, {}):
        page = client.post(f"/datasets/harbour/entries/{key}/form", data=data, headers=headers).text
        assert chosen(page) == expected


def test_moved_and_removed_messages_are_saved_with_their_characters(client, library, key):
    client.post(f"/datasets/harbour/entries/{key}", data=fields(library, key, ("tomas", "mara", "finn")))
    key = current(library, key)
    entry = browsing.open_entry(library, "harbour", key)
    data = {"revision": entry.revision, "cast_was": "0:tomas 1:mara 2:finn", "group": "1"}
    for index, origin in enumerate((2, 0)):
        data[f"messages-{index}-origin"] = str(origin)
        data[f"messages-{index}-role"] = SAID[origin]["role"]
        data[f"messages-{index}-character"] = ("tomas", "mara", "finn")[origin]
        data[f"messages-{index}-text"] = SAID[origin]["content"]
    client.post(f"/datasets/harbour/entries/{key}", data=data)
    assert spoken(library, key) == {0: "finn", 1: "tomas"}
    assert value_of(library, "harbour", key)["messages"] == [SAID[2], SAID[0]]


@pytest.mark.parametrize("name", ["Éowyn McCoy", "懸疑", "<b>{{ x }}</b>", "\u202eevil"], ids=ascii)
def test_a_new_character_is_created_without_leaving(client, library, key, name):
    data = fields(library, key, ("+", "mara", ""), act="create:0")
    data |= {"messages-0-new_character": f" {name} ", "messages-2-text": "Typed."}
    page = client.post(f"/datasets/harbour/entries/{key}/form", data=data, headers=PART).text
    new = next(each.slug for each in characters.characters(library) if each.display_name == name)
    assert chosen(page) == [new, "mara", ""]
    assert "Typed." in page
    assert "<b>{{" not in page
    assert "undo?operation=" in page
    again = client.post(f"/datasets/harbour/entries/{key}/form", data=data, headers=PART).text
    assert chosen(again)[0] == new


def test_a_save_creates_whom_it_names(client, library, key):
    data = fields(library, key, ("", "+", "+"))
    data |= {"messages-1-new_character": "Kai", "messages-2-new_character": "kai"}
    client.post(f"/datasets/harbour/entries/{key}", data=data)
    cast = casting.cast_of(library, "harbour", current(library, key))
    assert [cast[index].display_name for index in (1, 2)] == ["Kai", "kai"]


def test_a_new_character_without_a_name_is_refused_and_everything_is_kept(client, library, key):
    data = fields(library, key, ("tomas", "+", ""), **{"messages-0-text": "Typed."})
    response = client.post(f"/datasets/harbour/entries/{key}", data=data)
    assert response.status_code == 422
    assert "The new character of message 2 has no name." in response.text
    assert chosen(response.text) == ["tomas", "+", ""]
    assert "Typed." in response.text


def test_a_character_that_is_gone_is_refused_and_shown(client, library, key):
    data = fields(library, key, ("tomas", "ghost", ""))
    response = client.post(f"/datasets/harbour/entries/{key}", data=data)
    assert response.status_code == 422
    assert chosen(response.text) == ["tomas", "ghost", ""]
    assert "ghost (gone)" in response.text


def test_one_that_is_not_offered_stays_where_it_speaks(client, library, key):
    client.post(f"/datasets/harbour/entries/{key}", data=fields(library, key, ("", "mara", "")))
    characters.deactivate(library, "mara")
    page = client.get(f"/datasets/harbour/entries/{current(library, key)}").text
    assert page.count("Mara (inactive)") == 1
    assert chosen(page) == ["", "mara", ""]


def test_a_draft_keeps_who_speaks(client, library, key):
    data = fields(library, key, ("tomas", "+", ""), **{"messages-1-new_character": "Bo"})
    assert client.post(f"/datasets/harbour/entries/{key}/draft", data=data).text == "Draft kept"
    page = client.get(f"/datasets/harbour/entries/{key}").text
    assert chosen(page) == ["tomas", "+", ""]
    assert 'value="Bo"' in page


def test_who_speaks_is_a_conflict_of_its_own(client, library, key):
    client.post(f"/datasets/harbour/entries/{key}", data=fields(library, key, ("tomas", "mara", "")))
    key = current(library, key)
    mine = fields(library, key, ("tomas", "finn", ""))
    editing.save_entry(library, "harbour", key, value_of(library, "harbour", key), cast=["mara", "mara", ""])
    response = client.post(f"/datasets/harbour/entries/{key}", data=mine)
    assert response.status_code == 409
    assert "Tomas (user)" in re.sub("<[^>]*>", "", response.text)
    assert "Finn (assistant)" in re.sub("<[^>]*>", "", response.text)
    posted = dict(re.findall(r'type="hidden" name="([^"]*)" value="([^"]*)"', response.text))
    assert client.post(f"/datasets/harbour/entries/{key}", data=posted).status_code == 303
    assert spoken(library, key) == {0: "tomas", 1: "finn"}


def test_a_form_that_asks_for_nobody_leaves_everybody_where_they_are(client, library, key):
    client.post(f"/datasets/harbour/entries/{key}", data=fields(library, key, ("tomas", "mara", "finn")))
    key = current(library, key)
    data = fields(library, key, **{"messages-0-text": "Changed."})
    data = {name: value for name, value in data.items() if "character" not in name and name != "cast_was"}
    client.post(f"/datasets/harbour/entries/{key}", data=data)
    assert spoken(library, key) == {0: "tomas", 1: "mara", 2: "finn"}


def test_a_new_entry_may_greet_first_and_leaves_out_who_says_nothing(client, library, key):
    data = {"cast_was": "", "group": "1"}
    for index, (role, who, text) in enumerate(
        [
            ("system", "", ""),
            ("assistant", "mara", "Come in."),
            ("assistant", "finn", "Soup?"),
            ("user", "tomas", "Yes."),
            ("assistant", "mara", ""),
        ]
    ):
        data |= {f"messages-{index}-role": role, f"messages-{index}-character": who}
        data[f"messages-{index}-text"] = text
    response = client.post("/datasets/harbour/entries/new", data=data)
    new = response.headers["Location"].rpartition("/")[2]
    assert spoken(library, new) == {0: "mara", 1: "finn", 2: "tomas"}
    assert [each["role"] for each in value_of(library, "harbour", new)["messages"]] == [
        "assistant",
        "assistant",
        "user",
    ]


def test_names_stand_in_the_list_and_in_the_history(client, library, key):
    client.post(f"/datasets/harbour/entries/{key}", data=fields(library, key, ("tomas", "mara", "")))
    key = current(library, key)
    data = fields(library, key, ("tomas", "mara", ""), **{"messages-1-text": "Always."})
    client.post(f"/datasets/harbour/entries/{key}", data=data)
    assert '<bdi class="voice">Tomas</bdi>:' in client.get("/datasets/harbour/").text
    page = client.get(f"/datasets/harbour/entries/{key}?tab=history").text
    assert "Mara (assistant): " in re.sub("<[^>]*>", "", page)


def test_the_history_tells_who_speaks_since_an_operation(client, library, key):
    client.post(f"/datasets/harbour/entries/{key}", data=fields(library, key, ("tomas", "mara", "")))
    key = current(library, key)
    client.post(f"/datasets/harbour/entries/{key}", data=fields(library, key, ("tomas", "finn", "")))
    number = history.operations(library, "harbour", limit=1)[0].id
    page = client.get("/datasets/harbour/history", query_string={"operation": number}).text
    assert "message 2 <bdi>Mara</bdi> → <bdi>Finn</bdi>" in page


def test_a_character_that_is_gone_is_named_with_its_message(client, library, key):
    slug = characters.create(library, "Old Ada").slug
    data = fields(library, key, ("tomas", slug, ""), **{"messages-0-text": "Typed."})
    history.undo_shared(library)
    address = f"/datasets/harbour/entries/{key}"
    page = client.post(address, data=data)
    assert page.status_code == 422
    assert "no character “Old Ada” any more, who says message 2." in page.text
    assert re.search(r'<select [^>]*id="messages-1-character"[^>]*aria-invalid="true" autofocus', page.text)
    assert "Old Ada (gone)" in page.text
    assert "Typed." in page.text
    alert = client.post(address, data=data, headers={"HX-Request": "true", "HX-Target": "div#entry"}).text
    assert 'data-field="messages-1-character"' in alert


def test_to_switch_alone_keeps_no_draft(client, library, key):
    hint = "Choose who says each message. The file keeps user and assistant."
    assert hint in client.get("/datasets/harbour/entries/new").text
    number = library.dataset("harbour").id
    blank = {"cast_was": "", "act": "group:on", "messages-0-role": "user", "messages-0-text": ""}
    page = client.post("/datasets/harbour/entries/new/form", data=blank, headers=PART).text
    assert 'aria-pressed="true"' in page
    assert "Draft kept" not in page
    data = fields(library, key, act="group:on")
    assert "Draft kept" not in client.post(f"/datasets/harbour/entries/{key}/form", data=data).text
    assert drafts.keys(library, number) == []
    for more in ({"messages-0-text": "Typed."}, {"messages-0-character": "mara"}, {"add_tags": "storm"}):
        client.post("/datasets/harbour/entries/new/form", data={**blank, **more}, headers=PART)
        assert drafts.keys(library, number) == ["new"]
        drafts.forget(library, number, "new")
