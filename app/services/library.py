"""The library: one home with its datasets, its registry and its locks."""

import json
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from threading import RLock
from typing import Any

from filelock import FileLock, Timeout

from app.config import Config
from app.errors import Busy, Moved, NotFound
from app.registry import history
from app.registry.database import connected, open_registry, registry_is_current
from app.registry.drafts import open_drafts
from app.registry.models import Dataset, FormerSlug
from app.store.atomic import disk
from app.store.datasets import signature
from app.store.index import Index, Summary
from app.store.places import Places, owner_key, prepare

PATIENCE = 60.0  # seconds that an operation waits for another one to end


@dataclass(frozen=True, slots=True)
class DatasetInfo:
    """What the library knows of a dataset without reading its file.

    ``state`` is ``ready``, ``missing`` (a file in place that is gone) or ``changed_outside``
    (another program changed it, and the person has not yet chosen).
    """

    id: int
    uuid: str
    slug: str
    path: Path
    in_place: bool
    trashed: bool
    entries: int
    rejected: int
    unreadable: int  # lines of the file itself that are no entries
    size: int
    content: str
    state: str
    created_at: datetime
    changed_at: datetime
    report: dict[str, Any]
    sidecar: str  # none seen, found, used (as we wrote it), or alone: not ours to write
    sidecar_note: str  # why it was left alone

    @property
    def notes(self) -> list[str]:
        """What the import had to say."""
        return list(self.report.get("notes", ()))

    @property
    def sidecar_waits(self) -> bool:
        """Whether a sidecar was left alone, and the person has not yet said that it shall stay."""
        return self.sidecar == "alone" and self.report.get("sidecar_kept") != self.sidecar_note

    @property
    def formats(self) -> dict[str, int]:
        """How many records of each shape the import met."""
        return dict(self.report.get("formats", {}))

    @property
    def records(self) -> int:
        """Entries and rejected records together."""
        return self.entries + self.rejected


class Library:
    """One home, opened. Every service takes it first."""

    def __init__(self, config: Config, places: Places) -> None:
        self.config = config
        self.places = places
        self._threads = RLock()
        self._file_lock = FileLock(places.writer_lock, thread_local=False)

    @classmethod
    def open(cls, config: Config) -> "Library":
        """Prepare the home, bring the registry up to date, and finish what was committed.

        :raises StoreError: if the home cannot be prepared or read.
        :raises RegistryTooNew: if a later version of the app wrote the registry.
        """
        from app.services import recovering

        library = cls(config, prepare(config.home))
        with library.writing(at_once=registry_is_current(library.places.registry)) as alone:
            if alone:
                recovering.back_up_registry(library)
            open_registry(library.places.registry)
            open_drafts(library.places.drafts)
            if alone:
                recovering.recover(library)
                recovering.tidy(library)
        return library

    @property
    def home(self) -> Path:
        """The folder that holds everything."""
        return self.places.home

    @property
    def owner_key(self) -> bytes:
        """The key that opens the pages."""
        return owner_key(self.home)

    @contextmanager
    def writing(self, *, at_once: bool = False) -> Iterator[bool]:
        """The writer lock of the home, for the length of the block; whether we have it. May be nested.

        :param at_once: do not wait, but go on without it; another process is at work then, and
            whoever writes next finishes what that one leaves.
        :raises Busy: if another operation keeps it for longer than a minute.
        """
        if not self._locked(0 if at_once else PATIENCE):
            if not at_once:
                raise Busy("Another operation is still at work on this home.")
            yield False
            return
        try:
            yield True
        finally:
            self._file_lock.release()
            self._threads.release()

    def _locked(self, patience: float) -> bool:
        """Take the writer lock; False if another thread or process keeps it for so many seconds."""
        if not self._threads.acquire(timeout=patience):
            return False
        taken = False
        try:
            with disk("The lock of the home could not be taken"), suppress(Timeout):
                self._file_lock.acquire(timeout=patience)
                taken = True
        finally:
            if not taken:
                self._threads.release()
        return taken

    def datasets(self, *, trashed: bool = False) -> list[DatasetInfo]:
        """The datasets, last changed first."""
        state = "trashed" if trashed else "live"
        with connected():
            rows = Dataset.select().where(Dataset.state == state).order_by(Dataset.changed_at.desc())
            return [self.info(row) for row in rows]

    def dataset(self, slug: str) -> DatasetInfo:
        """The dataset of that name.

        :raises Moved: if it was renamed; ``details["slug"]`` is the present name.
        :raises NotFound: if there is none.
        """
        with connected():
            return self.info(self.row(slug))

    def row(self, slug: str, *, or_trashed: bool = False) -> Dataset:
        """The registry's row of a live dataset; the caller is connected.

        :param or_trashed: else of the one of that name that was moved to the trash last.
        """
        row = Dataset.get_or_none(Dataset.slug == slug, Dataset.state == "live")
        if row is None and or_trashed:
            row = Dataset.select().where(Dataset.slug == slug).order_by(Dataset.changed_at.desc()).first()
        if row is not None:
            return row
        former = FormerSlug.get_or_none(FormerSlug.slug == slug)
        if former is not None and former.dataset.state == "live":
            raise Moved(f"{slug} is now called {former.dataset.slug}.", slug=former.dataset.slug)
        trashed = Dataset.get_or_none(Dataset.slug == slug)
        hint = "One of that name is in the trash: take it out first." if trashed else ""
        raise NotFound(f"There is no dataset called {slug}.", hint)

    def path_of(self, row: Dataset) -> Path:
        """Where a dataset's file is."""
        if row.location:
            return Path(row.location)
        if row.state == "trashed":
            return self.places.trash(row.id) / f"{row.slug}.jsonl"
        return self.places.dataset(row.slug)

    def info(self, row: Dataset) -> DatasetInfo:
        """What there is to say of a row."""
        path = self.path_of(row)
        mark = signature(path)
        summary = self.index(row.id).summary()
        counted = summary is not None and summary.signature == mark
        return DatasetInfo(
            id=row.id,
            uuid=row.uuid,
            slug=row.slug,
            path=path,
            in_place=row.location is not None,
            trashed=row.state == "trashed",
            entries=summary.entries if summary and counted else row.entries,
            rejected=row.rejected,
            unreadable=summary.unreadable if summary and counted else 0,
            size=row.size,
            content=row.content,
            state=_state(row, mark, summary),
            created_at=datetime.fromisoformat(row.created_at),
            changed_at=datetime.fromisoformat(row.changed_at),
            report=json.loads(row.report),
            sidecar=row.sidecar,
            sidecar_note=row.sidecar_note,
        )

    def index(self, number: int) -> Index:
        """The index of the dataset with that number, whatever its state."""
        return Index(self.places.index(number))


def _state(row: Dataset, mark: str, summary: Summary | None) -> str:
    if not mark:
        return "missing"
    strange = summary is not None and summary.signature == mark and summary.content != row.content
    if row.blocked or (strange and not history.unpublished(row.id)):
        return "changed_outside"
    return "ready"
