"""JSON that is longer than memory: finds where each record of an array begins and ends.

It knows strings and brackets and nothing else of JSON; whether a record makes sense is for others to
say. Nothing is ever dropped: what it cannot divide any further comes out as a rejected record.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from app.domain.entry import NotJson, loads

# A record of more bytes than this is not held: it comes out in pieces, each a rejected record.
LONGEST = 64 * 1024 * 1024

_WHITE = b" \t\r\n"
_SPACE = re.compile(rb"[ \t\r\n]*+")
_SCALAR = re.compile(rb'[^ \t\r\n"\[\]{},:]*+')
_MARK = re.compile(rb'["\[\]{}]')
_QUOTE, _BACKSLASH, _COMMA, _OPEN_LIST, _OPEN_OBJECT = b'"\\,[{'
_CLOSES = {_OPEN_LIST: ord("]"), _OPEN_OBJECT: ord("}")}
_ONE_LINE = bytes.maketrans(b"\r\n", b"  ")


@dataclass(frozen=True, slots=True)
class Record:
    """One record of a foreign file, as it stands there.

    ``number`` is the line where it begins, from 1, and ``offset`` the byte, both in the unpacked text.
    ``raw`` is one line; a rejected record keeps its line ends. ``error`` is empty, or says why it can
    be no entry.
    """

    number: int
    offset: int
    raw: bytes
    error: str = ""


class Broken(Exception):
    """The text cannot be divided any further; the words say why."""


class Window:
    """The part of a stream that is being looked at: grows at its end, is dropped from its front."""

    def __init__(self, blocks: Iterator[bytes], *, offset: int = 0, line: int = 1) -> None:
        self._blocks = blocks
        self.buffer = bytearray()
        self.offset = offset
        self.line = line

    def grow(self) -> bool:
        """Take the next block; False at the end of the stream."""
        for block in self._blocks:
            self.buffer += block
            if block:
                return True
        return False

    def drop(self, count: int) -> None:
        """Forget the first ``count`` bytes."""
        self.line += self.buffer.count(b"\n", 0, count)
        self.offset += count
        del self.buffer[:count]

    def next_byte(self) -> int:
        """Drop white space; the byte that comes then, or -1 at the end of the stream."""
        while True:
            self.drop(_matched(_SPACE, self.buffer, 0))
            if self.buffer:
                return self.buffer[0]
            if not self.grow():
                return -1

    def next_after(self, start: int) -> int:
        """Where the next byte that is no white space stands, from ``start`` on, or -1. Drops nothing."""
        while (at := _matched(_SPACE, self.buffer, start)) == len(self.buffer):
            if not self.grow():
                return -1
        return at

    def value_end(self, start: int = 0) -> int:
        """Where the JSON value that begins at ``start`` ends; ``start`` itself where none begins.

        :raises Broken: if its brackets do not match, or it does not end.
        """
        first = self.buffer[start]
        if first == _QUOTE:
            return self._string_end(start)
        if first in _CLOSES:
            return self._brackets_end(start)
        while (end := _matched(_SCALAR, self.buffer, start)) == len(self.buffer):
            if not self._more():
                break
        return end

    def _brackets_end(self, at: int) -> int:
        expected = bytearray()
        while True:
            mark = _MARK.search(self.buffer, at)
            if mark is None:
                at = len(self.buffer)
                if not self._more():
                    raise Broken("the file ends inside this record")
                continue
            at = mark.end()
            byte = self.buffer[at - 1]
            if byte == _QUOTE:
                at = self._string_end(at - 1)
            elif byte in _CLOSES:
                expected.append(_CLOSES[byte])
            elif byte != expected.pop():
                raise Broken("its brackets do not match")
            elif not expected:
                return at

    def _string_end(self, start: int) -> int:
        at = start + 1  # from quote to quote, so that no byte is read twice when the window grows
        while True:
            quote = self.buffer.find(b'"', at)
            if quote < 0:
                at = len(self.buffer)
                if not self._more():
                    raise Broken("the file ends inside a text")
            elif self._is_escaped(quote):
                at = quote + 1
            else:
                return quote + 1

    def _is_escaped(self, at: int) -> bool:
        before = at
        while self.buffer[before - 1] == _BACKSLASH:
            before -= 1
        return (at - before) % 2 == 1

    def _more(self) -> bool:
        if len(self.buffer) > LONGEST:
            raise Broken(f"it is longer than {LONGEST >> 20} MB")
        return self.grow()

    def take(self, end: int) -> Record:
        """The record in the first ``end`` bytes, which are dropped. More than one line becomes one."""
        raw, error = _one_line(bytes(self.buffer[:end]))
        record = Record(self.line, self.offset, raw, error)
        self.drop(end)
        return record

    def skip_value(self) -> None:
        """Drop the JSON value that begins here.

        :raises Broken: if there is none, or it does not end.
        """
        end = self.value_end()
        if end == 0:
            raise Broken("a value is missing")
        self.drop(end)

    def rest(self, reason: str) -> Iterator[Record]:
        """Everything that is left as one rejected record, or in pieces where it is longer than we hold."""
        while self.grow():
            if len(self.buffer) > LONGEST:
                yield self._piece(LONGEST, reason)
        if self.next_byte() >= 0:
            yield self._piece(len(self.buffer.rstrip(_WHITE)), reason)

    def _piece(self, end: int, reason: str) -> Record:
        record = Record(self.line, self.offset, bytes(self.buffer[:end]), reason)
        self.drop(end)
        return record

    def remaining(self) -> Iterator[bytes]:
        """What is in the window and all that comes after it, in blocks."""
        yield bytes(self.buffer)
        yield from self._blocks


def _one_line(raw: bytes) -> tuple[bytes, str]:
    """The record as one line, or as it is with the reason why it can be no entry."""
    if not raw.startswith(b"{"):
        return raw, "not a JSON object"
    if b"\n" not in raw and b"\r" not in raw:
        return raw, ""
    try:
        loads(raw)
    except NotJson as reason:
        return raw, str(reason)
    return raw.translate(_ONE_LINE), ""  # in valid JSON a line end is white space


def _matched(pattern: re.Pattern[bytes], buffer: bytearray, start: int) -> int:
    found = pattern.match(buffer, start)
    return found.end() if found else start


def array_records(window: Window, notes: list[str]) -> Iterator[Record]:
    """The records of the array that comes next in the window, until its closing bracket is dropped.

    From the first place where the array is broken, the rest of the stream is one rejected record.
    """
    window.next_byte()
    window.drop(1)
    if window.next_byte() == ord("]"):
        window.drop(1)
        return
    while window.next_byte() >= 0:
        try:
            end = window.value_end()
        except Broken as reason:
            yield from window.rest(f"the array is broken here: {reason}")
            return
        if end == 0:
            yield from window.rest("the array is broken here: there is no record")
            return
        yield window.take(end)
        closing = window.next_byte()
        if closing == ord("]"):
            window.drop(1)
            return
        if closing == _COMMA:
            window.drop(1)
        elif closing >= 0:
            yield from window.rest("the array is broken here: a comma is missing")
            return
    notes.append("The array is not closed: the file may be cut off.")


def members(window: Window) -> Iterator[str]:
    """Each key of the object that comes next in the window, which then stands at its value.

    Whoever asks for the next key has dropped the value before.

    :raises Broken: where it is no object any more.
    """
    window.next_byte()
    window.drop(1)
    if window.next_byte() == ord("}"):
        window.drop(1)
        return
    while True:
        yield _key(window)
        closing = window.next_byte()
        if closing not in (_COMMA, ord("}")):
            raise Broken("a comma or a closing bracket is missing")
        window.drop(1)
        if closing == ord("}"):
            return


def _key(window: Window) -> str:
    if window.next_byte() != _QUOTE:
        raise Broken("a key is missing")
    end = window.value_end()
    try:
        key = str(loads(bytes(window.buffer[:end])))
    except NotJson as reason:
        raise Broken(str(reason)) from reason
    window.drop(end)
    if window.next_byte() != ord(":"):
        raise Broken("a colon is missing")
    window.drop(1)
    if window.next_byte() < 0:
        raise Broken("a value is missing")
    return key
