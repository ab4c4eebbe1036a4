"""Repairs over HTTP: the ways, what each entry would become, doing it for some or all, and its undo."""

import html
import json
import re

import pytest

from app.domain.repairs import REPAIRS
from app.domain.view import View
from app.services import browsing, history, opening, prompts
from app.web.views import repair as page_of
from tests.workshop import keys, line, value_of

TOKEN = "/datasets/talks/validation/repair/text.special_token"


def said(number, answer="Nobody.<|im_end|>"):
    return {
        "messages": [
            {"role": "user", "content": f"Who rows out at {number}?"},
            {"role": "assistant", "content": f"{answer} {number}"},
        ],
        "tags": [],
    }


def dataset(library, *values, name="talks"):
    opening.import_text(library, "\n".join(json.dumps(value) for value in values), name)
    return browsing.matching_keys(library, name, View())


def with_code(library, code):
    return browsing.matching_keys(library, "talks", View(diagnostic=code))


def test_the_page_shows_each_entry_before_and_after(client, library):
    dataset(library, said(1), said(2, "Fine."), said(3))
    page = client.get(TOKEN).text
    assert "2 entries have this." in page
    assert 'id="repair-1"' in page
    assert 'id="repair-2"' not in page
    assert "<ins>" in page
    assert '<input type="radio" name="choice" value="escape" checked>' in page
    assert page.count('type="checkbox" name="keys"') == page.count(" checked autocomplete") == 2
    assert "Repair all 2 entries" in page
    removing = client.get(f"{TOKEN}?choice=remove").text
    assert '<input type="radio" name="choice" value="remove" checked>' in removing
    assert "&lt;|im_end|&gt;</del>" in removing


def test_all_are_repaired_in_one_operation_that_a_toast_undoes(client, library):
    found = dataset(library, said(1), said(2, "Fine."), said(3))
    before = library.dataset("talks").path.read_bytes()
    done = client.post(TOKEN, data={"choice": "remove", "do": "all"})
    assert done.headers["Location"] == "/datasets/talks/validation"
    page = client.get(done.headers["Location"]).text
    assert "Repaired 2 entries." in page
    assert "text.special_token" not in page
    assert 'action="/datasets/talks/undo"' in page.partition('class="toast"')[2]
    assert value_of(library, "talks", found[2])["messages"][1]["content"] == "Nobody. 3"
    assert history.operations(library, "talks")[0].changed == 2
    client.post("/datasets/talks/undo")
    assert library.dataset("talks").path.read_bytes() == before
    assert "text.special_token" in client.get("/datasets/talks/validation").text


def test_only_the_chosen_ones_are_repaired(client, library):
    found = dataset(library, said(1), said(2), said(3))
    client.post(TOKEN, data={"choice": "escape", "do": "chosen", "keys": [found[0], found[2]]})
    client.get("/datasets/talks/validation")
    assert with_code(library, "text.special_token") == [found[1]]


def test_nothing_chosen_is_refused_and_changes_nothing(client, library):
    dataset(library, said(1), said(2))
    refused = client.post(f"{TOKEN}?choice=remove", data={"choice": "remove", "do": "chosen"})
    assert refused.status_code == 422
    assert "No entry is chosen." in refused.text
    assert '<input type="radio" name="choice" value="remove" checked>' in refused.text
    assert len(history.operations(library, "talks")) == 1


def test_a_way_that_asks_for_a_text_shows_nothing_before_it_is_given(client, library):
    found = dataset(library, said(1), said(2))
    address = "/datasets/talks/validation/repair/chatml.missing_system_role"
    page = client.get(address)
    assert page.status_code == 200
    assert "What it changes" not in page.text
    assert "aria-invalid" not in page.text
    lacking = client.get(f"{address}?choice=add&text-add=+")
    assert lacking.status_code == 422
    assert 'aria-invalid="true" aria-describedby="lacks"' in lacking.text
    refused = client.post(address, data={"choice": "add", "text": "", "do": "all"})
    assert refused.status_code == 422
    assert len(history.operations(library, "talks")) == 1
    shown = client.get(address, query_string={"choice": "add", "text-add": "You keep\r\nthe <light>."}).text
    assert "You keep\nthe &lt;light&gt;." in shown
    (hidden,) = re.findall(r'<input type="hidden" name="seen-text" value="([^"]+)"', shown)
    client.post(address, data={"choice": "add", "text": html.unescape(hidden), "do": "all"})
    first = value_of(library, "talks", found[0])["messages"][0]
    assert first == {"role": "system", "content": "You keep\nthe <light>."}


