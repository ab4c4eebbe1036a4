"""Repairs: proposed by code, looked at as differences, applied to some entries or all in one operation."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from app.domain.entry import Entry
from app.domain.facts import payload
from app.domain.repairs import REPAIRS, Repair, repaired
from app.domain.validation.codes import CODES
from app.domain.validation.rules import Rules
from app.domain.view import View
from app.errors import NotFound, Refused
from app.registry import rows
from app.services import casting, criteria
from app.services.analysing import bring_up_to_date
from app.services.browsing import keys_in, ranks_in
from app.services.editing import rewrite, second_half
from app.services.editor import Line
from app.services.library import Library
from app.services.operation import OperationInfo, operation
from app.services.reading import Progress, Snapshot, reading, silent
from app.store import findings, queries
from app.store.finding import full_keys, locate, locate_all

NEW_IDS = frozenset(("identity.missing_uuid", "identity.duplicate_uuid"))


@dataclass(frozen=True, slots=True)
class Wanted:
    """A repair that a person chose: of one code, in one of its ways, with the text that this way asks for."""

    code: str
    choice: str = ""
    text: str = ""

    def checked(self) -> "Wanted":
        """The same, if there is such a repair and it has a text such as it asks for.

        :raises Refused: if not.
        """
        repair = repair_of(self.code)
        choice = next((each for each in repair.choices if each.name == self.choice), None)
        if choice is None and self.choice:
            names = ", ".join(each.name for each in repair.choices)
            raise Refused(f"{self.code} cannot be repaired that way.", f"There are these ways: {names}.")
        choice = choice or repair.choices[0]
        if choice.asks and not self.text.strip():
            raise Refused(f"This repair needs a text: {choice.asks}.", "Write it, or choose another way.")
        wanted = Wanted(self.code, choice.name, self.text)
        try:
            wanted.applied({}, Rules())
        except ValueError as error:  # a text that is not what was asked for
            raise Refused(str(error), "Write it so, or choose another way.") from error
        return wanted

    def applied(self, value: Mapping[str, Any], rules: Rules) -> Mapping[str, Any]:
        """The entry's value as the repair leaves it; the very same object if there is nothing to do."""
        held = value if isinstance(value, dict) else dict(value)
        return repaired(held, self.code, rules, choice=self.choice, text=self.text)


@dataclass(frozen=True, slots=True)
class Proposed:
    """One entry as it is and as the repair would leave it; ``after`` is None if it would leave it alone."""

    key: str
    number: int
    before: Entry
    after: Mapping[str, Any] | None
    locked: str = ""


@dataclass(frozen=True, slots=True)
class Preview:
    """One page of what a repair would do; ``affected`` counts the entries that have the code."""

    repair: Repair
    affected: int
    rows: tuple[Proposed, ...]
    page: int
    pages: int


@dataclass(slots=True)
class _Task:
    """What is to be done with one entry; ``value`` is what it was made of it."""

    wanted: Sequence[Wanted]
    rules: Rules
    new_id: bool
    value: Mapping[str, Any] = field(default_factory=dict)

    def applied(self, value: Mapping[str, Any]) -> Mapping[str, Any]:
        """The entry's value after every repair; the very same object if none has anything to do."""
        self.value = _all(self.wanted, self.rules, value)
        return self.value

    def followed(self, cast: rows.Cast, line: Line) -> rows.Cast:
        """Who speaks in the entry afterwards: characters stay with their messages."""
        new = casting.messages_of(self.value) if self.value else casting.messages_in(line.raw)
        return casting.followed(cast, casting.messages_in(line.raw), new)


@dataclass(slots=True)
class Repaired:
    """What a repair did; ``operation`` is None if it changed nothing."""

    operation: OperationInfo | None = None
    changed: int = 0
    left: int = 0  # entries with the code that the repair leaves as they are
    locked: list[str] = field(default_factory=list)  # keys of entries whose text cannot be rewritten


def repair_of(code: str) -> Repair:
    """The repair of a code.

    :raises Refused: if there is none.
    """
    if code in REPAIRS:
        return REPAIRS[code]
    if code in CODES:
        raise Refused(f"{code} cannot be repaired by a program.", CODES[code].advice)
    raise Refused(
        f"There is no diagnostic called {code}.", "The page of validation lists those that there are."
    )


