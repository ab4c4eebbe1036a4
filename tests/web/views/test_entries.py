"""The list over HTTP: all state in the address, parts for htmx, bulk acts."""

import json

import pytest

from app.domain.view import View
from app.services import browsing, opening

LISTING = {"HX-Request": "true", "HX-Target": "div#listing", "HX-Source": "form#filters"}


@pytest.fixture
def keys(library):
    """The keys of thirty entries in a dataset called talks."""
    lines = [
        {
            "messages": [
                {"role": "user", "content": f"Lamp {number}?"},
                {"role": "assistant", "content": "Lit. " * number},
            ],
            "tags": ["even"] if number % 2 == 0 else [],
        }
        for number in range(30)
    ]
    opening.import_text(library, "\n".join(json.dumps(line) for line in lines), "talks")
    return browsing.matching_keys(library, "talks", View())


def rows(response):
    return response.text.count('data-row="')


def test_the_whole_state_is_in_the_address(client, keys):
    address = "/datasets/talks/?q=lamp&tag=even&min_length=40&sort=-length&size=10"
    response = client.get(address)
    assert rows(response) == 10
    assert " 28?" in response.text
    assert "tag: even" in response.text
    assert "letters from 40" in response.text


def test_htmx_gets_the_list_alone_and_a_short_address(client, keys):
    empty = "&mode=contains&scope=user&scope=assistant&tag=&min_length=&sort=position&size=25"
    response = client.get(f"/datasets/talks/?q=lamp+1{empty}", headers=LISTING)
    assert "<html" not in response.text
    assert response.text.lstrip().startswith('<div id="listing">')
    assert response.headers["HX-Push-Url"] == "/datasets/talks/?q=lamp+1"


def test_typing_replaces_the_address(client, keys):
    response = client.get("/datasets/talks/?q=lamp", headers={**LISTING, "HX-Source": "input#q"})
    assert response.headers["HX-Replace-Url"] == "/datasets/talks/?q=lamp"


@pytest.mark.parametrize(
    "query",
    ["page=0", "page=x", "page=99999999999999999999", "size=7", "min_length=-1", "min_length=1e9", "sort=x",
     "mode=x", "scope=x", "tag_mode=x", "tag=,,", "q=%00", "q=%ff", "q=(&mode=regex", "entry=", "page=²"],
)  # fmt: skip
def test_an_address_with_nonsense_is_answered(client, keys, query):
    assert client.get(f"/datasets/talks/?{query}").status_code == 200


def test_every_entry_is_reachable_by_pages(client, keys):
    found = [rows(client.get(f"/datasets/talks/?size=10&page={page}")) for page in (1, 2, 3)]
    assert found == [10, 10, 10]


def test_the_exact_count_comes_later_where_it_takes_time(client, keys):
    page = client.get("/datasets/talks/?q=lamp&size=10")
    assert 'hx-get="/datasets/talks/count?q=lamp' in page.text
    count = client.get("/datasets/talks/count?q=lamp&size=10", headers={"HX-Target": "p#count"})
    assert "30 of 30 entries match." in count.text


def test_a_bad_pattern_says_what_is_wrong_with_it(client, keys):
    response = client.get("/datasets/talks/?q=(&mode=regex")
    assert "cannot be read" in response.text


@pytest.mark.parametrize("slug", ["none", "..", "%2e%2e", "a%2fb", "talks%00"])
def test_a_dataset_that_is_not_there(client, keys, slug):
    assert client.get(f"/datasets/{slug}/").status_code == 404


def test_a_renamed_dataset_is_found_under_its_old_address(client, keys):
    client.post("/datasets/talks/rename", data={"name": "walks"})
    response = client.get("/datasets/talks/?q=lamp+1&tag=even&tag=odd")
    assert response.status_code == 302
    assert response.headers["Location"] == "/datasets/walks/?q=lamp+1&tag=even&tag=odd"


