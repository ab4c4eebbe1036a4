"""What becomes of a dataset with the target that was chosen for it: in numbers, with reasons and repairs."""

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import median

from app.domain.entry import Entry
from app.domain.repairs import REPAIRS
from app.domain.targets.chosen import Chosen
from app.domain.targets.families import Family
from app.domain.targets.file_notes import file_notes
from app.domain.targets.shapes import Shape
from app.domain.targets.trainers import TRAINERS, Trainer
from app.domain.targets.verdicts import ERROR, Note
from app.domain.validation.codes import CODES, Code
from app.domain.validation.rules import Rules
from app.domain.validation.structure import check_structure
from app.services import criteria, measuring, targeting
from app.services.analysing import Due, due
from app.services.browsing import Memory
from app.services.library import Library
from app.services.reading import Snapshot, reading
from app.services.rendering import STOPPED
from app.store import findings, target_facts

FATES = (
    "target.error", "target.dropped", "target.cut", "target.system_lost", "target.text_lost",
    "target.untrained", "target.system_added", "target.altered",
)  # fmt: skip
OVER = "tokens.over_limit"
MOST = 12  # reasons of one kind
_REFUSALS = 1000  # of a template, in its own words; more are not told apart
_LOOKED_AT = 50  # shapes of one reason in which it is sought what helps
_BARS = 10
_NICE = (1, 2, 2.5, 5, 10)

# What helps where the chat template does it. For what it refuses or leaves out, the shapes tell.
_HELPS = {
    "target.system_lost": ("target.system_lost",),
    "target.system_added": ("chatml.missing_system_role",),
    "target.altered": (),
    "target.cut": (OVER,),
}


@dataclass(frozen=True, slots=True)
class Fix:
    """A repair that helps: its code, and what it does."""

    code: str
    title: str


@dataclass(frozen=True, slots=True)
class Reason:
    """Why something becomes of entries. ``what`` is empty where the code says all there is to say."""

    what: str
    entries: int
    source: str
    fixes: tuple[Fix, ...]


@dataclass(frozen=True, slots=True)
class Fate:
    """One thing that a target does to entries, and how many it does it to."""

    code: Code
    entries: int
    reasons: tuple[Reason, ...]


@dataclass(frozen=True, slots=True)
class Bar:
    """The entries of so many tokens: more than ``above``, at most ``most``; without end if that is None."""

    above: int
    most: int | None
    entries: int
    is_over: bool


@dataclass(frozen=True, slots=True)
class Lengths:
    """How many tokens the entries have that were measured."""

    entries: int
    total: int
    trained: int
    median: float
    p95: int
    longest: int
    over: int
    bars: tuple[Bar, ...]


@dataclass(frozen=True, slots=True)
class Report:
    """What becomes of a dataset.

    ``looked_at`` counts the entries of which it is known, ``whole`` those of them that reach the model just
    as they are. ``unrendered`` counts those that the chat template refuses or fails on, so that only their
    texts are counted; ``stopped`` says that it had to be stopped.
    """

    chosen: Chosen
    trainer: Trainer | None
    family: Family | None
    vocabulary: str
    limit: int | None
    entries: int
    due: Due
    looked_at: int
    whole: int
    fates: tuple[Fate, ...]
    notes: tuple[Note, ...]
    lengths: Lengths
    unrendered: int = 0
    stopped: bool = False

    @property
    def refusals(self) -> tuple[Note, ...]:
        """Why the trainer would not take the file as it is."""
        return tuple(note for note in self.notes if note.refuses)

    @property
    def fate_unknown(self) -> int:
        """How many entries are longer than the limit where nobody says what becomes of these."""
        return 0 if self.trainer and self.trainer.excess else self.lengths.over


_reports = Memory[Report](50)


def report(library: Library, slug: str) -> Report:
    """What becomes of a dataset, as far as its entries were looked at; quick once it was asked.

    :raises NotFound: if there is no such dataset.
    """
    chosen, waiting = criteria.target_for(library, slug), due(library, slug)
    measured_by = measuring.key_of(library, chosen)
    with reading(library, slug) as snapshot:
        state = findings.state(snapshot.connection)
        question = snapshot.summary.signature, state, waiting, measured_by
        known = _reports.get(question)
        return known or _reports.keep(question, _report(library, snapshot, chosen, waiting))


def _report(library: Library, snapshot: Snapshot, chosen: Chosen, waiting: Due) -> Report:
    trainer, limit = TRAINERS.get(chosen.trainer), targeting.limit_of(chosen)
    family = criteria.family(library, chosen.family) if chosen.family else None
    connection, entries = snapshot.connection, snapshot.summary.entries
    known = entries - max(waiting.unchecked, waiting.unmeasured)
    looked_at = min(known, target_facts.looked_at(connection))
    shapes = findings.shapes(connection) if trainer else []
    notes: tuple[Note, ...] = ()
    if trainer:
        of_shape = {Shape.decode(text): used for text, used in shapes}
        notes = file_notes(trainer.name, entries=entries, shapes=of_shape)
    seeking = _Seeking(snapshot, family, targeting.reasons(chosen, (text for text, _ in shapes)), trainer)
    refusals = list(seeking.refusals()) if targeting.decides(chosen) else _unasked(library, chosen, shapes)
    return Report(
        chosen=chosen,
        trainer=trainer,
        family=family,
        vocabulary=measuring.vocabulary_of(library, chosen),
        limit=limit,
        entries=entries,
        due=waiting,
        looked_at=looked_at,
        whole=max(0, looked_at - target_facts.spoken_of(connection)),
        fates=tuple(seeking.fates()),
        notes=notes,
        lengths=lengths_of(target_facts.sizes(connection), target_facts.trained(connection), limit),
        unrendered=sum(having for _, having in refusals),
        stopped=any(what.startswith(STOPPED) for what, _ in refusals),
    )


