"""Broken, invisible and piled-up characters in a text, with what would put each right.

Met in cookbook#648, in data-toolbox's filter, and where NeMo uses ftfy. Each
function gives the places of one class; a repair puts ``better`` there, so that check and repair agree.
"""

import re
from collections.abc import Iterator
from unicodedata import name

from app.domain.validation.lookalikes import without_lookalikes
from app.domain.validation.spans import STOPPED, Span, stopped

# Scripts that need the two joiners, from Arabic to Javanese; those that mark by an invisible blank where a
# line may break; and emoji. By their blocks, so that ``re`` can look for them.
_JOINING = (
    "\u0600-\u086f\u08a0-\u0dff\u0f00-\u109f\u1780-\u18af\u1b00-\u1b7f\ua980-\ua9df\ua9e0-\ua9ff\uaa60-\uaa7f"
    "\ufb50-\ufdff\ufe70-\ufefc\U00010d00-\U00010d3f\U00011000-\U0001173f\U0001e900-\U0001e95f"
)
_UNSPACED = "\u0e00-\u0fff\u1000-\u109f\u1780-\u17ff\u1950-\u1aaf\ua9e0-\ua9ff\uaa60-\uaadf"
_PICTURE = (
    "\u00a9\u00ae\u203c\u2049\u2122\u2139\u2194-\u21aa\u231a-\u23ff\u24c2\u25aa-\u25fe\u2600-\u27bf\u2934\u2935"
    "\u2b05-\u2b55\u3030\u303d\u3297\u3299\U0001f000-\U0001faff"
)
_SELECTABLE = "0-9#*\u00a9\u00ae\u203c-\u205f\u2070-\u9fff\uf900-\ufaff\U0001f000-\U0001faff"
_TAGS = "\U000e0020-\U000e007f"
_UNNEEDED = (
    r"(?<=[\u00ad\u2061-\u2065\u206a-\u206f\u3164\ufeff\uffa0\ufff9-\ufffb\U000e0000-\U000e001f])",
    rf"(?<=[\u200b\u2060])(?<![{_UNSPACED}].)(?![{_UNSPACED}])",
    rf"(?<=\u200c)(?<![{_JOINING}].)(?![{_JOINING}])",
    rf"(?<=\u200d)(?<![{_JOINING}].)(?![{_JOINING}])(?:(?<![{_PICTURE}\ufe0f].)|(?![{_PICTURE}]))",
    # what chooses the form of an emoji, of a sign, of a letter, and of a flag
    rf"(?<=[\ufe0e\ufe0f])(?:(?<![{_SELECTABLE}].)|(?<=[0-9#*].)(?!\u20e3))",
    r"(?<=[\ufe00-\ufe0d\U000e0100-\U000e01ef])"
    r"(?<![^\0-\u024f\u2000-\u206f\ufe00-\ufe0f\U000e0100-\U000e01ef].)",
    rf"(?<=[{_TAGS}])(?<![\U0001f3f4{_TAGS}].)[{_TAGS}]*+",
    r"(?<=[\u180b-\u180f])(?<![\u1800-\u18af].)(?![\u1800-\u18af])",
    r"(?<=\u034f)(?<![\u0300-\u036f\u0590-\u05ff].)",
)
_DIRECTION = r"(?<=[\u200e\u200f\u061c\u202a-\u202e\u2066-\u2069])"  # needed in scripts from right to left
_RIGHT_TO_LEFT = re.compile(
    "[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc\U00010800-\U00010fff\U0001e800-\U0001efff]"
)
_INVISIBLES = (
    "\u00ad\u034f\u061c\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0"
    "\ufff9-\ufffb\U000e0000-\U000e01ef"
)


def _letters(ranges: str) -> frozenset[str]:
    """Each letter of some ranges that are spelt as in a pattern."""
    spelt = re.findall("(.)-(.)|(.)", ranges)
    return frozenset(
        chr(point) for first, last, one in spelt for point in range(ord(first or one), ord(last or one) + 1)
    )


