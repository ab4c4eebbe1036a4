"""RoleThread: conversation datasets as plain files on one's own machine.

The rooms are imported inside the function: a command that needs no page must not wait for Flask.
"""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from flask import Flask

    from app.config import Config
    from app.services.library import Library

MEGABYTE = 1024 * 1024


def create_app(config: "Config", library: "Library | None" = None) -> "Flask":
    """The web app over one home: the only place where its parts are joined.

    :param library: the opened library, if the caller has one; else it is opened here.
    """
    from flask import Flask

    from app.config import ROOT
    from app.services.library import Library
    from app.web import assets, context, errors, htmx, naming, security, views, visible, working

    opened = library or Library.open(config)
    gate = security.Gate(opened.owner_key, config.home)
    app = Flask(
        "rolethread", static_folder=None, template_folder=str(ROOT / "templates"), root_path=str(ROOT)
    )
    app.debug = config.debug
    app.response_class = htmx.Page
    app.config.update(
        SECRET_KEY=gate.session_key,
        SESSION_COOKIE_NAME=gate.cookie_name + "_session",
        SESSION_COOKIE_SAMESITE="Strict",
        MAX_CONTENT_LENGTH=16 * 1024 * MEGABYTE,
        MAX_FORM_MEMORY_SIZE=64 * MEGABYTE,
        MAX_FORM_PARTS=50_000,
        PROPAGATE_EXCEPTIONS=False,
    )
    app.extensions["rolethread"] = opened
    app.extensions["rolethread.gate"] = gate
    security.install(app, gate)
    assets.install(app, ROOT / "static")
    context.install(app)
    naming.install(app)
    visible.install(app)
    errors.install(app)
    working.install(app)
    views.install(app)
    return app
