"""Validation: what was found in a dataset, by severity and code; each number leads to exactly its entries."""

from collections.abc import Sequence
from dataclasses import dataclass

from flask import Blueprint, Response, url_for
from werkzeug.wrappers import Response as BaseResponse

from app.domain.validation.codes import CODES
from app.domain.validation.diagnostic import Severity
from app.services import validating
from app.services.validating import MOST_DETAILS, CodeCount, Overview
from app.web.context import library
from app.web.forms.view import DIAGNOSTICS
from app.web.htmx import answer
from app.web.looking import freshen, look_through
from app.web.refusals import shown_on

bp = Blueprint("validation", __name__, url_prefix="/datasets/<slug>/validation")

# Where something is done about a code that no repair can do.
ELSEWHERE = {
    "chatml.unknown_role": ("speakers.show", "Say who they are"),
    **{name: ("targets.show", "Target") for name in CODES if name.startswith("target.")},
}


@dataclass(frozen=True, slots=True)
class Group:
    """The codes of one severity, and how many entries have at least one of them."""

    severity: Severity
    entries: int
    codes: tuple[CodeCount, ...]


@bp.get("")
def show(slug: str) -> Response:
    """The codes that were found, worst first; a few entries that changed are looked at before."""
    dataset = library().dataset(slug)
    freshen(slug)
    overview = validating.overview(library(), slug)
    return answer(
        "validation/page.html",
        (),
        title=f"Validation of {slug}",
        dataset=dataset,
        overview=overview,
        groups=_groups(overview),
        never=bool(overview.entries) and overview.due.unchecked >= overview.entries,
        waiting=max(overview.due.unchecked, overview.due.unmeasured),
        most_details=MOST_DETAILS,
        elsewhere=ELSEWHERE,
        words=dict(DIAGNOSTICS),
    )


def _groups(overview: Overview) -> Sequence[Group]:
    """What was found by severity, worst first; those without a code are left out."""
    found = []
    for severity, entries in overview.severities.items():
        codes = tuple(each for each in overview.codes if each.severity == severity)
        if codes:
            found.append(Group(severity, entries, codes))
    return found


@bp.post("")
@shown_on(show)
def look(slug: str) -> BaseResponse:
    """Look through all entries that have still to be looked at, as a job."""
    library().dataset(slug)
    address = url_for("validation.show", slug=slug)
    return look_through(slug, address, back=address)