def sent_by(page, **further):
    """What a browser sends of the form of a preview when one of its buttons is pressed."""
    hidden = re.findall(
        r'<input type="hidden" name="([\w-]+)" value="([^"]*)"', page.partition('aria-label="Repair"')[2]
    )
    ticked = re.findall(r'name="(keys)" value="([^"]+)" checked', page)
    fields = {}
    for name, value in [*hidden, *ticked]:
        fields.setdefault(name, []).append(html.unescape(value))
    return {**fields, **further}


def test_the_pages_of_a_preview_keep_the_way_and_its_text(client, library, monkeypatch):
    monkeypatch.setattr(page_of, "PAGE", 2)
    dataset(library, *map(said, range(5)))
    address = "/datasets/talks/validation/repair/chatml.missing_system_role"
    page = client.get(f"{address}?choice=add&text-add=Keep+the+light.").text
    seen = []
    while True:
        seen += re.findall(r'id="repair-(\d+)"', page)
        onward = re.search(r'name="turn" value="(\d+)"[^>]*>Next', page)
        if not onward:
            break
        turned = client.post(
            address, data=sent_by(page, **{"turn": onward[1], "text-add": "Keep the light."})
        )
        page = client.get(turned.headers["Location"]).text
    assert seen == ["1", "2", "3", "4", "5"]
    assert "Page 3 of 3" in page


def test_what_is_unticked_stays_so_on_other_pages_and_is_not_repaired(client, library, monkeypatch):
    monkeypatch.setattr(page_of, "PAGE", 2)
    found = dataset(library, *map(said, range(5)))
    first = sent_by(client.get(TOKEN).text, turn="2")
    first["keys"].remove(found[1])
    second = client.get(client.post(TOKEN, data=first).headers["Location"]).text
    assert "Repair all but 1 unticked" in second
    back = client.get(client.post(TOKEN, data=sent_by(second, turn="1")).headers["Location"]).text
    assert f'value="{found[0]}" checked' in back
    assert f'value="{found[1]}" autocomplete' in back
    client.post(TOKEN, data=sent_by(back, do="all"))
    client.get("/datasets/talks/validation")
    assert with_code(library, "text.special_token") == [found[1]]


def test_all_of_a_page_are_unticked_and_ticked_by_one_button(client, library, monkeypatch):
    monkeypatch.setattr(page_of, "PAGE", 2)
    dataset(library, *map(said, range(5)))
    none = client.get(
        client.post(f"{TOKEN}?page=2", data=sent_by(client.get(f"{TOKEN}?page=2").text, do="none")).headers[
            "Location"
        ]
    )
    assert "Page 2 of 3" in none.text
    assert none.text.count('name="keys"') == 2
    assert 'name="keys" value' in none.text
    assert " checked autocomplete" not in none.text
    every = client.get(
        client.post(f"{TOKEN}?page=2", data=sent_by(none.text, do="every")).headers["Location"]
    )
    assert every.text.count(" checked autocomplete") == 2


def test_a_way_chosen_after_the_preview_is_shown_first_and_the_page_says_so(client, library):
    dataset(library, said(1), said(2))
    sent = sent_by(client.get(TOKEN).text, choice="remove", do="all")
    shown = client.get(client.post(TOKEN, data=sent).headers["Location"])
    assert "Nothing is changed yet." in shown.text.partition('id="preview"')[2].partition("repair-entry")[0]
    assert 'class="toast"' not in shown.text
    assert len(with_code(library, "text.special_token")) == 2


