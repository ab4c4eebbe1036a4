"""The page of a dataset's target: the choice, and numbers that lead to exactly their entries."""

import json
import re
from html import unescape

import pytest

from app.domain.targets.chosen import Chosen
from app.services import criteria, opening, shelving
from app.services.analysing import FEW
from tests.workshop import keys

HERE = "/datasets/talks/targets"
FORM = {
    "trainer": "trl",
    "family": "mistral-v3",
    "vocabulary": "",
    "limit": "",
    "mask": "assistant",
}
SAID = [
    {"role": "system", "content": "You keep the light."},
    {"role": "user", "content": "Is it on?"},
    {"role": "assistant", "content": "Always."},
]
HOSTILE = "<script>alert(1)</script>"


def fill(library, name, count):
    talks = [SAID, SAID[2:] + SAID[1:], [{**SAID[1], "role": HOSTILE}, SAID[2]]]
    lines = [json.dumps({"messages": talks[n % 3], "n": n}) for n in range(count)]
    opening.import_text(library, "\n".join(lines), name)


@pytest.fixture
def talks(library):
    fill(library, "talks", 6)


def test_without_a_target_the_page_says_what_to_do(client, talks):
    page = client.get(HERE).text
    assert "Choose a trainer, a chat template or both" in page
    assert "Entries by their tokens" in page


def test_a_choice_is_kept_and_can_be_undone(client, library, talks):
    response = client.post(HERE, data={**FORM, "limit": "2048"})
    assert response.status_code == 303
    assert criteria.target_for(library, "talks") == Chosen("trl", "mistral-v3", limit=2048)
    page = client.get(HERE).text
    assert 'value="2048"' in page
    undo = re.search(r'<form method="post" action="(/targets/undo[^"]*)"', page)[1]
    assert client.post(unescape(undo)).headers["Location"] == HERE
    assert criteria.target_for(library, "talks") == Chosen()


def test_every_number_leads_to_so_many_entries(client, talks):
    client.post(HERE, data=FORM)
    page = client.get(HERE).text
    links = re.findall(r'href="(/datasets/talks/\?diagnostic=[^"]*)"[^>]*>(?:<strong>)?([\d,]+)', page)
    assert len(links) >= 3
    for href, count in links:
        listed = client.get(unescape(href)).text
        assert listed.count('class="row"') == int(count), href
    assert "/datasets/talks/validation/repair/target.system_lost" in page
    assert "/datasets/talks/validation/repair/chatml.assistant_first" in page
    assert HOSTILE not in page


def test_a_trainer_with_a_layout_of_its_own_says_so_on_the_page_and_beside_the_entry(client, library, talks):
    client.post(HERE, data={**FORM, "trainer": "llama-factory"})
    page = client.get(HERE).text
    assert "template of its own" in page
    assert "not judged by" in page
    assert "template.py" in page
    assert "repair/target.system_lost" not in page
    key = keys(library, "talks")[0]
    beside = client.get("/datasets/talks/", query_string={"entry": key, "tab": "rendered"}).text
    assert "near to it, not the same" in beside
    assert "The model never sees" not in beside


@pytest.mark.parametrize(
    ("field", "value"),
    [("limit", "many"), ("limit", "0"), ("limit", "9" * 40), ("trainer", "x"), ("family", "x"), ("mask", "x"),
     ("vocabulary", "x"), ("family", "\ud800")],
)  # fmt: skip
def test_a_choice_that_cannot_be_is_refused_beside_its_field(client, library, talks, field, value):
    sent = value.encode("utf-8", "surrogatepass")
    response = client.post(HERE, data={**FORM, field: sent})
    assert response.status_code == 422
    assert 'class="errors"' in response.text
    assert criteria.target_for(library, "talks") == Chosen()


def test_many_entries_are_looked_at_by_a_job_that_is_asked_for(client, library):
    fill(library, "talks", FEW + 1)
    page = client.get(HERE).text
    assert f"Look through {FEW + 1} entries" in page
    response = client.post(f"{HERE}/look")
    assert response.status_code == 303


def test_an_empty_dataset_has_a_page(client, library):
    shelving.new_dataset(library, "talks")
    assert "No entries yet" in client.get(HERE).text
    assert client.post(HERE, data=FORM).status_code == 303


def test_a_template_without_end_leaves_the_page_standing_so_that_another_can_be_chosen(
    client, library, talks
):
    loop = b"{% for a in range(99999) %}{% for b in range(99999) %}{% endfor %}{% endfor %}"
    slug, _ = criteria.add_own(library, "Loop", {"chat_template.jinja": loop})
    client.post(HERE, data={**FORM, "trainer": "", "family": slug})
    page = client.get(HERE)
    assert page.status_code == 200
    assert "longer than 2 seconds" in page.text
    assert "the texts alone, because Loop had to be stopped" in page.text
    assert "Loop renders them" not in page.text
    assert client.post(HERE, data=FORM).status_code == 303
    assert "just as they are" in client.get(HERE).text


def test_a_bar_of_one_length_is_called_by_one_number(client, library):
    lines = [json.dumps({"messages": [{"role": "user", "content": "a " * n}]}) for n in (1, 1, 2, 3, 40)]
    opening.import_text(library, "\n".join([*lines[:4]] * 10), "short")
    opening.import_text(library, "\n".join(lines), "mixed")
    labels = re.compile(r'<th scope="row" class="number">([^<]+)</th>')
    short = labels.findall(client.get("/datasets/short/targets").text)
    assert short[:3] == ["0–1", "2", "3"]
    mixed = labels.findall(client.get("/datasets/mixed/targets").text)
    assert all(re.fullmatch(r"(\d+)–(?!\1$)\d+|more than \d+", each) for each in mixed)
