"""Commands about prompts, the texts kept for system messages: ``prompt list`` and its kin."""

from collections.abc import Callable
from typing import Any, BinaryIO

import click

from app.cli.call import DONE, FINDINGS, Call, counted, pass_call
from app.cli.command import Command, Verbs
from app.errors import Refused
from app.services import prompt_uses, prompts
from app.services.operation import OperationInfo
from app.services.prompt_uses import Replaced


@click.group("prompt", cls=Verbs)
def prompt() -> None:
    """List, make, change and attach prompts: texts kept for system messages."""


def _from(*, required: bool) -> Callable[..., Any]:
    return click.option(
        "--from",
        "source",
        required=required,
        metavar="FILE",
        type=click.File("rb"),
        help="The file with the text, in UTF-8; - is standard input.",
    )


def _text(source: BinaryIO) -> str:
    """The text of a file, as it stands.

    :raises Refused: if it is no UTF-8.
    """
    try:
        return source.read().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise Refused(
            f"The text is not UTF-8 (byte {error.start + 1:,}).", "Save the file as UTF-8."
        ) from error


@prompt.command("list", cls=Command)
@pass_call
def list_(call: Call) -> None:
    """List every prompt, with its text and the datasets that it is attached to."""
    found = prompts.prompts(call.library())
    words = [
        f"{each.slug}{'' if each.is_active else ' (archived)'}  {_opening(each.content)}" for each in found
    ]
    value = {"prompts": [each.as_json() for each in found]}
    call.answer(value, "\n".join(words) or "There is no prompt yet: prompt create makes one.")


def _opening(text: str) -> str:
    words = " ".join(text[:300].split())
    return words if len(words) <= 80 else words[:79] + "…"


@prompt.command(cls=Command)
@click.argument("name")
@_from(required=True)
@click.option("--description", metavar="TEXT", help="What it is for.")
@pass_call
def create(call: Call, name: str, source: BinaryIO, description: str | None) -> None:
    """Keep a text as a prompt called NAME."""
    _answer_made(call, prompts.create(call.library(), name, _text(source), description))


@prompt.command("save-from", cls=Command)
@click.argument("dataset")
@click.argument("uuid")
@click.argument("name")
@pass_call
def save_from(call: Call, dataset: str, uuid: str, name: str) -> None:
    """Keep the first system message of an entry as a prompt called NAME."""
    _answer_made(call, prompts.save_from_entry(call.library(), dataset, uuid, name))


def _answer_made(call: Call, made: prompts.Made) -> None:
    info = made.operation
    value = {"operation": info.as_json() if info else None, "slug": made.slug}
    call.answer(value, f"{info.title if info else 'No prompt was made'}, as {made.slug}.")


@prompt.command(cls=Command)
@click.argument("slug", metavar="PROMPT")
@click.option("--name", metavar="NAME", help="Call it this; its slug stays.")
@_from(required=False)
@click.option("--description", metavar="TEXT", help='What it is for; "" takes the description away.')
@pass_call
def edit(call: Call, slug: str, name: str | None, source: BinaryIO | None, description: str | None) -> None:
    """Change a prompt; the entries that have its text keep theirs."""
    if name is None and source is None and description is None:
        raise click.UsageError("Say --name, --from or --description.")
    content = _text(source) if source else None
    call.answer_operation(
        prompts.edit(call.library(), slug, name=name, content=content, description=description)
    )


@prompt.command(cls=Command)
@click.argument("slug", metavar="PROMPT")
@pass_call
def archive(call: Call, slug: str) -> None:
    """Put a prompt away; it is offered no more."""
    call.answer_operation(prompts.archive(call.library(), slug))


@prompt.command(cls=Command)
@click.argument("slug", metavar="PROMPT")
@pass_call
def restore(call: Call, slug: str) -> None:
    """Offer an archived prompt again."""
    call.answer_operation(prompts.restore(call.library(), slug))


@prompt.command(cls=Command)
@click.argument("slug", metavar="PROMPT")
@pass_call
def delete(call: Call, slug: str) -> None:
    """Delete a prompt and detach it everywhere; the entries that have its text keep it."""
    call.answer_operation(prompts.delete(call.library(), slug))


