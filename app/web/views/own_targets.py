"""Chat templates and tokenizers of the person's own: added from files, tried, taken away."""

from pathlib import Path
from typing import Any

from flask import Blueprint, Response, flash, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from app.domain.targets.chosen import MASKS
from app.errors import Refused
from app.services import criteria, history, own_targets
from app.services.operation import OperationInfo
from app.web.context import library
from app.web.forms.targets import named_files
from app.web.htmx import answer, see_other
from app.web.refusals import shown_on
from app.web.rendering import choice_context
from app.web.views.rules import take_back

bp = Blueprint("own_targets", __name__, url_prefix="/targets")


def _came_from() -> dict[str, Any]:
    """What a page needs that was reached from the target of a dataset, to lead back there."""
    slug = request.args.get("dataset", "")
    dataset = next((each for each in library().datasets() if each.slug == slug), None)
    return {"dataset": dataset, "way": {"dataset": slug} if dataset else {}}


@bp.get("")
def index() -> Response:
    """Those there are, and the form of a new one."""
    return answer(
        "own_targets/page.html",
        (),
        title="Templates and tokenizers",
        **_came_from(),
        owned=criteria.owned(library()),
        last_changes=history.shared_operations(history.CRITERIA),
    )


def _again(own: str = "") -> Response:
    return index()


@bp.get("/<own>")
def show(own: str) -> Response:
    """What one of them makes of a short conversation."""
    mask = request.args.get("mask", "")
    found = own_targets.own(library(), own)
    rendered = own_targets.tried(library(), own, mask if mask in MASKS else MASKS[0])
    context = choice_context(rendered.chosen)
    return answer(
        "own_targets/own.html", (), title=found.name, own=found, rendered=rendered, **_came_from(), **context
    )


@bp.post("")
@shown_on(_again)
def add() -> BaseResponse:
    """Keep the files under a name, and show what they do."""
    name, path = request.form.get("name", ""), request.form.get("path", "").strip()
    files = named_files(request.files.getlist("file"))
    if path and files:
        raise Refused("Both files and a path were given.", "Give one or the other.")
    if "\0" in path:
        raise Refused("There is no such file or folder.", "Look at the path again.")
    slug, done = (
        own_targets.add_at(library(), name, Path(path)) if path else criteria.add_own(library(), name, files)
    )
    way = _came_from()["way"]
    _offer_undo(done, "Kept.", way)
    return see_other(url_for("own_targets.show", own=slug, **way))


@bp.post("/<own>/remove")
@shown_on(_again)
def remove(own: str) -> BaseResponse:
    """Take one away."""
    done = criteria.remove_own(library(), own)
    way = _came_from()["way"]
    _offer_undo(done, "Removed. Datasets that used it are checked without it.", way)
    return see_other(url_for("own_targets.index", **way))


def _offer_undo(done: OperationInfo | None, sentence: str, way: dict[str, Any]) -> None:
    if done is not None:
        flash(sentence, "undo:" + url_for("own_targets.undo", operation=done.id, **way))


@bp.post("/undo")
@shown_on(_again)
def undo() -> BaseResponse:
    """Take back what was done to targets, and go back to the dataset that it was done for, if any."""
    return take_back("targets.show", "own_targets.index")
