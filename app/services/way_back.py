"""The way back of a dataset to an earlier point: all changes since then, turned round."""

from collections.abc import Iterator

from app.domain.change import Change, ChangeSet
from app.domain.entry import Entry, NotJson, digest
from app.domain.facts import payload
from app.domain.transition import Side, transition
from app.errors import Refused
from app.registry import history
from app.registry.models import Dataset, Operation
from app.services.editor import Editor
from app.store.datasets import content_hash
from app.store.finding import key_of

_LOST = "The way back to that point is not known: another program changed the file in between."


def since(target: Operation, dataset: Dataset) -> Iterator[ChangeSet]:
    """What an operation and all later ones did to a dataset, oldest first."""
    for number in sorted(each.id for each in history.operations_on(dataset.id, above=target.id - 1)):
        yield history.changes_of(number, dataset.id)


def way_back(editor: Editor, row: Dataset, number: int, wanted: str) -> ChangeSet:
    """What leads from the present file to the one just after an operation, whose content hash is ``wanted``.

    :raises Refused: if a change lies between that history does not know.
    """
    try:
        lines, head = _walked_back(editor, row, number)
    except (ValueError, IndexError) as error:
        raise Refused(_LOST) from error
    marks = [editor.layout.digests[item] if isinstance(item, int) else digest(item) for item in lines]
    if content_hash(head, marks) != wanted:
        raise Refused(_LOST)
    now = Side(editor.layout.digests, editor.line, line_key)
    then = Side(marks, lambda place: _fetched(editor, lines[place]), line_key)
    return transition(now, then).headed(editor.layout.head, head)


def _walked_back(editor: Editor, row: Dataset, number: int) -> tuple[list[int | bytes], bytes]:
    """The lines just after an operation, each as its present position or its bytes, and the file's head."""
    lines: list[int | bytes] = list(range(editor.layout.count))
    head = editor.layout.head

    def rewrite(change: Change, item: int | bytes | None) -> int | bytes:
        return change.splice(b"" if item is None else _fetched(editor, item))

    for each in history.operations_on(row.id, above=number):
        back = history.changes_of(each.id, row.id).inverted()
        lines = back.apply(lines, rewrite)
        head = back.head[1] if back.head else head
    return lines, head


def _fetched(editor: Editor, item: int | bytes) -> bytes:
    return editor.line(item) if isinstance(item, int) else item


def line_key(line: bytes) -> str:
    """The key under which history files a line."""
    try:
        uuid = Entry.of(payload(line)).uuid
    except NotJson:
        uuid = None
    return key_of(uuid, digest(line))
