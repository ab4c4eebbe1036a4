"""Validation in a real browser: from a number to its entries, a repair, its undo, by keyboard."""

import json
import re

import pytest
from playwright.sync_api import expect

from app.services import criteria, opening

pytestmark = pytest.mark.browser
PAGE = "/datasets/lamps/validation"
REPAIR = f"{PAGE}/repair/text.special_token"


@pytest.fixture
def lamps(server):
    """A dataset of twelve entries, eleven of them with something to repair."""
    lines = [
        {
            "messages": [
                {"role": "user", "content": f" Lamp {n}?  "},
                {"role": "assistant", "content": f"“🜂it<|im_end|>.” Write to keeper{n}@example.com."},
            ],
            "tags": ["Slow Burn"],
        }
        for n in range(11)
    ]
    lines.append(
        {
            "messages": [
                {"role": "system", "content": "You keep the light."},
                {"role": "user", "content": "Is it dark?"},
                {"role": "assistant", "content": "Soon."},
            ],
            "tags": [],
        }
    )
    opening.import_text(server.library, "\n".join(json.dumps(line) for line in lines), "lamps")
    return "lamps"


def test_from_a_number_to_exactly_its_entries_and_off_again(page, lamps):
    page.goto(PAGE)
    code = page.locator("[id='code-text.special_token']")
    expect(code.locator(".code-count")).to_have_text(re.compile(r"11\s+entries"))
    code.locator(".chips a").click()
    expect(page.locator("#count")).to_have_text("11 of 12 entries")
    chip = page.locator(".filter-on", has_text="A control token in the text: <|im_end|>")
    chip.click()
    expect(page.locator("#count")).to_have_text("12 entries")


def test_the_filter_is_chosen_beside_the_others(page, lamps):
    page.goto("/datasets/lamps/")
    page.get_by_text("Filter and sort").click()
    page.select_option("#diagnostic", "sound")
    expect(page.locator("#count")).to_have_text("1 of 12 entries")
    expect(page).to_have_url(re.compile("diagnostic=sound"))
    page.select_option("#diagnostic", "any")
    expect(page.locator("#count")).to_have_text("11 of 12 entries")


def test_some_are_repaired_then_all_and_a_toast_takes_it_back(page, lamps):
    page.goto(REPAIR)
    page.get_by_label("Remove it", exact=True).check()
    page.get_by_role("button", name="Show what it changes").click()
    expect(page.locator(".repair-entry")).to_have_count(10)
    expect(page.locator(".repair-entry del").first).to_contain_text("<|im_end|>")
    for box in page.locator("[name=keys]").all()[1:]:
        box.uncheck()
    page.get_by_role("button", name="Repair the chosen ones on this page").click()
    expect(page.locator(".toast")).to_contain_text("Repaired 1 entry.")
    code = page.locator("[id='code-text.special_token']")
    expect(code.locator(".code-count strong")).to_have_text("10")
    code.get_by_role("link", name="Repair").click()
    page.get_by_role("button", name="Repair all 10 entries").click()
    expect(page.locator(".toast")).to_contain_text("Repaired 10 entries.")
    expect(code).to_have_count(0)
    page.locator(".toast").get_by_role("button", name="Undo").click()
    expect(page.locator(".toast").last).to_contain_text("Undone: Repair")
    expect(page).to_have_url(re.compile(f"{PAGE}$"))
    expect(code.locator(".code-count strong")).to_have_text("10")


def test_nothing_chosen_is_an_alert_and_the_page_stays(page, lamps):
    page.complaints.expected.append("400")
    page.goto(REPAIR)
    for box in page.locator("[name=keys]").all():
        box.uncheck()
    page.get_by_role("button", name="Repair the chosen ones on this page").click()
    expect(page.locator("#alert")).to_contain_text("No entry is chosen.")
    expect(page.locator(".repair-entry")).to_have_count(10)


