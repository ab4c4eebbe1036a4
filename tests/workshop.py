"""What the tests of the core share: small conversations, and what must be true of a home at any rest."""

import json
import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from hashlib import sha256
from pathlib import Path
from uuid import UUID

from app.domain.entry import Entry
from app.domain.facts import payload
from app.domain.validation.analysis import analysed
from app.domain.validation.rules import Rules
from app.domain.view import View
from app.registry.database import connected
from app.registry.models import Backup, Dataset, JournalStep, Operation, Touched
from app.services import browsing, history
from app.services.library import Library
from app.services.reading import current_index
from app.store.datasets import content_of, opened
from app.store.findings import OF_LABELS, OF_TEXT
from app.store.imports import read_rejected
from app.store.index import Index
from app.store.indexing import build
from app.store.places import sidecar_of
from tests.sidecars import check_pair

SAMPLES = Path(os.environ.get("ROLETHREAD_SAMPLES", Path(__file__).parents[2] / "shared/samples"))
DATASET = "60a27d61-1f05-4776-a835-7161674e75ea"


def uuid(number: int) -> str:
    """An id that is the same in every run."""
    return str(UUID(int=number, version=4))


def entry(number: int, **more) -> dict:
    """A small conversation that the app could have written."""
    said = [
        {"role": "user", "content": f"Question {number}?"},
        {"role": "assistant", "content": f"Answer {number}."},
    ]
    block = {"version": "1.0.0", "native": True, "entry_uuid": uuid(number), "dataset_uuid": DATASET}
    return {"messages": said, "tags": [], **more, "_rolethread": block}


def line(number: int, **more) -> bytes:
    """That conversation as a line."""
    return json.dumps(entry(number, **more), ensure_ascii=False).encode() + b"\n"


def dataset(path: Path, count: int = 6) -> Path:
    """A file of some small conversations that can be trusted."""
    path.write_bytes(b"".join(line(number, tags=["calm"] if number % 2 else []) for number in range(count)))
    return path


def keys(library: Library, slug: str) -> list[str]:
    """The keys of all entries, in file order."""
    return browsing.matching_keys(library, slug, View())


def value_of(library: Library, slug: str, key: str) -> dict:
    """An entry's value, to be changed and saved."""
    return json.loads(json.dumps(browsing.open_entry(library, slug, key).entry.value))


def indexed(index: Index) -> Iterator[tuple]:
    """Everything that an index says, in file order, whatever ranks it gave."""
    text = index.text.read_bytes()
    with closing(sqlite3.connect(index.database)) as connection:
        tags, reasons = {}, dict(connection.execute("SELECT rank, reason FROM reasons"))
        for slug, rank, label in connection.execute("SELECT slug, rank, label FROM tags ORDER BY slug"):
            tags.setdefault(rank, []).append((slug, label))
        notes = _of_labels(connection)
        for rank, *row, start, length in connection.execute(
            "SELECT rank, offset, length, kind, digest, uuid, talk, tags, messages, exchanges, characters,"
            " text_start, text_length FROM lines ORDER BY rank"
        ):
            yield (
                *row,
                text[start : start + length],
                tags.pop(rank, []),
                reasons.pop(rank, ""),
                notes.pop(rank, []),
            )
        assert (tags, reasons, notes) == ({}, {}, {}), "the index tells of lines that are gone"


def _of_labels(connection: sqlite3.Connection) -> dict[int, list[tuple]]:
    """What was found in tags, keys and ids when their lines were indexed, by the rank of the line."""
    notes: dict[int, list[tuple]] = {}
    for table, columns in (("findings", "code, severity, count"), ("details", "code, what, count")):
        query = f"SELECT rank, {columns} FROM {table} WHERE {OF_LABELS} ORDER BY rank, {columns}"
        for rank, *said in connection.execute(query):
            notes.setdefault(rank, []).append(tuple(said))
    return notes


