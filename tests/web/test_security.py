"""Strangers, foreign pages and foreign names stay outside."""

import time
from html import unescape
from itertools import product

import pytest

from app.web import security

NAVIGATION = {"Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document"}


@pytest.mark.parametrize("path", ["/", "/settings", "/jobs", "/datasets/talks/", "/nothing", "/help/keys"])
def test_no_page_answers_without_the_key(stranger, path):
    response = stranger.get(path)
    assert response.status_code == 401
    assert "first address that it printed" in response.text


@pytest.mark.parametrize("key", ["", "0", "wrong", "k" * 64, "\ud800", "🔑"])
def test_a_wrong_key_opens_nothing(stranger, key):
    response = stranger.get("/", query_string={"key": key.encode("utf-8", "surrogatepass")})
    assert response.status_code == 401
    assert "Set-Cookie" not in response.headers


def test_the_key_gives_a_cookie_and_leads_to_the_clean_address(stranger, library):
    response = stranger.get("/settings", query_string={"key": library.owner_key.decode(), "a": "1&2"})
    cookie = response.headers["Set-Cookie"]
    assert response.status_code == 200
    assert "HttpOnly" in cookie
    assert "SameSite=Strict" in cookie
    assert library.owner_key.decode() not in cookie
    assert 'content="0; url=http://localhost/settings?a=1%262"' in unescape(response.text)
    assert stranger.get("/settings").status_code == 200


def test_the_clean_address_cannot_name_another_host(stranger, library):
    response = stranger.get(
        "/",
        query_string={"key": library.owner_key.decode()},
        environ_overrides={"PATH_INFO": "//evil.example/"},
    )
    assert 'content="0; url=http://localhost/' in response.text


def test_a_launch_token_opens_once(app):
    gate = app.extensions["rolethread.gate"]
    token = gate.launches.mint()
    assert app.test_client().get("/", query_string={"launch": token}).status_code == 200
    assert app.test_client().get("/", query_string={"launch": token}).status_code == 401


def test_a_launch_token_ends_after_two_minutes(app, monkeypatch):
    tokens = app.extensions["rolethread.gate"].launches
    token = tokens.mint()
    later = time.monotonic() + security.LAUNCH_SECONDS + 1
    monkeypatch.setattr(security.time, "monotonic", lambda: later)
    assert not tokens.spend(token)


def test_a_cookie_of_another_home_opens_nothing(app, tmp_path):
    gate = app.extensions["rolethread.gate"]
    stranger = app.test_client()
    stranger.set_cookie(gate.cookie_name, security.Gate(b"another key", tmp_path).cookie)
    assert stranger.get("/").status_code == 401


@pytest.mark.parametrize(
    "host", ["evil.example", "evil.example:80", "127.0.0.1:9999", "127.0.0.1.evil.example", ""]
)
def test_a_foreign_host_is_refused(client, host):
    response = client.get("/", headers={"Host": host})
    assert response.status_code == 403
    assert "RoleThread's" in response.text


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "[::1]", "127.0.0.1:80"])
def test_our_own_names_are_served(stranger, host):
    assert stranger.get("/", headers={"Host": host}).status_code == 401


@pytest.mark.parametrize(
    ("method", "site"), [*product(["POST", "PUT", "DELETE", "OPTIONS"], ["cross-site", "same-site", "none"])]
)
def test_only_our_own_pages_may_change_anything(client, method, site):
    response = client.open("/settings", method=method, headers={"Sec-Fetch-Site": site, **NAVIGATION})
    assert response.status_code == 403


@pytest.mark.parametrize(
    ("origin", "status"),
    [
        ("http://localhost", 303),
        ("http://localhost:81", 403),
        ("https://evil.example", 403),
        ("null", 403),
        (None, 403),
    ],
)
def test_without_fetch_metadata_the_origin_decides(client, origin, status):
    del client.environ_base["HTTP_SEC_FETCH_SITE"]
    headers = {"Origin": origin} if origin else {}
    form = {"theme": "dark", "page_size": "25"}
    assert client.post("/settings", data=form, headers=headers).status_code == status


@pytest.mark.parametrize("site", ["cross-site", "same-site"])
def test_a_foreign_page_may_only_navigate_here(client, site):
    assert client.get("/", headers={"Sec-Fetch-Site": site}).status_code == 403
    assert client.get("/", headers={"Sec-Fetch-Site": site, "Sec-Fetch-Dest": "iframe"}).status_code == 403
    assert client.get("/", headers={"Sec-Fetch-Site": site, **NAVIGATION}).status_code == 200


def test_a_click_in_another_program_is_tried_once_more(stranger):
    first = stranger.get("/settings?a=1", headers={"Sec-Fetch-Site": "cross-site", **NAVIGATION})
    again = stranger.get("/settings?a=1", headers={"Sec-Fetch-Site": "same-origin", **NAVIGATION})
    assert 'content="0; url=http://localhost/settings?a=1"' in first.text
    assert "http-equiv" not in again.text


def test_every_answer_is_sealed(client):
    for path in ("/", "/nothing", "/static/css/base.css"):
        headers = client.get(path).headers
        assert headers["Content-Security-Policy"] == (
            "default-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'self'"
        )
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["Referrer-Policy"] == "no-referrer"
        assert headers["Cross-Origin-Opener-Policy"] == "same-origin"
        assert headers["Cross-Origin-Resource-Policy"] == "same-origin"
    assert client.get("/").headers["Cache-Control"] == "no-store"


def test_static_files_need_no_cookie(stranger):
    assert stranger.get("/static/css/base.css").status_code == 200


@pytest.mark.parametrize(
    "path", ["../app/__init__.py", "%2e%2e/pyproject.toml", "..%2f..%2fetc/passwd", "/etc/passwd", "a\0b"]
)
def test_static_stays_in_its_folder(stranger, path):
    assert stranger.get(f"/static/{path}").status_code in (401, 404)
