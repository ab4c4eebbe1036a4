"""What a form does to text on its way through a browser, so that saving changes only what was meant.

A browser turns CR and CRLF into LF inside a text box, posts LF as CRLF, and shows NUL as U+FFFD; a lone
surrogate has no UTF-8 at all. Text that these rules would harm is shown, and not put into a box.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from app.domain.entry import messages_of, tags_of

_SURROGATE = re.compile("[\ud800-\udfff]")
_HARM = (
    ("\r", "it holds carriage returns, which browsers turn into other line ends"),
    ("\0", "it holds NUL characters, which browsers replace"),
)


@dataclass(frozen=True, slots=True)
class Row:
    """One message of a posted form.

    ``origin`` is its index in the stored entry, none for a new message; ``text`` is none where the form
    showed it read-only.
    """

    origin: int | None
    role: str
    text: str | None


def harm(text: str) -> str:
    """Why the text cannot pass through a form unharmed; empty where it can."""
    if _SURROGATE.search(text):
        return "it holds half of a character (a lone surrogate), which cannot be sent"
    return next((reason for character, reason in _HARM if character in text), "")


def unix(posted: str) -> str:
    """Posted text with the line ends that datasets hold: browsers post CRLF."""
    return posted.replace("\r\n", "\n")


def shown(text: str) -> str:
    """The text as a page can carry it: a lone surrogate as its escape."""
    return _SURROGATE.sub(lambda match: f"\\u{ord(match[0]):04x}", text)


def as_posted(stored: str) -> str:
    """What :func:`unix` gives for stored text that a person did not touch."""
    return shown(stored).replace("\r\n", "\n").replace("\r", "\n").replace("\0", "\ufffd")


def merged(
    stored: Mapping[str, Any], rows: Sequence[Row], *, kept: Sequence[int], added: Sequence[str]
) -> dict[str, Any]:
    """The entry's new value: ``stored`` with what the form changed and nothing else.

    :param kept: indexes into the stored tags that stay, in any order.
    :param added: tags to append, as typed.
    """
    value = dict(stored)
    messages = [message.value for message in messages_of(stored)]
    new = [_message(messages, row) for row in rows]
    if new != messages or "messages" not in value:
        value["messages"] = new
    tags = _tags(stored, kept, added)
    if tags is not None:
        value["tags"] = tags
    return value


def _message(stored: Sequence[Any], row: Row) -> Any:
    if row.origin is None or not 0 <= row.origin < len(stored):
        return {"role": row.role, "content": unix(row.text or "")}
    original = stored[row.origin]
    if not isinstance(original, dict):
        return original
    changes: dict[str, Any] = {}
    role, content = original.get("role"), original.get("content")
    if row.role != as_posted(role if isinstance(role, str) else ""):
        changes["role"] = row.role
    if row.text is not None and isinstance(content, str) and unix(row.text) != as_posted(content):
        changes["content"] = unix(row.text)
    return {**original, **changes}


def _tags(stored: Mapping[str, Any], kept: Sequence[int], added: Sequence[str]) -> list[Any] | None:
    """The new list of tags, or nothing where the form left them as they are.

    Items of the list that are no text were not on the form, and stay.
    """
    before = tags_of(stored)
    stay = set(kept)
    fresh = [
        tag
        for tag in dict.fromkeys(added)
        if tag not in {before[index] for index in stay if index < len(before)}
    ]
    if not fresh and stay >= set(range(len(before))):
        return None
    found = stored.get("tags")
    items = found if isinstance(found, list) else [] if found is None else [found]
    result: list[Any] = []
    index = 0
    for item in items:
        on_form = isinstance(item, str) and bool(item.strip())
        if not on_form or index in stay:
            result.append(item)
        index += on_form
    return result + fresh
