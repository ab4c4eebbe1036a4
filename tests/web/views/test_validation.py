"""What validation found over HTTP: the page, its states, the filter of the list, and the open entry."""

import html
import json
import re
from urllib.parse import parse_qs, urlsplit

import pytest

from app import jobs
from app.domain.targets.chosen import Chosen
from app.domain.validation.codes import CODES
from app.domain.view import View
from app.services import analysing, browsing, criteria, editing, opening, shelving, validating
from app.store import likeness
from app.web import working

SOUND = {
    "messages": [
        {"role": "system", "content": "You keep the harbour light."},
        {"role": "user", "content": "Is the kettle warm?"},
        {"role": "assistant", "content": "Warm enough."},
    ],
    "tags": ["calm"],
}
BROKEN = {
    "messages": [
        {"role": "human", "content": " Who rows out? "},
        {"role": "assistant", "content": "Nobody.<|im_end|> Write to mara@example.com."},
    ],
    "tags": ["calm"],
}
PAGE = "/datasets/talks/validation"


def dataset(library, *values, name="talks"):
    """A dataset of these entries; each gets words of its own."""
    lines = []
    for number, value in enumerate(values):
        said = [{**each, "content": f"{each['content']} ({number})"} for each in value["messages"]]
        lines.append(json.dumps({**value, "messages": said}))
    opening.import_text(library, "\n".join(lines), name)


def text_of(page):
    return re.sub(r"\s+", " ", html.unescape(re.sub(r"<[^>]+>", " ", page)))


def total(client, address):
    """How many entries a list shows."""
    shown = re.search(r'<p id="count"[^>]*>([\d,]+)', client.get(address).text)[1]
    return int(shown.replace(",", ""))


def test_every_code_stands_there_with_its_number_which_leads_to_exactly_its_entries(client, library):
    dataset(library, SOUND, BROKEN, BROKEN, SOUND, BROKEN)
    page = client.get(PAGE).text
    found = validating.overview(library, "talks").codes
    assert {"text.special_token", "privacy.email", "chatml.role_canonicalization"} <= {
        each.code.name for each in found
    }
    for each in found:
        assert each.code.title in html.unescape(page)
        assert html.escape(each.code.meaning, quote=False)[:30] in html.unescape(page)
        (address,) = re.findall(rf'class="code-count" href="([^"]*diagnostic={each.code.name})"', page)
        assert total(client, address) == each.entries
        assert (f"/validation/repair/{each.code.name}" in page) == each.repairable


def test_what_was_found_is_listed_and_leads_to_its_entries(client, library):
    dataset(library, SOUND, BROKEN, BROKEN)
    page = client.get(PAGE).text
    (address,) = re.findall(r'href="([^"]*diagnostic=text\.special_token:[^"]*)"', page)
    assert parse_qs(urlsplit(html.unescape(address)).query) == {
        "diagnostic": ["text.special_token:<|im_end|>"]
    }
    assert total(client, html.unescape(address)) == 2
    listed = text_of(client.get(html.unescape(address)).text)
    assert "A control token in the text: <|im_end|>" in listed


def test_that_not_all_were_compared_is_told_with_a_way_to_do_so(client, library, monkeypatch):
    dataset(library, SOUND, SOUND, SOUND)
    told = "Not all entries were compared with each other since the last changes."
    assert told not in client.get(PAGE).text
    monkeypatch.setattr(analysing, "COMPARED", 0)
    monkeypatch.setattr(likeness, "MOST", 1)  # so that all are too many
    editing.delete_entries(library, "talks", browsing.matching_keys(library, "talks", View())[:1])
    page = client.get(PAGE).text
    assert told in page
    assert "Compare them anew" in page
    monkeypatch.setattr(working, "QUICK", 60)
    client.post(PAGE)
    assert told not in client.get(PAGE).text


def test_severities_and_the_sound_ones_lead_to_the_list(client, library):
    dataset(library, SOUND, BROKEN, BROKEN)
    page = client.get(PAGE).text
    for severity, number in validating.overview(library, "talks").severities.items():
        if number:
            assert f"diagnostic={severity.word}" in page
            assert total(client, f"/datasets/talks/?diagnostic={severity.word}") == number
    assert total(client, "/datasets/talks/?diagnostic=sound") == 1
    assert total(client, "/datasets/talks/?diagnostic=any") == 2