INVISIBLE = _letters(_INVISIBLES)


def _unneeded(*patterns: str) -> "re.Pattern[str]":
    one = f"[{_INVISIBLES}](?:{'|'.join(patterns)})"  # the sign first: ``re`` finds it quickly
    return re.compile(f"{one}(?:{one}){{0,1000}}+", re.DOTALL)


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
CONTROL = _letters("\x80-\x9f\u2028\u2029\ud800-\udfff\ufdd0-\ufdef\ufffe\uffff")
_LATE_CONTROL = re.compile("[\x80-\x9f]")
_EARLY_CONTROL = re.compile(_CONTROL.pattern.replace("\x7f-\x9f", "\x7f"))


def control_characters(text: str, tries: int | None = None) -> Iterator[Span]:
    """Characters that steer machines, halves of characters, and line ends that most programs do not know.

    Those of U+0080 to U+009F are mojibake, wherever :func:`mojibake` knows what they were.

    :param tries: as for that; where it stops, these are not looked for either.
    """
    place = 0
    pattern = _CONTROL
    for stretch in mojibake(text, tries) if _LATE_CONTROL.search(text) else ():
        yield from _controls(pattern.finditer(text, place, stretch.start))
        place = stretch.end
        if stretch.detail == STOPPED:
            pattern = _EARLY_CONTROL
            yield stretch
    yield from _controls(pattern.finditer(text, place))


def _controls(matches: "Iterator[re.Match[str]]") -> Iterator[Span]:
    for found in matches:
        yield Span(*found.span(), f"U+{ord(found[0]):04X}", "\n" if found[0] in _LINE_ENDS else "")


def replacement_characters(text: str) -> Iterator[Span]:
    """Runs of the sign that stands for lost letters."""
    for found in re.finditer("\ufffd+", text) if "\ufffd" in text else ():
        yield Span(*found.span(), better=found[0])


# What every broken stretch has at least one of: letters from which a wrong encoding makes its pairs.
BROKEN = _letters("\x80-\x9f\u00ac\u00c2-\u00f4\u0100-\u017e\u0391-\u045f\u201a\u221a\u2248\u2500-\u257f")
_UPPER = "".join(letter for letter in sorted(BROKEN) if letter.isupper() and letter < "\u0180")
_LOWER = "".join(letter for letter in sorted(BROKEN) if letter.islower() and letter < "\u0180")
_SIGNS = (
    r"\u00a4\u00a6\u00a8\u00aa\u00ac\u00af\u00b8\u00ba\u0192\u201a\u2020\u2021\u2030\u221a\u222b\u2248"
    r"\u2500-\u257f\u25ca"
)
# And such a pair; with Cyrillic and Greek those few letters that the first byte of another turns into.
_PAIR = re.compile(
    rf"[{_UPPER}{_LOWER}ВГРС\u0430-\u0440\u0392\u0393\u039e\u039f\u03b2{_SIGNS}\x80-\x9f](?:"
    rf"(?<=[{_UPPER}])(?:[^\x00-\x7f]|(?<=[ÃÂ]) )"
    rf"|(?<=[{_LOWER}])(?:[^\x00-\x7f{_LOWER}]|(?<=đ)ź)"
    r"|(?<=[ВГРС\u0430-\u0440])(?:(?<=[ВГРС])[^\x00-\x7f\u0410-\u044f]"
    r"|(?<=[в\u0440])[^\x00-\x7f\u0410-\u045f\u0490\u0491]|[\u0402-\u040f\u0490])"
    r"|(?<=[ΒΓΞΟβ])[^\x00-\x7f\u0386-\u03ce]"
    rf"|(?<=[{_SIGNS}])(?:(?<=[^\x00-\x7f].)|[^\x00-\x7f])"
    r"|(?<=[\x80-\x9f]))"
)
_PIECE = 20_000  # letters of a line that are put right at once: nobody writes longer ones
_MENDED, _ASKED = 4, 150  # letters that ftfy puts right in the time of a try, and that it says are broken
_EACH = 12  # letters about which it could be asked in the time that a line takes


