"""The history of a dataset: operations, what each changed, undo, redo, return to a point."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import parse_qsl, unquote, urlencode

from flask import Blueprint, Response, current_app, request, url_for
from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Response as BaseResponse

from app.domain.comparing import Line
from app.domain.view import View
from app.errors import Refused
from app.services import casting, history, recasting, restoring
from app.services.browsing import OpenEntry, opening_words
from app.services.casting import Speaking
from app.services.choosing import choices
from app.services.history import ChangeView
from app.services.operation import OperationInfo
from app.services.reading import Progress
from app.services.recasting import Recast
from app.web.context import library
from app.web.forms import whole
from app.web.htmx import answer
from app.web.refusals import shown_on
from app.web.views import entries
from app.web.views import opened as opened_entry
from app.web.working import Onward, told, work

bp = Blueprint("history", __name__, url_prefix="/datasets/<slug>")

PAGE = 50
CHANGES = 20
REASONS = {
    "import": "As it was opened",
    "session": "Before changes began",
    "bulk": "Before many entries were changed",
    "delete": "Before an entry was deleted",
    "undo": "Before an undo",
    "redo": "Before a redo",
    "trash": "Before it went to the trash",
    "outside": "As another program left it",
}
# The pages of a dataset to which an undo that was pressed there leads back.
PLACES = (
    "entry.show", "validation.show", "repair.show", "rules.show", "targets.show", "history.show",
    "speakers.show", "rejected.show", "exporting.show",
)  # fmt: skip
WORDS = {"inserted": "added", "replaced": "changed"}


@dataclass(frozen=True, slots=True)
class ShownChange:
    """One changed entry with its two versions compared."""

    key: str
    before_number: int | None
    after_number: int | None
    words: str
    opening: str
    lines: tuple[Line, ...]

    @classmethod
    def of(cls, slug: str, change: ChangeView, cast: Mapping[int, Speaking]) -> "ShownChange":
        """The change, compared; with the names of those who speak now, beside the messages they speak."""
        now = opened_entry.find(slug, change.key) if cast else None
        words, entry = WORDS.get(change.kind, change.kind), change.after or change.before
        return cls(
            change.key,
            change.before_number,
            change.after_number,
            words,
            opening_words(entry)[1] if entry else "",
            opened_entry.compared(change, now.entry.value if now else None, cast),
        )


@bp.get("/history")
def show(slug: str) -> Response:
    """The operations, newest first; with ``operation=``, what that one changed."""
    dataset = library().dataset(slug)
    before = whole(request.args.get("before"))
    found = history.operations(library(), slug, limit=PAGE + 1, before=before)
    context: dict[str, Any] = {
        "operations": found[:PAGE],
        "offers": history.offers(library(), slug, found[:PAGE]),
        "here": history.changed_here(library(), slug, found[:PAGE]),
        "lone": history.lone_entries(library(), slug, found[:PAGE]),
        "backups": [] if before else restoring.backups(library(), slug),
        "reasons": REASONS,
        "older": found[PAGE - 1].id if len(found) > PAGE else None,
        "changed_since": bool(before) or any(_is_edit(each) for each in found[:-1]),
    }
    number = whole(request.args.get("operation"))
    if number is not None:
        page = whole(request.args.get("page")) or 1
        changes = history.changes(library(), slug, number, page=page, size=CHANGES)
        shown = history.operations(library(), slug, limit=1, before=number + 1)[0]
        context.update(
            shown=shown,
            made=history.offers(library(), slug, [shown])[shown.id].to_trash,
            changes=_shown_changes(slug, changes),
            recasts=_shown_recasts(slug, number) if page == 1 else [],
            more=len(changes) >= CHANGES,
            page=page,
        )
    return answer("history/page.html", (), title=f"History of {slug}", dataset=dataset, **context)


def _shown_changes(slug: str, changes: Sequence[ChangeView]) -> list[ShownChange]:
    casts = casting.casts_of(library().dataset(slug).id, [change.key for change in changes])
    return [ShownChange.of(slug, change, casts.get(change.key, {})) for change in changes]


def _shown_recasts(slug: str, number: int) -> list[tuple[Recast, OpenEntry | None]]:
    """The entries in which others speak since an operation, where the text did not change."""
    found = recasting.recasts(library(), slug, number, most=CHANGES)
    return [(each, opened_entry.find(slug, each.key)) for each in found]


def _again(slug: str) -> Response:
    """The page on which the button stands that was refused: the list, or the history."""
    return entries.again(slug) if "view" in request.form else show(slug)


@bp.post("/undo")
@shown_on(_again)
def undo(slug: str) -> BaseResponse:
    """Undo the newest operation, or the one that is named."""
    opened, number = library(), _operation() if "operation" in request.form else _newest(slug)
    return _work(
        slug, f"Undo in {slug}", lambda progress: history.undo(opened, slug, number, progress=progress)
    )


@bp.post("/redo")
@shown_on(_again)
def redo(slug: str) -> BaseResponse:
    """Do again what was undone last."""
    opened = library()
    return _work(slug, f"Redo in {slug}", lambda progress: history.redo(opened, slug, progress=progress))


@bp.post("/restore")
@shown_on(_again)
def restore(slug: str) -> BaseResponse:
    """Return the dataset to the state just after an operation."""
    opened, number = library(), _operation()
    return _work(
        slug, f"Return {slug}", lambda progress: history.restore(opened, slug, number, progress=progress)
    )


@bp.post("/backups")
@shown_on(_again)
def restore_backup(slug: str) -> BaseResponse:
    """Bring the dataset back to what a backup holds."""
    opened, name = library(), request.form.get("backup", "")
    return _work(
        slug,
        f"Restore a backup of {slug}",
        lambda progress: restoring.restore_backup(opened, slug, name, progress=progress),
    )


def _of_those_there(view: View) -> View:
    """The view, without the character that it asks for if that is gone: nothing could match."""
    known = {each.slug for each in choices(library())}
    return view if view.character in known else replace(view, character="")


def _newest(slug: str) -> int | None:
    """The number of the newest operation in force; none if there is none, which the service says.

    :raises Refused: if undoing it would take the dataset away: a quick undo must not.
    """
    before = None
    while found := history.operations(library(), slug, limit=PAGE, before=before):
        offers = history.offers(library(), slug, found)
        newest = next((each for each in found if offers[each.id].undo), None)
        if newest and offers[newest.id].to_trash:
            raise Refused("Nothing to undo but the import.", "To remove the dataset, move it to the trash.")
        if newest:
            return newest.id
        before = found[-1].id
    return None


@bp.app_template_global()
def undoable(slug: str) -> str:
    """What the next undo on a dataset takes back, in words; empty if there is nothing, or just its import."""
    return history.next_undo(slug)


def _is_edit(operation: OperationInfo) -> bool:
    return operation.kind == "change" and not operation.undone


def _operation() -> int:
    """The number of the operation that the form names.

    :raises Refused: if it names none.
    """
    number = whole(request.form.get("operation"))
    if number is None:
        raise Refused("No operation was chosen.", "Choose one in the history.")
    return number


def _work(slug: str, title: str, task: Callable[[Progress], OperationInfo]) -> BaseResponse:
    """Do it as a job, and go back to where the button was pressed."""
    opened, number = library(), library().dataset(slug).id
    way_back = _way_back()

    def do(progress: Progress) -> tuple[OperationInfo, str | None]:
        done = task(progress)
        return done, next((each.slug for each in opened.datasets() if each.id == number), None)

    def onward(result: tuple[OperationInfo, str | None]) -> Onward:
        done, now = result
        if now is None:
            return Onward(f"{told(done)} {slug} is in the trash.", url_for("library.index"))
        return Onward(told(done), way_back(now))

    return work(title, do, onward, back=url_for("history.show", slug=slug))


def _way_back() -> Callable[[str], str]:
    """Makes the address to go back to, once it is known what the dataset is called then.

    That is the page that the form names, the list in its state, or else the history.
    """
    if "view" not in request.form:
        return lambda now: url_for("history.show", slug=now)
    query, view = parse_qsl(request.form["view"], max_num_fields=200), entries.view_in_form()
    endpoint, values = _page_in_form()
    key = values.get("key") or dict(query).get("entry", "")

    def address(now: str) -> str:
        found = key if key and opened_entry.find(now, key) else ""
        if endpoint in PLACES and (found or "key" not in values):
            return f"{url_for(endpoint, **{**values, 'slug': now})}{'?' if query else ''}{urlencode(query)}"
        return entries.address(now, _of_those_there(view), entry=found)

    return address


def _page_in_form() -> tuple[str, Mapping[str, Any]]:
    """The page on which the button was pressed, and what its address names; nothing if that is no page."""
    try:
        return current_app.url_map.bind("").match(unquote(request.form.get("here", "")), method="GET")
    except HTTPException:
        return "", {}
