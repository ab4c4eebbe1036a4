"""Prompts: texts kept for system messages; the list, the open one, who uses it, and another in its place."""

from collections.abc import Callable, Iterable
from dataclasses import replace as with_other
from typing import Any

from flask import Blueprint, Response, flash, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from app.domain.comparing import Line, compare
from app.domain.form_text import harm, unix
from app.domain.names import quoted
from app.domain.roles import SYSTEM
from app.errors import AppError, Refused, StaleEdit
from app.services import drafts, history, prompt_uses, prompts
from app.services.drafts import NEW
from app.services.operation import OperationInfo
from app.services.prompt_uses import Replaced
from app.services.prompts import PromptInfo
from app.web.context import counted, library
from app.web.forms import whole
from app.web.forms.prompts import PromptForm
from app.web.htmx import answer, fragments, is_htmx, see_other, target
from app.web.refusals import is_refused, refusal, shown_on
from app.web.views import entry
from app.web.working import Onward, told, work

bp = Blueprint("prompts", __name__, url_prefix="/prompts")

PAGE = 25
DRAFTS = 0  # the drafts of prompts are kept under this number, which no dataset has
SHOWN = 5  # entries of each dataset that a preview shows
MOST_IN_BOX = 200  # prompts that are offered beside an entry


@bp.get("")
def index() -> Response:
    """The list; with ``new=1`` the form of a new one beside it."""
    if target() == "counts":
        return _counts()
    context = _page()
    if request.args.get("new") == "1":
        context.update(_new())
    title = "New prompt" if context["writing"] else "Prompts"
    return answer("prompts/page.html", ("listing", "prompt"), title=title, **context)


@bp.get("/<prompt>")
def show(prompt: str) -> Response:
    """One prompt, beside the list."""
    if target() == "uses":
        return fragments("prompts", "uses", **_uses(prompts.prompt(library(), prompt)))
    context = _page() | _open(prompts.prompt(library(), prompt))
    if request.args.get("uses") == "1":
        context |= _uses(context["open"])
    return answer("prompts/page.html", ("prompt",), title=context["open"].name, **context)


def _page() -> dict[str, Any]:
    """What the list needs: those that match what is searched for, in use or archived."""
    found, state = prompts.prompts(library()), _state()
    archived = state["show"] == "archived"
    shown = [each for each in found if each.is_active != archived]
    query = state["q"] or ""
    return {
        "query": query,
        "archived": archived,
        "listed": prompts.matching(shown, query),
        "total": len(shown),
        "others": len(found) - len(shown),
        "open": None,
        "writing": False,
        "state": state,
        "here": url_for("prompts.index"),
        "counts_url": url_for("prompts.index", **state),
        "opening": _opening,
        "last_changes": [] if query else history.shared_operations(history.PROMPTS),
    }


def _state() -> dict[str, Any]:
    """What the address says of the list, for every address that leads on."""
    archived = request.args.get("show") == "archived"
    query = request.args.get("q", "").strip()[:200]
    return {"q": query or None, "show": "archived" if archived else None}


def _opening(info: PromptInfo) -> str:
    return " ".join(info.content[:400].split())[:160]


def _new() -> dict[str, Any]:
    """What the form of a new prompt needs beside the list, or the draft of one."""
    draft = _draft(NEW, prompts.prompts(library()))
    action = url_for("prompts.create", **_state())
    return {"writing": True, "form": _form(action, draft or PromptForm()), "draft": draft is not None}


def _open(info: PromptInfo) -> dict[str, Any]:
    """What the open prompt needs beside the list; with a draft of it, if one was kept."""
    context = {
        "open": info,
        "why": harm(info.content),
        "form": _form(url_for("prompts.save", prompt=info.slug, **_state()), PromptForm.of(info)),
        "datasets": sorted(each.slug for each in library().datasets()),
    }
    draft = None if refusal() else _draft(_key(info.slug), [info])
    if draft is None:
        return context
    if draft.revision != info.revision:
        return {**context, "draft": True, **_compared_with(info, draft)}
    return {**context, "draft": True, "form": draft}


