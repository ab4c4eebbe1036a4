"""The tokenizers of the person's own: copies in the home, named after their content."""

from hashlib import sha256
from pathlib import Path

from app.errors import Refused
from app.store.atomic import disk, sync_folder, write_new
from app.store.places import Places

LARGEST = 256 * 1024 * 1024  # bytes


def keep(places: Places, data: bytes) -> str:
    """Keep a tokenizer.json; returns its name, the sha256 of its bytes.

    :raises Refused: if it is too large.
    :raises StoreError: if the disk refuses.
    """
    if len(data) > LARGEST:
        raise Refused("This tokenizer is larger than 256 MB.", "Choose the tokenizer.json of a model.")
    digest = sha256(data).hexdigest()
    path = places.tokenizer(digest)
    with disk("The tokenizer could not be kept"):
        if not path.exists():
            draft = path.with_suffix(".rolethread-tmp")
            draft.unlink(missing_ok=True)
            write_new(draft, data)
            draft.replace(path)
            sync_folder(path.parent)
    return digest


def read(path: Path) -> bytes:
    """The bytes of a file that the person points at.

    :raises StoreError: if it cannot be read.
    """
    with disk(f"{path.name} could not be read"), path.open("rb") as file:
        return file.read(LARGEST + 1)
