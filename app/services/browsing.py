"""Looking at a dataset: lists, counts, one entry. Questions to the index; a line is read only to be shown."""

import json
from collections import OrderedDict
from collections.abc import Hashable, Iterator
from dataclasses import dataclass, replace
from heapq import merge
from itertools import islice
from sqlite3 import Connection
from threading import Lock
from typing import Generic, TypeVar

from app.domain.entry import Entry, NotJson, digest
from app.domain.facts import payload
from app.domain.folding import fold
from app.domain.search import BadQuery, Deadline, Matcher, SearchTimeout, compile_query
from app.domain.view import View
from app.errors import NotFound
from app.registry import casts
from app.registry.database import connected
from app.services.library import DatasetInfo, Library
from app.services.reading import Snapshot, is_current, reading
from app.store import findings, queries
from app.store.datasets import signature
from app.store.finding import full_keys, locate
from app.store.queries import RowFacts, Segments
from app.store.textcache import scan

OPENING = 160  # characters
CONTEXT = 60  # characters on each side of a hit
LARGEST_SHOWN = 1 << 20  # bytes of a line that is read for a list
Answer = TypeVar("Answer")
_LETTERS = {"system": "s", "user": "u", "assistant": "a"}


@dataclass(frozen=True, slots=True)
class Row:
    """One entry in a list. ``hit`` is the first place where the search found it: before, match, after."""

    key: str
    number: int
    opening: str
    speaker: str
    tags: tuple[str, ...]
    exchanges: int
    messages: int
    characters: int
    size: int
    hit: tuple[str, str, str] | None = None
    first: int = -1  # the place of the message that it opens with, from 0


@dataclass(frozen=True, slots=True)
class Listing:
    """One page of the entries that a view names.

    ``matched`` is None while a search has not been counted; ``more`` then says whether there is
    another page. ``problem`` says why a query could not be answered.
    """

    rows: tuple[Row, ...]
    page: int
    pages: int | None
    matched: int | None
    total: int
    more: bool
    problem: str = ""
    hint: str = ""


@dataclass(frozen=True, slots=True)
class OpenEntry:
    """One entry with what its page needs; ``revision`` is what a form sends back."""

    entry: Entry
    key: str
    revision: str
    number: int
    total: int
    previous_key: str | None
    next_key: str | None


@dataclass(frozen=True, slots=True)
class TagCount:
    """A tag in use: its slug, one spelling, and how many entries have it."""

    slug: str
    label: str
    count: int


def listing(library: Library, slug: str, view: View) -> Listing:
    """The page of entries that a view names. A page behind the last gives the last.

    :raises NotFound: if there is no such dataset.
    """
    with reading(library, slug) as snapshot:
        try:
            look = _Look.of(snapshot, view)
            return look.listing()
        except (BadQuery, SearchTimeout) as error:
            return Listing((), 1, 1, 0, snapshot.summary.entries, False, error.message, error.hint)


def count(library: Library, slug: str, view: View) -> int:
    """Exactly how many entries a view names, on all its pages.

    :raises BadQuery: if the query is no query.
    :raises SearchTimeout: if it takes too long to tell.
    """
    with reading(library, slug) as snapshot:
        return _Look.of(snapshot, view).count()


def matching_keys(library: Library, slug: str, view: View) -> list[str]:
    """The keys of all entries that a view names, in file order; see :func:`count`."""
    with reading(library, slug) as snapshot:
        return list(keys_in(snapshot, view))


def keys_in(snapshot: Snapshot, view: View) -> Iterator[str]:
    """The keys of all entries that a view names, in file order."""
    ranks = _Look.of(snapshot, view.everything).ranks()
    yield from full_keys(snapshot.connection, queries.named(snapshot.connection, ranks))


def ranks_in(snapshot: Snapshot, view: View) -> list[int]:
    """The ranks of all entries that a view names, in file order."""
    return list(_Look.of(snapshot, view.everything).ranks())


def open_entry(library: Library, slug: str, key: str) -> OpenEntry:
    """One entry, with its neighbours in the file.

    :raises NotFound: if there is none with that key.
    """
    with reading(library, slug) as snapshot:
        connection = snapshot.connection
        found = locate(connection, key)
        if found is None:
            raise NotFound(
                f"There is no entry {key} in {slug}.", "It may have been deleted; the history tells."
            )
        raw = snapshot.file.read(found.offset, found.length)
        revision = (
            connection.execute("SELECT digest FROM lines WHERE rank = ?", (found.rank,)).fetchone()[0].hex()
        )
        before, after = queries.neighbours(connection, found.rank)
        return OpenEntry(
            Entry.of(payload(raw)),
            key,
            revision,
            queries.number(connection, found.rank),
            snapshot.summary.entries,
            _key_at(connection, before),
            _key_at(connection, after),
        )


def tag_counts(library: Library, slug: str) -> tuple[TagCount, ...]:
    """The tags that a dataset uses, most used first."""
    with reading(library, slug) as snapshot:
        signature = snapshot.summary.signature
        known = _tags.get(signature)
        if known is not None:
            return known
        counted = tuple(TagCount(*row) for row in queries.tag_counts(snapshot.connection))
        return _tags.keep(signature, counted)


