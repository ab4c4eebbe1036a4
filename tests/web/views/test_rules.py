"""The rules of validation over HTTP: for all datasets, for one, back to what was usual, and undone."""

import html
import json
import re

import pytest

from app.domain.validation.rules import Rules
from app.services import criteria, opening
from app.web.forms.rules import FIELDS, shown

ALL, OWN = "/settings/rules", "/datasets/talks/validation/rules"


@pytest.fixture
def talks(library):
    said = [{"role": "user", "content": "Hm?"}, {"role": "assistant", "content": "A moonlit shiver."}]
    opening.import_text(library, json.dumps({"messages": said, "tags": []}), "talks")


def form(client, address, **changed):
    """What a browser posts for the form of that page, with some fields typed anew."""
    page = client.get(address).text
    fields = {
        name: html.unescape(text)
        for name, text in re.findall(
            r'<textarea[^>]* name="([^"]+)"[^>]*>\n(.*?)</textarea>', page, re.DOTALL
        )
    }
    fields |= dict(re.findall(r'name="(split_\w+)"[^>]*value="(\d+)"', page))
    return {name: text.replace("\n", "\r\n") for name, text in {**fields, **changed}.items()}


def test_the_form_shows_every_rule_that_a_person_can_change(client, talks):
    for address in (ALL, OWN):
        sent = form(client, address)
        assert set(sent) == {field.name for field in FIELDS}
        assert sent["slop"] == shown(FIELDS[1], Rules()).replace("\n", "\r\n")


def test_saving_what_stands_there_changes_nothing(client, library, talks):
    for address in (ALL, OWN):
        done = client.post(address, data=form(client, address), follow_redirects=True)
        assert "Nothing had changed." in done.text
    assert criteria.own_rules(library, None) == criteria.own_rules(library, "talks") == {}


def test_a_list_for_all_holds_where_a_dataset_has_none_of_its_own(client, library, talks):
    done = client.post(ALL, data=form(client, ALL, slop=" moonlit \n\nshiver\nshiver"))
    assert done.status_code == 303
    assert criteria.rules_for(library, "talks").slop == ("moonlit", "shiver")
    assert "A worn phrase" in client.get("/datasets/talks/validation").text
    client.post(OWN, data=form(client, OWN, slop="", split_exchanges="3"))
    assert criteria.own_rules(library, "talks") == {"slop": [], "split_exchanges": 3}
    assert criteria.rules_for(library, None).slop == ("moonlit", "shiver")
    assert "A worn phrase" not in client.get("/datasets/talks/validation").text


def test_a_rule_goes_back_to_what_is_usual(client, library, talks):
    client.post(ALL, data=form(client, ALL, ooc="(("))
    client.post(OWN, data=form(client, OWN, ooc="[["))
    assert "As for all datasets again" in client.get(OWN).text
    client.post(OWN, data={**form(client, OWN), "usual-ooc": "1"})
    assert criteria.rules_for(library, "talks").ooc == ("((",)
    client.post(ALL, data={**form(client, ALL), "usual-ooc": "1"})
    assert criteria.rules_for(library, "talks").ooc == Rules().ooc
    assert "Back to the default" not in client.get(ALL).text


def test_a_change_is_undone_by_its_toast_and_from_the_last_changes(client, library, talks):
    for address in (ALL, OWN):
        done = client.post(address, data=form(client, address, never_publish="Mara"))
        page = client.get(done.headers["Location"]).text
        (undo,) = re.findall(r'class="toast"[^>]*>Saved\. <form method="post" action="([^"]+)"', page)
        assert page.count("/settings/rules/undo?operation=") >= 2
        undone = client.post(html.unescape(undo))
        assert undone.headers["Location"] == address
        assert criteria.rules_for(library, "talks").never_publish == ()


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"split_words": "many"}, "is a whole number from 1"),
        ({"split_words": "0"}, "from 1 to 1,000,000"),
        ({"slop": "a\n" + "x" * 201}, "“Worn phrases”: line 2 is longer than 200 characters."),
        ({"slop": "\n".join(map(str, range(1001)))}, "“Worn phrases” has 1,001 phrases; there may be 1,000."),
    ],
)
def test_what_cannot_be_is_refused_and_stays_in_the_form(client, library, talks, changed, words):
    for address in (ALL, OWN):
        refused = client.post(address, data=form(client, address, **changed, ooc="kept"))
        assert refused.status_code == 422
        (field,) = re.findall(r'<(?:input|textarea) id="(\w+)"[^>]* aria-invalid="true"', refused.text)
        assert field in changed
        (sentence,) = re.findall(r'<p class="errors" id="refused">(.*?)</p>', refused.text)
        assert words in html.unescape(sentence)
        assert ">\nkept</textarea>" in refused.text
    assert criteria.own_rules(library, None) == {}


def test_hostile_lines_are_text(client, library, talks):
    client.post(OWN, data=form(client, OWN, never_publish="</textarea><script>1</script>\n{{ 7*7 }}"))
    page = client.get(OWN).text
    assert "&lt;/textarea&gt;&lt;script&gt;" in page
    assert "{{ 7*7 }}" in page
