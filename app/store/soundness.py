"""Looking at files without changing one: open to others, left behind, unreadable, short of room."""

import json
import os
import shutil
import stat
import time
from pathlib import Path

from app.store.atomic import disk
from app.store.places import TEMPORARY, sidecar_of

LEFT_BEHIND = 3600.0  # seconds after which no operation can still be writing a temporary file


def open_to_others(path: Path) -> bool:
    """Whether anybody but the owner may read or change it; False where the system does not tell."""
    if os.name == "nt":
        return False
    try:
        return bool(path.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO))
    except FileNotFoundError:
        return False


def left_behind(home: Path, keep: set[Path]) -> list[Path]:
    """Our temporary files that nothing is writing any more, except those in ``keep``."""
    newest = time.time() - LEFT_BEHIND
    with disk(f"{home} could not be looked through"):
        found = [path for path in home.rglob(f".*{TEMPORARY}") if path not in keep]
        return sorted(path for path in found if path.stat().st_mtime < newest)


def sidecar_fault(dataset: Path) -> str:
    """Why the sidecar beside a dataset cannot be read; empty if it can, or there is none."""
    sidecar = sidecar_of(dataset)
    try:
        value = json.loads(sidecar.read_bytes())
    except FileNotFoundError:
        return ""
    except (OSError, ValueError, RecursionError) as error:
        return f"{sidecar.name} cannot be read: {error}"
    known = isinstance(value, dict) and isinstance(value.get("metadata"), dict)
    return "" if known else f"{sidecar.name} is no sidecar"


def free_space(folder: Path) -> int:
    """The bytes that can still be written there."""
    with disk(f"The free space of {folder} could not be told"):
        return shutil.disk_usage(folder).free
