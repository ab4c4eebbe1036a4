"""Near duplicates: entries that say almost the same, found as clusters without comparing all with all.

Two texts are near duplicates when they share most of their *shingles*: runs of five words, in any case
and with any punctuation between them. How much they share is the Jaccard number, shingles in both by
shingles in either. The caller gives the text of an entry without its system messages, so that one prompt
above many entries makes them no duplicates.

A *word* is a run of letters and digits. Scripts that put no spaces between words (Chinese, Japanese, Thai,
Lao, Khmer, Burmese) have each letter with its marks as a word. A text with no letter or digit at all, such
as one of emoji, has as words what stands between its white space. A text of one to four words is one single
shingle: it is a duplicate of a text with the same words only. A blank text is a duplicate of nothing.

Per entry a small *signature* is kept (MinHash: for each of 128 ways to shuffle all shingles that exist, a
piece of the one that comes first; two texts agree in such a place as often as their Jaccard number says).
Texts that agree in a whole band of places are candidates; what is in a cluster has been compared by its
shingles, or has word for word the same text.
"""

import re
import unicodedata
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from functools import cache, lru_cache
from hashlib import blake2b, shake_256
from math import sqrt
from zlib import crc32

import numpy as np
import numpy.typing as npt

Numbers = npt.NDArray[np.uint64]
Places = npt.NDArray[np.uint16]
Indexes = npt.NDArray[np.intp]

SHINGLE = 5  # words
PLACES = 128  # of a signature
LOWEST = 0.5  # below it, texts have too little in common for a signature to tell
_MISSED = 1e-4  # how likely it may be that two texts just at the threshold share no band
_BLOCK = 2048  # shingles shuffled at a time; few enough to stay in the processor's cache
_NEIGHBOURS = 32  # how far along a crowded band one text is compared
_PATIENCE = 12  # texts found to differ after all until no more are tried against one
_DIGEST = 16  # bytes in front of a signature: equal where word for word the text is

# Fixed for ever: another process, on another machine, has to come to the same signature.
_WEIGHTS = np.frombuffer(shake_256(b"words of a shingle").digest(8 * SHINGLE), "<u8") | np.uint64(1)
_SHUFFLES = np.frombuffer(shake_256(b"shuffles of a signature").digest(8 * PLACES), "<u4").reshape(2, PLACES)
_FACTORS, _SHIFTS = _SHUFFLES[0] | np.uint32(1), _SHUFFLES[1]
_BANDS = np.frombuffer(shake_256(b"places of a band").digest(8 * PLACES), "<u8") | np.uint64(1)

_PLAIN = bytes(
    point if point >= 0x80 or chr(point).isalnum() else 0x20 for point in bytes(range(256)).lower()
)  # ASCII letters and digits small, other ASCII a space, the bytes of other letters as they are
# Thai and Lao, Burmese, Khmer, Kana, Han but for its rarest letters: scripts without spaces between words.
# Here as in the other patterns all is below U+10000, which `re` finds ten times as fast.
_UNSPACED = re.compile(
    "[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3005\u3007\u3040-\u30ff\u31f0-\u31ff"
    "\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\uff66-\uff9f]"
)


def signature(text: str) -> bytes:
    """What :func:`clusters` has to know of a text; empty where the text is blank.

    :param text: all that an entry says but for its system messages.
    """
    words = _words(text)
    if not words:
        return b""
    found = (_shingles(words, crc32) >> np.uint64(32)).astype(np.uint32)  # the half that is mixed well
    if len(found) > _BLOCK:
        found = np.unique(found)
    firsts = np.full(PLACES, 0xFFFFFFFF, np.uint32)
    for start in range(0, len(found), _BLOCK):
        shuffled = (found[start : start + _BLOCK, np.newaxis] ^ _SHIFTS) * _FACTORS
        np.minimum(firsts, shuffled.min(axis=0), out=firsts)
    return blake2b(b" ".join(words), digest_size=_DIGEST).digest() + firsts.astype("<u2").tobytes()


