"""Repairs: what can be done about a code, as a change of an entry's value that touches nothing else."""

from app.domain.repairs import system, tags, texts, turns
from app.domain.repairs.repair import Asked, Choice, Repair, Value
from app.domain.validation.rules import Rules

__all__ = ["REPAIRS", "SPLITTING", "Choice", "Repair", "repaired"]


def _kept(value: Value, _: Asked) -> Value:
    """The value as it is: what is done to more than one entry is done where the dataset is known."""
    return value


_IDS = (
    Repair.plain("identity.missing_uuid", "Give it an id", _kept),
    Repair.plain("identity.duplicate_uuid", "Give all but the first a new id", _kept),
)
_SPLITS = (
    Repair.plain("chatml.split_candidate", "Split it into shorter conversations", _kept),
    Repair.plain("tokens.over_limit", "Split it at a turn", _kept),
    Repair.plain("target.cut", "Split it at a turn", _kept),
)
_ALL = (*tags.REPAIRS, *system.REPAIRS, *turns.REPAIRS, *texts.REPAIRS, *_IDS, *_SPLITS)
REPAIRS = {each.code: each for each in _ALL}
SPLITTING = frozenset(each.code for each in _SPLITS)  # the codes whose repair makes several entries of one


def repaired(value: Value, code: str, rules: Rules, *, choice: str = "", text: str = "") -> Value:
    """The entry's value with one code put right; the very same object if there is nothing to do.

    Keys keep their order, and content that is no text is left as it is.

    :param choice: the name of one of the repair's choices; the first for none.
    :param text: what the choice asks for.
    :raises ValueError: saying in plain words what is missing, if there is no such repair or choice, or no
        text where one is asked for.
    """
    repair = REPAIRS.get(code)
    if repair is None:
        raise ValueError(f"There is no repair for {code}.")
    chosen = repair.choice(choice)
    if chosen.asks and not text.strip():
        raise ValueError(f"“{chosen.title}” needs a text: {chosen.asks}.")
    return chosen.mend(value, Asked(rules, text))
