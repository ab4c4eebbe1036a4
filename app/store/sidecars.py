"""Sidecars on the disk."""

from pathlib import Path

from app.store.atomic import disk
from app.store.datasets import content_of


def read(path: Path) -> bytes:
    """The bytes of a sidecar; none where there is no such file.

    :raises StoreError: if the disk refuses.
    """
    with disk(f"{path.name} could not be read"):
        return path.read_bytes() if path.exists() else b""


def hash_of(path: Path) -> str:
    """The content hash of a sidecar; empty where there is no such file.

    :raises StoreError: if the disk refuses.
    """
    with disk(f"{path.name} could not be read"):
        return content_of(path)
