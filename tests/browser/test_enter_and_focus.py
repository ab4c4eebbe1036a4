"""By keyboard alone: Enter on a box does nothing, and the focus stays where one works."""

import json
import re

import pytest
from playwright.sync_api import expect

from app.domain.view import View
from app.services import browsing, opening

pytestmark = pytest.mark.browser
REPAIR = "/datasets/lamps/validation/repair/text.special_token"
FOCUSED = "document.activeElement.id || document.activeElement.tagName"


@pytest.fixture
def lamps(server):
    """A dataset of thirty entries, all of them with something to repair."""
    lines = [
        {
            "messages": [
                {"role": "user", "content": f"Lamp {n}?"},
                {"role": "assistant", "content": "Lit<|im_end|>."},
            ],
            "tags": [],
        }
        for n in range(30)
    ]
    opening.import_text(server.library, "\n".join(json.dumps(line) for line in lines), "lamps")
    return "lamps"


@pytest.fixture
def quiet(new_page):
    """A page of a person who wants no motion."""
    return new_page(reduced_motion="reduce")


def broken(server):
    return browsing.count(server.library, "lamps", View(diagnostic="text.special_token"))


def test_enter_on_a_box_of_a_repair_repairs_nothing(page, server, lamps):
    page.goto(REPAIR)
    sent = []
    page.on("request", lambda request: sent.append(request.url))
    box = page.locator("[name=keys]").nth(2)
    box.focus()
    page.keyboard.press("Space")
    page.keyboard.press("Enter")
    page.get_by_label("Remove it", exact=True).focus()
    page.keyboard.press("Enter")
    expect(page.locator(".repair-entry")).to_have_count(10)
    expect(box).not_to_be_checked()
    assert [each for each in sent if "/static/" not in each] == []
    assert broken(server) == 30


def test_without_script_enter_on_a_box_shows_the_same_again(new_page, server, lamps):
    page = new_page(java_script_enabled=False)
    page.goto(REPAIR)
    box = page.locator("[name=keys]").nth(2)
    box.uncheck()
    box.press("Enter")
    expect(page).to_have_url(re.compile("left="))
    expect(box).not_to_be_checked()
    assert broken(server) == 30


def test_what_is_unticked_stays_so_when_pages_are_turned(page, server, lamps):
    page.goto(REPAIR)
    page.locator("[name=keys]").nth(2).uncheck()
    page.get_by_role("button", name="Next").focus()
    page.keyboard.press("Enter")
    expect(page.locator("#preview")).to_be_focused()
    expect(page.locator("#repair-11")).to_be_visible()
    page.get_by_role("button", name="Untick all here").click()
    expect(page.locator("[name=keys]:checked")).to_have_count(0)
    expect(page.locator("#tick-none")).to_be_focused()
    page.get_by_role("button", name="Previous").click()
    expect(page.locator("#repair-3")).to_be_visible()
    expect(page.locator("[name=keys]:not(:checked)")).to_have_count(1)
    page.get_by_role("button", name="Repair all but 11 unticked").click()
    expect(page.locator(".toast")).to_contain_text("Repaired 19 entries.")
    assert broken(server) == 11


def test_enter_on_a_box_of_the_list_changes_nothing_and_in_the_field_adds(page, lamps):
    page.goto("/datasets/lamps/")
    for box in (page.locator("[data-select-page]"), page.locator("[data-select]").first):
        box.focus()
        page.keyboard.press("Enter")
    box.check()
    page.get_by_text("Change selected").click()
    page.locator("#bulk-tags").fill("calm")
    page.keyboard.press("Enter")
    expect(page.locator(".toast")).to_contain_text("Changed the tags of 1 entry.")
    expect(page.locator("#alert")).to_be_empty()


def test_a_toast_is_seen_where_motion_is_reduced_and_its_undo_can_be_pressed(quiet, server, lamps):
    quiet.goto(REPAIR)
    quiet.get_by_role("button", name="Repair all 30 entries").click()
    toast = quiet.locator(".toast")
    expect(toast).to_be_visible()
    life = toast.evaluate("toast => parseFloat(getComputedStyle(toast).animationDuration)")
    assert life >= 5
    toast.get_by_role("button", name="Undo").click()
    expect(quiet.locator("[id='code-text.special_token'] .code-count strong")).to_have_text("30")


