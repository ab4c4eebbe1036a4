"""An entry with a very long message in a real browser: it opens soon, and is edited."""

import gc
import json
import warnings

import pytest
from playwright.sync_api import expect

from app.domain.view import View
from app.services import browsing, opening
from tests.workshop import value_of

SIZE = 5_000_000


@pytest.fixture
def left_alone():
    """The web server leaves the file of a body that was broken off, such as a draft's, to the collector."""
    yield
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)
        gc.collect()


@pytest.mark.filterwarnings("ignore:unclosed file:ResourceWarning")
@pytest.mark.usefixtures("left_alone")
@pytest.mark.parametrize("piece", ["a", "The lamp is lit, and nobody comes. "], ids=["no blanks", "blanks"])
def test_an_entry_with_a_text_of_5_mb_opens_within_seconds(page, server, piece):
    text = piece * (SIZE // len(piece))
    messages = [{"role": "user", "content": text}, {"role": "assistant", "content": "Yes."}]
    opening.import_text(server.library, json.dumps({"messages": messages, "tags": []}), "long")
    (key,) = browsing.matching_keys(server.library, "long", View())

    page.goto(f"/datasets/long/entries/{key}")
    expect(page.get_by_role("heading", name="Entry 1")).to_be_visible(timeout=60_000)
    expect(page.locator("#messages-0-text")).to_have_attribute("data-long", "")

    page.locator("#messages-1-text").fill("No.", timeout=60_000)

    page.keyboard.press("Control+s")
    expect(page.locator(".toast")).to_have_text("Saved.", timeout=60_000)
    assert value_of(server.library, "long", key)["messages"] == [
        messages[0], {"role": "assistant", "content": "No."}]  # fmt: skip
