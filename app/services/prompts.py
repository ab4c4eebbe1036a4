"""Prompts: texts kept for system messages. Made, changed, attached to datasets; each is one operation."""

import json
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Any

from app.domain.entry import digest
from app.domain.folding import fold
from app.domain.names import quoted
from app.domain.prompts import LONGEST_DESCRIPTION, LONGEST_NAME, LONGEST_TEXT, system_texts
from app.domain.tags import free_slug
from app.errors import NotFound, Refused, StaleEdit
from app.registry.database import connected
from app.registry.models import Dataset, Prompt, PromptUse
from app.services import browsing, history
from app.services.library import Library
from app.services.operation import Door, OperationInfo, operation
from app.services.reading import Progress, silent


@dataclass(frozen=True, slots=True)
class PromptInfo:
    """A prompt, and the datasets whose sidecars carry it."""

    slug: str
    name: str
    content: str
    description: str | None
    is_active: bool
    datasets: tuple[str, ...]

    @property
    def revision(self) -> str:
        """What a form sends back, to tell whether the prompt is still the one that it showed."""
        said = (self.name, self.content, self.description, self.is_active)
        return digest(json.dumps(said).encode()).hex()

    def as_json(self) -> dict[str, Any]:
        """The prompt as the command line prints it."""
        return {
            "slug": self.slug,
            "name": self.name,
            "content": self.content,
            "description": self.description,
            "is_active": self.is_active,
            "datasets": list(self.datasets),
        }


@dataclass(frozen=True, slots=True)
class Made:
    """A prompt that was made, and the operation that made it."""

    operation: OperationInfo | None
    slug: str


def prompts(library: Library) -> list[PromptInfo]:
    """Every prompt, by name; those put away last."""
    with connected():
        attached: dict[int, list[str]] = {}
        uses = PromptUse.select(PromptUse, Dataset).join(Dataset).where(Dataset.state == "live")
        for use in uses.order_by(Dataset.slug):
            attached.setdefault(use.prompt_id, []).append(use.dataset.slug)
        found = [_info(row, attached.get(row.id, ())) for row in Prompt.select()]
    return sorted(found, key=lambda info: (not info.is_active, info.name.casefold(), info.slug))


def matching(found: Iterable[PromptInfo], query: str) -> list[PromptInfo]:
    """Those of some prompts whose name, description or text has the words of a query, in any case."""
    words = fold(query).split()
    texts = ((each, fold(f"{each.name} {each.description or ''} {each.content}")) for each in found)
    return [each for each, text in texts if all(word in text for word in words)]


def prompt(library: Library, slug: str) -> PromptInfo:
    """The prompt with that slug.

    :raises NotFound: if there is none.
    """
    with connected():
        row = row_of(slug)
        return _info(row, (each.slug for each in _attached(row) if each.state == "live"))


def _info(row: Prompt, datasets: Iterable[str]) -> PromptInfo:
    return PromptInfo(row.slug, row.name, row.content, row.description, row.is_active, tuple(datasets))


def row_of(slug: str) -> Prompt:
    """The registry's row of a prompt; the caller is connected.

    :raises NotFound: if there is none.
    """
    row: Prompt | None = Prompt.get_or_none(Prompt.slug == slug) if slug.isprintable() else None
    if row is None:
        raise NotFound(f"There is no prompt {slug!r}.", "The list of prompts shows what there is.")
    return row


def _attached(row: Prompt) -> list[Dataset]:
    """The datasets that a prompt is attached to, those in the trash too."""
    return list(Dataset.select().join(PromptUse).where(PromptUse.prompt == row.id).order_by(Dataset.slug))


def create(library: Library, name: str, content: str, description: str | None = None) -> Made:
    """Keep a text as a new prompt.

    :raises Refused: if the name or the text cannot be one; the message says why.
    """
    values = {"name": name, "content": content, "description": description or None}
    _check(values)
    with operation(library, f"New prompt {quoted(name)}") as door:
        taken = {row.slug for row in Prompt.select(Prompt.slug)}
        slug = free_slug(name, taken, nameless="prompt")
        door.put("prompt", None, {"slug": slug, **values, "is_active": True})
    return Made(door.info, slug)


