"""The page of tags: what it lists, what each thing done to a tag says before and after, and its review."""

import json
import re

import pytest

from app.services import history, opening, shelving, tagging
from app.services.taxonomy import taxonomy
from app.web import working

SHEET = {"HX-Request": "true", "HX-Target": "div#sheet"}
ON_LIST = {**SHEET, "HX-Current-URL": "http://localhost/tags"}


def fill(library, slug, *tags):
    """A dataset with an entry for each list of tags."""
    lines = (
        {
            "messages": [
                {"role": "user", "content": f"{slug} {number}?"},
                {"role": "assistant", "content": "Yes."},
            ],
            "tags": list(each),
        }
        for number, each in enumerate(tags)
    )
    opening.import_text(library, "\n".join(json.dumps(line) for line in lines), slug)


@pytest.fixture
def harbour(library):
    """Two datasets that share tags, of which two have been adopted."""
    fill(library, "talks", ["calm", "pacing"], ["calm"], ["storm"], [])
    fill(library, "walks", ["calm"], ["懸疑", "éowyn"])
    tagging.create_category(library, "Weather")
    tagging.adopt(library, "calm", "weather")
    tagging.adopt(library, "storm", "weather")


def tag(library, slug):
    return taxonomy(library).tag(slug)


def row(page, slug):
    """The row of a tag, without its markup."""
    found = re.search(rf'<li class="tag-row" id="tag-{slug}".*?\n</li>', page, re.DOTALL)
    return " ".join(re.sub("<[^>]+>", " ", found[0]).split())


def test_an_empty_library_has_the_built_in_tags(client):
    page = client.get("/tags").text
    assert re.findall(r'data-colour="\w+">(\w+)</span></h2>', page) == [
        "Behavior",
        "Interaction",
        "Style",
        "Source",
        "Status",
    ]
    assert "No User Control no_user_control" in row(page, "no_user_control")
    assert row(page, "pacing") == "Pacing unused"
    assert "to-review" not in page


def test_each_number_leads_to_exactly_its_entries(client, harbour):
    page = client.get("/tags").text
    (one,) = re.findall(r'<a href="([^"]+)"[^>]*>1 entry<span class="unseen"> with Storm', page)
    assert client.get(one).text.count('class="row-link"') == 1
    links = re.findall(r'<a href="([^"]+)"><bdi>(\w+)</bdi>: (\d) entr', page)
    assert [(dataset, number) for _, dataset, number in links] == [("talks", "2"), ("walks", "1")]
    for address, _, number in links:
        assert client.get(address).text.count('class="row-link"') == int(number)


@pytest.mark.parametrize("words", ["sea", "SEA CALM", "sea_calm", "former", "calm"])
def test_the_search_finds_names_slugs_and_former_names(client, library, harbour, words):
    tagging.rename(library, "calm", "Former")
    tagging.rename(library, "former", "Sea-calm")
    page = client.get("/tags", query_string={"q": words}).text
    assert "formerly" in row(page, "sea_calm")
    assert 'id="tag-storm"' not in page
    assert f'value="{words}"' in page


def test_a_search_for_nothing_says_so(client):
    assert "No tag has these words" in client.get("/tags?q=nowhere").text


@pytest.mark.parametrize(
    ("slug", "effect"),
    [
        ("calm", "Rewrites 3 entries in 2 datasets."),
        ("calm", "Takes it off 3 entries in 2 datasets, and forgets it."),
        ("storm", "Rewrites 1 entry of talks to have that tag instead."),
        ("storm", "1 entry of talks keeps it."),
        ("懸疑", "It is offered everywhere from then on."),
    ],
)
def test_what_would_happen_is_said_first(client, harbour, slug, effect):
    for headers in ({}, SHEET):
        page = client.get(f"/tags/{slug}", headers=headers).text
        assert effect in page
        assert ("<!doctype html>" in page) == (not headers)


def test_built_in_tags_offer_nothing_but_hiding(client, harbour):
    page = client.get("/tags/pacing").text
    assert re.findall(r'action="/tags/pacing/(\w+)', page) == ["hide"]


DEEDS = [
    ("calm", "rename", {"name": "Still water"}, "Renamed Calm to Still water in 3 entries."),
    ("calm", "merge", {"into": "Storm"}, "Merged Calm into Storm in 3 entries."),
    ("calm", "delete", {}, "Deleted Calm in 3 entries."),
    ("calm", "move", {"category": "style"}, "Moved Calm into Style."),
    ("calm", "archive", {}, "Archived Calm."),
    ("calm", "hide", {}, "Hid Calm."),
    ("懸疑", "adopt", {"category": "weather"}, "Adopted 懸疑 into Weather."),
]


