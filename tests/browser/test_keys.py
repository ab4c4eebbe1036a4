"""Every key on the list does what the list says; no key does anything behind it."""

import re

import pytest
from playwright.sync_api import expect

pytestmark = pytest.mark.browser
FIRST, SECOND = "Is the kettle still warm?", "Tell me about the lantern."


@pytest.fixture
def list_page(page, talks):
    page.goto("/datasets/talks/")
    return page


def opened(page):
    return page.locator("#messages-1-text")


def test_slash_searches(list_page):
    list_page.keyboard.press("/")
    expect(list_page.locator("#q")).to_be_focused()
    expect(list_page.locator("#q")).to_have_value("")


def test_j_and_k_walk_and_enter_opens_the_row_in_focus(list_page):
    list_page.keyboard.press("j")
    expect(opened(list_page)).to_have_value(FIRST)
    list_page.keyboard.press("j")
    expect(opened(list_page)).to_have_value(SECOND)
    list_page.keyboard.press("k")
    expect(opened(list_page)).to_have_value(FIRST)
    list_page.locator("[data-row] a[data-open]").nth(1).focus()
    list_page.keyboard.press("Enter")
    expect(opened(list_page)).to_have_value(SECOND)


def test_e_edits_t_tags_escape_leaves(list_page):
    list_page.keyboard.press("j")
    expect(opened(list_page)).to_have_value(FIRST)
    list_page.keyboard.press("e")
    expect(list_page.locator("#messages-0-text")).to_be_focused()
    list_page.keyboard.press("Escape")
    expect(list_page.locator("#messages-0-text")).not_to_be_focused()
    list_page.keyboard.press("t")
    expect(list_page.locator("#add_tags")).to_be_focused()


def test_x_selects_the_open_row_and_takes_it_back(list_page):
    list_page.keyboard.press("j")
    expect(opened(list_page)).to_have_value(FIRST)
    list_page.keyboard.press("x")
    expect(list_page.locator("[data-selection-count]")).to_have_text("1 entry selected")
    list_page.keyboard.press("x")
    expect(list_page.locator("[data-selection-count]")).to_have_text("")


def test_n_writes_and_g_d_goes_to_the_datasets(list_page):
    list_page.keyboard.press("n")
    expect(list_page.get_by_role("heading", name="New entry")).to_be_visible()
    list_page.locator("h1").click()
    list_page.keyboard.press("g")
    list_page.keyboard.press("d")
    expect(list_page.get_by_role("heading", name="Library")).to_be_visible()


def test_g_v_goes_to_the_validation(list_page):
    list_page.keyboard.press("g")
    list_page.keyboard.press("v")
    expect(list_page.get_by_role("heading", name="Validation")).to_be_visible()


def test_control_s_saves_control_enter_goes_on_control_z_takes_back(list_page):
    list_page.keyboard.press("j")
    expect(opened(list_page)).to_have_value(FIRST)
    opened(list_page).fill("Is it cold?")
    list_page.keyboard.press("Control+s")
    expect(list_page.locator(".toast")).to_have_text("Saved.")
    opened(list_page).fill("Is it cold by now?")
    list_page.keyboard.press("Control+Enter")
    expect(opened(list_page)).to_have_value(SECOND)
    list_page.keyboard.press("Escape")
    list_page.locator("h1").click()
    list_page.keyboard.press("Control+z")
    expect(list_page.locator(".toast").last).to_contain_text("Undone: Save entry")
    expect(list_page.locator("[data-row]").first).to_contain_text("Is it cold?")


def test_control_z_in_a_field_is_the_browsers(list_page):
    list_page.keyboard.press("j")
    expect(opened(list_page)).to_have_value(FIRST)
    opened(list_page).click()
    list_page.keyboard.type("x")
    list_page.keyboard.press("Control+z")
    expect(opened(list_page)).to_have_value(FIRST)
    expect(list_page).to_have_url(re.compile("entry="))


def test_the_question_mark_lists_the_keys_and_escape_closes_it(list_page):
    list_page.keyboard.press("?")
    dialog = list_page.get_by_role("dialog", name="Keyboard shortcuts")
    expect(dialog).to_be_visible()
    list_page.keyboard.press("n")  # behind a dialog no letter acts
    expect(dialog).to_be_visible()
    list_page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    expect(list_page).to_have_url(re.compile("/datasets/talks/$"))


@pytest.mark.parametrize("keys", [("a",), ("g", "i"), ("d",), ("Delete",)])
def test_other_keys_do_nothing(list_page, keys):
    list_page.wait_for_load_state("networkidle")
    asked = []
    list_page.wait_for_load_state("networkidle")  # the line on named speakers comes behind the page
    list_page.on(
        "request", lambda request: asked.append(request.url) if "/static/" not in request.url else None
    )
    for key in keys:
        list_page.keyboard.press(key)
    expect(list_page).to_have_url(re.compile("/datasets/talks/$"))
    assert asked == []


def test_letters_with_a_modifier_do_nothing(list_page):
    list_page.keyboard.press("Alt+n")
    list_page.keyboard.press("Control+Shift+j")
    expect(list_page).to_have_url(re.compile("/datasets/talks/$"))
