"""Commands about characters, who speak in the entries: ``character list`` and its kin."""

import re

import click

from app.cli.call import DONE, FINDINGS, Call, counted, pass_call
from app.cli.command import Command, Verbs
from app.services import characters, history, speakers
from app.services.characters import COLOURS, CharacterInfo, Effect, effect_as_json
from app.services.speakers import ROLES, Assigned, Assignment, Speaker

_ASSIGNMENT = re.compile(f"(?P<label>.+?)=(?P<role>{'|'.join(ROLES)})(?::(?P<character>.*))?", re.DOTALL)


@click.group("character", cls=Verbs)
def character() -> None:
    """List, make, change, merge and delete the characters who speak in the entries.

    Each change is one operation on every dataset in which the character speaks; effect shows beforehand
    where that is.
    """


@character.command("list", cls=Command)
@pass_call
def list_(call: Call) -> None:
    """List every character with what it speaks."""
    found = characters.characters(call.library())
    call.answer({"characters": [each.as_json() for each in found]}, "\n".join(map(_said, found)))


def _said(info: CharacterInfo) -> str:
    off = "" if info.is_active else "  (not active)"
    return f"{info.slug:<30} {counted(info.entries, 'entry', 'entries'):>14}  {info.display_name}{off}"


@character.command(cls=Command)
@click.argument("slug")
@pass_call
def effect(call: Call, slug: str) -> None:
    """Show where a character speaks, which is what a change would touch."""
    found = characters.effect(call.library(), slug)
    call.answer(effect_as_json(found), "\n".join(_told(found)))


def _told(found: Effect) -> list[str]:
    lines = [f"{counted(found.messages, 'message')} in {counted(found.entries, 'entry', 'entries')}."]
    lines += [f"  {dataset:<30} {entries:,}" for dataset, entries in found.datasets.items()]
    return [*lines, *([f"  {'in the trash':<30} {found.in_trash:,}"] if found.in_trash else [])]


_DESCRIPTION = click.option("--description", metavar="TEXT", help="Who it is.")
_COLOUR = click.option("--colour", type=click.Choice(["", *COLOURS]), help='Its colour; "" for none.')


@character.command(cls=Command)
@click.argument("name")
@_DESCRIPTION
@_COLOUR
@pass_call
def create(call: Call, name: str, description: str | None, colour: str | None) -> None:
    """Make a character; its name stays exactly as typed."""
    library = call.library()
    alike = [each.slug for each in characters.similar(library, name)]
    done = characters.create(library, name, description=description or "", colour=colour or "")
    words = f"{done.operation.title} (operation {done.operation.id}): {done.slug}."
    if alike:
        words += f" There is one of much the same name: {', '.join(alike)}."
    call.answer({"operation": done.operation.as_json(), "slug": done.slug, "similar": alike}, words)


@character.command(cls=Command)
@click.argument("slug")
@click.option("--name", metavar="NAME", help="What it is called from now on; its slug stays.")
@_DESCRIPTION
@_COLOUR
@pass_call
def edit(call: Call, slug: str, name: str | None, description: str | None, colour: str | None) -> None:
    """Change what is said of a character."""
    if name is None and description is None and colour is None:
        raise click.UsageError("Say --name, --description or --colour.")
    info = characters.edit(call.library(), slug, name=name, description=description, colour=colour)
    call.answer_operation(info)


@character.command(cls=Command)
@click.argument("slug")
@pass_call
def activate(call: Call, slug: str) -> None:
    """Offer a character again wherever one is chosen."""
    call.answer_operation(characters.activate(call.library(), slug))


@character.command(cls=Command)
@click.argument("slug")
@pass_call
def deactivate(call: Call, slug: str) -> None:
    """Offer a character no more; what it speaks stays."""
    call.answer_operation(characters.deactivate(call.library(), slug))


@character.command(cls=Command)
@click.argument("slug")
@click.argument("into")
@pass_call
def merge(call: Call, slug: str, into: str) -> None:
    """Let the character INTO speak whatever another speaks, which is gone then."""
    call.answer_operation(characters.merge(call.library(), slug, into, progress=call.watch("Merging")))


@character.command(cls=Command)
@click.argument("slug")
@click.option("--everywhere", is_flag=True, help="Also if it speaks somewhere; the messages stay.")
@pass_call
def delete(call: Call, slug: str, *, everywhere: bool) -> None:
    """Forget a character."""
    info = characters.delete(call.library(), slug, everywhere=everywhere, progress=call.watch("Deleting"))
    call.answer_operation(info)


@character.command(cls=Command)
@click.argument("number", metavar="[ID]", type=int, required=False)
@pass_call
def undo(call: Call, number: int | None) -> None:
    """Take back the last operation on tags, characters, prompts, rules or targets, or that with ID."""
    call.answer_operation(history.undo_shared(call.library(), number))


@character.command("speakers", cls=Command)
@click.argument("slug", metavar="DATASET")
@pass_call
def list_speakers(call: Call, slug: str) -> None:
    """List the roles of a dataset that are names, each with a suggestion."""
    found = speakers.named_speakers(call.library(), slug, progress=call.watch("Listening"))
    call.answer({"speakers": [each.as_json() for each in found]}, "\n".join(map(_heard, found)))


def _heard(speaker: Speaker) -> str:
    said = "; ".join(each.text for each in speaker.samples)
    wanted = f"{speaker.label}={speaker.role}:{speaker.character or speaker.name}"
    return f"{counted(speaker.messages, 'message'):>14}  {wanted}\n{'':>16}{said}"


@character.command(cls=Command)
@click.argument("slug", metavar="DATASET")
@click.argument("assignments", nargs=-1, required=True, metavar="LABEL=ROLE[:CHARACTER]...")
@pass_call
def assign(call: Call, slug: str, assignments: tuple[str, ...]) -> int:
    """Give the speakers of a dataset their roles and characters, as one operation.

    CHARACTER is the slug of one that there is, or the name of a new one; without it the messages get
    the role alone.
    """
    library = call.library()
    known = {each.slug for each in characters.characters(library)}
    wanted = dict(_read(text, known) for text in assignments)
    done = speakers.assign(library, slug, wanted, progress=call.watch("Assigning"))
    return _report(call, done)


def _read(text: str, known: set[str]) -> tuple[str, Assignment]:
    found = _ASSIGNMENT.fullmatch(text)
    if found is None:
        roles = ", ".join(ROLES)
        raise click.UsageError(f"{text!r} is not LABEL=ROLE or LABEL=ROLE:CHARACTER; a role is {roles}.")
    name = found["character"] or None
    if name in known:
        return found["label"], Assignment(found["role"], character=name)
    return found["label"], Assignment(found["role"], name=name)


def _report(call: Call, done: Assigned) -> int:
    info = done.operation
    words = [f"{info.title} (operation {info.id})." if info else "There was nothing to change."]
    words.append(f"{counted(done.messages, 'message')} in {counted(done.entries, 'entry', 'entries')}.")
    if done.created:
        words.append(f"New: {', '.join(done.created)}.")
    if done.locked:
        entries = counted(done.locked, "entry", "entries")
        words.append(f"Left alone, because the text cannot be rewritten without losing something: {entries}.")
    value = {
        "operation": info.as_json() if info else None,
        "entries": done.entries,
        "messages": done.messages,
        "locked": done.locked,
        "created": list(done.created),
    }
    call.answer(value, " ".join(words))
    return FINDINGS if done.locked else DONE


COMMANDS = (character,)