def test_a_diagnostic_leads_to_its_message_and_selects_the_very_words(page, lamps):
    page.goto("/datasets/lamps/")
    page.keyboard.press("j")
    found = page.locator(".diagnostic", has_text="A control token in the text")
    link = found.get_by_role("link", name="Message 2")
    link.focus()
    page.keyboard.press("Enter")
    box = page.locator("#messages-1-text")
    expect(box).to_be_focused()
    assert box.evaluate("box => box.value.slice(box.selectionStart, box.selectionEnd)") == "<|im_end|>"
    page.keyboard.press("Delete")
    page.keyboard.press("Control+s")
    expect(page.locator(".toast")).to_have_text("Saved.")
    expect(found).to_have_count(0)
    page.locator(".diagnostic", has_text="An e-mail address").locator("summary").click()
    expect(page.get_by_role("link", name="All with this").first).to_be_visible()


def test_the_keyboard_alone_finds_and_repairs(page, lamps):
    page.goto("/datasets/lamps/")
    page.keyboard.press("g")
    page.keyboard.press("v")
    expect(page.get_by_role("heading", name="Validation", exact=True)).to_be_visible()
    page.get_by_role("link", name="Repair: White space around a message").focus()
    page.keyboard.press("Enter")
    expect(page.locator(".sign[role=img]").first).to_have_attribute("aria-label", "1 space")
    page.get_by_role("button", name="Repair all 11 entries").focus()
    page.keyboard.press("Enter")
    expect(page.locator(".toast")).to_contain_text("Repaired 11 entries.")
    page.keyboard.press("Control+z")
    expect(page.locator(".toast").last).to_contain_text("Undone: Repair")


def test_rules_are_saved_by_key_and_go_back_to_the_default(page, server, lamps):
    page.goto(f"{PAGE}/rules")
    page.get_by_role("textbox", name="Names that are never to be published").fill("Keeper\nLamp")
    page.keyboard.press("Control+s")
    expect(page.locator(".toast")).to_contain_text("Saved.")
    assert criteria.own_rules(server.library, "lamps") == {"never_publish": ["Keeper", "Lamp"]}
    page.get_by_label(re.compile("As for all datasets again")).check()
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_label(re.compile("As for all datasets again"))).to_have_count(0)
    assert criteria.own_rules(server.library, "lamps") == {}
    page.locator("summary", has_text="Last changes").click()
    page.get_by_role("button", name=re.compile("^Undo Rules of lamps")).first.click()
    expect(page.get_by_role("textbox", name="Names that are never to be published")).to_have_value(
        "Keeper\nLamp"
    )


def test_without_script_it_is_read_and_repaired(new_page, lamps):
    page = new_page(java_script_enabled=False)
    page.goto(PAGE)
    page.get_by_role("link", name="Repair: A control token in the text").click()
    page.get_by_label("Remove it", exact=True).check()
    page.get_by_role("button", name="Show what it changes").click()
    page.get_by_role("button", name="Repair all 11 entries").click()
    expect(page.locator(".toast")).to_contain_text("Repaired 11 entries.")
    page.goto(f"{PAGE}/repair/chatml.missing_system_role")
    page.get_by_label("System prompt").fill("You keep\nthe light.")
    page.get_by_role("button", name="Show what it changes").click()
    expect(page.locator(".repair-entry").first).to_contain_text("You keep")
    page.get_by_role("button", name="Repair all 11 entries").click()
    expect(page.locator(".toast")).to_contain_text("Repaired 11 entries.")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 1280])
def test_the_pages_are_accessible_and_stay_on_the_screen(new_page, axe, lamps, scheme, width):
    page = new_page(color_scheme=scheme)
    page.set_viewport_size({"width": width, "height": 800})
    addresses = (
        PAGE, REPAIR, f"{PAGE}/repair/chatml.content_whitespace", f"{PAGE}/repair/chatml.missing_system_role",
        f"{PAGE}/rules", "/settings/rules", "/help/validation", "/help/repairs",
        "/datasets/lamps/?diagnostic=error",
    )  # fmt: skip
    for address in addresses:
        page.goto(address)
        assert axe(page) == [], address
        excess = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        assert excess <= 0, address
    page.locator("[data-row] a[data-open]").first.click()
    expect(page.locator(".diagnostic").first).to_be_attached()
    assert axe(page) == []
