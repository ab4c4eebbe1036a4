"""Bringing files into the library: as working copies, or in place where a file can be trusted."""

import json
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from io import BytesIO
from itertools import islice
from pathlib import Path
from typing import IO, Any

from app.domain.entry import Entry, loads
from app.domain.formats import convert, recognise
from app.domain.names import dataset_slug, free_slug, stem_of
from app.errors import AppError, NotFound, StoreError, Unfinished
from app.registry.database import connected
from app.registry.models import Dataset
from app.services import shelving, taking_in
from app.services.converting import Importer, Outcome, TrustBroken
from app.services.library import Library
from app.services.operation import OperationInfo, operation
from app.services.reading import Progress, silent
from app.services.taking_in import Found
from app.store.atomic import disk
from app.store.datasets import signature
from app.store.imports import ImportFolder, import_folder, sha256_of
from app.store.places import sidecar_of
from app.store.publish import Step
from app.store.records import open_records
from app.store.sidecars import read

PREVIEWED = 25


@dataclass(frozen=True, slots=True)
class Imported:
    """What came of an import."""

    slug: str
    entries: int
    rejected: int
    records: int
    formats: dict[str, int]
    path: Path
    working_copy: bool
    existing: bool
    sidecar: str
    notes: list[str]
    operation: OperationInfo | None = None

    def as_json(self) -> dict[str, Any]:
        """The import as the command line prints it."""
        return {
            "slug": self.slug,
            "entries": self.entries,
            "rejected": self.rejected,
            "records": self.records,
            "formats": self.formats,
            "path": str(self.path),
            "working_copy": self.working_copy,
            "existing": self.existing,
            "sidecar": self.sidecar,
            "notes": self.notes,
        }


@dataclass(frozen=True, slots=True)
class Source:
    """What is imported: a file, what it is called, and how the person wants it."""

    path: Path
    stem: str
    name: str | None = None
    copy: bool = False
    encoding: str | None = None
    origin: str = ""
    sidecar: Path | None = None
    progress: Progress = field(default=silent)


def import_path(
    library: Library,
    path: Path,
    *,
    name: str | None = None,
    copy: bool = False,
    in_place: bool = False,
    encoding: str | None = None,
    progress: Progress = silent,
) -> Imported:
    """Open a file of this machine: as a working copy, or in place.

    The same bytes that were imported before give the dataset that exists, unless ``copy``.

    :raises Refused: if the file has no readable record, the name is taken, or ``in_place`` cannot be.
    :raises StoreError: if it cannot be read, or the copy cannot be written; nothing is created then.
    """
    from app.services import in_place as placing

    path = path.expanduser().absolute()
    with disk(f"{path} could not be read"):
        if not path.is_file():
            raise NotFound(f"There is no file {path}.", "Check the path; a folder cannot be imported.")
    if in_place:
        return placing.open_in_place(library, path, name=name, progress=progress)
    source = Source(path, stem_of(path.name), name, copy, encoding, str(path), sidecar_beside(path), progress)
    with import_folder(library.places.imports) as folder, ThreadPoolExecutor(1) as beside:
        hashing = beside.submit(sha256_of, path)  # in C, so that the import need not wait for it
        return _import(library, folder, source, hashing.result)


def import_upload(
    library: Library,
    stream: IO[bytes],
    filename: str,
    *,
    name: str | None = None,
    copy: bool = False,
    encoding: str | None = None,
    sidecar: IO[bytes] | None = None,
    progress: Progress = silent,
    received: Callable[[Path], None] = lambda path: None,
) -> Imported:
    """Import the bytes of an upload; see :func:`import_path`.

    :param sidecar: the bytes of the sidecar that came with it.
    :param received: told where the upload lies while it is read.
    """
    with import_folder(library.places.imports) as folder:
        digest = folder.receive(stream, lambda done: progress(done, 0))
        beside = folder.receive_sidecar(sidecar) if sidecar else None
        received(folder.upload)
        source = Source(
            folder.upload, stem_of(Path(filename).name), name, copy, encoding, filename, beside, progress
        )
        return _import(library, folder, source, lambda: digest)


def import_text(
    library: Library,
    text: str,
    name: str | None = None,
    *,
    progress: Progress = silent,
    received: Callable[[Path], None] = lambda path: None,
) -> Imported:
    """Import pasted text; see :func:`import_upload`."""
    stream = BytesIO(text.encode("utf-8", "surrogatepass"))
    return import_upload(library, stream, "pasted.jsonl", name=name, progress=progress, received=received)


def preview(path: Path, encoding: str | None = None) -> list[Entry]:
    """The first entries of a file, to be looked at while it is imported."""
    with open_records(path, encoding=encoding) as records:
        return list(islice(_readable(records), PREVIEWED))


def _readable(records: Iterable[Any]) -> Iterable[Entry]:
    for record in records:
        try:
            value = {} if record.error else loads(record.raw)
            shape = recognise(value)
            if shape:
                yield Entry(record.raw, convert(value, shape).value)
        except ValueError:
            continue