def mojibake(text: str, tries: int | None = None) -> Iterator[Span]:
    """Stretches that were read in the wrong encoding, with the letters that they were: at most one a line.

    What ftfy's ``fix_encoding`` is sure of, and nothing else of what ftfy can do.

    :param tries: how much work may be done, where not all; the last span then says that it stopped.
    """
    if text.isascii() or not _PAIR.search(text):
        return
    from ftfy import fix_encoding
    from ftfy.badness import is_bad

    asked = mended = 0
    for start, end in _likely_lines(text):
        if tries and (asked > tries * _ASKED or mended > tries * _MENDED):
            yield stopped(start)
            return
        line = text[start:end]
        asked += len(line) + _EACH
        if not is_bad(line):
            continue
        mended += len(line)
        plain = without_lookalikes(line)
        better = fix_encoding(plain)
        if better != plain:
            yield _difference(line, better if plain == line else fix_encoding(line), start)


def _likely_lines(text: str) -> Iterator[tuple[int, int]]:
    """Where the lines begin and end that hold such a pair, or pieces of long lines."""
    end = 0
    while found := _PAIR.search(text, end):
        place = found.start()
        start = text.rfind("\n", end, place) + 1 or end
        start += (place - start) // _PIECE * _PIECE
        longest = start + _PIECE
        end = text.find("\n", place, longest)
        if end < 0:
            blank = text.rfind(" ", place + 1, longest) + 1 if longest < len(text) else 0
            end = blank or min(longest, len(text))
        yield start, end


def _difference(line: str, better: str, place: int) -> Span:
    """The shortest stretch of a line behind which and before which both are the same."""
    shorter = min(len(line), len(better))
    start = next((at for at in range(shorter) if line[at] != better[at]), shorter)
    rest = shorter - start
    tail = next((at for at in range(rest) if line[-1 - at] != better[-1 - at]), rest)
    return Span(place + start, place + len(line) - tail, "", better[start : len(better) - tail])


# Marks of Latin, Greek and Cyrillic letters, and of signs: Vietnamese has two on a letter, phonetics three.
_MARK = (
    "\u0300-\u034e\u0350-\u036f\u0483-\u0489\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20e2\u20e4-\u20f0\ufe20-\ufe2f"
)
# Those of Hebrew, Arabic, Syriac, Devanagari, Thai and Lao: more of them may stand together.
_OTHER_MARK = (
    "\u0591-\u05bd\u0610-\u061a\u064b-\u065f\u06d6-\u06ed\u0730-\u074a\u0900-\u0903\u093a-\u094f"
    "\u0e31-\u0e3a\u0e47-\u0e4e\u0eb1-\u0ebc\u0ec8-\u0ecd"
)
_MARKED = re.compile(rf"(?:[^\s{_MARK}]?[{_MARK}]++){{1,10000}}+|[{_OTHER_MARK}]{{8,}}+")
_MARKS = re.compile(f"[{_MARK}]+")
_PILE = re.compile(rf"[{_MARK}]{{4}}")
_HEAP = re.compile(rf"[{_OTHER_MARK}]{{8,}}+")
MARKS = _letters(_MARK + _OTHER_MARK)


def zalgo(text: str) -> Iterator[Span]:
    """Words or pieces of them whose letters carry more marks than any writing uses.

    Scripts that pile up marks of their own, as Tibetan and Hebrew do, are left in peace up to seven.
    """
    if text.isascii():
        return
    pattern = _MARKED if _PILE.search(text) else _HEAP
    for found in pattern.finditer(text):
        if _PILE.search(found[0]):
            yield Span(*found.span(), better=_MARKS.sub("", found[0]))
        elif _HEAP.match(found[0]):
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
