"""The target that a person has chosen for a dataset: a trainer, a chat template, and how long is too long."""

import json
from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass
from hashlib import sha256
from typing import Any

from app.domain.targets.masks import mask_of
from app.domain.targets.trainers import TRAINERS

# Who is learnt from: every answer, the last answer, every message, or what is marked on the messages.
MASKS = ("assistant", "last", "all", "flags")
LONGEST = 100_000_000  # tokens; no context comes near it


@dataclass(frozen=True, slots=True)
class Chosen:
    """What a dataset is checked against. Whatever is empty was not chosen.

    ``family`` and ``vocabulary`` are names that only others can look up, because a person may have
    templates and tokenizers of their own.
    """

    trainer: str = ""
    family: str = ""
    vocabulary: str = ""
    limit: int | None = None
    mask: str = "assistant"

    @property
    def key(self) -> str:
        """A fingerprint: another for whatever is found with another choice."""
        return sha256(json.dumps(self.as_json(), sort_keys=True).encode()).hexdigest()[:16]

    @property
    def name(self) -> str:
        """The trainer and the template as :func:`named` reads them; empty where neither is chosen."""
        return "+".join(part for part in (self.trainer, self.family) if part)

    @classmethod
    def of(cls, mapping: Mapping[str, Any]) -> "Chosen":
        """The choice in a mapping such as :meth:`as_json` gives; what it leaves out is not chosen.

        :raises ValueError: if it holds something else; the text says what, in plain words.
        """
        unknown = sorted(set(mapping) - set(cls.__slots__))
        if unknown:
            raise ValueError(f"A target has no “{unknown[0]}”.")
        names = {key: mapping.get(key, "") for key in ("trainer", "family", "vocabulary")}
        for key, name in names.items():
            if not isinstance(name, str):
                raise ValueError(f"The {key} of a target is a name.")
        if names["trainer"] and names["trainer"] not in TRAINERS:
            raise ValueError(f"There is no trainer “{names['trainer']}”. There are {', '.join(TRAINERS)}.")
        mask = mapping.get("mask", "assistant")
        if mask not in MASKS:
            raise ValueError(f"What is learnt is one of {', '.join(MASKS)}, not “{mask}”.")
        return cls(**names, limit=_limit(mapping.get("limit")), mask=mask)

    def as_json(self) -> dict[str, Any]:
        """The choice as plain values."""
        return asdict(self)


def _limit(value: Any) -> int | None:
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= LONGEST:
        raise ValueError(f"The context length is a number of tokens from 1 to {LONGEST:,}.")
    return value


def named(text: str, families: Collection[str]) -> Chosen:
    """The choice that a name stands for: a trainer, a template, or one of each, as in ``trl+gemma3``.

    What is learnt is what the trainer learns where nothing else is set.

    :param families: the names of all templates, the person's own among them.
    :raises ValueError: if a part is neither, or there are two of a kind; the text says so.
    """
    found: dict[str, str] = {}
    for part in (part.strip() for part in text.split("+")):
        # A template of one's own may have the name of a trainer: then the trainer is meant first.
        kinds = [kind for kind, names in (("trainer", TRAINERS), ("family", families)) if part in names]
        if not kinds:
            raise ValueError(f"There is no target “{part}”.")
        free = [kind for kind in kinds if kind not in found]
        if not free:
            raise ValueError("A target is one trainer, one template, or one of each joined by “+”.")
        found[free[0]] = part
    trainer = found.get("trainer", "")
    return Chosen(trainer=trainer, family=found.get("family", ""), mask=mask_of(trainer))
