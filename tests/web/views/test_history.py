"""The history over HTTP: what each operation offers, the backups, and former names."""

import html
import json
import re
from urllib.parse import unquote

import pytest

from app.domain.tagging import TagEdit
from app.domain.view import View
from app.services import browsing, editing, history, opening, prompt_uses, prompts, shelving

LINE = json.dumps({"messages": [{"role": "user", "content": "Hi?"}, {"role": "assistant", "content": "Ho."}]})


@pytest.fixture
def talks(library):
    """The keys of a dataset of three entries, tagged in one operation, the tags taken back."""
    opening.import_text(library, f"{LINE}\n{LINE}\n{LINE}", "talks")
    editing.edit_tags(library, "talks", None, TagEdit(add=("storm",)))
    history.undo(library, "talks")
    return browsing.matching_keys(library, "talks", View())


def offered(page):
    """The acts of each operation of a history page, newest first."""
    rows = re.findall(r"<tr>\s*<td id=.*?</tr>", page, re.DOTALL)
    return [re.findall(r">([^<>]+)</button>", row) for row in rows]


def test_an_operation_offers_what_would_not_be_refused(client, library, talks):
    acts = offered(client.get("/datasets/talks/history").text)
    assert acts == [[], ["Return to here"], ["Move to the trash"]]
    client.post("/datasets/talks/redo")
    acts = offered(client.get("/datasets/talks/history").text)
    assert acts == [[], ["Return to here"], ["Undo"], ["Move to the trash", "Return to here"]]


def test_everything_that_is_offered_is_done(client, library, talks):
    client.post("/datasets/talks/redo")
    page = client.get("/datasets/talks/history").text
    returns = re.findall(r'/restore"[^>]*><input type="hidden" name="operation" value="(\d+)"', page)
    for number in returns:
        response = client.post("/datasets/talks/restore", data={"operation": number})
        assert response.status_code == 303, number
        history.undo(library, "talks")


def test_backups_are_listed_in_words_and_restored(client, library, talks):
    page = client.get("/datasets/talks/history").text
    assert "As it was opened" in page
    assert "what the dataset holds now" in page
    editing.delete_entries(library, "talks", talks[:1])
    page = client.get("/datasets/talks/history").text
    name = re.search(r'name="backup" value="([^"]+)"', page)[1]
    response = client.post("/datasets/talks/backups", data={"backup": name})
    assert response.status_code == 303
    assert browsing.matching_keys(library, "talks", View()) == talks
    client.post("/datasets/talks/undo")
    assert browsing.matching_keys(library, "talks", View()) == talks[1:]


@pytest.mark.parametrize("number", ["", "x", "-1", "1e9", "9" * 400])
def test_an_undo_that_names_no_operation_undoes_none(client, library, talks, number):
    assert client.post("/datasets/talks/undo", data={"operation": number}).status_code == 422
    assert [info.slug for info in library.datasets()] == ["talks"]


def test_a_form_sent_to_a_former_name_is_sent_on_as_it_is(client, library, talks):
    client.post("/datasets/talks/rename", data={"name": "walks"})
    for path in ("bulk", "undo", f"entries/{talks[0]}", f"entries/{talks[0]}/draft"):
        response = client.post(f"/datasets/talks/{path}?a=1", data={"do": "delete", "keys": talks[:1]})
        assert (response.status_code, response.headers["Location"]) == (307, f"/datasets/walks/{path}?a=1")
    assert browsing.matching_keys(library, "walks", View()) == talks


@pytest.mark.parametrize("path", ["", "history", "export", "rejected", "entries/new", "count"])
def test_every_page_of_a_former_name_leads_to_the_present_one_with_its_query(client, talks, path):
    client.post("/datasets/talks/rename", data={"name": "walks"})
    response = client.get(f"/datasets/talks/{path}?q=a%26b&tag=x&tag=y")
    assert response.status_code == 302
    assert response.headers["Location"] == f"/datasets/walks/{path}?q=a%26b&tag=x&tag=y"


