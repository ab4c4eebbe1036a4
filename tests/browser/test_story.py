"""What a person does from the first page to the download, in a real browser."""

import json
import re
from pathlib import Path

import pytest
from playwright.sync_api import expect

from app import jobs
from app.domain.view import View
from app.services import browsing, drafts, editing, history, opening

LINE = '{"messages": [{"role": "user", "content": "Hi?"}, {"role": "assistant", "content": "Ho."}]}'
HOSTILE = (
    "<script>alert(1)</script><img src=x onerror=alert(1)>{{ 7*7 }}"
    "</textarea><hx-partial hx-target='body'>\"'"
)

pytestmark = pytest.mark.browser


def first_row(page):
    return page.locator("[data-row]").first


def open_first(page):
    page.goto("/datasets/talks/")
    first_row(page).locator("a[data-open]").click()
    expect(page.locator("#messages-1-text")).to_have_value("Is the kettle still warm?")


def test_the_whole_story(page, tmp_path):
    source = tmp_path / "lamps.jsonl"
    lines = [
        {"messages": [{"role": "user", "content": f"Lamp {n}?"}, {"role": "assistant", "content": "Lit."}]}
        for n in (1, 2)
    ]
    source.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
    page.set_input_files("#file", source)
    expect(page).to_have_url(re.compile("/datasets/lamps/$"))
    expect(page.locator(".toast")).to_contain_text("Opened lamps: 2 entries.")

    page.fill("#q", "lamp 2")
    expect(page.locator("#count")).to_have_text("1 of 2 entries")
    expect(page.locator(".row mark")).to_have_text("Lamp 2")
    first_row(page).locator("a[data-open]").click()
    text = page.locator("#messages-1-text")
    expect(text).to_have_value("Lit.")

    text.fill("Lit, and trimmed.")
    page.keyboard.press("Control+s")
    expect(page.locator(".toast")).to_have_text("Saved.")

    page.locator("h1").click()
    page.keyboard.press("Control+z")
    expect(page.locator(".toast")).to_contain_text("Undone: Save entry")

    page.goto("/datasets/lamps/export")
    with page.expect_download() as download:
        page.click("text=Download")
    saved = Path(download.value.path()).read_text(encoding="utf-8")
    assert download.value.suggested_filename == "lamps.chatml.jsonl"
    assert [json.loads(line)["messages"] for line in saved.split("\n") if line] == [
        line["messages"] for line in lines
    ]


def test_saving_keeps_the_caret_where_it_was(page, talks):
    open_first(page)
    text = page.locator("#messages-1-text")
    text.click()
    page.keyboard.press("Home")
    page.keyboard.press("ArrowRight")
    page.keyboard.type("!")
    page.keyboard.press("Control+s")
    expect(page.locator(".toast")).to_have_text("Saved.")
    expect(text).to_be_focused()
    assert text.evaluate("box => box.selectionStart") == 2
    page.keyboard.type("?")
    expect(text).to_have_value("I!?s the kettle still warm?")


def test_the_saved_row_shows_the_new_words(page, talks):
    open_first(page)
    page.locator("#messages-1-text").fill("Is the kettle cold?")
    page.keyboard.press("Control+s")
    expect(first_row(page)).to_contain_text("Is the kettle cold?")
    expect(first_row(page).locator("a[data-open]")).to_have_attribute("aria-current", "true")


def test_save_and_next_opens_the_next_entry(page, talks):
    open_first(page)
    page.locator("#messages-1-text").press_sequentially(" Yes")
    page.keyboard.press("Control+Enter")
    expect(page.locator("#messages-1-text")).to_have_value("Tell me about the lantern.")
    expect(page.locator("[data-row] a[aria-current]")).to_contain_text("lantern")


def test_back_shows_the_page_before(page, talks):
    open_first(page)
    page.locator("[data-row] a[data-open]").nth(1).click()
    expect(page.locator("#messages-1-text")).to_have_value("Tell me about the lantern.")
    page.go_back()
    expect(page.locator("#messages-1-text")).to_have_value("Is the kettle still warm?")
    page.go_back()
    expect(page.get_by_text("No entry is open")).to_be_visible()
    page.go_forward()
    expect(page.locator("#messages-1-text")).to_have_value("Is the kettle still warm?")


