"""Writing a group chat in a real browser, by keyboard alone; what it looks like to axe."""

import json

import pytest
from playwright.sync_api import expect

from app.domain.view import View
from app.services import browsing, casting, characters, editing, opening
from tests.workshop import value_of

pytestmark = pytest.mark.browser

HOSTILE = ("<img src=x onerror=alert(1)>", "{{ 7 * 7 }}", "x" * 200, "\u202e\u05d3\u05d2 \u05e7\u05d8\u05df")


def tab_to(page, selector, key="Tab"):
    """Press Tab, or Shift+Tab, until the control has the focus."""
    target = page.locator(selector)
    expect(target).to_be_attached()
    for _ in range(120):
        if target.evaluate("element => element === document.activeElement"):
            return target
        page.keyboard.press(key)
    raise AssertionError(f"Tab does not lead to {selector}")


def name(page, index, who):
    """Create a character for a message, by keyboard."""
    tab_to(page, f"#messages-{index}-character")
    page.keyboard.type("New")
    tab_to(page, f"#messages-{index}-new_character")
    page.keyboard.type(who)
    page.keyboard.press("Enter")
    expect(page.locator(f"#messages-{index}-character option:checked")).to_have_text(who)
    expect(page.locator(f"#messages-{index}-character")).to_be_focused()


def say(page, index, text):
    """Write the text of a message."""
    tab_to(page, f"#messages-{index}-text")
    page.keyboard.type(text)


def begin(page):
    """Open the form of a new entry and make it a group chat; what is typed stays."""
    page.goto("/datasets/talks/")
    page.keyboard.press("n")
    expect(page.locator("#messages-0-text")).to_be_focused()
    page.keyboard.type("A harbour in the fog.")
    tab_to(page, "#group-chat", "Shift+Tab")
    page.keyboard.press("Enter")
    expect(page.locator("#group-chat")).to_have_attribute("aria-pressed", "true")
    expect(page.locator("#group-chat")).to_be_focused()
    expect(page.locator("#messages-0-text")).to_have_value("A harbour in the fog.")


def add(page, button, index, who, role):
    """Add a message; it is given to the one whose turn it is, and waits for text."""
    tab_to(page, f"#{button}")
    page.keyboard.press("Enter")
    expect(page.locator(f"#messages-{index}-text")).to_be_focused()
    expect(page.locator(f"#messages-{index}-character option:checked")).to_have_text(who)
    expect(page.locator(f"#messages-{index}-role")).to_have_value(role)


def test_a_group_chat_is_written_by_keyboard_alone(page, server, talks):
    begin(page)
    tab_to(page, "#messages-2-up")  # the assistant greets first
    page.keyboard.press("Enter")
    expect(page.locator("#messages-1-role")).to_have_value("assistant")
    tab_to(page, "#messages-1-role", "Shift+Tab")
    name(page, 1, "Éowyn McCoy")
    say(page, 1, "You are late.")
    name(page, 2, "Kai")
    say(page, 2, "The fog was early.")
    add(page, "add-assistant", 3, "Éowyn McCoy", "assistant")
    page.keyboard.type("Soup?")
    tab_to(page, "#messages-3-role", "Shift+Tab")
    name(page, 3, "kai")  # a second one on the assistant's side
    add(page, "add-next", 4, "Kai", "user")
    page.keyboard.type("Yes.")
    add(page, "add-next", 5, "kai", "assistant")
    page.keyboard.type("Sit.")
    page.keyboard.press("Control+s")
    expect(page.locator(".toast").first).to_contain_text("Saved.")

    key = browsing.matching_keys(server.library, "talks", View())[-1]
    cast = casting.cast_of(server.library, "talks", key)
    assert [cast[index].display_name for index in sorted(cast)] == ["Éowyn McCoy", "Kai", "kai", "Kai", "kai"]
    said = value_of(server.library, "talks", key)["messages"]
    roles = [message["role"] for message in said]
    assert roles == ["system", "assistant", "user", "assistant", "user", "assistant"]
    assert said[1]["content"] == "You are late."


def test_characters_survive_a_reload_and_the_way_back_to_one_voice(page, server, talks):
    characters.create(server.library, "Mara", colour="teal")
    key = browsing.matching_keys(server.library, "talks", View())[0]
    page.goto(f"/datasets/talks/entries/{key}")
    page.locator("#group-chat").click()
    page.locator("#messages-1-character").select_option(label="Mara")
    expect(page.locator("[data-draft-status]")).to_have_text("Draft kept")
    page.reload()
    expect(page.locator("#messages-1-character")).to_have_value("mara")
    page.locator("#messages-1-down").click()
    expect(page.locator("#messages-2-character")).to_have_value("mara")
    page.locator("#group-chat").click()
    expect(page.locator("#messages .voice")).to_have_text("Mara")
    page.keyboard.press("Control+s")
    expect(page.locator(".toast")).to_contain_text("Saved.")
    assert {i: who.slug for i, who in casting.cast_of(server.library, "talks", _first(server)).items()} == {
        2: "mara"
    }


