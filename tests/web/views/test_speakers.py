"""The named speakers of a dataset over HTTP: what is offered, what it does, one operation, its undo."""

import html
import json
import re

import pytest

from app.domain.view import View
from app.services import browsing, casting, characters, history, opening, speakers
from app.web.forms.speakers import mark_of
from app.web.views import speakers as page_of
from tests.workshop import SAMPLES, value_of

LABELS = ("懸疑", "Éowyn McCoy", "Kai", "kai", "<b>{{ 7*7 }}</b>", "x" * 250, "\u202eevil", "cr\rlf")


def dataset(library, *labels, name="talks", count=1):
    """A dataset in which each of the labels says something."""
    said = [{"role": label, "content": f"I am number {number}."} for number, label in enumerate(labels)]
    opening.import_text(library, "\n".join(json.dumps({"messages": said}) for _ in range(count)), name)


def picks(library, slug="talks", **picked):
    """The form as it is suggested; ``picked`` says otherwise for a label."""
    fields = {}
    for each in speakers.named_speakers(library, slug):
        mark = mark_of(each.label)
        role, character, name = picked.get(each.label, (each.role, each.character or "+", each.name))
        fields |= {f"role-{mark}": role, f"character-{mark}": character, f"name-{mark}": name}
    return fields


def agree(client, fields, slug="talks"):
    """Look at the effect, and do it; what was shown, and the page that it leads to."""
    shown = client.post(f"/datasets/{slug}/speakers", data=fields)
    assert shown.status_code == 200
    sure = re.search(r'value="(assign:\w+)"', shown.text)[1]
    done = client.post(f"/datasets/{slug}/speakers", data={**fields, "do": sure})
    assert done.status_code == 303, done.text
    return shown.text, client.get(done.headers["Location"]).text


def spoken(library, slug, key):
    return {index: who.display_name for index, who in casting.cast_of(library, slug, key).items()}


def test_every_label_is_listed_as_spelt_with_what_it_says(client, library):
    dataset(library, *LABELS, count=2)
    text = client.get("/datasets/talks/speakers").text
    legends = re.findall(r"<legend><bdi>(.*?)</bdi></legend>", text, re.DOTALL)
    turn = '<abbr class="sign" title="right-to-left override">U+202E</abbr>'
    spelt = [html.unescape(each.replace(turn, "\u202e")) for each in legends]
    assert sorted(spelt) == sorted(LABELS)
    assert "\u202e" not in "".join(legends)
    assert text.count("2 messages in 2 entries") == len(LABELS)
    assert "I am number 1." in text
    assert "Much the same as <bdi>kai</bdi>" in text
    assert "<b>{{" not in text


def test_labels_that_are_much_the_same_become_one_character_and_keep_their_spelling(client, library):
    dataset(library, "Kai", "kai", "懸疑", "Éowyn McCoy")
    shown, _ = agree(client, picks(library))
    assert "<bdi>懸疑</bdi>: 1 message in 1 entry get" in shown
    assert characters.characters(library) != []
    key = browsing.matching_keys(library, "talks", View())[0]
    names = spoken(library, "talks", key)
    assert names[0] == names[1]
    assert [names[2], names[3]] == ["懸疑", "Éowyn McCoy"]
    cast = casting.cast_of(library, "talks", key)
    assert [cast[index].label for index in range(4)] == ["Kai", "kai", "懸疑", "Éowyn McCoy"]
    roles = {each["role"] for each in value_of(library, "talks", key)["messages"]}
    assert roles <= {"user", "assistant"}


def test_what_is_picked_is_what_is_done_and_one_undo_takes_it_back(client, library):
    dataset(library, "Kai", "kai", "Narrator", "Door")
    characters.create(library, "Old Kai")
    before = library.dataset("talks").path.read_bytes()
    fields = picks(
        library,
        Kai=("assistant", "old_kai", ""),
        kai=("user", "+", "Little Kai"),
        Narrator=("system", "", ""),
        Door=("", "+", "Door"),
    )
    shown, page = agree(client, fields)
    assert "<bdi>Door</bdi>: " not in shown
    assert "without a character" in shown
    assert "Assigned 3 messages in 1 entry." in page
    key = browsing.matching_keys(library, "talks", View())[0]
    roles = [each["role"] for each in value_of(library, "talks", key)["messages"]]
    assert roles == ["assistant", "user", "system", "Door"]
    assert spoken(library, "talks", key) == {0: "Old Kai", 1: "Little Kai"}
    history.undo(library, "talks")
    assert library.dataset("talks").path.read_bytes() == before
    assert [each.slug for each in characters.characters(library)] == ["old_kai"]


