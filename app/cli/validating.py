"""The commands about what is wrong with entries, and what a trainer makes of them.

The services are imported where they are used: chat templates take a while to load, and `list` needs none.
"""

from collections import Counter
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from app.cli.call import DONE, FINDINGS, Call, counted, pass_call
from app.cli.command import Command
from app.domain.targets.chosen import MASKS, Chosen, named
from app.domain.targets.masks import mask_of
from app.domain.targets.trainers import TRAINERS
from app.domain.tokens import VOCABULARIES
from app.domain.validation.codes import CODES
from app.domain.validation.diagnostic import Severity
from app.errors import NotFound, Refused
from app.services.library import Library

if TYPE_CHECKING:
    from app.services.reporting import Report

_TARGET = click.option(
    "--target",
    metavar="NAME",
    help="A trainer, a chat template, or both as in trl+gemma3; the command targets lists them.",
)


@click.command(cls=Command)
@click.argument("what", metavar="SLUG|PATH")
@_TARGET
@pass_call
def validate(call: Call, /, what: str, target: str | None) -> int:
    """Say what is wrong with the entries of a dataset, or of any file without opening it.

    Without --target a dataset is checked against the one that was chosen for it, if one was.
    """
    from app.services import reporting

    library = call.library()
    chosen = _chosen(library, target)
    if _is_dataset(library, what):
        report = reporting.of_dataset(library, what, chosen, call.watch("Looking"))
    else:
        path = _file(what)
        report = reporting.of_file(library, path, chosen or Chosen(), call.watch("Looking"))
    call.answer(report.as_json(), "\n".join(_said(report)))
    return FINDINGS if report.codes else DONE


def _file(name: str) -> Path:
    """The file of that name.

    :raises NotFound: if there is none.
    """
    with suppress(OSError, RuntimeError):  # a name too long, the home of nobody
        path = Path(name).expanduser().absolute()
        if path.is_file():
            return path
    raise NotFound(f"There is no dataset and no file called {name}.", "The command list shows the datasets.")


def _is_dataset(library: Library, name: str) -> bool:
    try:
        library.dataset(name)
    except NotFound:
        return False
    return True


def _chosen(library: Library, name: str | None) -> Chosen | None:
    from app.services import criteria

    if name is None:
        return None
    try:
        return named(name, criteria.families(library))
    except ValueError as error:
        raise Refused(str(error), "The command targets lists them.") from error


def _said(report: "Report") -> list[str]:
    entries = Counter(code for code, _ in {(each["code"], each["entry"]) for each in report.diagnostics})
    worst: dict[str, Severity] = {}
    for each in report.diagnostics:  # a target makes an error of what is none by itself
        code, severity = str(each["code"]), Severity[str(each["severity"]).upper()]
        worst[code] = max(severity, worst.get(code, severity))
    codes = sorted(worst, key=lambda code: (-worst[code], -entries[code], code))
    lines = [f"{counted(report.entries, 'entry', 'entries')} looked at."]
    if not report.entries:
        lines = ["There are no entries in it." if codes else "It is empty: there are no entries in it."]
    for code in codes:
        there = counted(entries[code], "entry", "entries")
        lines.append(f"{worst[code].word:8}{code:34}{there:>14}  {CODES[code].title}")
    return lines if codes or not report.entries else [*lines, "Nothing was found."]


@click.command(cls=Command)
@click.argument("slug")
@click.argument("codes", metavar="CODE...", nargs=-1, required=True)
@click.option("--dry-run", is_flag=True, help="Say how many entries would change, and change none.")
@click.option("--way", default="", metavar="NAME", help="Which way of repairing, where there are several.")
@click.option("--text", default="", help="The text that a way asks for, such as a system prompt.")
@click.option("--entry", multiple=True, metavar="UUID", help="Only this entry. May be repeated.")
@pass_call
def repair(
    call: Call,
    /,
    slug: str,
    codes: tuple[str, ...],
    dry_run: bool,
    way: str,
    text: str,
    entry: tuple[str, ...],
) -> int:
    """Repair what validation found under some codes, in all entries or in some; one operation."""
    from app.services import repairing

    library = call.library()
    if len(codes) > 1 and (way or text):
        raise click.UsageError("--way and --text belong to one repair; name one code with them.")
    wanted = [repairing.Wanted(code, way, text) for code in codes]
    keys = entry or None
    if dry_run:
        done = repairing.would_repair(library, slug, wanted, keys=keys, progress=call.watch("Looking"))
    else:
        done = repairing.repair(library, slug, wanted, keys=keys, progress=call.watch("Repairing"))
    operation = done.operation.as_json() if done.operation else None
    value = {
        "changed": done.changed,
        "added": done.added,
        "left": done.left,
        "locked": done.locked,
        "operation": operation,
    }
    changed, came = ("would change", "would come in") if dry_run else ("changed", "came in")
    more = f", {done.added:,} more {came}" if done.added else ""
    words = [f"{counted(done.changed, 'entry', 'entries')} {changed}{more}."]
    if done.left:
        words.append(f"{counted(done.left, 'entry', 'entries')} cannot be repaired by a program.")
    if done.locked:
        words.append(f"{counted(len(done.locked), 'entry', 'entries')} left alone: their text is locked.")
    call.answer(value, " ".join(words))
    return FINDINGS if done.left or done.locked else DONE


