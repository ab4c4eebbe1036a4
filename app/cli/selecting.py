"""The options that say which entries are meant: a query, filters, or the entries themselves."""

from collections.abc import Callable
from typing import Any

import click

from app.domain.view import MODES, SCOPES, TAG_MODES, View

_OPTIONS = (
    click.argument("query", required=False),
    click.option(
        "--mode",
        type=click.Choice(MODES),
        default="contains",
        help="How QUERY is meant; contains by default.",
    ),
    click.option(
        "--scope",
        type=click.Choice(SCOPES),
        multiple=True,
        help="Where QUERY is looked for; user and assistant by default. May be repeated.",
    ),
    click.option("--match-case", is_flag=True, help="Tell capitals from small letters."),
    click.option("--ignore-accents", is_flag=True, help="Take é for e."),
    click.option("--tag", multiple=True, metavar="TAG", help="Only entries with this tag. May be repeated."),
    click.option(
        "--tag-mode", type=click.Choice(TAG_MODES), default="any", help="Which of the tags; any by default."
    ),
    click.option("--untagged", is_flag=True, help="Entries without tags (too)."),
    click.option("--character", default="", metavar="SLUG", help="Only entries in which it speaks."),
)
_ENTRY = click.option(
    "--entry", multiple=True, metavar="UUID", help="Only this entry, without a query. May be repeated."
)


def search_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """QUERY and the options of a search, for :func:`view_of`."""
    for option in reversed(_OPTIONS):
        function = option(function)
    return function


def selection_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """The options of a search, and ``--entry`` in their place, for :func:`selected`."""
    return search_options(_ENTRY(function))


def view_of(
    *,
    query: str | None,
    mode: str,
    scope: tuple[str, ...],
    match_case: bool,
    ignore_accents: bool,
    tag: tuple[str, ...],
    tag_mode: str,
    untagged: bool,
    character: str,
) -> View:
    """The view that the options of a search describe."""
    return View(
        query=query or "",
        mode=mode,
        scopes=scope or View().scopes,
        match_case=match_case,
        ignore_accents=ignore_accents,
        tags=tag,
        tag_mode=tag_mode,
        untagged=untagged,
        character=character,
    )


def selected(*, entry: tuple[str, ...], **search: Any) -> tuple[str, ...] | View | None:
    """The entries that are meant: their keys, those of a view, or None for all of them.

    :raises click.UsageError: if they are named in both ways.
    """
    view = view_of(**search)
    narrowed = bool(view.query.strip() or view.tags or view.untagged or view.character)
    if entry and narrowed:
        raise click.UsageError("Name entries by --entry, or by a query and filters; not both.")
    return entry or (view if narrowed else None)