def sidecar_beside(path: Path) -> Path | None:
    """The sidecar that lies beside a file, if there is one."""
    sidecar = sidecar_of(path)
    with disk(f"{sidecar} could not be read"):
        return sidecar if sidecar.is_file() else None


def look_at(sidecar: Path) -> Found:
    """What a sidecar on the disk says, or why it is left alone."""
    try:
        return taking_in.look(read(sidecar))
    except StoreError as error:
        return Found(why=error.message.rstrip("."))


def _has_seen(library: Library, size: int) -> bool:
    """Whether a live dataset came from a file of that size, so that it may be the same file."""
    with connected():
        rows = Dataset.select(Dataset.report).where(Dataset.state == "live")
        return any(json.loads(row.report).get("bytes") == size for row in rows)


def _existing(library: Library, digest: str, source: Source) -> Imported | None:
    """The live dataset that came from bytes with this sha256, read in the same way."""
    with connected():
        rows = Dataset.select().where(Dataset.source_digest == digest, Dataset.state == "live")
        infos = [library.info(row) for row in rows]
    info = next((each for each in infos if each.report.get("encoding") == source.encoding), None)
    if info is None:
        return None
    report = info.report
    return Imported(
        info.slug,
        report.get("entries", info.entries),
        report.get("rejected", info.rejected),
        report.get("records", info.records),
        info.formats,
        info.path,
        not info.in_place,
        True,
        report.get("sidecar", "none"),
        info.notes,
    )


def _import(library: Library, folder: ImportFolder, source: Source, hashed: Callable[[], str]) -> Imported:
    """Build the dataset, unless there is one of the same bytes.

    :param hashed: gives the sha256 of the source, when it is known.
    """
    if source.name is not None:
        shelving.check_name(library, source.name)
    size = source.path.stat().st_size
    if not source.copy and _has_seen(library, size) and (found := _existing(library, hashed(), source)):
        return found
    outcome, sidecar = _built(folder, source)
    alone = bool(sidecar and source.sidecar and not sidecar.sidecar and _copied(folder, source.sidecar))
    report = outcome.report(source.origin, source.encoding, size)
    digest = hashed()
    with library.writing():
        if not source.copy and (found := _existing(library, digest, source)):
            return found
        slug = source.name or free_slug(dataset_slug(source.stem), shelving.taken(library))
        try:
            with operation(library, f"Import {slug}") as door:
                if source.name is not None:
                    shelving.check_name(library, source.name)
                row = shelving.create(
                    door, slug, uuid=outcome.dataset_uuid, source_digest=digest,
                    content=outcome.summary.content, size=outcome.summary.size,
                    entries=outcome.summary.entries, rejected=outcome.rejected, report=report,
                )  # fmt: skip
                _shelve(library, folder, door, slug, outcome.summary.content, has_sidecar=alone)
                taking_in.bring(door, row, sidecar, folder.index, report)
                built = signature(folder.dataset)
                shelving.baseline(door, row, built)
                folder.on_the_way = True
        except AppError as error:
            folder.on_the_way = isinstance(error, Unfinished)  # else nothing has happened
            raise
        folder.on_the_way = False
        folder.publish_index(library.index(row.id), library.places.dataset(slug), built)
    return Imported(
        slug, outcome.summary.entries, outcome.rejected, outcome.records, dict(outcome.formats),
        library.places.dataset(slug), True, False, report["sidecar"], report["notes"], door.info,
    )  # fmt: skip


def _built(folder: ImportFolder, source: Source) -> tuple[Outcome, Found | None]:
    """The dataset, built in its folder, and what there is to be taken from a sidecar."""
    found = look_at(source.sidecar) if source.sidecar else None
    while True:
        importer = Importer(folder, source.path, source.encoding, source.progress, taking_in.leads(found))
        try:
            outcome = importer.run(trusting=True)
        except TrustBroken:
            outcome = importer.run(trusting=False)
        fitting = found and taking_in.fit(found, outcome.carried)
        if found is None or fitting is None or fitting.aliases == found.aliases:
            return outcome, fitting
        found = fitting  # it belongs to another dataset, and so do the former tags that it names


def _copied(folder: ImportFolder, sidecar: Path) -> bool:
    """Whether a sidecar that is left alone comes along, byte for byte; one that cannot be read does not."""
    try:
        read(sidecar)
    except StoreError:
        return False
    with disk(f"{sidecar.name} could not be copied"):
        return folder.copy_sidecar(sidecar)


def _shelve(
    library: Library, folder: ImportFolder, door: Any, slug: str, content: str, *, has_sidecar: bool
) -> None:
    """Plan how the built files get to their places."""
    places = library.places
    path = places.dataset(slug)
    moves = [(folder.dataset, path), (folder.rejected, places.rejected(slug))]
    moves += [(folder.sidecar, sidecar_of(path))] if has_sidecar else []
    door.step(Step("make", places.spell(path.parent)))
    for built, target in moves:
        if built is folder.dataset or built.exists():
            door.step(Step("rename", places.spell(target), places.spell(built), after=content))