def test_a_sound_dataset_and_an_empty_one_say_so(client, library):
    dataset(library, SOUND)
    assert "Nothing was found" in client.get(PAGE).text
    shelving.new_dataset(library, "empty")
    assert "No entries yet" in client.get("/datasets/empty/validation").text


def test_lines_that_are_no_entries_are_linked(client, library):
    opening.import_text(library, json.dumps(SOUND) + "\nnot json", "talks")
    page = client.get(PAGE).text
    assert "1 line could not be read as an entry." in page
    assert 'href="/datasets/talks/rejected"' in page


def test_a_name_where_a_role_is_expected_leads_to_the_speakers(client, library):
    dataset(library, {"messages": [{"role": "Mara", "content": "Hm"}, *SOUND["messages"][1:]], "tags": []})
    page = client.get(PAGE).text
    assert "chatml.unknown_role" in page
    assert 'href="/datasets/talks/speakers">Say who they are' in page


@pytest.fixture
def few(monkeypatch):
    """Two looks are as many as a click waits for."""
    monkeypatch.setattr(analysing, "FEW", 2)


def test_many_entries_wait_for_a_button_and_nothing_is_said_of_them_before(client, library, few):
    dataset(library, *[BROKEN] * 5)
    page = client.get(PAGE).text
    assert "Not looked through yet" in page
    assert "Look through 5 entries" in page
    assert "text.special_token" not in page
    assert "tally" not in page
    done = client.post(PAGE, follow_redirects=True)
    assert "text.special_token" in done.text
    assert "Look through" not in done.text


def test_entries_that_changed_since_are_told_apart(client, library, few):
    dataset(library, *[SOUND] * 5)
    analysing.bring_up_to_date(library, "talks")
    for key in browsing.matching_keys(library, "talks", View())[:3]:
        shown = browsing.open_entry(library, "talks", key)
        value = {**BROKEN, "_rolethread": shown.entry.value["_rolethread"]}
        editing.save_entry(library, "talks", key, value, revision=shown.revision)
    page = client.get(PAGE).text
    assert "Not all is known yet." in page
    assert "3 entries have still to be looked at" in page


def test_a_filtered_list_of_many_is_looked_through_first(client, library, few):
    dataset(library, *[BROKEN] * 5)
    address = "/datasets/talks/?min_length=1&diagnostic=error"
    response = client.get(address)
    assert response.status_code == 303
    assert client.get(response.headers["Location"]).status_code == 200
    assert total(client, response.headers["Location"]) == 5


def test_a_look_that_takes_long_has_a_page_of_its_own_and_leads_to_the_list(
    client, library, few, monkeypatch
):
    monkeypatch.setattr(working, "QUICK", 0)
    dataset(library, *[BROKEN] * 5)
    address = "/datasets/talks/?diagnostic=error"
    part = {"HX-Target": "div#listing"}
    response = client.get(address, headers=part)
    page = response.headers["HX-Redirect"]
    assert page.startswith("/jobs/")
    job = jobs.get(page.removeprefix("/jobs/"))
    assert job.wait(30)
    assert f'href="{address}">See what was found' in html.unescape(client.get(page).text)
    assert "5 entries" in client.get(address, headers=part).text


def test_an_entry_beside_a_filtered_list_does_not_wait_for_it(client, library, few):
    dataset(library, *[BROKEN] * 5)
    key = browsing.matching_keys(library, "talks", View())[0]
    part = {"HX-Target": "div#entry"}
    shown = client.get(f"/datasets/talks/?diagnostic=error&entry={key}", headers=part)
    assert shown.status_code == 200
    assert "A control token in the text" in shown.text


def test_the_filter_can_be_chosen_and_is_taken_off_by_a_click(client, library):
    dataset(library, SOUND, BROKEN)
    page = client.get("/datasets/talks/?diagnostic=privacy.email&tag=calm").text
    chosen = re.search(r'<select id="diagnostic".*?</select>', page, re.DOTALL)[0]
    assert '<option value="privacy.email" selected>An e-mail address</option>' in chosen
    assert re.findall(r'value="(\w*)"', chosen) == [
        "", "any", "error", "warning", "info", "sound",
    ]  # fmt: skip
    on = re.findall(r'class="filter-on" href="([^"]+)"[^>]*><bdi>([^<]+)', page)
    assert ("/datasets/talks/?tag=calm", "An e-mail address") in [(html.unescape(a), b) for a, b in on]


