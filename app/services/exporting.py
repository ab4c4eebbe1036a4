"""Taking entries out: as a download, or into a file. The dataset itself is never written."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any

from app.domain.entry import Entry, NotJson, render
from app.domain.facts import payload
from app.domain.formats import chatml, sharegpt
from app.domain.view import View
from app.errors import Conflict, NotFound, Refused
from app.registry.database import connected
from app.registry.models import Dataset
from app.services.browsing import ranks_in
from app.services.library import Library
from app.services.reading import Progress, Snapshot, reading, silent
from app.store import queries
from app.store.exports import same_file, write_export
from app.store.finding import locate

FORMATS = ("chatml", "sharegpt")
_CHUNK = 1 << 18


@dataclass(slots=True)
class Report:
    """What an export carried; complete once it has run to its end."""

    entries: int = 0
    skipped: int = 0
    notes: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Exported:
    """What came of an export into a file."""

    path: Path
    entries: int
    files: list[Path]
    report: list[str]

    def as_json(self) -> dict[str, Any]:
        """The export as the command line prints it."""
        return {
            "path": str(self.path),
            "entries": self.entries,
            "files": [str(path) for path in self.files],
            "report": self.report,
        }


def export(
    library: Library,
    slug: str,
    form: str,
    *,
    clean: bool = False,
    selection: Sequence[str] | View | None = None,
    report: Report | None = None,
    progress: Progress = silent,
) -> Iterator[bytes]:
    """The export, in pieces of a few hundred kilobytes; entries in file order.

    :param clean: exactly the keys of the format, and nothing of ours.
    :param selection: keys, or the entries of a view; None for all.
    :param report: filled on the way.
    :raises Refused: for a format that there is not.
    :raises NotFound: if a selected entry is not there.
    """
    if form not in FORMATS:
        raise Refused(f"There is no format {form!r}.", f"Choose one of {', '.join(FORMATS)}.")
    report = report if report is not None else Report()
    with reading(library, slug) as snapshot:
        lines = _lines(snapshot, selection)
        convert = _converter(form, clean=clean, report=report)
        block: list[bytes] = []
        size = 0
        for number, line in enumerate(lines):
            text = convert(payload(line))
            if text is not None:
                block.append(text + b"\n")
                size += len(text) + 1
            if size >= _CHUNK:
                yield b"".join(block)
                progress(number, snapshot.summary.entries)
                block, size = [], 0
        if block:
            yield b"".join(block)


def export_to(
    library: Library,
    slug: str,
    form: str,
    out: Path | None = None,
    *,
    clean: bool = False,
    force: bool = False,
    selection: Sequence[str] | View | None = None,
    progress: Progress = silent,
) -> Exported:
    """Write an export to a file: whole, or not at all.

    :param out: where to; under ``exports/`` of the home, with a name of its own, if not given.
    :raises Conflict: if there is a file already and not ``force``.
    :raises Refused: if it is a dataset's own file, whatever ``force`` says.
    :raises StoreError: if the disk refuses; what was there is still there.
    """
    ending = f"{form}{'_clean' if clean else ''}.jsonl"
    target = (out.expanduser().absolute() if out else library.places.exports / f"{slug}_{ending}").resolve()
    _check_target(library, target)
    if target.exists() and not force:
        if out is not None:
            raise Conflict(f"There is a file {target} already.", "Choose another name, or say --force.")
        target = next(
            path for n in range(2, 100_000) if not (path := target.with_name(f"{slug}_{n}_{ending}")).exists()
        )
    report = Report()
    pieces = export(library, slug, form, clean=clean, selection=selection, report=report, progress=progress)
    write_export(target, pieces)
    return Exported(target, report.entries, [target], report.notes)


def _check_target(library: Library, target: Path) -> None:
    with connected():
        paths = [library.path_of(row) for row in Dataset.select()]
    if any(same_file(target, path) for path in paths):
        raise Refused(
            f"{target} is a dataset's own file.",
            "An export never writes over a dataset. Choose another name.",
        )
    if library.places.is_own(target):
        raise Refused(
            f"{target} lies among the library's own files.",
            f"Choose another place; {library.places.exports} is made for exports.",
        )


def _lines(snapshot: Snapshot, selection: Sequence[str] | View | None) -> Iterator[bytes]:
    """The raw lines that are to be exported."""
    if isinstance(selection, View):
        ranks = ranks_in(snapshot, selection)
    elif selection is None:
        ranks = ranks_in(snapshot, View())
    else:
        ranks = sorted({_rank(snapshot, key) for key in selection})
    numbers = iter(ranks)
    while some := list(islice(numbers, 500)):
        for row in queries.rows(snapshot.connection, some):
            yield snapshot.file.read(row.offset, row.length)


def _rank(snapshot: Snapshot, key: str) -> int:
    found = locate(snapshot.connection, key)
    if found is None:
        raise NotFound(f"There is no entry {key} in {snapshot.info.slug}.")
    return found.rank


def _converter(form: str, *, clean: bool, report: Report) -> Callable[[bytes], bytes | None]:
    """What makes the exported line of an entry's text; None for one that the format cannot hold."""
    shape = chatml if form == "chatml" else sharegpt

    def convert(text: bytes) -> bytes | None:
        if form == "chatml" and not clean:
            report.entries += 1
            return text
        try:
            line = render(shape(Entry.of(text).value, clean=clean))
        except (NotJson, ValueError) as reason:
            report.skipped += 1
            if len(report.notes) < 20:
                report.notes.append(f"An entry was left out: {reason}.")
            return None
        report.entries += 1
        return line

    return convert
