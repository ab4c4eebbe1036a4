"""The whole report of validation for scripts: every diagnostic of a dataset, or of any file."""

from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from app.domain.entry import Entry, NotJson, digest, loads, render
from app.domain.facts import facts_of_entry
from app.domain.formats import NotConvertible, convert, recognise
from app.domain.formats.turns import without_source_roles
from app.domain.targets.chosen import Chosen
from app.domain.validation.codes import CODES
from app.domain.validation.diagnostic import Diagnostic, Severity
from app.errors import Conflict, Refused
from app.services import criteria, measuring, targeting
from app.services.analysing import Ground, bring_up_to_date, examine
from app.services.library import Library
from app.services.reading import Progress, reading, silent
from app.services.rejecting import put_aside
from app.services.targets_report import lengths_of
from app.services.validating import as_json, raised
from app.store import findings, queries, target_facts
from app.store.analysing import diagnoses, look, worth_a_look
from app.store.finding import full_keys
from app.store.imports import ImportFolder, import_folder
from app.store.records import Record, open_records


@dataclass(slots=True)
class Report:
    """What validation says of each entry. ``codes`` counts diagnostics; ``diagnostics`` are as JSON."""

    entries: int = 0
    codes: Counter[str] = field(default_factory=Counter)
    diagnostics: list[dict[str, object]] = field(default_factory=list)

    def add(self, key: str, number: int, found: Iterable[Diagnostic]) -> None:
        """Take down what was found in one entry."""
        for each in found:
            self.codes[each.code] += 1
            self.diagnostics.append(as_json(each, key, number))

    def add_unreadable(self, name: str, number: int, reason: str) -> None:
        """Take down a line or record that is no entry."""
        code = CODES["base.not_dict"]
        self.add(name, number, [Diagnostic(code.name, code.severity, detail=reason)])

    def as_json(self) -> dict[str, object]:
        """The report as the command line prints it."""
        return {"entries": self.entries, "codes": dict(self.codes), "diagnostics": self.diagnostics}


def of_dataset(
    library: Library, slug: str, target: Chosen | None = None, progress: Progress = silent
) -> Report:
    """Every diagnostic of a dataset, entry by entry in file order.

    Last come the lines that are no entries, and the records that were put aside when it was opened.

    :param target: checked against in place of the one that was chosen for the dataset.
    :raises NotFound: if there is no such dataset.
    """
    chosen = criteria.target_for(library, slug) if target is None else target
    with _examined(library, slug, chosen, progress) as ground:
        report = _report(ground, progress)
        with ground.index.connect() as connection:
            for number, _, _, reason in queries.unreadable(connection):
                report.add_unreadable(f"line {number}", number, reason)
    for record in put_aside(library, slug):
        report.add_unreadable(f"rejected {record.line}", record.line, record.reason)
    return report


def of_file(library: Library, path: Path, target: Chosen, progress: Progress = silent) -> Report:
    """Every diagnostic of a file as it stands, record by record; nothing is imported, nothing written.

    :raises NotFound, Refused, StoreError: if the file cannot be read.
    """
    with import_folder(library.places.imports) as folder:
        numbers, unreadable = _laid_out(folder, path, progress)
        ground = Ground(folder.dataset, folder.index, criteria.rules_for(library, None), target)
        examine(library, ground, progress)
        report = _report(ground, progress, numbers)
    for number, reason in unreadable:
        report.add_unreadable(f"record {number}", number, reason)
    return report


def _laid_out(
    folder: ImportFolder, path: Path, progress: Progress
) -> tuple[list[int], list[tuple[int, str]]]:
    """Write the records of a file as lines with an index.

    :returns: the number of the record of each line, and the numbers of the others with what is wrong.
    """
    numbers: list[int] = []
    unreadable: list[tuple[int, str]] = []
    writer = folder.writer()
    try:
        with open_records(path, progress=progress) as records:
            for number, record in enumerate(records, 1):
                try:
                    entry = _entry_of(record)
                except NotJson as reason:
                    unreadable.append((number, str(reason)))
                    continue
                numbers.append(number)
                line = entry.raw + b"\n"
                writer.add(line, *facts_of_entry(entry, digest(line)))
        writer.finish()
    except BaseException:
        writer.abandon()
        raise
    return numbers, unreadable


