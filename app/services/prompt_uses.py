"""Which entries have the text of a prompt as a system message, and putting another in its place."""

from array import array
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from app.domain.entry import Entry, digest
from app.domain.facts import payload
from app.domain.names import quoted
from app.domain.prompts import beginnings, reworded, system_texts
from app.domain.view import View
from app.errors import Refused
from app.registry.database import connected
from app.services import editing
from app.services.browsing import LARGEST_SHOWN, Memory, opening_words
from app.services.editor import Editor, Line
from app.services.library import DatasetInfo, Library
from app.services.operation import Door, OperationInfo, operation
from app.services.prompts import PromptInfo, change, check_text, prompt
from app.services.reading import Progress, Snapshot, bytes_to_read, reading, silent
from app.store import queries
from app.store.finding import full_keys
from app.store.textcache import segment_of, whole

LARGE = 16 * 1024 * 1024  # bytes; reading so much again is more than a click may wait for


@dataclass(frozen=True, slots=True)
class Counted:
    """In how many entries of which dataset a system message says just what some prompts say.

    ``entries`` has the datasets with any, by the slug of the prompt. ``unread`` are those that could
    not be looked at: their file is gone, or would have to be read anew first.
    """

    entries: dict[str, dict[str, int]]
    unread: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class User:
    """An entry with the text of a prompt; ``locked`` says why it cannot be rewritten."""

    key: str
    number: int
    opening: str
    speaker: str
    locked: str


@dataclass(frozen=True, slots=True)
class Users:
    """A page of the entries of one dataset with the text of a prompt, in file order."""

    rows: tuple[User, ...]
    page: int
    pages: int
    total: int


@dataclass(slots=True)
class Replaced:
    """What came of a bulk replacement, or would come of it: the entries, and those left alone, by dataset.

    An entry is left alone if its line cannot be rewritten without losing something. ``skipped`` are
    datasets that could not be looked at, where none was asked for by name.
    """

    changed: dict[str, list[str]] = field(default_factory=dict)
    locked: dict[str, list[str]] = field(default_factory=dict)
    skipped: tuple[str, ...] = ()
    operation: OperationInfo | None = None


# Asked of a file in one state, which its signature names: another state is another question.
_found = Memory["array[int]"](60)


def count(library: Library, wanted: Sequence[PromptInfo], *, patient: bool = True) -> Counted:
    """Where some prompts are used. Each dataset is looked through once for all of them.

    :param patient: wait until the index of a large file is made anew.
    """
    entries: dict[str, dict[str, int]] = {each.slug: {} for each in wanted}
    unread = []
    for info in sorted(library.datasets(), key=lambda info: info.slug):
        if not _is_at_hand(library, info, patient=patient):
            unread.append(info.slug)
            continue
        with reading(library, info.slug) as snapshot:
            ranks = _ranks(snapshot, {each.content for each in wanted})
        for each in wanted:
            if ranks[each.content]:
                entries[each.slug][info.slug] = len(ranks[each.content])
    return Counted(entries, tuple(unread))


def _is_at_hand(library: Library, info: DatasetInfo, *, patient: bool) -> bool:
    return info.state != "missing" and (patient or bytes_to_read(library, info) < LARGE)


def same_text(library: Library, slug: str) -> dict[str, list[str]]:
    """The keys of the entries in which a system message is the text of a prompt, by dataset, in file order.

    :raises NotFound: if there is no such prompt.
    """
    text, found = prompt(library, slug).content, {}
    for info in sorted(library.datasets(), key=lambda info: info.slug):
        if info.state == "missing":
            continue
        with reading(library, info.slug) as snapshot:
            keys = list(_keys(snapshot, _ranks(snapshot, {text})[text]))
        if keys:
            found[info.slug] = keys
    return found


