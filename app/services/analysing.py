"""Bringing what validation knows of a dataset up to date: each entry is looked at once, until it changes."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from sqlite3 import Connection

from app.domain.targets.chosen import Chosen
from app.domain.validation.analysis import key_of
from app.domain.validation.rules import Rules
from app.services import criteria, measuring, targeting
from app.services.library import DatasetInfo, Library
from app.services.reading import Progress, current_index, silent
from app.store import findings, likeness
from app.store.analysing import Found, Seen, by, keep_analyses, keep_sizes, lacking, look
from app.store.findings import number_lacking
from app.store.index import Index

FEW = 300  # entries that may be looked at while a click waits
COMPARED = 20_000  # entries of which all may be compared with each other meanwhile


@dataclass(frozen=True, slots=True)
class Due:
    """How many entries have still to be looked at, and to be measured for the target."""

    unchecked: int
    unmeasured: int

    @property
    def entries(self) -> int:
        """How many looks there are to take."""
        return self.unchecked + self.unmeasured

    @property
    def is_long(self) -> bool:
        """Whether that takes longer than a click should wait."""
        return self.entries > FEW


def due(library: Library, slug: str) -> Due:
    """What has still to be done before all is known of a dataset; quick to tell.

    :raises NotFound: if there is no such dataset.
    """
    ground = _ground(library, library.dataset(slug))
    with ground.index.connect() as connection:
        return _due(connection, _Marks.of(library, ground))


def _due(connection: Connection, marks: "_Marks") -> Due:
    every = findings.entries(connection)
    is_new = findings.mark(connection, "rules") != marks.rules
    is_other = findings.mark(connection, "target") != marks.target
    return Due(
        every if is_new else number_lacking(connection, "checks"),
        every if is_other else number_lacking(connection, "sizes"),
    )


def bring_up_to_date(library: Library, slug: str, progress: Progress = silent, *, near: bool = False) -> int:
    """Look at every entry that was not looked at since it changed; returns how many there were.

    It may be stopped at any time and goes on where it was. Entries that are changed meanwhile are looked
    at the next time.

    Entries that say nearly the same as one that changed are looked for as well. Where that does not do,
    all are compared, if that is quick or the look is long anyway.

    :param progress: told the looks taken and those in all.
    :param near: compare all if need be, however long it takes.
    :raises NotFound: if there is no such dataset.
    """
    info = library.dataset(slug)
    ground = _ground(library, info)
    with ground.index.connect() as connection:
        marks = _Marks.of(library, ground)
        waiting = _due(connection, marks)
        near = near or info.entries <= COMPARED or waiting.is_long
        if not waiting.entries and _is_settled(connection, marks, near=near):
            return 0
    return examine(library, ground, progress, near=near)


def _is_settled(connection: Connection, marks: "_Marks", *, near: bool) -> bool:
    """Whether all is said that follows from what was found in the entries one by one."""
    content = findings.content(connection)
    wanted = {"applied": marks.target, "owing": "", "beside": content}
    if near or findings.are_compared(connection):
        wanted["near"] = content
    return all(findings.mark(connection, name) == value for name, value in wanted.items())


def _ground(library: Library, info: DatasetInfo) -> "Ground":
    rules, chosen = criteria.rules_for(library, info.slug), criteria.target_for(library, info.slug)
    return Ground(info.path, current_index(library, info), rules, chosen)


@dataclass(frozen=True, slots=True)
class Ground:
    """A file, its index, and by what its entries are looked at."""

    path: Path
    index: Index
    rules: Rules
    chosen: Chosen


def examine(library: Library, ground: Ground, progress: Progress = silent, *, near: bool = True) -> int:
    """Look at every entry of a file that was not looked at; see :func:`bring_up_to_date`."""
    with ground.index.connect() as connection:
        marks = _Marks.of(library, ground)
        _forget_outdated(library, connection, ground, marks)
        places = {table: lacking(connection, table) for table in ("checks", "sizes", "signatures")}
        steps = _Steps(sum(map(len, places.values())), progress)
        checked = look(ground.path, places["checks"], by(ground.rules), progress=steps.watch)
        ranks = _kept(connection, marks, checked, keep_analyses)
        steps.start += len(places["checks"])
        sizes = measuring.measure(library, ground.chosen, ground.path, places["sizes"], steps.watch)
        ranks |= _kept(connection, marks, sizes, keep_sizes)
        steps.start += len(places["sizes"])
        signed = look(ground.path, places["signatures"], likeness.signatures, progress=steps.watch)
        _kept(connection, marks, signed, likeness.keep_signatures)
        _conclude(library, connection, ground.chosen, marks, ranks)
        with suppress(likeness.Elsewhere):
            _resemble(connection, ground.path, every=near)
    return len(ranks)


@dataclass(frozen=True, slots=True)
class _Marks:
    """The rules and the target that a look goes by, as the index names them."""

    rules: str
    target: str

    @classmethod
    def of(cls, library: Library, ground: Ground) -> "_Marks":
        """Those of a look at a file."""
        return cls(key_of(ground.rules), measuring.key_of(library, ground.chosen))

    def hold(self, connection: Connection) -> bool:
        """Whether what is found still counts: nobody has begun a look by others meanwhile."""
        return (findings.mark(connection, "rules"), findings.mark(connection, "target")) == (
            self.rules,
            self.target,
        )


@dataclass(slots=True)
class _Steps:
    """How far several passes over the entries are, as one progress; ``start`` counts those done before."""

    total: int
    progress: Progress
    start: int = 0

    def watch(self, done: int, _: int) -> None:
        """Tell how far it is in all."""
        self.progress(self.start + done, self.total)


def _kept(
    connection: Connection,
    marks: _Marks,
    batches: Iterable[list[Seen[Found]]],
    keep: Callable[[Connection, list[Seen[Found]]], list[int]],
) -> set[int]:
    """Put what was found into the index, some at a time, while it counts; returns the entries by rank."""
    ranks: set[int] = set()
    for seen in batches:
        with _writing(connection):
            if not marks.hold(connection):
                break
            ranks.update(keep(connection, seen))
            findings.set_mark(connection, "owing", "yes")  # to say what follows, if the look ends here
    return ranks


def _forget_outdated(library: Library, connection: Connection, ground: Ground, marks: _Marks) -> None:
    """Drop what was found by other rules, or with another target."""
    is_other = findings.mark(connection, "target") != marks.target
    strict = targeting.strictness(library, ground.chosen) if is_other else frozenset()
    with _writing(connection):
        if findings.mark(connection, "rules") != marks.rules:
            findings.forget_texts(connection)
            findings.set_mark(connection, "rules", marks.rules)
        if is_other:
            findings.forget_target(connection)
            findings.set_mark(connection, "target", marks.target)
            findings.set_strict(connection, strict)
        if findings.mark(connection, "owing"):  # an earlier look was stopped
            findings.set_mark(connection, "applied", "")


def _conclude(
    library: Library, connection: Connection, chosen: Chosen, marks: _Marks, ranks: set[int]
) -> None:
    """Say what follows for these entries from what the target makes of them; compare all."""
    verdicts = targeting.verdicts(library, chosen, findings.unjudged(connection))
    with _writing(connection):
        if not marks.hold(connection):
            return
        findings.write_verdicts(connection, verdicts)
        every = findings.mark(connection, "applied") != findings.mark(connection, "target")
        if every or ranks:
            some = None if every else sorted(ranks)
            findings.apply_verdicts(connection, some)
            findings.apply_lengths(connection, targeting.limits(chosen), some)
            findings.set_mark(connection, "applied", findings.mark(connection, "target"))
            findings.set_mark(connection, "owing", "")
        content, beside = findings.content(connection), findings.mark(connection, "beside")
        if beside != content or ranks:
            findings.compare(connection, every=not beside)
            findings.set_mark(connection, "beside", content)
        findings.forget_recent(connection)


def _resemble(connection: Connection, path: Path, *, every: bool) -> None:
    """Find the entries that say nearly the same as an earlier one, as far as that is not known.

    :param every: whether all may be compared, where it does not do to compare those that changed.
    """
    content = findings.content(connection)
    if findings.are_compared(connection):
        with _writing(connection):
            is_done = likeness.follow(connection, path)
            findings.set_mark(connection, "near", findings.content(connection) if is_done else "")
        if is_done:
            return
    if not every:
        return
    with _writing(connection):
        likeness.begin(connection)
    found = likeness.near(connection, path)
    with _writing(connection):
        if findings.content(connection) == content:  # else another look is due anyway
            likeness.write_near(connection, found)
            findings.set_mark(connection, "near", content)


@contextmanager
def _writing(connection: Connection) -> Iterator[None]:
    """A change to the index, whole or not at all."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
        connection.execute("COMMIT")
    except BaseException:
        connection.execute("ROLLBACK")
        raise
