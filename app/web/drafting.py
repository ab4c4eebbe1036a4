"""Drafts that several tabs keep of one entry: the newest is shown, the others are offered, none is lost.

A form carries an id of its own (``tab``) and when the draft that it shows was kept (``seen``). A draft that
came from another form since then is put beside the new one, not overwritten.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from threading import Lock
from typing import Any

from app.errors import NotFound
from app.services import drafts
from app.services.drafts import DraftInfo
from app.web.context import library
from app.web.forms.entry import EntryForm

_OWN = ("tab", "seen", "revision", "cast_was")  # fields that say which form it is, not what was typed
_others: Lock = Lock()  # between reading a draft and keeping the next


@dataclass(frozen=True, slots=True)
class Other:
    """A draft that another tab kept of the same entry."""

    tab: str
    at: datetime


def others(draft: DraftInfo | None) -> list[Other]:
    """The drafts of other tabs beside this one, newest first."""
    beside = _beside(draft)
    found = [Other(tab, datetime.fromisoformat(each["at"])) for tab, each in beside.items()]
    return sorted(found, key=lambda other: other.at, reverse=True)


def is_saved(draft: DraftInfo) -> bool:
    """Whether the draft only holds those of other tabs; what it shows stands in the file."""
    return bool(draft.payload.get("saved"))


def keep(dataset: int, key: str, form: EntryForm) -> list[Other]:
    """Keep what is typed; the drafts of other tabs that stand beside it."""
    with _others:
        current = drafts.get(library(), dataset, key)
        beside = {tab: each for tab, each in _beside(current).items() if tab != form.tab.data}
        if current and not _is_ours(current, form):
            beside[_tab(current)] = _stored(current)
        _put(dataset, key, form.payload(), beside)
        return others(drafts.get(library(), dataset, key))


def settle(dataset: int, key: str, form: EntryForm, *, saved: EntryForm | None = None) -> None:
    """Drop the draft of a form that was saved. What other tabs kept stays.

    :param saved: the form of the entry as it stands now, to be shown with those beside it; without it
        the newest of them is shown.
    """
    with _others:
        current = drafts.get(library(), dataset, key)
        if current is None:
            return
        beside = {tab: each for tab, each in _beside(current).items() if tab != form.tab.data}
        if not _is_ours(current, form):
            beside[_tab(current)] = _stored(current)
        _put_rest(dataset, key, beside, saved)


def show(dataset: int, key: str, tab: str) -> None:
    """Show the draft of another tab; the one that was shown stands beside it.

    :raises NotFound: if there is no such draft.
    """
    with _others:
        current, beside = _found(dataset, key, tab)
        wanted = beside.pop(tab)
        if not is_saved(current):
            beside[_tab(current)] = _stored(current)
        _put(dataset, key, wanted["fields"], beside)


def drop(dataset: int, key: str, tab: str) -> None:
    """Let the draft of another tab go.

    :raises NotFound: if there is no such draft.
    """
    with _others:
        current, beside = _found(dataset, key, tab)
        del beside[tab]
        if is_saved(current) and not beside:
            drafts.forget(library(), dataset, key)
            return
        _put(dataset, key, _fields(current), beside, saved=is_saved(current))


def forget(dataset: int, key: str) -> None:
    """Let the draft go that is shown. If other tabs kept one, the newest of those is shown."""
    with _others:
        _put_rest(dataset, key, _beside(drafts.get(library(), dataset, key)), None)


def _found(dataset: int, key: str, tab: str) -> tuple[DraftInfo, dict[str, Any]]:
    current = drafts.get(library(), dataset, key)
    if current is None or tab not in _beside(current):
        raise NotFound("That draft is no longer there.", "It was saved or dropped in another tab.")
    return current, _beside(current)


def _put_rest(dataset: int, key: str, beside: dict[str, Any], saved: EntryForm | None) -> None:
    if not beside:
        drafts.forget(library(), dataset, key)
    elif saved is not None:
        _put(dataset, key, saved.payload(), beside, saved=True)
    else:
        newest = max(beside, key=lambda tab: str(beside[tab]["at"]))
        fields = beside.pop(newest)["fields"]
        _put(dataset, key, fields, beside)


def _put(
    dataset: int, key: str, fields: Mapping[str, Any], beside: dict[str, Any], *, saved: bool = False
) -> None:
    payload = {**fields, "others": beside, "saved": saved}
    drafts.keep(library(), dataset, key, _first(fields, "revision"), payload)


def _is_ours(draft: DraftInfo, form: EntryForm) -> bool:
    """Whether a form may take the place of a draft: it kept it, showed it, or says the same."""
    seen = form.tab.data == _tab(draft) or form.seen.data == draft.at.isoformat()
    return seen or is_saved(draft) or _typed(_fields(draft)) == _typed(form.payload())


def _typed(fields: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in fields.items() if name not in _OWN}


def _stored(draft: DraftInfo) -> dict[str, Any]:
    return {"at": draft.at.isoformat(), "fields": _fields(draft)}


def _fields(draft: DraftInfo) -> dict[str, Any]:
    return {name: value for name, value in draft.payload.items() if name not in ("others", "saved")}


def _beside(draft: DraftInfo | None) -> dict[str, Any]:
    return dict(draft.payload.get("others", {})) if draft else {}


def _tab(draft: DraftInfo) -> str:
    return _first(draft.payload, "tab")


def _first(fields: Mapping[str, Any], name: str) -> str:
    values = fields.get(name)
    return str(values[0]) if values else ""