@pytest.mark.parametrize(("slug", "act", "form", "said"), DEEDS)
def test_a_deed_is_done_said_and_taken_back(client, library, harbour, slug, act, form, said):
    files = [library.dataset(name).path for name in ("talks", "walks")]
    before, lines = taxonomy(library), [path.read_bytes() for path in files]
    response = client.post(f"/tags/{slug}/{act}", data={**form, "q": "a"})
    assert response.headers["Location"] == "/tags?q=a"
    assert taxonomy(library) != before
    page = client.get("/tags").text
    assert said in page
    (address,) = re.findall(r'<form method="post" action="(/tags/undo[^"]+q=a)"', page)
    assert client.post(address.replace("&amp;", "&")).headers["Location"] == "/tags?q=a"
    assert taxonomy(library) == before
    assert [path.read_bytes() for path in files] == lines


def test_the_last_changes_can_be_undone_when_no_toast_offers_it_any_more(client, library):
    assert "Last changes" not in client.get("/tags").text
    client.post("/categories", data={"name": "Weather"})
    client.get("/tags")
    page = client.get("/tags").text
    assert "<bdi>New category Weather</bdi>" in page
    (address,) = re.findall(r'<form method="post" action="(/tags/undo[^"]+)"', page)
    assert "weather" not in client.post(address, follow_redirects=True).text
    page = client.get("/tags").text
    assert re.search(r'New category Weather</bdi>.*<span class="badge">undone', page)
    assert "/tags/undo" not in page
    assert "Last changes" not in client.get("/tags?q=a").text


@pytest.mark.parametrize(
    ("address", "form"),
    [
        ("/tags/calm/rename", {"name": " Calm "}),
        ("/tags/calm/move", {"category": "weather"}),
        ("/categories/weather/rename", {"name": "Weather"}),
    ],
)
def test_what_is_so_already_is_no_operation(client, library, harbour, address, form):
    before = history.shared_operations(history.TAGS)
    assert before
    for headers in ({}, ON_LIST):
        response = client.post(address, data=form, headers=headers)
        assert "Nothing had changed." in (response.text if headers else client.get("/tags").text)
    assert history.shared_operations(history.TAGS) == before


def test_a_former_name_stands_for_the_present_one(client, library, harbour):
    tagging.rename(library, "storm", "Gale")
    client.post("/tags/calm/merge", data={"into": "Storm"})
    assert "Merged Calm into Gale in 3 entries." in client.get("/tags").text
    response = client.post("/tags/storm/archive", headers=SHEET)
    assert response.status_code == 404
    assert "storm is now called gale." in response.text
    assert "<bdi>Gale</bdi></h1>" in response.text


def test_names_that_cannot_be_are_quoted_and_an_imported_tag_is_called_so(client, harbour):
    assert "“!!” cannot be a name." in client.post("/tags", data={"name": "!!"}).text
    page = client.post("/tags", data={"name": "éowyn"}).text
    assert "There is a tag called Éowyn already; it is imported." in page
    page = client.post("/categories", data={"name": "weather!"}).text
    assert "There is a category called Weather already." in page


def test_an_archived_tag_is_restored(client, library, harbour):
    client.post("/tags/calm/archive")
    assert tag(library, "calm").status == "archived"
    client.post("/tags/calm/restore")
    assert (tag(library, "calm").status, tag(library, "calm").category) == ("active", "weather")


def test_what_takes_long_is_a_job(client, library, harbour, monkeypatch):
    monkeypatch.setattr(working, "QUICK", 0.0)
    with library.writing():
        response = client.post("/tags/calm/rename", data={"name": "Still"})
    assert response.headers["Location"].startswith("/jobs/")


def test_in_the_dialog_the_list_is_brought_up_to_date_in_place(client, library, harbour):
    response = client.post("/tags/calm/archive", headers=ON_LIST)
    assert response.headers["HX-Retarget"] == "#taxonomy"
    assert "HX-Redirect" not in response.headers
    assert "Archived Calm." in response.text
    assert '<div id="taxonomy">' in response.text


@pytest.mark.parametrize(
    ("act", "form", "status", "words"),
    [
        ("rename", {"name": "Storm"}, 409, "There is a tag called Storm already"),
        ("rename", {"name": "!!"}, 422, "cannot be a name"),
        ("merge", {"into": "nowhere"}, 404, "There is no tag called nowhere"),
        ("merge", {"into": "calm"}, 422, "cannot be merged into itself"),
    ],
)
def test_a_refusal_stands_where_the_form_is(client, library, harbour, act, form, status, words):
    for headers in ({}, SHEET):
        response = client.post(f"/tags/calm/{act}", data=form, headers=headers)
        assert response.status_code == status
        assert words in response.text
        (typed,) = form.values()
        assert re.search(rf'value="{typed}" aria-invalid="true"', response.text)
        assert 'id="sheet"' in response.text
    assert tag(library, "calm").entries == 3