def check_findings(index: Index, path: Path, rules: Rules) -> None:
    """That what an index says of the messages of lines is what they say themselves."""
    with closing(sqlite3.connect(index.database)) as connection, opened(path) as file:
        ranks = {rank for (rank,) in connection.execute("SELECT rank FROM lines")}
        for table in ("findings", "details", "checks", "sizes"):
            assert {rank for (rank,) in connection.execute(f"SELECT rank FROM {table}")} <= ranks, table
        for rank, offset, length, shape, same in connection.execute(
            "SELECT rank, offset, length, shapes.shape, same FROM checks JOIN lines USING (rank)"
            " JOIN shapes ON shapes.id = checks.shape"
        ).fetchall():
            wanted = analysed(Entry.of(payload(file.read(offset, length))), rules)
            assert (shape, same) == (wanted.shape, wanted.same)
            query = f"SELECT code, severity, count FROM findings WHERE rank = ? AND {OF_TEXT}"
            found = {code: said for code, *said in connection.execute(query, (rank,))}
            assert found == {each.code: [int(each.severity), each.count] for each in wanted.findings}
            query = f"SELECT code, what, count FROM details WHERE rank = ? AND {OF_TEXT} ORDER BY code, what"
            details = sorted((each.code, *detail) for each in wanted.findings for detail in each.details)
            assert sorted(connection.execute(query, (rank,))) == details


def check(library: Library, slug: str, scratch: Path) -> None:
    """That registry, index and file say the same of a dataset.

    :param scratch: a folder for an index that is made anew.
    """
    info = library.dataset(slug)
    assert info.state == "ready"
    assert info.content == content_of(info.path)
    assert info.size == info.path.stat().st_size
    if info.sidecar == "used":
        check_pair(info.path.read_bytes(), sidecar_of(info.path).read_bytes())
    kept, fresh = current_index(library, info), Index(scratch / "fresh-index")
    assert build(fresh, info.path, lambda _: None) == kept.summary()
    assert list(indexed(kept)) == list(indexed(fresh))
    fresh.remove()
    check_findings(kept, info.path, Rules())
    with connected():
        row = library.row(slug)
        assert row.entries == kept.summary().entries == len(keys(library, slug))
        if not info.in_place:
            assert row.rejected == len(read_rejected(library.places.rejected(slug)))
        newest = next(iter(history.history.operations_on(row.id)))
        assert Touched.get(Touched.dataset == row.id, Touched.operation == newest.id).after == info.content


def check_home(library: Library, scratch: Path) -> None:
    """That a home is at rest: everything agrees, every file in it belongs there, nothing waits."""
    check_files(library)
    for info in library.datasets():
        check(library, info.slug, scratch)


def check_files(library: Library) -> None:
    """That every file in a home belongs there, and nothing waits to be done."""
    with connected():
        assert JournalStep.select().count() == 0
        assert {row.state for row in Operation.select()} <= {"published"}
        rows = list(Dataset.select())
        backups = [(row, row.dataset) for row in Backup.select()]
    expected = {"owner.key", "writer.lock", "server.lock"}
    for name in ("registry.sqlite3", "drafts.sqlite3"):
        expected |= {name, f"{name}-wal", f"{name}-shm"}
    for path in library.places.tokenizers.glob("*.json"):  # also those that no template has any more
        assert sha256(path.read_bytes()).hexdigest() == path.stem
        expected.add(library.places.spell(path))
    for backup, row in backups:
        path = library.places.kept(row.id, row.slug, row.state) / backup.name
        kept = content_of(path)  # nothing, if another program was quicker to change what was to be kept
        assert kept in (backup.content, ""), f"the backup {backup.name} is not what it should be"
        expected |= {library.places.spell(path), library.places.spell(sidecar_of(path))}
    for row in rows:
        expected |= {f"index/{row.id}/{name}" for name in INDEX_FILES}
        if not row.location:
            path = library.path_of(row)
            expected |= {library.places.spell(path.with_name(path.stem + ending)) for ending in BESIDE}
    found = {path.relative_to(library.home).as_posix() for path in library.home.rglob("*") if path.is_file()}
    assert found - expected == set()
    folders = {path.parent for path in map(library.places.resolve, expected)}
    for room in ("datasets", "trash", "imports", "index", "backups/datasets"):
        assert {path for path in (library.home / room).iterdir() if path not in folders} == set()


INDEX_FILES = ("index.sqlite3", "index.sqlite3-wal", "index.sqlite3-shm", "text")
BESIDE = (".jsonl", ".rejected.jsonl", ".registry.json")
