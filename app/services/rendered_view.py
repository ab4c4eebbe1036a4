"""One entry as its trainer will see it: the training text, laid out to be read and counted."""

from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import pairwise

from app.domain.entry import Entry
from app.domain.targets.chosen import Chosen
from app.domain.targets.families import Family
from app.domain.targets.rendering import MARKUP, MESSAGE, Rendered, Span, rendered
from app.domain.targets.sandbox import TemplateError
from app.domain.targets.trainers import TRAINERS
from app.domain.targets.verdicts import Note
from app.domain.tokens import BadTokenizer, Counter
from app.domain.validation.markup import special_tokens
from app.domain.validation.special import SPECIAL_TOKENS
from app.errors import Refused
from app.services import criteria, measuring, targeting
from app.services.browsing import open_entry
from app.services.library import Library
from app.services.rendering import DEFAULT, renderer

SHOWN = 60_000  # characters on one page
MOST = 3_000  # stretches on one page
HEAD, TAIL = 3_000, 1_000  # characters of a long stretch, where not all can be shown


@dataclass(frozen=True, slots=True)
class Stretch:
    """Some of the training text, all of one kind.

    ``message`` is the place of the message it belongs to, or -1. ``control``: it is spelt as a control
    token. ``first``: the message begins here. ``beyond``: the trainer cuts the entry before it.
    ``hidden`` are characters left out of the page just before it.
    """

    text: str
    kind: str
    message: int
    trained: bool
    control: bool = False
    first: bool = False
    beyond: bool = False
    hidden: int = 0


@dataclass(frozen=True, slots=True)
class Part:
    """What becomes of one message: its tokens, whether some of it is trained, lost or trimmed.

    ``cut`` is how much of it the trainer cuts off: ``end``, ``all``, or empty for nothing.
    """

    place: int
    role: str
    tokens: int
    trained: bool
    lost: bool
    trimmed: bool
    cut: str = ""


@dataclass(frozen=True, slots=True)
class RenderedEntry:
    """An entry as its trainer will see it; nothing but ``error`` where the template refuses it.

    ``uncounted`` says why there are no numbers. ``hidden`` counts the characters that are not shown;
    all numbers count the whole text, but what the trainer cuts is not trained. ``limit`` is None where
    nothing is too long.
    """

    chosen: Chosen
    family: Family
    vocabulary: str
    error: str = ""
    uncounted: str = ""
    stretches: tuple[Stretch, ...] = ()
    parts: tuple[Part, ...] = ()
    system_added: bool = False
    characters: int = 0
    hidden: int = 0
    tokens: int = 0
    trained: int = 0
    limit: int | None = None

    @property
    def lost(self) -> tuple[Part, ...]:
        """The messages whose text is not in the training text."""
        return tuple(part for part in self.parts if part.lost)

    @property
    def around(self) -> int:
        """The tokens that are of no message."""
        return max(0, self.tokens - sum(part.tokens for part in self.parts))

    @property
    def over(self) -> int:
        """By how many tokens the entry is too long."""
        return max(0, self.tokens - self.limit) if self.limit else 0

    @property
    def excess(self) -> str:
        """What the trainer does to entries that are too long: cut, drop, or empty where nobody says."""
        trainer = TRAINERS.get(self.chosen.trainer)
        return trainer.excess if trainer else ""

    @property
    def own_layout(self) -> Note | None:
        """That the trainer puts the text together by itself, so that this is only near to it."""
        trainer = TRAINERS.get(self.chosen.trainer)
        return trainer.own_layout if trainer else None

    @property
    def share(self) -> int:
        """How much of it is trained, in percent, rounded so that neither none nor all is said falsely."""
        if self.trained in (0, self.tokens):
            return 100 if self.trained else 0
        return min(99, max(1, round(100 * self.trained / self.tokens)))


def view_of(library: Library, slug: str, key: str, chosen: Chosen | None = None) -> RenderedEntry:
    """The entry as its trainer will see it.

    :param chosen: the target; without, that of the dataset, and ChatML where it has no template.
    :raises NotFound: if there is no such entry, or no such template.
    """
    target = chosen or criteria.target_for(library, slug)
    target = replace(target, family=target.family or DEFAULT)
    return rendered_entry(library, open_entry(library, slug, key).entry, target)


def rendered_entry(library: Library, entry: Entry, target: Chosen) -> RenderedEntry:
    """An entry that is at hand, as :func:`view_of` shows it."""
    vocabulary = measuring.vocabulary_of(library, target)
    with renderer(library, target.family) as rendering:
        empty = RenderedEntry(target, rendering.family, vocabulary, limit=targeting.limit_of(target))
        try:
            whole = rendered(rendering.family, rendering.render, entry.value, target.mask, target.trainer)
        except TemplateError as error:
            return replace(empty, error=str(error))
    try:
        return _laid_out(empty, entry, whole, measuring.counting(library, vocabulary))
    except (BadTokenizer, Refused) as error:
        return _laid_out(replace(empty, uncounted=str(error)), entry, whole, None)


