"""What is to be said of the texts of an entry: broken letters, leftovers, private matters, and style.

All texts are first looked through at once for what any finding must have, such as an @ or a word of a
phrase; only where there is some of it the messages are read one by one.
"""

import re
from collections.abc import Callable, Iterable, Iterator
from functools import cache, cached_property, lru_cache, partial
from itertools import islice

from app.domain.entry import Entry, Message
from app.domain.validation import markup, unicode
from app.domain.validation.codes import CODES
from app.domain.validation.diagnostic import Diagnostic
from app.domain.validation.lexicon import PIECE, Lexicon, Phrase, Piece, Words
from app.domain.validation.privacy import PRIVATE, may_be_told
from app.domain.validation.rules import Rules
from app.domain.validation.spans import STOPPED, TRIES, Span, stopped

MOST = 1000  # diagnostics of one code in one message: more help nobody
# In all pieces of a message that is long: phrases of one code that are searched for, and those of which a
# word is there.
LOOKS, FILED = TRIES // 10, TRIES * 3
_DIGITS = b"0123456789"
_ASCII = bytes(range(128))

REFUSAL, LEAKAGE = "chatml.ai_refusal_language", "chatml.formatting_leakage"
SLOP, SPEAKS, OOC = "style.slop_phrase", "style.speaks_for_user", "style.ooc"
NAME, INACTIVE = "privacy.name", "character.inactive_reference"
# Whose messages a list is for; the others are for all.
_ROLES = {
    REFUSAL: ("assistant",), SLOP: ("assistant",), SPEAKS: ("assistant",), OOC: ("user", "assistant"),
    INACTIVE: ("system",),
}  # fmt: skip
_LISTED = (REFUSAL, SLOP, SPEAKS, OOC, NAME, INACTIVE)
Cut = Callable[[str], Iterable[Piece]]
# In quotation marks a character speaks: neither the model of itself, nor a narrator of the user.
_OUTSIDE_SPEECH = frozenset((REFUSAL, SPEAKS))
# How a question goes on to its end; a word between stars is stressed.
_ASKED = re.compile(r"(?:[^.!?…\n:;—*\"“”]|(?<=\s)\*[^*.!?…\n\"“”]{1,80}\*){0,300}+[*!]?\?")


def check_texts(entry: Entry, rules: Rules) -> Iterator[Diagnostic]:
    """What is found in the texts of the messages; a list of parts is not looked into."""
    scene = Scene(entry.messages)
    if scene.words.plain or not scene.whole.isascii() or scene.whole.strip():
        yield from _letters(scene)
        yield from _leftovers(scene, rules)
        yield from _phrases(scene, rules)
        yield from _private(scene)


class Scene:
    """The messages of an entry, and all their texts at once."""

    def __init__(self, messages: tuple[Message, ...]) -> None:
        self._messages = messages
        self._texts = [message.text for message in messages]
        self.whole = "\n".join(self._texts)
        self.words = Words(self.whole)

    @cached_property
    def letters(self) -> frozenset[str]:
        """Each letter that is not ASCII, once."""
        if self.whole.isascii():
            return frozenset()
        rest = self.whole.encode("utf-8", "surrogatepass").translate(None, _ASCII)
        return frozenset(rest.decode("utf-8", "surrogatepass"))

    @cached_property
    def digits(self) -> int:
        """How many digits there are."""
        return len(self.words.flat) - len(self.words.flat.translate(None, _DIGITS))

    @cached_property
    def roles(self) -> tuple[str, ...]:
        """The role of each message."""
        return tuple(message.canonical for message in self._messages)

    def found(
        self, code: str, spans: Callable[[str], Iterable[Span]], roles: tuple[str, ...] = ()
    ) -> Iterator[Diagnostic]:
        """A diagnostic for each span, in all messages or in those of the roles given."""
        severity = CODES[code].severity
        for at, text in enumerate(self._texts):
            if text and (not roles or self.roles[at] in roles):
                for span in islice(spans(text), MOST):
                    yield Diagnostic(code, severity, at, span.start, span.end, span.detail)


def _letters(scene: Scene) -> Iterator[Diagnostic]:
    letters = scene.letters
    if b"\0" in scene.words.flat or not letters.isdisjoint(unicode.CONTROL):
        yield from scene.found("text.control_characters", partial(unicode.control_characters, tries=TRIES))
    if not letters:
        return
    if not letters.isdisjoint(unicode.BROKEN):
        yield from scene.found("text.mojibake", partial(unicode.mojibake, tries=TRIES))
    if not letters.isdisjoint(unicode.INVISIBLE):
        yield from scene.found("text.zero_width", unicode.zero_width)
    if "\ufffd" in letters:
        yield from scene.found("text.replacement_character", unicode.replacement_characters)
    if not letters.isdisjoint(unicode.MARKS):
        yield from scene.found("text.zalgo", unicode.zalgo)
    if '"' in scene.whole and not letters.isdisjoint(unicode.CURLY):
        yield from scene.found("text.mixed_quotes", lambda text: islice(unicode.mixed_quotes(text), 1))