def test_typing_in_the_search_does_not_fill_the_history(page, talks):
    page.goto("/datasets/talks/")
    page.locator("#q").press_sequentially("lantern", delay=20)
    expect(page.locator("#count")).to_have_text("2 of 3 entries")
    expect(page).to_have_url(re.compile(r"\?q=lantern$"))
    expect(page.locator("#q")).to_be_focused()
    page.reload()
    expect(page.locator("#count")).to_have_text("2 of 3 entries")


def test_messages_are_added_moved_and_removed_with_focus_in_place(page, talks):
    open_first(page)
    page.locator("#messages-1-text").fill("Typed and not saved")
    page.click("#add-user")
    expect(page.locator("#messages-3-text")).to_be_focused()
    page.keyboard.type("One more thing.")
    page.click("#messages-1-up")
    expect(page.locator("#messages-0-text")).to_have_value("Typed and not saved")
    expect(page.locator("#messages-0-down")).to_be_focused()
    page.click("#messages-1-remove")
    page.keyboard.press("Control+s")
    expect(page.locator(".toast")).to_have_text("Saved.")
    page.reload()
    expect(page.locator("#messages textarea")).to_have_count(3)
    expect(page.locator("#messages-0-text")).to_have_value("Typed and not saved")
    expect(page.locator("#messages-2-text")).to_have_value("One more thing.")


def test_a_removed_message_takes_its_text_with_it(page, server, talks):
    open_first(page)
    page.locator("#messages-1-text").fill("changed, then removed")
    page.click("#messages-1-remove")
    expect(page.locator("#messages-1-text")).to_have_value(re.compile("Warm enough"))


def test_tags_are_chips(page, talks):
    open_first(page)
    field = page.locator("#add_tags")
    field.fill("need")
    expect(page.get_by_role("option", name="needs_review")).to_be_visible()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    field.press_sequentially("storm,")
    expect(page.locator(".chip")).to_have_text(["calm imported", "needs_review", "storm"])
    page.keyboard.press("Backspace")
    expect(page.locator(".chip")).to_have_text(["calm imported", "needs_review"])
    page.uncheck(".chip:first-child input")
    page.keyboard.press("Control+s")
    expect(page.locator(".toast")).to_have_text("Saved.")
    expect(first_row(page).locator(".badge")).to_have_text(["needs_review (Status)"])
    expect(page.locator(".chip")).to_have_text(["needs_review"])


def test_a_draft_survives_a_closed_tab_and_says_so(page, new_page, talks):
    open_first(page)
    page.locator("#messages-1-text").fill("Half a thought")
    expect(page.locator("[data-draft-status]")).to_have_text("Draft kept")
    address = page.url
    page.close()
    other = new_page()
    other.goto(address)
    expect(other.get_by_text("This is your draft.")).to_be_visible()
    expect(other.locator("#messages-1-text")).to_have_value("Half a thought")
    other.click("text=Discard the draft")
    expect(other.locator("#messages-1-text")).to_have_value("Is the kettle still warm?")
    expect(other.get_by_text("This is your draft.")).to_have_count(0)


def test_a_draft_is_kept_when_the_page_goes_at_once(page, talks):
    open_first(page)
    page.locator("#messages-1-text").fill("Gone before a second passed")
    page.goto("/datasets/talks/")
    first_row(page).locator("a[data-open]").click()
    expect(page.locator("#messages-1-text")).to_have_value("Gone before a second passed")


def test_two_tabs_show_both_versions(page, new_page, talks):
    open_first(page)
    other = new_page()
    open_first(other)
    page.locator("#messages-1-text").fill("From the first tab")
    page.keyboard.press("Control+s")
    expect(page.locator(".toast")).to_have_text("Saved.")
    other.complaints.expected.append("409")
    other.locator("#messages-1-text").fill("From the second tab")
    other.keyboard.press("Control+s")
    expect(other.get_by_text("This entry was changed meanwhile")).to_be_visible()
    expect(other.locator(".diff del")).to_contain_text("first")
    expect(other.locator(".diff ins")).to_contain_text("second")
    other.click("text=Save mine over it")
    expect(other.locator("#messages-1-text")).to_have_value("From the second tab")


