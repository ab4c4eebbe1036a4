"""The tags page as a person uses it: by keyboard, by dragging, in a dialog, and without script."""

import json

import pytest
from playwright.sync_api import expect

from app.services import opening, shelving, tagging
from app.services.taxonomy import taxonomy
from app.store.places import sidecar_of

pytestmark = pytest.mark.browser

TAGGED = (["calm", "懸疑"], ["calm"], ["gull", "éowyn"], ["a" * 150])


@pytest.fixture
def tagged(server):
    """Two datasets with tags of several kinds, one of them adopted into a category of its own."""
    for name in ("talks", "walks"):
        lines = (
            {
                "messages": [
                    {"role": "user", "content": f"{name} {number}?"},
                    {"role": "assistant", "content": "Yes."},
                ],
                "tags": tags,
            }
            for number, tags in enumerate(TAGGED)
        )
        opening.import_text(server.library, "\n".join(map(json.dumps, lines)), name)
    tagging.create_category(server.library, "Weather")
    tagging.adopt(server.library, "calm", "weather")
    tagging.adopt(server.library, "gull", "weather")


def tag(server, slug):
    return taxonomy(server.library).tag(slug)


def order(server, category):
    groups = taxonomy(server.library).categories
    return next([each.slug for each in group.tags] for group in groups if group.slug == category)


def test_a_tag_is_renamed_in_a_dialog_by_keyboard_and_the_toast_takes_it_back(page, server, tagged):
    page.goto("/tags")
    page.keyboard.press("/")
    page.keyboard.type("cal")
    expect(page.locator(".tag-row")).to_have_count(1)
    expect(page).to_have_url(f"{server.address}/tags?q=cal")
    page.locator("#open-calm").focus()
    page.keyboard.press("Enter")
    sheet = page.locator("dialog#tag-dialog")
    expect(sheet).to_be_visible()
    expect(sheet).to_contain_text("Rewrites 4 entries in 2 datasets.")
    sheet.get_by_label("Name").fill("Calm sea")
    page.keyboard.press("Enter")
    expect(sheet).not_to_be_visible()
    expect(page.locator(".toast")).to_contain_text("Renamed Calm to Calm sea in 4 entries.")
    expect(page.locator("#tag-calm_sea")).to_contain_text("formerly calm")
    expect(page.locator("#open-calm_sea")).to_be_focused()
    expect(page).to_have_url(f"{server.address}/tags?q=cal")
    page.locator(".toast").get_by_role("button", name="Undo").press("Enter")
    expect(page.locator("#tag-calm")).to_contain_text("4 entries")
    assert tag(server, "calm").entries == 4


def test_escape_leaves_the_dialog_and_gives_the_focus_back(page, server, tagged):
    page.goto("/tags")
    page.locator("#open-gull").press("Enter")
    expect(page.locator("dialog#tag-dialog")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator("#open-gull")).to_be_focused()


def test_a_refusal_is_said_in_the_dialog_beside_the_field(page, server, tagged):
    page.complaints.expected.append("409")
    page.goto("/tags")
    page.click("#open-calm")
    sheet = page.locator("dialog#tag-dialog")
    sheet.get_by_label("Name").fill("Gull")
    sheet.get_by_role("button", name="Rename").click()
    expect(sheet.get_by_role("alert")).to_contain_text("There is a tag called Gull already")
    expect(sheet.get_by_label("Name")).to_have_value("Gull")
    expect(sheet.get_by_label("Name")).to_be_focused()
    sheet.get_by_label("Name").fill("Still")
    page.keyboard.press("Enter")
    expect(sheet).not_to_be_visible()
    assert tag(server, "still").entries == 4


def test_a_deletion_leaves_the_focus_on_the_next_tag(page, server, tagged):
    page.goto("/tags")
    page.locator("#open-calm").press("Enter")
    page.locator("#do-delete").press("Enter")
    expect(page.locator(".toast")).to_contain_text("Deleted Calm in 4 entries.")
    expect(page.locator("#tag-calm")).to_have_count(0)
    expect(page.locator("#open-gull")).to_be_focused()


