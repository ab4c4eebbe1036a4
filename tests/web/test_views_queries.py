"""How often a page asks the databases: never more often because there is more in them."""

import json
import sqlite3

import pytest

from app.domain.tagging import TagEdit
from app.domain.targets.chosen import Chosen
from app.domain.view import View
from app.services import analysing, browsing, criteria, editing, opening


@pytest.fixture
def asked(monkeypatch):
    """Counts what is asked of SQLite while a page is made, by the name of the database file."""
    connect = sqlite3.connect
    counts: dict[str, int] = {}

    def traced(database, *args, **kwargs):
        connection = connect(database, *args, **kwargs)
        name = str(database).rpartition("/")[2]

        def note(statement):
            if not statement.startswith(("PRAGMA", "BEGIN", "COMMIT")):
                counts[name] = counts.get(name, 0) + 1

        connection.set_trace_callback(note)
        return connection

    monkeypatch.setattr(sqlite3, "connect", traced)

    def of(client, address, **headers):
        client.get(address, headers=headers)  # what is remembered is remembered now
        counts.clear()
        assert client.get(address, headers=headers).status_code == 200
        return dict(counts)

    return of


def fill(library, name, number):
    """A dataset of so many entries."""
    lines = [
        {
            "messages": [
                {"role": "user", "content": f"Lamp {n} of {name}?"},
                {"role": "assistant", "content": "Lit. " * (n % 7)},
            ],
            "tags": ["even"] if n % 2 == 0 else ["odd", f"tag_{n % 5}"],
        }
        for n in range(number)
    ]
    opening.import_text(library, "\n".join(json.dumps(line) for line in lines), name)


@pytest.mark.parametrize(
    "query",
    ["", "?tag=even&min_length=5", "?sort=-length", "?page=2&size=10", "?q=lamp&tag=even"],
)
def test_a_list_asks_as_often_whatever_the_number_of_entries(client, library, asked, query):
    fill(library, "few", 60)
    fill(library, "many", 600)
    few, many = asked(client, f"/datasets/few/{query}"), asked(client, f"/datasets/many/{query}")
    assert few == many
    # one for everybody who speaks on the page, one for all who speak in the dataset, two for its tags
    assert few["registry.sqlite3"] <= 10
    assert few["index.sqlite3"] <= 25 * 4 + 20  # each row asks for its key, its place and its tags


def test_an_entry_asks_as_often_wherever_it_stands(client, library, asked):
    fill(library, "few", 60)
    fill(library, "many", 600)
    part = {"HX-Target": "div#entry"}
    found = {}
    for name, place in (("few", 30), ("many", 30), ("many", 570)):
        key = browsing.matching_keys(library, name, View())[place]
        found[name, place, "page"] = asked(client, f"/datasets/{name}/entries/{key}")
        found[name, place, "part"] = asked(client, f"/datasets/{name}/?entry={key}", **part)
    for kind in ("page", "part"):
        assert found["few", 30, kind] == found["many", 30, kind] == found["many", 570, kind]
    assert sum(found["few", 30, "part"].values()) <= 45  # a third of it for what validation says of it


def test_a_target_asks_as_often_whatever_the_number_of_entries(client, library, asked):
    found = []
    for name, number in (("few", 60), ("many", 600)):
        fill(library, name, number)
        criteria.set_target(library, name, Chosen("trl", "llama3", limit=20))
        analysing.bring_up_to_date(library, name)
        found.append(asked(client, f"/datasets/{name}/targets"))
    few, many = found
    assert few == many
    assert few["index.sqlite3"] <= 60  # half of them for whether there is something to look at
    assert few["registry.sqlite3"] <= 45


def test_a_history_asks_as_often_whatever_the_number_of_its_operations(client, library, asked):
    fill(library, "few", 40)
    fill(library, "many", 40)
    for name, number in (("few", 2), ("many", 30)):
        for key in browsing.matching_keys(library, name, View())[:number]:
            editing.edit_tags(library, name, [key], TagEdit(add=("storm",)))
        for key in browsing.matching_keys(library, name, View())[:2]:
            editing.delete_entries(library, name, [key])
    few, many = asked(client, "/datasets/few/history"), asked(client, "/datasets/many/history")
    assert few["index.sqlite3"] == many["index.sqlite3"] <= 10
    # Each operation asks for its datasets and for the number of its entries; their words cost none more.
    assert many["registry.sqlite3"] - few["registry.sqlite3"] == 2 * 28


def test_the_library_asks_the_registry_as_often_whatever_the_number_of_datasets(client, library, asked):
    found = []
    for number in range(12):
        fill(library, f"talks_{number}", 3)
        if number in (1, 11):
            found.append(asked(client, "/"))
    few, many = found
    assert many["registry.sqlite3"] == few["registry.sqlite3"] <= 8  # two of them for how all datasets stand
    assert many["drafts.sqlite3"] == few["drafts.sqlite3"] == 1
    assert many["index.sqlite3"] <= 12 * 4  # each has a database of its own, asked at last how it stands


def test_the_library_reads_no_file_again(client, library):
    fill(library, "talks", 3)
    path = library.dataset("talks").path
    path.write_bytes(path.read_bytes() + b"\n")
    before = library.index(library.dataset("talks").id).summary()
    assert client.get("/").status_code == 200
    assert library.index(library.dataset("talks").id).summary() == before


def test_the_tags_ask_as_often_whatever_the_number_of_datasets_and_tags(client, library, asked):
    fill(library, "talks_0", 3)
    few = asked(client, "/tags")
    for number in range(1, 5):
        fill(library, f"talks_{number}", 40)
    tags = [f"tag {number}" for number in range(200)]
    lines = [{"messages": [{"role": "user", "content": tag}], "tags": [tag]} for tag in tags]
    opening.import_text(library, "\n".join(map(json.dumps, lines)), "tagged")
    assert asked(client, "/tags") == few == {"registry.sqlite3": few["registry.sqlite3"]}
    assert few["registry.sqlite3"] <= 7
