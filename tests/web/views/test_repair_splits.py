"""Splitting long entries over HTTP: where it is offered, what the parts would be, doing it, and its undo."""

import html
import json
import re

import pytest

from app.domain.targets.chosen import Chosen
from app.domain.view import View
from app.services import browsing, criteria, history, opening
from app.web.views import repair as page_of
from tests.workshop import value_of

LONG = "/datasets/talks/validation/repair/chatml.split_candidate"
OVER = "/datasets/talks/validation/repair/tokens.over_limit"


def talk(number, exchanges):
    said = [{"role": "system", "content": f"Keep light {number}."}]
    for turn in range(exchanges):
        said += [
            {"role": "user", "content": f"Who rows out at {number}.{turn}?"},
            {"role": "assistant", "content": f"Nobody at {number}.{turn} <b>&\u202e."},
        ]
    return {"messages": said, "tags": ["calm"]}


@pytest.fixture
def talks(library):
    """Four conversations, of which the second, third and fourth are long; the third cannot be split."""
    values = [talk(1, 2), talk(2, 9), talk(3, 8), talk(4, 15)]
    for message in values[2]["messages"][2:-1:2]:
        message["role"] = "tool"
    values[2]["messages"][2]["role"] = "assistant"
    values[2]["messages"][4:-1] = [{"role": "user", "content": "Hm?"}, {"role": "tool", "content": "7"}] * 9
    values[2]["messages"][-1]["content"] = "word " * 2001
    opening.import_text(library, "\n".join(map(json.dumps, values)), "talks")
    return browsing.matching_keys(library, "talks", View())


def test_the_page_shows_the_parts_with_their_numbers(client, talks):
    page = client.get(LONG).text
    assert "3 entries have this." in page
    assert "Split all 3 entries" in page
    assert "Split the chosen ones on this page" in page
    text = re.sub(r"<[^>]+>", "", page)
    for words in ("Part 1 of 2: 5 exchanges", "Part 2 of 2: 4 exchanges", "Part 3 of 3: 5 exchanges"):
        assert words in text
    for words in ("Messages 1 to 11", "Messages 12 to 19", "Messages 22 to 31"):
        assert words in text
    assert "6 messages between" in text
    assert page.count("<ins>system: Keep light 2.</ins>") == 1
    assert page.count("<ins>system: Keep light 4.</ins>") == 2
    assert page.count("user: Who rows out at 2.5?") == 2
    assert "Nobody at 2.4 &lt;b&gt;&amp;<abbr" in page
    assert page.count("one turn alone is too long") == 1
    assert page.count('type="checkbox" name="keys"') == 2


def test_all_are_split_in_one_operation_that_a_toast_undoes(client, library, talks):
    before = library.dataset("talks").path.read_bytes()
    done = client.post(LONG, data={"do": "all"})
    assert done.headers["Location"] == "/datasets/talks/validation"
    page = client.get(done.headers["Location"]).text
    assert "Split 2 entries into 5. 1 other was left alone." in page
    assert 'action="/datasets/talks/undo"' in page.partition('class="toast"')[2]
    assert len(browsing.matching_keys(library, "talks", View())) == 7
    assert len(history.operations(library, "talks")) == 2
    client.post("/datasets/talks/undo")
    assert library.dataset("talks").path.read_bytes() == before


def test_one_is_split_from_its_own_page_and_leads_back_to_its_first_part(client, library, talks):
    entry = client.get(f"/datasets/talks/entries/{talks[1]}").text
    (address,) = {
        html.unescape(each) for each in re.findall(r'href="([^"]+split_candidate\?entry=[^"]+)"', entry)
    }
    page = client.get(address).text
    assert "Split this entry" in page
    (action,) = re.findall(r'<form method="post" action="([^"]+repair[^"]+)"', page)
    done = client.post(html.unescape(action), data={"do": "chosen", "keys": talks[1]})
    assert done.headers["Location"] == f"/datasets/talks/entries/{talks[1]}"
    assert "Split 1 entry into 2." in client.get(done.headers["Location"]).text
    assert len(value_of(library, "talks", talks[1])["messages"]) == 11
    assert "Nothing to repair here" in client.get(address).text


def test_only_the_first_parts_of_a_very_long_entry_are_shown(client, talks, monkeypatch):
    monkeypatch.setattr(page_of, "MOST_PARTS", 2)
    text = re.sub(r"<[^>]+>", "", client.get(f"{LONG}?entry={talks[3]}").text)
    assert "Part 2 of 3" in text
    assert "Part 3 of 3" not in text
    assert "And 1 more part." in text


def test_validation_and_target_lead_to_it(client, library, talks):
    assert f'href="{LONG}"' in client.get("/datasets/talks/validation").text
    assert f'href="{OVER}"' not in client.get("/datasets/talks/validation").text
    criteria.set_target(library, "talks", Chosen("llama-factory", "chatml", limit=200))
    page = client.get("/datasets/talks/targets").text
    assert f'href="{OVER}">Split it at a turn…</a>' in page.partition('id="fate-target.cut"')[2]
    validation = client.get("/datasets/talks/validation").text
    assert f'href="{OVER}"' in validation
    assert 'href="/datasets/talks/validation/repair/target.cut"' in validation
    criteria.set_target(library, "talks", Chosen(limit=200))
    assert f'<a href="{OVER}">Split them…</a>' in client.get("/datasets/talks/targets").text
    criteria.set_target(library, "talks", Chosen("text-generation-webui", "chatml", limit=200))
    page = client.get("/datasets/talks/targets").text
    assert f'href="{OVER}">' in page.partition('id="fate-target.dropped"')[2]


def test_parts_for_a_target_tell_their_tokens(client, library, talks):
    criteria.set_target(library, "talks", Chosen("trl", "chatml", limit=200))
    text = re.sub(r"<[^>]+>", "", client.get(OVER).text)
    counts = [int(each) for each in re.findall(r"Part \d of \d: \d exchanges?, (\d+) tokens", text)]
    assert len(counts) >= 4
    assert all(0 < each <= 200 for each in counts)
    client.post(OVER, data={"do": "all"})
    client.get("/datasets/talks/validation")
    assert browsing.matching_keys(library, "talks", View(diagnostic="tokens.over_limit")) == [talks[2]]
