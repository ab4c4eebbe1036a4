"""The kind of command that every one of ours is: it takes --home, --json and --debug in any place."""

from typing import Any

import click

from app.cli.call import Call


class Command(click.Command):
    """A command with the options that all have."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.params = [*self.params, *_shared()]


class Group(click.Group):
    """The commands, listed in the order in which they were added; without a name it is ``serve``."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.params = [*self.params, *_shared()]

    def list_commands(self, context: click.Context) -> list[str]:
        """The names as help shows them."""
        return list(self.commands)

    def parse_args(self, context: click.Context, args: list[str]) -> list[str]:
        """Put ``serve`` where no command is named, so that its options work without it."""
        at = 0
        while at < len(args) and args[at].split("=")[0] in ("--home", "--json", "--debug"):
            at += 2 if args[at] == "--home" else 1
        if at >= len(args) or (args[at].startswith("-") and args[at] not in ("--help", "-h", "--version")):
            args = [*args[:at], "serve", *args[at:]]
        return super().parse_args(context, args)


class Verbs(click.Group):
    """Commands about one kind of thing, under its name: ``prompt list``."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.params = [*self.params, *_shared()]

    def list_commands(self, context: click.Context) -> list[str]:
        """The names as help shows them."""
        return list(self.commands)


def _shared() -> list[click.Parameter]:
    return [
        click.Option(
            ["--home"],
            metavar="DIR",
            expose_value=False,
            callback=_note,
            help="Work in this folder in place of instance/.",
        ),
        click.Option(
            ["--json", "as_json"],
            is_flag=True,
            expose_value=False,
            callback=_note,
            help="Print the result as one JSON object.",
        ),
        click.Option(
            ["--debug"],
            is_flag=True,
            expose_value=False,
            callback=_note,
            help="Show where in the program an unforeseen failure arose.",
        ),
    ]


def _note(context: click.Context, parameter: click.Parameter, value: Any) -> None:
    """Keep an option in the call; one that stands behind the command's name wins."""
    if value == "":
        raise click.BadParameter("it names no folder.", context, parameter)
    if value and parameter.name:
        setattr(context.ensure_object(Call), parameter.name, value)
