"""The page of one's own templates and tokenizers: added, tried, removed, undone; strangers' programs all."""

import html
import json
import re
from io import BytesIO

import pytest

from app.domain.targets.chosen import Chosen
from app.domain.targets.families import FAMILIES
from app.services import criteria, opening

TEMPLATE = FAMILIES["chatml"].template.encode()
NAME = "Harbour <b>7B</b>"
WORDS = {"<unk>": 0, "light": 1, "<|im_end|>": 2}
TOKENIZER = json.dumps(
    {
        "version": "1.0",
        "added_tokens": [
            {"id": 2, "content": "<|im_end|>", "single_word": False, "lstrip": False, "rstrip": False,
             "normalized": False, "special": True}
        ],
        "pre_tokenizer": {"type": "Whitespace"},
        "model": {"type": "WordLevel", "vocab": WORDS, "unk_token": "<unk>"},
    }
).encode()  # fmt: skip


def add(client, name=NAME, path="", **files):
    sent = [(BytesIO(data), file.replace("__", ".")) for file, data in files.items()]
    data = {"name": name, "path": path, "file": sent}
    return client.post("/targets", data=data, content_type="multipart/form-data")


def newest_undo(client, address):
    return html.unescape(re.search(r'action="(/targets/undo[^"]*)"', client.get(address).text)[1])


def test_files_are_kept_tried_removed_and_brought_back(client, library):
    response = add(client, chat_template__jinja=TEMPLATE, tokenizer__json=TOKENIZER)
    address = response.headers["Location"]
    page = client.get(address).text
    assert html.escape(NAME) in page
    assert "<b>7B" not in page
    assert "You keep the harbour light." in page
    assert "[trained]" in page
    (own,) = criteria.owned(library)
    assert (own.has_template, own.has_tokenizer) == (True, True)
    assert client.post(f"{address}/remove").status_code == 303
    assert criteria.owned(library) == ()
    assert client.get(address).status_code == 404
    client.post(newest_undo(client, "/targets"))
    assert [each.name for each in criteria.owned(library)] == [NAME]


def test_a_tokenizer_alone_counts(client, library):
    address = add(client, tokenizer__json=TOKENIZER).headers["Location"]
    page = client.get(address).text
    assert "counted with this tokenizer" in page
    assert f"Counted with {html.escape(NAME)}" in page


def test_a_folder_of_this_machine_is_taken(client, library, tmp_path):
    (tmp_path / "chat_template.jinja").write_bytes(TEMPLATE)
    assert add(client, path=str(tmp_path)).status_code == 303
    assert len(criteria.owned(library)) == 1


@pytest.mark.parametrize(
    ("files", "words"),
    [
        ({}, "no file"),
        ({"tokenizer_config__json": b"{}"}, "no chat template"),
        ({"tokenizer_config__json": b"{"}, "not JSON"),
        ({"chat_template__jinja": b"\xff"}, "not UTF-8"),
        ({"tokenizer__json": b"{}"}, "no tokenizer.json"),
        ({"notes__txt": b"hello"}, "no chat template"),
    ],
)
def test_what_cannot_be_used_is_refused_in_words_and_what_was_typed_stays(client, library, files, words):
    response = add(client, **files)
    assert response.status_code == 422
    assert words in response.text
    assert f'value="{html.escape(NAME)}"' in response.text
    assert criteria.owned(library) == ()


@pytest.mark.parametrize("path", ["nowhere", "/nowhere", "/dev/zero", "a\0b", "~nobody/x"])
def test_a_path_that_leads_nowhere_is_refused(client, library, path):
    assert add(client, path=path).status_code == 422
    assert criteria.owned(library) == ()


HOSTILE = {
    "endless": b"{% for a in range(99999) %}{% for b in range(99999) %}{% endfor %}{% endfor %}",
    "climbing": b"{{ messages.__class__.__mro__[1].__subclasses__() }}",
    "reading": b"{% include '/etc/passwd' %}",
    "huge": b"{{ 'x' * 999999999 }}",
    "markup": b"<script>alert(1)</script>{{ messages[0].content }}",
    "broken": b"{% for %}",
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_template_is_a_sentence_and_the_server_lives(client, library, name):
    response = add(client, name, chat_template__jinja=HOSTILE[name])
    assert response.status_code in (303, 422)
    if response.status_code == 303:
        page = client.get(response.headers["Location"])
        assert page.status_code == 200
        assert "<script>alert" not in page.text
        assert ("does not render" in page.text) == (name != "markup")
    assert client.get("/targets").status_code == 200


def hrefs(page):
    return {html.unescape(each) for each in re.findall(r'(?:href|action)="([^"]*)"', page)}


def test_who_comes_from_the_target_of_a_dataset_finds_the_way_back_on_every_page(client, library):
    opening.import_text(library, '{"messages": []}', "talks")
    opened = "/targets?dataset=talks"
    assert opened in hrefs(client.get("/datasets/talks/targets").text)
    sent = [(BytesIO(TEMPLATE), "chat_template.jinja")]
    response = client.post(opened, data={"name": "Mine", "file": sent}, content_type="multipart/form-data")
    address = response.headers["Location"]
    assert address == "/targets/mine?dataset=talks"
    for page in (client.get(opened).text, client.get(address).text):
        assert {"/datasets/talks/targets", "/datasets/talks/", "/datasets/talks/validation"} <= hrefs(page)
        assert "/targets/mine/remove?dataset=talks" in hrefs(page)
        assert '<a href="/datasets/talks/targets" aria-current="true">Target</a>' in page
    shown = client.get("/targets/mine?dataset=talks&mask=last").text
    assert '<input type="hidden" name="dataset" value="talks">' in shown
    refused = client.post(opened, data={"name": "Other"}, content_type="multipart/form-data")
    assert refused.status_code == 422
    assert "/datasets/talks/targets" in hrefs(refused.text)
    assert client.post("/targets/mine/remove?dataset=talks").headers["Location"] == opened
    assert client.post(newest_undo(client, opened)).headers["Location"] == "/datasets/talks/targets"
    assert client.get("/targets?dataset=nothing").status_code == 200
    assert "dataset=nothing" not in client.get("/targets?dataset=nothing").text.partition("</head>")[2]


def test_a_dataset_says_that_the_template_chosen_for_it_was_removed(client, library):
    opening.import_text(library, '{"messages": []}', "talks")
    add(client, "Mine", chat_template__jinja=TEMPLATE, tokenizer__json=TOKENIZER)
    criteria.set_target(library, "talks", Chosen(family="mine", vocabulary="mine"))
    here = "/datasets/talks/targets"
    assert "is gone" not in client.get(here).text
    client.post("/targets/mine/remove")
    assert client.get(here).text.count("“mine” is gone.") == 1
    assert criteria.gone(library, "talks") == ("mine",)
    client.post(newest_undo(client, "/targets"))
    assert "is gone" not in client.get(here).text
    client.post("/targets/mine/remove")
    client.post(here, data={"trainer": "", "family": "chatml", "vocabulary": "", "limit": "", "mask": "all"})
    assert "is gone" not in client.get(here).text