def test_what_a_page_has_to_say_when_it_comes_is_read_out(page, lamps):
    page.goto(REPAIR)
    page.get_by_role("button", name="Repair all 30 entries").click()
    expect(page.locator("#announcer")).to_have_text("Repaired 30 entries.")


def test_the_undo_of_the_header_names_what_it_takes_back(page, lamps):
    page.goto("/datasets/lamps/")
    undo = page.locator("#undo")
    expect(undo).not_to_have_attribute("title", re.compile("."))
    page.locator("[data-row] a[data-open]").first.click()
    page.locator("#messages-0-text").fill("Is it lit?")
    page.keyboard.press("Control+s")
    expect(undo).to_have_attribute("title", re.compile("^Undo: Save entry"))
    expect(undo).to_have_accessible_name(re.compile("^Undo Save entry"))
    page.goto("/datasets/lamps/validation/rules")
    page.get_by_label("Names that are never to be published").fill("Ada")
    page.keyboard.press("Control+s")
    expect(page.locator(".toast")).to_contain_text("Saved.")
    expect(undo).to_have_attribute("title", re.compile("^Undo: Save entry"))
    page.get_by_role("link", name="Last changes").click()
    expect(page.get_by_role("button", name=re.compile("^Undo Rules of lamps"))).to_be_visible()


def test_after_saving_rules_one_is_where_one_was(page, lamps):
    page.goto("/datasets/lamps/validation/rules")
    field = page.locator(".rule :is(input, textarea)").last
    field.focus()
    page.keyboard.press("Control+s")
    expect(page.locator(".toast")).to_contain_text("Nothing had changed.")
    expect(field).to_be_focused()
    expect(field).to_be_in_viewport()


def test_tabs_and_pages_keep_the_focus(page, lamps):
    page.goto("/datasets/lamps/")
    page.locator("[data-row] a[data-open]").first.click()
    for name in ("rendered", "conversation"):
        page.locator(f"#tab-{name}").focus()
        page.keyboard.press("Enter")
        expect(page.locator(f"#tab-{name}")).to_have_attribute("aria-current", "page")
        assert page.evaluate(FOCUSED) == f"tab-{name}"
        if name == "rendered":
            page.locator("#rendered-show").focus()
            with page.expect_response(re.compile("family=|mask=|template=|vocabulary=")):
                page.keyboard.press("Enter")
            expect(page.locator("#rendered-show")).to_be_focused()
    page.locator("#list-next").focus()
    page.keyboard.press("Enter")
    expect(page.locator("#announcer")).to_have_text("Page 2 of 2. 30 of 30 entries match.")
    expect(page.locator("#list-next")).to_be_focused()


def test_tab_goes_past_the_list_of_tags(page, lamps):
    page.goto("/datasets/lamps/")
    page.locator("#bulk-tags").evaluate("field => field.closest('details').open = true")
    page.locator("[data-select]").first.check()
    page.locator("#bulk-tags").fill(", ".join(f"tag_{n}" for n in range(20)))
    page.keyboard.press("Enter")
    expect(page.locator(".toast")).to_contain_text("Changed the tags")
    page.locator("[data-row] a[data-open]").nth(1).click()
    page.locator("#add_tags").focus()
    expect(page.locator("#add_tags-list")).to_be_visible()
    page.keyboard.press("Tab")
    assert page.evaluate(FOCUSED) not in ("add_tags-list", "BODY")


def test_on_a_narrow_screen_tab_goes_down_the_page_and_the_dataset_is_named(page, lamps):
    page.set_viewport_size({"width": 390, "height": 800})
    page.goto("/datasets/lamps/validation/rules")
    expect(page.get_by_role("navigation", name="You are here").get_by_text("lamps")).to_be_visible()
    tops = page.locator(".header :is(a, button)").evaluate_all(
        "each => each.filter((one) => one.checkVisibility()).map((one) => one.getBoundingClientRect().bottom)"
    )
    assert tops == sorted(tops)
    undo, export = (
        page.get_by_role(role, name=name).bounding_box()
        for role, name in (("button", "Undo"), ("link", "Export"))
    )
    assert abs(undo["y"] - export["y"]) < 10
