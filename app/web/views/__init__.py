"""One module per page; a GET stands beside the POSTs that change what it shows."""

from flask import Flask

from app.web.views import (
    entries,
    entry,
    exporting,
    help,
    history,
    jobs,
    library,
    patterns,
    rejected,
    settings,
)

PAGES = (library, entries, entry, history, exporting, rejected, jobs, settings, help)


def install(app: Flask) -> None:
    """Register every page; the patterns only in debug."""
    for page in PAGES:
        app.register_blueprint(page.bp)
    if app.debug:
        app.register_blueprint(patterns.bp)
