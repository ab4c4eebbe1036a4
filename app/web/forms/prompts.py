"""The form of a prompt, and a prompt put into the form of an entry."""

from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any

from werkzeug.datastructures import MultiDict

from app.domain.form_text import as_posted, harm, unix
from app.domain.roles import SYSTEM, canonical
from app.errors import Refused
from app.services.prompts import PromptInfo
from app.web.forms.entry import EntryForm


@dataclass(frozen=True, slots=True)
class PromptForm:
    """What stands in the form of a prompt. ``text`` is None where the form has no box for it."""

    name: str = ""
    description: str = ""
    text: str | None = ""
    revision: str = ""

    @classmethod
    def of(cls, info: PromptInfo) -> "PromptForm":
        """The form of a prompt as it stands."""
        text = None if harm(info.content) else info.content
        return cls(info.name, info.description or "", text, info.revision)

    @classmethod
    def posted(cls, form: "MultiDict[str, str]") -> "PromptForm":
        """What a browser posted."""
        text = form.get("text")
        return cls(
            form.get("name", ""),
            unix(form.get("description", "")),
            None if text is None else unix(text),
            form.get("revision", ""),
        )

    @classmethod
    def of_draft(cls, payload: Mapping[str, Any]) -> "PromptForm":
        """What was typed when the draft was kept."""
        return cls(**{field.name: payload[field.name] for field in fields(cls)})

    def payload(self) -> dict[str, Any]:
        """What is typed, to be kept as a draft."""
        return asdict(self)

    def says(self, info: PromptInfo) -> bool:
        """Whether it says what the prompt says, so that there is nothing to save."""
        same = (self.name, self.description) == (info.name, info.description or "")
        return same and self.changed_text(info.content) is None

    def changed_text(self, stored: str) -> str | None:
        """The new text of the prompt, or None if the person left the stored one as it is."""
        return None if self.text is None or self.text == as_posted(stored) else self.text


def lacks_system(form: EntryForm) -> bool:
    """Whether no system message says anything yet; one that has no box does."""
    said = (row.text for row in form.rows() if canonical(row.role) == SYSTEM)
    return all(text is not None and not text.strip() for text in said)


def with_prompt(form: EntryForm, info: PromptInfo, known: Collection[str] = ()) -> tuple[EntryForm, str]:
    """The form of an entry with a prompt as its system message, and the id of the control to focus.

    It takes the place of what stands in the first system message that has a box, else it comes first.
    A text of the person's own that it replaces stays at hand.

    :param known: texts that need not stay at hand, because prompts say them.
    :raises Refused: if the text would be another one behind the form.
    """
    why = harm(info.content)
    if why:
        raise Refused(
            f"This prompt cannot be put into a form: {why}.", "Edit the prompt, or save the entry by command."
        )
    rows, place = _system_box(form)
    was = rows[place]["text"] or ""
    replaced = was if was.strip() and unix(was) not in known else form.replaced.data
    rows[place]["text"] = info.content
    return EntryForm(data={**form.data, "messages": rows, "replaced": replaced}), f"messages-{place}-text"


def with_replaced(form: EntryForm) -> tuple[EntryForm, str]:
    """The form with the text as its system message that a prompt replaced, and what to focus."""
    rows, place = _system_box(form)
    rows[place]["text"] = form.replaced.data or rows[place]["text"]
    return EntryForm(data={**form.data, "messages": rows, "replaced": ""}), f"messages-{place}-text"


def _system_box(form: EntryForm) -> tuple[list[dict[str, Any]], int]:
    """The messages, and which is the first system message with a box; where there is none, it is added."""
    rows = [dict(row.data) for row in form.messages]
    boxes = (
        index
        for index, row in enumerate(form.rows())
        if canonical(row.role) == SYSTEM and row.text is not None
    )
    place = next(boxes, None)
    if place is None:
        place = 0
        rows.insert(0, {"origin": None, "role": SYSTEM, "text": ""})
    return rows, place