def test_what_is_no_tag_and_no_deed_is_not_found(client, harbour):
    assert client.get("/tags/nowhere").status_code == 404
    assert client.post("/tags/calm/fly").status_code == 404
    assert client.get("/categories/nowhere").status_code == 404


def test_a_former_name_leads_to_the_present_one(client, library, harbour):
    tagging.rename(library, "calm", "Still")
    assert client.get("/tags/calm").headers["Location"] == "/tags/still"


def locked(number):
    """A line that no edit can keep as it is: one of its keys stands in it twice."""
    return f'{{"messages": [], "tags": ["calm"], "n": {number}, "n": 0}}'


def test_a_former_name_that_entries_have_is_listed_and_rewritten(client, library, harbour):
    shelving.trash(library, "talks")
    tagging.rename(library, "calm", "Still <b>")
    assert "Former names" not in client.get("/tags").text
    shelving.untrash(library, "talks")
    page = client.get("/tags").text
    assert "Former names still in entries" in page
    (listed,) = re.findall(r'<li class="tag-row" id="former-calm".*?</li>', page, re.DOTALL)
    words = " ".join(re.sub("<[^>]+>", " ", listed).split())
    assert words == "calm now still_b Rewrite to still_b 2 entries with calm"
    (entries,) = re.findall(r'<a href="([^"]+)"', listed)
    assert client.get(entries).text.count('class="row-link"') == 2
    assert 'id="former-calm"' in client.get("/tags?q=calm").text
    assert 'id="former-calm"' not in client.get("/tags?q=storm").text
    client.post("/tags/calm/rewrite")
    page = client.get("/tags").text
    assert "Rewrite tag calm to still_b in 2 entries." in page
    assert "former-calm" not in page
    assert tag(library, "still_b").uses == {"talks": 2, "walks": 1}
    refused = client.post("/tags/calm/rewrite")
    assert refused.status_code == 404
    assert "No entry has calm as the former name of a tag." in refused.text
    assert 'id="taxonomy"' in refused.text


def test_entries_that_had_to_be_left_alone_are_said(client, library, harbour):
    opening.import_text(library, f"{locked(1)}\n{locked(2)}\n", "odd")
    client.post("/tags/calm/rename", data={"name": "still"})
    page = client.get("/tags").text
    assert "in 3 entries; 2 entries left alone, whose lines cannot be rewritten" in page
    assert 'id="former-calm"' in page
    refused = client.post("/tags/calm/rewrite")
    assert refused.status_code == 422
    assert "No entry with calm can be rewritten" in refused.text


def test_the_review_leads_from_one_imported_tag_to_the_next(client, library, harbour):
    page = client.get("/tags/to-review").text
    assert "Imported tag 1 of 2" in page
    response = client.post(
        "/tags/éowyn/adopt", data={"category": "weather", "next": "懸疑"}, follow_redirects=True
    )
    assert "Imported tag 1 of 1" in response.text
    assert "Adopted Éowyn into Weather." in response.text
    assert '<option value="weather" selected>' in response.text
    response = client.post("/tags/懸疑/merge", data={"into": "Storm", "next": ""}, follow_redirects=True)
    assert "Every imported tag has been looked at" in response.text
    assert tag(library, "storm").uses == {"talks": 1, "walks": 1}


def test_a_refusal_in_the_review_stays_in_the_review(client, harbour):
    response = client.post("/tags/懸疑/merge", data={"into": "", "next": ""})
    assert response.status_code == 422
    assert "No tag was chosen." in response.text
    assert "Imported tag" in response.text


def order(library, category):
    return next(
        [each.slug for each in group.tags] for group in taxonomy(library).categories if group.slug == category
    )


def test_tags_are_put_in_order_by_a_step_or_by_the_whole(client, library, harbour):
    slugs = order(library, "source")
    client.post(
        "/tags/new-order", data={"category": "source", "slug": slugs, "move": "down:manual", "arrange": "1"}
    )
    assert order(library, "source") == ["ai_generated", "manual", "imported", "converted"]
    client.post("/tags/new-order", data={"category": "source", "slug": slugs[::-1]})
    assert order(library, "source") == slugs[::-1]
    history.undo_shared(library)
    history.undo_shared(library)
    assert order(library, "source") == slugs


