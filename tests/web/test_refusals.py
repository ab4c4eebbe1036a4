"""Without script, what is refused is said on the page of the form, and what was typed still stands in it."""

import json
import re
from io import BytesIO

import pytest

from app.domain.view import View
from app.services import browsing, opening, rejecting

LINE = json.dumps({"messages": [{"role": "user", "content": "Hi?"}, {"role": "assistant", "content": "Ho."}]})
OTHER = LINE.replace("Hi?", "New?")


@pytest.fixture
def keys(library):
    """The keys of a dataset called talks, of which one record could not be read."""
    opening.import_text(library, f"{LINE}\n{LINE.replace('Hi', 'Ha')}\nnot json", "talks")
    return browsing.matching_keys(library, "talks", View())


def field(page, name):
    """The field of a page that was refused, with what stands in it."""
    found = re.findall(r"<(?:input|textarea)\b[^>]*\baria-invalid=\"true\"[^>]*>[^<]*", page)
    assert len(found) == 1, found
    assert f'name="{name}"' in found[0]
    assert "autofocus" in found[0]
    described = re.search(r'aria-describedby="([\w-]+)', found[0])[1]
    assert re.search(rf'<(?:p|ul) class="errors" id="{described}">', page)
    return found[0]


@pytest.mark.parametrize(
    ("path", "data", "status", "name", "words"),
    [
        ("/import", {"path": "/none/such.jsonl"}, 404, "path", "/none/such.jsonl"),
        ("/import", {"path": "~nobody-here/x", "copy": "1"}, 422, "path", "~nobody-here/x"),
        ("/import", {"text": "no <conversation>", "name": "a"}, 422, "text", "no &lt;conversation&gt;"),
        ("/datasets", {"name": "Two words"}, 422, "name", "Two words"),
        ("/datasets/talks/rename", {"name": "Two words"}, 422, "name", "Two words"),
        ("/datasets/talks/bulk", {"do": "nothing", "tags": "storm"}, 422, "tags", "storm"),
        (
            "/datasets/talks/rejected",
            {"index": "0", "line": "3", "text": "still not json"},
            422,
            "text",
            "still not json",
        ),
    ],
)
def test_a_refused_form_stands_on_its_page_as_it_was_typed(client, keys, path, data, status, name, words):
    response = client.post(path, data=data)
    assert response.status_code == status
    assert '<div class="alert">' in response.text
    assert "dataset files were not changed" in response.text
    assert words in field(response.text, name)
    assert "<title>Refused · " in response.text


def test_only_the_refused_name_is_marked(client, library, keys):
    opening.import_text(library, OTHER, "walks")
    page = client.post("/datasets/talks/rename", data={"name": "Two words"}).text
    assert 'value="Two words"' in field(page, "name")
    assert page.count("Two words") == 3  # in its field, in the sentence above, and beside it
    assert re.search(r'id="name-\d+" name="name" value="walks"', page)


def test_the_boxes_of_a_refused_path_stay_checked(client):
    page = client.post("/import", data={"path": "/none", "copy": "1", "encoding": "cp1252"}).text
    assert 'name="copy" value="1" checked' in page
    assert 'name="in_place" value="1" checked' not in page
    assert "<option selected>cp1252" in page


def test_an_unknown_encoding_leads_to_the_field_where_it_is_chosen(client, tmp_path):
    source = tmp_path / "talks.jsonl"
    source.write_bytes('{"messages": [{"role": "user", "content": "Você é só meu"}]}\n'.encode("cp1252") * 9)
    page = client.post("/import", data={"path": str(source)}).text
    assert '<a href="#encoding-field">Go to the encoding</a>' in page
    assert re.search(r'<select id="encoding"[^>]*>.*?<option selected>\w+', page, re.DOTALL)
    file = {"file": (BytesIO(source.read_bytes()), "talks.jsonl")}
    page = client.post("/import", data=file, content_type="multipart/form-data").text
    assert '<a href="#upload-encoding-field">Go to the encoding</a>' in page
    assert re.search(r"<details[^>]* open>\s*<summary>Encoding", page)


def test_a_refused_move_and_a_refused_tag_keep_the_entry_open(client, library, keys):
    page = client.post(f"/datasets/talks/entries/{keys[1]}/move", data={"to": "0"}).text
    assert 'value="0"' in field(page, "to")
    assert 'data-entry="' + keys[1] in page
    tags, revision = "storm, " * 1000, browsing.open_entry(library, "talks", keys[1]).revision
    data = {"messages-0-role": "user", "messages-0-text": "Typed", "add_tags": tags, "revision": revision}
    response = client.post(f"/datasets/talks/entries/{keys[1]}", data=data)
    assert response.status_code == 422
    assert "The tags are longer than they may be." in response.text
    assert "Typed</textarea>" in response.text
    assert tags in response.text


