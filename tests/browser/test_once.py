"""A double click does what one click does."""

import pytest
from playwright.sync_api import expect

from app.services import browsing, editing, history, prompts
from app.services.taxonomy import taxonomy
from tests.workshop import keys

pytestmark = pytest.mark.browser


def test_a_new_prompt_is_kept_once(page, server):
    page.goto("/prompts?new=1")
    page.locator("#name").fill("Light")
    page.locator("#text").fill("You keep the light.")
    page.locator("#save").dblclick()
    expect(page.locator(".toast")).to_contain_text("Kept.")
    assert [each.slug for each in prompts.prompts(server.library)] == ["light"]


def test_an_entry_is_duplicated_once_and_undo_takes_back_one_operation(page, server, talks):
    key = keys(server.library, "talks")[0]
    page.goto(f"/datasets/talks/entries/{key}")
    page.get_by_role("button", name="Duplicate").dblclick()
    expect(page.locator(".toast")).to_be_visible()
    assert server.library.dataset("talks").entries == 4
    editing.delete_entries(server.library, "talks", [key])
    page.goto("/datasets/talks")
    page.locator("[data-key='undo']").dblclick()
    expect(page.locator(".toast")).to_contain_text("Undo")
    assert server.library.dataset("talks").entries == 4
    assert [each.undone for each in history.operations(server.library, "talks")][1:3] == [True, False]
    assert browsing.open_entry(server.library, "talks", key)


def test_a_new_tag_is_made_once_and_nothing_is_red(page, server):
    page.goto("/tags")
    page.get_by_text("New tag", exact=True).click()
    page.locator("#new-tag").fill("Weather")
    page.get_by_role("button", name="Add the tag").dblclick()
    expect(page.locator(".toast")).to_contain_text("New tag")
    expect(page.locator("#alert")).to_be_empty()
    assert taxonomy(server.library).tag("weather").status == "active"


def test_a_form_that_no_script_sends_is_sent_once(page, server):
    page.goto("/characters")
    page.locator("#name").fill("Mara")
    page.get_by_role("button", name="Create").dblclick()
    expect(page.get_by_role("heading", name="Mara")).to_be_visible()
    expect(page.locator(".toast")).to_contain_text("Created.")


def test_an_export_can_be_asked_for_again(page, talks):
    page.goto("/datasets/talks/export")
    for _ in range(2):
        with page.expect_download():
            page.locator("form[data-downloads] button").last.click()
