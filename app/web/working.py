"""Long work that a click starts: a quick answer at once, else the job's page, which leads on when it ends."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from flask import Flask, flash, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from app import jobs
from app.errors import NotFound
from app.jobs import Job
from app.services.library import DatasetInfo
from app.services.operation import OperationInfo
from app.services.reading import Progress, bytes_to_read, current_index
from app.web.context import library
from app.web.htmx import see_other

QUICK = 0.4  # seconds that a click waits before the job gets a page
DONE = {"Undo": "Undone", "Redo": "Done again", "Restore to just after": "Back to just after"}
LARGE = 16 * 1024 * 1024  # bytes; reading so much again is a job


@dataclass(frozen=True, slots=True)
class Onward:
    """Where a finished job leads: what is said there, the address, and the words of a link to it.

    ``undo`` names the dataset of which the last operation is offered to be undone,
    or an address at which that is done.
    """

    sentence: str
    address: str
    label: str = "Go on"
    undo: str = ""


def told(done: OperationInfo) -> str:
    """What an undo, a redo or a return did, as a sentence of what is done and not as its name."""
    before, mark, rest = done.title.partition(": ")
    return f"{DONE[before]}: {rest}." if mark and before in DONE else f"{done.title}."


@dataclass(slots=True)
class Errand:
    """What a job's page needs beside the job.

    ``onward`` makes of the job's result where it leads; it is called in a later request, so it knows
    what it needs by itself. ``back`` is where a stopped job leads, ``source`` a file whose first
    entries can be read meanwhile. ``again`` are the fields of the form of an import, by which it can be
    asked for once more; a file that was uploaded has to be chosen once more.
    """

    onward: Callable[[Any], Onward]
    back: str
    source: Path | None = None
    again: dict[str, str] | None = None


def work(
    title: str, task: Callable[[Progress], Any], onward: Callable[[Any], Onward], *, back: str
) -> BaseResponse:
    """Do something as a job, and lead on.

    :raises AppError: what made it fail, if it failed at once.
    """
    return lead_on(jobs.start(title, task, unit="entries", context=Errand(onward, back)))


def running(title: str, address: str) -> Job | None:
    """The job under way that has this title and leads to this address, whatever comes of it."""
    under_way = (job for job in jobs.all() if job.title == title and not job.finished)
    return next((job for job in under_way if job.context.onward(None).address == address), None)


def lead_on(job: Job, *, keep: bool = False) -> BaseResponse:
    """The way to where a job leads if it was quick, else to its page.

    :param keep: leave it on the list of jobs even if it was quick.
    :raises AppError: what made it fail, if it failed at once.
    """
    if not job.wait(QUICK):
        return see_other(url_for("jobs.show", id=job.id))
    if not keep:
        jobs.forget(job.id)
    if job.error is not None:
        raise job.error
    return arrive(job)


def arrive(job: Job) -> BaseResponse:
    """The way to where a finished job leads, with what is to be said there."""
    onward: Onward = job.context.onward(job.result)
    if onward.sentence:
        flash(onward.sentence, f"undo:{onward.undo}" if onward.undo else "message")
    return see_other(onward.address)


def install(app: Flask) -> None:
    """Before a page of a dataset whose large file has to be read anew, read it as a job."""

    @app.before_request
    def _read_first() -> BaseResponse | None:
        slug = (request.view_args or {}).get("slug")
        if request.method != "GET" or not slug:
            return None
        try:
            info = library().dataset(slug)
        except NotFound:
            return None  # the page says it
        amount = bytes_to_read(library(), info)
        if 0 < amount < LARGE:
            current_index(library(), info)  # first, or the page would count what was there before
        return None if amount < LARGE else _read(info)


def _read(info: DatasetInfo) -> BaseResponse | None:
    """The page of the job that reads the file; nothing if it was read at once."""
    opened, address = library(), request.full_path.rstrip("?")
    title = f"Read {info.slug} again"
    job = running(title, address)
    if job is None:
        onward = Onward("", address, f"Open {info.slug}")
        errand = Errand(lambda _: onward, url_for("library.index"), info.path)
        job = jobs.start(title, lambda progress: current_index(opened, info, progress), context=errand)
    if job.wait(QUICK):
        jobs.forget(job.id)
        if job.error is not None:
            raise job.error
        return None
    return see_other(url_for("jobs.show", id=job.id))
