"""Lists that find nothing say where they looked; on a narrow screen the open entry is what one sees."""

import json
import re

import pytest
from playwright.sync_api import expect

pytestmark = pytest.mark.browser


def test_a_search_that_finds_nothing_offers_to_look_everywhere(page, talks):
    page.goto("/datasets/talks/")
    page.locator("#q").press_sequentially("harbour")
    expect(page.get_by_text("Searched in user messages and assistant messages.")).to_be_visible()
    page.click("text=Search everything")
    expect(page.locator("#count")).to_have_text("3 entries")
    expect(page.locator("#q")).to_have_value("harbour")


def test_an_entry_opened_on_a_narrow_screen_is_what_one_sees(page, talks):
    page.set_viewport_size({"width": 390, "height": 700})
    page.goto("/datasets/talks/")
    page.locator("[data-row] a[data-open]").nth(2).click()
    expect(page.locator("h1")).to_be_in_viewport()
    expect(page.locator("#messages-0-text")).to_be_in_viewport()
    expect(page.locator("#main")).to_be_focused()


def test_a_deletion_asks_with_the_number(page, talks):
    page.goto("/datasets/talks/")
    asked = []
    page.on("dialog", lambda dialog: (asked.append(dialog.message), dialog.dismiss()))
    page.locator("[data-select]").nth(0).check()
    page.locator("[data-select]").nth(1).check()
    page.click("text=Change selected")
    page.click("button[name=do][value=delete]")
    assert asked == ["Delete 2 entries? You can undo this."]


def test_a_deletion_offers_its_undo(page, server, talks):
    page.goto("/datasets/talks/")
    page.on("dialog", lambda dialog: dialog.accept())
    page.locator("[data-select]").first.check()
    page.click("text=Change selected")
    page.click("button[name=do][value=delete]")
    expect(page.locator("[data-row]")).to_have_count(2)
    button = page.locator(".toast button")
    button.focus()
    page.keyboard.press("Enter")
    expect(page.locator("[data-row]")).to_have_count(3)


def test_a_second_tag_is_added_to_the_first(page, talks):
    page.goto("/datasets/talks/")
    page.locator("#tags + ul a", has_text="calm").click()
    page.locator("#tags + ul a", has_text="needs_review").click()
    expect(page).to_have_url(re.compile("tag=calm&tag=needs_review"))
    expect(page.locator(".filters-on li")).to_have_count(2)


def test_a_new_entry_begins_in_its_first_box(page, talks):
    page.goto("/datasets/talks/entries/new")
    expect(page.locator("#messages-0-text")).to_be_focused()


def test_a_file_in_another_encoding_is_sent_again_with_the_guess(page, tmp_path):
    page.complaints.expected.append("422")
    source = tmp_path / "old.jsonl"
    words = "Привет, как ваши дела сегодня? Всё хорошо, спасибо большое. " * 5
    messages = [{"role": role, "content": words} for role in ("user", "assistant")]
    line = json.dumps({"messages": messages}, ensure_ascii=False)
    source.write_bytes((line + "\n").encode("cp1251") * 3)
    page.set_input_files("#file", source)
    expect(page.locator("#alert")).to_contain_text("The file is not UTF-8.")
    expect(page.locator("#upload-encoding")).to_be_visible()
    assert page.locator("#upload-encoding").input_value()
    page.click("#upload button:has-text('Open')")
    expect(page.locator(".toast")).to_contain_text("Opened old")
