"""What is typed is never lost: not by a click right after it, not by a second tab."""

import pytest
from playwright.sync_api import expect

pytestmark = pytest.mark.browser


def open_first(page):
    page.goto("/datasets/talks/")
    page.locator("[data-row] a[data-open]").first.click()
    expect(page.locator("#messages-1-text")).to_be_visible()


def come_back(page):
    page.locator("[data-row] a[data-open]").nth(1).click()
    expect(page.locator("#messages-1-text")).to_have_value("Tell me about the lantern.")
    page.locator("[data-row] a[data-open]").first.click()
    expect(page.get_by_text("This is your draft.")).to_be_visible()


@pytest.mark.parametrize("button", ["#add-assistant", "#messages-0-down", "#messages-2-remove"])
def test_a_click_right_after_typing_keeps_the_text(page, talks, button):
    open_first(page)
    page.locator("#messages-1-text").fill("Typed just now")
    page.click(button)
    expect(page.locator("[data-draft-status]")).to_have_text("Draft kept")
    come_back(page)
    texts = page.locator("#messages textarea").evaluate_all("boxes => boxes.map((box) => box.value)")
    assert "Typed just now" in texts


def test_another_entry_opened_at_once_keeps_the_text(page, talks):
    open_first(page)
    page.locator("#messages-1-text").fill("Typed just now")
    come_back(page)
    expect(page.locator("#messages-1-text")).to_have_value("Typed just now")


def test_a_removed_message_does_not_come_back(page, talks):
    open_first(page)
    page.locator("#messages-2-text").fill("to be removed")
    page.click("#messages-2-remove")
    expect(page.locator("[data-draft-status]")).to_have_text("Draft kept")
    page.reload()
    expect(page.locator("#messages textarea")).to_have_count(2)


def test_a_tag_added_by_key_is_kept(page, talks):
    open_first(page)
    page.locator("#add_tags").press_sequentially("storm,")
    expect(page.locator("[data-draft-status]")).to_have_text("Draft kept")
    page.reload()
    expect(page.locator(".chip bdi")).to_have_text(["calm", "storm"])


def test_two_tabs_keep_two_drafts(page, new_page, talks):
    open_first(page)
    other = new_page()
    open_first(other)
    page.locator("#messages-1-text").fill("Words of the first tab")
    expect(page.locator("[data-draft-status]")).to_have_text("Draft kept")
    other.locator("#messages-1-text").fill("Words of the second tab")
    expect(other.locator("[data-draft-status]")).to_have_text("Draft kept. Another tab kept a different one.")
    page.reload()
    expect(page.locator("#messages-1-text")).to_have_value("Words of the second tab")
    page.click("text=Show it")
    expect(page.locator("#messages-1-text")).to_have_value("Words of the first tab")
    page.click("text=Drop it")
    expect(page.get_by_text("Another tab kept a different draft")).to_have_count(0)
    expect(page.locator("#messages-1-text")).to_have_value("Words of the first tab")


def test_a_save_leaves_the_draft_of_another_tab(page, new_page, talks):
    open_first(page)
    other = new_page()
    open_first(other)
    other.locator("#messages-1-text").fill("Words of the second tab")
    expect(other.locator("[data-draft-status]")).to_have_text("Draft kept")
    page.locator("#messages-2-text").fill("Saved in the first")
    page.keyboard.press("Control+s")
    expect(page.get_by_text("Another tab kept a different draft")).to_be_visible()
    expect(page.get_by_text("This is your draft.")).to_have_count(0)
    expect(page.locator("#messages-2-text")).to_have_value("Saved in the first")
    page.click("text=Show it")
    expect(page.locator(".diff ins", has_text="second tab")).to_have_count(1)
