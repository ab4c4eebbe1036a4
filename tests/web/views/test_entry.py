"""Reading and changing one entry over HTTP: what is answered, and what the file then holds."""

import json
import re

import pytest

from app.domain.view import View
from app.services import browsing, opening, prompts

HTMX = {"HX-Request": "true", "HX-Target": "div#entry"}
LINES = [
    {
        "messages": [
            {"role": "user", "content": "One?", "name": "Ada"},
            {"role": "assistant", "content": "1"},
        ],
        "x": 1,
    },
    {
        "messages": [{"role": "user", "content": "Two?"}, {"role": "assistant", "content": "a\rb"}],
        "tags": ["a,b"],
    },
    {"messages": [{"role": "Mara", "content": None}, {"role": "user", "content": "Three?"}]},
]


@pytest.fixture
def keys(library):
    """The keys of a dataset called talks."""
    opening.import_text(library, "\n".join(json.dumps(line) for line in LINES), "talks")
    return browsing.matching_keys(library, "talks", View())


@pytest.fixture
def form(client, library, keys):
    """Gives the fields that a browser posts for the untouched form of an entry."""

    def fields(number: int) -> dict[str, object]:
        entry = browsing.open_entry(library, "talks", keys[number])
        data: dict[str, object] = {"revision": entry.revision, "view": "", "then": "stay"}
        data["keep_tags"] = [str(index) for index in range(len(entry.entry.tags))]
        for index, message in enumerate(entry.entry.messages):
            data[f"messages-{index}-origin"] = str(index)
            data[f"messages-{index}-role"] = message.role
            if message.is_text and "\r" not in message.text:
                data[f"messages-{index}-text"] = message.text
        return data

    return fields


def value(library, key):
    found = dict(browsing.open_entry(library, "talks", key).entry.value)
    found.pop("_rolethread")
    return found


@pytest.mark.parametrize("number", [0, 1, 2])
def test_an_untouched_form_changes_no_byte(client, library, keys, form, number):
    before = library.dataset("talks").path.read_bytes()
    response = client.post(f"/datasets/talks/entries/{keys[number]}", data=form(number))
    assert response.status_code == 303
    assert library.dataset("talks").path.read_bytes() == before


def test_a_save_changes_what_was_typed_and_nothing_else(client, library, keys, form):
    before = library.dataset("talks").path.read_bytes().split(b"\n")
    client.post(f"/datasets/talks/entries/{keys[0]}", data={**form(0), "messages-1-text": "first\r\nsecond"})
    assert value(library, keys[0]) == {
        "messages": [LINES[0]["messages"][0], {"role": "assistant", "content": "first\nsecond"}],
        "x": 1,
    }
    assert library.dataset("talks").path.read_bytes().split(b"\n")[1:] == before[1:]


def test_text_that_a_browser_would_harm_is_shown_and_kept(client, library, keys, form):
    page = client.get(f"/datasets/talks/entries/{keys[1]}").text
    assert "carriage returns" in page
    assert 'name="messages-1-text"' not in page
    client.post(
        f"/datasets/talks/entries/{keys[1]}", data={**form(1), "messages-0-text": "2?", "add_tags": "new"}
    )
    assert value(library, keys[1]) == {
        "messages": [{"role": "user", "content": "2?"}, {"role": "assistant", "content": "a\rb"}],
        "tags": ["a,b", "new"],
    }


def test_a_removed_message_takes_its_keys_along(client, library, keys, form):
    data = {name: item for name, item in form(2).items() if not name.startswith("messages-0")}
    client.post(f"/datasets/talks/entries/{keys[2]}", data=data)
    assert value(library, keys[2])["messages"] == [{"role": "user", "content": "Three?"}]


def test_a_stale_form_writes_nothing_and_shows_both(client, library, keys, form):
    first, second = form(0), form(0)
    client.post(f"/datasets/talks/entries/{keys[0]}", data={**first, "messages-0-text": "from one tab"})
    after = library.dataset("talks").path.read_bytes()
    data = {**second, "messages-0-text": "from the other"}
    response = client.post(f"/datasets/talks/entries/{keys[0]}", data=data, headers=HTMX)
    assert response.status_code == 409
    assert "changed meanwhile" in response.text
    assert "<html" not in response.text
    assert library.dataset("talks").path.read_bytes() == after
    assert "changed meanwhile" in client.get(f"/datasets/talks/entries/{keys[0]}").text


