"""Style sheets, scripts and icons: each address carries a hash of the content, so browsers may keep them."""

import mimetypes
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from pathlib import Path

from flask import Flask, Response, abort, request, url_for
from werkzeug.security import safe_join

FOREVER = "public, max-age=31536000, immutable"
ASK_FIRST = "no-cache"
TYPES = {".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml"}


@dataclass(frozen=True, slots=True)
class Asset:
    """One static file, as it is sent."""

    data: bytes
    kind: str
    mark: str

    @classmethod
    def of(cls, path: Path) -> "Asset":
        """The file at ``path``.

        :raises OSError: if there is none.
        """
        data = path.read_bytes()
        kind = TYPES.get(path.suffix) or mimetypes.guess_type(path.name)[0] or "application/octet-stream"
        return cls(data, kind, sha256(data).hexdigest()[:12])


def install(app: Flask, folder: Path) -> None:
    """Serve ``folder`` under ``/static/`` and give templates ``asset("css/base.css")``."""

    def read(name: str) -> Asset:
        path = safe_join(str(folder), name)
        if path is None:
            raise FileNotFoundError(name)
        return Asset.of(Path(path))

    find = read if app.debug else cache(read)

    def asset(name: str) -> str:
        """The address of a static file, with the hash of its content."""
        return url_for("static", name=name, v=find(name).mark)

    @app.get("/static/<path:name>", endpoint="static")
    def static(name: str) -> Response:
        try:
            found = find(name)
        except (OSError, ValueError):
            abort(404)
        response = Response(found.data, mimetype=found.kind)
        response.headers["Cache-Control"] = FOREVER if request.args.get("v") == found.mark else ASK_FIRST
        response.set_etag(found.mark)
        return response.make_conditional(request)  # type: ignore[return-value]

    app.jinja_env.globals["asset"] = asset
