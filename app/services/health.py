"""How a dataset stands: what was found in it, told at once wherever all of it was looked at as it is now."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache, partial

from app.domain.validation.analysis import key_of
from app.domain.validation.diagnostic import Severity
from app.services import criteria, measuring
from app.services.library import DatasetInfo, Library
from app.services.reading import is_current
from app.store import findings


@dataclass(frozen=True, slots=True)
class Health:
    """How many entries have findings of each severity, worst first.

    ``is_known`` says that these are all, by the present rules and target; else there are no numbers, and
    ``is_new`` says that nobody has looked yet. ``has_target``: a target was chosen, too, of which
    it is not known yet what it makes of the entries.
    """

    severities: Mapping[Severity, int]
    is_known: bool
    is_new: bool = False
    has_target: bool = False


def health(library: Library, info: DatasetInfo) -> Health | None:
    """How a dataset stands; None if there is nothing to tell."""
    return dict(healths(library, [info])).get(info.id)


def healths(library: Library, infos: Iterable[DatasetInfo]) -> Iterator[tuple[int, Health]]:
    """How each of some datasets stands, by its number, where there is something to tell.

    Nothing is counted for it, however large they are, and the registry is asked once for all of them.
    """
    criteria_of = criteria.for_each()
    keys = cache(partial(measuring.key_of, library))
    for info in infos:
        if not info.entries or not is_current(library, info):
            continue
        rules, target = criteria_of(info.id)
        with library.index(info.id).connect() as connection:
            said = findings.marks(connection)
            if said.items() >= _wanted(info, key_of(rules), keys(target)).items():
                found = findings.standing(connection)
                yield info.id, Health({each: found.get(int(each), 0) for each in reversed(Severity)}, True)
            else:
                yield info.id, Health({}, False, not said.get("rules"), bool(target.name))


def _wanted(info: DatasetInfo, rules: str, target: str) -> dict[str, str]:
    """What the index of a dataset says of itself where all is known of it as it is now."""
    return {"rules": rules, "target": target, "applied": target, "beside": info.content, "owing": ""}
