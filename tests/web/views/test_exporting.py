"""An export as a download: alone, or with its sidecar in a zip archive."""

import io
import json
import zipfile

import pytest

from app.services import characters, editing, opening
from tests.sidecars import check_pair
from tests.workshop import dataset, entry, keys, value_of

PATH = "/datasets/talks/export"


@pytest.fixture
def told(library, tmp_path):
    """Six conversations; in the first of them Mara answers."""
    path = opening.import_path(library, dataset(tmp_path / "talks.jsonl")).path
    characters.create(library, "Mara")
    first = keys(library, "talks")[0]
    editing.save_entry(library, "talks", first, value_of(library, "talks", first), cast=[None, "mara"])
    return path


def post(client, **form):
    return client.post(PATH, data={"format": "chatml", "scope": "all", **form})


def test_it_comes_with_its_sidecar_in_a_zip_archive(client, told):
    answer = post(client, sidecar="1", clean="")
    assert answer.headers["Content-Disposition"] == "attachment; filename=talks.chatml.jsonl.zip"
    with zipfile.ZipFile(io.BytesIO(answer.data)) as archive:
        assert archive.testzip() is None
        assert archive.namelist() == ["talks_chatml.jsonl", "talks_chatml.registry.json"]
        entries, sidecar = map(archive.read, archive.namelist())
    assert entries == told.read_bytes()
    check_pair(entries, sidecar)
    assert [each["display_name"] for each in json.loads(sidecar)["characters"]] == ["Mara"]


def test_the_sidecar_of_a_selection_tells_of_no_other_entries(client, told, library):
    answer = post(client, sidecar="1", scope="selected", keys=keys(library, "talks")[1:2])
    with zipfile.ZipFile(io.BytesIO(answer.data)) as archive:
        entries, sidecar = map(archive.read, archive.namelist())
    check_pair(entries, sidecar)
    said = json.loads(sidecar)
    assert (said["dataset"]["entry_count"], said["dataset"]["tag_usage_counts"]) == (1, {"calm": 1})
    assert said["characters"] == said["entry_character_mappings"] == []


def test_a_clean_export_has_no_sidecar(client, told):
    answer = post(client, sidecar="1", clean="1")
    assert answer.headers["Content-Disposition"] == "attachment; filename=talks.chatml.clean.jsonl"
    assert json.loads(answer.data.split(b"\n")[0]) == {"messages": entry(0)["messages"]}


def test_names_go_where_they_are_wanted(client, told):
    assert 'name="characters"' in client.get(PATH).text
    first = json.loads(post(client, characters="text").data.split(b"\n")[0])
    assert [message["content"] for message in first["messages"]] == ["Question 0?", "Mara: Answer 0."]
    first = json.loads(post(client, characters="name", clean="1").data.split(b"\n")[0])
    assert first["messages"][1] == {"role": "assistant", "content": "Answer 0.", "name": "Mara"}
    assert post(client, characters="nowhere").status_code == 422


def test_where_nobody_is_mapped_nothing_is_asked(client, library, tmp_path):
    opening.import_path(library, dataset(tmp_path / "talks.jsonl"))
    assert 'name="characters"' not in client.get(PATH).text


def test_the_choices_stand_in_the_name_of_the_file(client, told):
    def name(**form):
        return post(client, **form).headers["Content-Disposition"].partition("filename=")[2]

    assert name(characters="name") == "talks.chatml.named.jsonl"
    assert name(characters="text", format="sharegpt") == "talks.sharegpt.names-in-text.jsonl"
    assert name(characters="text", clean="1") == "talks.chatml.clean.names-in-text.jsonl"
    assert name(characters="name", sidecar="1") == "talks.chatml.named.jsonl.zip"
    assert "A sidecar is a second file" in client.get(PATH).text
