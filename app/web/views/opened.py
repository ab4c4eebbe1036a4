"""The open entry as its templates need it: the form, a draft in place of the file's text, or two versions."""

from collections.abc import Mapping
from typing import Any

from flask import Response, request, url_for

from app.domain.comparing import Line, compare
from app.domain.entry import Unfaithful, strict
from app.errors import NotEditable, NotFound
from app.services import browsing, casting, drafts, history
from app.services.browsing import OpenEntry
from app.services.casting import Speaking
from app.services.choosing import Choice, choices
from app.services.drafts import NEW, DraftInfo
from app.services.history import ChangeView
from app.services.library import DatasetInfo
from app.web import diagnosed, drafting, naming
from app.web.context import library
from app.web.forms.entry import SOMEBODY_NEW, EntryForm, told
from app.web.htmx import fragments
from app.web.rendering import rendered_context

TABS = ("conversation", "rendered", "json", "history")


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
    cast = casting.casts_of(dataset.id, (key,)).get(key, {})
    form = _form_of(draft) if draft else form_of(entry, cast)
    if draft and is_stale(form, entry, cast):
        return comparison_context(dataset, entry, key, form)
    context = {"open": entry, "form": form, "writing": False, "cast": cast, **_draft_context(draft)}
    context["characters"] = choices(library())
    context["tab"] = tab if tab in TABS else TABS[0]
    if context["tab"] == "rendered":
        context |= rendered_context(dataset.slug, key)
    context["found"] = diagnosed.found_in(dataset.slug, entry, form)
    context["unlooked"] = diagnosed.unlooked(dataset)
    if entry.entry.locked:
        context["marks"] = diagnosed.marks(dataset.slug, entry)
    if context["tab"] == "history":
        context["versions"] = _versions(dataset.slug, key, entry.entry.value, cast)
    return context


def _form_of(draft: DraftInfo) -> EntryForm:
    return EntryForm.of_draft(draft.payload, at=draft.at.isoformat())


def form_of(entry: OpenEntry, cast: Mapping[int, Speaking]) -> EntryForm:
    """The form of an entry as it stands in the file, with those who speak in it."""
    return EntryForm.of(entry.entry.value, revision=entry.revision, cast=slugs_of(cast))


def is_stale(form: EntryForm, entry: OpenEntry, cast: Mapping[int, Speaking]) -> bool:
    """Whether the entry, or who speaks in it, was changed after the form was opened."""
    return form.revision.data != entry.revision or not form.is_of_cast(slugs_of(cast))


def slugs_of(cast: Mapping[int, Speaking]) -> dict[int, str]:
    """The slugs of those who speak, by the places of their messages."""
    return {index: who.slug for index, who in cast.items()}


def _draft_context(draft: DraftInfo | None) -> dict[str, Any]:
    shown = draft is not None and not drafting.is_saved(draft)
    return {"draft": shown, "others": drafting.others(draft)}


def _versions(
    slug: str, key: str, now: Mapping[str, Any], cast: Mapping[int, Speaking]
) -> list[dict[str, Any]]:
    """What happened to the entry, newest first, each with its two versions compared."""
    return [
        {"operation": operation, "lines": compared(change, now, cast)}
        for operation, change in history.versions(library(), slug, key)
    ]


def compared(
    change: ChangeView, now: Mapping[str, Any] | None, cast: Mapping[int, Speaking]
) -> tuple[Line, ...]:
    """The two versions of a changed entry, with the names of those who speak in it ``now``."""
    before, after = (each.value if each else None for each in (change.before, change.after))
    return compare(
        before,
        after,
        before_names=naming.names_then(before, cast, now),
        after_names=naming.names_then(after, cast, now),
    )


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
    context = {"open": None, "form": form, "writing": True, "tab": TABS[0], **_draft_context(draft)}
    return {**context, "cast": {}, "characters": choices(library())}


def comparison_context(
    dataset: DatasetInfo, entry: OpenEntry | None, key: str, form: EntryForm
) -> dict[str, Any]:
    """Two versions side by side: the file's, none if the entry is gone, and what the person has."""
    slug = dataset.slug
    theirs = value_of(entry) if entry else None
    mine = form.merged_into(theirs) if theirs is not None else form.written()
    cast = casting.cast_of(library(), slug, key) if entry else {}
    pairs = [(name, value) for name, value in form.posted() if name not in ("revision", "cast_was")]
    return {
        "open": entry,
        "form": form,
        "tab": TABS[0],
        "writing": False,
        "comparison": compare(
            theirs,
            mine,
            before_names=naming.names(theirs, cast) if theirs else (),
            after_names=naming.names(mine, _chosen(form, written=entry is None)),
        ),
        "posted": [*pairs, ("revision", entry.revision if entry else ""), ("cast_was", told(slugs_of(cast)))],
        "resolve_url": url_for("entry.save", slug=slug, key=key)
        if entry
        else url_for("entry.create", slug=slug, gone=key),
        "forget_url": url_for("entry.forget_draft", slug=slug, key=key),
    }


def _chosen(form: EntryForm, *, written: bool) -> dict[int, Choice]:
    """The characters that a form gives to its messages, those that are still to be created among them."""
    known = {each.slug: each for each in choices(library())}
    rows = [row.form for row in form.messages if row.form.text.data or not written]
    new = {index: Choice("", row.new_character.data or "", "", True) for index, row in enumerate(rows)}
    cast = {index: known.get(row.character.data) for index, row in enumerate(rows)}
    return {
        index: who or new[index]
        for index, who in cast.items()
        if who or rows[index].character.data == SOMEBODY_NEW
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
