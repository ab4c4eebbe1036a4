"""Export: what, in which shape, as a download."""

from itertools import chain
from typing import Any

from flask import Blueprint, Response, request
from werkzeug.wrappers import Response as BaseResponse

from app.domain.view import View
from app.errors import Refused
from app.services import browsing, exporting
from app.web.context import library, preferences
from app.web.forms import view as view_form
from app.web.htmx import answer
from app.web.refusals import shown_on
from app.web.views.entries import view_in_form

bp = Blueprint("exporting", __name__, url_prefix="/datasets/<slug>/export")

MOST_KEYS = 2000  # selected entries that an address can carry
NAMED = {"name": ".named", "text": ".names-in-text"}


@bp.get("")
def show(slug: str) -> Response:
    """The choices. The address may carry a view or a selection."""
    view = view_form.view_of(request.args, size=preferences().page_size)
    return _page(slug, view, request.args.getlist("key"))


def _again(slug: str) -> Response:
    """The choices as they were refused."""
    return _page(slug, view_in_form(), request.form.getlist("keys"))


def _page(slug: str, view: View, selected: list[str]) -> Response:
    dataset, keys = library().dataset(slug), selected[:MOST_KEYS]
    address = view_form.address_of(view)
    scopes: list[tuple[str, str, int]] = [("all", "All", dataset.entries)]
    if keys:
        scopes.append(("selected", "Selected", len(keys)))
    if address:
        scopes.append(("filter", "What the list shows", browsing.count(library(), slug, view)))
    return answer(
        "exporting/page.html",
        (),
        title=f"Export {slug}",
        dataset=dataset,
        view_query=view_form.query_of(address),
        keys=keys,
        has_characters=exporting.has_characters(library(), slug),
        scopes=scopes,
        scope=scopes[-1][0],
        shown=[
            *([f"“{view.query}”"] if view.query else []),
            *(words for words, _ in view_form.narrowings(view)),
        ],
    )


@bp.post("")
@shown_on(_again)
def download(slug: str) -> BaseResponse:
    """The export as a file, written while it is sent."""
    name = request.form.get("format", "")
    characters = request.form.get("characters", "")
    clean = request.form.get("clean") == "1"
    zipped = request.form.get("sidecar") == "1" and not clean
    selection = _selection()
    if zipped:
        chunks = exporting.export_zip(library(), slug, name, selection=selection, characters=characters)
    else:
        chunks = exporting.export(
            library(), slug, name, clean=clean, selection=selection, characters=characters
        )
    first = next(chunks, b"")  # a refusal is raised here, before anything is sent
    kind = "application/zip" if zipped else "application/jsonl"
    response = Response(chain((first,), chunks), mimetype=kind)
    filename = _filename(slug, name, clean=clean, characters=characters)
    response.headers.set(
        "Content-Disposition", "attachment", filename=f"{filename}.zip" if zipped else filename
    )
    return response


def _selection() -> list[str] | View | None:
    scopes: dict[str, Any] = {
        "all": lambda: None,
        "selected": lambda: request.form.getlist("keys"),
        "filter": view_in_form,
    }
    scope = request.form.get("scope", "all")
    if scope not in scopes:
        raise Refused(
            "It is not clear which entries are meant.", "Choose all, selected, or what the list shows."
        )
    chosen: list[str] | View | None = scopes[scope]()
    return chosen


def _filename(slug: str, name: str, *, clean: bool, characters: str) -> str:
    """A name that tells exports with different choices apart."""
    return f"{slug}.{name}{'.clean' if clean else ''}{NAMED.get(characters, '')}.jsonl"
