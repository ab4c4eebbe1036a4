"""The command export: entries into a file of their own."""

from pathlib import Path
from typing import Any

import click

from app.cli.call import DONE, FINDINGS, Call, counted, pass_call
from app.cli.command import Command
from app.cli.selecting import selected, selection_options
from app.services import exporting


@click.command(cls=Command)
@click.argument("slug")
@selection_options
@click.option(
    "--format", "form", type=click.Choice(exporting.FORMATS), required=True, help="What the file shall hold."
)
@click.option("--clean", is_flag=True, help="Exactly the keys of the format, nothing else.")
@click.option(
    "--characters",
    type=click.Choice(("none", *exporting.NAMING)),
    default="none",
    help="Say who speaks: in the text (“Name: …”), or as a key name of each message.",
)
@click.option(
    "--out", type=click.Path(path_type=Path), metavar="PATH", help="Where to; under exports/ if not said."
)
@click.option("--force", is_flag=True, help="Write over a file that is there.")
@pass_call
def export(
    call: Call,
    /,
    slug: str,
    form: str,
    clean: bool,
    characters: str,
    out: Path | None,
    force: bool,
    **selection: Any,
) -> int:
    """Write a dataset, or some of its entries, to a new file; with its sidecar, unless it is to be clean.

    A dataset's own file is never written over.
    """
    meant = selected(**selection)
    exported = exporting.export_to(
        call.library(),
        slug,
        form,
        out,
        clean=clean,
        force=force,
        selection=meant,
        characters="" if characters == "none" else characters,
        progress=call.watch("Writing"),
    )
    words = [f"Wrote {counted(exported.entries, 'entry', 'entries')} to {exported.path}", *exported.report]
    call.answer(exported.as_json(), "\n".join(words))
    return FINDINGS if exported.report else DONE


COMMANDS = (export,)