def test_the_quick_undo_stops_at_the_import(client, library):
    opening.import_text(library, LINE, "fresh")
    response = client.post("/datasets/fresh/undo", headers={"HX-Request": "true", "HX-Target": "div#alert"})
    assert response.status_code == 400
    assert "Nothing to undo but the import." in response.text
    assert "move it to the trash" in response.text
    assert [each.slug for each in library.datasets()] == ["fresh"]


def test_the_quick_undo_goes_on_to_the_import_and_no_further(client, library, talks):
    client.post("/datasets/talks/redo")
    assert client.post("/datasets/talks/undo").status_code == 303
    assert client.post("/datasets/talks/undo").status_code == 422
    assert library.dataset("talks").entries == 3


def test_moving_an_edited_dataset_to_the_trash_asks_with_reason(client, talks):
    assert "It was changed since" not in client.get("/datasets/talks/history").text
    client.post("/datasets/talks/redo")
    assert "It was changed since" in client.get("/datasets/talks/history").text


def test_an_operation_is_found_by_its_number_and_its_words(client, library, talks):
    editing.edit_tags(library, "talks", talks[:1], TagEdit(add=("calm",)))
    newest = history.operations(library, "talks")[0].id
    assert f'id="operation-{newest}"' in client.get("/datasets/talks/history").text
    page = client.get(f"/datasets/talks/history?operation={newest}").text
    assert f"Operation {newest}: " in page
    assert ">Hi?</p>" in page
    assert "This is how the dataset came" in client.get("/datasets/talks/history?operation=1").text


def about(page):
    """What stands under the titles of a history page, newest first; nothing where nothing does."""
    cells = re.findall(r"<td id=.*?</td>", page, re.DOTALL)
    return [re.sub(r"<[^>]*>|\s+", " ", "".join(re.findall(r"<p .*</p>", cell))).split() for cell in cells]


def test_an_operation_on_one_entry_says_which_in_its_words(client, library):
    named = LINE.replace("Hi?", "Is the <kettle> warm?")
    opening.import_text(library, f"{named}\n{LINE}", "talks")
    kettle, other = browsing.matching_keys(library, "talks", View())
    editing.edit_tags(library, "talks", [kettle], TagEdit(add=("storm",)))
    editing.edit_tags(library, "talks", None, TagEdit(add=("calm",)))
    editing.edit_tags(library, "talks", [other], TagEdit(add=("storm",)))
    editing.delete_entries(library, "talks", [kettle])
    page = client.get("/datasets/talks/history").text
    words = ["Is", "the", "&lt;kettle&gt;", "warm?"]
    assert "Delete entry 1</a>" in page  # the title has the number already
    assert about(page) == [words, ["Entry", "2:", "Hi?"], [], ["Entry", "1:", *words], []]
    library.dataset("talks").path.unlink()
    assert words in about(client.get("/datasets/talks/history").text)  # what was deleted is still known


def test_an_entry_without_an_id_is_told_in_its_words_too(client, library, tmp_path):
    source = tmp_path / "talks.jsonl"
    opening.import_text(library, f"{LINE}\n{LINE.replace('Hi?', 'Ha?')}", "talks")
    source.write_bytes(re.sub(rb', "_rolethread".*', b"}", library.dataset("talks").path.read_bytes()))
    path = library.dataset("talks").path
    path.write_bytes(source.read_bytes())
    client.get("/datasets/talks/")
    client.post("/datasets/talks/outside", data={"keep": "outside"})
    keys = browsing.matching_keys(library, "talks", View())
    assert keys[1].startswith("line-")
    editing.move_entry(library, "talks", keys[1], 1)
    editing.delete_entries(library, "talks", keys[:1])
    assert about(client.get("/datasets/talks/history").text)[0] == ["Hi?"]


