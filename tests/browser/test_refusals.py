"""What is refused is said on the page where the person is, and what was typed stays."""

import json

import pytest
from playwright.sync_api import expect

from app.services import opening
from app.web import working

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
    page.complaints.expected += ["400", "422"]  # 422 if the key came before the script: the same page again
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


def test_our_version_is_put_back_where_the_save_was_refused(page, server, talks):
    page.complaints.expected.append("409")
    page.goto("/datasets/talks/")
    page.locator("[data-row] a[data-open]").first.click()
    text = page.locator("#messages-1-text")
    text.fill("Mine")
    path = server.library.dataset("talks").path
    before = path.read_bytes()
    path.write_bytes(before + json.dumps(OTHER).encode() + b"\n")
    page.keyboard.press("Control+s")
    page.locator("#alert").get_by_text("Put back ours").click()
    expect(page.locator(".toast")).to_have_text("Put back ours.")
    expect(page.locator("[data-row]")).to_have_count(3)
    assert path.read_bytes() == before
    page.get_by_role("link", name="1 draft").or_(page.get_by_role("link", name="Entry 1")).first.click()
    expect(page.locator("#messages-1-text")).to_have_value("Mine")
    page.keyboard.press("Control+s")
    expect(page.locator(".toast")).to_have_text("Saved.")
    assert b"Mine" in path.read_bytes()


def test_a_record_that_is_still_none_is_refused_above_it(page, server):
    page.complaints.expected.append("400")
    opening.import_text(server.library, f"{json.dumps(OTHER)}\nnot json", "mixed")
    page.goto("/datasets/mixed/rejected")
    page.fill("textarea", "still not json")
    page.get_by_role("button", name="Take it in").click()
    expect(page.locator("#alert .alert")).to_be_visible()
    expect(page.locator("textarea")).to_have_value("still not json")
    page.fill("textarea", json.dumps(OTHER).replace("Yes", "No"))
    page.get_by_role("button", name="Take it in").click()
    expect(page.locator(".toast")).to_have_text("Taken in as the last entry.")
    expect(page.locator("#alert .alert")).to_have_count(0)
    assert server.library.dataset("mixed").entries == 2


def test_a_redo_of_nothing_is_refused_in_the_history(page, talks):
    page.complaints.expected.append("400")
    page.goto("/datasets/talks/history")
    page.click("button:has-text('Redo')")
    expect(page.locator("#alert")).to_contain_text("There is nothing to redo in talks.")
    expect(page.get_by_role("heading", name="History")).to_be_visible()


def test_a_deletion_is_taken_back_from_its_toast(page, server, talks):
    before = server.library.dataset("talks").path.read_bytes()
    page.on("dialog", lambda dialog: dialog.accept())
    page.goto("/datasets/talks/")
    page.locator("[data-row] a[data-open]").nth(1).click()
    page.click("text=Delete entry")
    expect(page.locator(".toast")).to_contain_text("Deleted.")
    expect(page.locator("[data-row]")).to_have_count(2)
    page.locator(".toast").get_by_role("button", name="Undo").click()
    expect(page.locator("[data-row]")).to_have_count(3)
    assert server.library.dataset("talks").path.read_bytes() == before


def test_a_dataset_is_renamed_and_put_into_the_trash_where_another_one_waits(
    page, server, talks, monkeypatch
):
    """While somebody else writes, both are jobs with pages that lead on to the library."""
    monkeypatch.setattr(working, "QUICK", 0.01)
    page.goto("/")
    page.click("summary:has-text('More')")
    page.fill("input[name=name][value=talks]", "walks")
    with server.library.writing():
        page.click("button:has-text('Rename')")
        expect(page.get_by_role("heading", name="Rename talks")).to_be_visible()
    expect(page.locator(".toast")).to_have_text("Renamed talks to walks.")
    page.click("summary:has-text('More')")
    with server.library.writing():
        page.click("button:has-text('Move to the trash')")
        expect(page.get_by_role("heading", name="Move walks to the trash")).to_be_visible()
    expect(page.locator(".toast")).to_have_text("Moved walks to the trash.")
    page.click("text=Trash (1)")
    page.click("text=Put back")
    expect(page.locator(".dataset-name")).to_have_text("walks")


def test_without_script_a_refused_path_stays_in_its_field(new_page):
    page = new_page(java_script_enabled=False)
    page.complaints.expected.append("404")
    page.click("text=A file on this machine")
    page.fill("#path", "/nowhere/at/all.jsonl")
    page.click("text=Open the path")
    expect(page.get_by_role("alert")).to_contain_text("There is no file")
    expect(page.locator("#path")).to_have_value("/nowhere/at/all.jsonl")
    expect(page.locator("#path")).to_be_focused()
