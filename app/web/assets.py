"""Style sheets, scripts and icons: each address carries a hash of the content, so browsers may keep them."""

from functools import cache
from hashlib import sha256
from pathlib import Path

from flask import Flask, Response, abort, request, send_from_directory, url_for

FOREVER = "public, max-age=31536000, immutable"
ASK_FIRST = "no-cache"


def install(app: Flask, folder: Path) -> None:
    """Serve ``folder`` under ``/static/`` and give templates ``asset("css/base.css")``."""

    @cache
    def kept_mark(name: str) -> str:
        return sha256((folder / name).read_bytes()).hexdigest()[:12]

    mark = kept_mark.__wrapped__ if app.debug else kept_mark

    def asset(name: str) -> str:
        """The address of a static file, with the hash of its content."""
        return url_for("static", name=name, v=mark(name))

    @app.get("/static/<path:name>", endpoint="static")
    def static(name: str) -> Response:
        response = send_from_directory(folder, name)
        if response.status_code >= 400:
            abort(response.status_code)
        fresh = bool(request.args.get("v")) and request.args["v"] == mark(name)
        response.headers["Cache-Control"] = FOREVER if fresh else ASK_FIRST
        return response

    app.jinja_env.globals["asset"] = asset