def similarity(one: str, other: str) -> float:
    """The Jaccard number of two texts: 1 where they have the same shingles, 0 where they share none."""
    return _jaccard(_compared(one), _compared(other))


def alike(one: bytes, others: list[bytes], threshold: float = 0.8) -> list[bool]:
    """Whether each of some texts may be near to one, by its signature; of 30,000 that are, one is missed."""
    places = np.frombuffer(b"".join([one, *others]), np.uint8).reshape(-1, len(one))[:, _DIGEST:].view("<u2")
    shares = (places[1:] == places[0]).mean(axis=1)
    found: list[bool] = (shares >= _needed(threshold, -4)).tolist()
    return found


def clusters(
    items: Iterable[tuple[int, bytes]], text_of: Callable[[int], str], threshold: float = 0.8
) -> list[tuple[int, ...]]:
    """The ranks of near duplicates, each cluster and the clusters among themselves in ascending order.

    Who is near to one of a cluster is in it. Time and memory grow with the number of items, even where all
    look alike; in a crowd of thousands that are alike, but less than the threshold, a pair may be missed.

    :param items: every rank once, with the signature of its text.
    :param text_of: gives the text that was signed; asked for candidates only.
    :param threshold: the Jaccard number from which on two texts are near, 0.5 to 1.
    :raises ValueError: if the threshold is another one.
    """
    if not LOWEST <= threshold <= 1:
        raise ValueError(f"the threshold is not between {LOWEST} and 1")
    twins: defaultdict[bytes, list[int]] = defaultdict(list)
    signed: list[bytes] = []
    for rank, sign in items:
        if sign:
            ranks = twins[sign[:_DIGEST]]
            if not ranks:
                signed.append(sign[_DIGEST:])
            ranks.append(rank)
    places = np.frombuffer(b"".join(signed), "<u2").reshape(-1, PLACES)
    groups = list(twins.values())
    grown: defaultdict[int, list[int]] = defaultdict(list)
    for index, root in enumerate(_roots(places, lambda index: text_of(groups[index][0]), threshold).tolist()):
        grown[root] += groups[index]
    return sorted(tuple(sorted(ranks)) for ranks in grown.values() if len(ranks) > 1)


def _words(text: str) -> list[bytes]:
    """The words of a text, casefolded."""
    plain = text
    if not text.isascii():
        plain = _between().sub(" ", text.casefold())
        if _UNSPACED.search(plain):
            plain = " ".join(_letters().findall(plain))
    return plain.encode().translate(_PLAIN).split() or [
        word.encode("utf-8", "surrogatepass") for word in text.split()
    ]


@cache
def _between() -> re.Pattern[str]:
    """A pattern of what stands between words, but for ASCII."""
    return re.compile(rf"[^\w\x00-\x7f{_marks()}]+")


@cache
def _letters() -> re.Pattern[str]:
    """A pattern of letters that are words of their own, and of all that stands between two of them."""
    return re.compile(rf"{_UNSPACED.pattern}[{_marks()}]*|[^{_UNSPACED.pattern[1:]}+")


@cache
def _marks() -> str:
    """Signs that belong to the letter before them, such as accents and vowels; not those behind emoji."""
    signs = map(chr, (*range(0x300, 0xFE00), *range(0xFE20, 0xFE30)))
    return "".join(sign for sign in signs if unicodedata.category(sign).startswith("M"))


def _shingles(words: list[bytes], number: Callable[[bytes], int]) -> Numbers:
    """A number for each run of five words, or one for fewer words; some may come several times."""
    numbers = np.fromiter(map(number, words), np.int64, len(words)).view(np.uint64)
    size = min(SHINGLE, len(words))
    found = np.zeros(len(words) - size + 1, np.uint64)
    for offset in range(size):
        found += numbers[offset : offset + len(found)] * _WEIGHTS[offset]
    return found


def _compared(text: str) -> Numbers:
    """The shingles of a text, each once, as numbers of 64 bits that hold within this process."""
    return np.unique(_shingles(_words(text), hash))