@pytest.mark.parametrize("wanted", ["nothing", "text.special_token:", "a:b:c", "%00", "x" * 5000, "error:"])
def test_a_diagnostic_that_is_none_finds_nothing_or_counts_as_not_given(client, library, wanted):
    dataset(library, SOUND, BROKEN)
    response = client.get("/datasets/talks/", query_string={"diagnostic": wanted})
    assert response.status_code == 200


def test_a_bulk_edit_of_all_that_match_keeps_to_the_filter(client, library):
    dataset(library, SOUND, BROKEN, BROKEN, SOUND)
    view = "diagnostic=text.special_token"
    sent = {"do": "add", "tags": "mend", "everything": "1", "view": view}
    done = client.post("/datasets/talks/bulk", data=sent)
    assert done.headers["Location"].endswith(view)
    assert total(client, "/datasets/talks/?tag=mend") == 2
    sent = {"do": "export", "everything": "1", "view": view}
    assert view in client.post("/datasets/talks/bulk", data=sent).headers["Location"]
    sent = {"do": "delete", "everything": "1", "view": view}
    client.post("/datasets/talks/bulk", data=sent)
    assert total(client, "/datasets/talks/") == 2
    assert total(client, "/datasets/talks/?diagnostic=sound") == 2


def test_the_open_entry_lists_its_diagnostics_with_the_place_and_the_way_there(client, library):
    dataset(library, BROKEN)
    key = browsing.matching_keys(library, "talks", View())[0]
    page = client.get(f"/datasets/talks/entries/{key}").text
    said = page.partition('class="diagnostics"')[2].partition("</section>")[0]
    for each in validating.of_entry(library, "talks", key):
        assert html.escape(CODES[each.code].title, quote=False) in said
    assert 'href="#messages-1-text" data-span="7 17">Message 2</a>' in said
    assert '<mark data-text="&lt;|im_end|&gt;">&lt;|im_end|&gt;</mark>' in said
    assert f"/datasets/talks/validation/repair/text.special_token?entry={key}" in said
    other = client.get(f"/datasets/talks/?entry={key}&tab=json").text
    assert f'entry={key}#messages-1-text">Message 2</a>' in html.unescape(other)


def test_a_saved_entry_is_looked_at_anew_with_its_list(client, library):
    dataset(library, BROKEN, BROKEN)
    listed = "/datasets/talks/?diagnostic=text.special_token"
    assert total(client, listed) == 2
    key = browsing.matching_keys(library, "talks", View())[0]
    shown = browsing.open_entry(library, "talks", key)
    sent = {
        "revision": shown.revision,
        "view": "diagnostic=text.special_token",
        "messages-0-origin": "0",
        "messages-0-role": "human",
        "messages-0-text": " Who rows out?  (0)",
        "messages-1-origin": "1",
        "messages-1-role": "assistant",
        "messages-1-text": "Nobody.",
        "keep_tags": "0",
    }
    saved = client.post(f"/datasets/talks/entries/{key}", data=sent, headers={"HX-Target": "div#entry"})
    assert saved.status_code == 200
    assert "A control token in the text" not in saved.text
    assert "A role in another spelling" in saved.text
    assert total(client, listed) == 1


def test_in_an_entry_that_can_only_be_read_the_very_words_are_marked(client, library):
    line = '{"a": 1, "a": 2, "messages": [{"role": "user", "content": "Hm"},'
    line += ' {"role": "assistant", "content": "Sure<|im_end|> yes"}]}'
    opening.import_text(library, line, "talks")
    key = browsing.matching_keys(library, "talks", View())[0]
    assert browsing.open_entry(library, "talks", key).entry.locked
    page = client.get(f"/datasets/talks/entries/{key}").text
    assert '<mark title="error: A control token in the text">&lt;|im_end|&gt;' in page
    assert 'id="messages-1-text"' in page


def test_few_entries_are_looked_at_while_the_page_is_made(client, library):
    dataset(library, *[BROKEN] * 100, name="many")
    assert client.get("/datasets/many/validation").status_code == 200
    assert validating.overview(library, "many").due.entries == 0


