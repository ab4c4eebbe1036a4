"""What lies in a folder of the person's, for the field where a path is typed."""

import os
from pathlib import Path

MOST = 20
OPENED = (".json", ".jsonl", ".ndjson", ".txt", ".gz")


def beginning_with(typed: str) -> list[str]:
    """Folders (with a slash) and data files whose path begins as typed; none where nothing can be read."""
    try:
        path = Path(typed or "~/").expanduser()
        folder, start = (path, "") if typed.endswith(("/", os.sep)) or not typed else (path.parent, path.name)
        with os.scandir(folder) as found:
            items = [item for item in found if _fits(item, start)]
            names = sorted((not item.is_dir(), item.name, item.path + "/" * item.is_dir()) for item in items)
    except (OSError, ValueError, RuntimeError):  # RuntimeError: ~ of nobody
        return []
    return [name for _, _, name in names[:MOST]]


def _fits(item: "os.DirEntry[str]", start: str) -> bool:
    if not item.name.lower().startswith(start.lower()) or (
        item.name.startswith(".") and not start.startswith(".")
    ):
        return False
    return item.is_dir() or item.name.lower().endswith(OPENED)