def _key(prompt: str) -> str:
    return f"prompt:{prompt}"


def _draft(key: str, known: Iterable[PromptInfo]) -> PromptForm | None:
    """What was typed and not saved; nothing if a prompt says that already."""
    found = drafts.get(library(), DRAFTS, key)
    form = PromptForm.of_draft(found.payload) if found else None
    return None if form is None or any(form.says(info) for info in known) else form


@bp.post("/draft")
def draft_new() -> BaseResponse:
    """Keep what is typed of a new prompt."""
    return _keep(NEW)


@bp.post("/<prompt>/draft")
def draft(prompt: str) -> BaseResponse:
    """Keep what is typed and not saved."""
    return _keep(_key(prompts.prompt(library(), prompt).slug))


def _keep(key: str) -> BaseResponse:
    form = PromptForm.posted(request.form)
    drafts.keep(library(), DRAFTS, key, form.revision, form.payload())
    return Response("Draft kept", mimetype="text/plain")


@bp.post("/forget")
def forget_new() -> BaseResponse:
    """Let the draft of a new prompt go."""
    drafts.forget(library(), DRAFTS, NEW)
    return see_other(url_for("prompts.index", new=1, **_state()))


@bp.post("/<prompt>/forget")
def forget(prompt: str) -> BaseResponse:
    """Let the draft go and show the prompt as it is."""
    drafts.forget(library(), DRAFTS, _key(prompts.prompt(library(), prompt).slug))
    return see_other(url_for("prompts.show", prompt=prompt, **_state()))


def _form(action: str, form: PromptForm) -> PromptForm:
    """The form as it was typed, if it was refused; of the revision that is there now."""
    if not is_refused(action):
        return form
    typed = PromptForm.posted(request.form)
    return PromptForm(typed.name, typed.description, typed.text, form.revision)


def _uses(info: PromptInfo) -> dict[str, Any]:
    found = prompt_uses.count(library(), [info], patient=False)
    return {"open": info, "uses": found.entries[info.slug], "unread": found.unread}


def _counts() -> Response:
    """In how many entries each listed prompt is used, sent behind the list."""
    context = _page()
    found = prompt_uses.count(library(), context["listed"], patient=False)
    words = {slug: _used(uses) for slug, uses in found.entries.items()}
    return fragments("prompts", "counts", words=words)


def _used(uses: dict[str, int]) -> str:
    if not uses:
        return "in no entry"
    entries = counted(sum(uses.values()), "entry", "entries")
    return f"in {entries}" if len(uses) == 1 else f"in {entries} of {len(uses)} datasets"


def _again(prompt: str = "") -> Response:
    """The page of a form that was refused."""
    if prompt:
        return show(prompt)
    return answer("prompts/page.html", (), title="New prompt", **(_page() | _new()))


@bp.post("")
@shown_on(_again)
def create() -> BaseResponse:
    """Keep a new prompt, and show it."""
    form = PromptForm.posted(request.form)
    made = prompts.create(library(), form.name, form.text or "", form.description)
    drafts.forget(library(), DRAFTS, NEW)
    return _done(made.operation, made.slug, "Kept.")


def _entry_again() -> Response:
    """The entry whose system message could not be kept."""
    return entry.show(request.form.get("dataset", ""), request.form.get("key", ""))


@bp.post("/from-entry")
@shown_on(_entry_again)
def save_from_entry() -> BaseResponse:
    """Keep the system message of an entry as a prompt, and go on with the entry."""
    slug, key = request.form.get("dataset", ""), request.form.get("key", "")
    made = prompts.save_from_entry(library(), slug, key, request.form.get("name", ""))
    _offer_undo(made.operation, f"Kept as prompt {quoted(request.form.get('name', ''))}.")
    return see_other(url_for("entry.show", slug=slug, key=key))