def test_an_entry_that_was_deleted_meanwhile_can_still_be_saved(client, library, keys, form):
    data = {**form(0), "messages-0-text": "still here"}
    client.post(f"/datasets/talks/entries/{keys[0]}/delete")
    response = client.post(f"/datasets/talks/entries/{keys[0]}", data=data)
    assert response.status_code == 409
    assert "deleted meanwhile" in response.text


def test_a_new_entry_needs_text(client, library, keys):
    blank = {"messages-0-role": "user", "messages-0-text": " ".strip()}
    assert client.post("/datasets/talks/entries/new", data=blank).status_code == 422
    full = {"messages-0-role": "user", "messages-0-text": "Four?", "add_tags": "x, y ,x"}
    response = client.post("/datasets/talks/entries/new", data=full)
    key = response.headers["Location"].rpartition("/")[2]
    assert value(library, key) == {"messages": [{"role": "user", "content": "Four?"}], "tags": ["x", "y"]}


def test_rearranging_saves_nothing(client, library, keys, form):
    before = library.dataset("talks").path.read_bytes()
    data = {**form(0), "act": "down:0", "messages-0-text": "typed"}
    page = client.post(
        f"/datasets/talks/entries/{keys[0]}/form", data=data, headers={"HX-Target": "div#messages"}
    ).text
    assert page.index(">1") < page.index("typed")
    assert library.dataset("talks").path.read_bytes() == before


@pytest.mark.parametrize(
    "act", ["", "up:", "up:99", "down:-1", "remove:x", "add:", "add:nobody", "up:²", "x:1"]
)
def test_an_act_that_makes_no_sense_does_nothing_bad(client, keys, form, act):
    response = client.post(f"/datasets/talks/entries/{keys[0]}/form", data={**form(0), "act": act})
    assert response.status_code == 200


@pytest.mark.parametrize("key", ["nothing", "../talks", "line-0", "uuid~2", "%00", "a\u2028b"])
@pytest.mark.parametrize("path", ["", "/delete", "/move", "/duplicate", "/form", "/draft/forget"])
def test_keys_that_name_nothing_are_answered_plainly(client, keys, key, path):
    before = len(keys)
    response = client.post(f"/datasets/talks/entries/{key}{path}", data={"to": "1"})
    assert response.status_code in (303, 404, 405, 409, 422)
    assert len(keys) == before


@pytest.mark.parametrize("place", ["", "0", "-1", "x", "²", "1e9"])
def test_places_that_are_none_are_refused(client, keys, place):
    assert client.post(f"/datasets/talks/entries/{keys[0]}/move", data={"to": place}).status_code == 422


def test_moving_duplicating_deleting(client, library, keys):
    client.post(f"/datasets/talks/entries/{keys[0]}/move", data={"to": "3"})
    assert browsing.matching_keys(library, "talks", View()) == [keys[1], keys[2], keys[0]]
    response = client.post(f"/datasets/talks/entries/{keys[2]}/duplicate")
    copy = response.headers["Location"].rpartition("/")[2]
    assert browsing.matching_keys(library, "talks", View()) == [keys[1], keys[2], copy, keys[0]]
    client.post(f"/datasets/talks/entries/{copy}/delete")
    assert browsing.matching_keys(library, "talks", View()) == [keys[1], keys[2], keys[0]]
    client.post("/datasets/talks/undo")
    assert copy in browsing.matching_keys(library, "talks", View())


def test_a_half_character_is_shown_and_survives(client, library):
    line = (
        '{"messages": [{"role": "us\\ud800er", "content": "a\\ud800b"}, {"role": "user", "content": "fine"}]}'
    )
    opening.import_text(library, line, "halves")
    (key,) = browsing.matching_keys(library, "halves", View())
    for address in ("", "?tab=json"):
        assert "ud800" in client.get(f"/datasets/halves/entries/{key}{address}").text
    assert client.get("/datasets/halves/").status_code == 200