def users(library: Library, slug: str, dataset: str, *, page: int = 1, size: int = 25) -> Users:
    """A page of the entries of a dataset that have the text of a prompt. One behind the last gives the last.

    :raises NotFound: if there is no such prompt or dataset.
    """
    text = prompt(library, slug).content
    with reading(library, dataset) as snapshot:
        ranks = _ranks(snapshot, {text})[text]
        pages = max(1, -(-len(ranks) // size))
        page = min(max(page, 1), pages)
        some = ranks[(page - 1) * size : page * size]
        keys = _keys(snapshot, some)
        rows = tuple(_user(snapshot, rank, key) for rank, key in zip(some, keys, strict=True))
    return Users(rows, page, pages, len(ranks))


def _user(snapshot: Snapshot, rank: int, key: str) -> User:
    number = queries.number(snapshot.connection, rank)
    (row,) = queries.rows(snapshot.connection, [rank])
    if row.length > LARGEST_SHOWN:
        return User(key, number, "This entry is too large to be shown in a list.", "", "")
    entry = _entry(snapshot, rank)
    speaker, opening = opening_words(entry)
    return User(key, number, opening, speaker, entry.locked)


def _keys(snapshot: Snapshot, ranks: Sequence[int]) -> Iterator[str]:
    return full_keys(snapshot.connection, queries.named(snapshot.connection, ranks))


def _entry(snapshot: Snapshot, rank: int) -> Entry:
    (row,) = queries.rows(snapshot.connection, [rank])
    return Entry.of(payload(snapshot.file.read(row.offset, row.length)))


def _ranks(snapshot: Snapshot, texts: Collection[str]) -> dict[str, "array[int]"]:
    """The entries in which a system message is one of some texts, by the text: their ranks, in file order."""
    signature = snapshot.summary.signature
    marks = {text: digest(text.encode("utf-8", "surrogatepass")) for text in texts}
    known = {text: _found.get((signature, mark)) for text, mark in marks.items()}
    fresh = {text: array("q") for text, ranks in known.items() if ranks is None}
    if fresh:
        for rank, text in _look(snapshot, fresh):
            fresh[text].append(rank)
    for text, ranks in fresh.items():
        _found.keep((signature, marks[text]), ranks)
    return {**{text: ranks for text, ranks in known.items() if ranks is not None}, **fresh}


def _look(snapshot: Snapshot, texts: Collection[str]) -> Iterator[tuple[int, str]]:
    """Rank and text of each entry with one of the texts: found folded, and held against the line."""
    alike: dict[bytes, list[str]] = {}
    for text in texts:
        alike.setdefault(segment_of([("s", text)]), []).append(text)
    starts = {text: beginnings(text) for text in texts}
    for places in queries.segments(snapshot.connection, View()):
        seen: set[tuple[int, str]] = set()
        for number, line in whole(snapshot.index.text, alike, places.starts, places.lengths):
            for text in _said(snapshot, places.ranks[number], alike[line], starts):
                if (number, text) not in seen:
                    seen.add((number, text))
                    yield places.ranks[number], text


def _said(
    snapshot: Snapshot, rank: int, texts: Sequence[str], starts: Mapping[str, tuple[bytes, ...]]
) -> Iterator[str]:
    """Those of some texts that an entry has to the letter; it is parsed if its beginning does not tell."""
    (row,) = queries.rows(snapshot.connection, [rank])
    longest = max(len(start) for text in texts for start in starts[text])
    head = snapshot.file.read(row.offset, min(longest, row.length))
    open_questions = [text for text in texts if not head.startswith(starts[text])]
    yield from (text for text in texts if text not in open_questions)
    if open_questions:
        said = set(system_texts(_entry(snapshot, rank).value))
        yield from (text for text in open_questions if text in said)


def replace_in_bulk(
    library: Library,
    slug: str,
    text: str,
    *,
    datasets: Collection[str] | None = None,
    keys: Mapping[str, Collection[str]] | None = None,
    template: bool = False,
    progress: Progress = silent,
) -> Replaced:
    """Put another text in place of a prompt's in every system message that says just that; one operation.

    Entries whose line cannot be rewritten are left alone and counted.

    :param text: the new one, such as the content of another prompt.
    :param datasets: the slugs of those to change; all that can be read, if not given.
    :param keys: only these entries, of the datasets that are named here.
    :param template: give the prompt itself the new text too.
    :raises Refused: if the text is the same, or cannot be that of a prompt.
    """
    old = check(library, slug, text)
    done = Replaced()
    names, done.skipped = _chosen(library, datasets)
    title = f"Replace the text of prompt {quoted(old.name)}"
    with operation(library, title, progress=editing.second_half(progress)) as door:
        for name in names:
            lines = list(_lines(door.editor(name), old.content, keys and keys.get(name)))
            _replace(door, name, lines, _rewording(old.content, text), done, progress)
        if done.changed:
            door.concern("prompt")
        if template:
            change(door, slug, text)
    done.operation = door.info
    return done


def would_replace(
    library: Library, slug: str, text: str, *, datasets: Collection[str] | None = None
) -> Replaced:
    """What :func:`replace_in_bulk` would do; nothing is changed."""
    old = check(library, slug, text).content
    done = Replaced()
    names, done.skipped = _chosen(library, datasets)
    for name in names:
        with reading(library, name) as snapshot:
            ranks = _ranks(snapshot, {old})[old]
            for rank, key in zip(ranks, _keys(snapshot, ranks), strict=True):
                found = done.locked if _entry(snapshot, rank).locked else done.changed
                found.setdefault(name, []).append(key)
    return done


def check(library: Library, slug: str, text: str) -> PromptInfo:
    """The prompt, if a text can take the place of its own.

    :raises Refused: if not.
    """
    old = prompt(library, slug)
    check_text(text)
    if text == old.content:
        raise Refused("The new text is the same as the old one.", "Write another, or choose another prompt.")
    return old


def _chosen(library: Library, datasets: Collection[str] | None) -> tuple[list[str], tuple[str, ...]]:
    """The datasets to change by their present names, and those left out where all are meant."""
    if datasets is not None:
        with connected():
            return sorted({library.row(name).slug for name in datasets}), ()
    ready = {info.slug: info.state == "ready" for info in library.datasets()}
    return sorted(name for name in ready if ready[name]), tuple(sorted(n for n in ready if not ready[n]))


def _lines(editor: Editor, text: str, keys: Collection[str] | None) -> Iterator[Line]:
    """The lines of a dataset with a text as a system message; of these entries only, if any are named."""
    snapshot = editor.snapshot
    ranks = _ranks(snapshot, {text})[text]
    for rank, key in zip(ranks, _keys(snapshot, ranks), strict=True):
        if keys is None or key in keys:
            yield editor.at(editor.layout.position(rank), key)


def _rewording(old: str, new: str) -> Callable[[Mapping[str, object]], Mapping[str, object]]:
    return lambda value: reworded(value, old, new)


def _replace(
    door: Door,
    name: str,
    lines: Sequence[Line],
    rewording: Callable[[Mapping[str, object]], Mapping[str, object]],
    done: Replaced,
    progress: Progress,
) -> None:
    """Rewrite some lines of one dataset."""
    editor = door.editor(name)
    for number, line in enumerate(lines):
        outcome = editing.rewrite(editor, line, rewording)
        if outcome is None:
            done.locked.setdefault(name, []).append(line.key)
        elif outcome:
            done.changed.setdefault(name, []).append(line.key)
        if number % 200 == 0:
            progress(number, 2 * len(lines))
