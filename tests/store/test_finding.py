"""Every entry has a key that leads to it alone, also where many share an id or have none."""

import sqlite3
from collections import Counter

import pytest

from app.domain.facts import Kind
from app.store import finding, queries
from app.store.index import Index
from app.store.indexing import build
from tests.workshop import line, uuid

BARE = b'{"messages": [{"role": "user", "content": "Nameless"}]}\n'
LINES = [line(1), BARE, line(2), b"\n", line(1), b"{broken\n", BARE, line(1), line(3), b"{broken\n", BARE]


@pytest.fixture
def connected(tmp_path):
    """A function that gives an open index of a file with those lines."""
    opened = []

    def connect(lines):
        path, index = tmp_path / "talks.jsonl", Index(tmp_path / f"index{len(opened)}")
        path.write_bytes(b"".join(lines))
        build(index, path, lambda done: None)
        opened.append(sqlite3.connect(index.database))
        return opened[-1]

    yield connect
    for connection in opened:
        connection.close()


def entries(connection):
    query = f"SELECT rank FROM lines WHERE kind = {int(Kind.ENTRY)} ORDER BY rank"
    return [rank for (rank,) in connection.execute(query)]


def keys(connection, ranks):
    return list(finding.full_keys(connection, queries.named(connection, ranks)))


def test_repeats_are_numbered_in_file_order_and_each_key_leads_to_its_line(connected):
    connection = connected(LINES)
    ranks = entries(connection)
    found = keys(connection, ranks)
    bare = found[1]
    assert bare.startswith(finding.UNNAMED)
    one = uuid(1)
    assert found == [one, bare, uuid(2), f"{one}~2", f"{bare}~2", f"{one}~3", uuid(3), f"{bare}~3"]
    places = [finding.locate(connection, key) for key in found]
    assert [place.rank for place in places] == ranks
    assert list(finding.locate_all(connection, reversed(found))) == places[::-1]
    whole = b"".join(LINES)
    assert [whole[place.offset :][: place.length] for place in places] == [
        text for text in LINES if text.startswith(b'{"')
    ]


def test_a_key_does_not_depend_on_what_else_is_asked_for(connected):
    connection = connected(LINES)
    ranks = entries(connection)
    found = dict(zip(ranks, keys(connection, ranks), strict=True))
    for start in range(len(ranks)):
        some = ranks[start::3]
        assert keys(connection, some) == [found[rank] for rank in some]


@pytest.mark.parametrize("number", ["0", "4", "-1", "1.5", "x", "²", "", "9" * 30])
def test_a_number_that_no_entry_has_leads_nowhere(connected, number):
    connection = connected(LINES)
    bare = keys(connection, entries(connection))[1]
    for name in (uuid(1), bare):
        assert finding.locate(connection, f"{name}~{number}") is None
    asked = [uuid(1), f"{uuid(1)}~{number}", f"{uuid(1)}~3", "line-xyz", "nobody", f"{uuid(1)}~2"]
    found = [place and place.key for place in finding.locate_all(connection, asked)]
    assert found == [asked[0], None, asked[2], None, None, asked[5]]


def work(connection, task):
    """How many steps SQLite takes, in thousands; statements one by one cost little beside."""
    done = Counter()
    connection.set_progress_handler(lambda: done.update(steps=1), 1000)
    task()
    connection.set_progress_handler(None, 0)
    return done["steps"]


@pytest.mark.parametrize("text", [line(1), BARE])
def test_numbering_and_finding_many_repeats_takes_work_that_grows_with_their_number(connected, text):
    worked = []
    for size in (500, 4000):
        connection = connected([text] * size)
        ranks = entries(connection)
        found = keys(connection, ranks)
        assert found[-1].endswith(f"~{size}")
        numbering = work(connection, lambda c=connection, r=ranks: keys(c, r))
        finding_them = work(connection, lambda c=connection, f=found: list(finding.locate_all(c, f)))
        worked.append(numbering + finding_them)
    small, large = worked
    assert 0 < large < 8 * small * 2
