"""A dataset's entries: the list with its filters, and the open entry beside it."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qsl

from flask import Blueprint, Response, request, url_for
from werkzeug.datastructures import MultiDict
from werkzeug.wrappers import Response as BaseResponse

from app.domain.tagging import TagEdit
from app.domain.view import View
from app.errors import AppError, Refused
from app.services import analysing, browsing, casting, choosing, drafts, editing
from app.services.browsing import Listing
from app.web.context import library, preferences
from app.web.forms import view as view_form
from app.web.htmx import answer, fragments, see_other, target, with_address
from app.web.looking import freshen, look_through
from app.web.refusals import shown_on
from app.web.views import opened as opened_entry
from app.web.working import Onward, work

EVERYWHERE = ("character", "tags", "id")  # ``character`` is every message
KEPT = 10  # drafts that are listed beside the entries

bp = Blueprint("entries", __name__, url_prefix="/datasets/<slug>")


@bp.get("/")
def show(slug: str) -> BaseResponse:
    """The list; with ``entry=`` in the address, that entry too."""
    view = view_of_request()
    key = request.args.get("entry", "")
    if view.diagnostic and target() != "entry" and not freshen(slug):
        back = address(slug, replace(view, diagnostic=""))
        return look_through(slug, address(slug, view, entry=key), back=back)
    context = page_context(slug, view, key)
    if target() == "listing":
        announce = _page(context["listing"]) + _counted(context["listing"])
        response = answer("entries/page.html", ("listing",), announce=announce, **context)
        shown = address(slug, view, entry=key)
        return with_address(response, shown, push=_is_step(shown))
    if target() == "entry":
        return opened_entry.answer_entry(context)
    return answer("entries/page.html", (), **context)


def _is_step(address: str) -> bool:
    """Whether a list at that address is a step for Back: not each letter typed, not the same once more."""
    return request.headers.get("HX-Source") != "input#q" and not request.headers.get(
        "HX-Current-URL", ""
    ).endswith(address)


@bp.get("/count")
def count(slug: str) -> Response:
    """The exact number of entries that a view shows, for a list that did not wait for it."""
    view = view_of_request()
    total = library().dataset(slug).entries
    try:
        matched, problem = browsing.count(library(), slug, view), ""
    except AppError as error:
        matched, problem = 0, error.message
    listing = Listing((), view.page, None, matched, total, False, problem)
    announce = problem or f"{matched:,} of {_entries(total)} match."
    return fragments("entries", "count", listing=listing, count_url="", announce=announce)


def again(slug: str) -> Response:
    """The list in the state that a refused form carries, with the entry that was open."""
    key = MultiDict(_pairs(request.form.get("view", ""))).get("entry", "")
    opened = key if opened_entry.find(slug, key) else ""
    return answer("entries/page.html", (), **page_context(slug, view_in_form(), opened))


@bp.post("/bulk")
@shown_on(again)
def bulk(slug: str) -> BaseResponse:
    """Change the selected entries, or everything that the view shows, in one operation."""
    view = view_in_form()
    act = request.form.get("do", "")
    keys = _selected(slug, view)
    if act == "export":
        return see_other(url_for("exporting.show", slug=slug, **_export_scope(view, keys())))
    opened, back = library(), address(slug, view)
    if act == "delete":
        return work(
            f"Delete entries of {slug}",
            lambda progress: editing.delete_entries(opened, slug, keys(), progress=progress),
            lambda done: Onward(f"Deleted {_entries(done.changed)}.", back, undo=slug),
            back=back,
        )
    edit = _tag_edit(act)
    return work(
        f"{edit.title()} in {slug}",
        lambda progress: editing.edit_tags(opened, slug, keys(), edit, progress=progress),
        lambda done: Onward(_retagged(done), back),
        back=back,
    )


def _retagged(done: editing.Done) -> str:
    """What came of a bulk edit of tags."""
    if not done.changed and not done.locked:
        return "These entries had those tags already."
    left = f" {_entries(done.locked)} cannot be rewritten and stayed as they were." if done.locked else ""
    return f"Changed the tags of {_entries(done.changed)}.{left}"


def _selected(slug: str, view: View) -> Callable[[], list[str]]:
    """What finds the keys that the person chose; it raises Refused if nothing is selected."""
    opened, everything = library(), request.form.get("everything") == "1"
    given = request.form.getlist("keys")

    def keys() -> list[str]:
        if everything and view.diagnostic:
            analysing.bring_up_to_date(opened, slug)
        found = list(browsing.matching_keys(opened, slug, view)) if everything else given
        if not found:
            raise Refused("No entry is selected.", "Check the boxes of the entries you mean.")
        return found

    return keys


def _tag_edit(act: str) -> TagEdit:
    tags = tuple(dict.fromkeys(tag.strip() for tag in request.form.get("tags", "").split(",") if tag.strip()))
    if act == "replace":
        return TagEdit(replace=tags)
    if act == "nothing":
        raise Refused("Nothing was done.", "Press the button of what is to be done with the entries.")
    if act not in ("add", "remove") or not tags:
        raise Refused("No tag was given.", "Write one or more tags, separated by commas.")
    return TagEdit(add=tags) if act == "add" else TagEdit(remove=tags)


def _export_scope(view: View, keys: list[str]) -> dict[str, Any]:
    if request.form.get("everything") == "1":
        return {**view_form.address_of(view), "from": "filter"}
    return {"key": keys, "from": "selected"}


def page_context(slug: str, view: View, key: str = "") -> dict[str, Any]:
    """What the page's templates need; an htmx request for the entry alone does not wait for the list."""
    dataset = library().dataset(slug)
    alone = target() == "entry" and bool(key) and request.method == "GET"
    drafted = drafts.keys(library(), dataset.id)
    if view.diagnostic and not alone and request.method != "GET":
        freshen(slug)  # what was posted may have changed what is found
    listing = None if alone else browsing.listing(library(), slug, view)
    return {
        "title": slug,
        "dataset": dataset,
        "view": view,
        "view_query": view_form.query_of(view_form.address_of(view)),
        "here": url_for("entries.show", slug=slug),
        "listing": listing,
        "casts": casting.casts_of(dataset.id, [row.key for row in listing.rows]) if listing else {},
        "drafted": drafted,
        "kept": [] if alone or key or target() == "listing" else _kept(slug, drafted),
        "speaking": [] if alone or key or target() == "listing" else choosing.speaking(dataset),
        "imported": request.args.get("imported") == "1" and dataset.report,
        "tags": () if alone or target() == "listing" else browsing.tag_counts(library(), slug),
        "narrowings": [(words, address(slug, less, entry=key)) for words, less in view_form.narrowings(view)],
        "modes": view_form.MODES,
        "scopes": view_form.SCOPES,
        "tag_modes": view_form.TAG_MODES,
        "sorts": view_form.SORTS,
        "diagnostics": view_form.diagnostics(view),
        "list_url": address(slug, view),
        "tag_url": lambda tag: address(slug, replace(view, tags=_with(view.tags, tag), page=1)),
        "searched": _searched(view),
        "everywhere_url": address(slug, replace(view, scopes=EVERYWHERE, page=1), entry=key),
        "contradiction": view_form.contradiction(view),
        "unfound": view_form.unfound(view),
        "count_url": url_for("entries.count", slug=slug, **view_form.address_of(view)),
        "page_url": lambda page: address(slug, view, page=page, entry=key),
        "entry_url": lambda other, tab="": address(
            slug, view, entry=other, tab="" if tab == "conversation" else tab
        ),
        **opened_entry.open_context(dataset, key),
    }


