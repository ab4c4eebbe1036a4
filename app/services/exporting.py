"""Taking entries out: as a download, or into a file. The dataset itself is never written."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from app.domain.entry import faithful, spell
from app.domain.facts import payload
from app.domain.formats import chatml, plain_chatml, plain_sharegpt, sharegpt
from app.domain.view import View
from app.errors import Conflict, NotFound, Refused
from app.registry.database import connected
from app.registry.models import Dataset
from app.services.browsing import ranks_in
from app.services.library import Library
from app.services.reading import Progress, Snapshot, reading, silent
from app.store import queries
from app.store.exports import same_file, write_export
from app.store.finding import locate_all

FORMATS = ("chatml", "sharegpt")
_CHUNK = 1 << 18
_NOTES = 20


@dataclass(slots=True)
class Report:
    """What an export carried; complete once it has run to its end."""

    entries: int = 0
    skipped: int = 0
    notes: list[str] = field(default_factory=list)

    def leave_out(self, reason: str) -> None:
        """Count an entry that the format cannot hold."""
        self.skipped += 1
        if len(self.notes) < _NOTES:
            self.notes.append(f"An entry was left out: {reason}.")


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
        for block in _blocks(_lines(snapshot, selection), _writer(form, clean=clean), report):
            yield block
            progress(report.entries + report.skipped, snapshot.summary.entries)


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
    summary = snapshot.summary
    if selection is None and summary.entries == summary.lines:
        return snapshot.file.every_line(len(summary.head) // 2)
    if selection is None or (isinstance(selection, View) and not selection.query):
        places = queries.places(snapshot.connection, selection or View())
    elif isinstance(selection, View):
        places = queries.places_of(snapshot.connection, ranks_in(snapshot, selection))
    else:
        ranks = sorted(set(_ranks(snapshot, selection)))
        places = queries.places_of(snapshot.connection, ranks)
    return snapshot.file.lines(places)


def _ranks(snapshot: Snapshot, keys: Sequence[str]) -> Iterator[int]:
    for key, found in zip(keys, locate_all(snapshot.connection, keys), strict=True):
        if found is None:
            raise NotFound(f"There is no entry {key} in {snapshot.info.slug}.")
        yield found.rank


def _blocks(lines: Iterable[bytes], write: Callable[[bytes], bytes], report: Report) -> Iterator[bytes]:
    """The exported lines, some hundred kilobytes at once; the report counts those that are out."""
    block: list[bytes] = []
    size = 0
    for line in lines:
        try:
            text = write(line)
        except ValueError as reason:  # NotJson, Unfaithful, NotConvertible
            report.leave_out(str(reason))
            continue
        block.append(text)
        size += len(text)
        if size >= _CHUNK:
            report.entries += len(block)
            yield b"\n".join((*block, b""))
            block, size = [], 0
    report.entries += len(block)
    yield b"\n".join((*block, b""))


def _writer(form: str, *, clean: bool) -> Callable[[bytes], bytes]:
    """What makes the exported line of a raw one, or raises a ValueError that says why there is none."""
    if form == "chatml":
        return _clean_chatml if clean else payload
    return _clean_sharegpt if clean else _full_sharegpt


def _clean_chatml(line: bytes) -> bytes:
    return spell(plain_chatml(line) or chatml(faithful(payload(line))[0], clean=True))


def _clean_sharegpt(line: bytes) -> bytes:
    return spell(plain_sharegpt(line) or sharegpt(faithful(payload(line))[0], clean=True))


def _full_sharegpt(line: bytes) -> bytes:
    return spell(sharegpt(faithful(payload(line))[0], clean=False))