def test_selecting_costs_no_request_and_changes_what_is_meant(page, talks):
    page.goto("/datasets/talks/", wait_until="networkidle")
    asked = []
    page.on("request", lambda request: asked.append(request.url))
    page.locator("[data-select]").nth(0).check()
    page.locator("[data-select]").nth(2).check()
    expect(page.locator("[data-selection-count]")).to_have_text("2 entries selected")
    assert asked == []
    page.click("text=Change selected")
    page.fill("#bulk-tags", "storm")
    page.click("button[name=do][value=add]")
    expect(page.locator(".toast")).to_have_text("Changed the tags of 2 entries.")
    expect(page.locator(".row .badge", has_text="storm")).to_have_count(2)


def test_keys_walk_the_list_and_stay_quiet_while_typing(page, talks):
    page.goto("/datasets/talks/")
    page.keyboard.press("j")
    expect(page.locator("#messages-1-text")).to_have_value("Is the kettle still warm?")
    page.keyboard.press("j")
    expect(page.locator("#messages-1-text")).to_have_value("Tell me about the lantern.")
    page.keyboard.press("k")
    expect(page.locator("#messages-1-text")).to_have_value("Is the kettle still warm?")
    page.keyboard.press("x")
    expect(page.locator("[data-select]").first).to_be_checked()
    page.keyboard.press("/")
    page.keyboard.type("jnx?")
    expect(page.locator("#q")).to_have_value("jnx?")
    page.keyboard.press("Escape")
    page.keyboard.press("?")
    expect(page.get_by_role("dialog", name="Keyboard shortcuts")).to_be_visible()
    page.keyboard.press("Escape")
    page.keyboard.press("n")
    expect(page).to_have_url(re.compile("/entries/new$"))


def test_letters_can_be_switched_off(page, talks):
    page.goto("/settings")
    page.uncheck("#letters_as_shortcuts")
    page.click("text=Save")
    expect(page.locator(".toast")).to_have_text("Saved.")
    page.goto("/datasets/talks/")
    page.keyboard.press("n")
    page.keyboard.press("j")
    expect(page.get_by_text("No entry is open")).to_be_visible()


def test_a_new_entry_is_written_and_found(page, talks):
    page.goto("/datasets/talks/entries/new")
    page.fill("#messages-1-text", "Is there a new entry?")
    page.fill("#messages-2-text", "There is now.")
    page.fill("#add_tags", "fresh")
    page.keyboard.press("Control+s")
    expect(page.locator(".toast")).to_have_text("Saved.")
    expect(page.locator("h1")).to_have_text("Entry 4 of 4")
    expect(page.locator("#messages textarea")).to_have_count(2)
    expect(page.locator(".chip")).to_have_text(["fresh"])


def test_a_file_is_dropped_anywhere(page):
    data = page.evaluate_handle(
        """() => {
            const carried = new DataTransfer();
            const messages = [{role: 'user', content: 'Dropped?'}, {role: 'assistant', content: 'Yes.'}];
            const line = JSON.stringify({messages});
            carried.items.add(new File([line], 'dropped.jsonl'));
            return carried;
        }"""
    )
    page.dispatch_event("main", "dragenter", {"dataTransfer": data})
    page.dispatch_event("main", "drop", {"dataTransfer": data})
    expect(page).to_have_url(re.compile("/datasets/dropped/$"))


def test_a_refused_upload_says_why_and_keeps_the_page(page, tmp_path):
    source = tmp_path / "broken.jsonl"
    source.write_text("not json\n", encoding="utf-8")
    page.complaints.expected.append("400")
    page.set_input_files("#file", source)
    expect(page.locator("#alert")).to_contain_text("Your dataset files were not changed.")


