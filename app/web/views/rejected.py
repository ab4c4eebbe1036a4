"""Records that could not be read on import: look at them, correct them, take them in."""

from dataclasses import dataclass

from flask import Blueprint, Response, flash, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from app.domain.form_text import harm, unix
from app.errors import Refused
from app.services import rejecting
from app.web.context import library
from app.web.forms import whole
from app.web.htmx import answer, see_other
from app.web.refusals import shown_on

bp = Blueprint("rejected", __name__, url_prefix="/datasets/<slug>/rejected")

PAGE = 25
REASONS = {"unknown shape": "it has neither “messages” nor “conversations” that RoleThread can read"}
LONGEST = 2_000_000  # letters that a text box may carry


@dataclass(frozen=True, slots=True)
class Shown:
    """A rejected record as the page shows it; ``why`` says why it cannot be corrected here."""

    index: int | None
    line: int
    reason: str
    text: str | None
    base64: str | None
    why: str


@bp.get("")
def show(slug: str) -> Response:
    """The records, in the order of the original."""
    dataset = library().dataset(slug)
    found = rejecting.rejected(library(), slug)
    pages = max(1, -(-len(found) // PAGE))
    page = min(pages, whole(request.args.get("page")) or 1)
    records = [_shown(record) for record in found[(page - 1) * PAGE : page * PAGE]]
    return answer(
        "rejected/page.html",
        (),
        title=f"Rejected · {slug}",
        dataset=dataset,
        records=records,
        page=page,
        pages=pages,
    )


def _shown(record: rejecting.RejectedRecord) -> Shown:
    text = record.text
    why = "" if record.index is not None else "It stands in the dataset's file, and stays there as it is."
    if text is not None and not why:
        reason = harm(text)
        why = f"It cannot be corrected here: {reason}." if reason else ""
        if len(text) > LONGEST:
            text, why = (
                text[:2000] + "…",
                "It is too long to be corrected here. Export it, correct the file, and open that.",
            )
    reason = REASONS.get(record.reason, record.reason)
    return Shown(record.index, record.line, reason, text, record.base64, why)


@bp.post("")
@shown_on(show)
def reimport(slug: str) -> BaseResponse:
    """Take a corrected record in as an entry."""
    index, line = whole(request.form.get("index")), whole(request.form.get("line"))
    if index is None:
        raise Refused("No record was chosen.", "Choose one of the list.")
    done = rejecting.reimport(library(), slug, index, unix(request.form.get("text", "")), expected_line=line)
    flash("Taken in as the last entry.")
    return see_other(url_for("entry.show", slug=slug, key=done.uuid))
