"""The sample: a small dataset that comes with the app, to try things on."""

from app.config import ROOT
from app.services.library import Library
from app.services.opening import Imported, import_path

SAMPLE = ROOT / "app" / "data" / "sample.jsonl"


def open_sample(library: Library) -> Imported:
    """A working copy of the sample; the one that is open already, if there is one."""
    return import_path(library, SAMPLE)