@bp.post("/<prompt>/save")
@shown_on(_again)
def save(prompt: str) -> BaseResponse:
    """Change a prompt, if it is still the one that the form was opened on; else show both versions."""
    form, before = PromptForm.posted(request.form), prompts.prompt(library(), prompt)
    try:
        done = prompts.edit(
            library(),
            prompt,
            name=form.name,
            content=form.changed_text(before.content),
            description=form.description,
            revision=form.revision,
        )
    except StaleEdit:
        return _conflict(before, form)
    drafts.forget(library(), DRAFTS, _key(prompt))
    return _done(done, prompt, "Saved.")


def _conflict(info: PromptInfo, form: PromptForm) -> Response:
    """The form as typed, with what differs from the prompt as it is now; saving again writes over that."""
    drafts.keep(library(), DRAFTS, _key(info.slug), form.revision, form.payload())
    context = _page() | _open(info) | _compared_with(info, form)
    response = answer("prompts/page.html", (), status=409, title=info.name, **context)
    if is_htmx():
        response = fragments("prompts", "prompt", status=409, **context)
        response.headers["HX-Retarget"] = "#prompt"
        response.headers["HX-Reswap"] = "outerHTML"
    return response


def _compared_with(info: PromptInfo, form: PromptForm) -> dict[str, Any]:
    """A form that was opened on an earlier prompt, and what it says otherwise than the present one."""
    now = {"messages": _told(info.content), "name": info.name, "description": info.description or ""}
    mine = {"messages": _told(form.text or info.content), "name": form.name, "description": form.description}
    typed = PromptForm(form.name, form.description, form.text, info.revision)
    return {"form": typed, "conflict": compare(now, mine)}


def _told(text: str) -> list[dict[str, str]]:
    return [{"role": SYSTEM, "content": text}]


@bp.post("/<prompt>/archive")
@shown_on(_again)
def archive(prompt: str) -> BaseResponse:
    """Offer a prompt no more."""
    return _done(prompts.archive(library(), prompt), prompt, "Archived.", show="archived")


@bp.post("/<prompt>/restore")
@shown_on(_again)
def restore(prompt: str) -> BaseResponse:
    """Offer an archived prompt again."""
    return _done(prompts.restore(library(), prompt), prompt, "Restored.", show=None)


@bp.post("/<prompt>/delete")
@shown_on(_again)
def delete(prompt: str) -> BaseResponse:
    """Delete a prompt for good."""
    _offer_undo(prompts.delete(library(), prompt), "Deleted.", prompt)
    return see_other(url_for("prompts.index", **_state()))


@bp.post("/<prompt>/attach")
@shown_on(_again)
def attach(prompt: str) -> BaseResponse:
    """Let the sidecars of just the chosen datasets carry a prompt."""
    done = prompts.attach_to(library(), prompt, request.form.getlist("dataset"))
    return _done(done, prompt, f"{done.title}." if done else "")


@bp.post("/undo")
def undo() -> BaseResponse:
    """Take back what was done to prompts, and show the one that it was done to."""
    opened, number, prompt = library(), whole(request.args.get("operation")), request.args.get("prompt", "")
    back = url_for("prompts.index")

    def onward(done: OperationInfo) -> Onward:
        there = any(each.slug == prompt for each in prompts.prompts(opened))
        return Onward(told(done), url_for("prompts.show", prompt=prompt) if there else back)

    return work("Undo", lambda progress: prompts.undo(opened, number, progress=progress), onward, back=back)


def _done(info: OperationInfo | None, prompt: str, sentence: str, **state: Any) -> BaseResponse:
    """On to the prompt, with what was done and the offer to undo it."""
    _offer_undo(info, sentence, prompt)
    return see_other(url_for("prompts.show", prompt=prompt, **{**_state(), **state}))


def _offer_undo(info: OperationInfo | None, sentence: str, prompt: str = "") -> None:
    if info is None:
        flash("Nothing had changed.")
        return
    flash(sentence, "undo:" + _undo_address(info, prompt))


def _undo_address(info: OperationInfo, prompt: str) -> str:
    return url_for("prompts.undo", operation=info.id, prompt=prompt or None)


