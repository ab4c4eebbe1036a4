"""One module per page; a GET stands beside the POSTs that change what it shows."""

from flask import Flask

from app.web.views import (
    characters,
    entries,
    entry,
    exporting,
    help,
    history,
    jobs,
    library,
    own_targets,
    patterns,
    prompts,
    rejected,
    repair,
    rules,
    settings,
    speakers,
    tags,
    targets,
    validation,
)

PAGES = (
    library,
    entries,
    entry,
    history,
    exporting,
    rejected,
    speakers,
    validation,
    repair,
    rules,
    targets,
    own_targets,
    tags,
    characters,
    prompts,
    jobs,
    settings,
    help,
)

# What every page leads to; a page that is not there is left out.
NAVIGATION = (
    ("library.index", "Library"),
    ("tags.index", "Tags"),
    ("characters.index", "Characters"),
    ("prompts.index", "Prompts"),
    ("jobs.index", "Jobs"),
    ("settings.show", "Settings"),
    ("help.index", "Help"),
)


def install(app: Flask) -> None:
    """Register every page; the patterns only in debug."""
    for page in PAGES:
        app.register_blueprint(page.bp)
    if app.debug:
        app.register_blueprint(patterns.bp)
    there = tuple(each for each in NAVIGATION if each[0] in app.view_functions)
    app.jinja_env.globals.update(navigation=there)
