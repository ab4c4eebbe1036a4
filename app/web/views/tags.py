"""The tags of the library: by category, what each is used for, and all that can be done to them."""

from collections.abc import Callable, Iterable
from functools import partial, wraps
from typing import Any
from urllib.parse import quote, urlsplit

from flask import Blueprint, Response, flash, g, redirect, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from app.domain.tags import slug as slug_of
from app.errors import AppError, NotFound, Refused
from app.services import completing, history, tagging
from app.services.browsing import TagCount
from app.services.completing import Offer
from app.services.operation import OperationInfo
from app.services.taxonomy import UNKNOWN, CategoryInfo, Mark, TagInfo, Taxonomy, marks, taxonomy
from app.web.addresses import TagConverter
from app.web.context import counted, library
from app.web.errors import failure_of
from app.web.forms import whole
from app.web.forms.tags import new_order, place_of
from app.web.htmx import answer, fragments, is_htmx, see_other, target
from app.web.refusals import form_again, shown_on
from app.web.tag_deeds import ACTS, Deed, Outcome
from app.web.working import Onward, told, work

bp = Blueprint("tags", __name__)
bp.record_once(lambda state: state.app.url_map.converters.update(tag=TagConverter))

# Categories have colours by their place; names of colours in the style sheet.
COLOURS = ("blue", "orange", "violet", "green", "pink", "teal", "red", "yellow")
SHEET = "sheet"  # the part that shows one tag or one category
LONGEST = 200


@bp.app_template_global()
def category_colour(place: int | None) -> str:
    """The colour of the category at that place; none outside of any."""
    return "" if place is None else COLOURS[place % len(COLOURS)]


@bp.app_template_global()
def tag_mark(label: str) -> Mark:
    """What is to be said of a tag beside its name, however it is spelt."""
    return _marks().get(slug_of(label) or label.strip(), UNKNOWN)


@bp.app_template_global()
def tags_to_offer(used: Iterable[TagCount]) -> list[Offer]:
    """The tags that an entry could be given, those first that its dataset uses."""
    return completing.tags_to_offer(used, _marks())


def _marks() -> dict[str, Mark]:
    """The marks of all tags, read once in a request."""
    if "tag_marks" not in g:
        g.tag_marks = marks()
    known: dict[str, Mark] = g.tag_marks
    return known


@bp.get("/tags")
def index() -> Response:
    """Every tag, or those that have the words searched for."""
    context = _list_context()
    if target() == "taxonomy":
        return fragments("tags", "taxonomy", announce=counted(context["found"], "tag") + ".", **context)
    return answer("tags/page.html", (), **context)


def _list_context() -> dict[str, Any]:
    known = taxonomy(library())
    query = _state().get("q", "")
    shown = known.matching(query)
    return {
        "title": "Tags",
        "query": query,
        "arranging": "arrange" in _state() and not query,
        "taxonomy": shown,
        "places": _places(known),
        "found": len(shown.every()) + len(shown.former),
        "most": max((tag.entries for tag in known.every()), default=0),
        "last_changes": history.shared_operations(history.TAGS),
        **_common(known),
    }


def _common(known: Taxonomy) -> dict[str, Any]:
    """What the list and the sheets need alike."""
    return {
        "state": _state(),
        "categories": known.categories,
        "uses_url": _uses_urls(known),
        "differs": lambda tag: tag.slug != tag.name.casefold(),
    }


def _uses_urls(known: Taxonomy) -> Callable[[str, str], str]:
    """Makes the address of just those entries of a dataset that have a tag."""
    uses = [*(tag.uses for tag in known.every()), *(former.uses for former in known.former)]
    datasets = {name for each in uses for name in each}
    addresses = {name: url_for("entries.show", slug=name) for name in datasets}
    return lambda dataset, slug: f"{addresses[dataset]}?tag={quote(slug)}"


def _places(known: Taxonomy) -> dict[str, int]:
    return {group.slug: place for place, group in enumerate(known.categories)}


def _state() -> dict[str, Any]:
    """The state of the list, as it stands in the address and goes along with every form."""
    values = {name: request.values.get(name, "")[:LONGEST] for name in ("q", "arrange")}
    return {name: value for name, value in values.items() if value.strip()}


def _here() -> str:
    return url_for("tags.index", **_state())


