"""Named speakers: the labels of a dataset that are names; once for each, its role and its character."""

from collections.abc import Iterator
from threading import Lock
from time import monotonic
from typing import Any

from flask import Blueprint, Response, make_response, render_template, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from app import jobs
from app.errors import Conflict, Refused
from app.services import speakers
from app.services.browsing import Memory
from app.services.choosing import choices
from app.services.library import DatasetInfo, Library
from app.services.reading import Progress, silent
from app.services.speakers import ROLES, Assigned, Assignment, Speaker
from app.web.context import counted, library
from app.web.forms.entry import SOMEBODY_NEW
from app.web.forms.speakers import Choice, chosen, mark_of
from app.web.htmx import answer, see_other
from app.web.refusals import refusal, shown_on
from app.web.working import QUICK, Errand, Onward, work

bp = Blueprint("speakers", __name__, url_prefix="/datasets/<slug>/speakers")

LARGE = 3000  # entries; to look through more is a job
NAMED = 5  # labels that the line beside the entries names
PATIENCE = 600  # seconds before a large dataset that changes is looked through again for that line

_heard = Memory[tuple[Speaker, ...]](20)  # by the dataset, its content, and the characters there are
_last: dict[str, tuple[str, float, tuple[Speaker, ...]]] = {}  # content, time and answer, by dataset
_looking = Lock()  # one look at a time


@bp.get("")
def show(slug: str) -> BaseResponse:
    """Every named speaker with what is suggested for it."""
    dataset = library().dataset(slug)
    if dataset.entries > LARGE and _heard.get(_question(library(), dataset)) is None:
        waiting = _look_as_job(dataset)
        if waiting is not None:
            return waiting
    return _again(slug)


def _again(slug: str) -> Response:
    """The page with what is suggested; after a refusal with what was picked."""
    dataset = library().dataset(slug)
    found = _speakers(library(), dataset)
    typed = chosen(request.form, found) if refusal() else {}
    return _page(dataset, found, typed or {each.label: Choice.suggested(each) for each in found})


def _page(
    dataset: DatasetInfo, found: tuple[Speaker, ...], picked: dict[str, Choice], *, sure: bool = False
) -> Response:
    """The page; ``sure``: with the effect of what was picked, to be confirmed."""
    context: dict[str, Any] = {
        "title": f"Speakers of {dataset.slug}",
        "dataset": dataset,
        "found": found,
        "picked": picked,
        "marks": {each.label: mark_of(each.label) for each in found},
        "roles": ROLES,
        "characters": choices(library()),
    }
    context["effect"] = list(_effect(found, picked)) if sure else []
    context["agreed"] = _agreed(picked)
    return answer("speakers/page.html", (), **context)


def _agreed(picked: dict[str, Choice]) -> str:
    """What the button says that does it: just what was shown, and nothing that was picked after that."""
    told = repr([(mark_of(label), choice) for label, choice in picked.items()])
    return "assign:" + mark_of(told)


def _effect(found: tuple[Speaker, ...], picked: dict[str, Choice]) -> Iterator[tuple[Speaker, Choice, str]]:
    """Each label that is assigned, as what, and the name of who speaks then."""
    known = {each.slug: each.display_name for each in choices(library())}
    for each in found:
        choice = picked[each.label]
        if choice.role:
            name = choice.name if choice.character == SOMEBODY_NEW else known.get(choice.character, "")
            yield each, choice, name


@bp.get("/line")
def line(slug: str) -> Response:
    """The line beside the entries that says there are named speakers; nothing if there are none.

    It comes by itself, so unlike other answers it clears no alert.
    """
    found = _roughly(library(), library().dataset(slug))
    names = [each.label for each in found[:NAMED]]
    return make_response(render_template("speakers/_line.html", slug=slug, found=found, names=names))


@bp.post("")
@shown_on(_again)
def assign(slug: str) -> BaseResponse:
    """Show what an assignment would do; or do it, in one operation."""
    opened, dataset = library(), library().dataset(slug)
    found = _speakers(opened, dataset)
    picked = chosen(request.form, found)
    if not picked:
        raise Conflict("The speakers of this dataset changed since you looked.", "Look again, then assign.")
    wanted = {label: _assignment(choice) for label, choice in picked.items() if choice.role}
    if not wanted:
        raise Refused("No speaker got a role.", "Choose a role for at least one of them.")
    if request.form.get("do") != _agreed(picked):
        return _page(dataset, found, picked, sure=True)
    return work(
        f"Assign speakers of {slug}",
        lambda progress: speakers.assign(opened, slug, wanted, progress=progress),
        lambda done: Onward(
            _told(done), url_for("entries.show", slug=slug, character=_only(wanted, done)), undo=slug
        ),
        back=url_for("speakers.show", slug=slug),
    )


def _assignment(choice: Choice) -> Assignment:
    """What was picked, as the service takes it.

    :raises Refused: for a new character without a name.
    """
    if choice.character != SOMEBODY_NEW:
        return Assignment(choice.role, character=choice.character or None)
    if not choice.name:
        raise Refused("A new character has no name.", "Write its name, or choose “No character”.")
    return Assignment(choice.role, name=choice.name)


def _only(wanted: dict[str, Assignment], done: Assigned) -> str | None:
    """The one character that speaks now; none if there are several, or nobody."""
    who = {*(each.character for each in wanted.values() if each.character), *done.created}
    return who.pop() if len(who) == 1 else None


def _told(done: Assigned) -> str:
    """What came of it, as a sentence."""
    sentence = f"Assigned {counted(done.messages, 'message')} in {counted(done.entries, 'entry', 'entries')}."
    if not done.locked:
        return sentence
    return f"{sentence} {counted(done.locked, 'entry', 'entries')} cannot be rewritten and stayed."


def _question(opened: Library, dataset: DatasetInfo) -> tuple[object, ...]:
    return (dataset.uuid, dataset.content, choices(opened))


def _speakers(opened: Library, dataset: DatasetInfo, progress: Progress = silent) -> tuple[Speaker, ...]:
    """The named speakers; the dataset is looked through once for each state that it is in."""
    question = _question(opened, dataset)
    known = _heard.get(question)
    if known is not None:
        return known
    found = tuple(speakers.named_speakers(opened, dataset.slug, progress=progress))
    _last[dataset.uuid] = (dataset.content, monotonic(), found)
    return _heard.keep(question, found)


def _roughly(opened: Library, dataset: DatasetInfo) -> tuple[Speaker, ...]:
    """The named speakers as they were a moment ago, where to look again would take long."""
    with _looking:
        content, at, found = _last.get(dataset.uuid, ("", 0.0, ()))
        fresh = content and dataset.entries > LARGE and monotonic() - at < PATIENCE
        if fresh or content == dataset.content:
            return found
        return _speakers(opened, dataset)


def _look_as_job(dataset: DatasetInfo) -> BaseResponse | None:
    """The page of the job that looks through a large dataset; nothing if it was quick."""
    opened = library()
    onward = Onward("", url_for("speakers.show", slug=dataset.slug), "See the speakers")
    errand = Errand(lambda _: onward, url_for("entries.show", slug=dataset.slug))
    job = jobs.start(
        f"Find the speakers of {dataset.slug}",
        lambda progress: _speakers(opened, dataset, progress),
        unit="entries",
        context=errand,
    )
    if not job.wait(QUICK):
        return see_other(url_for("jobs.show", id=job.id))
    jobs.forget(job.id)
    if job.error is not None:
        raise job.error
    return None
