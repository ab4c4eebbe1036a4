"""Commands about what was done: history, undo, redo, restore."""

import click

from app.cli.call import Call, counted, pass_call
from app.cli.command import Command
from app.services import history as past
from app.services.operation import OperationInfo


@click.command(cls=Command)
@click.argument("slug")
@pass_call
def history(call: Call, slug: str) -> None:
    """List what was done to a dataset, newest first."""
    found = list(past.every_operation(call.library(), slug))
    call.answer({"operations": [info.as_json() for info in found]}, "\n".join(map(_said, found)))


def _said(info: OperationInfo) -> str:
    at = info.at.strftime("%Y-%m-%d %H:%M:%S")
    changed = f", {counted(info.changed, 'entry', 'entries')}" if info.changed else ""
    return f"{info.id:>5}  {at}  {info.title}{changed}{' (undone)' * (info.undone and info.kind == 'change')}"


@click.command(cls=Command)
@click.argument("slug")
@click.argument("number", metavar="[ID]", type=int, required=False)
@pass_call
def undo(call: Call, slug: str, number: int | None) -> None:
    """Take back the last operation, or the one with ID."""
    call.answer_operation(past.undo(call.library(), slug, number))


@click.command(cls=Command)
@click.argument("slug")
@pass_call
def redo(call: Call, slug: str) -> None:
    """Do again what was last undone."""
    call.answer_operation(past.redo(call.library(), slug))


@click.command(cls=Command)
@click.argument("slug")
@click.argument("number", metavar="ID", type=int)
@pass_call
def restore(call: Call, slug: str, number: int) -> None:
    """Bring a dataset back to what it was just after an operation."""
    call.answer_operation(past.restore(call.library(), slug, number))


COMMANDS = (history, undo, redo, restore)
