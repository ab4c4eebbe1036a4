"""Where everything lives under a home, and what a dataset may be called."""

import os
import secrets
import stat
import tempfile
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from app.domain.names import fits, stem_of
from app.errors import Refused
from app.store.atomic import disk, write_new

FOLDERS = (
    "datasets",
    "backups/datasets",
    "backups/registry",
    "exports",
    "imports",
    "index",
    "tokenizers",
    "trash",
)
TEMPORARY = ".rolethread-tmp"
# How the names begin of what is ours alone in the home.
_OWN = (
    "datasets",
    "backups",
    "imports",
    "index",
    "tokenizers",
    "trash",
    "registry.",
    "drafts.",
    "owner.",
    "writer.",
    "server.",
)


@dataclass(frozen=True, slots=True)
class Places:
    """The paths of one home."""

    home: Path

    @property
    def registry(self) -> Path:
        """The registry database."""
        return self.home / "registry.sqlite3"

    @property
    def drafts(self) -> Path:
        """The database of unsaved text."""
        return self.home / "drafts.sqlite3"

    @property
    def writer_lock(self) -> Path:
        """The lock that every operation takes."""
        return self.home / "writer.lock"

    @property
    def server_lock(self) -> Path:
        """The lock that a server holds while it runs."""
        return self.home / "server.lock"

    @property
    def server_address(self) -> Path:
        """Where the running server is to be found."""
        return self.home / "server.address"

    @property
    def imports(self) -> Path:
        """Where uploads and files being imported are built."""
        return self.home / "imports"

    @property
    def tokenizers(self) -> Path:
        """The folder of the person's own tokenizers."""
        return self.home / "tokenizers"

    def tokenizer(self, digest: str) -> Path:
        """A tokenizer of the person's own, by the sha256 of its bytes."""
        return self.tokenizers / f"{digest}.json"

    @property
    def exports(self) -> Path:
        """Where exports go that name no place of their own."""
        return self.home / "exports"

    @property
    def datasets(self) -> Path:
        """The folder of the working copies."""
        return self.home / "datasets"

    def dataset_folder(self, slug: str) -> Path:
        """The folder of a dataset that the library holds."""
        return self.datasets / _name(slug)

    def registry_backup(self, at: datetime) -> Path:
        """A name for a backup of the registry that no other one has."""
        folder, stem = self.home / "backups" / "registry", f"registry_{at:%Y%m%d_%H%M%S}"
        names = (f"{stem}.sqlite", *(f"{stem}_{number:03d}.sqlite" for number in range(2, 1000)))
        return next(path for name in names if not (path := folder / name).exists())

    def folder(self, number: int, slug: str, state: str) -> Path:
        """The folder of a dataset, on the shelf (``live``) or in the trash."""
        return self.trash(number) if state == "trashed" else self.dataset_folder(slug)

    def kept(self, number: int, slug: str, state: str) -> Path:
        """The folder of a dataset's backups; in the trash they lie beside it."""
        return self.home / "trash" / f"{number}-backups" if state == "trashed" else self.backups(slug)

    def dataset(self, slug: str) -> Path:
        """The file of a working copy."""
        return self.dataset_folder(slug) / f"{slug}.jsonl"

    def rejected(self, slug: str) -> Path:
        """The rejected records of a dataset."""
        return self.dataset_folder(slug) / f"{slug}.rejected.jsonl"

    def backups(self, slug: str) -> Path:
        """The folder of a dataset's backups."""
        return self.home / "backups" / "datasets" / _name(slug)

    def index(self, number: int) -> Path:
        """The folder of a dataset's index, by the dataset's number."""
        return self.home / "index" / str(number)

    def trash(self, number: int) -> Path:
        """Where a dataset's folder goes when it is moved to the trash."""
        return self.home / "trash" / str(number)

    def is_own(self, path: Path) -> bool:
        """Whether a path is one that the app writes by itself; exports and the person's own files are not."""
        home = self.home.resolve()
        if not path.is_relative_to(home):
            return False
        first = path.relative_to(home).parts[:1]
        return not first or any(first[0].startswith(name) for name in _OWN)

    def spell(self, path: Path) -> str:
        """A path as it is recorded: relative inside the home, so that the home can be moved."""
        return path.relative_to(self.home).as_posix() if path.is_relative_to(self.home) else str(path)

    def resolve(self, spelt: str) -> Path:
        """The path that :meth:`spell` recorded."""
        return self.home / spelt


def sidecar_of(dataset: Path) -> Path:
    """The sidecar's place beside a dataset file: ``talks.jsonl`` has ``talks.registry.json``."""
    return dataset.with_name(f"{stem_of(dataset.name)}.registry.json")


def staged(target: Path, operation: int) -> Path:
    """The temporary name beside ``target`` under which an operation stages its new content."""
    return target.with_name(f".{target.name}.{operation}{TEMPORARY}")


def prepare(home: Path) -> Places:
    """Make the folders of a home, private to its owner, and say where everything is.

    :raises StoreError: if the disk refuses.
    """
    with disk(f"The home {home} could not be prepared"):
        home.mkdir(mode=0o700, parents=True, exist_ok=True)
        if not Places(home).registry.exists():
            _close(home)
        for folder in FOLDERS:
            (home / folder).mkdir(mode=0o700, parents=True, exist_ok=True)
    return Places(home)


def _close(folder: Path) -> None:
    """Keep others out of a folder that was there before us, unless it is one that many share (``/tmp``)."""
    state = folder.stat()
    ours = hasattr(os, "geteuid") and state.st_uid == os.geteuid() and folder != Path.home()
    if ours and stat.S_IMODE(state.st_mode) & 0o077 and not state.st_mode & stat.S_ISVTX:
        with suppress(OSError):  # a disk without permissions, such as FAT
            folder.chmod(0o700)


def keep_temporary_files(places: Places) -> None:
    """From now on this process writes its temporary files, such as uploads on their way, inside the home."""
    tempfile.tempdir = str(places.imports)


def owner_key(home: Path) -> bytes:
    """The owner's key of a home, made on first use, readable by its owner alone.

    :raises StoreError: if it can be neither read nor made.
    """
    path = home / "owner.key"
    with disk("The owner's key could not be read or made"):
        if not path.exists():
            draft = home / f".owner.key.{os.getpid()}{TEMPORARY}"
            write_new(draft, secrets.token_urlsafe(32).encode("ascii"))
            try:
                os.link(draft, path)
            except FileExistsError:
                pass  # another process was first; its key is the key
            except OSError:
                draft.replace(path)
            draft.unlink(missing_ok=True)
        return path.read_bytes().strip()


def _name(slug: str) -> str:
    """The slug itself, if it can be a folder's name.

    :raises Refused: for anything that could lead elsewhere.
    """
    if not fits(slug):
        raise Refused(f"{slug!r} cannot be the name of a dataset.", "Letters, digits, _ and - are safe.")
    return slug
