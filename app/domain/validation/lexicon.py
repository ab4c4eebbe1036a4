"""Phrases found in a text: all lists of the rules at once, in a time that does not grow with the lists.

A text is cut once into words of plain letters, and each phrase is filed under one word of its own. Only
phrases whose word is there are looked for; a phrase without such a word is filed under its other letters.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import takewhile
from typing import NamedTuple
from unicodedata import normalize

import regex

from app.domain.validation.spans import Span, apart

# Each byte of UTF-8 as a small letter, a digit or a blank; control characters as the first of them all.
_FLAT = bytes(
    ord(chr(byte).lower()) if chr(byte).isascii() and chr(byte).isalnum()
    else 0 if (byte < 32 and byte not in b"\t\n\r") or byte == 127 else 32
    for byte in range(256)
)  # fmt: skip
_COMMON = frozenset(
    b"a an and are as at but can do don for had has have he her him his i in is it me my no not of on or s"
    b" she t that the their them they this to was with you your".split()
)
# Words of every script that parts its words; the others leave no blank, and a phrase may stand anywhere.
_WORD = re.compile(r"[^\W_\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff]+")
_RUNNING = r"\p{Han}\p{Hiragana}\p{Katakana}\p{Thai}\p{Lao}\p{Khmer}\p{Myanmar}"
_LETTER = rf"[[\p{{L}}\p{{M}}\p{{N}}]--[{_RUNNING}]]"
_LETTER_BEHIND = rf"[{_LETTER}--\p{{Hangul}}]"  # Korean hangs particles on its words
_IS_LETTER = regex.compile(f"(?V1){_LETTER}")
_UNPARTED = regex.compile(rf"(?V1)[{_RUNNING}\p{{Hangul}}]")
_ANY_WORD = r"[\p{L}\p{M}\p{N}'’-]++"
_QUOTES = str.maketrans(dict.fromkeys("'’‘\u02bc", "['’‘\u02bc]") | dict.fromkeys('"“”„', '["“”„]'))


class Words:
    """A text, and the words in it under which phrases are filed."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.flat = text.encode("utf-8", "surrogatepass").translate(_FLAT)
        self.plain = self.flat.replace(b"\0", b" ").split()

    @cached_property
    def line(self) -> bytes:
        """The plain words with one blank before and behind each."""
        return b" %b " % b" ".join(self.plain)

    @cached_property
    def others(self) -> frozenset[str]:
        """The words of a text that is not all plain letters."""
        return frozenset() if self.text.isascii() else frozenset(_WORD.findall(self.text.lower()))


@dataclass(frozen=True)
class Phrase:
    """One phrase: the code that it is for, as it is listed, and in one spelling of its letters."""

    code: str
    listed: str
    spelling: str

    @cached_property
    def parts(self) -> tuple[bytes, ...]:
        """The plain words of it, as they stand in the line of a text that holds it, cut where ``*`` is."""
        cut = (Words(part).plain for part in re.split(r"(?<!\S)\*(?!\S)", self.spelling))
        return tuple(b" %b " % b" ".join(words) for words in cut if words)

    @cached_property
    def pattern(self) -> "regex.Pattern[str]":
        """Whole words, any case, any white space between them, straight or curly apostrophes."""
        words = self.spelling.split()
        spelt = (_ANY_WORD if word == "*" else regex.escape(word).translate(_QUOTES) for word in words)
        before = f"(?<!{_LETTER})" if words[0] == "*" or _IS_LETTER.match(words[0]) else ""
        behind = f"(?!{_LETTER_BEHIND})" if words[-1] == "*" or _IS_LETTER.match(words[-1][-1]) else ""
        return regex.compile("(?V1i)" + before + r"\s++".join(spelt) + behind)

    def spans(self, text: str, start: int = 0, end: int | None = None) -> Iterator[Span]:
        """Where it stands in a text, or in a piece of it."""
        return (Span(*found.span(), self.listed) for found in self.pattern.finditer(text, start, end))


PIECE = 20_000  # letters; a longer text is searched piece by piece, and only for what the piece may hold
_OVERLAP = 2_000  # letters of the next piece into which a phrase may reach, with the white space in it


class Piece(NamedTuple):
    """A stretch of a text, and the phrases that may begin in it."""

    start: int
    end: int
    phrases: tuple[Phrase, ...]

    def spans(self, text: str, code: str) -> Iterator[Span]:
        """Where phrases of a code stand in it, the longest of those that overlap."""
        held = (phrase for phrase in self.phrases if phrase.code == code)
        found = (phrase.spans(text, self.start, self.end + _OVERLAP) for phrase in held)
        return takewhile(lambda span: span.start < self.end, apart(*found))


class Lexicon:
    """Phrases of several lists, filed so that those which a text may hold are found at once."""

    def __init__(self, lists: Iterable[tuple[str, Iterable[str]]]) -> None:
        self._plain: dict[bytes, list[Phrase]] = {}
        self._words: dict[str, list[Phrase]] = {}
        self._letters: dict[str, list[Phrase]] = {}
        for code, phrases in lists:
            for listed in dict.fromkeys(phrases):
                for spelling in {normalize("NFC", listed), normalize("NFD", listed)}:
                    if set(spelling.split()) - {"*"}:
                        self._file(Phrase(code, listed, spelling))

    def _file(self, phrase: Phrase) -> None:
        """File a phrase under its longest word that is not a common one, or a letter if it has no word."""
        plain = b" ".join(phrase.parts).split()
        words = _WORD.findall(phrase.spelling.lower())
        if plain:
            rarest = max(plain, key=lambda word: (word not in _COMMON, len(word)))
            self._plain.setdefault(rarest, []).append(phrase)
        elif words and not _UNPARTED.search(phrase.spelling):
            self._words.setdefault(max(words, key=len), []).append(phrase)
        else:
            self._letters.setdefault(max(phrase.spelling), []).append(phrase)

    def candidates(self, words: Words) -> Iterator[Phrase]:
        """The phrases that a text may hold: all their plain words stand in it as they should."""
        return self._among(self._filed(words), words)

    def pieces(self, text: str, tries: int | None) -> Iterator[Piece]:
        """A text in pieces, each with the phrases that it may hold.

        :param tries: how many phrases are looked for in their order of words, where not all; the last
            piece is then empty.
        """
        tried = 0
        for start in range(0, len(text), PIECE):
            words = Words(text[start : start + PIECE + _OVERLAP])
            filed = self._filed(words)
            tried += len(filed)
            if tries and tried > tries:
                yield Piece(start, start, ())
                return
            yield Piece(start, min(start + PIECE, len(text)), tuple(self._among(filed, words)))

    def _filed(self, words: Words) -> list[Phrase]:
        """The phrases that are filed under a plain word of a text."""
        return [phrase for word in self._plain.keys() & words.plain for phrase in self._plain[word]]

    def _among(self, filed: list[Phrase], words: Words) -> Iterator[Phrase]:
        for phrase in filed:
            if all(part in words.line for part in phrase.parts):
                yield phrase
        if self._words:
            for other in self._words.keys() & words.others:
                yield from self._words[other]
        for letter, phrases in self._letters.items():
            if letter in words.text:
                yield from phrases
