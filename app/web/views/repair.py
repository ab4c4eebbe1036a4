"""Repairing one code: the ways to do it, what it would change, entry by entry, and doing it."""

import json
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import islice
from typing import Any

from flask import Blueprint, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from app.domain.comparing import Line, compare
from app.domain.entry import Message
from app.domain.form_text import unix
from app.domain.repairs import SPLITTING, Repair
from app.domain.roles import SYSTEM
from app.domain.validation.codes import CODES
from app.domain.validation.structure import exchanges_of, role_of
from app.domain.view import View
from app.errors import Refused
from app.jobs import Cancelled
from app.services import analysing, browsing, casting, prompts, repairing
from app.services.library import Library
from app.services.reading import Progress
from app.services.repairing import Proposed, Repaired, Wanted
from app.web.context import counted, library
from app.web.forms import whole
from app.web.htmx import answer, is_htmx, see_other
from app.web.looking import freshen, look_through
from app.web.refusals import shown_on
from app.web.visible import clipped, names_of
from app.web.working import Onward, work

bp = Blueprint("repair", __name__, url_prefix="/datasets/<slug>/validation/repair")

NO_PROMPT = "chatml.missing_system_role"
PAGE = 10
MOST_PARTS = 20  # of one entry that are shown
LONGEST = 120  # letters of a message by which a part is known


@dataclass(frozen=True, slots=True)
class ShownPart:
    """One part of an entry that would be split: which of its messages they are, and the words at both ends.

    ``prompt`` is the system prompt that the part repeats; ``between`` counts the messages that are not shown.
    """

    first: int
    last: int
    exchanges: int
    tokens: int | None
    prompt: tuple[str, ...]
    opening: tuple[str, ...]
    between: int
    closing: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Shown:
    """One entry with what the repair would change in it; ``is_left`` if the repair leaves it alone.

    Where it would be split, there are ``count`` parts, of which ``parts`` are the first.
    """

    key: str
    number: int
    locked: str
    is_left: bool
    lines: tuple[Line, ...]
    count: int
    parts: tuple[ShownPart, ...]

    @classmethod
    def of(cls, proposed: Proposed) -> "Shown":
        """The entry, compared with what the repair makes of it."""
        is_left, count = proposed.after is None, len(proposed.parts)
        lines = () if is_left or count else clipped(compare(proposed.before.value, proposed.after))
        parts = tuple(islice(_parts(proposed), MOST_PARTS))
        return cls(proposed.key, proposed.number, proposed.locked, is_left, lines, count, parts)


def _parts(proposed: Proposed) -> Iterator[ShownPart]:
    """The parts that an entry would be split into."""
    start = 0
    for part in proposed.parts:
        said = [_said(each) for each in part.value["messages"]]
        own = sum(place >= start for place in part.origins)
        prompt, rest = said[: len(said) - own], said[len(said) - own :]
        roles = [role_of(each) for each in part.value["messages"]]
        shown = 2 if roles[-own] == SYSTEM else 1
        yield ShownPart(
            start + 1, start + own, exchanges_of(roles), part.tokens,
            tuple(prompt), tuple(rest[:shown]), max(0, own - shown - 1), tuple(rest[shown:][-1:]),
        )  # fmt: skip
        start += own


def _said(message: Any) -> str:
    """Who says a message, and its first words."""
    told = Message(message)
    text = told.text if told.is_text else json.dumps(told.content, ensure_ascii=False)
    return f"{told.role or 'no role'}: {text[:LONGEST]}{'…' if len(text) > LONGEST else ''}"


@bp.get("/<code>")
def show(slug: str, code: str) -> BaseResponse:
    """The ways to repair a code; with one that is chosen, a page of what it would change."""
    dataset, repair = library().dataset(slug), repairing.repair_of(code)
    wanted = _wanted(repair, request.args)
    if not freshen(slug):
        return look_through(slug, _here(slug, wanted), back=url_for("validation.show", slug=slug))
    lone = request.args.get("entry", "")
    lacks = _lacks(repair, wanted)
    is_refused = lacks and "choice" in request.args
    return answer(
        "repair/page.html",
        (),
        status=422 if is_refused else 200,
        title=f"Repair: {CODES[code].title}",
        dataset=dataset,
        code=CODES[code],
        repair=repair,
        splits=code in SPLITTING,
        wanted=wanted,
        lone=lone,
        lacks=lacks if is_refused else "",
        page_url=lambda page: _here(slug, wanted, page=page),
        left=list(dict.fromkeys(request.values.getlist("left"))),
        typed_in=_typed(repair),
        takes_prompt=code == NO_PROMPT,
        is_unseen="unseen" in request.args,
        **({"rows": None, "affected": _affected(slug, code)} if lacks else _preview(slug, wanted, lone)),
    )


