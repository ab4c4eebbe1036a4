"""One entry: read it, edit it, write a new one; move, duplicate and delete it."""

from typing import Any

from flask import Blueprint, Response, flash, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from app.domain.form_text import unix
from app.domain.view import View
from app.errors import AppError, NotFound, Refused, StaleEdit
from app.services import browsing, casting, choosing, drafts, editing, prompts
from app.services.choosing import called, choices
from app.services.drafts import NEW
from app.web import diagnosed, drafting
from app.web.context import library, preferences
from app.web.forms import whole
from app.web.forms.entry import EntryForm, rearranged, told
from app.web.forms.prompts import lacks_system, with_prompt, with_replaced
from app.web.htmx import answer, fragments, is_htmx, see_other, target, with_address
from app.web.looking import freshen, look_through
from app.web.refusals import shown_on
from app.web.views import characters, entries, opened

bp = Blueprint("entry", __name__, url_prefix="/datasets/<slug>/entries")


@bp.get("/<key>")
def show(slug: str, key: str) -> Response:
    """The entry, beside the page of the list that it stands on."""
    size = preferences().page_size
    number = browsing.open_entry(library(), slug, key).number
    context = entries.page_context(slug, View(page=(number - 1) // size + 1, size=size), key)
    return opened.answer_entry(context) if target() == "entry" else answer("entries/page.html", (), **context)


@bp.get("/new")
def new(slug: str) -> Response:
    """The form of a new entry, or the draft of one."""
    context = {**entries.page_context(slug, entries.view_of_request()), **_new(slug)}
    return opened.answer_entry(context) if target() == "entry" else answer("entries/page.html", (), **context)


def _again(slug: str, key: str = "") -> Response:
    """The entry, for a form of it that was refused; the list, if there is no such entry (any more)."""
    key = key or request.args.get("gone", NEW)
    if key == NEW:
        return new(slug)
    if opened.find(slug, key) is None and drafts.get(library(), library().dataset(slug).id, key) is None:
        return entries.again(slug)
    if "view" not in request.form and opened.find(slug, key):
        return show(slug, key)
    return answer("entries/page.html", (), **entries.page_context(slug, entries.view_in_form(), key))


@bp.post("/<key>/look")
@shown_on(_again)
def look(slug: str, key: str) -> BaseResponse:
    """Look through all entries that have still to be looked at, and lead back to this one in its list."""
    browsing.open_entry(library(), slug, key)
    tab = request.form.get("tab", "")
    address = entries.address(
        slug, entries.view_in_form(), entry=key, tab=tab if tab in opened.TABS[1:] else ""
    )
    return look_through(slug, address, back=address)


@bp.post("/<key>")
@shown_on(_again)
def save(slug: str, key: str) -> BaseResponse:
    """Write the entry, if it is still the one that the form was opened on; else show both versions."""
    form = EntryForm(request.form)
    try:
        if not form.validate():
            raise Refused(form.first_error(), "Shorten it, then save again.")
        before = browsing.open_entry(library(), slug, key)
        spoken = casting.cast_of(library(), slug, key)
        if opened.is_stale(form, before, spoken):
            raise StaleEdit("This entry was changed after you opened it.")
        form = _with_chosen_prompt(form)
        _create_newcomers(slug, key, form)
        _check_characters(form)
        value = form.merged_into(opened.value_of(before))
        cast = form.cast()
        cast_was = None if cast is None else opened.slugs_of(spoken)
        done = editing.save_entry(
            library(), slug, key, value, revision=before.revision, cast=cast, cast_was=cast_was
        )
    except (StaleEdit, NotFound):
        return _conflict(slug, key, form)
    except AppError:
        _keep(slug, key, form)
        raise
    after = _key_after(key, done)
    _settle(slug, key, after, form)
    flash("Saved." if done.operation else "Nothing had changed.")
    return _after_save(slug, after, before.next_key)


def _settle(slug: str, key: str, after: str, form: EntryForm) -> None:
    """Drop the draft of what was saved; those of other tabs are shown beside the entry as it is now."""
    dataset, entry = library().dataset(slug), browsing.open_entry(library(), slug, after)
    saved = opened.form_of(entry, casting.cast_of(library(), slug, after))
    drafting.settle(dataset.id, key, form, saved=saved)


def _key_after(key: str, done: editing.Done) -> str:
    """The entry's key once it is saved: a line without an id of its own may have one now."""
    named = done.uuid and done.uuid != key.partition("~")[0]
    return str(done.uuid) if named else key


def _with_chosen_prompt(form: EntryForm) -> EntryForm:
    """The form with the prompt that was chosen and not put in, where no system message says anything."""
    slug = request.form.get("prompt")
    if not slug or not lacks_system(form):
        return form
    try:
        return _with_prompt(form, slug)[0]
    except NotFound as gone:
        raise Refused(gone.message, "Choose another prompt, then save again.") from gone


def _with_prompt(form: EntryForm, slug: str) -> tuple[EntryForm, str]:
    """The form with a prompt in its system message, and the id of the control to focus.

    :raises NotFound: if there is no such prompt (any more).
    """
    known = {unix(each.content) for each in prompts.prompts(library())}
    return with_prompt(form, prompts.prompt(library(), slug), known)


def _create_newcomers(slug: str, key: str, form: EntryForm, *only: int) -> None:
    """Create the characters that the form names and that there are not yet.

    :param only: the messages to look at; without, all of them.
    :raises Refused: if a name is missing or cannot be.
    """
    for index in form.newcomers():
        if only and index not in only:
            continue
        name = (form.messages[index].form.new_character.data or "").strip()
        if not name:
            raise Refused(
                f"The new character of message {index + 1} has no name.", "Write its name, then go on."
            )
        character, operation = called(library(), name)
        form.let_speak(index, character)
        if operation:
            flash(f"Created {name}.", characters.undo_address(operation.id, dataset=slug, key=key))


def _check_characters(form: EntryForm) -> None:
    """Nothing, if every character that the form names is there.

    :raises Refused: naming the first message whose character is gone.
    """
    known = {each.slug for each in choices(library())}
    first = "" if form.group.data else "Press Group chat. "
    for index, row in enumerate(form.messages):
        slug = row.form.character.data
        if slug and slug not in known:
            raise Refused(
                f"There is no character “{former_name(slug)}” any more, who says message {index + 1}.",
                f"{first}Choose another one there, or “No character”, then save again.",
                field=row.form.character.id,
            )


@bp.app_template_global()
def former_name(slug: str) -> str:
    """What a character was called that is gone."""
    return choosing.former_name(library(), slug)


def _after_save(slug: str, key: str, next_key: str | None) -> BaseResponse:
    """The saved entry, or the next one if the person asked for it."""
    view = entries.view_in_form()
    onward = request.form.get("then") == "next" and next_key
    shown = str(next_key) if onward else key
    address = entries.address(slug, view, entry=shown)
    freshen(slug)  # what a target makes of an entry is known of the whole dataset, not of the entry alone
    if not is_htmx():
        return see_other(address)
    context = entries.page_context(slug, view, shown)
    response = opened.answer_entry(context, row=not onward)
    if onward:
        response.headers["HX-Reswap"] = "outerHTML"
    return with_address(response, address, push=bool(onward))


def _conflict(slug: str, key: str, form: EntryForm) -> BaseResponse:
    """Both versions side by side. What the person wrote becomes a draft, so that nothing is lost."""
    _keep(slug, key, form)
    context = entries.page_context(slug, entries.view_in_form(), key)
    if target() != "entry":
        return answer("entries/page.html", (), status=409, **context)
    response = opened.answer_entry(context, status=409)
    response.headers["HX-Reswap"] = "outerHTML"
    return response


@bp.post("/new")
@shown_on(_again)
def create(slug: str) -> BaseResponse:
    """Write a new entry behind the last one."""
    form, key = EntryForm(request.form), request.args.get("gone", NEW)
    try:
        if not form.validate():
            raise Refused(form.first_error(), "Shorten it, then save again.")
        form = _with_chosen_prompt(form)
        value = form.written()
        if not value["messages"]:
            raise Refused("This entry has no text yet.", "Write at least one message, then save again.")
        _create_newcomers(slug, key, form)
        _check_characters(form)
        done = editing.save_entry(library(), slug, None, value, revision=None, cast=form.written_cast())
    except AppError:
        _keep(slug, key, form)
        raise
    number = library().dataset(slug).id
    drafting.settle(number, key, form)
    flash("Saved.")
    return see_other(url_for("entry.show", slug=slug, key=done.uuid))


@bp.post("/<key>/form")
@shown_on(_again)
def rearrange(slug: str, key: str) -> Response:
    """The posted form with a message added, removed or moved; kept as a draft. Nothing is saved."""
    act, view = request.form.get("act", ""), entries.view_in_form()
    form = EntryForm(request.form)
    name, _, index = act.partition(":")
    if name == "create" and (message := whole(index)) is not None:
        _create_newcomers(slug, key, form, message)
    if name == "prompt":
        form, focus = _with_prompt(form, request.form.get("prompt", ""))
    elif name == "replaced":
        form, focus = with_replaced(form)
    else:
        form, focus = rearranged(form, act)
    posted = _posted(slug, key, form)
    posted["focus"] = focus
    if not _says_nothing(slug, key, form):
        posted.update(others=_keep(slug, key, form), draft=True)
    context = {**entries.page_context(slug, view), **posted}
    if target() == "messages":
        return fragments("entries", "messages", "draft-status", **context)
    if posted["open"]:
        context["found"] = diagnosed.found_in(slug, posted["open"], form)
    return answer("entries/page.html", (), **context)


def _says_nothing(slug: str, key: str, form: EntryForm) -> bool:
    """Whether there is nothing in a form that a draft would have to keep, and no draft that it shows."""
    if drafts.get(library(), library().dataset(slug).id, key):
        return False
    cast = {index: who for index, who in enumerate(form.cast() or ()) if who}
    if key == NEW:
        written = form.written()
        return not (written["messages"] or written["tags"] or cast)
    stored = dict(browsing.open_entry(library(), slug, key).entry.value)
    same_cast = form.cast_was.data is None or form.cast_was.data == told(cast)
    return same_cast and form.merged_into(stored) == stored


def _posted(slug: str, key: str, form: EntryForm) -> dict[str, Any]:
    entry = None if key == NEW else browsing.open_entry(library(), slug, key)
    cast = {} if entry is None else casting.cast_of(library(), slug, key)
    context = {"open": entry, "form": form, "writing": entry is None, "tab": "conversation", "draft": False}
    return {**context, "cast": cast, "characters": choices(library())}


def _new(slug: str) -> dict[str, Any]:
    context = opened.new_context(library().dataset(slug))
    return {**context, "focus": "" if context["draft"] else "messages-0-text"}


@bp.post("/<key>/draft")
def draft(slug: str, key: str) -> BaseResponse:
    """Keep what is typed and not saved."""
    beside = _keep(slug, key, EntryForm(request.form))
    words = "Draft kept. Another tab kept a different one." if beside else "Draft kept"
    return Response(words, mimetype="text/plain")


@bp.post("/<key>/draft/other")
@shown_on(_again)
def other_draft(slug: str, key: str) -> BaseResponse:
    """Show the draft that another tab kept, or let it go."""
    dataset, act = library().dataset(slug).id, request.form.get("other", "")
    name, _, tab = act.partition(":")
    if name not in ("show", "drop"):
        raise Refused("It is not clear what to do with the other draft.", "Show it, or drop it.")
    {"show": drafting.show, "drop": drafting.drop}[name](dataset, key, tab)
    return _draft_page(slug, key)


@bp.post("/<key>/draft/forget")
@shown_on(_again)
def forget_draft(slug: str, key: str) -> BaseResponse:
    """Let the draft go and show what stands in the file."""
    drafting.forget(library().dataset(slug).id, key)
    return _draft_page(slug, key)


def _draft_page(slug: str, key: str) -> BaseResponse:
    """The entry with what is now its draft, if any."""
    view = entries.view_in_form()
    if key == NEW:
        address = url_for("entry.new", slug=slug)
    else:
        address = (
            entries.address(slug, view, entry=key) if opened.find(slug, key) else entries.address(slug, view)
        )
    if target() != "entry":
        return see_other(address)
    context = entries.page_context(slug, view, "" if key == NEW else key)
    return opened.answer_entry({**context, **_new(slug)} if key == NEW else context)


def _keep(slug: str, key: str, form: EntryForm) -> list[drafting.Other]:
    return drafting.keep(library().dataset(slug).id, key, form)


@bp.post("/<key>/delete")
@shown_on(_again)
def delete(slug: str, key: str) -> BaseResponse:
    """Take the entry out and show the one behind it. Drafts of it stay: undo may bring it back."""
    before = browsing.open_entry(library(), slug, key)
    editing.delete_entries(library(), slug, [key])
    flash("Deleted. Ctrl Z brings it back.", f"undo:{slug}")
    return see_other(
        entries.address(slug, entries.view_in_form(), entry=before.next_key or before.previous_key)
    )


@bp.post("/<key>/duplicate")
@shown_on(_again)
def duplicate(slug: str, key: str) -> BaseResponse:
    """Put a copy behind the entry and open it."""
    done = editing.duplicate_entry(library(), slug, key)
    flash("Duplicated. This is the copy.")
    return see_other(url_for("entry.show", slug=slug, key=done.uuid))


@bp.post("/<key>/move")
@shown_on(_again)
def move(slug: str, key: str) -> BaseResponse:
    """Move the entry to another place in the file."""
    place = whole(request.form.get("to"))
    if not place:
        raise Refused("This is no position in the dataset.", "Give a number from 1 up.")
    editing.move_entry(library(), slug, key, place)
    flash(f"Moved to position {place:,}.")
    return see_other(url_for("entry.show", slug=slug, key=key))
