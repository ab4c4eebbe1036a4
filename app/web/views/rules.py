"""The rules of validation: phrase lists and limits, for all datasets or for one."""

from flask import Blueprint, Response, flash, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from app.domain.validation.rules import Rules
from app.services import criteria, history
from app.services.operation import OperationInfo
from app.web.context import library
from app.web.forms import whole
from app.web.forms.rules import FIELDS, posted, shown
from app.web.htmx import answer, see_other
from app.web.refusals import shown_on
from app.web.working import Onward, told, work

bp = Blueprint("rules", __name__)


@bp.get("/settings/rules")
def everywhere() -> Response:
    """The rules for all datasets."""
    return _page(None)


@bp.get("/datasets/<slug>/validation/rules")
def show(slug: str) -> Response:
    """The rules for one dataset."""
    return _page(slug)


def _page(slug: str | None) -> Response:
    rules = criteria.rules_for(library(), slug)
    own = criteria.own_rules(library(), slug)
    return answer(
        "rules/dataset.html" if slug else "rules/everywhere.html",
        (),
        title=f"Rules of {slug}" if slug else "Rules of validation",
        dataset=library().dataset(slug) if slug else None,
        fields=[(each, shown(each, rules), each.name in own) for each in FIELDS],
        action=url_for("rules.save", slug=slug) if slug else url_for("rules.save_everywhere"),
        inactive=rules.inactive_characters,
        last_changes=history.shared_operations(history.CRITERIA),
    )


@bp.post("/settings/rules")
@shown_on(everywhere)
def save_everywhere() -> BaseResponse:
    """Keep the rules for all datasets that say nothing else."""
    return _save(None, Rules(), url_for("rules.everywhere"))


@bp.post("/datasets/<slug>/validation/rules")
@shown_on(show)
def save(slug: str) -> BaseResponse:
    """Keep the rules for this dataset; what is as for all datasets stays so."""
    library().dataset(slug)
    return _save(slug, criteria.rules_for(library(), None), url_for("rules.show", slug=slug))


def _save(slug: str | None, usual: Rules, address: str) -> BaseResponse:
    done = criteria.set_rules(library(), slug, posted(request.form, usual))
    if done is None:
        flash("Nothing had changed.")
    else:
        flash("Saved.", "undo:" + url_for("rules.undo", operation=done.id, dataset=slug))
    return see_other(address)


@bp.post("/settings/rules/undo")
def undo() -> BaseResponse:
    """Take back a change of rules or targets, and show the rules."""
    return take_back("rules.show", "rules.everywhere")


def take_back(page: str, everywhere: str) -> BaseResponse:
    """Take back a change of rules or targets, and go to a page of the dataset that it was made for.

    :param everywhere: the page to go to where it was made for no dataset, or for one that is gone.
    """
    opened, number = library(), whole(request.args.get("operation"))
    slug = request.args.get("dataset", "")
    there = any(each.slug == slug for each in opened.datasets())
    address = url_for(page, slug=slug) if there else url_for(everywhere)

    def onward(done: OperationInfo) -> Onward:
        return Onward(told(done), address)

    return work(
        "Undo",
        lambda progress: history.undo_shared(opened, number, tables=history.CRITERIA, progress=progress),
        onward,
        back=address,
    )
