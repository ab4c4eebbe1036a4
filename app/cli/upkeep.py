"""Commands that look after the program itself: doctor and bench."""

import runpy
import sys

import click

from app.cli.call import DONE, FINDINGS, Call, pass_call
from app.cli.command import Command
from app.config import ROOT
from app.errors import NotFound
from app.services.checking import check


@click.command(cls=Command)
@pass_call
def doctor(call: Call) -> int:
    """Look whether everything in the home is in order."""
    findings = check(call.config)
    words = [f"{each.severity}: {each.what} {each.hint}" for each in findings]
    value = {"ok": not findings, "findings": [each.as_json() for each in findings]}
    call.answer(value, "\n".join(words) or "All is well.")
    return FINDINGS if findings else DONE


@click.command(context_settings={"ignore_unknown_options": True, "help_option_names": []})
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
def bench(arguments: tuple[str, ...]) -> None:
    """Measure speed; --sizes, --file and --help are its own."""
    script = ROOT / "tests" / "bench" / "run.py"
    if not script.exists():
        raise NotFound("The benchmark did not come with this copy.", "It is in tests/bench of the source.")
    sys.argv = ["run.py bench", *arguments]
    runpy.run_path(str(script), run_name="__main__")


COMMANDS = (doctor, bench)