def tags_at_hand(library: Library, info: DatasetInfo) -> tuple[TagCount, ...] | None:
    """The tags of a dataset, if they can be told without reading its file; else None."""
    mark = signature(info.path)
    known = _tags.get(mark)
    if known is not None or not is_current(library, info):
        return known
    with library.index(info.id).connect() as connection:
        return _tags.keep(mark, tuple(TagCount(*row) for row in queries.tag_counts(connection)))


def _key_at(connection: Connection, rank: int | None) -> str | None:
    if rank is None:
        return None
    return next(full_keys(connection, queries.named(connection, (rank,))))


class Memory(Generic[Answer]):
    """Recent answers, by what was asked; the oldest is forgotten first."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._lock = Lock()
        self._answers: OrderedDict[Hashable, Answer] = OrderedDict()

    def get(self, question: Hashable) -> Answer | None:
        """The answer that was kept, if it still is."""
        with self._lock:
            return self._answers.get(question)

    def keep(self, question: Hashable, answer: Answer) -> Answer:
        """Remember an answer, and give it back."""
        with self._lock:
            self._answers[question] = answer
            while len(self._answers) > self._most:
                self._answers.popitem(last=False)
        return answer


# Asked of a file in one state, which its signature names: another state is another question.
_found = Memory[tuple[int, ...]](12)
_counts = Memory[int](100)
_tags = Memory[tuple[TagCount, ...]](100)


@dataclass(slots=True)
class _Look:
    """One look at a dataset through a view."""

    snapshot: Snapshot
    view: View
    matcher: Matcher | None
    uuids: str = ""  # of the entries in which the view's character speaks, as a JSON list

    @classmethod
    def of(cls, snapshot: Snapshot, view: View) -> "_Look":
        """The view, with its query made ready.

        :raises BadQuery: if the query is none.
        """
        uuids = _spoken(snapshot, view.character) if view.character else ""
        if not fold(view.query):
            return cls(snapshot, view, None, uuids)
        matcher = compile_query(
            view.query, mode=view.mode, match_case=view.match_case, ignore_accents=view.ignore_accents
        )
        return cls(snapshot, view, matcher, uuids)

    def _question(self, *, order: bool) -> Hashable:
        """What is asked, without what does not change the entries found and, if it matters, their order."""
        same = replace(self.view, page=1, size=25)
        spoken = digest(self.uuids.encode())  # who speaks changes without the file
        found = findings.state(self.snapshot.connection) if self.view.diagnostic else ()  # and what is found
        return (
            self.snapshot.summary.signature,
            spoken,
            found,
            same if order else replace(same, sort="position"),
        )

    def listing(self) -> Listing:
        """The page that the view names."""
        size, page = self.view.size, self.view.page
        total = self.snapshot.summary.entries
        known = self._known()
        if known is None:
            found = list(islice(self.ranks(), (page - 1) * size, page * size + 1))
            if found or page == 1:
                more = len(found) > size
                rows = self._rows(queries.rows(self.snapshot.connection, found[:size]))
                matched = None if more or page > 1 else len(found)
                return Listing(rows, page, 1 if matched is not None else None, matched, total, more)
            known = self.count()
        pages = max(1, -(-known // size))
        page = min(max(page, 1), pages)
        rows = self._rows(self._page((page - 1) * size, size))
        return Listing(rows, page, pages, known, total, page < pages)

    def count(self) -> int:
        """How many entries there are in the view."""
        known = self._known()
        return sum(1 for _ in self.ranks()) if known is None else known

    def _known(self) -> int | None:
        """The count, where it is to be had at once."""
        if self.matcher is None:
            return self._counted()
        answer = _found.get(self._question(order=True))
        return None if answer is None else len(answer)

    def _counted(self) -> int:
        """How many entries pass the filters; the same on every page and in every order."""
        question = self._question(order=False)
        known = _counts.get(question)
        if known is not None:
            return known
        return _counts.keep(question, queries.count(self.snapshot.connection, self.view, self.uuids))

    def _page(self, start: int, size: int) -> list[RowFacts]:
        if self.matcher is None:
            return queries.page(self.snapshot.connection, self.view, self.uuids, start=start, size=size)
        return queries.rows(self.snapshot.connection, list(self.ranks())[start : start + size])

    def ranks(self) -> Iterator[int]:
        """The ranks of the entries in the view, in its order, found as they are asked for."""
        if self.matcher is None:
            yield from queries.ranks(self.snapshot.connection, self.view, self.uuids)
            return
        question = self._question(order=True)
        answer = _found.get(question)
        if answer is not None:
            yield from answer
            return
        found: list[int] = []
        for rank in self._search(self.matcher):
            found.append(rank)
            yield rank
        _found.keep(question, tuple(found))

    def _search(self, matcher: Matcher) -> Iterator[int]:
        """The ranks of the entries that the query finds."""
        deadline = Deadline()
        others = self._by_name(matcher)
        for places in queries.segments(self.snapshot.connection, self.view, self.uuids):
            named = (number for number, rank in enumerate(places.ranks) if rank in others) if others else ()
            last = -1
            for number in merge(self._in_text(matcher, places, deadline), named):
                if number != last:
                    yield places.ranks[number]
                last = number

    def _in_text(self, matcher: Matcher, places: Segments, deadline: Deadline) -> Iterator[int]:
        letters = self._letters
        if not letters:
            return
        for number in scan(
            self.snapshot.index.text, matcher, places.starts, places.lengths, letters, deadline
        ):
            if matcher.exact or self._confirmed(matcher, places.ranks[number], deadline):
                yield number

    @property
    def _letters(self) -> frozenset[str]:
        if "character" in self.view.scopes:
            return frozenset("suax")
        return frozenset(_LETTERS[scope] for scope in self.view.scopes if scope in _LETTERS)

    def _confirmed(self, matcher: Matcher, rank: int, deadline: Deadline) -> bool:
        (row,) = queries.rows(self.snapshot.connection, [rank])
        return any(matcher.matches(text, deadline) for text in self._texts(self._entry(row)))

    def _texts(self, entry: Entry) -> Iterator[str]:
        for message in entry.messages:
            if _LETTERS.get(message.canonical, "x") in self._letters:
                yield message.text

    def _by_name(self, matcher: Matcher) -> set[int]:
        """The ranks found by their tags or their id, where those are in scope."""
        found: set[int] = set()
        if "tags" in self.view.scopes:
            tags = queries.every_tag(self.snapshot.connection)
            good = {label for label in {label for _, label in tags} if matcher.matches(label)}
            found |= {rank for rank, label in tags if label in good}
        if "id" in self.view.scopes:
            found |= queries.matching_ids(self.snapshot.connection, self.view.query.strip())
        return found

    def _entry(self, row: RowFacts) -> Entry:
        return Entry.of(payload(self.snapshot.file.read(row.offset, row.length)))

    def _rows(self, found: list[RowFacts]) -> tuple[Row, ...]:
        connection, ranks = self.snapshot.connection, sorted(row.rank for row in found)
        lines = sorted((row.rank, row.uuid, row.digest) for row in found)
        keys = dict(zip(ranks, full_keys(connection, lines), strict=True))
        numbers = _numbers(connection, ranks)
        return tuple(self._row(row, keys[row.rank], numbers[row.rank]) for row in found)

    def _row(self, row: RowFacts, key: str, number: int) -> Row:
        connection = self.snapshot.connection
        speaker, opening, hit, first = "", "This entry is too large to be shown in a list.", None, -1
        if row.length <= LARGEST_SHOWN:
            try:
                entry = self._entry(row)
                speaker, opening, hit = self._words(entry)
                first = opening_place(entry)
            except NotJson:
                opening = "This line was changed by another program."
        return Row(
            key,
            number,
            opening,
            speaker,
            tuple(label for _, label in queries.tag_labels(connection, row.rank)),
            row.exchanges,
            row.messages,
            row.characters,
            row.length,
            hit,
            first,
        )

    def _words(self, entry: Entry) -> tuple[str, str, tuple[str, str, str] | None]:
        """Speaker and opening words of an entry, and the words around the first hit."""
        speaker, opening = opening_words(entry)
        if self.matcher:
            for text in self._texts(entry):
                spans = self.matcher.spans(text, most=1)
                if spans:
                    return speaker, opening, _around(text, *spans[0])
        return speaker, opening, None


def _spoken(snapshot: Snapshot, character: str) -> str:
    """The uuids of the entries in which a character speaks, as a JSON list."""
    with connected():
        return json.dumps(casts.entries_of(character, snapshot.info.id))


def opening_words(entry: Entry) -> tuple[str, str]:
    """Who speaks first in an entry, the system prompt aside, and how it begins."""
    place = opening_place(entry)
    if place < 0:
        return "", ""
    return entry.messages[place].role, short(entry.messages[place].text)


def opening_place(entry: Entry) -> int:
    """The place of the message that an entry opens with, the system prompt aside; -1 if it has no text."""
    said = [index for index, message in enumerate(entry.messages) if message.text.strip()]
    talk = (index for index in said if entry.messages[index].canonical != "system")
    return next(talk, said[0] if said else -1)


def short(text: str) -> str:
    """How a text begins, in one line."""
    words = " ".join(text[: OPENING * 4].split())
    return words if len(words) <= OPENING else words[:OPENING].rstrip() + "…"


def _around(text: str, start: int, end: int) -> tuple[str, str, str]:
    before = ("…" if start > CONTEXT else "") + text[max(0, start - CONTEXT) : start]
    after = text[end : end + CONTEXT] + ("…" if end + CONTEXT < len(text) else "")
    return before, text[start : min(end, start + OPENING)], after


def _numbers(connection: Connection, ranks: list[int]) -> dict[int, int]:
    """Which entry of the file each is, from 1; ``ranks`` rise, and the file is counted through once."""
    numbers: dict[int, int] = {}
    last, counted = -1, 0
    for rank in ranks:
        counted += queries.between(connection, last, rank)
        numbers[rank] = counted
        last = rank
    return numbers