def preview(library: Library, slug: str, wanted: Wanted, *, page: int = 1, size: int = 10) -> Preview:
    """What a repair would do to the entries that have its code, a page at a time. Nothing is changed.

    :raises Refused: if there is no such repair.
    """
    repair, wanted = repair_of(wanted.code), wanted.checked()
    rules = criteria.rules_for(library, slug)
    bring_up_to_date(library, slug)
    with reading(library, slug) as snapshot:
        ranks = ranks_in(snapshot, View(diagnostic=wanted.code))
        pages = max(1, -(-len(ranks) // size))
        page = min(max(page, 1), pages)
        some = ranks[(page - 1) * size : page * size]
        found = tuple(_proposed(snapshot, wanted, rules, some))
    return Preview(repair, len(ranks), found, page, pages)


def proposal(library: Library, slug: str, wanted: Wanted, key: str) -> Proposed | None:
    """What a repair would do to one entry; None if that does not have its code. Nothing is changed.

    :raises Refused: if there is no such repair.
    """
    wanted = wanted.checked()
    rules = criteria.rules_for(library, slug)
    with reading(library, slug) as snapshot:
        place = locate(snapshot.connection, key)
        if place is None or not findings.has(snapshot.connection, place.rank, wanted.code):
            return None
        return next(_proposed(snapshot, wanted, rules, [place.rank]))


def _proposed(snapshot: Snapshot, wanted: Wanted, rules: Rules, ranks: Sequence[int]) -> Iterator[Proposed]:
    connection = snapshot.connection
    keys = full_keys(connection, queries.named(connection, ranks))
    for row, key in zip(queries.rows(connection, ranks), keys, strict=True):
        entry = Entry.of(payload(snapshot.file.read(row.offset, row.length)))
        after = None if entry.locked else _after(entry, key, [wanted], rules)
        yield Proposed(key, queries.number(connection, row.rank), entry, after, entry.locked)


def would_repair(
    library: Library,
    slug: str,
    wanted: Sequence[Wanted],
    *,
    keys: Collection[str] | None = None,
    progress: Progress = silent,
) -> Repaired:
    """What :func:`repair` would do; nothing is changed."""
    wanted = [each.checked() for each in wanted]
    rules = criteria.rules_for(library, slug)
    bring_up_to_date(library, slug, progress)
    done = Repaired()
    with reading(library, slug) as snapshot:
        ranks = sorted({rank for each in wanted for rank in ranks_in(snapshot, View(diagnostic=each.code))})
        named = full_keys(snapshot.connection, queries.named(snapshot.connection, ranks))
        _check_there(snapshot, keys or ())
        for row, key in zip(queries.rows(snapshot.connection, ranks), named, strict=True):
            if keys is not None and key not in keys:
                continue
            entry = Entry.of(payload(snapshot.file.read(row.offset, row.length)))
            _count(done, key, None if entry.locked else _after(entry, key, wanted, rules) is not None)
    return done


def repair(
    library: Library,
    slug: str,
    wanted: Sequence[Wanted],
    *,
    keys: Collection[str] | None = None,
    progress: Progress = silent,
) -> Repaired:
    """Repair some entries of a dataset, or all that have the codes; one operation.

    Entries whose text cannot be rewritten are left alone and counted. Characters stay with their messages.

    :param keys: only these entries; all, if not given.
    :raises NotFound: if one of these is not there; nothing is changed then.
    :raises Refused: if there is no such repair; nothing is changed then.
    :raises ChangedOutside: if another program changed the file.
    """
    wanted = [each.checked() for each in wanted]
    rules = criteria.rules_for(library, slug)
    bring_up_to_date(library, slug)
    done = Repaired()
    with operation(library, _title(wanted), progress=second_half(progress)) as door:
        editor = door.editor(slug)
        affected = dict.fromkeys(
            key for each in wanted for key in keys_in(editor.snapshot, View(diagnostic=each.code))
        )
        _check_there(editor.snapshot, keys or ())
        chosen = [key for key in affected if keys is None or key in keys]
        spoken, speak = rows.casts(editor.row.id, chosen), {}
        for number, line in enumerate(editor.find_all(dict.fromkeys(chosen))):
            task = _Task(wanted, rules, new_id=_renews(wanted, line.key))
            _count(done, line.key, rewrite(editor, line, task.applied, new_id=task.new_id))
            if line.key in spoken:
                speak[line.key] = task.followed(spoken[line.key], line)
            if number % 200 == 0:
                progress(number, 2 * len(chosen))
        door.cast(editor.row, speak)
    done.operation = door.info
    return done


def _check_there(snapshot: Snapshot, keys: Collection[str]) -> None:
    """Nothing, if every key leads to an entry.

    :raises NotFound: naming the first that does not.
    """
    for key, found in zip(keys, locate_all(snapshot.connection, keys), strict=True):
        if found is None:
            raise NotFound(f"There is no entry {key} in {snapshot.info.slug}.", "Nothing was changed.")


def _title(wanted: Sequence[Wanted]) -> str:
    first, *more = [CODES[each.code].title.lower() for each in wanted]
    return f"Repair: {first}" + (f" and {len(more)} more" if more else "")


def _all(wanted: Sequence[Wanted], rules: Rules, value: Mapping[str, Any]) -> Mapping[str, Any]:
    """The entry's value after every repair, in their order."""
    for each in wanted:
        value = each.applied(value, rules)
    return value


def _after(entry: Entry, key: str, wanted: Sequence[Wanted], rules: Rules) -> Mapping[str, Any] | None:
    """The entry's value after every repair, in their order; None if they leave it alone."""
    value = _all(wanted, rules, entry.value)
    return value if value is not entry.value or _renews(wanted, key) else None


def _renews(wanted: Sequence[Wanted], key: str) -> bool:
    """Whether an entry gets an id of its own by these repairs: it has none, or that of an earlier one."""
    return any(each.code in NEW_IDS for each in wanted) and not casting.is_castable(key)


def _count(done: Repaired, key: str, outcome: bool | None) -> None:
    if outcome is None:
        done.locked.append(key)
    elif outcome:
        done.changed += 1
    else:
        done.left += 1