@bp.get("/tags/<tag:tag>")
def show(tag: str) -> BaseResponse:
    """One tag with all that can be done to it; a former name leads to the present one."""
    known = taxonomy(library())
    found = known.now(tag)
    if found.slug != tag:
        return redirect(url_for("tags.show", tag=found.slug, **_state()))
    return _tag_sheet(found, known)


def _tag_sheet(found: TagInfo, known: Taxonomy) -> Response:
    context = {"title": found.name, "tag": found, "places": _places(known), **_common(known)}
    context["active"] = [each for each in known.every() if each.status == "active" and each is not found]
    if "next" in request.form:
        return _sheet("tag", "review", **context, **_queue(found, known))
    return _sheet("tag", "tag", **context)


def _sheet(part: str, page: str, **context: Any) -> Response:
    if target() == SHEET:
        return fragments("tags", part, part=True, **context)
    return answer(f"tags/{page}.html", (), **context)


@bp.get("/tags/to-review")
def review() -> Response:
    """The imported tags, one after the other: the one in the address, else the first."""
    known = taxonomy(library())
    wanted = request.args.get("tag", "")
    found = next((tag for tag in known.imported if tag.slug == wanted), None)
    found = found or next(iter(known.imported), None)
    context = {"title": "Review", "tag": found, "places": _places(known), **_common(known)}
    if found is None:
        return answer("tags/review.html", (), **context)
    context["active"] = [tag for tag in known.every() if tag.status == "active"]
    return answer("tags/review.html", (), **context, **_queue(found, known))


def _queue(found: TagInfo, known: Taxonomy) -> dict[str, Any]:
    """Where an imported tag stands among those to be looked at."""
    slugs = [tag.slug for tag in known.imported]
    place = slugs.index(found.slug) if found.slug in slugs else 0
    around = [slugs[place - 1] if place else "", *slugs[place + 1 : place + 2]]
    return {
        "review": True,
        "place": place + 1,
        "waiting": len(slugs),
        "before": around[0],
        "after": around[-1],
    }


def _tag_again(tag: str, act: str) -> Response:
    """The sheet of a tag, for a form on it that was refused; a former name stands in the list."""
    if act == "rewrite":
        return index()
    known = taxonomy(library())
    return _tag_sheet(known.now(tag), known)


def _category_again(category: str, act: str = "") -> Response:
    return category_sheet(category)


def _again() -> Response:
    """The list, for a form on it that was refused."""
    return index()


View = Callable[..., BaseResponse]


def _refused_in_sheet(view: View) -> View:
    """A form in a dialog that is refused is shown there again: what lies below cannot be reached."""

    @wraps(view)
    def shown(**arguments: str) -> BaseResponse:
        try:
            return view(**arguments)
        except AppError as error:
            again = form_again(failure_of(error)) if target() == SHEET else None
            if again is None:
                raise
            return again

    return shown


def _done(deed: Deed, address: str = "") -> BaseResponse:
    """Do it as a job, and go to the list; where that is on the screen, it is brought up to date in place."""
    here, state = address or _here(), _state()

    def onward(outcome: Outcome) -> Onward:
        done, sentence = outcome
        return Onward(sentence, here, "Go to the tags", undo=url_for("tags.undo", operation=done.id, **state))

    try:
        return _in_place(work(deed.title, deed.do, onward, back=here))
    except tagging.Unchanged as unchanged:
        flash(unchanged.message)
        return _in_place(see_other(here))


def _in_place(response: BaseResponse, announce: str = "") -> BaseResponse:
    """The list itself, instead of the way to it."""
    shown = urlsplit(request.headers.get("HX-Current-URL", "")).path
    if not is_htmx() or response.headers.get("HX-Redirect") != _here() or shown != url_for("tags.index"):
        return response
    listed = fragments("tags", "taxonomy", announce=announce, **_list_context())
    listed.headers["HX-Retarget"] = "#taxonomy"
    listed.headers["HX-Reswap"] = "outerMorph"
    return listed