def _with(tags: tuple[str, ...], tag: str) -> tuple[str, ...]:
    return tags if tag in tags else (*tags, tag)


def _searched(view: View) -> str:
    """Where a search looked, in words, if that was not everywhere."""
    if not view.query.strip() or set(view.scopes) >= set(EVERYWHERE):
        return ""
    return " and ".join(label for name, label in view_form.SHORT_SCOPES.items() if name in view.scopes)


def _kept(slug: str, drafted: list[str]) -> list[tuple[str, str]]:
    """The last drafts of a dataset: what each is of, in words, and its address."""
    found = []
    for key in drafted[:KEPT]:
        if key == drafts.NEW:
            found.append(("A new entry", url_for("entry.new", slug=slug)))
            continue
        entry = opened_entry.find(slug, key)
        words = f"Entry {entry.number:,}" if entry else "An entry that was deleted"
        found.append((words, url_for("entries.show", slug=slug, entry=key)))
    return found


def address(slug: str, view: View, **further: Any) -> str:
    """The address of the list in this state."""
    return url_for("entries.show", slug=slug, **view_form.address_of(view, **further))


def view_of_request() -> View:
    """The view that the address names."""
    return view_form.view_of(request.args, size=preferences().page_size)


def view_in_form() -> View:
    """The view that a form carries as a query string."""
    query = request.form.get("view", "")
    args = MultiDict(_pairs(query))
    return view_form.view_of(args, size=preferences().page_size)


def _pairs(query: str) -> list[tuple[str, str]]:
    return parse_qsl(query, max_num_fields=200)


def _page(listing: Listing) -> str:
    """Which page of the list it is, if there are others, before what else is said of it."""
    if listing.page == 1 and not listing.more:
        return ""
    return f"Page {listing.page:,}{f' of {listing.pages:,}' if listing.pages else ''}. "


def _counted(listing: Listing) -> str:
    if listing.problem:
        return listing.problem
    if listing.matched is None:
        return "Showing the first entries that match."
    return f"{listing.matched:,} of {_entries(listing.total)} match."


def _entries(number: int) -> str:
    return f"{number:,} {'entry' if number == 1 else 'entries'}"