@bp.get("/<prompt>/entries/<slug>")
def users(prompt: str, slug: str) -> Response:
    """The entries of one dataset that have the text of a prompt, a page at a time."""
    info = prompts.prompt(library(), prompt)
    found = prompt_uses.users(library(), prompt, slug, page=whole(request.args.get("page")) or 1, size=PAGE)
    return answer("prompts/users.html", (), title=f"{info.name} · {slug}", open=info, slug=slug, found=found)


@bp.get("/<prompt>/replace")
def replacing(prompt: str) -> Response:
    """The form in which another text is written or chosen."""
    return answer("prompts/replace.html", (), **_replacing(prompt))


@bp.post("/<prompt>/replace")
@shown_on(replacing)
def replace(prompt: str) -> BaseResponse:
    """Show what a replacement would do; or do it, in every dataset that is chosen, as one operation."""
    text, chosen = _new_text(), request.form.getlist("dataset")
    if not chosen:
        raise Refused("No dataset is chosen.", "Check the boxes of those that shall have the new text.")
    prompt_uses.check(library(), prompt, text)
    if request.form.get("do") != "replace":
        return answer("prompts/replace.html", (), **_replacing(prompt, text, chosen))
    opened, back = library(), url_for("prompts.show", prompt=prompt)
    template = request.form.get("template") == "1"
    addresses = _addresses(prompt)
    return work(
        "Replace the text of a prompt",
        lambda progress: prompt_uses.replace_in_bulk(
            opened, prompt, text, datasets=chosen, template=template, progress=progress
        ),
        lambda done: Onward(_told_of(done), back, undo=addresses(done)),
        back=back,
    )


def _addresses(prompt: str) -> Callable[[Replaced], str]:
    """Where a replacement is undone."""
    return lambda done: _undo_address(done.operation, prompt) if done.operation else ""


def _new_text() -> str:
    """The text that was typed, or that of the prompt that was chosen in its place."""
    other = request.form.get("other", "")
    return prompts.prompt(library(), other).content if other else unix(request.form.get("text", ""))


def _told_of(done: Replaced) -> str:
    changed, locked = (sum(map(len, found.values())) for found in (done.changed, done.locked))
    left = (
        f" {counted(locked, 'entry', 'entries')} cannot be rewritten and stayed as they were."
        if locked
        else ""
    )
    return f"Replaced in {counted(changed, 'entry', 'entries')}.{left}"


def _replacing(prompt: str, text: str | None = None, chosen: list[str] | None = None) -> dict[str, Any]:
    """What the page of a replacement needs; with a text, what it would do."""
    info = prompts.prompt(library(), prompt)
    found = prompt_uses.count(library(), [info])
    uses = found.entries[prompt]
    context: dict[str, Any] = {
        "title": f"Replace {info.name}",
        "open": info,
        "uses": uses,
        "unread": found.unread,
        "chosen_datasets": list(uses) if chosen is None else chosen,
        "typed_text": request.form.get("text", info.content if not harm(info.content) else ""),
        "other": request.form.get("other", ""),
        "template": request.method == "GET" or request.form.get("template") == "1",
        "choices": [each for each in prompts.prompts(library()) if each.is_active and each.slug != prompt],
        "lines": (),
    }
    if text is not None and chosen is not None:
        context["lines"] = _compared(info.content, text)
        context["previews"] = {
            slug: prompt_uses.users(library(), prompt, slug, size=SHOWN) for slug in uses if slug in chosen
        }
    return context


def _compared(before: str, after: str) -> tuple[Line, ...]:
    found = compare({"messages": _told(before)}, {"messages": _told(after)})
    return tuple(with_other(line, label="System message") for line in found)


@bp.app_template_global()
def prompts_at_hand() -> list[PromptInfo]:
    """The prompts that an entry's form can offer; none rather than a page that fails."""
    try:
        found = prompts.prompts(library())
    except AppError:
        return []
    return [each for each in found if each.is_active and not harm(each.content)][:MOST_IN_BOX]