def save_from_entry(library: Library, slug: str, key: str, name: str) -> Made:
    """Keep the first system message of an entry as a new prompt.

    :raises NotFound: if there is no such entry.
    :raises Refused: if it has no system message with text.
    """
    entry = browsing.open_entry(library, slug, key).entry
    text = next((text for text in system_texts(entry.value) if text.strip()), None)
    if text is None:
        raise Refused(
            "This entry has no system message with text.", "Add one and save the entry, or write the prompt."
        )
    return create(library, name, text)


def edit(
    library: Library,
    slug: str,
    *,
    name: str | None = None,
    content: str | None = None,
    description: str | None = None,
    revision: str | None = None,
) -> OperationInfo | None:
    """Change a prompt; what is None stays. Its slug stays, and so do the entries that have its text.

    :param description: empty takes it away.
    :param revision: of the prompt that the editor was opened on; None writes over any.
    :returns: None if there was nothing to change.
    :raises StaleEdit: if the prompt is no longer of that revision; nothing was written.
    """
    given = {"name": name, "content": content, "description": description}
    values: dict[str, Any] = {key: value for key, value in given.items() if value is not None}
    with operation(library, "Edit prompt") as door:
        row = row_of(slug)
        if revision is not None and revision != _info(row, ()).revision:
            raise StaleEdit("This prompt was changed after you opened it.")
        _check({key: value for key, value in values.items() if value != (getattr(row, key) or "")})
        if description is not None:
            values["description"] = description or None
        door.title(f"Edit prompt {quoted(values.get('name', row.name))}")
        _put(door, row, values)
    return door.info


def archive(library: Library, slug: str) -> OperationInfo | None:
    """Put a prompt away: it is offered no more, and stays where it is attached. None if it was already."""
    return _set_active(library, slug, "Archive", is_active=False)


def restore(library: Library, slug: str) -> OperationInfo | None:
    """Offer an archived prompt again. None if it was not archived."""
    return _set_active(library, slug, "Restore", is_active=True)


def _set_active(library: Library, slug: str, verb: str, *, is_active: bool) -> OperationInfo | None:
    with operation(library, f"{verb} prompt") as door:
        row = row_of(slug)
        door.title(f"{verb} prompt {quoted(row.name)}")
        _put(door, row, {"is_active": is_active})
    return door.info


def _put(door: Door, row: Prompt, values: dict[str, Any]) -> None:
    """Change columns of a prompt; the sidecars that carry it say so."""
    if any(getattr(row, key) != value for key, value in values.items()):
        door.put("prompt", row.id, values)
        for dataset in _attached(row):
            door.says(dataset)


def change(door: Door, slug: str, content: str) -> None:
    """Give a prompt another text, within an operation that does more."""
    _put(door, row_of(slug), {"content": content})


def delete(library: Library, slug: str) -> OperationInfo | None:
    """Delete a prompt for good, and detach it everywhere; entries that have its text keep it."""
    with operation(library, "Delete prompt") as door:
        row = row_of(slug)
        door.title(f"Delete prompt {quoted(row.name)}")
        for dataset in _attached(row):
            _detach(door, row, dataset)
        door.put("prompt", row.id, None)
    return door.info


def attach(library: Library, slug: str, dataset: str) -> OperationInfo | None:
    """Let the sidecar of a dataset carry a prompt. None if it did."""
    return _link(library, slug, lambda now: now | {library.row(dataset).slug})


def detach(library: Library, slug: str, dataset: str) -> OperationInfo | None:
    """Let the sidecar of a dataset carry a prompt no more. None if it did not."""
    return _link(library, slug, lambda now: now - {library.row(dataset).slug})


