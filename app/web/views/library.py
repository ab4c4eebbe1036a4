"""The library: the datasets, opening files, and what is done to a dataset as a whole."""

from collections.abc import Callable
from contextlib import nullcontext
from functools import partial
from io import BytesIO
from itertools import takewhile
from pathlib import Path
from time import monotonic
from typing import IO, Any

from flask import Blueprint, Response, flash, render_template, request, url_for
from werkzeug.datastructures import FileStorage
from werkzeug.wrappers import Response as BaseResponse

from app import jobs
from app.domain.names import stem_of
from app.errors import Refused
from app.jobs import Job
from app.services import browsing, drafts, opening, shelving
from app.services import outside as settling
from app.services.browsing import TagCount
from app.services.completing import completions
from app.services.health import Health, healths
from app.services.library import DatasetInfo
from app.services.reading import Progress
from app.services.sample import open_sample
from app.services.settling import keep_sidecar, replace_sidecar
from app.web.context import library
from app.web.htmx import answer, see_other
from app.web.refusals import shown_on
from app.web.views import entries
from app.web.working import Errand, Onward, lead_on, work

_SIDECAR = ".registry.json"

bp = Blueprint("library", __name__)

PATIENCE = 0.1  # seconds that the page spends on counting tags
STANDING = 0.3  # seconds that it spends on how the datasets stand: enough for some fifty


@bp.get("/")
def index() -> Response:
    """The datasets, or the trash."""
    trash = request.args.get("trash") == "1"
    datasets = library().datasets(trashed=trash)
    return answer(
        "library/page.html",
        (),
        title="Trash" if trash else "Library",
        datasets=datasets,
        tags={} if trash else _tags(datasets),
        healths={} if trash else _healths(datasets),
        drafted=drafts.counts(library()),
        trashed=0 if trash else len(library().datasets(trashed=True)),
        trash=trash,
    )


def _tags(datasets: list[DatasetInfo]) -> dict[int, tuple[TagCount, ...]]:
    """The tags of each dataset, by its number. What takes too long is told next time."""
    end = monotonic() + PATIENCE
    known = {info.id: browsing.tags_at_hand(library(), info) for info in datasets if monotonic() < end}
    return {number: tags for number, tags in known.items() if tags}


def _healths(datasets: list[DatasetInfo]) -> dict[int, Health]:
    """How each dataset stands, by its number; of very many, only those that changed last."""
    end = monotonic() + STANDING
    some = takewhile(lambda _: monotonic() < end, datasets)
    return dict(healths(library(), some))


def _again(slug: str = "") -> Response:
    """The library, for a form on it that was refused."""
    return index()


@bp.post("/import")
@shown_on(_again)
def import_() -> BaseResponse:
    """Open files, pasted text or a path, each as a job; a quick one goes straight to the dataset."""
    files = [file for file in request.files.getlist("file") if file.filename]
    if files:
        started = [_start_upload(file, sidecar) for file, sidecar in _paired(files)]
    elif request.form.get("path"):
        started = [_start_path(request.form["path"])]
    elif request.form.get("text", "").strip():
        started = [_start_text(request.form["text"], request.form.get("name") or None)]
    else:
        raise Refused("There was nothing to open.", "Choose a file, paste text, or give a path.")
    return see_other(url_for("jobs.index")) if len(started) > 1 else lead_on(started[0], keep=True)


def _paired(files: list[FileStorage]) -> list[tuple[FileStorage, FileStorage | None]]:
    """Each uploaded dataset with the sidecar that came with it.

    :raises Refused: if a sidecar came without its dataset.
    """
    sidecars = {str(file.filename): file for file in files if str(file.filename).endswith(_SIDECAR)}
    datasets = [file for file in files if file.filename not in sidecars]
    pairs = [(file, sidecars.pop(f"{stem_of(str(file.filename))}{_SIDECAR}", None)) for file in datasets]
    if sidecars:
        raise Refused(
            f"{next(iter(sidecars))} is a sidecar, and its dataset did not come with it.",
            "Choose both files together.",
        )
    return pairs


def _taken(file: FileStorage) -> IO[bytes]:
    """The bytes of an uploaded file, which outlive the request."""
    stream: IO[bytes] = file.stream
    file.stream = BytesIO()
    return stream


def _start_upload(file: FileStorage, sidecar: FileStorage | None) -> Job:
    """The import of an uploaded file. The job outlives the request, so it takes the received file with it."""
    name, stream = file.filename or "", _taken(file)
    beside = _taken(sidecar) if sidecar else None

    opened, errand, encoding = library(), _errand(), request.form.get("encoding") or None

    def receive(progress: Progress) -> opening.Imported:
        with stream, beside or nullcontext():
            return opening.import_upload(
                opened,
                stream,
                name,
                encoding=encoding,
                sidecar=beside,
                progress=progress,
                received=partial(setattr, errand, "source"),
            )

    return jobs.start(f"Import {name}", receive, context=errand)