def test_bulk_acts_on_the_selection(client, library, keys):
    client.post("/datasets/talks/bulk", data={"do": "add", "tags": "a, b", "keys": keys[:2]})
    assert browsing.open_entry(library, "talks", keys[1]).entry.tags == ("a", "b")
    client.post("/datasets/talks/bulk", data={"do": "replace", "tags": "c", "keys": keys[:1]})
    assert browsing.open_entry(library, "talks", keys[0]).entry.tags == ("c",)
    client.post("/datasets/talks/bulk", data={"do": "delete", "keys": keys[:2]})
    assert browsing.matching_keys(library, "talks", View()) == keys[2:]


def test_bulk_acts_on_all_that_match(client, library, keys):
    data = {"do": "remove", "tags": "even", "everything": "1", "view": "tag=even&q=lamp+2"}
    client.post("/datasets/talks/bulk", data=data)
    left = browsing.count(library, "talks", View(tags=("even",)))
    assert left == 15 - 6  # 2, 20, 22, 24, 26, 28


@pytest.mark.parametrize(
    "data", [{}, {"do": "add", "tags": "x"}, {"do": "add", "keys": "1"}, {"do": "x", "keys": "1"}]
)
def test_bulk_acts_without_sense_are_refused(client, keys, data):
    assert client.post("/datasets/talks/bulk", data=data).status_code == 422


def test_an_export_carries_the_view(client, keys):
    data = {"scope": "filter", "view": "tag=even", "format": "chatml", "clean": "1"}
    response = client.post("/datasets/talks/export", data=data)
    assert response.headers["Content-Disposition"] == "attachment; filename=talks.chatml.clean.jsonl"
    lines = response.data.decode().rstrip("\n").split("\n")
    assert len(lines) == 15
    assert list(json.loads(lines[0])) == ["messages"]


@pytest.mark.parametrize("data", [{}, {"format": "x"}, {"format": "chatml", "scope": "x"}])
def test_an_export_without_sense_is_refused(client, keys, data):
    assert client.post("/datasets/talks/export", data=data).status_code == 422


def test_bounds_that_nothing_can_meet_are_told(client, keys):
    page = client.get("/datasets/talks/?min_exchanges=9&max_exchanges=3").text
    assert "No entry has at least 9 and at most 3 exchanges." in page


def test_a_file_changed_outside_is_counted_on_the_first_page(client, library, keys):
    path = library.dataset("talks").path
    lines = path.read_bytes().split(b"\n")
    path.write_bytes(b"\n".join([*lines[:-1], lines[0], b"no json", b""]))
    page = client.get("/datasets/talks/").text
    total = len(lines)
    assert f"<dt>Entries</dt><dd>{total}</dd>" in page
    assert "Another program changed this file." in page
    assert "1 line</a>" in page
    client.post("/datasets/talks/outside", data={"keep": "outside"})
    assert "Took the changed file. 1 line of it cannot be read." in client.get("/datasets/talks/").text
    assert "1 unreadable line" in client.get("/").text


def test_the_same_list_again_is_no_step(client, keys):
    htmx = {"HX-Request": "true", "HX-Target": "div#listing", "HX-Source": "form#filters"}
    here = {**htmx, "HX-Current-URL": "http://localhost/datasets/talks/?tag=even"}
    again = client.get("/datasets/talks/?tag=even", headers=here)
    assert again.headers["HX-Replace-Url"] == "/datasets/talks/?tag=even"
    other = client.get("/datasets/talks/?tag=odd", headers=here)
    assert other.headers["HX-Push-Url"] == "/datasets/talks/?tag=odd"


@pytest.mark.parametrize(("mode", "words"), [("any", "or tag: odd"), ("all", "and tag: odd")])
def test_two_tags_say_how_they_go_together(client, keys, mode, words):
    assert words in client.get(f"/datasets/talks/?tag=even&tag=odd&tag_mode={mode}").text
