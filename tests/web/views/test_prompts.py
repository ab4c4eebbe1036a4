"""The page of prompts: it says what is there, changes it as typed, and shows before it replaces."""

import html
import json
import re

import pytest

from app.services import browsing, editing, opening, prompts, settings
from tests.sidecars import check_sidecar
from tests.workshop import dataset, entry, uuid

LIGHT = "You keep the harbour light.\n\nAnswer briefly."
HOSTILE = "<script>alert(1)</script> {{ 1234567*7 }} </textarea>"
PART = {"HX-Target": "main#prompt"}


@pytest.fixture
def talks(library, tmp_path):
    """Six entries, of which the first two have the text as a system message."""
    path = opening.import_path(library, dataset(tmp_path / "talks.jsonl")).path
    for number in (0, 1):
        value = entry(number)
        value["messages"].insert(0, {"role": "system", "content": LIGHT})
        editing.save_entry(library, "talks", uuid(number), value)
    return path


@pytest.fixture
def light(library):
    """A prompt."""
    return prompts.create(library, "Harbour light", LIGHT, "For the harbour").slug


def text_of(page):
    """What stands in the box of the prompt's text."""
    found = re.search(r'<textarea id="text"[^>]*>\n(.*?)</textarea>', page, re.DOTALL)
    return html.unescape(found[1])


def revision(page):
    return re.search(r'name="revision" value="(\w*)"', page)[1]


def sidecar(talks):
    raw = talks.with_suffix(".registry.json").read_bytes()
    check_sidecar(raw)
    return json.loads(raw)["system_prompts"]


def test_the_empty_page_leads_to_the_first_prompt(client):
    page = client.get("/prompts").text
    assert "No prompt yet" in page
    assert 'href="/prompts?new=1"' in page
    assert 'aria-current="page">Prompts</a>' in page


def test_a_prompt_is_created_shown_and_undone(client, library):
    typed = {"name": "Éowyn 懸疑", "text": "One.\r\n\r\n\tTwo. ", "description": ""}
    response = client.post("/prompts", data=typed)
    assert response.status_code == 303
    made = prompts.prompts(library)[0]
    assert (made.name, made.content, made.description) == ("Éowyn 懸疑", "One.\n\n\tTwo. ", None)
    page = client.get(response.location).text
    assert text_of(page) == "One.\n\n\tTwo. "
    undo = re.search(r'action="(/prompts/undo[^"]*)"', page)[1]
    assert client.post(html.unescape(undo)).location == "/prompts"
    assert prompts.prompts(library) == []


@pytest.mark.parametrize(
    ("data", "words"),
    [
        ({"name": "", "text": "Text."}, "needs a name"),
        ({"name": "Name", "text": " "}, "needs text"),
        ({"name": "Name", "text": "x" * 10_000_000}, "10,000,000 characters"),
        ({"name": "x" * 300, "text": "Text."}, "300 characters"),
        ({"name": "Name", "text": "Text.", "description": "d" * 3000}, "3,000 characters"),
    ],
)
def test_a_refused_prompt_keeps_what_was_typed(client, library, data, words):
    response = client.post("/prompts", data=data)
    assert response.status_code == 422
    assert words in response.text
    assert text_of(response.text) == data["text"]
    assert html.escape(data["name"]) in response.text
    part = client.post("/prompts", data=data, headers={"HX-Target": "div#alert"})
    assert (part.status_code, part.headers["HX-Retarget"]) == (400, "#alert")
    assert prompts.prompts(library) == []


def test_hostile_names_and_texts_are_text(client, library, talks):
    slug = prompts.create(library, HOSTILE, HOSTILE, HOSTILE).slug
    prompts.attach(library, slug, "talks")
    addresses = (
        "/prompts",
        f"/prompts/{slug}",
        f"/prompts/{slug}/replace",
        f"/prompts/{slug}/entries/talks",
        "/datasets/talks/entries/new",
    )
    for address in addresses:
        page = client.get(address).text
        assert "<script>alert" not in page
        assert "8641969" not in page
    assert text_of(client.get(f"/prompts/{slug}").text) == HOSTILE


def test_an_edit_changes_what_was_changed(client, library, light):
    page = client.get(f"/prompts/{light}").text
    data = {"name": "Lamp", "description": "For the harbour", "text": LIGHT.replace("\n", "\r\n")}
    response = client.post(f"/prompts/{light}/save", data={**data, "revision": revision(page)})
    assert response.status_code == 303
    kept = prompts.prompt(library, light)
    assert (kept.name, kept.content, kept.description) == ("Lamp", LIGHT, "For the harbour")