def test_selected_rows_stay_selected_in_the_same_list(client, keys):
    data = {"do": "add", "tags": "", "keys": keys[1:], "view": "q=ha"}
    page = client.post("/datasets/talks/bulk", data=data).text
    assert "No tag was given." in page
    assert re.search(rf'value="{keys[1]}"[^>]* checked', page)
    assert 'value="ha"' in page


def test_a_new_entry_without_text_keeps_its_tags(client, keys):
    data = {"messages-0-role": "tool", "messages-0-text": "", "add_tags": "storm"}
    response = client.post("/datasets/talks/entries/new", data=data)
    assert response.status_code == 422
    assert "This entry has no text yet." in response.text
    assert 'value="storm"' in response.text
    assert '<option value="tool" selected>' in response.text


def test_settings_that_do_not_fit_stay_in_the_form(client):
    data = {"theme": "dark", "page_size": "50", "preview_user_name": "A" * 81}
    response = client.post("/settings", data=data)
    assert response.status_code == 422
    assert "A" * 81 in field(response.text, "preview_user_name")


def test_a_refused_redo_stays_in_the_history(client, keys):
    response = client.post("/datasets/talks/redo")
    assert response.status_code == 422
    assert "There is nothing to redo in talks." in response.text
    assert "<h1>History</h1>" in response.text


def test_a_refused_undo_stays_in_the_list(client, keys):
    page = client.post("/datasets/talks/undo", data={"view": f"q=ha&entry={keys[1]}"}).text
    assert "Nothing to undo but the import." in page
    assert f'data-entry="{keys[1]}"' in page
    assert 'value="ha"' in page


def test_a_refused_export_keeps_the_choices(client, keys):
    data = {"scope": "selected", "format": "nothing", "clean": "1", "keys": keys[:1]}
    response = client.post("/datasets/talks/export", data=data)
    assert response.status_code == 422
    assert 'value="selected" checked' in response.text
    assert 'name="clean" value="1" checked' in response.text
    assert f'name="keys" value="{keys[0]}"' in response.text


def test_an_entry_that_is_gone_leaves_the_list(client, library, keys):
    client.post(f"/datasets/talks/entries/{keys[0]}/delete")
    response = client.post(f"/datasets/talks/entries/{keys[0]}/duplicate")
    assert response.status_code == 404
    assert "It may have been deleted" in response.text
    assert f'id="row-{keys[1]}"' in response.text


def test_what_has_no_page_any_more_is_told_on_a_page_of_its_own(client):
    response = client.post("/datasets/none/undo")
    assert response.status_code == 404
    assert "Go to the library" in response.text


def other_program(library):
    path = library.dataset("talks").path
    path.write_bytes(path.read_bytes() + OTHER.encode() + b"\n")


def test_saving_over_a_file_changed_outside_offers_both_versions_once(client, library, keys):
    revision = browsing.open_entry(library, "talks", keys[0]).revision
    other_program(library)
    data = {"revision": revision, "messages-0-role": "user", "messages-0-text": "Mine"}
    response = client.post(f"/datasets/talks/entries/{keys[0]}", data=data)
    assert response.status_code == 409
    assert response.text.count("Put back ours</button>") == 1
    assert "Mine</textarea>" in response.text


def test_the_forms_of_a_conflict_are_refused_on_the_page_of_the_entry(client, library, keys):
    """Save mine over it: of an entry that was changed once more, and of one that was deleted."""
    mine = {"messages-0-role": "user", "messages-0-text": "Mine"}
    save = f"/datasets/talks/entries/{keys[0]}"
    page = client.post(save, data={**mine, "revision": "old"})
    assert page.status_code == 409
    assert "In the file now" in page.text
    other_program(library)
    revision = re.search(r'name="revision" value="(\w+)"', page.text)[1]
    page = client.post(save, data={**mine, "revision": revision})
    assert page.status_code == 409
    assert "changed by another program" in page.text
    assert "Mine" in page.text
    client.post("/datasets/talks/outside", data={"keep": "ours"})
    client.post(f"{save}/delete")
    page = client.post(save, data={**mine, "revision": revision})
    assert "deleted meanwhile" in page.text
    other_program(library)
    page = client.post(f"/datasets/talks/entries/new?gone={keys[0]}", data={**mine, "revision": ""})
    assert page.status_code == 409
    assert "deleted meanwhile" in page.text
    assert "Mine" in page.text


def test_taking_in_a_record_keeps_the_others_as_they_are(client, library, keys):
    assert len(rejecting.rejected(library, "talks")) == 1
    page = client.post("/datasets/talks/rejected?page=1", data={"index": "0", "line": "3", "text": "{"}).text
    assert "Rejected records" in page
    assert "{" in field(page, "text")