def test_nothing_is_done_that_was_not_shown(client, library):
    dataset(library, "Kai", "Bo")
    fields = picks(library)
    shown = client.post("/datasets/talks/speakers", data=fields).text
    sure = re.search(r'value="(assign:\w+)"', shown)[1]
    other = picks(library, Bo=("tool", "", ""))
    response = client.post("/datasets/talks/speakers", data={**other, "do": sure})
    assert response.status_code == 200
    assert "<strong>tool</strong>" in response.text
    assert len(speakers.named_speakers(library, "talks")) == 2


def test_what_cannot_be_is_refused_with_what_was_picked(client, library):
    dataset(library, "Kai")
    response = client.post("/datasets/talks/speakers", data=picks(library, Kai=("tool", "+", " ")))
    assert response.status_code == 422
    assert "A new character has no name." in response.text
    assert re.search(r'<option value="tool" selected', response.text)
    response = client.post("/datasets/talks/speakers", data=picks(library, Kai=("", "", "")))
    assert response.status_code == 422
    assert client.post("/datasets/talks/speakers", data={"do": "preview"}).status_code == 409


def test_the_line_stands_only_where_somebody_has_no_role(client, library):
    dataset(library, "user", "assistant", name="plain")
    dataset(library, "Kai", "<b>", *LABELS[:5])
    line = client.get("/datasets/talks/speakers/line").text
    assert "6 named speakers" in line
    assert "and others" in line
    assert "<bdi><b>" not in line
    assert "named speaker" not in client.get("/datasets/plain/speakers/line").text
    assert "speakers/line" in client.get("/datasets/talks/").text
    agree(client, picks(library))
    assert "named speaker" not in client.get("/datasets/talks/speakers/line").text
    assert "Every speaker has a role" in client.get("/datasets/talks/speakers").text


def test_a_dataset_is_looked_through_once_while_it_stays_as_it_is(client, library, monkeypatch):
    dataset(library, "Kai", count=40)
    looks = []
    look = speakers.named_speakers

    def counted(*args, **kwargs):
        looks.append(args)
        return look(*args, **kwargs)

    monkeypatch.setattr(speakers, "named_speakers", counted)
    monkeypatch.setattr(page_of, "LARGE", 10)
    for _ in range(3):
        assert "1 named speaker" in client.get("/datasets/talks/speakers/line").text
        assert client.get("/datasets/talks/speakers").status_code == 200
    assert len(looks) == 1


def test_an_assignment_leads_to_the_entries_of_the_one_who_speaks(client, library):
    dataset(library, "Kai")
    opening.import_text(library, json.dumps({"messages": [{"role": "user", "content": "Plain."}]}), "plain")
    _, page = agree(client, picks(library, Kai=("user", "+", "Kai")))
    assert "character: kai" in page
    assert "I am number 0." in page
    page = client.get("/datasets/talks/").text
    assert re.search(r'href="/datasets/talks/\?character=kai"><bdi class="voice">Kai</bdi> <.*1 entry<', page)
    assert 'id="characters"' not in client.get("/datasets/plain/").text


def test_the_line_stands_above_the_list_too_for_narrow_screens(client, library):
    dataset(library, "Kai")
    assert '<div id="speakers-notice"></div>' in client.get("/datasets/talks/").text
    line = client.get("/datasets/talks/speakers/line").text
    assert re.search(
        r'id="speakers-notice" hx-swap-oob="outerHTML">\s*<div class="notice shows-narrow"><p>.*Kai', line
    )


@pytest.mark.skipif(not SAMPLES.is_dir(), reason="the sample files are not here")
@pytest.mark.parametrize(
    ("name", "labels"), [("harbor_tales", {"Tomas", "Mara", "Old Finn"}), ("market_days", {"Tomas", "Mara"})]
)
def test_the_samples_come_out_right(client, library, name, labels):
    opening.import_path(library, SAMPLES / f"rolethread-lite/foreign/{name}.jsonl", name=name)
    assert {each.label for each in speakers.named_speakers(library, name)} == labels
    agree(client, picks(library, name), name)
    assert {each.display_name for each in characters.characters(library)} == labels
    assert speakers.named_speakers(library, name) == []