def _laid_out(empty: RenderedEntry, entry: Entry, whole: Rendered, counter: Counter | None) -> RenderedEntry:
    text = whole.text
    tokens = counter.count_rendered(text) if counter else 0
    cut = len(text)
    if counter and empty.limit and tokens > empty.limit and empty.excess == "cut":
        cut = _place_of(counter, text, empty.limit)
    whole = replace(whole, trained=tuple((a, min(b, cut)) for a, b in whole.trained if a < cut))
    shown = tuple(_shown(text, _stretches(empty.family, whole, cut)))
    return replace(
        empty,
        stretches=shown,
        parts=tuple(_parts(entry, whole, counter, cut)),
        system_added=whole.system_added,
        characters=len(text),
        hidden=len(text) - sum(len(each.text) for each in shown),
        tokens=tokens,
        trained=sum(counter.count_rendered(text[a:b]) for a, b in whole.trained) if counter else 0,
    )


def _place_of(counter: Counter, text: str, limit: int) -> int:
    """Where in the text so many tokens are full; it has more."""
    low, high = 0, min(len(text), 8 * limit)
    while high < len(text) and counter.count_rendered(text[:high]) <= limit:
        low, high = high, min(len(text), 2 * high)
    while low < high:
        middle = (low + high + 1) // 2
        if counter.count_rendered(text[:middle]) > limit:
            high = middle - 1
        else:
            low = middle
    return low


def _parts(entry: Entry, whole: Rendered, counter: Counter | None, cut: int) -> Iterator[Part]:
    spans: dict[int, list[Span]] = {}
    for piece in whole.pieces:
        if piece.kind == MESSAGE:
            spans.setdefault(piece.message, []).append((piece.start, piece.end))
    for place, message in enumerate(entry.messages):
        found = spans.get(place, [])
        yield Part(
            place,
            message.role,
            sum(counter.count(whole.text[start:end]) for start, end in found) if counter else 0,
            any(_touches(whole.trained, span) for span in found),
            place in whole.lost,
            place in whole.trimmed,
            _cut_off(found, cut),
        )


def _cut_off(spans: list[Span], cut: int) -> str:
    """How much of a message stands where the trainer cuts."""
    if not spans or spans[-1][1] <= cut:
        return ""
    return "all" if spans[0][0] >= cut else "end"


def _touches(trained: tuple[Span, ...], span: Span) -> bool:
    """Whether some of a span is among those that are trained, which come in order."""
    at = bisect_right(trained, (span[1] - 1, span[1])) - 1
    return at >= 0 and trained[at][0] < span[1] and trained[at][1] > span[0]


Edged = tuple[int, int, Stretch]  # where a stretch begins and ends, and what it is; without its text


def _stretches(family: Family, whole: Rendered, cut: int) -> Iterator[Edged]:
    """The pieces of the text, divided where training begins and ends and where the trainer cuts."""
    edges = sorted({cut, *(edge for span in whole.trained for edge in span)})
    seen: set[int] = set()
    for piece in whole.pieces:
        inner = edges[bisect_right(edges, piece.start) : bisect_right(edges, piece.end - 1)]
        for start, end in pairwise((piece.start, *inner, piece.end)):
            is_first = piece.kind == MESSAGE and piece.message not in seen
            seen.add(piece.message)
            trained = _touches(whole.trained, (start, end))
            yield (
                start,
                end,
                Stretch("", piece.kind, piece.message, trained, first=is_first, beyond=start >= cut),
            )


def _shown(text: str, stretches: Iterator[Edged]) -> Iterator[Stretch]:
    """What of them a page shows, with their texts: all of a short text, the ends of each in a long one."""
    left, amount, position = SHOWN, 0, 0
    for start, end, stretch in stretches:
        for a, b in _ends(start, end, is_long=len(text) > SHOWN):
            if b - a > left or amount >= MOST:
                continue
            for piece in _marked(text[a:b], stretch):
                yield replace(piece, hidden=a - position, first=piece.first and a == start)
                position, amount = a, amount + 1
            left, position = left - (b - a), b
    if position < len(text):
        yield Stretch("", MARKUP, -1, False, hidden=len(text) - position)


def _ends(start: int, end: int, *, is_long: bool) -> Iterator[Span]:
    if is_long and end - start > HEAD + TAIL:
        yield start, start + HEAD
        yield end - TAIL, end
    else:
        yield start, end


def _marked(text: str, stretch: Stretch) -> Iterator[Stretch]:
    """A stretch with its text, divided so that control tokens stand by themselves."""
    position = 0
    for found in special_tokens(text, SPECIAL_TOKENS):
        if position < found.start:
            yield replace(stretch, text=text[position : found.start], first=stretch.first and position == 0)
        yield replace(
            stretch,
            text=text[found.start : found.end],
            control=True,
            first=stretch.first and found.start == 0,
        )
        position = found.end
    if position < len(text):
        yield replace(stretch, text=text[position:], first=stretch.first and position == 0)