def test_two_tabs_are_shown_both_versions_and_the_second_may_still_save(client, library, light):
    seen = revision(client.get(f"/prompts/{light}").text)
    prompts.edit(library, light, content="First tab.")
    data = {"name": "Harbour light", "description": "", "text": "Second tab.", "revision": seen}
    for headers in ({}, {"HX-Target": "div#alert"}):
        response = client.post(f"/prompts/{light}/save", data=data, headers=headers)
        assert response.status_code == 409
        assert "Nothing was saved, and nothing is lost" in response.text
        assert text_of(response.text) == "Second tab."
        assert "First" in response.text
    assert response.headers["HX-Retarget"] == "#prompt"
    client.post(f"/prompts/{light}/save", data={**data, "revision": revision(response.text)})
    assert prompts.prompt(library, light).content == "Second tab."


def test_a_text_that_no_form_can_carry_is_shown_and_kept(client, library):
    text = "One\rTwo\0Three"
    slug = prompts.create(library, "Odd", text).slug
    page = client.get(f"/prompts/{slug}").text
    assert "carriage returns" in page
    assert "<textarea" not in page
    assert "One\\rTwo\\u0000Three" in page
    data = {"name": "Even", "description": "", "revision": revision(page)}
    client.post(f"/prompts/{slug}/save", data=data)
    kept = prompts.prompt(library, slug)
    assert (kept.name, kept.content) == ("Even", text)


def test_the_search_and_the_archive(client, library, light):
    prompts.create(library, "Other", "Nothing of that kind.")
    prompts.archive(library, prompts.create(library, "Old lamp", "Old.").slug)
    page = client.get("/prompts?q=HARBOUR+brief").text
    assert "1 of 2 prompts" in page
    assert "Other" not in page
    assert "Nothing matches" in client.get("/prompts?q=zzz").text
    part = client.get("/prompts?show=archived", headers={"HX-Target": "div#listing"}).text
    assert "Old lamp" in part
    assert "Harbour" not in part
    assert "<html" not in part


def test_counts_come_behind_the_list_and_beside_the_prompt(client, talks, light):
    page = client.get("/prompts").text
    assert "in 2 entries" not in page
    counts = client.get("/prompts", headers={"HX-Target": "div#counts"}).text
    assert f"""<hx-partial hx-target="[id='used-{light}']" hx-swap="innerHTML">in 2 entries""" in counts
    uses = client.get(f"/prompts/{light}", headers={"HX-Target": "div#uses"}).text
    assert f'href="/prompts/{light}/entries/talks"' in uses
    assert "2 entries" in client.get(f"/prompts/{light}?uses=1").text
    listed = client.get(f"/prompts/{light}/entries/talks").text
    assert "2 entries have exactly this text" in listed
    assert listed.count('class="row-link"') == 2
    assert f"/datasets/talks/?entry={uuid(1)}" in listed
    assert client.get(f"/prompts/{light}/entries/none").status_code == 404


def test_boxes_attach_and_detach(client, library, talks, light):
    client.post(f"/prompts/{light}/attach", data={"dataset": ["talks"]})
    assert [row["slug"] for row in sidecar(talks)] == [light]
    assert re.search(r'name="dataset" value="talks" checked', client.get(f"/prompts/{light}").text)
    page = client.post(f"/prompts/{light}/attach", data={}, follow_redirects=True).text
    assert "Detach prompt “Harbour light” from talks." in page
    assert sidecar(talks) == []


def test_archive_restore_and_delete(client, library, light):
    page = client.post(f"/prompts/{light}/archive", follow_redirects=True).text
    assert "Archived." in page
    assert f'action="/prompts/{light}/restore' in page
    page = client.post(f"/prompts/{light}/restore", follow_redirects=True).text
    assert "data-confirm" in page
    settings.save(library, confirm_delete_entries=False)
    assert "data-confirm" not in client.get(f"/prompts/{light}").text
    page = client.post(f"/prompts/{light}/delete", follow_redirects=True).text
    undo = html.unescape(re.search(r'action="(/prompts/undo[^"]*prompt=[^"]*)"', page)[1])
    assert prompts.prompts(library) == []
    assert client.post(undo).location == f"/prompts/{light}"
    assert client.get(f"/prompts/{light}").status_code == 200
    assert client.post(undo).status_code == 404


def test_a_deleted_prompt_comes_back_from_the_last_changes(client, library, light):
    client.post(f"/prompts/{light}/delete")
    client.get("/prompts")
    page = client.get("/prompts").text
    newest = re.findall(r'action="(/prompts/undo[^"]*)"', page)[0]
    assert client.post(newest).location == "/prompts"
    assert [each.slug for each in prompts.prompts(library)] == [light]


