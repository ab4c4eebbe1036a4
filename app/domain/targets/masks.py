"""Which messages are learnt: what a person chose, and what a trainer reads on the messages."""

from collections.abc import Sequence
from typing import Any

from app.domain.roles import ASSISTANT, canonical
from app.domain.targets.trainers import TRAINERS


def mask_of(trainer: str) -> str:
    """What a trainer learns where nothing else is set; every answer where none is named.

    Marks on the messages count where it honours any. Axolotl does so once its config names the field.
    """
    found = TRAINERS.get(trainer)
    if found is None:
        return "assistant"
    return "all" if found.answers_by else "flags" if found.honours else "assistant"


def learnt(messages: Sequence[Any], mask: str, trainer: str = "") -> set[int]:
    """The places of the messages that are learnt, of those that a template is given.

    ``all`` are all of them. By ``flags`` a message is learnt if its ``train`` or ``weight`` says so, and an
    answer that has neither. A trainer knows only its own mark, and no spelling of the role but ``assistant``.
    """
    found = TRAINERS.get(trainer)
    roles = [role_of(message) if found else canonical(role_of(message)) for message in messages]
    answers = [at for at, role in enumerate(roles) if role == ASSISTANT]
    if mask == "all":
        return set(range(len(messages)))
    if mask == "last":
        return set(answers[-1:])
    if mask == "flags":
        honours = found.honours if found else ""
        return {at for at, message in enumerate(messages) if _flag(message, at in answers, honours)}
    return set(answers)


def role_of(message: Any) -> str:
    """The role of a message as it is spelt; empty where it has none."""
    role = message.get("role") if isinstance(message, dict) else ""
    return role if isinstance(role, str) else ""


def _flag(message: Any, is_answer: bool, honours: str) -> bool:
    """Whether a message is learnt by its marks; only an answer has a weight for a trainer."""
    if not isinstance(message, dict):
        return False
    train, weight = message.get("train"), message.get("weight")
    if isinstance(train, bool) and honours != "weight":
        return train
    if honours == "train" or not isinstance(weight, int | float):
        return is_answer
    return bool(weight) and (is_answer or not honours)
