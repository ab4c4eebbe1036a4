"""The text cache: the folded text of every message in one flat file, made to be scanned.

A message is one line: a byte for its scope, its folded text in UTF-8, a line feed. The messages of an
entry lie together as one segment; the index remembers where. New segments are only ever appended,
and bytes that no segment names any more are never looked at. Like the index, it can be rebuilt.
"""

from array import array
from bisect import bisect_right
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from pathlib import Path
from string import ascii_lowercase, ascii_uppercase
from types import TracebackType
from typing import Self

from regex import Pattern

from app.domain.folding import fold
from app.domain.search import Deadline, Matcher, search_timed
from app.errors import StoreError

# Control characters, because folded text holds none: no query ever finds the scope byte.
_SCOPES = {"s": b"\x01", "u": b"\x02", "a": b"\x03", "x": b"\x04"}
ALL_LETTERS = frozenset(_SCOPES)
_BLOCK = 1 << 20
_SAMPLE = 1 << 15
_LINES_BLOCK = 1 << 14  # `regex` is at its quickest on shorter texts

# Plain English is folded by a table of bytes, all messages of an entry at once. The scopes and the ends
# of messages are letters beyond ASCII until then, so that no text can hold one.
_END = "\x80"
_BLANKS = "".join(map(chr, (*range(33), 127)))
_LETTERS = {letter: chr(0x80 + scope[0]) for letter, scope in _SCOPES.items()}
_FOLDED = bytes.maketrans(
    "".join((_END, *_LETTERS.values(), _BLANKS)).encode("latin-1") + ascii_uppercase.encode(),
    b"\n" + b"".join(_SCOPES.values()) + b" " * len(_BLANKS) + ascii_lowercase.encode(),
)

Find = Callable[[int], int]


class TextCacheLost(StoreError):
    """The text cache is not there, or shorter than the index knows it; rebuild the index."""

    status = 500
    hint = "Open the dataset again; its index is then rebuilt from the file."


def segment_of(messages: Sequence[tuple[str, str]]) -> bytes:
    """The messages of one entry as they stand in the cache."""
    if not "".join([text for _, text in messages]).isascii():
        return b"".join(
            b"%b%b\n" % (_SCOPES[letter], fold(text).encode("utf-8", "surrogatepass"))
            for letter, text in messages
        )
    parts: list[str] = []
    for letter, text in messages:
        parts += (_LETTERS[letter], text.replace("\n\n", "\n").strip(_BLANKS), _END)
    flat = "".join(parts).encode("latin-1").translate(_FOLDED)
    while b"  " in flat:
        flat = flat.replace(b"  ", b" ")
    return flat


class TextCacheWriter:
    """Appends segments to the cache file, which it creates if there is none."""

    def __init__(self, path: Path) -> None:
        self._file = path.open("ab", buffering=_BLOCK)
        self._end = self._file.seek(0, 2)

    def append(self, messages: Iterable[tuple[str, str]]) -> tuple[int, int]:
        """Write the messages of one entry, each a scope letter and a text as it stands, as a segment.

        It is there for readers after :meth:`flush`.

        :returns: where the segment starts, and its length, in bytes.
        """
        return self.append_segment(segment_of(list(messages)))

    def append_segment(self, segment: bytes) -> tuple[int, int]:
        """Write a segment as another cache holds it; see :meth:`append`."""
        start = self._end
        self._file.write(segment)
        self._end += len(segment)
        return start, len(segment)

    def flush(self) -> None:
        """Hand all that was appended to the file."""
        self._file.flush()

    def close(self) -> None:
        """Flush, and let go of the file."""
        self._file.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def scan(
    path: Path,
    matcher: Matcher,
    starts: "array[int]",
    lengths: "array[int]",
    letters: frozenset[str] = ALL_LETTERS,
    deadline: Deadline | None = None,
) -> Iterator[int]:
    """The number of each segment that holds a match, in the order given, found as they are asked for.

    :param letters: the scopes whose messages count.
    :param deadline: when a regular expression gives up; five seconds from the first step if not given.
    :raises SearchTimeout: if it does.
    :raises TextCacheLost: if the file does not hold the segments.
    """
    if not matcher.patterns:
        yield from range(len(starts))
        return
    look = _Look(matcher, b"".join(_SCOPES[letter] for letter in letters), deadline or Deadline())
    for data, first, last in _read(path, starts, lengths, _BLOCK if matcher.lines is None else _LINES_BLOCK):
        yield from look.through(data, starts, lengths, first, last)


