"""The folder in which a dataset is built before the library knows of it."""

import base64
import hashlib
import shutil
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO
from uuid import uuid4

import orjson
from filelock import FileLock

from app.domain.facts import Facts
from app.errors import StoreError
from app.store.atomic import BLOCK, Staged, copy_file, discard, disk, sync_folder
from app.store.datasets import content_hash, same_but_name, signature
from app.store.index import Builder, Index, Summary
from app.store.indexing import adopt, sign


class ImportFolder:
    """A folder of its own for one import; it goes away with everything in it unless it is published."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.upload = path / "upload"
        self.uploaded_sidecar = path / "upload.registry.json"
        self.dataset = path / "dataset.jsonl"
        self.rejected = path / "rejected.jsonl"
        self.sidecar = path / "sidecar.json"
        self.index = Index(path / "index")
        self.on_the_way = False  # whether a journal may name the files, so that they must stay

    def writer(self) -> "ImportWriter":
        """A new dataset, begun anew."""
        for file in (self.dataset, self.rejected):
            file.unlink(missing_ok=True)
        return ImportWriter(self)

    def copy_sidecar(self, source: Path) -> bool:
        """Copy a sidecar byte for byte; False if there is none to read."""
        if not source.is_file():
            return False
        copy_file(source, self.sidecar)
        return True

    def receive(self, stream: IO[bytes], progress: Callable[[int], None]) -> str:
        """Keep an upload; returns the sha256 of its bytes."""
        return self._receive(stream, self.upload, progress)

    def receive_sidecar(self, stream: IO[bytes]) -> Path:
        """Keep the sidecar that came with an upload."""
        self._receive(stream, self.uploaded_sidecar, lambda done: None)
        return self.uploaded_sidecar

    def _receive(self, stream: IO[bytes], target: Path, progress: Callable[[int], None]) -> str:
        hashed = hashlib.sha256()
        file = Staged(target)
        with disk("The upload could not be kept"):
            try:
                while block := stream.read(BLOCK):
                    hashed.update(block)
                    file.write(block)
                    progress(file.size)
            finally:
                file.close()
        return hashed.hexdigest()

    def publish_index(self, index: Index, file: Path, built: str) -> None:
        """Put the finished index in its place, as that of the published ``file``.

        :param built: the signature that the file had when it was built; if it is another one now,
            the index is rebuilt at the first reading.
        """
        with suppress(OSError, StoreError):
            present = signature(file)
            if same_but_name(built, present):
                adopt(index, self.index)
                sign(index, present)


class ImportWriter:
    """Writes the dataset, its index and its rejected records side by side, line by line."""

    def __init__(self, folder: ImportFolder) -> None:
        self.folder = folder
        self._index: Builder = folder.index.builder()
        try:
            self._file = Staged(folder.dataset)
        except OSError:
            self._index.abandon()
            raise
        self._rejected: Staged | None = None
        self.rejected = 0

    @property
    def entries(self) -> int:
        """How many entries were written."""
        return self._index.entries

    def add(self, line: bytes, found: Facts, texts: Iterable[tuple[str, str]]) -> None:
        """Write the line of one entry."""
        self._index.add(self._file.size, len(line), found, texts)
        self._file.write(line)

    def reject(self, line: int, offset: int, raw: bytes, reason: str) -> None:
        """Put a record aside, byte for byte."""
        if self._rejected is None:
            self._rejected = Staged(self.folder.rejected)
        self._rejected.write(rejected_line(line, offset, raw, reason))
        self.rejected += 1

    def finish(self) -> Summary:
        """Flush everything; the summary still lacks the signature of the published file."""
        self._file.close()
        if self._rejected:
            self._rejected.close()
        sync_folder(self.folder.path)
        content = content_hash(b"", (bytes(self._index.digests),))
        summary = Summary(
            "", content, "", "\n", True, self._index.lines, self._index.entries, self._file.size
        )
        self._index.finish(summary)
        return summary

    def abandon(self) -> None:
        """Drop everything."""
        self._file.discard()
        if self._rejected:
            self._rejected.discard()
        self._index.abandon()


def rejected_line(line: int, offset: int, raw: bytes, reason: str) -> bytes:
    """A rejected record as it is kept."""
    try:
        kept = {"text": raw.decode("utf-8")}
    except UnicodeDecodeError:
        kept = {"base64": base64.b64encode(raw).decode("ascii")}
    return orjson.dumps({"line": line, "offset": offset, "reason": reason, **kept}) + b"\n"


@contextmanager
def import_folder(imports: Path) -> Iterator[ImportFolder]:
    """A new folder for an import; whatever is still in it when the block ends is removed.

    If the import is committed and the disk does not let its files go to their places, they stay for later.
    """
    name = uuid4().hex
    lock = FileLock(imports / f"{name}.lock")
    path = imports / name
    folder = ImportFolder(path)
    with disk("The import could not be started"):
        lock.acquire()
    try:
        with disk("The import could not be written"):
            path.mkdir(mode=0o700)
            yield folder
    finally:
        if folder.on_the_way:
            lock.release()  # it is swept once no journal names what is in it
        else:
            _clear(path, lock)


def _clear(path: Path, lock: FileLock) -> None:
    shutil.rmtree(path, ignore_errors=True)
    lock.release()
    discard(path.with_name(f"{path.name}.lock"))


def sha256_of(path: Path) -> str:
    """The sha256 of a file.

    :raises StoreError: if it cannot be read.
    """
    with disk(f"{path} could not be read"), path.open("rb", buffering=0) as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def read_rejected(path: Path) -> list[bytes]:
    """The lines of a file of rejected records; none if there is no such file."""
    with disk("The rejected records could not be read"):
        if not path.exists():
            return []
        return [line for line in path.read_bytes().split(b"\n") if line]