@prompt.command(cls=Command)
@click.argument("slug", metavar="PROMPT")
@click.argument("dataset")
@pass_call
def attach(call: Call, slug: str, dataset: str) -> None:
    """Let the sidecar of a dataset carry a prompt."""
    call.answer_operation(prompts.attach(call.library(), slug, dataset))


@prompt.command(cls=Command)
@click.argument("slug", metavar="PROMPT")
@click.argument("dataset")
@pass_call
def detach(call: Call, slug: str, dataset: str) -> None:
    """Let the sidecar of a dataset carry a prompt no more."""
    call.answer_operation(prompts.detach(call.library(), slug, dataset))


@prompt.command(cls=Command)
@click.argument("slug", metavar="PROMPT")
@pass_call
def entries(call: Call, slug: str) -> None:
    """List the entries in which a system message is the text of a prompt, to the letter."""
    found = prompt_uses.same_text(call.library(), slug)
    total = sum(map(len, found.values()))
    words = [counted(total, "entry", "entries"), *_listed(found)]
    call.answer({"total": total, "datasets": found}, "\n".join(words))


def _listed(found: dict[str, list[str]]) -> list[str]:
    return [f"{dataset} {key}" for dataset, keys in found.items() for key in keys]


@prompt.command(cls=Command)
@click.argument("slug", metavar="PROMPT")
@_from(required=False)
@click.option("--with", "other", metavar="PROMPT", help="Take the text of this prompt.")
@click.option("--dataset", "datasets", metavar="SLUG", multiple=True, help="Only here. May be repeated.")
@click.option("--template", is_flag=True, help="Give the prompt itself the new text too.")
@click.option("--dry-run", is_flag=True, help="Show what would be changed, and change nothing.")
@pass_call
def replace(
    call: Call,
    slug: str,
    source: BinaryIO | None,
    other: str | None,
    datasets: tuple[str, ...],
    template: bool,
    dry_run: bool,
) -> int:
    """Put another text in place of a prompt's, in every system message that says just that.

    It is one operation on all datasets, or on those named by --dataset.
    """
    if (source is None) == (other is None):
        raise click.UsageError("Say --from with a file, or --with and another prompt.")
    library = call.library()
    text = _text(source) if source else prompts.prompt(library, str(other)).content
    chosen = datasets or None
    if dry_run:
        done = prompt_uses.would_replace(library, slug, text, datasets=chosen)
    else:
        done = prompt_uses.replace_in_bulk(
            library, slug, text, datasets=chosen, template=template, progress=call.watch("Replacing")
        )
    return _answer_replaced(call, done, dry_run=dry_run)


def _answer_replaced(call: Call, done: Replaced, *, dry_run: bool) -> int:
    """Say what was replaced, or would be; there are findings if anything was left alone."""
    changed, locked = (sum(map(len, found.values())) for found in (done.changed, done.locked))
    value: dict[str, Any] = {"changed": changed, "locked": locked, "skipped": list(done.skipped)}
    if dry_run:
        value["datasets"] = done.changed
        words = [f"{counted(changed, 'entry', 'entries')} would be changed.", *_listed(done.changed)]
    else:
        value = {"operation": done.operation.as_json() if done.operation else None, **value}
        words = [_said(done.operation, changed)]
    call.answer(value, "\n".join(words))
    if locked and not call.as_json:
        call.say(f"Left alone, because the line cannot be rewritten without losing something: {locked:,}.")
    if done.skipped and not call.as_json:
        call.say(f"Left out, because the file is missing or was changed outside: {', '.join(done.skipped)}.")
    return FINDINGS if locked or done.skipped else DONE


def _said(info: OperationInfo | None, changed: int) -> str:
    if info is None:
        return "There was nothing to change."
    return f"{info.title} (operation {info.id}). {counted(changed, 'entry', 'entries')} changed."


@prompt.command(cls=Command)
@click.argument("number", metavar="[ID]", type=int, required=False)
@pass_call
def undo(call: Call, number: int | None) -> None:
    """Take back what was last done to prompts, or the operation with ID."""
    call.answer_operation(prompts.undo(call.library(), number))


COMMANDS = (prompt,)
