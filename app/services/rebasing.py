"""Taking an operation back in a file that other operations have changed since."""

from collections.abc import Iterable

from app.domain.change import ChangeSet
from app.domain.facts import payload
from app.errors import Conflict
from app.services.editor import Editor


def rebase(editor: Editor, inverse: ChangeSet, since: Iterable[ChangeSet]) -> None:
    """Apply an inverse to a file in which other entries have changed since, line by line.

    :param since: what the operation and all later ones did, oldest first.
    :raises Conflict: if they changed what it changed.
    """
    if inverse.order is not None and any(change.before is None for change in inverse.changes):
        raise Conflict("Later operations changed the dataset, and this one moved lines.", "Undo those first.")
    _rewrite_back(editor, inverse)
    back = sorted((c for c in inverse.changes if c.before is None), key=lambda change: change.after or 0)
    gaps = [change.after or 0 for change in back]
    for changes in since if back else ():
        gaps = changes.follow(gaps)
    for change, gap in zip(back, gaps, strict=True):
        editor.insert_raw(change.new, change.key, gap=gap)
    if inverse.order is not None:
        editor.reorder(inverse.order)
    if inverse.head is not None:
        editor.set_head(inverse.head[1])


def _rewrite_back(editor: Editor, inverse: ChangeSet) -> None:
    """Take out and rewrite the lines that an operation left, wherever they are by now."""
    places: dict[bytes, list[int]] = {}
    for position in range(editor.layout.count - 1, -1, -1):
        places.setdefault(editor.layout.digests[position], []).append(position)
    for change in inverse.changes:
        if change.before is None:
            continue
        if not places.get(change.was):
            raise Conflict(
                f"Entry {change.key} is no longer as that operation left it.", "Undo the later changes first."
            )
        line = editor.at(places[change.was].pop(), change.key)
        if change.after is None:
            editor.delete(line)
        else:
            editor.replace(line, payload(change.splice(line.raw)), change.key)
