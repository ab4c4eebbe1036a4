"""Reading a dataset at one moment: its file, and an index that describes just that file."""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from app.errors import NotFound, StoreError
from app.services.library import DatasetInfo, Library
from app.store.datasets import OpenFile, opened, signature, size_of
from app.store.index import Index, Summary, summary_of
from app.store.indexing import rebuild

Progress = Callable[[int, int], None]
ATTEMPTS = 5


def silent(done: int, total: int) -> None:
    """Progress that nobody watches."""


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A dataset as it was at one moment, whatever is saved while the block lasts."""

    info: DatasetInfo
    index: Index
    connection: sqlite3.Connection
    file: OpenFile
    summary: Summary


@contextmanager
def reading(library: Library, slug: str) -> Iterator[Snapshot]:
    """The dataset as it is now. Waits for an operation that is just being put in place.

    :raises NotFound: if there is no such dataset, or its file is gone.
    """
    info = library.dataset(slug)
    for _ in range(ATTEMPTS):
        index = current_index(library, info)
        with opened(info.path) as file, index.connect() as connection:
            connection.execute("BEGIN")
            summary = summary_of(connection)
            if summary and summary.signature == file.signature:
                yield Snapshot(info, index, connection, file, summary)
                return
    raise StoreError(f"{slug} is being changed by another program faster than it can be read.")


def current_index(library: Library, info: DatasetInfo, progress: Progress = silent) -> Index:
    """The index of a dataset, made anew if the file is not the one that it describes.

    :param progress: told the bytes read and the bytes in all, if the file has to be read.
    :raises NotFound: if the file is gone.
    """
    index = library.index(info.id)
    if _describes(index, signature(info.path)):
        return index
    with library.writing():  # an operation may be putting its files in place
        mark = signature(info.path)
        if not mark:
            raise NotFound(
                f"The file of {info.slug} is not there: {info.path}", "Put it back, or unlist the dataset."
            )
        if not _describes(index, mark):
            rebuild(index, info.path, lambda done: progress(done, info.size))
    return index


def bytes_to_read(library: Library, info: DatasetInfo) -> int:
    """How much of a dataset's file has to be read before anything of it can be shown; mostly nothing."""
    return 0 if is_current(library, info) else size_of(info.path) or 0


def is_current(library: Library, info: DatasetInfo) -> bool:
    """Whether a dataset can be looked at without reading its file anew."""
    return _describes(library.index(info.id), signature(info.path))


def _describes(index: Index, mark: str) -> bool:
    summary = index.summary()
    return bool(mark) and summary is not None and summary.signature == mark