@click.command(cls=Command)
@pass_call
def targets(call: Call, /) -> int:
    """List the trainers, chat templates and tokenizers that there are."""
    from app.services import criteria

    library = call.library()
    found = criteria.families(library)
    value: dict[str, Any] = {
        "targets": [*TRAINERS, *found],
        "trainers": [
            {
                "name": each.name,
                "title": each.title,
                "limit": each.limit,
                "mask": mask_of(each.name),
                "source": each.source,
            }
            for each in TRAINERS.values()
        ],
        "templates": [
            {"name": each.name, "title": each.title, "tokenizer": each.vocabulary} for each in found.values()
        ],
        "tokenizers": [*VOCABULARIES, *criteria.own_tokenizers(library)],
    }
    lines = ["Trainers", *(f"  {each.name:24}{each.title}" for each in TRAINERS.values())]
    lines += ["Chat templates", *(f"  {each.name:24}{each.title}" for each in found.values())]
    lines += ["Tokenizers", *(f"  {name}" for name in value["tokenizers"])]
    call.answer(value, "\n".join(lines))
    return DONE


@click.command(cls=Command)
@click.argument("slug")
@click.argument("uuid")
@_TARGET
@click.option(
    "--mask",
    type=click.Choice(MASKS),
    help="What is trained. By default as chosen for the dataset; with --target what its trainer learns if"
    " nothing else is set: every answer, those that “weight” or “train” leave in where it honours one of"
    " them, or everything, as TRL and Unsloth do.",
)
@pass_call
def render(call: Call, /, slug: str, uuid: str, target: str | None, mask: str | None) -> int:
    """Print an entry as its trainer will see it; with --json also which stretches are trained."""
    from app.services import criteria, measuring, rendering

    library = call.library()
    chosen = _chosen(library, target) or criteria.target_for(library, slug)
    chosen = replace(chosen, mask=mask or chosen.mask)
    found = rendering.of_entry(library, slug, uuid, chosen)
    vocabulary = measuring.vocabulary_of(library, chosen)
    value = {
        "text": found.text,
        "trained": [list(span) for span in found.trained],
        "tokens": measuring.counting(library, vocabulary).count_rendered(found.text),
        "template": chosen.family or rendering.DEFAULT,
        "tokenizer": vocabulary,
    }
    call.answer(value, found.text)
    return DONE


@click.command(cls=Command)
@click.argument("slug")
@click.option("--tokenizer", metavar="NAME", help="Which vocabulary; the command targets lists them.")
@_TARGET
@pass_call
def tokens(call: Call, /, slug: str, tokenizer: str | None, target: str | None) -> int:
    """Count the tokens of a dataset: of the texts alone, or as a chat template puts them together."""
    from app.services import criteria, reporting

    library = call.library()
    chosen = _chosen(library, target)
    if tokenizer is not None:
        chosen = criteria.with_vocabulary(library, chosen or criteria.target_for(library, slug), tokenizer)
    found = reporting.tokens(library, slug, chosen, call.watch("Counting"))
    lines = [
        f"{found.total:,} tokens ({found.vocabulary}).",
        f"An entry has {found.median:,} (median); 95 of 100 have no more than {found.p95:,}; the longest"
        f" has {found.most:,}.",
        *(
            f"{counted(count, 'entry', 'entries')} over {limit:,}."
            for limit, count in found.over.items()
            if count
        ),
        *(
            [f"Not counted: {counted(found.uncounted, 'entry', 'entries')}, on which the tokenizer fails."]
            if found.uncounted
            else []
        ),
    ]
    call.answer(found.as_json(), "\n".join(lines))
    return DONE


COMMANDS = (validate, repair, targets, render, tokens)
