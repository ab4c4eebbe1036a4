"""Broken, invisible and piled-up characters in a text, with what would put each right.

What G26 of the facts about targets names (cookbook#648, data-toolbox's filter, NeMo's use of ftfy). Each
function gives the places of one class; a repair puts ``better`` there, so that check and repair agree.
"""

import re
from collections.abc import Iterator
from unicodedata import name

import regex

from app.domain.validation.spans import Span

# Letters and marks of scripts that need the two joiners; the marks of Arabic belong to no script.
_JOINING = (
    r"[[\p{Arabic}\p{Syriac}\p{Mandaic}\p{Nko}\p{Adlam}\p{Mongolian}\p{Devanagari}\p{Bengali}\p{Gurmukhi}"
    r"\p{Gujarati}\p{Oriya}\p{Tamil}\p{Telugu}\p{Kannada}\p{Malayalam}\p{Sinhala}\p{Khmer}\p{Myanmar}"
    r"\p{Tibetan}\p{Balinese}\p{Javanese}\u0640\u064b-\u065f]&&[\p{L}\p{M}]]"
)
# Scripts that leave no blank between words, and mark by an invisible one where a line may break.
_UNSPACED = r"[\p{Thai}\p{Lao}\p{Khmer}\p{Myanmar}\p{Tibetan}]"
_PICTURE = r"[\p{Extended_Pictographic}\p{Emoji_Modifier}\ufe0f]"
_UNNEEDED = (
    r"[\u00ad\u2061-\u2065\u206a-\u206f\u3164\ufeff\uffa0\ufff9-\ufffb\U000e0000-\U000e001f]",
    rf"(?<!{_UNSPACED})[\u200b\u2060](?!{_UNSPACED})",
    rf"(?<!{_JOINING})\u200c(?!{_JOINING})",
    rf"(?<!{_JOINING})(?:(?<!{_PICTURE})\u200d|\u200d(?!\p{{Extended_Pictographic}}))(?!{_JOINING})",
    # what chooses the form of an emoji, of a sign, of a letter, and of a flag
    r"(?<![\p{Extended_Pictographic}\p{Emoji_Modifier}\p{S}\p{Han}0-9#*\u203c\u2049])[\ufe0e\ufe0f]",
    r"(?<=[0-9#*])[\ufe0e\ufe0f](?!\u20e3)",
    r"(?<=[\p{Cf}\p{Zs}\p{Latin}\p{Variation_Selector}\p{ASCII}]|^)[\ufe00-\ufe0d\U000e0100-\U000e01ef]",
    r"(?<!\U0001f3f4[\U000e0020-\U000e007e]{0,8})[\U000e0020-\U000e007f]",
    r"(?<!\p{Mongolian})[\u180b-\u180f](?!\p{Mongolian})",
    r"(?<![\p{M}\p{Hebrew}])\u034f",
)
_DIRECTION = (
    r"[\u200e\u200f\u061c\u202a-\u202e\u2066-\u2069]"  # needed where a script runs from right to left
)
_RIGHT_TO_LEFT = re.compile(
    "[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc\U00010800-\U00010fff\U0001e800-\U0001efff]"
)
INVISIBLE = frozenset(
    chr(point)
    for first, last in (
        (0xAD, 0xAD), (0x34F, 0x34F), (0x61C, 0x61C), (0x180B, 0x180F), (0x200B, 0x200F), (0x202A, 0x202E),
        (0x2060, 0x206F), (0x3164, 0x3164), (0xFE00, 0xFE0F), (0xFEFF, 0xFEFF), (0xFFA0, 0xFFA0),
        (0xFFF9, 0xFFFB), (0xE0000, 0xE01EF),
    )
    for point in range(first, last + 1)
)  # fmt: skip
_ANY = rf"(?=[{''.join(sorted(INVISIBLE))}])"  # first, because it is quick


def _unneeded(*patterns: str) -> "regex.Pattern[str]":
    return regex.compile(f"(?V1)(?:{_ANY}(?:{'|'.join(patterns)}))++")


_INVISIBLE = _unneeded(*_UNNEEDED, _DIRECTION)
_INVISIBLE_AMONG_RIGHT_TO_LEFT = _unneeded(*_UNNEEDED)


def zero_width(text: str) -> Iterator[Span]:
    """Runs of invisible characters that neither an emoji nor the script around them needs."""
    if text.isascii():
        return
    pattern = _INVISIBLE_AMONG_RIGHT_TO_LEFT if _RIGHT_TO_LEFT.search(text) else _INVISIBLE
    for found in pattern.finditer(text):
        yield Span(*found.span(), name(found[0][0], "").lower())


# Some stand for the end of a line, and are better written as one than left out.
_LINE_ENDS = "\x0b\x0c\x85\u2028\u2029"
_CONTROL = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff\ufdd0-\ufdef\ufffe\uffff]"
)
CONTROL = frozenset(
    chr(point)
    for first, last in ((0x80, 0x9F), (0x2028, 0x2029), (0xD800, 0xDFFF), (0xFDD0, 0xFDEF), (0xFFFE, 0xFFFF))
    for point in range(first, last + 1)
)
_LATE_CONTROL = re.compile("[\x80-\x9f]")


