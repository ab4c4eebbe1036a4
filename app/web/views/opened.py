"""The open entry as its templates need it: the form, a draft in place of the file's text, or two versions."""

from typing import Any

from flask import Response, request, url_for

from app.domain.comparing import compare
from app.domain.entry import Unfaithful, strict
from app.errors import NotEditable, NotFound
from app.services import browsing, drafts, history
from app.services.browsing import OpenEntry
from app.services.drafts import NEW, DraftInfo
from app.services.library import DatasetInfo
from app.web import drafting
from app.web.context import library
from app.web.forms.entry import EntryForm
from app.web.htmx import fragments

TABS = ("conversation", "json", "history")


def open_context(dataset: DatasetInfo, key: str) -> dict[str, Any]:
    """What the templates need of the open entry; of none, if ``key`` is empty.

    :raises NotFound: if the entry is gone and no draft of it is left.
    """
    if not key:
        return {"open": None, "form": None, "tab": "conversation", "writing": False}
    tab = request.args.get("tab", "")
    draft = drafts.get(library(), dataset.id, key)
    try:
        entry = browsing.open_entry(library(), dataset.slug, key)
    except NotFound:
        if draft is None:
            raise
        return comparison_context(dataset, None, key, _form_of(draft))
    if draft and draft.revision != entry.revision:
        return comparison_context(dataset, entry, key, _form_of(draft))
    form = _form_of(draft) if draft else EntryForm.of(entry.entry.value, revision=entry.revision)
    context = {"open": entry, "form": form, "writing": False, **_draft_context(draft)}
    context["tab"] = tab if tab in TABS else TABS[0]
    if context["tab"] == "history":
        context["versions"] = _versions(dataset.slug, key)
    return context


def _form_of(draft: DraftInfo) -> EntryForm:
    return EntryForm.of_draft(draft.payload, at=draft.at.isoformat())


def _draft_context(draft: DraftInfo | None) -> dict[str, Any]:
    shown = draft is not None and not drafting.is_saved(draft)
    return {"draft": shown, "others": drafting.others(draft)}


def _versions(slug: str, key: str) -> list[dict[str, Any]]:
    """What happened to the entry, newest first, each with its two versions compared."""
    return [
        {
            "operation": operation,
            "lines": compare(
                change.before.value if change.before else None, change.after.value if change.after else None
            ),
        }
        for operation, change in history.versions(library(), slug, key)
    ]


def find(slug: str, key: str) -> OpenEntry | None:
    """The entry with that key, if the dataset has it."""
    try:
        return browsing.open_entry(library(), slug, key)
    except NotFound:
        return None


def new_context(dataset: DatasetInfo) -> dict[str, Any]:
    """What the templates need of an entry that is still to be written."""
    draft = drafts.get(library(), dataset.id, NEW)
    form = _form_of(draft) if draft else EntryForm.blank()
    return {"open": None, "form": form, "writing": True, "tab": TABS[0], **_draft_context(draft)}


def comparison_context(
    dataset: DatasetInfo, entry: OpenEntry | None, key: str, form: EntryForm
) -> dict[str, Any]:
    """Two versions side by side: the file's, none if the entry is gone, and what the person has."""
    slug = dataset.slug
    theirs = value_of(entry) if entry else None
    mine = form.merged_into(theirs) if theirs is not None else form.written()
    pairs = [(name, value) for name, value in form.posted() if name != "revision"]
    return {
        "open": entry,
        "form": form,
        "tab": TABS[0],
        "writing": False,
        "comparison": compare(theirs, mine),
        "posted": [*pairs, ("revision", entry.revision if entry else "")],
        "resolve_url": url_for("entry.save", slug=slug, key=key)
        if entry
        else url_for("entry.create", slug=slug, gone=key),
        "forget_url": url_for("entry.forget_draft", slug=slug, key=key),
    }


def value_of(entry: OpenEntry) -> dict[str, Any]:
    """The entry's value, exact enough to be written back.

    :raises NotEditable: if there is no such value.
    """
    try:
        return strict(entry.entry.raw)
    except Unfaithful as reason:
        raise NotEditable(
            f"The text of this entry cannot be edited without losing something: {reason}."
        ) from reason


def answer_entry(context: dict[str, Any], *, status: int = 200, row: bool = False) -> Response:
    """The entry's part for htmx; with ``row``, its row in the list too."""
    entry = context["open"]
    announce = f"Entry {entry.number:,} of {entry.total:,}." if entry and not row else ""
    return fragments(
        "entries", "entry", *(("row",) if row else ()), status=status, announce=announce, **context
    )
