"""Repairs: proposed by code, looked at as differences, applied to some entries or all in one operation."""

from collections.abc import Collection, Iterator, Mapping, Sequence, Sized
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from app.domain.entry import Entry
from app.domain.facts import payload
from app.domain.repairs import REPAIRS, Repair, repaired
from app.domain.splitting import Part
from app.domain.validation.codes import CODES
from app.domain.validation.rules import Rules
from app.domain.view import View
from app.errors import NotFound, Refused
from app.registry import rows
from app.services import casting, criteria
from app.services.analysing import bring_up_to_date
from app.services.browsing import keys_in, ranks_in
from app.services.editing import rewrite_as, second_half
from app.services.library import Library
from app.services.operation import OperationInfo, operation
from app.services.reading import Progress, Snapshot, reading, silent
from app.services.splitting import Cut, cuts
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
    """One entry as it is and as the repair would leave it; ``after`` is None if it would leave it alone.

    Where it would split the entry, ``parts`` are what it makes of it, and ``after`` is the first of them.
    """

    key: str
    number: int
    before: Entry
    after: Mapping[str, Any] | None
    locked: str = ""
    parts: tuple[Part, ...] = ()


@dataclass(frozen=True, slots=True)
class Preview:
    """One page of what a repair would do; ``affected`` counts the entries that have the code."""

    repair: Repair
    affected: int
    rows: tuple[Proposed, ...]
    page: int
    pages: int


Made = tuple[Mapping[str, Any], rows.Cast]  # the value of an entry, and who speaks in it


@dataclass(frozen=True, slots=True)
class _Repairing:
    """Some repairs, ready to be done one after the other, each to all that the last one made of an entry."""

    wanted: Sequence[Wanted]
    rules: Rules
    cuts: Mapping[str, Cut]

    def made_of(self, value: Mapping[str, Any], cast: rows.Cast) -> list[Made]:
        """What becomes of an entry; its very own value, alone, if there is nothing to do.

        :param cast: who speaks in it: characters stay with their messages.
        """
        made = [(value, cast)]
        for each in self.wanted:
            made = [one for entry in made for one in self._step(each, *entry)]
        return made

    def _step(self, wanted: Wanted, value: Mapping[str, Any], cast: rows.Cast) -> list[Made]:
        parts = self.parts(wanted, value)
        if parts:
            return [(part.value, _of_part(cast, part)) for part in parts]
        after = wanted.applied(value, self.rules)
        if cast and after is not value:
            cast = casting.followed(cast, casting.messages_of(value), casting.messages_of(after))
        return [(after, cast)]

    def parts(self, wanted: Wanted, value: Mapping[str, Any]) -> tuple[Part, ...]:
        """The parts that a repair makes of an entry; none if it does not split it."""
        return self.cuts[wanted.code](value) if wanted.code in self.cuts else ()


def _of_part(cast: rows.Cast, part: Part) -> rows.Cast:
    """Who speaks in a part of an entry, by the places that the messages have in it."""
    spoken = {turn[0]: turn for turn in cast}
    origins = enumerate(part.origins)
    return [(place, *spoken[origin][1:]) for place, origin in origins if origin in spoken]


@contextmanager
def _repairing(
    library: Library, slug: str, wanted: Sequence[Wanted], progress: Progress = silent
) -> Iterator[_Repairing]:
    """Some repairs, ready for the entries of a dataset, for the length of the block; all were looked at.

    :raises Refused: if there is no such repair.
    """
    wanted = [each.checked() for each in wanted]
    bring_up_to_date(library, slug, progress)
    with cuts(library, slug, [each.code for each in wanted]) as found:
        yield _Repairing(wanted, criteria.rules_for(library, slug), found)


@dataclass(slots=True)
class _Task:
    """What is to be done with one entry; ``made`` is what it was made into."""

    repairing: _Repairing
    cast: rows.Cast
    made: list[Made] = field(default_factory=list)

    def applied(self, value: Mapping[str, Any]) -> list[Mapping[str, Any]]:
        """The values of the entries that are made of one; its very own, alone, if there is nothing to do."""
        self.made = self.repairing.made_of(value, self.cast)
        return [each for each, _ in self.made]

    def speak(self, ids: Sequence[str]) -> dict[str, rows.Cast]:
        """Who speaks in the entries that it was made into, by their ids."""
        return {name: cast for name, (_, cast) in zip(ids, self.made, strict=True)}


