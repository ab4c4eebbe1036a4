"""Commands about the entries of a dataset: search, save, delete, move, duplicate, tags."""

import sys
from pathlib import Path
from typing import Any

import click

from app.cli.call import DONE, FINDINGS, Call, counted, pass_call
from app.cli.command import Command
from app.cli.selecting import search_options, selected, selection_options, view_of
from app.domain.tagging import TagEdit
from app.domain.tags import slug as tag_slug
from app.domain.view import View
from app.errors import Refused
from app.services import browsing, converting, editing
from app.services.library import Library


@click.command(cls=Command)
@click.argument("slug")
@search_options
@pass_call
def search(call: Call, /, slug: str, **options: Any) -> None:
    """List all entries that a query and filters find."""
    keys = browsing.matching_keys(call.library(), slug, view_of(**options))
    words = [counted(len(keys), "entry", "entries"), *keys]
    call.answer({"total": len(keys), "uuids": keys}, "\n".join(words))


@click.command(cls=Command)
@click.argument("slug")
@click.argument("uuid", required=False)
@click.option(
    "--from",
    "source",
    required=True,
    metavar="FILE",
    type=click.Path(allow_dash=True, path_type=Path),
    help="The file with the entry, one JSON object of any known shape; - is standard input.",
)
@pass_call
def save(call: Call, slug: str, uuid: str | None, source: Path) -> None:
    """Write an entry over the one with UUID, or a new one."""
    library = call.library()
    if source == Path("-"):
        value = converting.conversation(sys.stdin.buffer.read())
    else:
        value = converting.conversation_in(source)
    done = editing.save_entry(library, slug, uuid, value)
    call.answer_operation(done.operation, done.uuid)


@click.command(cls=Command)
@click.argument("slug")
@click.argument("uuids", nargs=-1, required=True, metavar="UUID...")
@pass_call
def delete(call: Call, slug: str, uuids: tuple[str, ...]) -> None:
    """Take entries out of a dataset, as one operation."""
    call.answer_operation(editing.delete_entries(call.library(), slug, uuids).operation)


@click.command(cls=Command)
@click.argument("slug")
@click.argument("uuid")
@click.option(
    "--to", type=int, required=True, metavar="POSITION", help="Its number among the entries, from 1."
)
@pass_call
def move(call: Call, slug: str, uuid: str, to: int) -> None:
    """Move an entry to another place in the file."""
    done = editing.move_entry(call.library(), slug, uuid, to)
    call.answer_operation(done.operation, done.uuid)


@click.command(cls=Command)
@click.argument("slug")
@click.argument("uuid")
@pass_call
def duplicate(call: Call, slug: str, uuid: str) -> None:
    """Put a copy of an entry right behind it."""
    done = editing.duplicate_entry(call.library(), slug, uuid)
    call.answer_operation(done.operation, done.uuid)


@click.command(cls=Command)
@click.argument("slug")
@selection_options
@click.option("--add", multiple=True, metavar="TAG", help="Add this tag. May be repeated.")
@click.option("--remove", multiple=True, metavar="TAG", help="Take this tag away. May be repeated.")
@click.option(
    "--replace",
    multiple=True,
    metavar="TAG",
    help='Let this be the only tag, or one of them if repeated; "" alone takes all away.',
)
@pass_call
def tags(
    call: Call,
    /,
    slug: str,
    add: tuple[str, ...],
    remove: tuple[str, ...],
    replace: tuple[str, ...],
    **selection: Any,
) -> int:
    """Add, remove or replace tags, as one operation.

    It changes the entries that a query and filters find, or those named by --entry; without either, all.
    """
    edit = _edit(add, remove, replace)
    meant = selected(**selection)
    library = call.library()
    keys = _keys(library, slug, meant)
    done = editing.edit_tags(library, slug, keys, edit, progress=call.watch("Tagging"))
    call.answer_operation(done.operation)
    if done.locked:
        entries = counted(done.locked, "entry", "entries")
        call.say(f"Left alone, because the text cannot be rewritten without losing something: {entries}.")
    return FINDINGS if done.locked else DONE


def _edit(add: tuple[str, ...], remove: tuple[str, ...], replace: tuple[str, ...]) -> TagEdit:
    """The edit that the options describe.

    :raises click.UsageError: if they describe none.
    :raises Refused: for a tag without any letter or digit.
    """
    if not (add or remove or replace) or (replace and (add or remove)):
        raise click.UsageError("Say --add and --remove, or --replace, each with a tag.")
    wanted = () if replace == ("",) else replace
    for tag in (*add, *wanted):
        if not tag_slug(tag):
            raise Refused(f"“{tag}” cannot be a tag.", "A tag needs a letter or a digit.")
    return TagEdit(add, remove, wanted if replace else None)


def _keys(library: Library, slug: str, meant: tuple[str, ...] | View | None) -> list[str] | None:
    """The keys of the entries that are meant; None for all."""
    if isinstance(meant, View):
        return browsing.matching_keys(library, slug, meant)
    return None if meant is None else list(meant)


COMMANDS = (search, save, delete, move, duplicate, tags)
