"""The rendered entry and the page of targets in a real browser: by keyboard, narrow, without script."""

import pytest
from playwright.sync_api import expect

from app.domain.targets.chosen import Chosen
from app.domain.view import View
from app.services import analysing, browsing, criteria, opening

pytestmark = pytest.mark.browser

TEMPLATE = b"{% for m in messages %}<|{{ m.role }}|>{{ m.content }}<|end|>{% endfor %}"


@pytest.fixture
def key(server, talks):
    """The first entry of a dataset that was looked at with a target."""
    criteria.set_target(server.library, talks, Chosen("trl", "mistral-v3"))
    analysing.bring_up_to_date(server.library, talks)
    return browsing.matching_keys(server.library, talks, View())[0]


def test_the_text_is_read_chosen_and_copied_as_it_is(page, key):
    page.goto(f"/datasets/talks/?entry={key}")
    page.get_by_role("link", name="Rendered").click()
    expect(page.locator(".notice")).to_contain_text("Not in the training text: message 1.")
    page.locator("#template").focus()
    page.select_option("#template", label="ChatML")
    expect(page.locator("#training-text")).to_contain_text("<|im_start|>system")
    assert "template=chatml" in page.url
    expect(page.locator("#template")).to_be_focused()
    page.select_option("#mask", "all")
    expect(page.locator(".rendered [data-trained]").first).to_contain_text("<|im_start|>")
    assert "mask=all" in page.url
    page.go_back()
    expect(page.locator("#mask")).to_have_value("assistant")
    page.reload()
    expect(page.locator("#template")).to_have_value("chatml")
    copied = page.evaluate(
        "() => { getSelection().selectAllChildren(document.querySelector('#training-text'));"
        " return getSelection().toString(); }"
    )
    assert copied.startswith("<|im_start|>system\nYou keep the harbour light.<|im_end|>\n<|im_start|>user\n")
    assert "[trained]" not in copied


def test_what_is_trained_shows_by_a_line_and_in_words(page, key):
    page.goto(f"/datasets/talks/?entry={key}&tab=rendered&template=chatml")
    line = "element => getComputedStyle(element).textDecorationLine"
    assert page.locator(".rendered [data-trained]").first.evaluate(line) == "underline"
    masked = page.locator(".rendered [data-kind=message]:not([data-trained])")
    assert masked.first.evaluate(line) == "none"
    said = page.locator("#training-text").aria_snapshot()
    assert "[trained]" in said
    assert "[message 3]" in said


def test_the_target_is_chosen_by_keyboard_and_taken_back(page, server, key):
    page.goto("/datasets/talks/targets")
    page.locator("#family").focus()
    page.keyboard.type("Gemma 1")
    page.get_by_role("button", name="Check against this").focus()
    page.keyboard.press("Enter")
    expect(page.locator(".toast")).to_contain_text("talks is checked against trl+gemma")
    expect(page.locator("#fates-title")).to_be_focused()
    expect(page.locator("#fate-target\\.error")).to_contain_text("There is no place for a system prompt")
    page.locator("#fate-target\\.error .code-count").click()
    expect(page.locator(".row")).to_have_count(3)
    page.go_back()
    page.get_by_role("link", name="Last changes").click()
    page.get_by_role("button", name="Undo Check talks against trl+gemma").click()
    expect(page.locator(".toast")).to_contain_text("Undo")
    assert criteria.target_for(server.library, "talks").family == "mistral-v3"


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 390])
def test_no_page_breaks_a_rule_or_leaves_the_screen(new_page, server, key, axe, theme, width):
    slug, _ = criteria.add_own(server.library, "Harbour 7B", {"chat_template.jinja": TEMPLATE})
    page = new_page(color_scheme=theme)
    page.set_viewport_size({"width": width, "height": 800})
    entry = f"/datasets/talks/?entry={key}&tab=rendered"
    for address in (
        entry,
        f"{entry}&template=qwen2.5&mask=last",
        f"{entry}&template=gemma",
        "/datasets/talks/targets",
        "/targets",
        f"/targets/{slug}",
    ):
        page.goto(address)
        assert axe(page) == [], address
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), address


def test_all_of_it_works_without_script(chrome, server, key):
    context = chrome.new_context(base_url=server.address, java_script_enabled=False)
    page = context.new_page()
    page.goto(server.entrance)
    page.goto(f"/datasets/talks/?entry={key}&tab=rendered")
    page.select_option("#template", label="Llama 3")
    page.get_by_role("button", name="Show").click()
    expect(page.locator("#training-text")).to_contain_text("<|eot_id|>")
    page.goto("/datasets/talks/targets")
    page.select_option("#trainer", "openai")
    page.get_by_role("button", name="Check against this").click()
    expect(page.get_by_text("OpenAI wants at least 10 entries")).to_be_visible()
    page.get_by_role("link", name="Templates and tokenizers").click()
    page.fill("#name", "Harbour 7B")
    page.set_input_files(
        "#file", {"name": "chat_template.jinja", "mimeType": "text/plain", "buffer": TEMPLATE}
    )
    page.get_by_role("button", name="Add").click()
    expect(page.locator("#training-text")).to_contain_text("<|assistant|>")
    page.get_by_role("button", name="Remove").click()
    expect(page.get_by_text("None of your own yet")).to_be_visible()
    context.close()


def test_a_megabyte_is_on_the_screen_at_once(page, server):
    import json

    said = [{"role": "user", "content": "word " * 400_000}, {"role": "assistant", "content": "<s>" * 100_000}]
    opening.import_text(server.library, json.dumps({"messages": said}), "long")
    (key,) = browsing.matching_keys(server.library, "long", View())
    page.goto(f"/datasets/long/?entry={key}&tab=rendered&template=llama3")
    expect(page.locator(".notice")).to_contain_text("Too long to show whole")
    expect(page.locator("#training-text")).to_contain_text("characters not shown")
    assert page.evaluate("document.querySelectorAll('#training-text span').length") < 10_000