def test_one_entry_is_repaired_from_its_own_page_and_leads_back_to_it(client, library):
    found = dataset(library, said(1), said(2))
    page = client.get(f"{TOKEN}?entry={found[1]}").text
    assert 'id="repair-2"' in page
    assert 'id="repair-1"' not in page
    (action,) = re.findall(r'<form method="post" action="([^"]+repair[^"]+)"', page)
    sent = {"choice": "remove", "do": "chosen", "keys": found[1]}
    done = client.post(html.unescape(action), data=sent)
    assert done.headers["Location"] == f"/datasets/talks/entries/{found[1]}"
    assert "Repaired 1 entry." in client.get(done.headers["Location"]).text
    assert "Nothing to repair here" in client.get(f"{TOKEN}?entry={found[1]}").text
    assert "Nothing to repair here" in client.get(f"{TOKEN}?entry=nothing").text


def test_an_entry_that_cannot_be_rewritten_says_so_and_stays(client, library):
    locked = json.dumps(said(2)).replace('"tags"', '"a": 1, "a": 2, "tags"')
    opening.import_text(library, json.dumps(said(1)) + "\n" + locked, "talks")
    page = client.get(TOKEN).text
    assert "It cannot be rewritten and stays as it is" in page
    assert page.count('type="checkbox" name="keys"') == 1
    done = client.post(TOKEN, data={"choice": "remove", "do": "all"})
    after = client.get(done.headers["Location"]).text
    assert "Repaired 1 entry. 1 entry cannot be rewritten and stayed." in after


def test_new_ids_are_announced_and_given(client, library, tmp_path):
    path = tmp_path / "talks.jsonl"
    path.write_bytes(line(1) + line(1, tags=["twice"]))
    opening.import_path(library, path, in_place=True)
    address = "/datasets/talks/validation/repair/identity.duplicate_uuid"
    assert "It gets a new id; its text stays as it is." in client.get(address).text
    client.post(address, data={"do": "all"})
    assert with_code(library, "identity.duplicate_uuid") == []
    assert len({key.partition("~")[0] for key in keys(library, "talks")}) == 2


def test_an_entry_that_gets_another_address_leads_back_to_validation(client, library, tmp_path):
    path = tmp_path / "talks.jsonl"
    path.write_bytes(line(1) + line(1, tags=["twice"]))
    opening.import_path(library, path, in_place=True)
    key = keys(library, "talks")[1]
    address = f"/datasets/talks/validation/repair/identity.duplicate_uuid?entry={key}"
    done = client.post(address, data={"do": "chosen", "keys": key})
    assert done.headers["Location"] == "/datasets/talks/validation"
    assert client.get(f"/datasets/talks/entries/{key}").status_code == 404


def test_what_nobody_sees_is_shown(client, library):
    dataset(library, said(1, "  Hm\u200b "))
    trimmed = client.get("/datasets/talks/validation/repair/chatml.content_whitespace").text
    assert 'aria-label="2 spaces">··</span>' in trimmed
    hidden = client.get("/datasets/talks/validation/repair/text.zero_width").text
    assert '<abbr class="sign" title="zero width space">U+200B</abbr>' in hidden


@pytest.mark.parametrize("code", sorted(REPAIRS))
def test_every_repair_has_a_page(client, library, code):
    dataset(library, said(1))
    response = client.get(f"/datasets/talks/validation/repair/{code}")
    assert response.status_code == 200
    assert "<h1>Repair: " in response.text


def test_a_code_without_repair_is_refused(client, library):
    dataset(library, said(1))
    for code in ("chatml.no_assistant", "nothing", "..", "%00"):
        assert client.get(f"/datasets/talks/validation/repair/{code}").status_code in (400, 404)
        assert client.post(f"/datasets/talks/validation/repair/{code}", data={"do": "all"}).status_code in (
            400, 404, 422,
        )  # fmt: skip
    assert len(history.operations(library, "talks")) == 1


def test_a_file_that_another_program_changed_is_left_alone(client, library):
    dataset(library, said(1), said(2))
    client.get(TOKEN)
    path = library.dataset("talks").path
    outside = path.read_bytes() + json.dumps(said(3)).encode() + b"\n"
    path.write_bytes(outside)
    assert client.post(TOKEN, data={"choice": "remove", "do": "all"}).status_code == 409
    assert path.read_bytes() == outside


