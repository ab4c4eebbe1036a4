"""The target of a dataset: the trainer and the chat template it is meant for, and what these make of it."""

from collections.abc import Callable
from urllib.parse import parse_qsl

from flask import Blueprint, Response, flash, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from app.domain.targets.chosen import Chosen
from app.domain.targets.trainers import TRAINERS, Trainer
from app.domain.tokens import BadTokenizer
from app.errors import AppError, Refused
from app.services import analysing, criteria, targets_report
from app.services.library import DatasetInfo, Library
from app.services.reading import Progress
from app.web.context import library
from app.web.forms.targets import Groups, TargetForm
from app.web.htmx import answer
from app.web.looking import freshen, look_through
from app.web.refusals import shown_on
from app.web.rendering import template_choices, title_of, vocabulary_choices
from app.web.working import Onward, work

bp = Blueprint("targets", __name__, url_prefix="/datasets/<slug>/targets")


@bp.get("")
def show(slug: str) -> Response:
    """The choice, and what becomes of the entries; a few that changed are looked at before."""
    dataset, trouble = library().dataset(slug), _trouble(slug)
    offered = _offered()
    return _page(dataset, TargetForm.of(criteria.target_for(library(), slug), *offered), offered, trouble)


def _trouble(slug: str) -> str:
    """Why the entries cannot be looked at with this target; the page has to stand, to choose another."""
    try:
        freshen(slug)
    except (AppError, BadTokenizer) as error:
        return str(error)
    return ""


def _offered() -> tuple[Groups, Groups]:
    return template_choices(), vocabulary_choices()


def _page(
    dataset: DatasetInfo,
    form: TargetForm,
    offered: tuple[Groups, Groups],
    trouble: str = "",
    status: int = 200,
) -> Response:
    found = targets_report.report(library(), dataset.slug)
    form.mask.description = _to_be_set(found.trainer, found.chosen)
    return answer(
        "targets/page.html",
        (),
        status=status,
        title=f"Target of {dataset.slug}",
        dataset=dataset,
        form=form,
        report=found,
        trouble=trouble,
        gone=criteria.gone(library(), dataset.slug),
        limits=[(each.title, each.limit) for each in TRAINERS.values() if each.limit],
        waiting=max(found.due.unchecked, found.due.unmeasured),
        vocabulary_title=title_of(found.vocabulary, offered[1]),
        over=targets_report.OVER,
    )


def _to_be_set(trainer: Trainer | None, chosen: Chosen) -> str:
    """What the trainer has to be told, so that it learns what was chosen; empty if it does so by itself."""
    if trainer is None or not trainer.answers_by or chosen.mask == "all":
        return ""
    setting = f" ({trainer.answers_by})" if chosen.mask == "assistant" else ""
    return (
        f"{trainer.title} learns every message where nothing else is set. Set it to learn what you chose"
        f" here{setting}. Without that, more is trained than this page counts."
    )


@bp.post("")
@shown_on(show)
def choose(slug: str) -> BaseResponse:
    """Keep the choice, and look through the entries with it."""
    dataset, offered = library().dataset(slug), _offered()
    form = TargetForm.posted(request.form, *offered)
    if not form.validate():
        return _page(dataset, form, offered, status=422)
    address = url_for("targets.show", slug=slug)
    done = criteria.set_target(library(), slug, form.chosen())
    if done is None:
        flash("Nothing had changed.")
        return look_through(slug, address, back=address)
    undo = url_for("own_targets.undo", operation=done.id, dataset=slug)
    said = f"{slug} is checked against {form.chosen().name or 'no target'}."
    return work(
        f"Look through {slug}",
        _looking(library(), slug),
        lambda _: Onward(said, address, "See what becomes of it", undo),
        back=address,
    )


def _looking(opened: Library, slug: str) -> Callable[[Progress], None]:
    """What looks through a dataset; a template or tokenizer that fails is told of on the page it leads to."""

    def look(progress: Progress) -> None:
        try:
            analysing.bring_up_to_date(opened, slug, progress)
        except (Refused, BadTokenizer):
            return  # the page looks again, and says it beside the choice

    return look


@bp.post("/look")
@shown_on(show)
def look(slug: str) -> BaseResponse:
    """Look through all entries that have still to be looked at, as a job."""
    library().dataset(slug)
    address = url_for("targets.show", slug=slug)
    return look_through(slug, address, back=address)


@bp.app_template_filter("pairs")
def pairs(query: str) -> list[tuple[str, str]]:
    """The pairs of a query string, for the hidden fields of a form."""
    return parse_qsl(query, max_num_fields=200)
