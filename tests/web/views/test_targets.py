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
     ("vocabulary", "x"), ("family", "\ud800"), ("limit", "1,50"), ("limit", "1,500.000"), ("limit", "-5")],
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


def test_tokens_are_the_texts_alone_where_the_template_renders_no_entry(client, library):
    opening.import_text(library, "\n".join([json.dumps({"messages": SAID})] * 3), "talks")
    client.post(HERE, data={**FORM, "trainer": "openai", "family": "gemma"})
    page = client.get(HERE).text
    assert "the texts alone, because Gemma 1 and 2 renders none of them" in page
    assert "as Gemma 1 and 2 renders them" not in page


def test_a_file_that_the_trainer_refuses_is_said_to_be_refused_before_anything_else(client, talks):
    client.post(HERE, data={**FORM, "trainer": "openai", "family": ""})
    page = client.get(HERE).text
    assert page.count("OpenAI wants at least 10 entries, and there are 6.") == 1
    assert page.index("OpenAI would not take this file.") < page.index("would reach the model just as")
    assert "If it did, <strong>" in page


def test_where_it_is_not_known_what_the_trainer_does_to_long_entries_the_page_says_so(client, talks):
    client.post(HERE, data={**FORM, "trainer": "mistral-finetune", "family": "", "limit": "5"})
    page = client.get(HERE).text
    assert "RoleThread does not know what mistral-finetune does to them" in page
    assert "as far as is known" in page
    assert "the target cuts it" not in page
    client.post(HERE, data={**FORM, "trainer": "mistral-finetune", "family": ""})
    page = client.get(HERE).text
    assert "does not know" not in page
    assert "the target cuts it" in page


def test_beside_what_is_trained_stands_what_the_trainer_has_to_be_told(client, talks):
    client.post(HERE, data={**FORM, "limit": "5"})
    page = client.get(HERE).text
    before = page.partition("What becomes of the entries")[0]
    assert "Set it to learn what you chose here (assistant_only_loss)." in before
    assert "trained, before anything is cut" in page
    for changed in ({"mask": "all"}, {"trainer": "axolotl"}):
        client.post(HERE, data={**FORM, **changed})
        assert "more is trained than this page counts" not in client.get(HERE).text
    client.post(HERE, data={**FORM, "trainer": "axolotl", "limit": "5"})
    assert "trained, before any is dropped" in client.get(HERE).text


def test_beside_the_entry_nothing_behind_the_cut_is_said_to_be_trained(client, library, talks):
    client.post(HERE, data={**FORM, "family": "chatml", "limit": "22"})
    query = {"entry": keys(library, "talks")[0], "tab": "rendered"}
    page = client.get("/datasets/talks/", query_string=query).text
    numbers = page.partition('class="rendered-numbers"')[2].partition("</p>")[0]
    assert "0 of them trained before the cut (0 %)" in numbers
    assert "[trained]" not in page
    assert "<td>cut off</td>" in page


@pytest.mark.parametrize(
    ("family", "words"),
    [("chatml", "ChatML, for Hermes, Dolphin, Yi and many others. Choose a target"),
     ("gemma", "Gemma 1 and 2. It refuses every system prompt. Choose a target"),
     ("", "Mine, your own. Choose a target")],
)  # fmt: skip
def test_whose_a_template_is_is_said_once_and_with_spaces(client, library, talks, family, words):
    own, _ = criteria.add_own(library, "Mine", {"chat_template.jinja": b"{{ messages[0].content }}"})
    query = {"entry": keys(library, "talks")[0], "tab": "rendered", "template": family or own}
    page = client.get("/datasets/talks/", query_string=query).text
    assert words in " ".join(re.sub("<[^>]*>", "", page).split())
    client.post(HERE, data={**FORM, "family": family or own})
    about = client.get(HERE).text.partition('id="about-title"')[2]
    assert "For your own" not in about
    assert "For Gemma 1 and 2" not in about


@pytest.mark.parametrize("written", ["1500", "1,500", "1.500", "1 500", "1\u202f500", "1'500", " 1_500 "])
def test_a_length_may_be_written_with_or_without_something_between_the_thousands(
    client, library, talks, written
):
    assert client.post(HERE, data={**FORM, "limit": written}).status_code == 303
    assert criteria.target_for(library, "talks").limit == 1500


@pytest.mark.parametrize("written", ["many", "1,50", "1,500.000", "0", "-5", "1.5", "9" * 40])
def test_what_is_no_length_is_told_in_plain_words_what_to_write(client, talks, written):
    page = client.post(HERE, data={**FORM, "limit": written}).text
    assert "Write a whole number of tokens from 1 to 100,000,000, such as 4096 or 4,096." in page
    assert f'value="{written}"' in page