def _here(slug: str, wanted: Wanted, **further: Any) -> str:
    """The address of the page with the way that was chosen, and the one entry that is meant, if it is one."""
    typed = _typed(repairing.repair_of(wanted.code))
    typed.pop(f"text-{wanted.choice}", None)
    state = {
        **typed,
        "text": wanted.text or None,
        "entry": request.args.get("entry") or None,
        **further,
    }
    if "choice" in request.values:
        state["choice"] = wanted.choice
    return url_for("repair.show", slug=slug, code=wanted.code, **state)


def _wanted(repair: Repair, fields: Any) -> Wanted:
    """The repair in the way that was chosen; the first way, if it is none of them."""
    names = [each.name for each in repair.choices]
    choice = fields.get("choice", "")
    choice = choice if choice in names else names[0]
    text = fields.get(f"text-{choice}", fields.get("text", ""))
    if repair.code == NO_PROMPT and fields.get("prompt"):
        text = prompts.prompt(library(), fields["prompt"]).content
    return Wanted(repair.code, choice, unix(text))


def _typed(repair: Repair) -> dict[str, str]:
    """What was typed for each of the ways that ask for a text, chosen or not, by the field."""
    names = [f"text-{each.name}" for each in repair.choices if each.asks]
    found = {name: request.form.get(name, request.args.get(name, "")) for name in names}
    return {name: unix(text) for name, text in found.items() if text}


def _is_unseen(wanted: Wanted) -> bool:
    """Whether the preview that stood on the page was of another way, or of another text."""
    seen = request.form.get("seen", wanted.choice), unix(request.form.get("seen-text", wanted.text))
    return seen != (wanted.choice, wanted.text)


def _lacks(repair: Repair, wanted: Wanted) -> str:
    """The text that the chosen way asks for and that is not there; empty if nothing is missing."""
    asks = repair.choice(wanted.choice).asks
    return asks if asks and not wanted.text.strip() else ""


def _affected(slug: str, code: str) -> int:
    return browsing.count(library(), slug, View(diagnostic=code))


def _preview(slug: str, wanted: Wanted, lone: str) -> dict[str, Any]:
    """What the chosen way would do: to a page of entries, or to the one that the address names."""
    if lone:
        proposed = repairing.proposal(library(), slug, wanted, lone)
        rows = [Shown.of(proposed)] if proposed else []
        does = _does(rows)
        return {
            "rows": rows, "affected": _affected(slug, wanted.code), "page": 1, "pages": 1,
            "here_does": does, "does": does, "boxed": [], "names": names_of(_texts(rows)),
        }  # fmt: skip
    found = repairing.preview(library(), slug, wanted, page=whole(request.args.get("page")) or 1, size=PAGE)
    rows = [Shown.of(each) for each in found.rows]
    here = _does(rows)
    boxed = [row.key for row in rows if not row.locked and not row.is_left] if found.affected > 1 else []
    does = here or (found.pages > 1 and _does_elsewhere(slug, wanted))
    return {
        "rows": rows, "affected": found.affected, "page": found.page, "pages": found.pages,
        "here_does": here, "does": does, "boxed": boxed, "names": names_of(_texts(rows)),
    }  # fmt: skip


def _texts(rows: Sequence[Shown]) -> Iterator[str]:
    """Every text that some entries show."""
    for row in rows:
        for line in row.lines:
            yield from (text for _, text in (*(line.before or ()), *(line.after or ())))
        for part in row.parts:
            yield from (*part.prompt, *part.opening, *part.closing)


def _does_elsewhere(slug: str, wanted: Wanted) -> bool:
    """Whether the repair would change an entry of another page; taken for granted where to tell is long."""
    return wanted.code in SPLITTING or repairing.would_repair(library(), slug, [wanted]).changed > 0


