"""The form in which named speakers get a role and a character, once for each label."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from hashlib import blake2b

from app.services.speakers import ROLES, Speaker
from app.web.forms.entry import SOMEBODY_NEW


@dataclass(frozen=True, slots=True)
class Choice:
    """What was picked for a label: no role leaves it as it is; ``name`` is that of a new character."""

    role: str
    character: str
    name: str

    @classmethod
    def suggested(cls, speaker: Speaker) -> "Choice":
        """What is picked before a person does."""
        return cls(speaker.role, speaker.character or SOMEBODY_NEW, speaker.name)


def mark_of(label: str) -> str:
    """What stands for a label in a form, which could not carry every label unharmed."""
    return blake2b(label.encode("utf-8", "surrogatepass"), digest_size=8).hexdigest()


def chosen(fields: Mapping[str, str], speakers: Iterable[Speaker]) -> dict[str, Choice]:
    """What was picked, by label; nothing if the form is of other speakers than these."""
    found: dict[str, Choice] = {}
    for each in speakers:
        mark = mark_of(each.label)
        if f"role-{mark}" not in fields:
            return {}
        role = fields[f"role-{mark}"]
        who, name = (fields.get(f"{field}-{mark}", "") for field in ("character", "name"))
        found[each.label] = Choice(role if role in ROLES else "", who, name.strip())
    return found