def control_characters(text: str) -> Iterator[Span]:
    """Characters that steer machines, halves of characters, and line ends that most programs do not know.

    Those of U+0080 to U+009F are mojibake, wherever :func:`mojibake` knows what they were.
    """
    broken = mojibake(text) if _LATE_CONTROL.search(text) else iter(())
    stretch = next(broken, None)
    for found in _CONTROL.finditer(text):
        at = found.start()
        while stretch and stretch.end <= at:
            stretch = next(broken, None)
        if not stretch or at < stretch.start:
            yield Span(at, at + 1, f"U+{ord(found[0]):04X}", "\n" if found[0] in _LINE_ENDS else "")


def replacement_characters(text: str) -> Iterator[Span]:
    """Runs of the sign that stands for lost letters."""
    for found in re.finditer("\ufffd+", text):
        yield Span(*found.span(), better=found[0])


# What every broken stretch has at least one of: letters from which a wrong encoding makes its pairs.
BROKEN = frozenset(
    chr(point)
    for first, last in ((0x80, 0x9F), (0xC2, 0xF4), (0x102, 0x17E), (0x391, 0x45F), (0x2500, 0x257F))
    for point in range(first, last + 1)
) | frozenset("¬√\u201a")  # fmt: skip


# The end of a Portuguese word in capitals, such as “IRMÃ”: ftfy takes it for two halves of a letter.
_QUOTED_CAPITAL = re.compile("(?<=[A-Z])[ÂÃÕ](?=[’”»])")


def mojibake(text: str) -> Iterator[Span]:
    """Stretches that were read in the wrong encoding, with the letters that they were: at most one a line.

    What ftfy's ``fix_encoding`` is sure of, and nothing else of what ftfy can do.
    """
    if text.isascii():
        return
    from ftfy import fix_encoding
    from ftfy.badness import is_bad

    if not is_bad(text):
        return
    place = 0
    for line in text.split("\n"):
        if not line.isascii() and fix_encoding(_QUOTED_CAPITAL.sub("A", line)) != _QUOTED_CAPITAL.sub(
            "A", line
        ):
            yield _difference(line, fix_encoding(line), place)
        place += len(line) + 1


def _difference(line: str, better: str, place: int) -> Span:
    """The shortest stretch of a line behind which and before which both are the same."""
    shorter = min(len(line), len(better))
    start = next((at for at in range(shorter) if line[at] != better[at]), shorter)
    rest = shorter - start
    tail = next((at for at in range(rest) if line[-1 - at] != better[-1 - at]), rest)
    return Span(place + start, place + len(line) - tail, "", better[start : len(better) - tail])


# Marks of Latin, Greek and Cyrillic letters, and of signs: Vietnamese has two on a letter, phonetics three.
_MARK = (
    r"[\u0300-\u034e\u0350-\u036f\u0483-\u0489\u1ab0-\u1aff\u1dc0-\u1dff"
    r"\u20d0-\u20e2\u20e4-\u20f0\ufe20-\ufe2f]"
)
_MARKED = regex.compile(
    rf"(?V1)(?:[^\s\p{{M}}]?{_MARK}++)++|[\p{{M}}--[\p{{Tibetan}}\p{{Variation_Selector}}]]{{8,}}+"
)
_MARKS = re.compile(_MARK)
is_mark = regex.compile(r"\p{M}").match
_PILE = re.compile(rf"{_MARK}{{4}}")


def zalgo(text: str) -> Iterator[Span]:
    """Words or pieces of them whose letters carry more marks than any writing uses.

    Tibetan piles up letters as marks, and Hebrew, Arabic and Thai have marks of their own: only eight in a
    row are too many there.
    """
    if text.isascii():
        return
    for found in _MARKED.finditer(text):
        if _PILE.search(found[0]):
            yield Span(*found.span(), better=_MARKS.sub("", found[0]))
        elif not _MARKS.search(found[0]):
            yield Span(*found.span(), better=found[0][0])


CURLY = frozenset("“”„‟")
_CURLY = re.compile("[“”„‟]")
# Neither a mark of inches behind a number nor the one inside a Hebrew abbreviation is a quotation mark.
_STRAIGHT = re.compile(r"""(?<![\d\w])"|(?<=[^\W\d])"(?!\w)""")
_FENCED = re.compile(r"```.*?(?:```|\Z)", re.DOTALL)


def mixed_quotes(text: str) -> Iterator[Span]:
    """Every curly double quotation mark of a text that has straight ones too; none in code fences."""
    if '"' not in text or not _CURLY.search(text):
        return
    prose = _FENCED.sub(lambda found: " " * len(found[0]), text) if "```" in text else text
    if _STRAIGHT.search(prose):
        for found in _CURLY.finditer(prose):
            yield Span(*found.span(), better='"')