def _does(rows: Sequence[Shown]) -> bool:
    """Whether there is anything that the repair would change."""
    return any(not row.locked and not row.is_left for row in rows)


@bp.post("/<code>")
@shown_on(show)
def repair(slug: str, code: str) -> BaseResponse:
    """Repair the chosen entries, or all that have the code, in one operation.

    Nothing is done in a way that was chosen after the preview: what that changes is shown first.
    """
    wanted = _wanted(repairing.repair_of(code), request.form)
    deed, left = request.form.get("do", ""), _left()
    if deed not in ("all", "chosen"):
        return see_other(_shown_again(slug, wanted, deed, left))
    wanted = wanted.checked()
    if _is_unseen(wanted):
        return see_other(_here(slug, wanted, left=left, unseen=1, _anchor=_anchor()))
    keys = None if deed == "all" else request.form.getlist("keys")
    if keys == []:
        raise Refused("No entry is chosen.", "Check the boxes of the entries that you want to repair.")
    back = url_for("validation.show", slug=slug)
    lone = request.args.get("entry", "")
    if lone and keys and casting.is_castable(lone):  # else it gets an id, and another address with it
        back = url_for("entry.show", slug=slug, key=lone)
    return work(
        f"Repair {slug}: {CODES[code].title.lower()}",
        _task(slug, wanted, keys, left),
        lambda done: Onward(_told(done), back, undo=slug if done.operation else ""),
        back=back,
    )


def _left() -> list[str]:
    """The keys of the entries that were unticked, on this page of the preview and on those before."""
    ticked, shown = request.form.getlist("keys"), request.form.getlist("shown")
    unticked = [key for key in shown if key not in ticked]
    return list(dict.fromkeys([*request.form.getlist("left"), *unticked]))


def _shown_again(slug: str, wanted: Wanted, deed: str, left: list[str]) -> str:
    """The address of the preview in another way, of another of its pages, or with all boxes (un)ticked."""
    shown, page = request.form.getlist("shown"), request.form.get("turn") or request.args.get("page")
    if deed == "none":
        left = list(dict.fromkeys([*left, *shown]))
    if deed == "every":
        left = [key for key in left if key not in shown]
    if deed == "show":
        page = None
    return _here(slug, wanted, page=page, left=left, _anchor=_anchor())


def _anchor() -> str | None:
    """The part of the page to begin at; with script the button knows it, and the page is fetched anew."""
    return None if is_htmx() else "preview"


def _task(
    slug: str, wanted: Wanted, keys: list[str] | None, left: Collection[str]
) -> Callable[[Progress], Repaired]:
    """What repairs, and looks at what came of it; that may be stopped, and is then done another time.

    :param keys: only these entries; if not given, all that have the code but ``left``.
    """
    opened = library()

    def do(progress: Progress) -> Repaired:
        done = repairing.repair(
            opened, slug, [wanted], keys=_meant(opened, slug, wanted.code, keys, left), progress=progress
        )
        with suppress(Cancelled):
            analysing.bring_up_to_date(opened, slug, progress)
        return done

    return do


def _meant(
    opened: Library, slug: str, code: str, keys: list[str] | None, left: Collection[str]
) -> frozenset[str] | None:
    """The keys of the entries to be repaired; None if it is all of them."""
    if keys is not None:
        return frozenset(keys)
    if not left:
        return None
    analysing.bring_up_to_date(opened, slug)
    return frozenset(browsing.matching_keys(opened, slug, View(diagnostic=code))).difference(left)


def _told(done: Repaired) -> str:
    """What came of a repair."""
    if not done.changed:
        words = "Nothing was changed: no entry had anything to repair in this way."
    elif done.added:
        words = f"Split {counted(done.changed, 'entry', 'entries')} into {done.changed + done.added:,}."
    else:
        words = f"Repaired {counted(done.changed, 'entry', 'entries')}."
    if done.left and done.changed:
        words += f" {counted(done.left, 'other was', 'others were')} left alone."
    if done.locked:
        words += f" {counted(len(done.locked), 'entry', 'entries')} cannot be rewritten and stayed."
    return words