def test_what_was_typed_in_another_tab_outlives_a_delete_and_its_undo(client, keys, form):
    address = f"/datasets/talks/entries/{keys[0]}"
    typed = {**form(0), "tab": "other", "messages-0-text": "Words that nobody saved"}
    client.post(f"{address}/draft", data=typed)
    client.post(f"{address}/delete")
    assert "An entry that was deleted" in client.get("/datasets/talks/").get_data(as_text=True)
    gone = client.get("/datasets/talks/", query_string={"entry": keys[0]}).get_data(as_text=True)
    assert "Words that nobody saved" in gone
    client.post("/datasets/talks/undo")
    page = client.get(address).get_data(as_text=True)
    assert "This is your draft." in page
    assert "Words that nobody saved" in page


@pytest.mark.parametrize("levels", [201, 900, 901, 970, 1020])
@pytest.mark.parametrize(
    "place",
    ['"deep": {}, "messages": []', '"messages": [{}]', '"messages": [{{"role": "user", "content": {}}}]'],
)
def test_an_entry_that_is_nested_deep_is_shown_or_put_aside(client, library, tmp_path, place, levels):
    around = place.count("[{") + place.count("{{")
    deep = "[" * (levels - 1 - around) + "]" * (levels - 1 - around)
    source = tmp_path / "deep.jsonl"
    source.write_text(f'{{{place.format(deep)}}}\n{{"messages": []}}\n')
    found = opening.import_path(library, source)
    assert (found.entries, found.rejected) == ((2, 0) if levels <= 900 else (1, 1))
    pages = ["/datasets/deep/", "/datasets/deep/history?operation=1", "/datasets/deep/rejected"]
    for key in browsing.matching_keys(library, "deep", View()):
        pages += [f"/datasets/deep/?entry={key}&tab={tab}" for tab in ("conversation", "json", "history")]
    for page in pages:
        assert client.get(page).status_code == 200
    for form in ("chatml", "sharegpt"):
        for clean in ("", "1"):
            answer = client.post("/datasets/deep/export", data={"format": form, "clean": clean})
            assert answer.status_code == 200
            assert answer.get_data() is not None


def told(library, number=0):
    """The roles and texts of an entry, as the file has them."""
    key = browsing.matching_keys(library, "talks", View())[number]
    return [(each.role, each.text) for each in browsing.open_entry(library, "talks", key).entry.messages]


def test_a_prompt_that_was_chosen_and_not_put_in_is_saved(client, library, keys, form):
    slug = prompts.create(library, "Light", "Keep the light.").slug
    client.post(f"/datasets/talks/entries/{keys[0]}", data={**form(0), "prompt": slug})
    assert told(library) == [("system", "Keep the light."), ("user", "One?"), ("assistant", "1")]
    data = {"messages-0-role": "system", "messages-0-text": " ", "messages-1-role": "user", "prompt": slug}
    client.post("/datasets/talks/entries/new", data={**data, "messages-1-text": "New?"})
    assert told(library, 3) == [("system", "Keep the light."), ("user", "New?")]


def test_a_chosen_prompt_takes_the_place_of_nothing_on_saving(client, library, keys):
    slug = prompts.create(library, "Light", "Keep the light.").slug
    data = {"messages-0-role": "system", "messages-0-text": "Mine.", "messages-1-role": "user"}
    data = {**data, "messages-1-text": "New?", "prompt": slug}
    client.post("/datasets/talks/entries/new", data=data)
    assert told(library, 3) == [("system", "Mine."), ("user", "New?")]
    data["messages-0-text"], data["prompt"] = "", "gone"
    assert client.post("/datasets/talks/entries/new", data=data).status_code == 422
    assert library.dataset("talks").entries == 4


def test_a_text_that_a_prompt_replaced_can_be_put_back(client, library, keys):
    address = "/datasets/talks/entries/new/form"
    for name in ("First", "Second"):
        prompts.create(library, name, f"{name} text.")
    data = {"messages-0-role": "system", "messages-0-text": "My own.\r\nTwo lines.", "act": "prompt"}
    page = client.post(address, data={**data, "prompt": "first"}).text
    assert "Replaced “<bdi>My own." in page
    data["messages-0-text"], data["replaced"] = "First text.", "My own.\r\nTwo lines."
    page = client.post(address, data={**data, "prompt": "second"}).text
    assert "Second text.</textarea>" in page
    page = client.post(address, data={**data, "act": "replaced"}).text
    assert re.search(r"My own.\s+Two lines.</textarea>", page)
    assert "Put back" not in page