@dataclass(slots=True)
class Repaired:
    """What a repair did; ``operation`` is None if it changed nothing."""

    operation: OperationInfo | None = None
    changed: int = 0
    added: int = 0  # entries that came in, because others were split
    left: int = 0  # entries with the code that the repair leaves as they are
    locked: list[str] = field(default_factory=list)  # keys of entries whose text cannot be rewritten

    def count(self, key: str, made: Sized | None) -> None:
        """Count an entry: what it was made into, nothing if it was left alone, None if it is locked."""
        if made is None:
            self.locked.append(key)
        elif made:
            self.changed += 1
            self.added += len(made) - 1
        else:
            self.left += 1


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
    repair = repair_of(wanted.code)
    with _repairing(library, slug, [wanted]) as repairing, reading(library, slug) as snapshot:
        ranks = ranks_in(snapshot, View(diagnostic=wanted.code))
        pages = max(1, -(-len(ranks) // size))
        page = min(max(page, 1), pages)
        some = ranks[(page - 1) * size : page * size]
        found = tuple(_proposed(snapshot, repairing, some))
    return Preview(repair, len(ranks), found, page, pages)


def proposal(library: Library, slug: str, wanted: Wanted, key: str) -> Proposed | None:
    """What a repair would do to one entry; None if that does not have its code. Nothing is changed.

    :raises Refused: if there is no such repair.
    """
    with _repairing(library, slug, [wanted]) as repairing, reading(library, slug) as snapshot:
        place = locate(snapshot.connection, key)
        if place is None or not findings.has(snapshot.connection, place.rank, wanted.code):
            return None
        return next(_proposed(snapshot, repairing, [place.rank]))


def _proposed(snapshot: Snapshot, repairing: _Repairing, ranks: Sequence[int]) -> Iterator[Proposed]:
    connection = snapshot.connection
    keys = full_keys(connection, queries.named(connection, ranks))
    for row, key in zip(queries.rows(connection, ranks), keys, strict=True):
        entry = Entry.of(payload(snapshot.file.read(row.offset, row.length)))
        number = queries.number(connection, row.rank)
        parts = () if entry.locked else repairing.parts(repairing.wanted[0], entry.value)
        made = [] if entry.locked or parts else _made(repairing, entry, key)
        after = parts[0].value if parts else made[0][0] if made else None
        yield Proposed(key, number, entry, after, entry.locked, parts)


def would_repair(
    library: Library,
    slug: str,
    wanted: Sequence[Wanted],
    *,
    keys: Collection[str] | None = None,
    progress: Progress = silent,
) -> Repaired:
    """What :func:`repair` would do; nothing is changed."""
    done = Repaired()
    with (
        _repairing(library, slug, wanted, progress) as repairing,
        reading(library, slug) as snapshot,
    ):
        ranks = sorted({rank for each in wanted for rank in ranks_in(snapshot, View(diagnostic=each.code))})
        named = full_keys(snapshot.connection, queries.named(snapshot.connection, ranks))
        _check_there(snapshot, keys or ())
        for row, key in zip(queries.rows(snapshot.connection, ranks), named, strict=True):
            if keys is not None and key not in keys:
                continue
            entry = Entry.of(payload(snapshot.file.read(row.offset, row.length)))
            done.count(key, None if entry.locked else _made(repairing, entry, key))
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
    done = Repaired()
    with (
        _repairing(library, slug, wanted) as repairing,
        operation(library, _title(wanted), progress=second_half(progress)) as door,
    ):
        editor = door.editor(slug)
        affected = dict.fromkeys(
            key for each in wanted for key in keys_in(editor.snapshot, View(diagnostic=each.code))
        )
        _check_there(editor.snapshot, keys or ())
        chosen = [key for key in affected if keys is None or key in keys]
        spoken, speak = rows.casts(editor.row.id, chosen), {}
        for number, line in enumerate(editor.find_all(dict.fromkeys(chosen))):
            task = _Task(repairing, spoken.get(line.key, []))
            ids = rewrite_as(editor, line, task.applied, new_id=_renews(wanted, line.key))
            done.count(line.key, ids)
            if ids and task.cast:
                speak.update(task.speak(ids))
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


def _made(repairing: _Repairing, entry: Entry, key: str) -> list[Made]:
    """What becomes of an entry, as nobody speaks in it; nothing if the repairs leave it alone."""
    made = repairing.made_of(entry.value, [])
    return made if made[0][0] is not entry.value or _renews(repairing.wanted, key) else []


def _renews(wanted: Sequence[Wanted], key: str) -> bool:
    """Whether an entry gets an id of its own by these repairs: it has none, or that of an earlier one."""
    return any(each.code in NEW_IDS for each in wanted) and not casting.is_castable(key)
