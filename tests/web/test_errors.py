"""What a person sees when something did not work."""

import pytest

from app.errors import Conflict


@pytest.fixture
def failing(app, request):
    """A client of an app with two views that fail."""

    def foreseen():
        raise Conflict("The entry <b>moved</b>.", "Look again.")

    def unforeseen():
        raise RuntimeError("secret detail")

    app.add_url_rule("/foreseen", view_func=foreseen)
    app.add_url_rule("/unforeseen", view_func=unforeseen)
    return request.getfixturevalue("client")


def test_a_foreseen_failure_is_a_page_with_its_hint(failing):
    response = failing.get("/foreseen")
    assert response.status_code == 409
    assert "The entry &lt;b&gt;moved&lt;/b&gt;." in response.text
    assert "Look again." in response.text
    assert "dataset files were not changed" in response.text


def test_htmx_gets_it_as_an_alert_and_keeps_its_address(failing):
    response = failing.get("/foreseen", headers={"HX-Request": "true", "HX-Target": "div#entry"})
    assert response.status_code == 409
    assert response.headers["HX-Retarget"] == "#alert"
    assert response.headers["HX-Reswap"] == "innerHTML"
    assert response.headers["HX-Push-Url"] == "false"
    assert "<html" not in response.text


def test_an_unforeseen_failure_shows_no_traceback_and_logs_it(failing, caplog):
    response = failing.get("/unforeseen")
    assert response.status_code == 500
    assert "secret detail" not in response.text
    assert "Traceback" not in response.text
    assert "written completely or not at all" in response.text
    assert "secret detail" in caplog.text


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [("GET", "/nothing", 404), ("GET", "/import", 405), ("PUT", "/settings", 405)],
)
def test_errors_of_http_are_pages_too(client, method, path, status):
    response = client.open(path, method=method)
    assert response.status_code == status
    assert "Go to the library" in response.text