def _errand(source: Path | None = None) -> Errand:
    """What the page of an import needs: where it leads, what to read meanwhile, how to ask once more."""
    again = {name: request.form[name] for name in ("path", "copy", "in_place") if request.form.get(name)}
    return Errand(_opened, url_for("library.index"), source, again)


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
        context=_errand(place),
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
    opened, errand = library(), _errand()
    received = partial(setattr, errand, "source")
    return jobs.start(
        f"Import {name or 'pasted text'}",
        lambda progress: opening.import_text(opened, text, name, progress=progress, received=received),
        context=errand,
    )


def _opened(imported: opening.Imported) -> Onward:
    """The way to a dataset that was opened; its page tells what the import had to say, if anything."""
    remarkable = not imported.existing and (imported.rejected or imported.notes)
    address = url_for("entries.show", slug=imported.slug, imported="1" if remarkable else None)
    return Onward(said(imported), address, f"Open {imported.slug}")


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
@shown_on(_again)
def sample() -> BaseResponse:
    """Open the sample dataset that comes with the app."""
    onward = _opened(open_sample(library()))
    flash(onward.sentence)
    return see_other(onward.address)


@bp.post("/datasets")
@shown_on(_again)
def new() -> BaseResponse:
    """Start an empty dataset."""
    slug = request.form.get("name", "").strip()
    shelving.new_dataset(library(), slug)
    flash(f"Started {slug}.")
    return see_other(url_for("entries.show", slug=slug))


@bp.post("/datasets/<slug>/rename")
@shown_on(_again)
def rename(slug: str) -> BaseResponse:
    """Give a dataset another name."""
    opened, name = library(), request.form.get("name", "").strip()
    if name == slug:
        return see_other(url_for("library.index"))
    return _shelve(
        f"Rename {slug}", lambda: shelving.rename(opened, slug, name), f"Renamed {slug} to {name}."
    )


@bp.post("/datasets/<slug>/trash")
@shown_on(_again)
def trash(slug: str) -> BaseResponse:
    """Move a dataset to the trash."""
    opened, info = library(), library().dataset(slug)
    sentence = f"Took {slug} off the list." if info.in_place else f"Moved {slug} to the trash."
    return _shelve(f"Move {slug} to the trash", lambda: shelving.trash(opened, slug), sentence)


@bp.post("/datasets/<slug>/untrash")
@shown_on(_again)
def untrash(slug: str) -> BaseResponse:
    """Put a dataset back from the trash."""
    opened = library()
    return _shelve(f"Put {slug} back", lambda: shelving.untrash(opened, slug), f"Put {slug} back.")


def _shelve(title: str, act: Callable[[], Any], sentence: str) -> BaseResponse:
    """Do it as a job, and go to the library."""
    back = url_for("library.index")
    return work(title, lambda _: act(), lambda _: Onward(sentence, back), back=back)


@bp.post("/datasets/<slug>/outside")
@shown_on(entries.again)
def outside(slug: str) -> BaseResponse:
    """Choose between the file that another program wrote and ours."""
    keep = request.form.get("keep", "")
    if keep not in ("outside", "ours"):
        raise Refused("No version was chosen.", "Choose one of the two.")
    opened, back = library(), url_for("entries.show", slug=slug)
    return work(
        f"Settle which version of {slug} goes on",
        lambda _: settling.settle(opened, slug, keep=keep),
        lambda _: Onward(_settled(opened.dataset(slug), keep), back),
        back=back,
    )


@bp.post("/datasets/<slug>/sidecar")
@shown_on(entries.again)
def sidecar(slug: str) -> BaseResponse:
    """Let a sidecar that was left alone be, or write ours in its place."""
    opened, back = library(), url_for("entries.show", slug=slug)
    keep = request.form.get("keep", "")
    if keep == "theirs":
        keep_sidecar(opened, slug)
        flash("The sidecar stays as it is.")
        return see_other(back)
    if keep != "ours":
        raise Refused("No sidecar was chosen.", "Choose one of the two.")
    return work(
        f"Replace the sidecar of {slug}",
        lambda _: replace_sidecar(opened, slug),
        lambda _: Onward("Replaced the sidecar by ours.", back, undo=slug),
        back=back,
    )


def _settled(info: DatasetInfo, keep: str) -> str:
    """What came of the choice; lines that cannot be read are told of."""
    if keep == "ours":
        return "Put back ours."
    count = info.unreadable
    unread = f" {count:,} {'line' if count == 1 else 'lines'} of it cannot be read." if count else ""
    return f"Took the changed file.{unread}"