def _first(server):
    return browsing.matching_keys(server.library, "talks", View())[0]


@pytest.fixture
def crowd(server, talks):
    """Characters of every kind, speaking in the first entry."""
    for number, who in enumerate(("Mara", "Old Finn", "懸疑", *HOSTILE)):
        characters.create(server.library, who, description=who, colour=characters.COLOURS[number])
    characters.deactivate(server.library, "old_finn")
    known = {each.display_name: each.slug for each in characters.characters(server.library)}
    key = _first(server)
    cast = [None, known[HOSTILE[2]], known[HOSTILE[0]]]
    editing.save_entry(server.library, "talks", key, value_of(server.library, "talks", key), cast=cast)
    return known


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1440, 390])
def test_names_of_any_kind_break_nothing(new_page, server, crowd, axe, scheme, width):
    page = new_page(color_scheme=scheme)
    page.set_viewport_size({"width": width, "height": 900})
    page.on("dialog", lambda dialog: pytest.fail(dialog.message))
    slug = crowd[HOSTILE[2]]
    opening.import_text(server.library, json.dumps({"messages": [{"role": "Kai", "content": "Hi"}]}), "named")
    for address in (
        "/characters",
        f"/characters/{slug}?into=mara",
        f"/datasets/talks/?entry={_first(server)}",
        "/datasets/talks/entries/new",
    ):
        page.goto(address)
        if address.endswith("new"):
            page.locator("#group-chat").click()
            expect(page.locator("#messages-0-character")).to_be_visible()
        assert axe(page) == [], address
        overflow = page.evaluate(
            "document.documentElement.scrollWidth - document.documentElement.clientWidth"
        )
        assert overflow <= 0, address


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_named_speakers_get_their_roles(new_page, server, axe, scheme):
    said = [
        {"role": label, "content": f"I am {label}."}
        for label in ("Kai", "懸疑", "kai", "Éowyn McCoy", *HOSTILE)
    ]
    opening.import_text(server.library, json.dumps({"messages": said}), "named")
    page = new_page(color_scheme=scheme)
    page.goto("/datasets/named/")
    page.get_by_role("link", name="8 named speakers").click()
    expect(page.locator("legend")).to_have_count(8)
    assert axe(page) == []
    page.get_by_role("button", name="Show what it does").click()
    expect(page.get_by_role("heading", name="This is what it does")).to_be_visible()
    assert axe(page) == []
    page.get_by_role("button", name="Assign").click()
    expect(page.locator(".toast")).to_contain_text("Assigned 8 messages in 1 entry.")
    expect(page.locator("#speakers-line")).to_be_empty()
    (key,) = browsing.matching_keys(server.library, "named", View())
    cast = casting.cast_of(server.library, "named", key)
    assert [cast[index].label for index in range(4)] == ["Kai", "懸疑", "kai", "Éowyn McCoy"]
    page.locator(".toast").get_by_role("button", name="Undo").click()
    expect(page.get_by_role("link", name="8 named speakers")).to_be_visible()


def test_the_select_of_a_character_that_is_gone_gets_the_focus_and_the_rest_stays(page, server, talks):
    page.complaints.expected.append("400")
    characters.create(server.library, "Mara")
    begin(page)
    page.locator("#messages-1-character").select_option("Mara")
    page.locator("#messages-1-text").fill("Typed.")
    characters.delete(server.library, "mara")
    page.locator("#save").click()
    expect(page.locator("#alert")).to_contain_text("no character “Mara” any more, who says message 2.")
    expect(page.locator("#messages-1-character")).to_be_focused()
    expect(page.locator("#messages-1-character")).to_have_attribute("aria-invalid", "true")
    expect(page.locator("#messages-1-text")).to_have_value("Typed.")
    page.locator("#messages-1-character").select_option("No character")
    page.locator("#save").click()
    expect(page.locator(".toast").last).to_contain_text("Saved.")


def test_on_a_phone_named_speakers_are_told_of_above_the_list(page, server, axe):
    line = json.dumps({"messages": [{"role": "Kai", "content": "I am Kai."}]})
    opening.import_text(server.library, line, "named")
    page.set_viewport_size({"width": 390, "height": 800})
    page.goto("/datasets/named/")
    link = page.get_by_role("link", name="1 named speaker")
    expect(link).to_have_count(1)
    expect(page.locator("#speakers-notice")).to_contain_text("without a role: Kai.")
    assert link.bounding_box()["y"] < page.locator(".row").first.bounding_box()["y"]
    assert axe(page) == []
    link.click()
    page.get_by_role("button", name="Show what it does").click()
    page.get_by_role("button", name="Assign").click()
    expect(page.locator(".row")).to_have_count(1)
    expect(page.locator("#speakers-notice")).to_be_empty()
    page.locator(".toast").get_by_role("button", name="Undo").click()
    expect(page.locator("#speakers-notice")).to_contain_text("without a role: Kai.")
    expect(page.locator(".row")).to_have_count(1)
