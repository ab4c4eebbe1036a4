"""The form of one entry: its messages, who speaks them, its tags, and the revision that it was opened at."""

from collections.abc import Callable, Mapping, Sequence
from secrets import token_hex
from types import MappingProxyType
from typing import Any

from werkzeug.datastructures import MultiDict
from wtforms import (
    FieldList,
    FormField,
    HiddenField,
    IntegerField,
    SelectMultipleField,
    StringField,
    TextAreaField,
)
from wtforms.validators import Length, Optional

from app.domain.casting import next_speaker
from app.domain.entry import Message, messages_of, tags_of
from app.domain.form_text import Row, harm, merged, shown
from app.web.forms import Form, whole

ROLES = ("system", "user", "assistant", "tool")
FIRST_ROWS = ("system", "user", "assistant")
LONGEST_TAG = 200
LONGEST_NAME = 200
SOMEBODY_NEW = "+"  # chosen for a message whose character is still to be created; no slug
LONG_TEXT = 200_000  # letters from which on a box does not grow with its text: browsers stand still over it
NOBODY: Mapping[int, str] = MappingProxyType({})


class MessageForm(Form):
    """One message. ``origin`` is its index in the stored entry: keys that no form shows stay with it."""

    origin = IntegerField(validators=[Optional()])
    role = StringField()  # as long as the file has it
    character = StringField()  # the slug of who speaks it, or SOMEBODY_NEW
    new_character = StringField(validators=[Length(max=LONGEST_NAME)])
    text = TextAreaField()


class EntryForm(Form):
    """A whole entry. Tags that it has are boxes with their index; new ones are text."""

    revision = HiddenField()
    tab = HiddenField()  # which form on which page it is
    seen = HiddenField()  # when the draft that it showed was kept
    cast_was = HiddenField()  # who spoke when it was opened; not posted by a form that asks for no characters
    replaced = HiddenField()  # one's own system message that a prompt took the place of
    group = HiddenField()  # whether each message says who speaks it
    view = HiddenField()
    messages = FieldList(FormField(MessageForm))
    keep_tags = SelectMultipleField(coerce=int, validate_choice=False)
    new_tags = SelectMultipleField(coerce=str, validate_choice=False)
    add_tags = StringField(
        "Add tags", description="Separate tags with commas.", validators=[Length(max=LONGEST_TAG * 20)]
    )

    @classmethod
    def of(
        cls,
        value: dict[str, Any],
        *,
        revision: str = "",
        view: str = "",
        cast: Mapping[int, str] = NOBODY,
    ) -> "EntryForm":
        """The form of an entry as it stands.

        :param cast: the slugs of those who speak, by the places of their messages.
        """
        messages = [
            {
                "origin": index,
                "role": shown(message.role),
                "character": cast.get(index, ""),
                "text": message.text if is_editable(message) else "",
            }
            for index, message in enumerate(messages_of(value))
        ]
        kept = list(range(len(tags_of(value))))
        return cls(
            data={
                "revision": revision,
                "tab": token_hex(6),
                "cast_was": told(cast),
                "group": "1" if cast else "",
                "view": view,
                "messages": messages,
                "keep_tags": kept,
                "new_tags": [],
            }
        )

    @classmethod
    def blank(cls, *, view: str = "", roles: Sequence[str] = FIRST_ROWS) -> "EntryForm":
        """The form of an entry that is still to be written."""
        messages = [{"origin": None, "role": role, "text": ""} for role in roles]
        own = {"tab": token_hex(6), "cast_was": "", "view": view}
        return cls(data={**own, "messages": messages, "keep_tags": [], "new_tags": []})

    @classmethod
    def of_draft(cls, payload: Mapping[str, Any], *, at: str) -> "EntryForm":
        """The form as it was when the draft was kept, at that moment."""
        fields = {name: value for name, value in payload.items() if isinstance(value, list)}
        return cls(MultiDict({**fields, "tab": [token_hex(6)], "seen": [at]}))

    def payload(self) -> dict[str, list[str]]:
        """Everything that was posted, to be kept as a draft."""
        pairs: dict[str, list[str]] = {}
        for name, value in self.posted():
            pairs.setdefault(name, []).append(value)
        return pairs

    def posted(self) -> list[tuple[str, str]]:
        """The names and values that a browser posts for this form as it stands."""
        own = (self.revision, self.tab, self.seen, self.replaced, self.group, self.add_tags)
        pairs = [(field.name, field.data or "") for field in own]
        if self.cast_was.data is not None:
            pairs.append(("cast_was", self.cast_was.data))
        pairs += [("keep_tags", str(index)) for index in self.keep_tags.data or ()]
        pairs += [("new_tags", tag) for tag in self.new_tags.data or ()]
        for index, row in enumerate(self.rows()):
            if row.origin is not None:
                pairs.append((f"messages-{index}-origin", str(row.origin)))
            pairs.append((f"messages-{index}-role", row.role))
            if row.text is not None:
                pairs.append((f"messages-{index}-text", row.text))
            fields = self.messages[index].form
            pairs += [
                (each.name, each.data) for each in (fields.character, fields.new_character) if each.data
            ]
        return pairs

    def first_error(self) -> str:
        """The first thing that does not fit, as a sentence."""
        if self.add_tags.errors:
            return "The tags are longer than they may be."
        return "The name of a character is longer than it may be." if self.errors else ""

    def rows(self) -> tuple[Row, ...]:
        """The messages as posted; text is none where the form had no box for it."""
        return tuple(
            Row(row.form.origin.data, row.form.role.data or "", row.form.text.data) for row in self.messages
        )

    def cast(self) -> list[str | None] | None:
        """The slug of who speaks each message, or nothing; None if the form did not ask."""
        if self.cast_was.data is None:
            return None
        return [row.form.character.data or None for row in self.messages]

    def written_cast(self) -> list[str | None] | None:
        """The same for the messages of :meth:`written`."""
        cast = self.cast()
        return None if cast is None else [who for who, row in zip(cast, self.rows(), strict=True) if row.text]

    def is_of_cast(self, cast: Mapping[int, str]) -> bool:
        """Whether those still speak who spoke when the form was opened."""
        return self.cast_was.data is None or self.cast_was.data == told(cast)

    def newcomers(self) -> list[int]:
        """The messages whose characters are still to be created."""
        return [index for index, row in enumerate(self.messages) if row.form.character.data == SOMEBODY_NEW]

    def let_speak(self, index: int, slug: str) -> None:
        """Give a message to a character."""
        fields = self.messages[index].form
        fields.character.data, fields.new_character.data = slug, ""

    def tags(self) -> tuple[str, ...]:
        """The new tags, trimmed, each once."""
        typed = [*(self.new_tags.data or ()), *(self.add_tags.data or "").split(",")]
        return tuple(dict.fromkeys(tag.strip() for tag in typed if tag and tag.strip()))

    def merged_into(self, stored: dict[str, Any]) -> dict[str, Any]:
        """The entry's new value: ``stored`` with what this form changed."""
        return merged(stored, self.rows(), kept=self.keep_tags.data or (), added=self.tags())

    def written(self) -> dict[str, Any]:
        """The value of a new entry: messages with text, and the tags."""
        rows = [row for row in self.rows() if row.text]
        return {**merged({}, rows, kept=(), added=()), "tags": list(self.tags())}


