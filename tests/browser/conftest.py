"""A real server on a home of its own, and a real Chromium that lets nothing odd pass."""

import json
import threading
from dataclasses import dataclass
from pathlib import Path

import pytest
import waitress
from waitress import wasyncore

from app import create_app
from app.config import Config
from app.services import opening
from app.services.library import Library

FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
)
VENDORED = Path(__file__).parents[1] / "data" / "vendor"
LINES = (
    ("Is the kettle still warm?", "“Warm enough. Sit. The fog will not lift before four.”", ["calm"]),
    (
        "Tell me about the lantern.",
        "*She trims the wick.* It has burned since the flood.",
        ["calm", "needs_review"],
    ),
    ("Who rows out tonight?", "Nobody, if they have sense. The lantern is for those who have none.", []),
)


@dataclass(frozen=True)
class Server:
    """A running server and the library behind it."""

    address: str
    library: Library

    @property
    def entrance(self) -> str:
        """The address with the key."""
        return f"{self.address}/?key={self.library.owner_key.decode()}"


@pytest.fixture
def server(tmp_path):
    """The app on a port of its own."""
    config = Config(tmp_path / "home", debug=True)
    library = Library.open(config)
    running = waitress.create_server(create_app(config, library), host="127.0.0.1", port=0, threads=8)
    stop = threading.Event()

    def serve():
        while not stop.is_set():
            wasyncore.loop(timeout=0.1, map=running._map, count=1)

    thread = threading.Thread(target=serve)
    thread.start()
    yield Server(f"http://127.0.0.1:{running.effective_port}", library)
    stop.set()
    thread.join()
    running.task_dispatcher.shutdown()
    wasyncore.close_all(running._map)


@pytest.fixture
def talks(server):
    """A dataset of three entries called talks."""
    lines = [
        {
            "messages": [
                {"role": "system", "content": "You keep the harbour light."},
                {"role": "user", "content": question},
                {"role": "assistant", "content": answer},
            ],
            "tags": tags,
        }
        for question, answer, tags in LINES
    ]
    opening.import_text(server.library, "\n".join(json.dumps(line) for line in lines), "talks")
    return "talks"


@pytest.fixture(scope="session")
def chrome(chromium_path):
    """One Chromium for all tests."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium_path, args=list(FLAGS))
        yield browser
        browser.close()


class Complaints(list):
    """What a page did that no page may do; ``expected`` are words of those that the test provokes."""

    def __init__(self) -> None:
        super().__init__()
        self.expected: list[str] = []

    def note(self, words: str) -> None:
        self.append(words)

    def unexpected(self) -> list[str]:
        return [words for words in self if not any(part in words for part in self.expected)]


def watch(page, address) -> Complaints:
    """Note console errors, breaches of the content policy, and requests that leave this machine."""
    complaints = Complaints()
    page.on("console", lambda message: complaints.note(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: complaints.note(f"script: {error}"))
    page.on(
        "request",
        lambda request: (
            complaints.note(f"request to {request.url}")
            if not request.url.startswith((address, "data:", "blob:", "about:"))
            else None
        ),
    )
    page.add_init_script(
        "document.addEventListener('securitypolicyviolation', (event) =>"
        " console.error('policy: ' + event.violatedDirective + ' ' + event.blockedURI));"
    )
    return complaints


@pytest.fixture
def new_page(chrome, server):
    """Makes pages that have come in with the key; checks all of them when the test ends."""
    contexts, watched = [], []

    def make(**options):
        context = chrome.new_context(
            viewport={"width": 1280, "height": 720}, base_url=server.address, **options
        )
        page = context.new_page()
        page.set_default_timeout(10_000)
        page.complaints = watch(page, server.address)
        contexts.append(context)
        watched.append(page.complaints)
        page.goto(server.entrance)
        page.wait_for_url(f"{server.address}/")
        return page

    yield make
    for context in contexts:
        context.close()
    assert [words for complaints in watched for words in complaints.unexpected()] == []


@pytest.fixture
def page(new_page):
    """A page on the library."""
    return new_page()


@pytest.fixture
def axe():
    """What axe-core finds wrong on a page, as ``rule: where``."""
    source = (VENDORED / "axe-4.14.1.min.js").read_text(encoding="utf-8")

    def check(page) -> list[str]:
        page.evaluate(source)
        found = page.evaluate("async () => (await axe.run(document)).violations")
        return [f"{rule['id']}: {node['target']}" for rule in found for node in rule["nodes"]]

    return check