def _leftovers(scene: Scene, rules: Rules) -> Iterator[Diagnostic]:
    whole = scene.whole
    if any(first in whole for first in _firsts(rules.special_tokens)):
        yield from scene.found(
            "text.special_token", partial(markup.special_tokens, tokens=rules.special_tokens)
        )
    if "{{" in whole or "<" in whole:
        yield from scene.found("text.macro_left", markup.macros)
    if "#" in whole or "<" in whole or "{" in whole or "```" in whole:
        yield from scene.found(LEAKAGE, markup.leakage, ("assistant",))


@lru_cache(maxsize=8)
def _firsts(tokens: tuple[str, ...]) -> frozenset[str]:
    return frozenset(token[:1] for token in tokens)


@lru_cache(maxsize=4)
def _lexicon(rules: Rules) -> Lexicon:
    return Lexicon(
        (
            (REFUSAL, rules.refusals), (SLOP, rules.slop), (SPEAKS, rules.speaks_for_user), (OOC, rules.ooc),
            (NAME, rules.never_publish), (INACTIVE, rules.inactive_characters),
        )
    )  # fmt: skip


def _phrases(scene: Scene, rules: Rules) -> Iterator[Diagnostic]:
    lexicon = _lexicon(rules)
    if len(scene.whole) <= PIECE:
        phrases = tuple(lexicon.candidates(scene.words))
        codes = {phrase.code for phrase in phrases}
        cut: Cut = partial(_uncut, phrases=phrases)
    else:
        codes = set(_LISTED)
        cut = cache(lambda text: tuple(lexicon.pieces(text, FILED)))
    for code in CODES if codes else ():
        if code in codes:
            find = _outside_speech if code in _OUTSIDE_SPEECH else _held
            yield from scene.found(code, partial(find, cut=cut, code=code), _ROLES.get(code, ()))


def _uncut(text: str, phrases: tuple[Phrase, ...]) -> tuple[Piece, ...]:
    return (Piece(0, len(text), phrases),)


def _held(text: str, cut: Cut, code: str, tries: int | None = LOOKS) -> Iterator[Span]:
    """Where the phrases of a code stand in a text, the longest of those that overlap."""
    looks = place = 0
    for piece in cut(text):
        looks += sum(phrase.code == code for phrase in piece.phrases)
        if piece.start == piece.end or (tries and looks > tries):
            yield stopped(max(place, piece.start))
            return
        for span in piece.spans(text, code):
            if span.start >= place:
                place = span.end
                yield span


def _outside_speech(text: str, cut: Cut, code: str) -> Iterator[Span]:
    """The same, but for what stands between quotation marks, and for what the user is only asked."""
    for tried, span in enumerate(_held(text, cut, code)):
        if tried == TRIES:
            yield stopped(span.start)
            return
        if span.detail == STOPPED or not (_in_speech(text, span.start) or _in_question(text, span, code)):
            yield span


def _in_question(text: str, span: Span, code: str) -> bool:
    """Whether a phrase that would speak for the user is part of a question."""
    return code == SPEAKS and _ASKED.match(text, span.end) is not None


def _in_speech(text: str, at: int) -> bool:
    """Whether a place is between quotation marks, judged by its paragraph."""
    first = max(0, at - 2000)
    before = text[max(first, text.rfind("\n", first, at) + 1) : at]
    if before.count('"') % 2:
        return True
    return any(
        before.rfind(opening) > before.rfind(closing) for opening, closing in ("“”", "«»", "「」", "„“")
    )


def _private(scene: Scene) -> Iterator[Diagnostic]:
    whole = scene.whole
    digits = scene.digits or (8 if any(map(str.isdigit, scene.letters)) else 0)
    is_long = len(whole) > PIECE  # then it is not looked through twice
    worth = {
        "privacy.email": "@" in whole,
        "privacy.phone": digits >= 7,
        "privacy.secret": digits >= 3 or may_be_told(whole, scene.words.flat, digits),
        "privacy.address": digits > 0,
        "privacy.url": "/" in whole or b" www " in scene.words.flat,
    }
    for code, spans in PRIVATE.items():
        if worth[code] and (is_long or next(spans(whole), None)):
            yield from scene.found(code, partial(spans, tries=TRIES))


def names(text: str, rules: Rules, tries: int | None = None) -> Iterator[Span]:
    """Where the names that are never to be published stand in a text, with their placeholder.

    :param tries: as many as are judged of a private matter; None for all.
    """
    if not rules.never_publish:
        return
    lexicon = _lexicon(rules)
    cut = partial(lexicon.pieces, tries=tries and FILED)
    for span in _held(text, cut, NAME, tries and LOOKS):
        yield span if span.detail == STOPPED else span._replace(better="[name]")
