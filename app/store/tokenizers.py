"""The tokenizers of the person's own: copies in the home, named after their content."""

from hashlib import file_digest, sha256
from pathlib import Path

from app.errors import Refused
from app.store.atomic import discard, disk, reached, sync_folder, write_new
from app.store.places import TEMPORARY, Places

LARGEST = 256 * 1024 * 1024  # bytes


def keep(places: Places, data: bytes) -> str:
    """Keep a tokenizer.json; returns its name, the sha256 of its bytes. The caller holds the writer lock.

    :raises Refused: if it is too large.
    :raises StoreError: if the disk refuses.
    """
    if len(data) > LARGEST:
        raise Refused("This tokenizer is larger than 256 MB.", "Choose the tokenizer.json of a model.")
    digest = sha256(data).hexdigest()
    path = places.tokenizer(digest)
    if fault(path, digest):
        draft = path.with_name(f".{path.name}{TEMPORARY}")
        try:
            with disk("The tokenizer could not be kept"):
                write_new(draft, data)
                reached("tokenizer written")
                draft.replace(path)
                sync_folder(path.parent)
        finally:
            discard(draft)
    return digest


def fault(path: Path, digest: str) -> str:
    """What is wrong with a tokenizer that is kept, in words that follow its name; empty if nothing is."""
    try:
        with path.open("rb") as file:
            found = file_digest(file, "sha256").hexdigest()
    except FileNotFoundError:
        return "is not there"
    except OSError as error:
        return f"cannot be read ({error.strerror})"
    return "" if found == digest else "was changed by another program"


def read(path: Path) -> bytes:
    """The bytes of a file that the person points at.

    :raises StoreError: if it cannot be read.
    """
    with disk(f"{path.name} could not be read"), path.open("rb") as file:
        return file.read(LARGEST + 1)
