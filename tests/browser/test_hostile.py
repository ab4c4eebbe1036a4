"""A dataset that wants to be code, on every page: it is shown as text, runs nothing and asks for nothing."""

import json

import pytest
from playwright.sync_api import expect

from app import jobs
from app.domain.tagging import TagEdit
from app.domain.targets.chosen import Chosen
from app.domain.view import View
from app.services import browsing, criteria, drafts, editing, history, opening, settings
from app.web.working import Errand, Onward

pytestmark = pytest.mark.browser

HOSTILE = (
    "<script>window.hit=1</script>",
    "<img src=x onerror=window.hit=1>",
    '"><svg onload=window.hit=1>',
    '\'><a href="javascript:window.hit=1">x</a>',
    "<div hx-get='/settings' hx-trigger='load' hx-target='body'>x</div>",
    "<b hx-on:click='window.hit=1' hx-on::load='window.hit=1'>x</b>",
    "<hx-partial hx-target='body'>gone</hx-partial>",
    "{{ 7*7 }}{% raw %}{{ config }}${7*7}#{7*7}",
    "</textarea></title></style></script><h1 id=hit>x</h1>",
    "<style>body{display:none}</style><link rel=stylesheet href=//evil.example/x.css>",
    "<iframe src=//evil.example></iframe><form action=//evil.example><input name=key>",
    "<meta http-equiv=refresh content='0;url=//evil.example'><base href=//evil.example>",
    "javascript:window.hit=1",
    "style=x onclick=window.hit=1 ' onmouseover=window.hit=1 \" autofocus onfocus=window.hit=1",
)
BAD = "\n".join(HOSTILE)
REFUSING = b"{{ raise_exception(messages[0].content) }}"


# What on a page would have come out of the dataset as more than text.
FOUND = """() => [
    window.hit, document.getElementById('hit'),
    ...document.querySelectorAll('iframe, object, embed, base, style, [onerror], [onload], [onclick]'),
    ...document.querySelectorAll("a[href^='javascript:'], form[action*='evil'], meta[http-equiv]"),
    ...[...document.querySelectorAll('*')].filter((each) =>
        [...each.attributes].some(({name}) => name.startsWith('hx-on'))),
    ...[...document.querySelectorAll('img, svg')].filter((each) =>
        each.closest('.rows, .message, pre') && !each.closest('button')),
].filter(Boolean).map(String)"""


@pytest.fixture
def addresses(server):
    """Every page of a library in which every text that a person can put somewhere is hostile."""
    library = server.library
    entry = {
        "messages": [
            {"role": "system", "content": BAD},
            {"role": BAD, "content": BAD, BAD: BAD},
            {"role": "user", "content": [BAD], "name": BAD},
            {"role": "user", "content": BAD},
            {"role": "assistant", "content": f"{BAD}\r"},
        ],
        "tags": [*HOSTILE],
        BAD: {BAD: BAD},
    }
    lines = [
        json.dumps(entry),
        json.dumps({**entry, "id": 2}),
        BAD.replace("\n", " "),
        json.dumps({"x": BAD}),
    ]
    opening.import_text(library, "\n".join(lines), "talks")
    settings.save(library, preview_user_name=HOSTILE[0], preview_assistant_name=HOSTILE[1])
    for name, template in (("writing", b"{{ messages[0].content }}"), ("refusing", REFUSING)):
        criteria.add_own(library, f"{name} {HOSTILE[0]}", {"chat_template.jinja": template})
    writing, refusing = sorted((each.slug for each in criteria.owned(library)), reverse=True)
    criteria.set_target(library, "talks", Chosen(family=refusing))
    first, second = browsing.matching_keys(library, "talks", View())
    editing.edit_tags(library, "talks", [first], TagEdit(add=("<i>storm</i>",)))
    history.undo(library, "talks")
    number = library.dataset("talks").id
    payload = {"messages-0-role": [BAD], "messages-0-text": [BAD], "add_tags": [BAD], "new_tags": [BAD]}
    drafts.keep(library, number, second, "stale", payload)
    drafts.keep(library, number, "new", "", payload)
    done = jobs.start(BAD, lambda _: 1, context=Errand(lambda _: Onward(BAD, "/", BAD), "/"))
    failed = jobs.start(BAD, lambda _: opening.import_text(library, BAD, BAD))
    assert done.wait(10)
    assert failed.wait(10)
    base = "/datasets/talks/"
    newest = history.operations(library, "talks")[0].id
    queries = [
        f"?q={word}&scope=character&scope=tags" for word in ("script", "hx-on", "%3Cimg", "javascript:")
    ]
    return (
        *("/", "/?trash=1", "/jobs", f"/jobs/{done.id}", f"/jobs/{failed.id}", "/settings", "/patterns"),
        *("/help?q=%3Cscript%3Ewindow.hit=1%3C/script%3E", "/nothing/%3Cscript%3E"),
        *(base, *(base + query for query in queries), f"{base}?tag=%3Cscript%3E", f"{base}?imported=1"),
        *(f"{base}?q=%3Cscript%3Ewindow.hit=1%3C/script%3E(&mode=regex", f"{base}?tab=%3Cscript%3E"),
        *(f"{base}entries/{first}", f"{base}?entry={second}", f"{base}entries/new", f"{base}entries/%3Cb%3E"),
        *(
            f"{base}entries/{first}?tab=json",
            f"{base}?entry={first}&tab=json",
            f"{base}?entry={first}&tab=history",
        ),
        *(f"{base}history", f"{base}history?operation={newest}", f"{base}history?operation={newest - 1}"),
        *(f"{base}targets", "/targets", f"/targets/{writing}", f"/targets/{refusing}"),
        *(
            f"{base}?entry={first}&tab=rendered&template={name}"
            for name in ("chatml", "mistral-v3", writing, refusing)
        ),
        *(f"{base}validation", f"{base}validation/rules", "/settings/rules"),
        *(f"{base}?diagnostic={code}" for code in ("error", "chatml.unknown_role", "%3Cscript%3E:%3Cimg%3E")),
        *(
            f"{base}validation/repair/{code}?entry=%3Cb%3E"
            for code in ("base.tag_spelling", "chatml.system_not_first")
        ),
        *(
            f"{base}validation/repair/{code}?choice=add&text-add=%3Cscript%3Ewindow.hit=1%3C/script%3E"
            for code in ("base.tag_spelling", "chatml.missing_system_role", "chatml.content_whitespace")
        ),
        *(f"{base}export?q=script", f"{base}export?key=%3Cscript%3E", f"{base}rejected"),
    )


def test_hostile_text_is_text_on_every_page(page, addresses):
    page.complaints.expected.append("404")
    dialogs = []
    page.on("dialog", lambda dialog: (dialogs.append(dialog.message), dialog.dismiss()))
    for address in addresses:
        page.goto(address, wait_until="load")
        found = page.evaluate(FOUND)
        assert found == [], address
    assert dialogs == []


def test_hostile_text_is_edited_and_saved_as_it_is(page, addresses):
    page.goto("/datasets/talks/")
    page.locator("[data-row] a[data-open]").first.click()
    expect(page.locator("#messages-3-text")).to_have_value(BAD)
    page.locator("#messages-3-text").press_sequentially("!")
    page.locator("#add_tags").focus()
    page.keyboard.press("Control+s")
    expect(page.locator(".toast")).to_have_text("Saved.")
    expect(page.locator("#messages-3-text")).to_have_value(f"!{BAD}")
    assert page.evaluate("window.hit") is None
