"""The command line: what the pages do, for scripts. ``main`` is where run.py comes in."""

import io
import os
import sys
import traceback
from collections.abc import Sequence
from typing import NoReturn

import click

from app.cli import (
    characters,
    datasets,
    entries,
    exporting,
    history,
    prompts,
    serving,
    tagging,
    upkeep,
    validating,
)
from app.cli.call import DONE, Call
from app.cli.command import Group
from app.config import VERSION
from app.errors import AppError

_ELSEWHERE = """\b
Two commands are for developers and set up their tools first:
  test [PYTEST ARGUMENTS]   run every check and all tests
  soak [PYTEST ARGUMENTS]   run the long crash and fuzz tests

Exit codes: 0 done, 1 done with findings or rejected records, 2 refused or failed."""


@click.group(cls=Group, epilog=_ELSEWHERE, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(VERSION, message="RoleThread %(version)s")
def commands() -> None:
    """Conversation datasets as plain files on your own machine.

    Without a command the server starts, as with serve.
    """


for room in (
    serving, datasets, entries, history, exporting, validating, tagging, characters, prompts, upkeep
):  # fmt: skip
    for command in room.COMMANDS:
        commands.add_command(command)


def main(arguments: Sequence[str] | None = None, prog_name: str = "run.py") -> NoReturn:
    """Do what the command line says and end with its exit code; no failure shows a traceback.

    :param arguments: without the program's name; those of the process if not given.
    """
    os.umask(0o077)  # what the app writes is for the owner alone
    given = list(sys.argv[1:] if arguments is None else arguments)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # a name that is no text is spelt out, not a failure
            stream.reconfigure(errors="backslashreplace")
    options = given[: given.index("--")] if "--" in given else given
    # Known before the line is read: what is wrong with it is to be said as JSON too.
    sys.exit(_run(given, prog_name, Call(as_json="--json" in options)))


def _run(given: list[str], prog_name: str, call: Call) -> int:
    try:
        code = commands.main(given, prog_name, standalone_mode=False, obj=call)
    except click.UsageError as error:
        return call.fail(_refusal(error, prog_name))
    except AppError as error:
        return call.fail(error)
    except click.Abort:
        call.fail(AppError("Stopped.", "What was done is whole; what was not finished has not happened."))
        return 130
    except Exception as error:
        if call.debug:
            traceback.print_exc()
        return call.fail(_unforeseen(error))
    return code if isinstance(code, int) else DONE


def _refusal(error: click.UsageError, prog_name: str) -> AppError:
    """What is wrong with the command line, and where it says what is right."""
    path = error.ctx.command_path if error.ctx else prog_name
    return AppError(error.format_message(), f"See {path} --help.")


def _unforeseen(error: Exception) -> AppError:
    return AppError(
        f"Something unforeseen went wrong: {type(error).__name__}: {error}",
        "The datasets stand as they were. Say --debug to see where it arose, and report it.",
    )
