"""Taking entries out: as a download, or into a file. The dataset itself is never written."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from itertools import chain, count, islice, tee
from pathlib import Path
from typing import Any

from app.domain.entry import Entry, NotJson, faithful, spell
from app.domain.facts import payload
from app.domain.formats import chatml, plain_chatml, plain_sharegpt, sharegpt, with_names
from app.domain.sidecar import UnreadableSidecar, parsed
from app.domain.view import View
from app.errors import Conflict, NotFound, Refused
from app.registry import casts
from app.registry.database import connected
from app.registry.models import Dataset, Mapping
from app.services import sidecars
from app.services.browsing import ranks_in
from app.services.library import Library
from app.services.reading import Progress, Snapshot, reading, silent
from app.services.tallies import Use
from app.store import queries
from app.store.exports import remove_export, same_file, write_export, zipped
from app.store.finding import locate_all
from app.store.places import sidecar_of
from app.store.sidecars import read

FORMATS = ("chatml", "sharegpt")
NAMING = ("text", "name")
_CHUNK = 1 << 18
_NOTES = 20
_TOGETHER = 200  # lines whose names are looked up at once


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
    characters: str = "",
    report: Report | None = None,
    progress: Progress = silent,
) -> Iterator[bytes]:
    """The export, in pieces of a few hundred kilobytes; entries in file order.

    :param clean: exactly the keys of the format, and nothing of ours.
    :param characters: how messages say who speaks them, one of ``NAMING``; empty, if they do not.
    :param selection: keys, or the entries of a view; None for all.
    :param report: filled on the way.
    :raises Refused: for a format that there is not.
    :raises NotFound: if a selected entry is not there.
    """
    if form not in FORMATS:
        raise Refused(f"There is no format {form!r}.", f"Choose one of {', '.join(FORMATS)}.")
    if characters and characters not in NAMING:
        raise Refused(f"Names cannot be put into {characters!r}.", f"Choose one of {', '.join(NAMING)}.")
    report = report if report is not None else Report()
    with reading(library, slug) as snapshot:
        if characters:
            named = _with_names(_first_or_not(snapshot, selection), snapshot.info.id)
            blocks = _blocks(named, partial(_named, form, clean, characters), report)
        else:
            blocks = _blocks(_lines(snapshot, selection), _writer(form, clean=clean), report)
        for block in blocks:
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
    characters: str = "",
    progress: Progress = silent,
) -> Exported:
    """Write an export to a file: whole, or not at all. One that is not clean gets its sidecar beside it.

    The two are a pair: where a clean one takes the place of one that was not, that one's sidecar goes.

    :param out: where to; under ``exports/`` of the home, with a name of its own, if not given.
    :raises Conflict: if there is a file already and not ``force``.
    :raises Refused: whatever ``force`` says, if it is a dataset's own file, or if a clean export would
        come to lie beside a sidecar that is not of this dataset.
    :raises StoreError: if the disk refuses; what was there is still there.
    """
    ending = f"{form}{'_clean' if clean else ''}.jsonl"
    target = (out.expanduser().absolute() if out else library.places.exports / f"{slug}_{ending}").resolve()
    _check_target(library, target)
    if not force and (taken := _taken(target)):
        if out is not None:
            raise Conflict(f"There is a file {taken} already.", "Choose another name, or say --force.")
        numbered = (target.with_name(f"{slug}_{n}_{ending}") for n in count(2))
        target = next(path for path in numbered if not _taken(path))
    if clean:
        _check_stale(library, slug, sidecar_of(target))
    report = Report()
    pieces = export(
        library, slug, form, clean=clean, selection=selection, characters=characters, report=report,
        progress=progress,
    )  # fmt: skip
    write_export(target, pieces)
    files, beside = [target], sidecar_of(target)
    if not clean:
        files.append(beside)
        write_export(beside, [sidecar(library, slug, target.name, selection, report.entries)])
    elif remove_export(beside):
        report.notes.append(f"{beside.name} was removed: it told of the export that was there before.")
    return Exported(target, report.entries, files, report.notes)


def export_zip(
    library: Library,
    slug: str,
    form: str,
    *,
    selection: Sequence[str] | View | None = None,
    characters: str = "",
) -> Iterator[bytes]:
    """An export that is not clean and its sidecar, as the pieces of a zip archive.

    :raises Refused, NotFound: as :func:`export`.
    """
    report, filename = Report(), f"{slug}_{form}.jsonl"
    pieces = export(library, slug, form, selection=selection, characters=characters, report=report)
    first = next(pieces, b"")  # a refusal is raised here

    def members() -> Iterator[tuple[str, Iterable[bytes]]]:
        yield filename, chain((first,), pieces)
        beside = sidecar_of(Path(filename)).name
        yield beside, (sidecar(library, slug, filename, selection, report.entries),)

    yield from zipped(members())


def has_characters(library: Library, slug: str) -> bool:
    """Whether anybody is known to speak in a dataset."""
    with connected():
        return bool(Mapping.select().where(Mapping.dataset == library.row(slug).id).exists())


def sidecar(
    library: Library, slug: str, filename: str, selection: Sequence[str] | View | None, entries: int
) -> bytes:
    """The sidecar of an export.

    :param filename: of the exported entries.
    :param entries: how many these are.
    """
    with reading(library, slug) as snapshot:
        connection = snapshot.connection
        ranks = _chosen(snapshot, View() if selection is None else selection)
        counts = queries.tag_counts_of(connection, ranks)
        uses = {name: Use(label, count) for name, label, count in counts}
        return sidecars.part(
            library, slug, sidecars.Part(filename, entries, uses, queries.uuids_of(connection, ranks))
        )


def _check_target(library: Library, target: Path) -> None:
    with connected():
        paths = [library.path_of(row) for row in Dataset.select()]
    pair = (target, sidecar_of(target))
    if any(same_file(ours, own) for path in paths for own in (path, sidecar_of(path)) for ours in pair):
        raise Refused(
            f"{target} is a dataset's own file.",
            "An export never writes over a dataset. Choose another name.",
        )
    if library.places.is_own(target):
        raise Refused(
            f"{target} lies among the library's own files.",
            f"Choose another place; {library.places.exports} is made for exports.",
        )


def _taken(target: Path) -> Path | None:
    """The file that is where an export or its sidecar would be, if there is one."""
    return next((path for path in (target, sidecar_of(target)) if path.exists()), None)


def _check_stale(library: Library, slug: str, beside: Path) -> None:
    """Nothing, if what lies where a clean export has no sidecar is nothing, or the sidecar of an earlier one.

    :raises Refused: if it is something else.
    """
    if not beside.exists():
        return
    try:
        found = parsed(read(beside))
    except UnreadableSidecar:
        found = None
    if found is None or found.dataset_uuid != library.dataset(slug).uuid:
        raise Refused(
            f"{beside} is not of an export of {slug}, and would seem to belong to this one.",
            "Choose another name.",
        )


def _lines(snapshot: Snapshot, selection: Sequence[str] | View | None) -> Iterator[bytes]:
    """The raw lines that are to be exported."""
    summary = snapshot.summary
    if selection is None and summary.entries == summary.lines:
        return snapshot.file.every_line(len(summary.head) // 2)
    return snapshot.file.lines(_places(snapshot, selection))


def _places(snapshot: Snapshot, selection: Sequence[str] | View | None) -> Iterator[tuple[int, int]]:
    """Offset and length of the lines that are to be exported."""
    if selection is None or (isinstance(selection, View) and _is_plain(selection)):
        return queries.places(snapshot.connection, selection or View())
    return queries.places_of(snapshot.connection, _chosen(snapshot, selection))


def _first_or_not(snapshot: Snapshot, selection: Sequence[str] | View | None) -> Iterator[tuple[bytes, bool]]:
    """The raw lines that are to be exported, and whether each is the first of its id in the dataset."""
    repeats = queries.repeats(snapshot.connection)
    offsets, places = tee(_places(snapshot, selection))
    for (offset, _), line in zip(offsets, snapshot.file.lines(places), strict=True):
        yield line, offset not in repeats


def _chosen(snapshot: Snapshot, selection: Sequence[str] | View) -> list[int]:
    """The ranks of the entries that are to be exported, in file order."""
    return (
        ranks_in(snapshot, selection)
        if isinstance(selection, View)
        else sorted(set(_ranks(snapshot, selection)))
    )


def _is_plain(view: View) -> bool:
    """Whether the index alone can tell which entries a view names."""
    return not (view.query or view.character)


def _ranks(snapshot: Snapshot, keys: Sequence[str]) -> Iterator[int]:
    for key, found in zip(keys, locate_all(snapshot.connection, keys), strict=True):
        if found is None:
            raise NotFound(f"There is no entry {key} in {snapshot.info.slug}.")
        yield found.rank


def _blocks(lines: Iterable[Any], write: Callable[[Any], bytes], report: Report) -> Iterator[bytes]:
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


def _with_names(lines: Iterator[tuple[bytes, bool]], dataset: int) -> Iterator[tuple[bytes, dict[int, str]]]:
    """Each line, and who speaks its messages; of those that share an id, it is known of the first."""
    while some := list(islice(lines, _TOGETHER)):
        uuids = [_uuid(line) if first else "" for line, first in some]
        with connected():
            found = casts.names(dataset, [uuid for uuid in uuids if uuid])
        yield from ((line, found.get(uuid, {})) for (line, _), uuid in zip(some, uuids, strict=True))


def _uuid(line: bytes) -> str:
    try:
        return Entry.of(payload(line)).uuid or ""
    except NotJson:
        return ""


def _named(form: str, clean: bool, how: str, item: tuple[bytes, dict[int, str]]) -> bytes:
    line, names = item
    if not names:
        return _writer(form, clean=clean)(line)
    shape = chatml if form == "chatml" else sharegpt
    return spell(with_names(shape(faithful(payload(line))[0], clean=clean), names, how))


def _clean_chatml(line: bytes) -> bytes:
    return spell(plain_chatml(line) or chatml(faithful(payload(line))[0], clean=True))


def _clean_sharegpt(line: bytes) -> bytes:
    return spell(plain_sharegpt(line) or sharegpt(faithful(payload(line))[0], clean=True))


def _full_sharegpt(line: bytes) -> bytes:
    return spell(sharegpt(faithful(payload(line))[0], clean=False))