def test_a_step_beyond_the_end_is_none(client, library):
    slugs = order(library, "source")
    response = client.post("/tags/new-order", data={"category": "source", "slug": slugs, "move": "up:manual"})
    assert response.status_code == 303
    assert order(library, "source") == slugs
    assert "undo" not in client.get("/tags").text


def test_categories_are_made_renamed_ordered_and_deleted(client, library):
    client.post("/categories", data={"name": "心情"})
    slugs = [each.slug for each in taxonomy(library).categories]
    assert slugs[-1] == "心情"
    client.post("/categories/new-order", data={"slug": slugs, "move": "up:心情"})
    assert [each.slug for each in taxonomy(library).categories][-2] == "心情"
    client.post("/categories/心情/rename", data={"name": "Mood"})
    client.post("/tags", data={"name": "Wistful", "category": "mood"})
    assert tag(library, "wistful").category == "mood"
    refused = client.post("/categories/mood/delete")
    assert refused.status_code == 422
    assert "Mood still has 1 tag." in refused.text
    client.post("/tags/wistful/delete")
    client.post("/categories/mood/delete")
    assert "mood" not in [each.slug for each in taxonomy(library).categories]


def test_a_name_that_is_taken_is_refused_beside_its_field(client, harbour):
    response = client.post("/tags", data={"name": "Calm"})
    assert response.status_code == 409
    assert 'value="Calm" aria-invalid="true"' in response.text


def test_an_undo_without_a_number_is_refused(client):
    assert client.post("/tags/undo").status_code == 422
    assert client.post("/tags/undo?operation=99").status_code == 404


def test_a_tag_says_its_category_and_its_state_wherever_it_stands(client, library, harbour):
    tagging.archive(library, "storm")
    page = client.get("/datasets/talks/").text
    weather = r'data-tag-status="active" data-colour="teal" title="(?:calm · )?Weather"'
    assert re.search(rf'<span class="badge" {weather}><bdi>calm</bdi><span class="unseen"> \(Weather\)', page)
    assert re.search(rf'<a class="filter-on" href="[^"]+" {weather} data-adds-tag="calm"', page)
    assert '<bdi>storm</bdi><span class="unseen"> (Weather)</span> <span class="soft">archived</span>' in page
    assert '<bdi>懸疑</bdi><span class="unseen"> (imported)</span>' in client.get("/datasets/walks/").text
    assert "<bdi>calm</bdi>" in client.get("/").text
    filtered = client.get("/datasets/talks/?tag=storm").text
    assert 'title="Take this filter off · Weather · archived"' in filtered
    key = re.search(r'data-row="([^"]+)"', filtered)[1]
    opened = client.get(f"/datasets/talks/?entry={key}").text
    assert '<bdi>storm</bdi> <small class="soft">archived</small>' in opened


def options(page, name):
    """What a list of suggestions offers, with the words beside it."""
    found = re.search(rf'<datalist id="{name}">(.*?)</datalist>', page, re.DOTALL)[1]
    return re.findall(r'<option value="([^"]*)" label="([^"]*)">', found)


def test_completion_offers_what_is_in_use_and_the_filter_what_the_dataset_has(client, library, harbour):
    tagging.archive(library, "storm")
    page = client.get("/datasets/talks/").text
    assert options(page, "used-tags") == [("calm", "2 entries"), ("pacing", "1 entry"), ("storm", "1 entry")]
    offered = options(page, "known-tags")
    assert offered[:3] == [("calm", "2 entries"), ("pacing", "1 entry"), ("boundaries", "Behavior")]
    assert "storm" not in dict(offered)
    assert "懸疑" not in dict(offered)


ODD = ("/", "..", "!!!", "?#", "&", "100%", "a/b", "to-review", "-2f", "<b>", "\u202e", "x" * 300)


def test_tags_of_any_letters_can_be_opened_and_dealt_with(client, library):
    fill(library, "odd", *([label] for label in ODD))
    page = client.get("/tags").text
    links = re.findall(r'id="open-[^"]+" href="([^"]+)" hx-get', page)
    imported = [each.slug for each in taxonomy(library).imported]
    assert len(imported) == len(ODD)
    sheets = [client.get(link) for link in links[-len(ODD) :]]
    assert {sheet.status_code for sheet in sheets} == {200}
    for slug, sheet in zip(imported, sheets, strict=True):
        (action,) = re.findall(r'action="([^"]+/hide)"', sheet.text)
        assert client.post(action).status_code == 303
        assert tag(library, slug).status == "hidden"


def test_an_address_that_spells_no_tag_is_not_found(client):
    assert client.get("/tags/-2").status_code == 404
    assert client.get("/tags/-ff").status_code == 404