def attach_to(library: Library, slug: str, datasets: Collection[str]) -> OperationInfo | None:
    """Let the sidecars of just these datasets carry a prompt. None if they did."""
    return _link(library, slug, lambda _: {library.row(each).slug for each in datasets})


def _link(library: Library, slug: str, wanted: Any) -> OperationInfo | None:
    with operation(library, "Attach prompt") as door:
        row = row_of(slug)
        now = {each.slug: each for each in _attached(row) if each.state == "live"}
        then: set[str] = wanted(now.keys() | set())
        for name in sorted(then - now.keys()):
            dataset = library.row(name)
            door.put("promptuse", None, {"prompt": row.id, "dataset": dataset.id})
            door.says(dataset)
        for name in sorted(now.keys() - then):
            _detach(door, row, now[name])
        door.title(_linked(row.name, sorted(then - now.keys()), sorted(now.keys() - then)))
    return door.info


def _linked(name: str, more: list[str], less: list[str]) -> str:
    if more and less:
        return f"Attach prompt {quoted(name)} elsewhere"
    verb, names = ("Detach", less) if less else ("Attach", more)
    listed = ", ".join(names) if len(names) <= 3 else f"{len(names)} datasets"
    return f"{verb} prompt {quoted(name)} {'from' if less else 'to'} {listed}"


def _detach(door: Door, row: Prompt, dataset: Dataset) -> None:
    use = PromptUse.get(PromptUse.prompt == row.id, PromptUse.dataset == dataset.id)
    door.put("promptuse", use.id, None)
    door.says(dataset)


def undo(library: Library, number: int | None = None, *, progress: Progress = silent) -> OperationInfo:
    """Take back the newest operation on prompts that is in force, or the one with that number.

    :raises NotFound: if there is none, or that one is about something else.
    :raises Conflict: if later operations stand in the way; the message names them.
    """
    try:
        return history.undo_shared(library, number, tables=history.PROMPTS, progress=progress)
    except history.NothingToUndo as nothing:
        if number is None:
            raise NotFound("There is nothing to undo: no prompt was changed.") from nothing
        raise NotFound(
            f"Operation {number} is none on prompts that is in force.",
            "The history of a dataset undoes what was done to it.",
        ) from nothing


def _check(values: dict[str, Any]) -> None:
    """Nothing, if a prompt can have these values.

    :raises Refused: if not.
    """
    if "name" in values:
        _check_name(values["name"])
    if "content" in values:
        check_text(values["content"])
    description = values.get("description") or ""
    if len(description) > LONGEST_DESCRIPTION:
        raise Refused(
            f"The description has {len(description):,} characters.",
            f"Shorten it to {LONGEST_DESCRIPTION:,} at most.",
        )
    _check_whole("description", description)


def _check_name(name: str) -> None:
    if not name.strip():
        raise Refused("A prompt needs a name.", "Write one; it can be changed later.")
    if len(name) > LONGEST_NAME:
        raise Refused(f"The name has {len(name):,} characters.", f"Shorten it to {LONGEST_NAME} at most.")
    _check_whole("name", name)
    if any(ord(letter) < 32 or letter in "\x7f\x85\u2028\u2029" for letter in name):
        raise Refused("A name is one line of text.", "Take out line ends, tabs and control characters.")


def check_text(text: str) -> None:
    """Nothing, if a text can be that of a prompt.

    :raises Refused: if not.
    """
    if not text.strip():
        raise Refused("A prompt needs text.", "Write what the system message shall say.")
    if len(text) > LONGEST_TEXT:
        raise Refused(
            f"The text has {len(text):,} characters.", f"A prompt holds up to {LONGEST_TEXT:,}: shorten it."
        )
    _check_whole("text", text)


def _check_whole(what: str, text: str) -> None:
    try:
        text.encode("utf-8")
    except UnicodeEncodeError as error:
        raise Refused(
            f"The {what} holds half of a character (a lone surrogate), which cannot be kept.",
            f"It is character {error.start + 1:,}: take it out.",
        ) from error