def test_a_way_that_is_chosen_after_the_preview_is_shown_before_it_is_done(client, library):
    dataset(library, said(1), said(2))
    page = client.get(TOKEN).text
    assert '<input type="hidden" name="seen" value="escape">' in page
    before = library.dataset("talks").path.read_bytes()
    for press in ("all", "chosen", "show"):
        sent = {"seen": "escape", "seen-text": "", "choice": "remove", "do": press, "keys": with_code(
            library, "text.special_token")}  # fmt: skip
        onward = client.post(TOKEN, data=sent)
        shown = f"{TOKEN}?choice=remove" if press == "show" else f"{TOKEN}?unseen=1&choice=remove"
        assert onward.headers["Location"] == f"{shown}#preview"
        assert library.dataset("talks").path.read_bytes() == before
        shown = client.get(onward.headers["Location"]).text
        assert '<input type="hidden" name="seen" value="remove">' in shown
        assert ("Look at what this way changes, then repair." in shown) == (press != "show")
    client.post(onward.headers["Location"], data={**sent, "seen": "remove", "do": "all"})
    assert with_code(library, "text.special_token") == []


def test_a_text_that_is_written_after_the_preview_is_shown_before_it_is_put_in(client, library):
    dataset(library, said(1))
    address = "/datasets/talks/validation/repair/chatml.missing_system_role"
    sent = {"seen": "add", "seen-text": "Keep.", "choice": "add", "text-add": "Keep\r\nit.", "do": "all"}
    onward = client.post(address, data=sent)
    assert len(history.operations(library, "talks")) == 1
    page = client.get(onward.headers["Location"]).text
    assert "Keep\nit." in page
    done = client.post(address, data={**sent, "seen-text": "Keep\r\nit."})
    assert done.headers["Location"] == "/datasets/talks/validation"


def test_where_a_repair_changes_nothing_there_is_no_button_for_it(client, library):
    greeting = {"messages": [{"role": "assistant", "content": "Good evening."}], "tags": []}
    (key,) = dataset(library, greeting)
    address = "/datasets/talks/validation/repair/chatml.assistant_first?choice=drop"
    for page in (client.get(address).text, client.get(f"{address}&entry={key}").text):
        assert "The repair leaves it alone." in page
        assert 'value="all"' not in page
        assert "Repair this entry" not in page
        assert "This way changes nothing here." in page


def test_an_added_list_of_tags_is_shown(client, library):
    dataset(library, {"messages": said(1)["messages"]})
    page = client.get("/datasets/talks/validation/repair/base.missing_tags").text
    assert "<ins>[]</ins>" in page
    assert "only how the line is written" not in page


def test_a_text_that_was_typed_for_one_way_is_kept_when_another_is_looked_at(client, library):
    greeting = {"role": "assistant", "content": "Come in."}
    dataset(library, *({**said(n), "messages": [greeting, *said(n)["messages"]]} for n in (1, 2)))
    address = "/datasets/talks/validation/repair/chatml.assistant_first"
    sent = {"choice": "drop", "text-user_opener": "Good\nevening.", "do": "show"}
    page = client.get(client.post(address, data=sent).headers["Location"]).text
    assert "Good\nevening.</textarea>" in page
    assert 'value="drop" checked' in page
    again = client.post(address, data={**sent_by(page), **sent, "choice": "user_opener"})
    back = client.get(again.headers["Location"]).text
    assert 'value="user_opener" checked' in back
    assert '<input type="hidden" name="seen-text" value="Good\nevening.">' in back


def test_a_saved_prompt_is_put_in_front(client, library):
    found = dataset(library, said(1), said(2))
    prompts.create(library, "Keeper", "You keep\nthe light.")
    address = "/datasets/talks/validation/repair/chatml.missing_system_role"
    assert '<option value="keeper">Keeper</option>' in client.get(address).text
    page = client.get(f"{address}?choice=add&text-add=&prompt=keeper").text
    assert "You keep\nthe light.</textarea>" in page
    client.post(address, data=sent_by(page, choice="add", do="all", **{"text-add": "You keep\nthe light."}))
    assert value_of(library, "talks", found[0])["messages"][0]["content"] == "You keep\nthe light."


def test_the_names_of_characters_without_a_shape_stand_above_the_entries(client, library):
    dataset(library, said(1, "No\u200bbody. <|im_end|>"), said(2, "Fine."))
    page = client.get(TOKEN).text
    assert '<span class="sign">U+200B</span> zero width space' in page.partition("<article")[0]
