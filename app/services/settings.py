"""The person's preferences."""

import json
from dataclasses import asdict, dataclass, fields, replace
from typing import Any

from app.domain.view import SIZES
from app.errors import Refused
from app.registry.database import connected
from app.registry.models import Setting
from app.services.library import Library

THEMES = ("system", "light", "dark")


@dataclass(frozen=True, slots=True)
class Settings:
    """How the person likes it."""

    theme: str = "system"
    letters_as_shortcuts: bool = True
    page_size: int = 25
    preview_user_name: str = ""
    preview_assistant_name: str = ""
    confirm_delete_entries: bool = True

    def checked(self) -> "Settings":
        """The same, if every value is one that there is.

        :raises Refused: naming the one that is not.
        """
        if self.theme not in THEMES:
            raise Refused(f"There is no theme {self.theme!r}.", f"Choose one of {', '.join(THEMES)}.")
        if self.page_size not in SIZES:
            raise Refused(
                f"A page cannot have {self.page_size} entries.",
                f"Choose one of {', '.join(map(str, SIZES))}.",
            )
        return self


def get(library: Library) -> Settings:
    """The preferences as they are; a value that is no longer possible counts as not set."""
    with connected():
        kept = {row.key: row.value for row in Setting.select()}
    settings = Settings()
    for field in fields(Settings):
        if field.name in kept:
            try:
                value = json.loads(kept[field.name])
                if type(value) is type(getattr(settings, field.name)):
                    settings = replace(settings, **{field.name: value}).checked()
            except (ValueError, Refused):
                continue
    return settings


def save(library: Library, **values: Any) -> Settings:
    """Change some preferences.

    :raises Refused: for a value that is not possible; nothing is changed then.
    """
    settings = replace(get(library), **values).checked()
    with library.writing(), connected():
        for name, value in asdict(settings).items():
            Setting.insert(key=name, value=json.dumps(value)).on_conflict_replace().execute()
    return settings