def test_a_filter_that_finds_nothing_says_so_in_words_that_fit(client, library):
    said = [{"role": "user", "content": "Hm?"}, {"role": "assistant", "content": "Yes."}]
    opening.import_text(library, json.dumps({"messages": said, "tags": []}), "plain")
    assert "No entry has this" in client.get("/datasets/plain/?diagnostic=privacy.email").text
    unknown = client.get("/datasets/plain/?diagnostic=no.such").text
    assert "RoleThread knows no diagnostic “no.such”." in unknown


def test_how_bad_it_is_has_one_word_on_every_page(client, library):
    dataset(library, BROKEN)
    key = browsing.matching_keys(library, "talks", View())[0]
    said = re.findall(r'<h3 data-severity="(\w+)">([^<]+)', client.get(f"/datasets/talks/entries/{key}").text)
    headed = re.findall(r'<h2 id="found-(\w+)">([^<]+?) <small', client.get(PAGE).text)
    assert said == headed == [("error", "Errors"), ("warning", "Warnings"), ("info", "Worth a look")]
    options = client.get("/datasets/talks/").text
    assert all(f'<option value="{word}">{words}</option>' in options for word, words in said)


def test_the_numbers_at_the_top_have_a_unit_and_are_not_taken_for_parts_of_a_whole(client, library):
    dataset(library, BROKEN, BROKEN, SOUND)
    page = client.get(PAGE).text
    top = text_of(page.partition("</h1>")[2].partition("</ul>")[0])
    assert "Of 3 entries. One with findings of several kinds counts in each of them." in top
    assert "2 entries with errors" in top
    assert "2 entries worth a look" in top
    assert "1 entry in which nothing was found" in top


def test_what_is_private_is_not_said_to_be_fine(client, library):
    dataset(library, BROKEN)
    said = "Fine, if you meant it so. What is private is to be taken out before others see it."
    assert said in text_of(client.get(PAGE).text)
    dataset(library, {**SOUND, "messages": SOUND["messages"][1:]}, name="public")
    page = text_of(client.get("/datasets/public/validation").text)
    assert "Fine, if you meant it so." in page
    assert "What is private" not in page


def test_an_entry_says_what_is_not_known_of_it_yet_and_offers_the_look(client, library, few):
    dataset(library, *[BROKEN] * 5)
    key = browsing.matching_keys(library, "talks", View())[2]
    address = f"/datasets/talks/?tag=calm&entry={key}"
    page = client.get(f"{address}&tab=json").text
    assert "Not known yet: whether it repeats another entry." in page
    form = page.partition('class="unlooked"')[2].partition("</form>")[0]
    assert "Look through the dataset" in form
    sent = {name: html.unescape(value) for name, value in re.findall(r'name="(\w+)" value="([^"]*)"', form)}
    done = client.post(f"/datasets/talks/entries/{key}/look", data=sent)
    assert done.headers["Location"] == f"{address}&tab=json"
    page = client.get(address).text
    assert "Not known yet" not in page
    criteria.set_target(library, "talks", Chosen(family="gemma3"))
    assert "whether it repeats another entry, and what its target makes of it." in client.get(address).text
    assert client.post("/datasets/talks/entries/gone/look").status_code == 404


def test_an_entry_in_which_nothing_was_found_so_far_says_how_far(client, library):
    dataset(library, SOUND)
    key = browsing.matching_keys(library, "talks", View())[0]
    address = f"/datasets/talks/entries/{key}"
    assert "Nothing was found in its texts, tags and keys." in client.get(address).text
    client.get(PAGE)
    assert "Nothing was found.</p>" in client.get(address).text


def test_the_card_of_a_dataset_says_how_it_stands_and_each_number_leads_to_its_entries(client, library):
    dataset(library, SOUND, BROKEN, BROKEN)
    dataset(library, SOUND, name="sound")
    assert client.get("/").text.count(">not looked through yet</a>") == 2
    client.get(PAGE)
    client.get("/datasets/sound/validation")
    page = client.get("/").text
    found = dict(re.findall(r'<a href="([^"]+diagnostic=[^"]+)">(\d+) (?:with|worth)', page))
    assert {address.partition("=")[2] for address in found} == {"error", "warning", "info"}
    assert all(total(client, address) == int(number) for address, number in found.items())
    assert '<a href="/datasets/sound/validation">nothing found</a>' in page
    editing.delete_entries(library, "talks", browsing.matching_keys(library, "talks", View())[:1])
    page = client.get("/").text
    assert '<a href="/datasets/talks/validation">not looked through since it changed</a>' in page
