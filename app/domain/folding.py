"""Folding: text as a search sees it, and the way back to the letters that a person wrote.

Every step works letter by letter (but for white space), so that a place in folded text
always has its place in the original.
"""

import re
import unicodedata
from bisect import bisect_right
from collections.abc import Iterator
from functools import cache

_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f]")
_SPACES = r"[\s\x00-\x1f\x7f-\x9f]"
# What has no decomposition in Unicode and is yet read as a letter with a stroke through it.
_STROKES = {"ø": "o", "Ø": "O", "ł": "l", "Ł": "L", "đ": "d", "Đ": "D", "ħ": "h", "Ħ": "H", "\u0131": "i"}


def fold(text: str) -> str:
    """The text in casefolded letters, each run of white space or control characters one space, stripped."""
    return spaced(text.casefold())


def spaced(text: str) -> str:
    """The text with each run of white space or control characters as one space, stripped."""
    flat = text.replace("\n\n", " ").replace("\n", " ")
    if flat.isprintable():  # no control character, and no white space but the space: nearly every text
        return " ".join(flat.split()) if "  " in flat else flat.strip()
    return " ".join(_CONTROL.sub(" ", flat).split())


def bare(text: str) -> str:
    """The text without accents, points and strokes: ``café`` as ``cafe``, ``Łódź`` as ``Lodz``."""
    if text.isascii():
        return text
    letters = _bare_letters()
    return _accented().sub(lambda found: letters[found[0]], text)


def normal(text: str, *, match_case: bool = False, ignore_accents: bool = False) -> str:
    """The text as a search with these options reads it."""
    text = spaced(text) if match_case else fold(text)
    return bare(text) if ignore_accents else text


class Alignment:
    """Where each letter of a normal text stands in the text that it was made from."""

    def __init__(self, text: str, *, match_case: bool = False, ignore_accents: bool = False) -> None:
        self._text = text
        self._ignore_accents = ignore_accents
        # Between two pieces of uneven length one letter answers to one: only those pieces are kept.
        self._places = [0]
        self._origins = [(0, 0)]  # start and end of a piece; both equal where an even stretch begins
        for found in _uneven(match_case, ignore_accents).finditer(text):
            start, end = found.span()
            place = self._places[-1] + start - self._origins[-1][1]
            piece = normal(found[0], match_case=match_case, ignore_accents=ignore_accents)
            size = len(piece) or (1 if found["run"] and start else 0)
            self._places += (place, place + size)
            self._origins += ((start, end), (end, end))

    def origin(self, start: int, end: int) -> tuple[int, int]:
        """The original start and end of a piece of the normal text that is at least one letter long."""
        first, last = self._letter(start)[0], self._letter(end - 1)[1]
        if self._ignore_accents:  # the marks behind a letter belong to it
            marks = _bare_letters()
            while last < len(self._text) and marks.get(self._text[last]) == "":
                last += 1
        return first, last

    def _letter(self, place: int) -> tuple[int, int]:
        found = bisect_right(self._places, place) - 1
        start, end = self._origins[found]
        if start < end:
            return start, end
        start += place - self._places[found]
        return start, start + 1


@cache
def _uneven(match_case: bool, ignore_accents: bool) -> re.Pattern[str]:
    """A pattern of all pieces of a text that are longer or shorter once they are normal."""
    letters = "" if match_case else "".join(_long_letters())
    if ignore_accents:
        letters += "".join(letter for letter, plain in _bare_letters().items() if not plain)
    longer = f"|[{letters}]" if letters else ""
    return re.compile(rf"(?P<run>\A{_SPACES}+|{_SPACES}{{2,}}){longer}")


def _long_letters() -> Iterator[str]:
    """The letters that casefolding makes longer, such as ``ß``."""
    for point in (*range(0xC0, 0x2000), *range(0xFB00, 0xFB20)):
        if len(chr(point).casefold()) > 1:
            yield chr(point)


@cache
def _accented() -> re.Pattern[str]:
    """A pattern of every letter that :func:`bare` changes."""
    return re.compile(f"[{''.join(_bare_letters())}]")


@cache
def _bare_letters() -> dict[str, str]:
    """Each accented letter with its plain one, and each accent with nothing."""
    plain = dict(_STROKES)
    for point in (
        *range(0xC0, 0x900),
        *range(0x1AB0, 0x2100),
        *range(0xFB1D, 0xFB50),
        *range(0xFE20, 0xFE30),
    ):
        letter = chr(point)
        parts = unicodedata.normalize("NFD", letter)
        if any(map(_is_accent, parts)):
            plain[letter] = "".join(part for part in parts if not _is_accent(part))
    return plain


def _is_accent(letter: str) -> bool:
    """Whether it is an accent or a point; marks that make another letter (Kana, Indic, Thai) are none."""
    place = unicodedata.combining(letter)
    return 10 <= place <= 36 or place >= 200