def _jaccard(one: Numbers, other: Numbers) -> float:
    shared = len(one) + len(other) - len(np.unique(np.concatenate((one, other))))
    return shared / (len(one) + len(other) - shared)


def _roots(places: Places, text_of: Callable[[int], str], threshold: float) -> Indexes:
    """For each text the one that stands for all that it is near to, by way of others or not."""
    roots = np.arange(len(places))
    patience = [_PATIENCE] * len(places)
    shingles = lru_cache(maxsize=_NEIGHBOURS)(lambda index: _compared(text_of(index)))
    differ: set[tuple[int, int]] = set()
    for one, other in _candidates(places, threshold, roots):
        root, further = sorted((_root(roots, one), _root(roots, other)))
        if root == further or (one, other) in differ or not (patience[one] and patience[other]):
            continue
        if _jaccard(shingles(one), shingles(other)) >= threshold:
            roots[further] = root
        else:
            differ.add((one, other))
            patience[one] -= 1
            patience[other] -= 1
    return _flat(roots)


def _root(roots: Indexes, index: int) -> int:
    """The text that stands for another one."""
    while roots[index] != index:
        roots[index] = index = int(roots[roots[index]])
    return index


def _flat(roots: Indexes) -> Indexes:
    """The same roots, each at once instead of by way of others."""
    while not np.array_equal(roots, roots[roots]):
        roots[:] = roots[roots]
    return roots


def _candidates(places: Places, threshold: float, roots: Indexes) -> Iterator[tuple[int, int]]:
    """Pairs that share a band and whose signatures are as alike as those of near texts may be.

    First come those that surely are near: in a crowd of texts that are nearly near, nobody's patience is
    spent before. Pairs known to be of one cluster are left out.
    """
    rows = _rows(threshold)
    keys = [_keys(places, start, rows) for start in range(0, PLACES - rows + 1, rows)]
    for deviations in (2, 0, -4):  # the last leaves out 1 in 30,000 of them
        for number, key in enumerate(keys):
            for ones, others in _neighbours(key, keys[number - 1]):
                apart = _flat(roots)[ones] != roots[others]
                yield from _alike(places, ones[apart], others[apart], _needed(threshold, deviations))


def _needed(threshold: float, deviations: int) -> float:
    """The share of places in which signatures agree, so many deviations from that of texts just near."""
    return threshold + deviations * sqrt(threshold * (1 - threshold) / PLACES)


def _neighbours(key: Numbers, further: Numbers) -> Iterator[tuple[Indexes, Indexes]]:
    """Texts with the same key, each with the next ones in order: those with both keys the same first."""
    order = np.lexsort((further, key))
    key = key[order]
    for distance in range(1, _NEIGHBOURS + 1):
        same = np.flatnonzero(key[distance:] == key[:-distance])
        if not len(same):
            break
        yield order[same], order[same + distance]


def _alike(places: Places, ones: Indexes, others: Indexes, needed: float) -> Iterator[tuple[int, int]]:
    """The pairs that agree in that share of their places, the most alike first."""
    for start in range(0, len(ones), _BLOCK):
        one, other = ones[start : start + _BLOCK], others[start : start + _BLOCK]
        shares = (places[one] == places[other]).mean(axis=1)
        best = np.argsort(-shares, kind="stable")[: np.count_nonzero(shares >= needed)]
        one, other = np.minimum(one, other)[best], np.maximum(one, other)[best]
        yield from zip(one.tolist(), other.tolist(), strict=True)


def _rows(threshold: float) -> int:
    """How many places a band has: as many as may be, for few candidates, without missing a near text."""
    return max(
        rows for rows in range(1, 17) if (1 - threshold**rows) ** (PLACES // rows) <= _MISSED or rows == 1
    )


def _keys(places: Places, start: int, rows: int) -> Numbers:
    """One number for what each text has in a band."""
    key = np.zeros(len(places), np.uint64)
    for place in range(start, start + rows):
        key += (places[:, place] + np.uint64(1)) * _BANDS[place]
    return key
