"""Whether a file is one that the app wrote, by what its own lines say."""

from pathlib import Path

from app.domain.entry import BLOCK, Entry, NotJson
from app.domain.facts import payload
from app.store.atomic import BLOCK as BLOCK_SIZE
from app.store.atomic import disk
from app.store.datasets import framing, lines


def trusted_uuid(path: Path) -> str | None:
    """The one dataset uuid of a trusted file; None if the file is not trusted.

    Every line must be a ChatML entry that says it is native, blank lines aside.

    :raises StoreError: if the file cannot be read.
    """
    found: str | None = None
    with disk(f"{path.name} could not be read"), path.open("rb", buffering=BLOCK_SIZE) as file:
        for line in lines(file, len(framing(file).head)):
            text = payload(line)
            if not text.strip():
                continue
            uuid = _native_uuid(text)
            if uuid is None or found not in (None, uuid):
                return None
            found = uuid
    return found


def _native_uuid(text: bytes) -> str | None:
    try:
        entry = Entry.of(text)
    except NotJson:
        return None
    block = entry.value.get(BLOCK)
    native = isinstance(block, dict) and block.get("native") is True
    return entry.dataset_uuid if native and isinstance(entry.value.get("messages"), list) else None
