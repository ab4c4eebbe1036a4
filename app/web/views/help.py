"""Help: short articles written for this app, each a template, and a search through them."""

import re
from dataclasses import dataclass
from functools import cache

from flask import Blueprint, Response, render_template, request
from markupsafe import Markup

from app.domain.validation.codes import CODES
from app.errors import NotFound
from app.web.context import counted
from app.web.htmx import answer

bp = Blueprint("help", __name__, url_prefix="/help")

TITLES = {
    "opening": "Opening files",
    "in_place": "Copies, and files edited in place",
    "rejected": "Records that could not be read",
    "searching": "Searching",
    "filtering": "Filters, order and pages",
    "editing": "Editing an entry",
    "locked": "What a form may not change",
    "tags": "Tags",
    "bulk": "Changing many entries",
    "prompts": "Prompts",
    "characters": "Characters and group chat",
    "speakers": "Named speakers",
    "drafts": "Drafts",
    "undoing": "Undo, redo and history",
    "backups": "Backups",
    "outside": "When another program changes a file",
    "validation": "Validation",
    "repairs": "Repairs",
    "targets": "Targets: what a trainer makes of it",
    "rendered": "The rendered entry",
    "tokens": "Tokens",
    "exporting": "Exporting",
    "jobs": "Long work",
    "keys": "Keyboard shortcuts",
    "privacy": "Who can see your data",
    "commands": "The command line",
}
GROUPS = (
    ("Opening", ("opening", "in_place", "rejected")),
    ("Finding", ("searching", "filtering")),
    ("Changing", ("editing", "locked", "tags", "bulk", "prompts", "characters", "speakers", "drafts")),
    ("Going back", ("undoing", "backups", "outside")),
    ("Before the training", ("validation", "repairs", "targets", "rendered", "tokens")),
    ("Taking out", ("exporting",)),
    ("RoleThread", ("keys", "jobs", "commands", "privacy")),
)
AROUND = 70  # letters that are shown on each side of a hit
LONGEST = 200


@dataclass(frozen=True, slots=True)
class Article:
    """An article that was found, with the words around the first hit in its text."""

    name: str
    title: str
    hit: tuple[str, str, str] | None


@bp.get("")
def index() -> Response:
    """The list of articles, or those that hold all the words searched for."""
    query = request.args.get("q", "").strip()[:LONGEST]
    found = search(query)
    return answer(
        "help/index.html",
        ("articles",),
        title="Help",
        query=query,
        found=found,
        groups=GROUPS,
        titles=TITLES,
        announce=f"{counted(len(found), 'article')} found." if query else "",
    )


@bp.get("/<article>")
def show(article: str) -> Response:
    """One article."""
    if article not in TITLES:
        raise NotFound("There is no such help article.", "The list of articles is under Help.")
    return answer(f"help/{article}.html", (), title=TITLES[article], codes=CODES.values())


def search(query: str) -> list[Article]:
    """The articles that hold every word of a query; those with one of them in the title first."""
    words = query.casefold().split()
    if not words:
        return []
    found = []
    for name, title in TITLES.items():
        whole = f"{title} {_text(name)}".casefold()
        if all(word in whole for word in words):
            found.append(Article(name, title, _around(_text(name), words)))
    return sorted(found, key=lambda article: not any(word in article.title.casefold() for word in words))


@cache
def _text(name: str) -> str:
    """The text of an article, without its title and without markup."""
    page = render_template(f"help/{name}.html", title=TITLES[name], codes=CODES.values())
    inner = page.partition("<article")[2].partition("</h1>")[2].partition("</article>")[0]
    apart = re.sub(r"<(?=/?(?:dt|dd|li|p|h2|kbd|code)\b)", " <", inner)  # else their words would run together
    return re.sub(r"\s+([.,;:)])", r"\1", Markup(apart).striptags())


def _around(text: str, words: list[str]) -> tuple[str, str, str] | None:
    match = re.search("|".join(map(re.escape, words)), text, re.IGNORECASE)
    if match is None:
        return None
    start, end = match.span()
    before, after = text[:start], text[end:]
    if len(before) > AROUND:
        before = "…" + before[-AROUND:].partition(" ")[2]
    if len(after) > AROUND:
        after = after[:AROUND].rpartition(" ")[0] + "…"
    return before, match[0], after