@pytest.fixture
def busy_library(server, talks):
    """A library where something has happened: two jobs, a rejected record, a changed entry, a conflict."""
    library = server.library
    for _ in range(2):
        job = jobs.start("Import mixed", lambda _: opening.import_text(library, f"{LINE}\nnot json", "mixed"))
        job.wait(10)
    first, second, *_ = browsing.matching_keys(library, "talks", View())
    entry = browsing.open_entry(library, "talks", first)
    messages = [*entry.entry.value["messages"], {"role": "user", "content": "More."}]
    editing.save_entry(library, "talks", first, {**entry.entry.value, "messages": messages}, revision=None)
    number = library.dataset("talks").id
    drafts.keep(
        library, number, second, "an old revision", {"messages-0-role": ["user"], "messages-0-text": ["x"]}
    )
    base, changed = "/datasets/talks/", history.operations(library, "talks")[0].id
    return (
        *(
            "/",
            "/?trash=1",
            "/jobs",
            f"/jobs/{job.id}",
            "/settings",
            "/help",
            "/help/keys",
            "/nothing",
            "/patterns",
        ),
        *(base, f"{base}?q=lantern", f"{base}?q=zzqqx", f"{base}?q=(&mode=regex", f"{base}entries/{first}"),
        *(f"{base}?entry={first}&q=the&tag=calm", f"{base}?entry={second}", f"{base}?entry={first}&tab=json"),
        *(f"{base}?entry={first}&tab=history", f"{base}entries/new", f"{base}history"),
        *(
            f"{base}history?operation={changed}",
            f"{base}export",
            "/datasets/mixed/rejected",
            "/datasets/mixed/?imported=1",
        ),
        *("/help?q=undo", "/help/searching"),
    )


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_no_page_breaks_an_accessibility_rule(new_page, axe, busy_library, theme):
    page = new_page(color_scheme=theme)
    page.complaints.expected.append("404")
    found = {}
    for address in busy_library:
        page.goto(address)
        for problem in axe(page):
            found.setdefault(problem, address)
    assert found == {}


def test_it_reads_and_posts_without_script(new_page, talks):
    page = new_page(java_script_enabled=False)
    page.goto("/datasets/talks/")
    page.fill("#q", "lantern")
    page.press("#q", "Enter")
    expect(page.locator("#count")).to_have_text("2 of 3 entries")
    first_row(page).locator("a[data-open]").click()
    page.click("#add-user")
    page.fill("#messages-3-text", "And without script?")
    page.fill("#add_tags", "plain, quiet")
    page.click("#save")
    expect(page.locator(".toast")).to_have_text("Saved.")
    expect(page.locator("#messages-3-text")).to_have_value("And without script?")
    expect(page.locator(".chip")).to_have_text(["calm imported", "needs_review", "plain", "quiet"])
    page.goto("/datasets/talks/history")
    page.click("text=Undo the last operation")
    expect(page.locator(".toast")).to_contain_text("Undo")


def test_hostile_text_stays_text(page, server, talks):
    bad = HOSTILE
    value = {
        "messages": [
            {"role": bad, "content": bad},
            {"role": "user", "content": [bad], bad: bad},
            {"role": "user", "content": bad},
        ],
        "tags": [bad],
        bad: bad,
    }
    done = editing.save_entry(server.library, "talks", None, value, revision=None)
    dialogs = []
    page.on("dialog", lambda dialog: (dialogs.append(dialog.message), dialog.dismiss()))
    base = "/datasets/talks/"
    for address in (
        base,
        f"{base}?q=script",
        f"{base}history",
        f"{base}entries/{done.uuid}",
        f"{base}entries/{done.uuid}?tab=json",
        f"{base}export",
    ):
        page.goto(address)
    page.goto(base)
    page.locator("[data-row] a[data-open]").last.click()
    expect(page.locator("#messages-2-text")).to_have_value(bad)
    page.keyboard.press("Control+s")
    expect(page.locator(".toast")).to_be_visible()
    assert dialogs == []
    assert page.locator("#messages img, .rows img, aside img").count() == 0
