"""The bytes of a file that somebody gave us, as a stream of UTF-8: unpacked, without byte order mark."""

import codecs
import os
import stat
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import chain
from pathlib import Path
from typing import IO, Protocol

from app.errors import AppError, NotFound, Refused, StoreError

BLOCK_SIZE = 256 * 1024
_GZIP = b"\x1f\x8b"
_MARKS = (
    (codecs.BOM_UTF32_LE, "utf-32-le"),  # before UTF-16, whose mark it begins with
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
# UTF-16 without a mark, told by where the zeros of its first two plain letters stand.
_WIDE = {b"\0\1\0\1": "utf-16-le", b"\1\0\1\0": "utf-16-be"}
_KEEP = "rolethread-keep"
_EXPORT = "RoleThread opens JSON Lines and JSON. Save the conversations as such a file, and open that."
_UNPACK = "Unpack it, and open the file of conversations in it."
# What is no text at all, told by its first bytes: the words for it, and what to do instead.
_NO_TEXT = (
    (b"\x89PNG\r\n\x1a\n", "a PNG picture", _EXPORT),
    (b"\xff\xd8\xff", "a JPEG picture", _EXPORT),
    (b"GIF8", "a GIF picture", _EXPORT),
    (b"%PDF-", "a PDF document", _EXPORT),
    (b"SQLite format 3\0", "an SQLite database", _EXPORT),
    (b"PAR1", "a Parquet file", _EXPORT),
    (b"PK\x03\x04", "a ZIP archive", _UNPACK),
    (b"7z\xbc\xaf\x27\x1c", "a 7-Zip archive", _UNPACK),
    (b"\x28\xb5\x2f\xfd", "a file packed with Zstandard", _UNPACK),
    (b"\xfd7zXZ\0", "a file packed with xz", _UNPACK),
)
# ZIP archives that are known by the name of a file in them.
_OFFICE = ((b"xl/", "an Excel workbook"), (b"word/", "a Word document"), (b"ppt/", "a PowerPoint file"))


class UnknownEncoding(AppError):
    """Most of the file is no UTF-8; ``details["guess"]`` is what it may be, or empty."""

    status = 422


class NoText(UnknownEncoding):
    """The file is no text, so no encoding would help: ``details`` names none."""


class DamagedFile(AppError):
    """The packed file ends or breaks in the middle; ``details["records"]`` were readable before that."""

    status = 422
    hint = "Nothing was imported. Fetch the file again, or unpack what can be saved of it and import that."


class Progress(Protocol):
    """Told how many bytes of the file were read, of how many; raises to stop the reading."""

    def __call__(self, done: int, total: int, /) -> object: ...


class BrokenPacking(Exception):
    """The gzip data cannot be unpacked any further."""


@contextmanager
def open_stream(path: Path, *, encoding: str | None, progress: Progress | None) -> Iterator[Iterator[bytes]]:
    """The file's text in blocks of UTF-8; a byte order mark comes along as its first character.

    What cannot be decoded comes out as bytes that are no UTF-8, so that its lines, and they alone,
    are set aside by whoever reads them.

    :param encoding: of the file, where the person has named one.
    :raises NotFound, Refused, StoreError: if the file cannot be opened or the encoding is unknown.
    """
    decoder = _decoder(encoding) if encoding else None
    with _opened(path) as file:
        yield _stream(_blocks(file, path, progress), decoder)


def _stream(blocks: Iterator[bytes], decoder: codecs.IncrementalDecoder | None) -> Iterator[bytes]:
    yield from _decoded(_unpacked(blocks), decoder)  # nothing is read before somebody asks


@contextmanager
def _opened(path: Path) -> Iterator[IO[bytes]]:
    try:
        # Asked first: opening a pipe would wait for somebody to write into it.
        if not stat.S_ISREG(path.stat().st_mode):
            kind = "a folder" if path.is_dir() else "no regular file"
            raise Refused(f"“{path}” is {kind}.", "Name the file that holds the conversations.")
        file = path.open("rb")
    except (FileNotFoundError, NotADirectoryError, ValueError) as error:
        raise NotFound(f"There is no file “{path}”.", "Check its name and folder.") from error
    except PermissionError as error:
        raise Refused(f"“{path}” may not be read.", "Give yourself permission to read it.") from error
    except OSError as error:
        raise StoreError(f"“{path}” cannot be opened: {error.strerror}.") from error
    with file:
        yield file


def _blocks(file: IO[bytes], path: Path, progress: Progress | None) -> Iterator[bytes]:
    total = os.fstat(file.fileno()).st_size
    done = 0
    while True:
        try:
            block = file.read(BLOCK_SIZE)
        except OSError as error:
            raise StoreError(f"“{path}” cannot be read: {error.strerror}.") from error
        if not block:
            return
        done += len(block)
        if progress:
            progress(done, max(done, total))
        yield block


_LAYERS = 4  # of gzip; what is packed more often is no accident


def _unpacked(blocks: Iterator[bytes]) -> Iterator[bytes]:
    """The blocks without gzip, known by its first bytes; a file may be packed more than once."""
    for _ in range(_LAYERS):
        start, blocks = _peeked(blocks)
        if not start.startswith(_GZIP):
            return blocks
        blocks = _gunzipped(blocks)
    return blocks


def _peeked(blocks: Iterator[bytes]) -> tuple[bytes, Iterator[bytes]]:
    """The first bytes, at least four where there are so many, and the blocks with them still in."""
    start = b""
    for block in blocks:
        start += block
        if len(start) >= 4:
            break
    return start, chain([start], blocks)


def _gunzipped(blocks: Iterator[bytes]) -> Iterator[bytes]:
    """The unpacked blocks of one gzip stream, or of several one after the other.

    :raises BrokenPacking: if it breaks, after everything before that has been given out.
    """
    unpacker = zlib.decompressobj(wbits=31)
    for packed in blocks:
        while packed:
            if unpacker.eof:
                unpacker = zlib.decompressobj(wbits=31)
            try:
                block = unpacker.decompress(packed, BLOCK_SIZE)
            except zlib.error as error:
                raise BrokenPacking(str(error)) from error
            packed = unpacker.unused_data.lstrip(b"\0") if unpacker.eof else unpacker.unconsumed_tail
            yield block
    if not unpacker.eof:
        raise BrokenPacking("it ends too early")


def _decoded(blocks: Iterator[bytes], decoder: codecs.IncrementalDecoder | None) -> Iterator[bytes]:
    start, blocks = _peeked(blocks)
    for mark, name in _MARKS:
        if start.startswith(mark):  # a mark is surer than any name
            decoder = _decoder(name)
            break
    if decoder is None:
        return blocks
    return _transcoded(blocks, decoder)


def _transcoded(blocks: Iterator[bytes], decoder: codecs.IncrementalDecoder) -> Iterator[bytes]:
    for block in blocks:
        yield decoder.decode(block).encode("utf-8", "surrogatepass")
    yield decoder.decode(b"", final=True).encode("utf-8", "surrogatepass")


def _decoder(encoding: str) -> codecs.IncrementalDecoder | None:
    """What turns the encoding into text; None for UTF-8, which needs nothing."""
    try:
        "x".encode(encoding)  # refuses codecs that are no text encoding, such as “hex”
        name = codecs.lookup(encoding).name
        name = {"utf-16": "utf-16-le", "utf-32": "utf-32-le"}.get(name, name)  # where no mark tells
        if name in ("utf-8", "utf-8-sig", "ascii"):
            return None
        codecs.getincrementaldecoder(name)(_KEEP).decode(b"x")  # refuses those that know no error handlers
        return codecs.getincrementaldecoder(name)(_KEEP)
    except (LookupError, ValueError) as error:
        hint = "Names such as cp1252, shift_jis or utf-16 are known."
        raise Refused(f"“{encoding}” is no text encoding that we know.", hint) from error


def _keep(error: UnicodeError) -> tuple[str, int]:
    """Each byte that cannot be decoded as a lone surrogate, U+DC00 and the byte, which is no UTF-8."""
    if not isinstance(error, UnicodeDecodeError):
        raise error
    return "".join(chr(0xDC00 + byte) for byte in error.object[error.start : error.end]), error.end


codecs.register_error(_KEEP, _keep)


def is_wide(start: bytes) -> bool:
    """Whether a text that begins like this is UTF-16 without a byte order mark."""
    return bytes(byte == 0 for byte in start[:4]) in _WIDE


def what_is_no_text(start: bytes) -> tuple[str, str]:
    """What a file looks like that begins like this and is no text, and what to do instead; else empty.

    :param start: some kilobytes, where the file has so many.
    """
    for mark, words, hint in _NO_TEXT:
        if start.startswith(mark):
            office = (each for part, each in _OFFICE if words == "a ZIP archive" and part in start)
            document = next(office, "")
            return (document, _EXPORT) if document else (words, hint)
    return "", ""


def no_text(words: str = "", hint: str = _EXPORT) -> NoText:
    """The refusal of a file that is no text; ``words`` say what it looks like, if that is known."""
    if words:
        return NoText(f"The file is no text: it looks like {words}.", hint)
    return NoText("The file is no text: it contains bytes that no text has.", hint)


def guess_encoding(sample: bytes) -> str:
    """The encoding that a sample of text is most likely in, or empty."""
    from charset_normalizer import from_bytes  # takes a while to load, and is needed next to never

    zeros = bytes(byte == 0 for byte in sample[:4])
    if zeros in _WIDE:
        return _WIDE[zeros]
    best = from_bytes(sample).best()
    return best.encoding if best and best.encoding not in ("ascii", "utf_8") else ""