def _entry_of(record: Record) -> Entry:
    """A record as the entry that it would be, in one line, without the labels that opening it would keep.

    :raises NotJson: if it is no JSON object.
    """
    if record.error:
        raise NotJson(record.error)
    value = loads(record.raw)
    if not isinstance(value, dict):
        raise NotJson("not a JSON object")
    shape = recognise(value)
    text = record.raw.strip(b" \t\r")
    if shape in ("", "chatml"):
        return Entry(render(value) if b"\n" in text else text, value)
    try:
        converted = convert(value, shape).value
    except NotConvertible:
        converted = value
    if b"source_role" not in record.raw:  # it is ours, and no fault of the file
        converted = without_source_roles(converted)
    return Entry(render(converted), converted)


def _report(ground: Ground, progress: Progress, numbers: list[int] | None = None) -> Report:
    """What is known of a file whose index is complete.

    :param numbers: what to call the entries, if not by counting them.
    """
    with ground.index.connect() as connection:
        connection.execute("BEGIN")  # one moment of it, whatever is saved meanwhile
        places, lines = worth_a_look(connection)
        report = Report(findings.entries(connection))
        beside, strict = findings.beside(connection), findings.strict(connection)
        keys = dict(zip((rank for rank, _, _ in lines), full_keys(connection, lines), strict=True))
        number_of = findings.numbers(connection)
        looked_at = 0
        for seen in look(ground.path, places, partial(diagnoses, ground.rules), progress=progress):
            looked_at += len(seen)
            for each in seen:
                rank = each.place.rank
                number = numbers[number_of[rank] - 1] if numbers else number_of[rank]
                others = (
                    Diagnostic(code, Severity(bad), detail=what) for code, bad, what in beside.get(rank, ())
                )
                report.add(keys[rank], number, (raised(found, strict) for found in (*others, *each.found)))
    if looked_at < len(places):
        raise Conflict("The dataset was changed while it was looked at.", "Ask again.")
    return report


LENGTHS = (1024, 2048, 4096, 8192, 16384, 32768)  # tokens; contexts that trainers are commonly set to


@dataclass(frozen=True, slots=True)
class Tokens:
    """How many tokens the entries of a dataset have. ``over`` counts those that are longer than a limit.

    ``uncounted`` are the entries that the tokenizer fails on, which are in none of the numbers.
    """

    total: int
    median: float
    p95: int
    most: int
    over: dict[int, int]
    vocabulary: str
    uncounted: int = 0

    def as_json(self) -> dict[str, object]:
        """The numbers as the command line prints them."""
        return {
            "total": self.total,
            "per_entry": {"median": self.median, "p95": self.p95, "max": self.most},
            "over": {str(limit): count for limit, count in self.over.items()},
            "tokenizer": self.vocabulary,
            **({"uncounted": self.uncounted} if self.uncounted else {}),
        }


def tokens(library: Library, slug: str, target: Chosen | None = None, progress: Progress = silent) -> Tokens:
    """How many tokens the entries of a dataset have, as its target counts them.

    :param target: counted for in place of the one that was chosen for the dataset.
    :raises NotFound: if there is no such dataset.
    :raises Refused: if this machine cannot count with its vocabulary, or it fails on every entry.
    """
    chosen = criteria.target_for(library, slug) if target is None else target
    measuring.counting(library, measuring.vocabulary_of(library, chosen))
    with _examined(library, slug, chosen, progress) as ground, ground.index.connect() as connection:
        sizes, entries = target_facts.sizes(connection), findings.entries(connection)
    if entries and not sizes:
        raise Refused(
            f"The tokenizer {measuring.vocabulary_of(library, chosen)} fails on every entry.",
            "Count with another vocabulary.",
        )
    limit = targeting.limit_of(chosen)
    lengths = lengths_of(sizes, 0, limit)
    return Tokens(
        lengths.total,
        lengths.median,
        lengths.p95,
        lengths.longest,
        {each: len(sizes) - bisect_right(sizes, each) for each in sorted({*LENGTHS, limit or LENGTHS[0]})},
        measuring.vocabulary_of(library, chosen),
        entries - len(sizes),
    )


@contextmanager
def _examined(library: Library, slug: str, chosen: Chosen, progress: Progress) -> Iterator[Ground]:
    """A dataset of which all is known, with a target that need not be its own."""
    bring_up_to_date(library, slug, progress, near=True)
    rules, own = criteria.rules_for(library, slug), criteria.target_for(library, slug)
    with reading(library, slug) as snapshot, import_folder(library.places.imports) as folder:
        if chosen == own:
            yield Ground(snapshot.info.path, snapshot.index, rules, own)
            return
        findings.copy(snapshot.connection, folder.index)
        ground = Ground(snapshot.info.path, folder.index, rules, chosen)
        examine(library, ground, progress)
        yield ground
