"""Who may come in: only the owner's browser, on our own address, by our own pages.

Loopback is no wall. Other users of the machine reach the port, and every web site that the browser
visits can send requests to it. So each request must name our host, carry the owner's cookie, and
must not have been sent by a foreign page.
"""

import hmac
import secrets
import time
from hashlib import sha256
from pathlib import Path
from threading import Lock
from urllib.parse import urlencode

from flask import Flask, Response, make_response, render_template, request

CONTENT_SECURITY_POLICY = "default-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'self'"

HEADERS = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}

OUR_NAMES = ("127.0.0.1", "localhost", "[::1]")
SAFE_METHODS = ("GET", "HEAD")
LAUNCH_SECONDS = 120
YEAR = 365 * 24 * 3600


class LaunchTokens:
    """Tokens that let one browser in once, for two minutes.

    They stand on a command line, which other users can read; the key must not.
    """

    def __init__(self) -> None:
        self._ends: dict[str, float] = {}
        self._lock = Lock()

    def mint(self) -> str:
        """A new token, good from now on."""
        token = secrets.token_urlsafe(24)
        with self._lock:
            self._ends[token] = time.monotonic() + LAUNCH_SECONDS
        return token

    def spend(self, token: str) -> bool:
        """Whether the token was still good; it no longer is."""
        with self._lock:
            end = self._ends.pop(token, 0.0)
        return time.monotonic() < end


class Gate:
    """The owner's key and everything derived from it."""

    def __init__(self, key: bytes, home: Path) -> None:
        self.key = key.decode("ascii")
        self.cookie_name = "rolethread_" + sha256(str(home).encode()).hexdigest()[:10]
        self.cookie = hmac.new(key, b"cookie", sha256).hexdigest()
        self.session_key = hmac.new(key, b"session", sha256).digest()
        self.launches = LaunchTokens()

    def is_open(self) -> bool:
        """Whether this request carries the owner's cookie."""
        return _same(request.cookies.get(self.cookie_name, ""), self.cookie)

    def is_opened_by(self, key: str, launch: str) -> bool:
        """Whether a key or a launch token in the address lets this browser in."""
        return (bool(key) and _same(key, self.key)) or (bool(launch) and self.launches.spend(launch))


def install(app: Flask, gate: Gate) -> None:
    """Put the gate before every request, and the security headers on every answer."""

    @app.before_request
    def _guard() -> Response | None:
        return _refuse_strangers() or _let_owner_in(gate)

    @app.after_request
    def _seal(response: Response) -> Response:
        for name, value in HEADERS.items():
            response.headers.setdefault(name, value)
        response.headers.setdefault("Cache-Control", "no-store")
        return response


def _refuse_strangers() -> Response | None:
    """A refusal if the request names another host or was sent by a foreign page."""
    if not _is_our_host():
        return _plain("This address is not RoleThread's. Use the one that it printed when it started.")
    if not _is_our_page():
        return _plain("Another web page sent this request, so nothing was done.")
    return None


def _is_our_host() -> bool:
    port = request.environ["SERVER_PORT"]
    hosts = {f"{name}:{port}" for name in OUR_NAMES}
    if port == "80":
        hosts.update(OUR_NAMES)
    return request.environ.get("HTTP_HOST", "") in hosts


def _is_our_page() -> bool:
    site = request.headers.get("Sec-Fetch-Site")
    if request.method not in SAFE_METHODS:
        own = request.headers.get("Origin") == f"{request.scheme}://{request.environ['HTTP_HOST']}"
        return site == "same-origin" if site is not None else own
    return site not in ("same-site", "cross-site") or _is_navigation()


def _is_navigation() -> bool:
    return (
        request.headers.get("Sec-Fetch-Mode") == "navigate"
        and request.headers.get("Sec-Fetch-Dest") == "document"
    )


def _let_owner_in(gate: Gate) -> Response | None:
    """Nothing if the owner asks; else the page that gives the cookie, or the one that says how to get in."""
    if request.endpoint == "static":
        return None
    key, launch = request.args.get("key", ""), request.args.get("launch", "")
    if request.method == "GET" and (key or launch) and gate.is_opened_by(key, launch):
        return _welcome(gate)
    return None if gate.is_open() else _how_to_get_in()


def _welcome(gate: Gate) -> Response:
    """A page with the cookie that leads on by itself.

    It answers 200: a redirect would lose a ``SameSite=Strict`` cookie when the link was clicked elsewhere.
    """
    response = make_response(render_template("errors/welcome.html", address=_clean_address()))
    response.set_cookie(
        gate.cookie_name, gate.cookie, max_age=YEAR, httponly=True, samesite="Strict", secure=False, path="/"
    )
    return response


def _clean_address() -> str:
    """The address of this page without key or token, absolute so that no path can name another host."""
    pairs = [(name, value) for name, value in request.args.items(multi=True) if name not in ("key", "launch")]
    query = "?" + urlencode(pairs) if pairs else ""
    return request.host_url.rstrip("/") + request.path + query


def _how_to_get_in() -> Response:
    """401 with the way in. It refreshes once: a click in another program arrives without the cookie.

    The refresh comes from our own page, carries the cookie, and is marked same-origin, so it ends here.
    """
    again = request.method == "GET" and request.headers.get("Sec-Fetch-Site", "same-origin") != "same-origin"
    page = render_template("errors/locked.html", address=_clean_address() if again else "")
    return make_response(page, 401)


def _plain(text: str) -> Response:
    return Response(text + "\n", 403, mimetype="text/plain")


def _same(given: str, expected: str) -> bool:
    return hmac.compare_digest(given.encode("utf-8", "surrogatepass"), expected.encode())
