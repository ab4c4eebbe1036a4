"""The help: every article is reachable, every link leads somewhere, and words are found."""

import re

import pytest

from app.config import ROOT
from app.web.views import help as pages

LINK = re.compile(r'href="(/[^"]*)"')


def test_every_article_is_on_the_list_once(client):
    assert sorted(name for _, names in pages.GROUPS for name in names) == sorted(pages.TITLES)
    listed = LINK.findall(client.get("/help").text)
    assert {f"/help/{name}" for name in pages.TITLES} <= set(listed)


def test_no_article_lies_about_unlisted():
    files = {path.stem for path in (ROOT / "templates" / "help").glob("*.html")}
    assert {name for name in files if not name.startswith("_")} == {*pages.TITLES, "index", "article"}


@pytest.mark.parametrize("name", pages.TITLES)
def test_every_link_of_an_article_leads_somewhere(client, name):
    page = client.get(f"/help/{name}")
    assert page.status_code == 200
    for address in LINK.findall(page.text):
        assert client.get(address).status_code == 200, address


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("rejected", "rejected"),
        ("UNDO", "undoing"),
        ("cookie privacy", ""),
        ("hostile cookie", "privacy"),
        ("one and the same message", "searching"),
    ],
)
def test_articles_are_found_by_their_words(client, query, found):
    page = client.get("/help", query_string={"q": query}, headers={"HX-Target": "div#articles"}).text
    links = LINK.findall(page)
    assert (f"/help/{found}" in links) if found else (links == [])


def test_a_search_for_nothing_or_for_markup_is_answered(client):
    assert "Opening files" in client.get("/help?q=+").text
    page = client.get("/help", query_string={"q": "<script>"}).text
    assert "Nothing found" in page
    assert '<script>"' not in page
    assert client.get("/help", query_string={"q": "(" * 5000}).status_code == 200


def test_the_command_line_article_names_the_commands_that_there_are():
    from app.cli import commands

    article = (ROOT / "templates" / "help" / "commands.html").read_text(encoding="utf-8")
    named = set(re.findall(r"<code>(\w+)</code>", article))
    assert named == set(commands.commands) - {"bench"}  # that is for developers


def test_the_keys_that_are_listed_are_those_that_there_are():
    table = (ROOT / "static" / "js" / "keys.js").read_text(encoding="utf-8")
    listed = (ROOT / "templates" / "_keys_list.html").read_text(encoding="utf-8")
    letters = set(re.findall(r'^  "([^"]+)": \(\) =>', table, re.MULTILINE)) - {"s", "Enter"}
    for letter in letters:
        assert all(f"<kbd>{part}</kbd>" in listed for part in letter.split()), letter
    plain = set(re.findall(r"<dt><kbd>(\w|/|\?)</kbd>", listed)) | {"k"}
    assert {letter for letter in letters if len(letter) == 1} == plain - {"g"}


def test_what_validation_finds_is_found_by_its_name_too(client):
    assert "/help/validation" in client.get("/help?q=slop").text
    assert "style.slop_phrase" in client.get("/help/validation").text


def test_one_article_is_said_as_one(client):
    found = client.get("/help?q=slop_phrase", headers={"HX-Target": "div#articles"}).text
    assert "1 article found." in found
