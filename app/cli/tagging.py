"""Commands about the tags of the library: ``tag list``, ``tag rename``, and what else becomes of a tag."""

from collections.abc import Callable

import click

from app.cli.call import DONE, FINDINGS, Call, counted, pass_call
from app.cli.command import Command, Verbs
from app.services import history, tagging
from app.services.library import Library
from app.services.operation import OperationInfo
from app.services.tagging import Rewritten
from app.services.taxonomy import FormerName, TagInfo, Taxonomy, taxonomy


@click.group("tag", cls=Verbs)
def tag() -> None:
    """List, make, rename, merge, archive and delete the tags of the library.

    Each is one operation on every dataset that has the tag; effect shows beforehand what it would touch.
    """


@tag.command("list", cls=Command)
@pass_call
def list_(call: Call) -> None:
    """List every tag with its category and uses."""
    found = taxonomy(call.library())
    groups = [
        {
            "slug": each.slug,
            "name": each.name,
            "builtin": each.builtin,
            "tags": [tag.slug for tag in each.tags],
        }
        for each in found.categories
    ]
    value = {
        "tags": [each.as_json() for each in found.every()],
        "categories": groups,
        "former": [each.as_json() for each in found.former],
    }
    call.answer(value, "\n".join(_listed(found)))


def _listed(found: Taxonomy) -> list[str]:
    parts = [(each.name, each.tags) for each in found.categories]
    parts += [
        ("No category", found.loose),
        ("Imported, to be looked at", found.imported),
        ("Archived", found.archived),
        ("Hidden", found.hidden),
    ]
    lines: list[str] = []
    for name, tags in parts:
        lines += [name, *(f"  {_said(each)}" for each in tags)] if tags else []
    if found.former:
        lines.append("Former names still in entries")
        lines += [f"  {_said(each)}, now {each.leads_to}" for each in found.former]
    return lines


def _said(info: TagInfo | FormerName) -> str:
    return f"{info.slug:<30} {counted(info.entries, 'entry', 'entries')}" if info.entries else info.slug


@tag.command(cls=Command)
@click.argument("slug")
@pass_call
def effect(call: Call, slug: str) -> None:
    """Show which entries a change of the tag would touch."""
    info = tagging.effect(call.library(), slug)
    words = [f"{counted(info.entries, 'entry', 'entries')} in {counted(len(info.uses), 'dataset')}."]
    words += [f"  {dataset:<30} {count:,}" for dataset, count in info.uses.items()]
    call.answer(info.as_json(), "\n".join(words))


@tag.command(cls=Command)
@click.argument("name")
@click.option("--category", metavar="CATEGORY", help="The category to put it in.")
@pass_call
def create(call: Call, name: str, category: str | None) -> None:
    """Make a tag."""
    call.answer_operation(tagging.create(call.library(), name, category))


@tag.command(cls=Command)
@click.argument("slug")
@click.argument("name")
@pass_call
def rename(call: Call, slug: str, name: str) -> int:
    """Call a tag otherwise, in every entry that has it."""
    return _report(call, tagging.rename(call.library(), slug, name, progress=call.watch("Renaming")))


@tag.command(cls=Command)
@click.argument("slug")
@click.option("--category", metavar="CATEGORY", help="Where to; no category, if it is not given.")
@pass_call
def move(call: Call, slug: str, category: str | None) -> None:
    """Put a tag into another category."""
    call.answer_operation(tagging.move(call.library(), slug, category))


@tag.command(cls=Command)
@click.argument("slug")
@click.argument("into")
@pass_call
def merge(call: Call, slug: str, into: str) -> int:
    """Put the tag INTO in the place of another, in every entry that has it."""
    return _report(call, tagging.merge(call.library(), slug, into, progress=call.watch("Merging")))


@tag.command(cls=Command)
@click.argument("slug")
@pass_call
def rewrite(call: Call, slug: str) -> int:
    """Rewrite a former name to the present one, where entries still have it."""
    return _report(call, tagging.settle_former(call.library(), slug, progress=call.watch("Rewriting")))


@tag.command(cls=Command)
@click.argument("slug")
@click.option("--category", metavar="CATEGORY", help="The category to put it in.")
@pass_call
def adopt(call: Call, slug: str, category: str | None) -> None:
    """Make an imported tag one of ours."""
    call.answer_operation(tagging.adopt(call.library(), slug, category))


@tag.command(cls=Command)
@click.argument("slug")
@pass_call
def delete(call: Call, slug: str) -> int:
    """Take a tag off every entry that has it, and forget it."""
    return _report(call, tagging.delete(call.library(), slug, progress=call.watch("Deleting")))


def _report(call: Call, done: Rewritten) -> int:
    """Say what was rewritten; there are findings if an entry was left alone."""
    info = done.operation
    words = f"{info.title} (operation {info.id}). {counted(info.changed, 'entry', 'entries')} changed."
    if done.left:
        words += f" Left alone, because the line cannot be rewritten without losing something: {done.left:,}."
    call.answer({"operation": info.as_json(), "locked": done.left}, words)
    return FINDINGS if done.left else DONE


def _plain(name: str, act: Callable[[Library, str], OperationInfo], words: str) -> None:
    """A verb that takes a tag and nothing else."""

    @tag.command(name, cls=Command, help=words)
    @click.argument("slug")
    @pass_call
    def command(call: Call, slug: str) -> None:
        call.answer_operation(act(call.library(), slug))


_plain("archive", tagging.archive, "Offer a tag no more; the entries that have it keep it.")
_plain("hide", tagging.hide, "Show a tag nowhere but among the hidden ones.")
_plain("restore", tagging.restore, "Make an archived or hidden tag active again.")


@tag.command(cls=Command)
@click.argument("slugs", nargs=-1, required=True)
@click.option("--category", metavar="CATEGORY", help="The category whose tags they are.")
@pass_call
def order(call: Call, slugs: tuple[str, ...], category: str | None) -> None:
    """Put the tags of a category in an order; those not named follow."""
    call.answer_operation(tagging.order(call.library(), category, slugs))


@tag.command("create-category", cls=Command)
@click.argument("name")
@pass_call
def create_category(call: Call, name: str) -> None:
    """Make a category."""
    call.answer_operation(tagging.create_category(call.library(), name))


@tag.command("rename-category", cls=Command)
@click.argument("slug")
@click.argument("name")
@pass_call
def rename_category(call: Call, slug: str, name: str) -> None:
    """Call a category otherwise."""
    call.answer_operation(tagging.rename_category(call.library(), slug, name))


@tag.command("order-categories", cls=Command)
@click.argument("slugs", nargs=-1, required=True)
@pass_call
def order_categories(call: Call, slugs: tuple[str, ...]) -> None:
    """Put the categories in an order; those not named follow."""
    call.answer_operation(tagging.order_categories(call.library(), slugs))


_plain("delete-category", tagging.delete_category, "Remove an empty category.")


@tag.command(cls=Command)
@click.argument("number", metavar="[ID]", type=int, required=False)
@pass_call
def undo(call: Call, number: int | None) -> None:
    """Take back the last operation on tags, characters, prompts, rules or targets, or that with ID."""
    call.answer_operation(history.undo_shared(call.library(), number))


@tag.command(cls=Command)
@pass_call
def redo(call: Call) -> None:
    """Do again what was last undone on tags, characters, prompts, rules or targets."""
    call.answer_operation(history.redo_shared(call.library()))


COMMANDS = (tag,)
