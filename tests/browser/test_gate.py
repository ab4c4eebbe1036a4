"""The gate as a real browser meets it: links from elsewhere, frames, foreign forms."""

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from playwright.sync_api import expect

pytestmark = pytest.mark.browser


@pytest.fixture
def elsewhere(server):
    """A page of another site, ``localhost`` being none of 127.0.0.1, that links, posts and frames ours."""
    page = f"""<!doctype html><title>Elsewhere</title>
        <a href="{server.address}/settings">settings</a>
        <form method="post" action="{server.address}/settings"><button>post</button></form>
        <iframe src="{server.address}/settings"></iframe>""".encode()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.end_headers()
            self.wfile.write(page)

        def log_message(self, *_):
            """Say nothing."""

    running = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=running.serve_forever)
    thread.start()
    yield f"http://localhost:{running.server_port}/"
    running.shutdown()
    thread.join()
    running.server_close()


@pytest.fixture
def visitor(page, elsewhere):
    """The owner's browser on that page; what it complains about there is not ours."""
    page.complaints.expected += ["localhost", "403", "401", "404", "frame", "Framing"]
    page.goto(elsewhere)
    return page


def test_a_link_from_elsewhere_gets_in_by_itself(visitor, server):
    visitor.click("text=settings")
    expect(visitor.get_by_role("heading", name="Settings")).to_be_visible()
    assert visitor.url == f"{server.address}/settings"


def test_a_form_from_elsewhere_does_nothing(visitor):
    visitor.click("text=post")
    expect(visitor.locator("body")).to_contain_text("Another web page sent this request")


def test_no_page_of_ours_stands_in_a_frame(visitor):
    frame = visitor.frames[-1]
    assert "Theme" not in frame.locator("body").inner_text()


def test_a_stranger_is_told_the_way_and_is_not_kept_busy(chrome, server):
    context = chrome.new_context()
    page = context.new_page()
    asked = []
    page.on("request", lambda request: asked.append(request.url) if request.is_navigation_request() else None)
    page.goto(f"{server.address}/settings")
    expect(page.get_by_role("heading")).to_have_text("RoleThread does not know this browser yet")
    page.wait_for_load_state("networkidle")
    assert len(asked) <= 2
    context.close()
