"""Texts that turn the order of letters round, on every page: no word of the app's own is turned with them."""

import json

import pytest
from playwright.sync_api import expect

from app import jobs
from app.domain.tagging import TagEdit
from app.domain.targets.chosen import Chosen
from app.domain.view import View
from app.services import browsing, characters, criteria, drafts, editing, history, opening, prompts, tagging
from app.web.working import Errand, Onward

pytestmark = pytest.mark.browser

TURNS = (
    "\u202eoverride", "\u202bembedding", "\u2067isolate", "\u2069\u202eout of its isolate",
    "\u202c\u202eout of its embedding", "\u200fmark", "mark behind\u200f", "end\u202e",
)  # fmt: skip
WORST = "\u2069\u202eworst"
ARABIC = "\u0633\u0644\u0627\u0645"

# The app's words that run from right to left, and characters that could turn what follows them.
TURNED = """() => {
  const found = [];
  const nodes = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  const range = document.createRange();
  for (let node; (node = nodes.nextNode()); ) {
    const said = `${node.parentElement.className}: ${node.data.trim().slice(0, 80)}`;
    if (node.parentElement.closest("script, style, option, textarea, .message-text")) continue;
    if (/[\\u202a-\\u202e\\u2066-\\u2069]/.test(node.data)) found.push(`raw ${said}`);
    if (/[\\u0600-\\u06ff\\u200f]/.test(node.data)) continue;
    let last = null;
    for (const { index } of node.data.matchAll(/\\w/g)) {
      range.setStart(node, index);
      range.setEnd(node, index + 1);
      const box = range.getBoundingClientRect();
      if (last && box.width && Math.abs(box.top - last.top) < 2 && box.left < last.left) {
        found.push(`turned ${said}`);
        break;
      }
      last = box.width ? box : last;
    }
  }
  return found;
}"""


@pytest.fixture
def addresses(server, tmp_path):
    """Every page of a library in which every text that a person can put somewhere turns what follows."""
    library = server.library
    lines = [
        {
            "messages": [
                {"role": "system", "content": f"{turn} system"},
                {"role": "user", "content": f"{turn} asked?", "name": turn},
                {"role": "assistant", "content": f"{turn}<|im_end|> answered ** “so”"},
            ],
            "tags": [f"{turn} tag", "calm"],
            f"{turn} key": turn,
        }
        for turn in (*TURNS, ARABIC)
    ]
    lines += [{**lines[3], "messages": [{"role": f"{turn} role", "content": "Hm?"}]} for turn in TURNS]
    path = tmp_path / f"{WORST}.jsonl"
    path.write_text("\n".join(json.dumps(line) for line in (*lines, lines[0])) + f"\n{WORST}", "utf-8")
    opening.import_path(library, path, name="talks")
    opening.import_text(library, json.dumps(lines[-1]), ARABIC)
    first, second, *_ = browsing.matching_keys(library, "talks", View())
    for each in (WORST, f"{ARABIC} {WORST}", ARABIC):
        characters.create(library, each, description=each)
        prompts.create(library, each, lines[0]["messages"][0]["content"], each)
    criteria.add_own(library, ARABIC, {"chat_template.jinja": b"{{ messages[0].content }}"})
    tagging.create_category(library, WORST)
    tagging.create(library, f"{WORST} created", None)
    drafts.keep(library, library.dataset("talks").id, second, "stale", {"add_tags": [WORST]})
    done = jobs.start(WORST, lambda _: 1, context=Errand(lambda _: Onward(WORST, "/", WORST), "/"))
    assert done.wait(10)
    prompt = prompts.prompts(library)[0].slug
    own = criteria.owned(library)[0].slug
    someone = characters.characters(library)[0].slug
    criteria.set_target(library, "talks", Chosen(family=own))
    editing.edit_tags(library, "talks", [first], TagEdit(add=(f"{WORST} added",)))
    newest = history.operations(library, "talks")[0].id
    base = "/datasets/talks/"
    return (
        *("/", "/jobs", f"/jobs/{done.id}", "/targets", f"/targets/{own}", "/characters", "/prompts"),
        *(f"/characters/{someone}", f"/prompts/{prompt}", f"/prompts/{prompt}?uses=1"),
        *(f"/prompts/{prompt}/replace", "/tags", "/tags?arrange=1", "/tags/to-review"),
        *(base, f"{base}?entry={first}", f"{base}?entry={second}", f"{base}?q=answered&scope=assistant"),
        *(f"{base}?entry={first}&tab={tab}" for tab in ("rendered", "json", "history")),
        *(f"{base}?tag=calm", f"{base}?imported=1", f"{base}?q=tag&scope=tags", f"{base}?diagnostic=any"),
        *(f"{base}history", f"{base}history?operation={newest}", f"{base}speakers", f"{base}rejected"),
        *(f"{base}validation", f"{base}validation/rules", f"{base}targets", f"{base}export?tag=calm"),
        *(f"{base}validation/repair/{code}" for code in ("text.special_token", "base.tag_spelling")),
    )


def turned(page):
    """What the page shows out of order, or could, once all of it is there and unfolded."""
    expect(page.locator("[hx-trigger=load]")).to_have_count(0)
    page.evaluate("document.querySelectorAll('details').forEach((each) => { each.open = true; })")
    return page.evaluate(TURNED)


def test_no_word_of_the_app_is_turned_on_any_page(page, addresses):
    for address in addresses:
        page.goto(address)
        assert turned(page) == [], address


@pytest.mark.parametrize("width", [390, 1280])
def test_the_neighbours_of_a_turning_text_keep_their_places(page, addresses, width):
    page.set_viewport_size({"width": width, "height": 800})
    page.goto("/datasets/talks/")
    places = page.locator(".row").evaluate_all(
        """rows => rows.map((row) => {
          const left = row.getBoundingClientRect().left;
          const parts = [".row-check", ".row-meta > :first-child", ".row-meta > :nth-child(2)", ".badge"];
          return parts.map((part) => row.querySelector(part).getBoundingClientRect().left - left);
        })"""
    )
    alike = [[*each[:2], each[2]] for each in places[:9]]  # whose numbers have one digit
    assert len(places) == 18
    assert alike == [alike[0]] * 9
    assert len({each[0] for each in places}) == 1
    first = page.locator(".row").first
    expect(first.locator(".row-opening abbr")).to_have_text("U+202E")
    expect(first.locator(".row-opening abbr")).to_have_attribute("title", "right-to-left override")


def test_what_a_toast_says_and_offers_is_not_turned(page, addresses):
    page.goto("/tags")
    page.get_by_text("New tag", exact=True).click()
    page.locator("#new-tag").fill(f"{WORST} of all")
    page.locator("#new-tag").press("Enter")
    expect(page.locator(".toast")).to_contain_text("U+202Eworst of all.")
    assert turned(page) == []
    page.locator(".toast").get_by_role("button", name="Undo").click()
    expect(page.locator(".toast").last).to_contain_text("Undone: New tag")
    assert turned(page) == []
