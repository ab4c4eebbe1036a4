"""What is refused is said on the page where the person is, and what was typed stays."""

import json

import pytest
from playwright.sync_api import expect

pytestmark = pytest.mark.browser

OTHER = {"messages": [{"role": "user", "content": "From outside?"}, {"role": "assistant", "content": "Yes."}]}


def test_a_refused_path_stays_in_its_field(page):
    page.complaints.expected.append("404")
    page.click("text=A file on this machine")
    page.fill("#path", "/nowhere/at/all.jsonl")
    page.click("text=Open the path")
    expect(page.locator("#alert")).to_contain_text("There is no file")
    expect(page.locator("#path")).to_have_value("/nowhere/at/all.jsonl")


def test_refused_text_stays_in_its_box(page):
    page.complaints.expected.append("400")
    page.click("text=Paste text")
    page.fill("#text", "no conversation at all")
    page.click("text=Open the text")
    expect(page.locator("#alert .alert")).to_be_visible()
    expect(page.locator("#text")).to_have_value("no conversation at all")


def test_an_undo_that_is_refused_leaves_the_page(page, talks):
    page.complaints.expected.append("400")
    page.goto("/datasets/talks/")
    page.keyboard.press("Control+z")
    expect(page.locator("#alert")).to_contain_text("Nothing to undo but the import.")
    expect(page.locator("[data-row]")).to_have_count(3)


def test_a_bad_name_stays_in_its_field(page, talks):
    page.complaints.expected.append("400")
    page.reload()
    page.click("summary:has-text('More')")
    page.fill("input[name=name][value=talks]", "Two words!")
    page.click("button:has-text('Rename')")
    expect(page.locator("#alert")).to_contain_text("cannot be called")


def test_a_file_changed_outside_is_settled_where_the_save_was_refused(page, server, talks):
    page.complaints.expected.append("409")
    page.goto("/datasets/talks/")
    page.locator("[data-row] a[data-open]").first.click()
    text = page.locator("#messages-1-text")
    text.fill("Mine")
    path = server.library.dataset("talks").path
    path.write_bytes(path.read_bytes() + json.dumps(OTHER).encode() + b"\n")
    page.keyboard.press("Control+s")
    expect(page.locator("#alert")).to_contain_text("changed by another program")
    expect(text).to_have_value("Mine")
    page.locator("#alert").get_by_text("Take the changed file").click()
    expect(page.locator("[data-row]")).to_have_count(4)
