"""The library: the datasets, opening files, and what is done to a dataset as a whole."""

from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from typing import IO, Any

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from werkzeug.datastructures import FileStorage
from werkzeug.wrappers import Response as BaseResponse

from app import jobs
from app.errors import Refused
from app.jobs import Job
from app.services import opening, shelving
from app.services import outside as settling
from app.services.completing import completions
from app.services.reading import Progress
from app.services.sample import open_sample
from app.web.context import library
from app.web.htmx import answer, see_other

bp = Blueprint("library", __name__)

ENCODINGS = ("utf-8", "utf-16", "cp1252", "latin-1", "cp1251", "gb18030", "shift_jis", "euc-kr", "big5")
QUICK = 0.4  # seconds that an import may take before its job gets a page


@bp.get("/")
def index() -> Response:
    """The datasets, or the trash."""
    trash = request.args.get("trash") == "1"
    return answer(
        "library/page.html",
        (),
        title="Trash" if trash else "Library",
        datasets=library().datasets(trashed=trash),
        trashed=0 if trash else len(library().datasets(trashed=True)),
        trash=trash,
        encodings=ENCODINGS,
    )


@bp.post("/import")
def import_() -> BaseResponse:
    """Open files, pasted text or a path, each as a job; a quick one goes straight to the dataset."""
    files = [file for file in request.files.getlist("file") if file.filename]
    if files:
        started = [_start_upload(file) for file in files]
    elif request.form.get("path"):
        started = [_start_path(request.form["path"])]
    elif request.form.get("text", "").strip():
        started = [_start_text(request.form["text"], request.form.get("name") or None)]
    else:
        raise Refused("There was nothing to open.", "Choose a file, paste text, or give a path.")
    if len(started) > 1:
        return see_other(url_for("jobs.index"))
    return see_other(_after_import(started[0]))


def _start_upload(file: FileStorage) -> Job:
    """The import of an uploaded file. The job outlives the request, so it takes the received file with it."""
    stream: IO[bytes] = file.stream
    name = file.filename or ""
    file.stream = BytesIO()

    def work(progress: Progress) -> opening.Imported:
        with stream:
            return opening.import_upload(library_, stream, name, progress=progress)

    library_ = library()
    return jobs.start(f"Import {name}", work)


def _start_path(path: str) -> Job:
    form, opened = request.form, library()
    options: dict[str, Any] = {
        "copy": form.get("copy") == "1",
        "in_place": form.get("in_place") == "1",
        "encoding": form.get("encoding") or None,
    }
    place = _place(path.strip())
    return jobs.start(
        f"Import {place.name}",
        lambda progress: opening.import_path(opened, place, **options, progress=progress),
        context=place,
    )


def _place(path: str) -> Path:
    """The path that was typed, with ``~`` in full.

    :raises Refused: if it names somebody whom this machine does not know.
    """
    try:
        return Path(path).expanduser()
    except RuntimeError as error:
        raise Refused(f"There is no home folder for {path}.", "Write the path in full.") from error


def _start_text(text: str, name: str | None) -> Job:
    opened = library()
    return jobs.start(
        f"Import {name or 'pasted text'}",
        lambda progress: opening.import_text(opened, text, name, progress=progress),
    )


def _after_import(job: Job) -> str:
    """The dataset's address if the job was quick, else the job's.

    :raises AppError: what made the import fail, if it failed at once.
    """
    job.wait(QUICK)
    if job.error is not None:
        raise job.error
    if not job.finished:
        return url_for("jobs.show", id=job.id)
    imported: opening.Imported = job.result
    flash(said(imported))
    return url_for("entries.show", slug=imported.slug)


def said(imported: opening.Imported) -> str:
    """One sentence on what came of an import."""
    if imported.existing:
        return f"This file is open already as {imported.slug}."
    entries = f"{imported.entries:,} {'entry' if imported.entries == 1 else 'entries'}"
    kept = f" {imported.rejected:,} could not be read and are kept aside." if imported.rejected else ""
    return f"Opened {imported.slug}: {entries}.{kept}"


@bp.get("/complete-path")
def complete_path() -> str:
    """Paths that begin like the one typed, for the path field."""
    return render_template("library/_paths.html", paths=completions(request.args.get("path", "")))


@bp.post("/sample")
def sample() -> BaseResponse:
    """Open the sample dataset that comes with the app."""
    imported = open_sample(library())
    flash(said(imported))
    return see_other(url_for("entries.show", slug=imported.slug))


@bp.post("/datasets")
def new() -> BaseResponse:
    """Start an empty dataset."""
    slug = request.form.get("name", "").strip()
    shelving.new_dataset(library(), slug)
    flash(f"Started {slug}.")
    return see_other(url_for("entries.show", slug=slug))


@bp.post("/datasets/<slug>/rename")
def rename(slug: str) -> BaseResponse:
    """Give a dataset another name."""
    name = request.form.get("name", "").strip()
    if name == slug:
        return see_other(url_for("library.index"))
    shelving.rename(library(), slug, name)
    flash(f"Renamed {slug} to {name}.")
    return see_other(url_for("library.index"))


@bp.post("/datasets/<slug>/trash")
def trash(slug: str) -> BaseResponse:
    """Move a dataset to the trash."""
    return _shelve(shelving.trash, slug, f"Moved {slug} to the trash.")


@bp.post("/datasets/<slug>/untrash")
def untrash(slug: str) -> BaseResponse:
    """Put a dataset back from the trash."""
    return _shelve(shelving.untrash, slug, f"Put {slug} back.")


def _shelve(act: Callable[..., Any], slug: str, sentence: str) -> BaseResponse:
    act(library(), slug)
    flash(sentence)
    return redirect(url_for("library.index"), 303)


@bp.post("/datasets/<slug>/outside")
def outside(slug: str) -> BaseResponse:
    """Choose between the file that another program wrote and ours."""
    keep = request.form.get("keep", "")
    if keep not in ("outside", "ours"):
        raise Refused("No version was chosen.", "Choose one of the two.")
    settling.settle(library(), slug, keep=keep)
    flash("Took the changed file." if keep == "outside" else "Put back ours.")
    return see_other(url_for("entries.show", slug=slug))
