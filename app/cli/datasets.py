"""Commands about datasets as a whole: import, list, show, rejected, new, rename, trash, untrash."""

import json
from pathlib import Path
from typing import Any

import click

from app.cli.call import DONE, FINDINGS, Call, counted, pass_call
from app.cli.command import Command
from app.domain.entry import Entry
from app.errors import AppError
from app.services import browsing, opening, rejecting, shelving
from app.services.library import DatasetInfo, Library


@click.command("import", cls=Command)
@click.argument("paths", nargs=-1, required=True, metavar="PATH...", type=click.Path(path_type=Path))
@click.option("--name", metavar="SLUG", help="Call the dataset this; for one file.")
@click.option("--copy", is_flag=True, help="Make a new working copy even if the same file is open already.")
@click.option("--in-place", is_flag=True, help="Edit the file where it is; for files that the app wrote.")
@click.option("--encoding", metavar="NAME", help="The encoding of the text, where it is no UTF-8.")
@pass_call
def import_(call: Call, /, paths: tuple[Path, ...], **options: Any) -> int:
    """Open files as datasets.

    Each becomes a working copy; the original is never written. If one cannot be opened the command
    ends there, and those before it stay open.
    """
    if options["name"] and len(paths) > 1:
        raise click.UsageError("--name is for one file, and several are given.")
    library = call.library()
    done: list[opening.Imported] = []
    failure: AppError | None = None
    for path in paths:
        try:
            progress = call.watch(f"Reading {path.name}")
            done.append(opening.import_path(library, path, **options, progress=progress))
        except AppError as error:
            failure = error
            break
    result = {"datasets": [imported.as_json() for imported in done]}
    if failure:
        for imported in () if call.as_json else done:
            click.echo(_said(imported))
        return call.fail(failure, **(result if done else {}))
    call.answer(result, "\n".join(map(_said, done)))
    return FINDINGS if any(imported.rejected for imported in done) else DONE


def _said(imported: opening.Imported) -> str:
    """What came of an import, in words."""
    happened = "is open already" if imported.existing else "opened"
    counts = [counted(imported.entries, "entry", "entries")]
    counts += [f"{imported.rejected:,} rejected"] if imported.rejected else []
    head = f"{imported.slug} {happened}: {', '.join(counts)}. {imported.path}"
    return "\n  ".join([head, *imported.notes])


@click.command("list", cls=Command)
@click.option("--trashed", is_flag=True, help="Those in the trash.")
@pass_call
def list_(call: Call, trashed: bool) -> None:
    """Show the datasets, last changed first."""
    found = call.library().datasets(trashed=trashed)
    rows = [
        {"slug": info.slug, "entries": info.entries, "path": str(info.path), "dataset_uuid": info.uuid}
        for info in found
    ]
    width = max((len(info.slug) for info in found), default=0)
    words = [f"{info.slug:<{width}}  {info.entries:>9,}  {info.path}" for info in found]
    call.answer({"datasets": rows}, "\n".join(words) or "There is no dataset yet: import opens a file.")


@click.command(cls=Command)
@click.argument("slug")
@click.option("--entry", "uuid", metavar="UUID", help="Show this entry as it stands in the file.")
@pass_call
def show(call: Call, slug: str, uuid: str | None) -> None:
    """Sum a dataset up, or show one of its entries."""
    library = call.library()
    if uuid is None:
        summary = _summary(library, slug)
        call.answer(summary, "\n".join(f"{name:13} {_spelt(value)}" for name, value in summary.items()))
        return
    found = _as_it_stands(browsing.open_entry(library, slug, uuid).entry)
    entry = found["entry"]
    text = found.get("raw") or json.dumps(entry, ensure_ascii=False, indent=2)
    call.answer(found, text)


def _summary(library: Library, slug: str) -> dict[str, Any]:
    there = library.dataset(slug).state != "missing"
    tags = {tag.slug: tag.count for tag in browsing.tag_counts(library, slug)} if there else {}
    info = library.dataset(slug)  # once more: counting the tags has read the file
    return {**_known(info), "tags": tags}


def _known(info: DatasetInfo) -> dict[str, Any]:
    return {
        "slug": info.slug,
        "dataset_uuid": info.uuid,
        "path": str(info.path),
        "working_copy": not info.in_place,
        "state": info.state,
        "entries": info.entries,
        "rejected": info.rejected,
        "records": info.records,
        "size": info.size,
        "formats": info.formats,
        "notes": info.notes,
        "created_at": info.created_at.isoformat(),
        "changed_at": info.changed_at.isoformat(),
    }


def _spelt(value: Any) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{name} {count}" for name, count in value.items()) or "none"
    if isinstance(value, list):
        return " ".join(value) or "none"
    return {True: "yes", False: "no"}[value] if isinstance(value, bool) else str(value)


def _as_it_stands(entry: Entry) -> dict[str, Any]:
    """The entry's object; where no object says all that the line does, the line too, and why."""
    if not entry.locked:
        return {"entry": entry.value}
    try:
        value = json.loads(json.dumps(entry.value, allow_nan=False))
    except (ValueError, RecursionError):
        value = None
    return {"entry": value, "raw": entry.raw.decode("utf-8"), "locked": entry.locked}


@click.command(cls=Command)
@click.argument("slug")
@pass_call
def rejected(call: Call, slug: str) -> int:
    """List the records that are no entries, with the reasons."""
    found = rejecting.rejected(call.library(), slug)
    words = [f"line {each.line} (byte {each.offset}): {each.reason}" for each in found]
    call.answer({"rejected": [each.as_json() for each in found]}, "\n".join(words) or "There is none.")
    return FINDINGS if found else DONE


@click.command(cls=Command)
@click.argument("slug")
@pass_call
def new(call: Call, slug: str) -> None:
    """Start an empty dataset."""
    call.answer_operation(shelving.new_dataset(call.library(), slug))


@click.command(cls=Command)
@click.argument("slug")
@click.argument("new", metavar="NEW")
@pass_call
def rename(call: Call, slug: str, new: str) -> None:
    """Give a dataset another name; its files and backups follow."""
    call.answer_operation(shelving.rename(call.library(), slug, new))


@click.command(cls=Command)
@click.argument("slug")
@pass_call
def trash(call: Call, slug: str) -> None:
    """Move a dataset to the trash.

    A file that is edited in place stays where it is and is only taken off the list.
    """
    call.answer_operation(shelving.trash(call.library(), slug))


@click.command(cls=Command)
@click.argument("slug")
@pass_call
def untrash(call: Call, slug: str) -> None:
    """Take a dataset out of the trash."""
    call.answer_operation(shelving.untrash(call.library(), slug))


COMMANDS = (import_, list_, show, rejected, new, rename, trash, untrash)
