"""Prompts in a real browser: by keyboard, beside an entry, on narrow screens, in both themes."""

import pytest
from playwright.sync_api import expect

from app.services import browsing, prompts
from tests.sidecars import check_sidecar

pytestmark = pytest.mark.browser

LIGHT = "You keep the harbour light."  # the system message of every entry of ``talks``


@pytest.fixture
def light(server, talks):
    """A prompt with that text, attached to the dataset."""
    slug = prompts.create(server.library, "Harbour light", LIGHT, "For the harbour").slug
    prompts.attach(server.library, slug, "talks")
    check_sidecar(server.library.dataset("talks").path.with_suffix(".registry.json").read_bytes())
    prompts.create(server.library, "Another <b>", "{{ 7*7 }} <script>alert(1)</script>")
    return slug


def test_the_keyboard_alone_writes_finds_changes_and_takes_back(page, server):
    page.goto("/prompts")
    page.keyboard.press("n")
    expect(page.locator("#name")).to_be_focused()
    page.keyboard.type("Harbour light")
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    page.keyboard.type("\nYou keep the light.")
    page.keyboard.press("Control+s")
    expect(page.locator(".toast")).to_contain_text("Kept.")
    assert prompts.prompt(server.library, "harbour_light").content == "\nYou keep the light."
    expect(page.locator("#text")).to_have_value("\nYou keep the light.")
    page.keyboard.press("e")
    expect(page.locator("#name")).to_be_focused()
    page.keyboard.type("Lamp")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Lamp", exact=True)).to_be_visible()
    page.locator(".toast button").focus()
    page.keyboard.press("Enter")
    expect(page.locator(".toast")).to_contain_text("Undone: Edit prompt")
    expect(page.get_by_role("heading", name="Harbour light")).to_be_visible()
    page.keyboard.press("/")
    expect(page.locator("#q")).to_be_focused()
    page.keyboard.type("nothing like it")
    expect(page.locator("#listing")).to_contain_text("Nothing matches")


def test_the_list_is_walked_with_two_keys_and_counts_follow(page, light):
    page.goto("/prompts")
    expect(page.locator(f"#used-{light}")).to_have_text("in 3 entries")
    page.keyboard.press("j")
    expect(page.locator("#name")).to_have_value("Another <b>")
    page.keyboard.press("j")
    expect(page.locator("#name")).to_have_value("Harbour light")
    expect(page.locator(f"[data-row='{light}'] a")).to_have_attribute("aria-current", "true")
    assert page.url.endswith(f"/prompts/{light}")
    page.get_by_role("link", name="talks: 3 entries").click()
    expect(page.locator(".row")).to_have_count(3)
    page.go_back()
    expect(page.locator("#name")).to_have_value("Harbour light")


def test_a_refusal_stands_on_the_page_and_what_was_typed_stays(page, light):
    page.complaints.expected.append("400")
    page.goto(f"/prompts/{light}")
    page.fill("#text", "   ")
    page.fill("#description", "Typed.")
    page.click("#save")
    expect(page.locator("#alert")).to_contain_text("A prompt needs text.")
    expect(page.locator("#description")).to_have_value("Typed.")


def test_two_tabs_are_shown_both_versions(page, new_page, server, light):
    other = new_page()
    page.complaints.expected.append("409")
    for each in (page, other):
        each.goto(f"/prompts/{light}")
    other.fill("#text", "From the other tab.")
    other.click("#save")
    expect(other.locator(".toast")).to_contain_text("Saved.")
    page.fill("#text", "From this tab.")
    page.click("#save")
    expect(page.get_by_text("Nothing was saved, and nothing is lost")).to_be_visible()
    expect(page.locator(".diff")).to_contain_text("From the other tab.")
    expect(page.locator("#text")).to_have_value("From this tab.")
    page.click("#save")
    expect(page.locator(".toast")).to_contain_text("Saved.")
    assert prompts.prompt(server.library, light).content == "From this tab."


def test_a_prompt_is_put_into_an_entry_and_one_is_made_of_it(page, server, light):
    page.goto("/datasets/talks/")
    page.locator("[data-row] a[data-open]").first.click()
    expect(page.locator("#messages-0-text")).to_have_value(LIGHT)
    page.locator("#prompt-name").fill("From an entry")
    page.get_by_role("button", name="Save as prompt").click()
    expect(page.locator(".toast")).to_contain_text("Kept as prompt “From an entry”.")
    assert prompts.prompt(server.library, "from_an_entry").content == LIGHT
    page.get_by_label("A prompt for the system message").select_option("Another <b>")
    expect(page.locator("#messages-0-text")).to_have_value("{{ 7*7 }} <script>alert(1)</script>")
    expect(page.locator("#messages-0-text")).to_be_focused()
    page.keyboard.press("Control+s")
    expect(page.locator(".toast").last).to_contain_text("Saved.")
    key = browsing.listing(server.library, "talks", browsing.View()).rows[0].key
    said = browsing.open_entry(server.library, "talks", key).entry.messages[0].text
    assert said == "{{ 7*7 }} <script>alert(1)</script>"


