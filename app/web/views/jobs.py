"""Long work: what runs, how far it is, how to stop it, what came of it."""

from pathlib import Path
from typing import Any

from flask import Blueprint, Response, url_for
from werkzeug.wrappers import Response as BaseResponse

from app import jobs
from app.domain.entry import Entry
from app.errors import AppError
from app.services import opening
from app.web.htmx import answer, fragments, is_htmx, see_other, target

bp = Blueprint("jobs", __name__, url_prefix="/jobs")


@bp.get("")
def index() -> Response:
    """Every job since the start, newest first."""
    return answer("jobs/index.html", (), title="Jobs", jobs=jobs.all())


@bp.get("/<id>")
def show(id: str) -> Response:
    """One job; htmx asks for it again until it has ended."""
    job = jobs.get(id)
    context: dict[str, Any] = {"title": job.title, "job": job}
    if target() == f"job-{job.id}":
        words = "" if not job.finished else f"{job.title}: {'stopped' if job.error else 'done'}."
        return fragments("jobs", "job", announce=words, **{**context, "title": ""})
    return answer("jobs/page.html", (), preview=_preview(job), **context)


@bp.post("/<id>/cancel")
def cancel(id: str) -> BaseResponse:
    """Stop a job; what it had begun is taken back."""
    job = jobs.cancel(id)
    if is_htmx():
        return fragments("jobs", "job", job=job)
    return see_other(url_for("jobs.show", id=job.id))


def _preview(job: jobs.Job) -> list[Entry]:
    """The first entries of a file that is being opened, to read until it is."""
    if job.finished or not isinstance(job.context, Path):
        return []
    try:
        return opening.preview(job.context)
    except AppError:
        return []  # what is wrong with the file is the job's to say