def test_the_imported_tags_are_reviewed_one_after_the_other_by_single_keys(page, server, tagged):
    page.goto("/tags")
    page.get_by_role("link", name="Review them").press("Enter")
    queue = page.locator("#queue")
    expect(queue).to_have_text("Imported tag 1 of 3")
    page.keyboard.press("j")
    expect(queue).to_have_text("Imported tag 2 of 3")
    expect(page.locator("#sheet-title")).to_have_text("Éowyn")
    page.keyboard.press("m")
    page.keyboard.type("gull")
    page.keyboard.press("Enter")
    expect(page.locator(".toast")).to_contain_text("Merged Éowyn into Gull in 2 entries.")
    expect(page.locator("#sheet-title")).to_have_text("懸疑")
    page.get_by_label("Category").select_option("weather")
    page.locator("body").evaluate("document.activeElement.blur()")
    page.keyboard.press("a")
    expect(queue).to_have_text("Imported tag 1 of 1")
    page.keyboard.press("d")
    expect(page.get_by_text("Every imported tag has been looked at")).to_be_visible()
    assert tag(server, "懸疑").category == "weather"
    assert taxonomy(server.library).imported == ()


def test_tags_and_categories_are_moved_by_keys_and_keep_the_focus(page, server, tagged):
    page.goto("/tags")
    page.click("text=Change the order")
    down = page.get_by_role("button", name="Move down: Manual", exact=True)
    down.focus()
    page.keyboard.press("Enter")
    expect(page.locator("#announcer")).to_have_text("manual is now 2 of 4.")
    expect(down).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("#announcer")).to_have_text("manual is now 3 of 4.")
    expect(down).to_be_focused()
    assert order(server, "source") == ["ai_generated", "imported", "manual", "converted"]
    up = page.get_by_role("button", name="Move up: category Weather")
    up.focus()
    page.keyboard.press("Enter")
    expect(page.locator("#announcer")).to_have_text("weather is now 5 of 6.")
    expect(up).to_be_focused()
    page.locator(".toast").get_by_role("button", name="Undo").click()
    expect(page.locator("[data-order='order-categories'] > section").last).to_contain_text("Weather")


def test_tags_and_categories_are_dragged_to_their_place(page, server, tagged):
    page.set_viewport_size({"width": 1280, "height": 2400})
    page.goto("/tags?arrange=1")
    page.locator("#tag-converted .tag-name").drag_to(
        page.locator("#tag-manual .tag-name"), target_position={"x": 5, "y": 2}
    )
    expect(page.locator(".toast")).to_contain_text("Put the tags in order.")
    assert order(server, "source") == ["converted", "manual", "ai_generated", "imported"]
    page.locator("#category-weather").drag_to(
        page.locator("#category-behavior"), target_position={"x": 5, "y": 2}
    )
    expect(page.locator(".toast")).to_contain_text("Put the categories in order.")
    assert taxonomy(server.library).categories[0].slug == "weather"


def test_an_entry_is_offered_its_datasets_tags_and_then_those_in_use(page, server, tagged):
    page.goto("/datasets/talks/")
    page.locator("[data-row] a[data-open]").first.click()
    expect(page.locator("#messages-1-text")).to_be_visible()
    page.keyboard.press("t")
    page.keyboard.type("gul")
    offers = page.locator("#add_tags-list [role=option]")
    expect(offers).to_have_text(["gull1 entry"])
    page.locator("#add_tags").fill("no user")
    expect(offers).to_have_text(["no_user_controlBehavior"])
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    page.keyboard.press("Control+s")
    expect(page.locator(".toast")).to_have_text("Saved.")
    expect(page.locator(".chip")).to_have_text(["calm", "懸疑 imported", "no_user_control"])
    expect(page.locator(".chip[title='Behavior']")).to_have_text("no_user_control")


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_tags_break_no_accessibility_rule_and_stay_on_narrow_screens(new_page, axe, tagged, theme):
    page = new_page(color_scheme=theme)
    found = {}
    for width in (1280, 390, 320):
        page.set_viewport_size({"width": width, "height": 844})
        for address in (
            "/tags",
            "/tags?q=cal",
            "/tags?arrange=1",
            "/tags/calm",
            "/tags/to-review",
            "/categories/weather",
        ):
            page.goto(address)
            excess = page.evaluate(
                "document.documentElement.scrollWidth - document.documentElement.clientWidth"
            )
            problems = axe(page) + ([f"{excess} px too wide"] if excess > 0 else [])
            found.update({(address, width): problems} if problems else {})
    page.goto("/tags")
    page.click("#open-calm")
    expect(page.locator("dialog#tag-dialog")).to_be_visible()
    assert axe(page) == []
    assert found == {}


