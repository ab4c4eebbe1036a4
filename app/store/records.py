"""A foreign file as a stream of records, whatever its form, in memory that does not grow with it.

Every byte comes out: a record is accepted or rejected by whoever reads it, and what cannot be divided
into records at all is a rejected record too. Only white space between records, the brackets and commas
of an array, and the keys beside a wrapped array (named in ``notes``) are left out.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from itertools import islice
from pathlib import Path

from app.domain.entry import NotJson, loads
from app.domain.formats import is_turn, recognise
from app.store.arrays import LONGEST, Broken, Record, Window, array_records, members
from app.store.decoding import (
    BrokenPacking,
    DamagedFile,
    NoText,
    Progress,
    UnknownEncoding,
    guess_encoding,
    is_wide,
    no_text,
    open_stream,
    what_is_no_text,
)

__all__ = ["DamagedFile", "NoText", "Record", "Records", "UnknownEncoding", "open_records"]

# How much of a file is looked at to tell its form: so many lines that are not blank, and not more bytes.
_HEAD_LINES = 100
_HEAD_BYTES = 8 * 1024 * 1024
_WRAPPERS = ("data", "items", "conversations", "train")
_OF_ENTRIES = ("messages", "conversations", "conversation")
_MARK = b"\xef\xbb\xbf"
_MAGIC = 16  # the bytes at least by which some files that are no text are known


@contextmanager
def open_records(
    path: Path, *, encoding: str | None = None, progress: Progress | None = None
) -> Iterator["Records"]:
    """The records of a file, which is closed afterwards, whatever happens.

    :param encoding: of the file, where the person has confirmed one; ``utf-8`` means that lines which
        are none are to be set aside, however many.
    :param progress: told the bytes read of the file and its size; what it raises passes through.
    :raises NotFound, Refused, StoreError: if the file cannot be opened.
    :raises UnknownEncoding: if most of the first records are no UTF-8.
    :raises NoText: if it is a picture, an archive, or something else that is no text.
    :raises DamagedFile: if gzip data breaks, here or while reading on.
    """
    with open_stream(path, encoding=encoding, progress=progress) as blocks:
        yield Records(blocks, confirmed=encoding is not None)


class Records:
    """The records of an open file, to be gone through once.

    ``form`` is jsonl, array, object or wrapped. ``notes`` says what else a person should know; it is
    complete when the records have been gone through.
    """

    def __init__(self, blocks: Iterator[bytes], *, confirmed: bool) -> None:
        self.notes: list[str] = []
        self._window = Window(blocks)
        try:
            _skip_mark(self._window)
            if not confirmed:
                _refuse_no_text(self._window)
                _refuse_wide(self._window)
            self.form = _form(self._window)
        except BrokenPacking as error:
            raise _damaged(error, 0) from error
        if not confirmed:
            _refuse_foreign(self.form, self._window)

    def __iter__(self) -> Iterator[Record]:
        count = 0
        try:
            for record in _records(self.form, self._window, self.notes):
                count += 1
                yield record
        except BrokenPacking as error:
            raise _damaged(error, count) from error


def _damaged(error: BrokenPacking, count: int) -> DamagedFile:
    return DamagedFile(f"The packed file is damaged after {count} records: {error}.", records=count)


def _records(form: str, window: Window, notes: list[str]) -> Iterator[Record]:
    match form:
        case "array":
            return _array(window, notes)
        case "wrapped":
            return _wrapped(window, notes)
        case "object":
            return _objects(window)
        case _:
            return _lines(window)


def _lines(window: Window) -> Iterator[Record]:
    """A record per line that is not blank. A line longer than we hold comes in rejected pieces."""
    number, offset = window.line, window.offset
    parts: list[bytes] = []
    error = ""
    for block in window.remaining():
        first, *lines = block.split(b"\n")
        parts.append(first)
        if not lines:
            if sum(map(len, parts)) > LONGEST:
                error = f"longer than {LONGEST >> 20} MB"
                piece = b"".join(parts)
                yield Record(number, offset, piece, error)
                offset += len(piece)
                parts = []
            continue
        tail = lines.pop()
        for line in (b"".join(parts), *lines):
            if line and not line.isspace():
                yield Record(number, offset, line[:-1] if line[-1] == 13 else line, error)
            error = ""
            number += 1
            offset += len(line) + 1
        parts = [tail]
    line = b"".join(parts)
    if line and not line.isspace():
        yield Record(number, offset, line.removesuffix(b"\r"), error)


def _array(window: Window, notes: list[str]) -> Iterator[Record]:
    yield from array_records(window, notes)
    yield from window.rest("there is more after the end of the array")


def _objects(window: Window) -> Iterator[Record]:
    """The one object of the file; more of them, one after the other, are taken too."""
    while window.next_byte() == ord("{"):
        try:
            end = window.value_end()
        except Broken as reason:
            yield from window.rest(f"the object is broken: {reason}")
            return
        yield window.take(end)
    yield from window.rest("there is more after the end of the object")


def _wrapped(window: Window, notes: list[str]) -> Iterator[Record]:
    """The records of each array that the object wraps; its other keys are named in the notes."""
    others: list[str] = []
    try:
        for key in members(window):
            if key in _WRAPPERS and _begins_with_record(window):
                yield from array_records(window, notes)
            else:
                others.append(key)
                window.skip_value()
    except Broken as reason:
        notes.append(f"The object around the records is broken: {reason}.")
        yield from window.rest(f"the object around the records is broken here: {reason}")
    if others:
        names = ", ".join(f"“{key}”" for key in others)
        notes.append(f"The object around the records has other keys, which were left out: {names}.")
    yield from window.rest("there is more after the end of the object")


def _skip_mark(window: Window) -> None:
    while len(window.buffer) < len(_MARK) and window.grow():
        pass
    if window.buffer.startswith(_MARK):
        window.drop(len(_MARK))


def _form(window: Window) -> str:
    """The form of the file, told by its first lines, which stay in the window."""
    lines = islice(_head_lines(window), _HEAD_LINES)
    first = next(lines, b"")
    if _is_object(first):
        if next(lines, None) is not None or window.grow():
            return "jsonl"
    else:
        objects = sum(map(_is_object, lines))
        # In an array with a record on each line, the last one has no comma and looks like JSONL.
        if objects > 1 or (objects == 1 and not (_encloses(window) and not _is_json(first))):
            return "jsonl"
    match window.next_byte():
        case 0x5B:
            return "array"
        case 0x7B:
            return "wrapped" if _is_wrapper(window) else "object"
        case _:
            return "jsonl"


def _head_lines(window: Window) -> Iterator[bytes]:
    """The first lines that are not blank; the last one too, if the file ends with it."""
    start = looked = 0
    while True:
        end = window.buffer.find(b"\n", looked)
        if end < 0:
            looked = len(window.buffer)
            if looked >= _HEAD_BYTES:
                return
            if window.grow():
                continue
            end = looked
        line = bytes(window.buffer[start:end])
        if line.strip():
            yield line
        if end == len(window.buffer):
            return
        start = looked = end + 1


def _value(text: bytes) -> object:
    """The value in the text; the class NotJson, which equals no value, if it is none."""
    try:
        return loads(text)
    except NotJson:
        return NotJson


def _is_json(line: bytes) -> bool:
    return _value(line) is not NotJson


def _is_object(line: bytes) -> bool:
    return line.lstrip().startswith(b"{") and isinstance(_value(line), dict)


def _copy(window: Window) -> Window:
    return Window(iter([bytes(window.buffer)]))


def _encloses(window: Window) -> bool:
    """Whether the file begins as an array or a wrapper, and goes on with a whole record in it."""
    head = _copy(window)
    return _begins_with_record(head) if head.next_byte() == ord("[") else _is_wrapper(window)


def _is_wrapper(window: Window) -> bool:
    """Whether the file is an object around an array of records, as far as its beginning tells."""
    head = _copy(window)
    if head.next_byte() != ord("{"):
        return False
    found = False
    try:
        for key in members(head):
            if key in _WRAPPERS and _begins_with_record(head):
                found = True
            elif key in _OF_ENTRIES and head.buffer[0] == ord("["):
                return False
            head.skip_value()
    except Broken:
        return found
    return found


def _begins_with_record(window: Window) -> bool:
    """Whether the value that the window stands at is an array of records, and not one of turns."""
    if window.buffer[0] != ord("["):
        return False
    start = window.next_after(1)
    if start < 0 or window.buffer[start] != ord("{"):
        return False
    try:
        first = _value(bytes(window.buffer[start : window.value_end(start)]))  # may be no JSON: one to reject
    except Broken:
        return False
    return bool(recognise(first)) or not is_turn(first)


def _refuse_no_text(window: Window) -> None:
    while len(window.buffer) < _MAGIC and window.grow():
        pass
    words, hint = what_is_no_text(bytes(window.buffer[:4096]))
    if words:
        raise no_text(words, hint)


def _refuse_wide(window: Window) -> None:
    if is_wide(bytes(window.buffer[:4])):
        raise _unknown_encoding(bytes(window.buffer[:65536]))


def _refuse_foreign(form: str, window: Window) -> None:
    """Stop if most of the first records are no UTF-8: the file is in another encoding."""
    head = bytes(window.buffer)
    if _is_utf8(head):
        return
    first = list(islice(_records(form, Window(iter([head])), []), _HEAD_LINES))
    failing = [record.raw for record in first if not _is_utf8(record.raw)]
    if 2 * len(failing) > len(first):
        raise _unknown_encoding(b"\n".join(failing)[:65536])


def _is_utf8(text: bytes) -> bool:
    """Whether it is UTF-8; a character that the end cuts off is none the worse for it."""
    try:
        text.decode("utf-8")
    except UnicodeDecodeError as error:
        return error.reason == "unexpected end of data"
    return True


def _unknown_encoding(sample: bytes) -> UnknownEncoding:
    if b"\0" in sample and not is_wide(sample):
        return no_text()
    guess = guess_encoding(sample)
    aside = "or name utf-8 to set aside the records that are none."
    if not guess:
        hint = f"Name its encoding and import it again, {aside}"
        return UnknownEncoding("The file is not UTF-8, and may be no text at all.", hint, guess="", sample="")
    text = sample.decode(guess, "replace")[:200]
    hint = f"Import it again with this encoding if its text then looks right, {aside}"
    return UnknownEncoding(f"The file is not UTF-8. It may be {guess}.", hint, guess=guess, sample=text)
