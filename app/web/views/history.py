"""The history of a dataset: operations, what each changed, undo, redo, return to a point."""

from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl

from flask import Blueprint, Response, flash, request, url_for
from werkzeug.datastructures import MultiDict
from werkzeug.wrappers import Response as BaseResponse

from app.domain.comparing import Line, compare
from app.errors import Refused
from app.services import history
from app.services.history import ChangeView
from app.web.context import library
from app.web.htmx import answer, see_other
from app.web.views import entries, opened

bp = Blueprint("history", __name__, url_prefix="/datasets/<slug>")

PAGE = 50
CHANGES = 20
WORDS = {"inserted": "added", "replaced": "changed"}


@dataclass(frozen=True, slots=True)
class ShownChange:
    """One changed entry with its two versions compared."""

    key: str
    before_number: int | None
    after_number: int | None
    words: str
    lines: tuple[Line, ...]

    @classmethod
    def of(cls, change: ChangeView) -> "ShownChange":
        """The change, compared."""
        before = change.before.value if change.before else None
        after = change.after.value if change.after else None
        words = WORDS.get(change.kind, change.kind)
        return cls(change.key, change.before_number, change.after_number, words, compare(before, after))


@bp.get("/history")
def show(slug: str) -> Response:
    """The operations, newest first; with ``operation=``, what that one changed."""
    dataset = library().dataset(slug)
    before = request.args.get("before", type=int)
    found = history.operations(library(), slug, limit=PAGE + 1, before=before)
    context: dict[str, Any] = {
        "operations": found[:PAGE],
        "older": found[PAGE - 1].id if len(found) > PAGE else None,
    }
    number = request.args.get("operation", type=int)
    if number is not None:
        page = max(1, request.args.get("page", 1, type=int))
        changes = history.changes(library(), slug, number, page=page, size=CHANGES)
        context.update(
            shown=history.operations(library(), slug, limit=1, before=number + 1)[0],
            changes=[ShownChange.of(change) for change in changes],
            more=len(changes) >= CHANGES,
            page=page,
        )
    return answer("history/page.html", (), title=f"History of {slug}", dataset=dataset, **context)


@bp.post("/undo")
def undo(slug: str) -> BaseResponse:
    """Undo the newest operation, or the one that is named."""
    number = request.form.get("operation", type=int)
    done = history.undo(library(), slug, number)
    flash(f"{done.title}.")
    return see_other(_back(slug))


@bp.post("/redo")
def redo(slug: str) -> BaseResponse:
    """Do again what was undone last."""
    done = history.redo(library(), slug)
    flash(f"{done.title}.")
    return see_other(_back(slug))


@bp.post("/restore")
def restore(slug: str) -> BaseResponse:
    """Return the dataset to the state just after an operation."""
    number = request.form.get("operation", type=int)
    if number is None:
        raise Refused("No operation was chosen.", "Choose one in the history.")
    done = history.restore(library(), slug, number)
    flash(f"{done.title}.")
    return see_other(_back(slug))


def _back(slug: str) -> str:
    """Where the button was pressed: the list in its state, or the history."""
    if not request.form.get("view"):
        return url_for("history.show" if "view" not in request.form else "entries.show", slug=slug)
    key = MultiDict(parse_qsl(request.form["view"], max_num_fields=200)).get("entry", "")
    return entries.address(slug, entries.view_in_form(), entry=key if opened.exists(slug, key) else "")