def test_a_replacement_is_shown_before_it_is_done_and_undone(client, library, talks, light):
    before = talks.read_bytes()
    form = client.get(f"/prompts/{light}/replace").text
    assert text_of(form) == LIGHT
    data = {"text": "You keep the <b>light</b>.", "dataset": "talks", "template": "1"}
    preview = client.post(f"/prompts/{light}/replace", data={**data, "do": "preview"}).text
    assert "Replace in 2 entries" in preview
    assert len(re.findall(rf'href="/prompts/{light}/entries/talks"[^>]*>2 entries</a>', preview)) == 2
    assert "Question 0?" in preview
    assert text_of(preview) == data["text"]
    assert talks.read_bytes() == before
    response = client.post(f"/prompts/{light}/replace", data={**data, "do": "replace"})
    page = client.get(response.location).text
    assert "Replaced in 2 entries." in page
    assert prompts.prompt(library, light).content == data["text"]
    said = browsing.open_entry(library, "talks", uuid(0)).entry.messages[0].text
    assert said == data["text"]
    undo = html.unescape(re.search(r'action="(/prompts/undo[^"]*)"', page)[1])
    client.post(undo)
    assert talks.read_bytes() == before
    assert prompts.prompt(library, light).content == LIGHT


@pytest.mark.parametrize(
    ("data", "status", "words"),
    [
        ({"text": "New."}, 422, "No dataset is chosen"),
        ({"text": " ", "dataset": "talks"}, 422, "needs text"),
        ({"text": LIGHT, "dataset": "talks"}, 422, "the same"),
        ({"text": "New.", "dataset": "none", "do": "replace"}, 404, "no dataset called none"),
        ({"other": "none", "dataset": "talks"}, 404, "no prompt"),
    ],
)
def test_a_refused_replacement_changes_nothing(client, talks, light, data, status, words):
    before = talks.read_bytes()
    response = client.post(f"/prompts/{light}/replace", data=data)
    assert response.status_code == status
    assert words in html.unescape(response.text)
    assert talks.read_bytes() == before


def test_another_prompt_can_be_chosen_in_place_of_a_text(client, library, talks, light):
    prompts.create(library, "Second", "Second text.")
    data = {"other": "second", "text": "ignored", "dataset": "talks", "do": "replace"}
    client.post(f"/prompts/{light}/replace", data=data)
    assert browsing.open_entry(library, "talks", uuid(1)).entry.messages[0].text == "Second text."
    assert prompts.prompt(library, light).content == LIGHT


def form_of(page):
    """What a browser would post of an entry's form: its boxes and hidden fields."""
    fields = dict(re.findall(r'<input type="hidden" name="([\w-]+)" value="([^"]*)"', page))
    texts = re.findall(r'<textarea id="[\w-]+" name="([\w-]+)"[^>]*>\n(.*?)</textarea>', page, re.DOTALL)
    roles = re.findall(r'name="(messages-\d+-role)">.*?<option value="(\w+)" selected', page, re.DOTALL)
    return {name: html.unescape(value) for name, value in (*fields.items(), *texts, *roles)}


def test_a_new_entry_is_written_with_a_prompt(client, library, talks, light):
    prompts.archive(library, prompts.create(library, "Put away", "x").slug)
    page = client.get("/datasets/talks/entries/new").text
    assert "Use a prompt…" in page
    assert "Put away" not in page
    fields = {**form_of(page), "messages-1-text": "Typed already."}
    filled = client.post(
        "/datasets/talks/entries/new/form", data={**fields, "act": "prompt", "prompt": light}
    )
    assert form_of(filled.text)["messages-0-text"] == LIGHT
    assert form_of(filled.text)["messages-1-text"] == "Typed already."
    part = client.post(
        "/datasets/talks/entries/new/form",
        data={**fields, "act": "prompt", "prompt": light},
        headers={"HX-Target": "div#messages"},
    )
    assert "<html" not in part.text
    assert form_of(part.text)["messages-0-text"] == LIGHT


def test_an_entry_without_a_system_message_gets_one_in_front(client, library, talks, light):
    address = f"/datasets/talks/entries/{uuid(4)}"
    fields = form_of(client.get(address).text)
    filled = client.post(f"{address}/form", data={**fields, "act": "prompt", "prompt": light}).text
    posted = form_of(filled)
    assert [posted[f"messages-{n}-role"] for n in range(3)] == ["system", "user", "assistant"]
    assert client.post(address, data=posted).status_code == 303
    messages = browsing.open_entry(library, "talks", uuid(4)).entry.messages
    assert [message.text for message in messages] == [LIGHT, "Question 4?", "Answer 4."]


