"""The side of an entry that shows it as its trainer sees it, and all of its state in the address."""

import json
import re

import pytest

from app.domain.targets.chosen import Chosen
from app.services import criteria, opening
from tests.workshop import keys

HOSTILE = "</span><script>alert(1)</script> {{ 7*7 }} <|im_end|>\u202e \ud800"
SAID = [
    {"role": "system", "content": "You keep the light."},
    {"role": "user", "content": HOSTILE},
    {"role": "assistant", "content": "Always."},
]


@pytest.fixture
def key(library):
    opening.import_text(library, json.dumps({"messages": SAID}), "talks")
    return keys(library, "talks")[0]


def side(client, key, **state):
    response = client.get("/datasets/talks/", query_string={"entry": key, "tab": "rendered", **state})
    assert response.status_code == 200
    return response.text


def chosen_in(page):
    return re.findall(r'<option value="([^"]*)" selected>', page.partition('id="rendered-choice"')[2][:9000])


def test_the_address_holds_the_template_and_the_mask(client, library, key):
    assert chosen_in(side(client, key))[:2] == ["chatml", "assistant"]
    criteria.set_target(library, "talks", Chosen(family="llama3", mask="last"))
    assert chosen_in(side(client, key))[:2] == ["llama3", "last"]
    page = side(client, key, template="gemma3", mask="all", tag="calm")
    assert chosen_in(page)[:2] == ["gemma3", "all"]
    assert 'name="tag" value="calm"' in page
    assert chosen_in(side(client, key, template="nothing", mask="nothing"))[:2] == ["llama3", "last"]
    assert criteria.target_for(library, "talks") == Chosen(family="llama3", mask="last")


def test_the_same_stands_under_the_address_of_the_entry(client, key):
    page = client.get(f"/datasets/talks/entries/{key}?tab=rendered&template=llama3").text
    assert "&lt;|eot_id|&gt;" in page
    part = client.get(f"/datasets/talks/?entry={key}&tab=rendered", headers={"HX-Target": "div#entry"}).text
    assert part.lstrip().startswith('<div id="entry"')


def test_text_of_the_dataset_is_text(client, key):
    page = side(client, key)
    assert "<script>alert" not in page
    assert "&lt;/span&gt;&lt;script&gt;alert(1)&lt;/script&gt; {{ 7*7 }}" in page


def test_what_is_trained_lost_or_put_in_is_said_in_words(client, key):
    page = side(client, key)
    assert "[trained]" in page
    assert "[masked]" in page
    assert "a control token inside a message" in page
    assert "message 1. The model never sees it." in side(client, key, template="mistral-v3")
    assert "The template refuses it: There is no place for a system prompt." in side(
        client, key, template="gemma"
    )


def test_a_template_without_end_leaves_the_page_standing(client, library, key):
    loop = b"{% for a in range(99999) %}{% for b in range(99999) %}{% endfor %}{% endfor %}"
    slug, _ = criteria.add_own(library, "Loop", {"chat_template.jinja": loop})
    assert "Training would stop here." in side(client, key, template=slug)
    assert "[trained]" in side(client, key)
