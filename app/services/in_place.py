"""Files edited where they are: a dataset that the app wrote, in the person's own folder."""

import json
from pathlib import Path
from typing import Any

from app.domain.names import dataset_slug, free_slug, stem_of
from app.errors import Refused
from app.registry.database import connected
from app.registry.models import Dataset
from app.services import shelving, sidecars, taking_in
from app.services.library import Library
from app.services.opening import Imported, look_at, sidecar_beside
from app.services.operation import Door, operation
from app.services.reading import Progress
from app.store.imports import ImportFolder, import_folder
from app.store.indexing import build
from app.store.trust import trusted_uuid

_HINT = "Open it as a working copy instead; the original is then never written."


def open_in_place(library: Library, path: Path, *, name: str | None, progress: Progress) -> Imported:
    """List a trusted dataset file where it is.

    :raises Refused: if the file is not one that the app wrote, or lies inside the home.
    """
    path = path.resolve()
    if library.places.is_own(path):
        raise Refused(f"{path.name} lies among the library's own files.", "Open it from the library.")
    existing = _existing(library, path)
    if existing:
        return existing
    uuid = trusted_uuid(path)
    if uuid is None:
        raise Refused(
            f"{path.name} cannot be edited in place: not every entry of it was written by the app.", _HINT
        )
    with import_folder(library.places.imports) as folder:
        size = path.stat().st_size
        summary = build(folder.index, path, lambda done: progress(done, size))
        with library.writing():
            if existing := _existing(library, path):
                return existing
            slug = name or free_slug(dataset_slug(stem_of(path.name)), shelving.taken(library))
            with operation(library, f"Open {slug} in place") as door:
                if name is not None:
                    shelving.check_name(library, name)
                report = _report(path, summary.entries)
                row = shelving.create(
                    door, slug, uuid=uuid, location=str(path), content=summary.content, size=summary.size,
                    entries=summary.entries, report=report,
                )  # fmt: skip
                _bring(door, row, path, folder, report)
                shelving.baseline(door, row, summary.signature)
            folder.publish_index(library.index(row.id), path, summary.signature)
    return _imported(library, row, report, existing=False)


def _report(path: Path, entries: int) -> dict[str, Any]:
    return {
        "entries": entries,
        "rejected": 0,
        "records": entries,
        "formats": {"chatml": entries},
        "notes": [],
        "sidecar": "none",
        "origin": str(path),
    }


def _bring(door: Door, row: Dataset, path: Path, folder: ImportFolder, report: dict[str, Any]) -> None:
    """Take in the sidecar that lies beside the file, which stays as it is until something changes."""
    sidecar = sidecar_beside(path)
    found = taking_in.fit(look_at(sidecar), {row.uuid}) if sidecar else None
    taking_in.bring(door, row, found, folder.index, report)
    if sidecar and found and found.sidecar:
        sidecars.recognise(row, sidecar)
        door.said.discard(row.id)


def _existing(library: Library, path: Path) -> Imported | None:
    with connected():
        row = Dataset.get_or_none(Dataset.location == str(path), Dataset.state == "live")
        return _imported(library, row, json.loads(row.report), existing=True) if row else None


def _imported(library: Library, row: Dataset, report: dict[str, Any], *, existing: bool) -> Imported:
    with connected():
        info = library.info(row)
    return Imported(
        info.slug, info.entries, info.rejected, info.records, info.formats, info.path, False, existing,
        report["sidecar"], report["notes"],
    )  # fmt: skip
