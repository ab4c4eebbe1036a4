"""Long work: what runs, how far it is, how to stop it, what came of it."""

from typing import Any

from flask import Blueprint, Response, flash, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from app import jobs
from app.domain.entry import Entry
from app.errors import AppError
from app.jobs import Job
from app.services import opening
from app.web.errors import failure_of
from app.web.htmx import answer, fragments, is_htmx, see_other, target
from app.web.working import Errand, Onward, arrive

bp = Blueprint("jobs", __name__, url_prefix="/jobs")

PREVIEWED = 5


@bp.get("")
def index() -> Response:
    """Every job since the start, newest first."""
    return answer("jobs/index.html", (), title="Jobs", jobs=jobs.all(), onward=onward, again=again)


@bp.get("/<id>")
def show(id: str) -> BaseResponse:
    """One job; htmx asks for it again until it has ended, and its own page then leads on."""
    job = jobs.get(id)
    if target() == f"job-{job.id}":
        return _ticked(job)
    context: dict[str, Any] = {"job": job, "leads": True, "preview": _preview(job)}
    context.update(onward=onward, again=again)
    return answer("jobs/page.html", (), title=job.title, **context)


def _ticked(job: Job) -> BaseResponse:
    """How far the job is by now, for its own page (``leads``) or the list. ``unread``: no preview yet."""
    leads = request.args.get("leads") == "1"
    end = onward(job)
    if leads and end:
        if not end.sentence:
            flash(f"{job.title}: done.")
        return arrive(job)
    preview = _preview(job) if request.args.get("unread") == "1" else []
    is_news = leads and stage(job) not in ("", request.args.get("heard", ""))
    words = f"{job.title}: {stage(job)}." if job.finished or is_news else ""
    parts = ("preview",) if preview else ()
    return fragments(
        "jobs",
        "job",
        *parts,
        announce=words,
        job=job,
        leads=leads,
        preview=preview,
        onward=onward,
        again=again,
    )


@bp.post("/<id>/cancel")
def cancel(id: str) -> BaseResponse:
    """Stop a job; what it had begun is taken back."""
    job = jobs.cancel(id)
    if is_htmx():
        return fragments(
            "jobs", "job", job=job, leads=request.args.get("leads") == "1", onward=onward, again=again
        )
    return see_other(url_for("jobs.show", id=job.id))


@bp.app_template_global()
def stage(job: Job) -> str:
    """How far a job is, as roughly as it is worth to be read out; empty while nobody knows."""
    if job.finished:
        return "stopped" if job.error else "done"
    if not job.total:
        return ""
    return "finishing" if job.done >= job.total else f"{100 * job.done // job.total // 25 * 25} percent"


def onward(job: Job) -> Onward | None:
    """Where a job leads that has ended well."""
    if not job.finished or job.error or not isinstance(job.context, Errand):
        return None
    return job.context.onward(job.result)


def again(job: Job) -> dict[str, Any] | None:
    """What the form needs that asks for an import once more in another encoding, if that may help."""
    if job.error is None or "guess" not in job.error.details or not isinstance(job.context, Errand):
        return None
    fields = job.context.again
    return None if fields is None else {"fields": fields, "failure": failure_of(job.error)}


def _preview(job: Job) -> list[Entry]:
    """The first entries of a file that is being read, to look at until it is."""
    if job.finished or not isinstance(job.context, Errand) or job.context.source is None:
        return []
    try:
        return opening.preview(job.context.source)[:PREVIEWED]
    except AppError:
        return []  # what is wrong with the file is the job's to say