def test_an_operation_on_several_datasets_says_so_before_it_is_undone(client, library):
    system = {"role": "system", "content": "Be brief."}
    line = json.dumps({"messages": [system, *json.loads(LINE)["messages"]]})
    for slug, lines in (("one", 1), ("two", 2)):
        opening.import_text(library, "\n".join([line] * lines), slug)
    slug = prompts.create(library, "Brief", "Be brief.").slug
    prompt_uses.replace_in_bulk(library, slug, "Be very brief.")
    page = client.get("/datasets/one/history").text
    assert ">1 entry here</a>" in page
    assert ">3 in 2 datasets</p>" in page
    assert ">Undo in both datasets</button>" in page
    assert ">Undo the last operation in both datasets</button>" in page
    assert ">2 entries here</a>" in client.get("/datasets/two/history").text


def test_a_badge_says_what_is_no_longer_in_force_and_nothing_else(client, library, talks):
    def badges():
        page = client.get("/datasets/talks/history").text
        cells = re.findall(r"<td id=.*?</td>", page, re.DOTALL)
        return [re.findall(r'class="badge"[^>]*>([^<]*)<', cell) for cell in cells]

    assert badges() == [[], ["undone"], []]
    history.redo(library, "talks")
    assert badges() == [[], ["redone"], [], []]
    history.undo(library, "talks")
    assert badges() == [[], [], ["redone"], ["undone"], []]


def pressed(client, address):
    """Where the undo in the header of a page leads, and what is said there."""
    page = client.get(address).text
    form = page.partition('action="/datasets/')[2].partition("</form>")[0]
    fields = {name: html.unescape(value) for name, value in re.findall(r'name="(\w+)" value="([^"]*)"', form)}
    slug = unquote(form.partition("/undo")[0])
    done = client.post(f"/datasets/{slug}/undo", data=fields)
    assert done.status_code == 303
    return unquote(done.headers["Location"])


@pytest.mark.parametrize(
    "place",
    [
        "", "?tag=calm", "validation", "validation/rules",
        "validation/repair/chatml.missing_system_role?choice=add&text=Be+kind.",
        "targets", "history", "speakers", "export?tag=calm", "rejected",
    ],
)  # fmt: skip
@pytest.mark.parametrize("slug", ["talks", "مرحبا"])
def test_an_undo_leads_back_to_the_page_on_which_it_was_pressed(client, library, slug, place):
    opening.import_text(library, LINE, slug)
    editing.edit_tags(library, slug, None, TagEdit(add=("calm",)))
    address = f"/datasets/{slug}/{place}"
    assert pressed(client, address) == unquote(address)


def test_an_undo_beside_an_entry_leads_back_to_it_or_to_the_list_where_it_is_gone(client, library, talks):
    address = f"/datasets/talks/entries/{talks[0]}"
    editing.edit_tags(library, "talks", talks[:1], TagEdit(add=("calm",)))
    assert pressed(client, f"{address}?tab=history") == f"{address}?tab=history"
    copy = editing.duplicate_entry(library, "talks", talks[0]).uuid
    assert pressed(client, f"/datasets/talks/entries/{copy}") == "/datasets/talks/"


def test_an_undo_of_a_new_name_leads_back_under_the_old_one(client, library, talks):
    shelving.rename(library, "talks", "walks")
    assert pressed(client, "/datasets/walks/targets") == "/datasets/talks/targets"


@pytest.mark.parametrize(
    "here",
    [
        "",
        "/",
        "//evil.example/",
        "/datasets/walks/targets",
        "https://evil.example",
        "/nothing",
        "\0%",
        "/undo",
    ],
)
def test_an_undo_leads_to_no_page_but_one_of_its_dataset(client, library, talks, here):
    editing.edit_tags(library, "talks", None, TagEdit(add=("calm",)))
    done = client.post("/datasets/talks/undo", data={"view": "tag=calm", "here": here})
    assert done.headers["Location"] in ("/datasets/talks/?tag=calm", "/datasets/talks/targets?tag=calm")


def test_the_toast_after_a_repair_offers_an_undo_that_leads_back(client, library, talks):
    path = "/datasets/talks/validation/repair/chatml.missing_system_role"
    sent = {"choice": "add", "text-add": "Be kind.", "do": "all"}
    page = client.post(path, data=sent, follow_redirects=True).text
    toast = page.partition('class="toast"')[2].partition("</form>")[0]
    assert 'name="here" value="/datasets/talks/validation"' in toast
