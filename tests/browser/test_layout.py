"""How pages stand on screens, and that the keyboard alone is enough."""

import json

import pytest
from playwright.sync_api import expect

from app.services import opening

pytestmark = pytest.mark.browser

ADDRESSES = (
    "/",
    "/settings",
    "/settings/rules",
    "/help",
    "/help/commands",
    "/patterns",
    "/datasets/talks/",
    "/datasets/talks/entries/new",
    "/datasets/talks/validation",
    "/datasets/talks/validation/repair/base.tag_spelling",
    "/datasets/talks/validation/repair/chatml.missing_system_role",
    "/datasets/talks/validation/rules",
    "/datasets/talks/targets",
    "/targets",
    "/datasets/talks/history",
)


@pytest.mark.parametrize(("width", "height"), [(320, 640), (390, 844), (800, 600), (1440, 900)])
def test_no_page_runs_off_to_the_side(page, talks, width, height):
    page.set_viewport_size({"width": width, "height": height})
    wide = {}
    for address in ADDRESSES:
        page.goto(address)
        excess = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        if excess > 0:
            wide[address] = excess
    assert wide == {}


def test_a_long_tag_and_a_comparison_stay_on_a_narrow_screen(page, server, talks):
    page.complaints.expected.append("409")
    entry = {"messages": [{"role": "user", "content": "W" * 500}], "tags": ["x" * 150], "note": "n" * 900}
    opening.import_text(server.library, json.dumps(entry), "long")
    page.set_viewport_size({"width": 390, "height": 844})
    excess = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
    page.goto("/datasets/long/")
    assert page.evaluate(excess) == 0
    page.locator("[data-row] a[data-open]").click()
    expect(page.get_by_role("link", name="all of it")).to_be_visible()
    assert page.evaluate(excess) == 0
    page.evaluate("document.querySelector('#entry-form [name=revision]').value = 'old'")
    page.locator("#messages-0-text").fill("V" * 500)
    page.click("#save")
    expect(page.get_by_text("Nothing was saved, and nothing is lost.")).to_be_visible()
    assert page.evaluate(excess) == 0
    sides = page.locator(".diff [data-side]").evaluate_all("each => each.map((side) => side.dataset.side)")
    assert sides == ["In the file now", "Yours"]


def test_the_page_of_an_entry_belongs_to_the_entries(page, talks):
    page.goto("/datasets/talks/entries/new")
    nav = page.get_by_role("navigation", name="This dataset")
    expect(nav.locator("[aria-current]")).to_have_text("Entries")


def test_the_list_begins_in_the_first_screen(page, talks):
    page.goto("/datasets/talks/?q=e&tag=calm&min_length=1&sort=-length")
    assert page.locator("[data-row]").first.bounding_box()["y"] < 400


def test_selecting_a_row_moves_no_row(page, talks):
    page.goto("/datasets/talks/")
    boxes = page.locator("[data-select]")
    before = [box.bounding_box() for box in boxes.all()]
    boxes.nth(1).check()
    expect(page.locator("[data-selection-count]")).to_have_text("1 entry selected")
    assert [box.bounding_box() for box in boxes.all()] == before


def test_targets_are_large_enough(page, talks):
    page.goto("/datasets/talks/")
    page.locator("[data-row] a[data-open]").first.click()
    expect(page.locator("#messages-1-text")).to_be_visible()
    small = page.evaluate(
        """() => [...document.querySelectorAll('button, select, .choice, .chip, nav a, input')]
            .filter((each) => each.checkVisibility() && !each.closest('.unseen') && !each.matches('.unseen'))
            .filter((each) => !each.closest('label, .row-check') && each.type !== 'hidden')
            .map((each) => [each.outerHTML.slice(0, 80), each.getBoundingClientRect().height])
            .filter(([, height]) => height < 31.5)"""
    )
    assert small == []


def test_the_keyboard_alone_does_it(page, talks):
    page.goto("/")
    for _ in range(20):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.textContent.trim()") == "talks":
            break
    page.keyboard.press("Enter")
    expect(page.get_by_text("No entry is open")).to_be_visible()
    page.keyboard.press("/")
    page.keyboard.type("lantern")
    expect(page.locator("#count")).to_have_text("2 of 3 entries")
    page.keyboard.press("Escape")
    page.keyboard.press("j")
    expect(page.locator("#messages-1-text")).to_have_value("Tell me about the lantern.")
    page.keyboard.press("t")
    page.keyboard.type("storm")
    page.keyboard.press("Enter")
    page.keyboard.press("Control+s")
    expect(page.locator(".toast")).to_have_text("Saved.")
    page.keyboard.press("Escape")  # the list of tags, if it is open again
    page.keyboard.press("Escape")
    page.keyboard.press("Control+z")
    expect(page.locator(".toast")).to_contain_text("Undone: Save entry")
    expect(page.locator("#messages-1-text")).to_have_value("Tell me about the lantern.")
    expect(page.locator("#count")).to_have_text("2 of 3 entries")
    page.keyboard.press("g")
    page.keyboard.press("d")
    expect(page.get_by_role("heading", name="Library")).to_be_visible()


def test_focus_can_be_seen(page, talks):
    page.goto("/datasets/talks/")
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    style = page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
    assert style == "solid"