def whole(
    path: Path, lines: Collection[bytes], starts: "array[int]", lengths: "array[int]"
) -> Iterator[tuple[int, bytes]]:
    """Where a message stands that is one of some, as :func:`segment_of` spells a message alone.

    :param lines: messages of one scope.
    :returns: the number of its segment, and the message, in the order given.
    :raises TextCacheLost: if the file does not hold the segments.
    """
    sizes, scopes = {len(line) for line in lines}, {line[:1] for line in lines}
    for data, first, last in _read(path, starts, lengths, _BLOCK):
        for scope in scopes:
            at = data.find(scope)
            while at >= 0:
                end = data.index(b"\n", at) + 1
                if end - at in sizes and (line := data[at:end]) in lines:
                    yield bisect_right(starts, starts[first] + at, first, last) - 1, line
                at = data.find(scope, end)


def _read(
    path: Path, starts: "array[int]", lengths: "array[int]", size: int
) -> Iterator[tuple[bytes, int, int]]:
    """The text of the segments, some at a time, with the first and behind-last of them."""
    try:
        with path.open("rb", buffering=0) as file:
            for first, last in _blocks(starts, lengths, size):
                wanted = starts[last - 1] + lengths[last - 1] - starts[first]
                file.seek(starts[first])
                data = file.read(wanted)
                if len(data) < wanted:
                    raise TextCacheLost("The text cache is shorter than it was.")
                yield data, first, last
    except FileNotFoundError as error:
        raise TextCacheLost("The text cache is gone.") from error


class _Look:
    """One look for a query through blocks of the cache."""

    def __init__(self, matcher: Matcher, scopes: bytes, deadline: Deadline) -> None:
        self._matcher = matcher
        self._scopes = scopes
        self._deadline = deadline
        self._literals = tuple(text.encode("utf-8", "surrogatepass") for text in matcher.literals)

    def through(
        self, data: bytes, starts: "array[int]", lengths: "array[int]", first: int, last: int
    ) -> Iterator[int]:
        """The segments from ``first`` to before ``last`` with a match; ``data`` is their text."""
        find, base, at = self._finder(data), starts[first], 0
        while at < len(data) and 0 <= (hit := find(at)) < len(data):
            line = data.rfind(b"\n", 0, hit) + 1
            end = data.index(b"\n", hit)
            at = end + 1
            if data[line] in self._scopes and self._holds(data[line + 1 : end]):
                found = bisect_right(starts, base + hit, first, last) - 1
                at = starts[found] + lengths[found] - base
                yield found

    def _finder(self, data: bytes) -> Find:
        """Where in the block the next line that may match has a byte, at or behind a line's start."""
        if self._matcher.lines is not None:
            return _LineFinder(self._matcher.lines, data, self._deadline).find
        if self._literals and (data.isascii() or not self._matcher.ignore_accents):
            literal = self._rarest(data)
            return lambda at: data.find(literal, at)
        return lambda at: at

    def _rarest(self, data: bytes) -> bytes:
        return min(self._literals, key=lambda literal: data.count(literal, 0, _SAMPLE))

    def _holds(self, line: bytes) -> bool:
        matcher = self._matcher
        if matcher.sure:
            return True
        certain = line.isascii() or not matcher.ignore_accents
        if certain and not all(literal in line for literal in self._literals):
            return False
        return matcher.matches_folded(line.decode("utf-8", "surrogatepass"), self._deadline)


class _LineFinder:
    """Finds the next line with a match by the pattern that runs over all of them."""

    def __init__(self, pattern: Pattern[str], data: bytes, deadline: Deadline) -> None:
        self._pattern = pattern
        self._deadline = deadline
        self._data = data
        self._text = data.decode("utf-8", "surrogatepass")
        self._byte = self._letter = 0  # the same place in both

    def find(self, at: int) -> int:
        """The byte where the next match starts, or -1."""
        self._letter += len(self._data[self._byte : at].decode("utf-8", "surrogatepass"))
        found = search_timed(self._pattern, self._text, self._letter, self._deadline)
        if found is None:
            return -1
        self._byte = at + len(self._text[self._letter : found].encode("utf-8", "surrogatepass"))
        self._letter = found
        return self._byte


def _blocks(starts: "array[int]", lengths: "array[int]", size: int) -> Iterator[tuple[int, int]]:
    """First and behind-last of each row of segments that lie behind each other, ``size`` or so long."""
    first = 0
    for number in range(1, len(starts) + 1):
        if (
            number == len(starts)
            or starts[number] != starts[number - 1] + lengths[number - 1]
            or starts[number] - starts[first] >= size
        ):
            yield first, number
            first = number