def test_it_works_without_script(new_page, server, tagged):
    page = new_page(java_script_enabled=False)
    page.complaints.expected.append("409")
    page.goto("/tags")
    page.fill("#q", "calm")
    page.press("#q", "Enter")
    page.click("#open-calm")
    page.fill("#rename", "gull")
    page.click("#do-rename")
    expect(page.get_by_role("alert")).to_contain_text("There is a tag called Gull already")
    page.fill("#rename", "still")
    page.click("#do-rename")
    expect(page.locator(".toast")).to_contain_text("Renamed Calm to still in 4 entries.")
    page.locator(".toast").get_by_role("button", name="Undo").click()
    expect(page.locator(".toast")).to_contain_text("Undone: Rename tag calm to still")
    page.goto("/tags?arrange=1")
    page.get_by_role("button", name="Move down: Manual", exact=True).click()
    assert order(server, "source")[:2] == ["ai_generated", "manual"]


def test_a_former_name_in_entries_is_rewritten_on_any_screen(page, server, axe, tagged):
    shelving.trash(server.library, "walks")
    tagging.rename(server.library, "calm", "Still water of the harbour in the morning light")
    shelving.untrash(server.library, "walks")
    for width in (1280, 320):
        page.set_viewport_size({"width": width, "height": 720})
        page.goto("/tags")
        assert axe(page) == []
        assert page.evaluate("document.documentElement.scrollWidth") <= width
    page.locator("#former-calm").get_by_role("button", name="Rewrite to still_water").click()
    expect(page.locator(".toast")).to_contain_text("Rewrite tag calm to still_water")
    expect(page.locator("#former-calm")).to_have_count(0)
    page.locator(".toast").get_by_role("button", name="Undo").click()
    expect(page.locator("#former-calm")).to_have_count(1)


def test_a_sidecar_that_was_left_alone_is_told_of_and_replaced(page, server, axe, tmp_path):
    source = tmp_path / "talks.jsonl"
    said = [{"role": "user", "content": "Fog?"}, {"role": "assistant", "content": "Fog."}]
    source.write_text(json.dumps({"messages": said}))
    source.with_name("talks.registry.json").write_text("{}")
    opening.import_path(server.library, source)
    theirs = sidecar_of(server.library.dataset("talks").path)
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto("/datasets/talks/")
    banner = page.locator("#sidecar")
    expect(banner).to_contain_text("The sidecar beside this file was left alone: it cannot be read")
    assert banner.bounding_box()["y"] < 200
    assert axe(page) == []
    banner.get_by_role("button", name="Replace it by ours").click()
    expect(page.locator(".toast")).to_contain_text("Replaced the sidecar by ours.")
    expect(banner).to_have_count(0)
    assert theirs.read_text() != "{}"
    page.locator(".toast").get_by_role("button", name="Undo").click()
    expect(banner).to_be_visible()
    assert theirs.read_text() == "{}"
    banner.get_by_role("button", name="Keep theirs, and close").click()
    expect(banner).to_have_count(0)
    assert theirs.read_text() == "{}"


def test_a_long_name_makes_no_page_wider(page, server):
    tagging.create_category(server.library, "w" * 200)
    tagging.create(server.library, "t" * 200, "w" * 200)
    for width in (1280, 320):
        page.set_viewport_size({"width": width, "height": 720})
        for address in ("/tags", "/tags?arrange=1", "/tags/" + "t" * 200, "/categories/" + "w" * 200):
            page.goto(address)
            assert page.evaluate("document.documentElement.scrollWidth") <= width, address
        page.goto("/tags")
        page.get_by_text("New tag", exact=True).click()
        page.get_by_text("Last changes", exact=True).click()
        assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_what_is_refused_stands_alone_and_the_library_is_named_on_a_phone(page, server, tagged):
    page.complaints.expected.append("409")
    page.set_viewport_size({"width": 390, "height": 800})
    page.goto("/tags")
    expect(page.get_by_role("link", name="Library", exact=True).last).to_be_visible()
    page.get_by_text("New tag", exact=True).click()
    page.locator("#new-tag").fill("Fresh")
    page.get_by_role("button", name="Add the tag").click()
    expect(page.locator(".toast")).to_contain_text("New tag: Fresh.")
    page.get_by_role("button", name="Add the tag").click()
    expect(page.locator("#alert")).to_contain_text("There is a tag called Fresh already")
    expect(page.locator(".toast")).to_have_count(0)