def test_a_prompt_that_cannot_be_put_in_says_why(client, library, talks, light):
    odd = prompts.create(library, "Odd", "One\rTwo").slug
    page = client.get("/datasets/talks/entries/new").text
    assert f'value="{odd}"' not in page
    address = "/datasets/talks/entries/new/form"
    for prompt, words in ((odd, "carriage returns"), ("", "no prompt"), ("none", "no prompt")):
        response = client.post(address, data={**form_of(page), "act": "prompt", "prompt": prompt})
        assert response.status_code in (404, 422)
        assert words in html.unescape(response.text)


def test_a_system_message_is_kept_as_a_prompt_from_its_entry(client, library, talks):
    page = client.get(f"/datasets/talks/entries/{uuid(0)}").text
    assert "Save as prompt" in page
    assert "Save as prompt" not in client.get(f"/datasets/talks/entries/{uuid(3)}").text
    data = {"dataset": "talks", "key": uuid(0), "name": "From here"}
    response = client.post("/prompts/from-entry", data=data)
    assert response.location == f"/datasets/talks/entries/{uuid(0)}"
    assert prompts.prompt(library, "from_here").content == LIGHT
    refused = client.post("/prompts/from-entry", data={**data, "name": "two\nlines"})
    assert refused.status_code == 422
    assert "one line" in refused.text


def test_the_help_has_an_article(client):
    assert "Attaching" in client.get("/help/prompts").text
    assert "/help/prompts" in client.get("/help?q=prompt").text


def test_what_is_typed_and_not_saved_is_kept(client, library, light):
    page = client.get(f"/prompts/{light}").text
    data = {"name": "Half", "description": "", "text": "Half a\r\nthought", "revision": revision(page)}
    assert client.post(f"/prompts/{light}/draft", data=data).text == "Draft kept"
    again = client.get(f"/prompts/{light}").text
    assert "This is your draft." in again
    assert text_of(again) == "Half a\nthought"
    assert prompts.prompt(library, light).content == LIGHT
    client.post(f"/prompts/{light}/save", data=data)
    assert "This is your draft." not in client.get(f"/prompts/{light}").text
    client.post(f"/prompts/{light}/draft", data=data)  # one that came late says what is there
    assert "This is your draft." not in client.get(f"/prompts/{light}").text


def test_a_draft_of_an_earlier_prompt_is_compared_and_can_be_let_go(client, library, light):
    page = client.get(f"/prompts/{light}").text
    data = {"name": "Half", "description": "", "text": "Half a thought", "revision": revision(page)}
    client.post(f"/prompts/{light}/draft", data=data)
    prompts.edit(library, light, content="Changed meanwhile.")
    again = client.get(f"/prompts/{light}").text
    assert "This prompt was changed after you opened it." in again
    assert text_of(again) == "Half a thought"
    assert client.post(f"/prompts/{light}/forget").location == f"/prompts/{light}"
    assert text_of(client.get(f"/prompts/{light}").text) == "Changed meanwhile."


def test_a_new_prompt_has_a_draft_too(client):
    data = {"name": "New", "description": "", "text": "Text."}
    client.post("/prompts/draft", data=data)
    page = client.get("/prompts?new=1").text
    assert "This is your draft." in page
    assert text_of(page) == "Text."
    client.post("/prompts", data=data)
    assert "This is your draft." not in client.get("/prompts?new=1").text
    client.post("/prompts/draft", data={**data, "text": "Another."})
    assert client.post("/prompts/forget").location == "/prompts?new=1"
    assert text_of(client.get("/prompts?new=1").text) == ""


def test_prompts_of_a_strange_sidecar_can_be_opened(client, library, talks, tmp_path):
    names = ["a/b", "a b", "100%", "ü?#&", "'\"]<b>", "new", "undo", "..", "/x", "\u202e"]
    rows = [
        {"slug": name, "name": name, "content": f"Text of {name}", "description": None, "is_active": True}
        for name in names
    ]
    sidecar = json.loads(talks.with_suffix(".registry.json").read_bytes())
    source = tmp_path / "strange.jsonl"
    source.write_bytes(talks.read_bytes())
    source.with_name("strange.registry.json").write_text(json.dumps({**sidecar, "system_prompts": rows}))
    opening.import_path(library, source, copy=True)
    page = client.get("/prompts").text
    assert page.count('class="row-link"') == len(names)
    assert client.get("/prompts", headers={"HX-Target": "div#counts"}).status_code == 200
    links = [html.unescape(link) for link in re.findall(r'class="row-link" href="([^"]*)"', page)]
    reached = [link for link in links if client.get(link).status_code == 200]
    assert len(reached) == 7  # no address leads over a slash, or to what cannot be seen
    for link in reached[:5]:
        assert client.post(f"{link}/archive").status_code in (303, 404)
