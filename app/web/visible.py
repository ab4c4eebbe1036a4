"""Characters that nobody sees, made visible: white space by a sign, others by their number and name."""

import json
import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Sequence

from flask import Flask
from markupsafe import Markup, escape

from app.domain.comparing import SAME, Line, Side

SIGNS = {" ": ("·", "space"), "\t": ("→", "tab"), "\n": ("⏎", "line end")}
_WHITE = re.compile(r"[ \t\n]+")
_LINE = re.compile(r"[^\n]+\n?|\n")
_PLAIN = re.compile(r" |\n+")  # between words and between lines, where everybody sees it
_TURN = re.compile("[\u202a-\u202e\u2066-\u2069]")  # what turns the order of the letters behind it
_HIDDEN = frozenset(("Cc", "Cf", "Cs", "Zl", "Zp", "Zs"))
_MAY_HIDE = re.compile(r"[^\x20-\x7e\n\t]")
AROUND, LONGEST = 160, 1200  # letters that stay of a long text: around what changed, and of what changed


def install(app: Flask) -> None:
    """Let every template show what cannot be seen."""
    filters = (visible, visible_signs, visible_turns, escaped_turns)
    app.jinja_env.filters.update({each.__name__: each for each in filters})


def visible(text: str) -> Markup:
    """A text whose white space at the ends and in runs is seen, and every character that has no shape."""
    parts, last = [], 0
    for match in _WHITE.finditer(text):
        is_inside = match.start() > 0 and match.end() < len(text)
        if is_inside and _PLAIN.fullmatch(match[0]):
            continue
        parts += [visible_signs(text[last : match.start()]), _white(match[0])]
        last = match.end()
    return Markup("").join([*parts, visible_signs(text[last:])])


def visible_signs(text: str) -> Markup:
    """A text in which every character that has no shape, white space aside, is seen."""
    if not _MAY_HIDE.search(text):
        return escape(text)
    return Markup("").join(_named(each) if _is_hidden(each) else escape(each) for each in text)


def visible_turns(text: str) -> Markup:
    """A text that turns nothing that stands behind it: the characters that would are seen in their places.

    Even an element that isolates its text does not hold them: the text can end the isolation.
    """
    parts, last = [], 0
    for match in _TURN.finditer(text):
        parts += [escape(text[last : match.start()]), _named(match[0])]
        last = match.end()
    return Markup("").join([*parts, escape(text[last:])])


def escaped_turns(text: str) -> str:
    """The same where there is no room for markup: they are written as JSON would write them."""
    return _TURN.sub(lambda match: json.dumps(match[0])[1:-1], text)


def _white(run: str) -> Markup:
    """A run of white space by its signs; a screen reader hears it once, in words."""
    counts = Counter(SIGNS[each][1] for each in run)
    told = ", ".join(f"{count} {words}{'s' if count > 1 else ''}" for words, count in counts.items())
    heard: Markup | str = Markup('role="img" aria-label="{}"').format(told)
    parts = []
    for line in _LINE.findall(run):
        signs = "".join(SIGNS[each][0] for each in line)
        parts.append(Markup('<span class="sign" {}>{}</span>').format(heard, signs))
        parts.append(Markup("\n" if line.endswith("\n") else ""))
        heard = Markup('aria-hidden="true"')
    return Markup("").join(parts)


def names_of(texts: Iterable[str]) -> list[tuple[str, str]]:
    """The characters of some texts that have no shape: the number by which each is shown, and its name."""
    letters = sorted({each for text in texts for each in text if _is_hidden(each)})
    return [_number_and_name(each) for each in letters]


def _is_hidden(letter: str) -> bool:
    return unicodedata.category(letter) in _HIDDEN and letter not in SIGNS


def _number_and_name(letter: str) -> tuple[str, str]:
    return f"U+{ord(letter):04X}", unicodedata.name(letter, "control character").lower()


def _named(letter: str) -> Markup:
    number, name = _number_and_name(letter)
    return Markup('<abbr class="sign" title="{}">{}</abbr>').format(name, number)


def clipped(lines: Sequence[Line]) -> tuple[Line, ...]:
    """The same comparison without what is far from any change, and with long changes cut."""
    return tuple(map(_clipped, lines))


def _clipped(line: Line) -> Line:
    if line.before is None or line.after is None:
        before, after = (None if side is None else _cut(side, ()) for side in (line.before, line.after))
        return Line(line.label, before, after)
    said = "".join(text for kind, text in line.before if kind == SAME)
    spans = [
        (place - AROUND, place + AROUND) for place in sorted(_changes(line.before) | _changes(line.after))
    ]
    spans.insert(0, (0, said.find(": ", 0, AROUND) + 2))  # who says it
    return Line(line.label, _cut(line.before, spans), _cut(line.after, spans))


def _changes(side: Side) -> set[int]:
    """Where a side has something of its own: how much of what both have stands before it."""
    found, passed = set(), 0
    for kind, text in side:
        if kind == SAME:
            passed += len(text)
        else:
            found.add(passed)
    return found


def _cut(side: Side, spans: Sequence[tuple[int, int]]) -> Side:
    """A side of which only these spans stay of what both have."""
    found, passed = [], 0
    for kind, text in side:
        found.append((kind, _inside(text, passed, spans) if kind == SAME else _shortened(text)))
        passed += len(text) if kind == SAME else 0
    return tuple(found)


def _inside(text: str, passed: int, spans: Sequence[tuple[int, int]]) -> str:
    """What of a text lies in some spans; ``passed`` is where it begins."""
    parts, last = [], 0
    for start, end in (*spans, (passed + len(text),) * 2):
        start, end = max(start - passed, last), min(end - passed, len(text))
        if end < start:
            continue
        parts.append(text[last:start] if start - last < AROUND // 4 else " … ")
        parts.append(text[start:end])
        last = end
    return "".join(parts)


def _shortened(text: str) -> str:
    if len(text) <= LONGEST:
        return text
    return f"{text[:LONGEST]} … and {len(text) - LONGEST:,} more letters"