@bp.post("/tags/<tag:tag>/<act>")
@shown_on(_tag_again)
@_refused_in_sheet
def act(tag: str, act: str) -> BaseResponse:
    """Do one thing to a tag, in all datasets; from the review, the next one follows."""
    if act not in ACTS:
        raise NotFound(f"There is nothing called {act} that could be done to a tag.")
    following = request.form.get("next")
    if following is None:
        return _done(ACTS[act](library(), tag, request.form))
    category = request.form.get("category") if act == "adopt" else request.args.get("category")
    address = url_for("tags.review", tag=following or None, category=category or None)
    return _done(ACTS[act](library(), tag, request.form), address)


@bp.post("/tags")
@shown_on(_again)
def create() -> BaseResponse:
    """A new tag."""
    opened, name = library(), request.form.get("name", "").strip()
    category = request.form.get("category") or None
    return _done(
        Deed(
            f"New tag {name}",
            lambda _: (tagging.create(opened, name, category), f"New tag: {name}."),
        )
    )


@bp.post("/tags/undo")
@shown_on(_again)
def undo() -> BaseResponse:
    """Take back what was done to the tags, by the number of the operation."""
    number = whole(request.values.get("operation"))
    if number is None:
        raise Refused("No operation was chosen.", "Choose one in the history.")
    opened, here = library(), _here()
    do = partial(history.undo_shared, opened, number)
    return _in_place(
        work(
            "Undo",
            lambda progress: do(progress=progress),
            lambda done: Onward(told(done), here, "Go to the tags"),
            back=here,
        )
    )


@bp.post("/tags/new-order")
@shown_on(_again)
def order() -> BaseResponse:
    """Put the tags of a category in another order."""
    group = request.form.get("category") or None
    present = next((each.tags for each in taxonomy(library()).categories if each.slug == group), ())
    tags = present if group else taxonomy(library()).loose
    return _ordered(
        [tag.slug for tag in tags],
        lambda slugs: tagging.order(library(), group, slugs),
        "Put the tags in order.",
    )


@bp.post("/categories/new-order")
@shown_on(_again)
def order_categories() -> BaseResponse:
    """Put the categories in another order."""
    present = [group.slug for group in taxonomy(library()).categories]
    return _ordered(
        present, lambda slugs: tagging.order_categories(library(), slugs), "Put the categories in order."
    )


def _ordered(present: list[str], put: Callable[[list[str]], OperationInfo], sentence: str) -> BaseResponse:
    wanted = new_order(request.form)
    moved = request.form.get("move", "").partition(":")[2]
    announce = place_of(moved, wanted) if moved in wanted else ""
    if wanted != present:
        done = put(wanted)
        flash(sentence, f"undo:{url_for('tags.undo', operation=done.id, **_state())}")
    return _in_place(see_other(_here()), announce)


@bp.get("/categories/<category>")
def category_sheet(category: str) -> Response:
    """One category with all that can be done to it."""
    known = taxonomy(library())
    found = _category(known, category)
    return _sheet(
        "category", "category", title=found.name, category=found, places=_places(known), **_common(known)
    )


def _category(known: Taxonomy, slug: str) -> CategoryInfo:
    found = next((each for each in known.categories if each.slug == slug), None)
    if found is None:
        raise NotFound(f"There is no category called {slug}.", "The tags page lists those that there are.")
    return found


@bp.post("/categories")
@shown_on(_again)
def create_category() -> BaseResponse:
    """A new category, behind the others."""
    opened, name = library(), request.form.get("name", "").strip()
    return _done(
        Deed(
            f"New category {name}",
            lambda _: (tagging.create_category(opened, name), f"New category: {name}."),
        )
    )


@bp.post("/categories/<category>/rename")
@shown_on(_category_again)
@_refused_in_sheet
def rename_category(category: str) -> BaseResponse:
    """Call a category otherwise."""
    opened, name = library(), request.form.get("name", "").strip()
    before = _category(taxonomy(opened), category).name
    return _done(
        Deed(
            f"Rename category {before}",
            lambda _: (tagging.rename_category(opened, category, name), f"Renamed {before} to {name}."),
        )
    )


@bp.post("/categories/<category>/delete")
@shown_on(_category_again)
@_refused_in_sheet
def delete_category(category: str) -> BaseResponse:
    """Remove an empty category."""
    opened = library()
    name = _category(taxonomy(opened), category).name
    return _done(
        Deed(
            f"Delete category {name}",
            lambda _: (tagging.delete_category(opened, category), f"Deleted the category {name}."),
        )
    )