def _unasked(library: Library, chosen: Chosen, shapes: list[tuple[str, int]]) -> list[tuple[str, int]]:
    """The same of a template that the trainer does not ask, which tokens are counted with all the same."""
    return list(targeting.refusals(library, chosen, shapes[:_REFUSALS]))


@dataclass(frozen=True, slots=True)
class _Seeking:
    """What is asked for the reasons of what a target does."""

    snapshot: Snapshot
    family: Family | None
    known: dict[tuple[str, str], targeting.Reason]
    trainer: Trainer | None

    def fates(self) -> Iterator[Fate]:
        """What the target does, in the order of FATES, with what it does to no entry."""
        counts = target_facts.counts(self.snapshot.connection)
        for code in FATES:
            entries = counts.get(code, 0)
            yield Fate(CODES[code], entries, tuple(self._reasons(code, entries)) if entries else ())

    def refusals(self) -> Iterator[tuple[str, int]]:
        """What the chat template says of the entries that it does not render, and of how many."""
        for what, having, _ in findings.details(self.snapshot.connection, "target.error", _REFUSALS):
            if ("target.error", what) not in self.known:
                yield what, having

    def _reasons(self, code: str, entries: int) -> Iterator[Reason]:
        details = findings.details(self.snapshot.connection, code, MOST)
        for what, having, _ in details or [("", entries, 0)]:
            known = self.known.get((code, what))
            source = known.source if known else self._source(code, what)
            helpful = known.fixes if known else self._fixes(code, what)
            yield Reason(what, having, source, tuple(_fix(name) for name in helpful if name in REPAIRS))

    def _source(self, code: str, what: str) -> str:
        """Where it can be looked up what no rule of the trainer says: with the template, or lengths."""
        shapes = target_facts.shapes_said(self.snapshot.connection, code, what, 1)
        if shapes and self.family:
            return self.family.source
        return self.trainer.source if self.trainer and code in ("target.cut", "target.dropped") else ""

    def _fixes(self, code: str, what: str) -> Sequence[str]:
        if what == targeting.TRIMMED:
            return ("chatml.content_whitespace",)
        if code in _HELPS:
            return _HELPS[code]
        strict = findings.strict(self.snapshot.connection)
        shapes = target_facts.shapes_said(self.snapshot.connection, code, what, _LOOKED_AT)
        if code == "target.dropped" and not shapes:
            return (OVER,)  # dropped for its length, which no shape tells
        found = (name for shape in shapes for name in _wrong_in(shape))
        helpful = [name for name in dict.fromkeys(found) if name in strict]
        return [targeting.SYSTEM_REFUSED, *helpful] if self._is_of_prompts(code, shapes) else helpful

    def _is_of_prompts(self, code: str, shapes: Sequence[str]) -> bool:
        """Whether there are system prompts among what the template refuses, for which it has no place."""
        known = target_facts.shapes_said(self.snapshot.connection, targeting.SYSTEM_REFUSED, "", 1)
        return bool(known) and code == ERROR and any(map(targeting.has_prompt, map(Shape.decode, shapes)))


def _fix(code: str) -> Fix:
    return Fix(code, REPAIRS[code].title)


def _wrong_in(shape: str) -> Iterator[str]:
    """The codes of what is unusual in messages of this shape."""
    entry = Entry(b"", {"messages": Shape.decode(shape).probe()})
    for found in check_structure(entry, Rules()):
        yield found.code


def lengths_of(sizes: list[int], trained: int, limit: int | None) -> Lengths:
    """The lengths of entries.

    :param sizes: the tokens of each, fewest first.
    """
    if not sizes:
        return Lengths(0, 0, 0, 0, 0, 0, 0, ())
    count = len(sizes)
    p95 = sizes[max(0, -(-95 * count // 100) - 1)]
    over = count - bisect_right(sizes, limit) if limit else 0
    return Lengths(
        count,
        sum(sizes),
        trained,
        _half(median(sizes)),
        p95,
        sizes[-1],
        over,
        tuple(_bars(sizes, p95, limit)),
    )


def _half(number: float) -> float:
    """A whole number as such, not as 3.0; between two stays a half."""
    return int(number) if number == int(number) else number


def _bars(sizes: list[int], p95: int, limit: int | None) -> Iterator[Bar]:
    """The lengths in steps of a round number, the last without end; one step is divided at the limit."""
    reach = max(p95, 1)
    step = _round(reach / _BARS)
    edges = {step * place for place in range(-(-reach // step) + 1)}
    if limit and limit < sizes[-1]:
        edges.add(limit)
    ordered = sorted(edges)
    for low, high in pairwise(ordered):
        yield Bar(low, high, bisect_right(sizes, high) - _below(sizes, low), bool(limit and low >= limit))
    if sizes[-1] > ordered[-1]:
        over = bool(limit and ordered[-1] >= limit)
        yield Bar(ordered[-1], None, len(sizes) - bisect_right(sizes, ordered[-1]), over)


def _below(sizes: list[int], low: int) -> int:
    """How many sizes belong to earlier bars; an entry without any token is in the first one."""
    return bisect_right(sizes, low) if low else bisect_left(sizes, low)


def _round(amount: float) -> int:
    """The next number that is pleasant to count in."""
    power = 1
    while power * 10 < amount:
        power *= 10
    return next(int(power * nice) for nice in _NICE if power * nice >= amount and power * nice % 1 == 0)
