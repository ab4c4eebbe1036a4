"""Completion for the path field: what could be opened, as the person types."""

from app.store.folders import beginning_with

LONGEST = 4096


def completions(typed: str) -> list[str]:
    """Absolute paths that begin as typed; none for a text that is no absolute path."""
    if "\0" in typed or len(typed) > LONGEST:
        return []
    return [path for path in beginning_with(typed) if path.startswith("/") or path[1:2] == ":"]