def test_choosing_is_enough_and_ones_own_text_can_be_put_back(page, server, light):
    page.goto("/datasets/talks/entries/new")
    page.fill("#messages-0-text", "My own words.")
    page.get_by_label("A prompt for the system message").select_option("Harbour light")
    expect(page.locator("#messages-0-text")).to_have_value(LIGHT)
    expect(page.locator("#messages")).to_contain_text("Replaced “My own words.”")
    page.get_by_role("button", name="Add user").click()
    page.reload()
    expect(page.locator("#messages-0-text")).to_have_value(LIGHT)
    page.get_by_role("button", name="Put back").click()
    expect(page.locator("#messages-0-text")).to_have_value("My own words.")
    expect(page.get_by_role("button", name="Put back")).to_have_count(0)
    page.fill("#messages-0-text", "")
    page.get_by_label("A prompt for the system message").select_option("Harbour light")
    page.locator("#save").click()
    expect(page.locator(".toast").last).to_contain_text("Saved.")
    last = browsing.matching_keys(server.library, "talks", browsing.View())[-1]
    assert browsing.open_entry(server.library, "talks", last).entry.messages[0].text == LIGHT


def test_a_replacement_is_looked_at_done_and_taken_back(page, server, light):
    before = server.library.dataset("talks").path.read_bytes()
    page.goto(f"/prompts/{light}")
    page.get_by_role("link", name="Replace the text there…").click()
    page.fill("#text", "You keep the harbour dark.")
    page.get_by_role("button", name="Preview").click()
    expect(page.locator("#preview .diff")).to_contain_text("dark")
    page.get_by_role("button", name="Replace in 3 entries").click()
    expect(page.locator(".toast")).to_contain_text("Replaced in 3 entries.")
    expect(page.locator("#text")).to_have_value("You keep the harbour dark.")
    assert server.library.dataset("talks").path.read_bytes() != before
    page.locator(".toast button").click()
    expect(page.locator("#text")).to_have_value(LIGHT)
    assert server.library.dataset("talks").path.read_bytes() == before


def test_a_deletion_asks_and_is_taken_back(page, server, light):
    page.goto(f"/prompts/{light}")
    page.once("dialog", lambda dialog: dialog.dismiss())
    page.get_by_role("button", name="Delete prompt").click()
    expect(page.locator("#name")).to_have_value("Harbour light")
    page.once("dialog", lambda dialog: dialog.accept())
    page.get_by_role("button", name="Delete prompt").click()
    expect(page.locator(".toast")).to_contain_text("Deleted.")
    page.locator(".toast button").click()
    expect(page.locator("#name")).to_have_value("Harbour light")
    assert prompts.prompt(server.library, light).datasets == ("talks",)


@pytest.mark.parametrize(
    ("width", "scheme"), [(320, "light"), (390, "dark"), (800, "light"), (1440, "light"), (1440, "dark")]
)
def test_the_pages_are_within_the_screen_and_axe_finds_nothing(new_page, axe, light, width, scheme):
    page = new_page(color_scheme=scheme)
    page.set_viewport_size({"width": width, "height": 800})
    excess = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
    for address in (
        "/prompts",
        "/prompts?new=1",
        f"/prompts/{light}",
        f"/prompts/{light}/entries/talks",
        f"/prompts/{light}/replace",
        "/datasets/talks/entries/new",
        "/help/prompts",
    ):
        page.goto(address)
        page.wait_for_load_state("networkidle")
        if address.endswith("/replace"):
            page.fill("#text", "W" * 300)
            page.get_by_role("button", name="Preview").click()
            expect(page.locator("#preview")).to_be_visible()
        assert page.evaluate(excess) <= 0, address
        assert axe(page) == [], address


def test_on_a_narrow_screen_the_prompt_takes_the_place_of_the_list(page, light):
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto("/prompts")
    page.locator(f"[data-row='{light}'] a").click()
    expect(page.locator("#text")).to_be_visible()
    expect(page.locator("#listing")).to_be_hidden()
    page.get_by_role("link", name="List").click()
    expect(page.locator("#listing")).to_be_visible()


def test_what_is_typed_survives_a_look_at_another_prompt(page, light):
    page.goto(f"/prompts/{light}")
    page.locator("#text").press_sequentially("Half a thought. ")
    page.locator("[data-row] a", has_text="Another").click()
    expect(page.locator("#name")).to_have_value("Another <b>")
    page.locator(f"[data-row='{light}'] a").click()
    expect(page.locator("#text")).to_have_value(f"Half a thought. {LIGHT}")
    expect(page.get_by_text("This is your draft.")).to_be_visible()
    page.get_by_role("button", name="Discard the draft").click()
    expect(page.locator("#text")).to_have_value(LIGHT)
    page.fill("#text", "A whole thought.")
    page.keyboard.press("Control+s")
    expect(page.locator(".toast")).to_contain_text("Saved.")
    expect(page.get_by_text("This is your draft.")).to_be_hidden()


def test_counts_are_told_for_any_slug(page, server, talks):
    slug = prompts.create(server.library, "懸疑 – Éowyn’s", LIGHT).slug
    page.goto("/prompts")
    expect(page.locator(f"[data-row='{slug}'] .row-meta")).to_contain_text("in 3 entries")
