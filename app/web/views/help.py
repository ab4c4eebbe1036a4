"""Help: short articles written for this app, each a template."""

from flask import Blueprint, Response

from app.errors import NotFound
from app.web.htmx import answer

bp = Blueprint("help", __name__, url_prefix="/help")

ARTICLES = {
    "opening": "Opening files",
    "editing": "Editing entries",
    "searching": "Searching and filtering",
    "undoing": "Undo, history and backups",
    "exporting": "Exporting",
    "keys": "Keyboard shortcuts",
    "privacy": "Who can see your data",
}


@bp.get("")
def index() -> Response:
    """The list of articles."""
    return answer("help/index.html", (), title="Help", articles=ARTICLES)


@bp.get("/<article>")
def show(article: str) -> Response:
    """One article."""
    if article not in ARTICLES:
        raise NotFound("There is no such help article.", "The list of articles is under Help.")
    return answer(f"help/{article}.html", (), title=ARTICLES[article])