def told(cast: Mapping[int, str]) -> str:
    """A cast as a form carries it, to see later if it is still the same."""
    return " ".join(f"{index}:{slug}" for index, slug in sorted(cast.items()))


def is_long(text: str | None) -> bool:
    """Whether a text is too long for a box that is as high as it."""
    return len(text or "") > LONG_TEXT


def is_editable(message: Message) -> bool:
    """Whether the message's text can be edited in a form."""
    return message.is_text and not harm(message.text)


def why_not_editable(message: Message) -> str:
    """One sentence for a message that is shown read-only; empty for one that has a box."""
    if message.is_text:
        reason = harm(message.text)
        return f"Read-only here: {reason}." if reason else ""
    return "Read-only here: its content is not plain text. It is kept as it stands."


def rearranged(form: EntryForm, act: str) -> tuple[EntryForm, str]:
    """The posted form with one message added, removed or moved, and the id of the control to focus.

    :param act: ``add:user``, ``add:next``, ``remove:2``, ``up:2``, ``down:2``, ``group:on`` or ``group:off``;
        ``create:2`` has been done before; anything else leaves the form as it is.
    """
    rows = [dict(row.data) for row in form.messages]
    data = {**form.data, "messages": rows}
    name, _, argument = act.partition(":")
    focus = ""
    if name == "add":
        rows.append(_next(rows, argument, group=bool(form.group.data)))
        focus = f"messages-{len(rows) - 1}-text"
    elif name == "group":
        data["group"] = "1" if argument == "on" else ""
        _drop_nameless(rows)
        focus = "group-chat"
    elif name == "create":
        focus = f"messages-{whole(argument) or 0}-character"
    elif (index := whole(argument)) is not None and index < len(rows) and name in _MOVES:
        focus = _MOVES[name](rows, index)
    return EntryForm(data=data), focus


def _next(rows: list[dict[str, Any]], chosen: str, *, group: bool) -> dict[str, Any]:
    """A new message: of the role that was chosen and, in a group chat, of the one whose turn it is."""
    role, character = chosen if chosen in ROLES else "user", ""
    if group:
        said = [(row["role"] or "", row["character"] or "") for row in rows]
        role, character = next_speaker(said, chosen if chosen in ROLES else "")
        character = "" if character == SOMEBODY_NEW else character
    return {"origin": None, "role": role, "character": character, "new_character": "", "text": ""}


def _drop_nameless(rows: list[dict[str, Any]]) -> None:
    """Take back the choice of a new character that got no name: hidden, it would puzzle."""
    for row in rows:
        if row["character"] == SOMEBODY_NEW and not (row["new_character"] or "").strip():
            row["character"] = ""


def _remove(rows: list[dict[str, Any]], index: int) -> str:
    del rows[index]
    return f"messages-{min(index, len(rows) - 1)}-remove" if rows else "add-user"


def _up(rows: list[dict[str, Any]], index: int) -> str:
    to = max(0, index - 1)
    rows.insert(to, rows.pop(index))
    return f"messages-{to}-{'up' if to else 'down'}"


def _down(rows: list[dict[str, Any]], index: int) -> str:
    to = min(len(rows) - 1, index + 1)
    rows.insert(to, rows.pop(index))
    return f"messages-{to}-{'down' if to < len(rows) - 1 else 'up'}"


_MOVES: dict[str, Callable[[list[dict[str, Any]], int], str]] = {"remove": _remove, "up": _up, "down": _down}
