"""The form of a character: its name, what is said of it, its colour."""

from collections.abc import Mapping
from dataclasses import dataclass

from app.domain.form_text import unix
from app.services.characters import COLOURS

COLOUR_WORDS = {"": "None", **{name: name.capitalize() for name in COLOURS}}


@dataclass(frozen=True, slots=True)
class CharacterForm:
    """What was typed. The name stays as it is, but for white space around it."""

    name: str
    description: str
    colour: str

    @classmethod
    def posted(cls, fields: Mapping[str, str]) -> "CharacterForm":
        """The form as a browser sends it."""
        text = unix(fields.get("description", "")).strip()
        return cls(fields.get("name", "").strip(), text, fields.get("colour", ""))
