"""How a dataset stands: what was found in it, told at once wherever all of it was looked at as it is now."""

from collections.abc import Mapping
from dataclasses import dataclass
from sqlite3 import Connection

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
    ``is_new`` says that nobody has looked yet.
    """

    severities: Mapping[Severity, int]
    is_known: bool
    is_new: bool = False


def health(library: Library, info: DatasetInfo) -> Health | None:
    """How a dataset stands; nothing is counted for it, however large it is. None if there is nothing to tell.

    :raises NotFound: if there is no such dataset.
    """
    if not info.entries or not is_current(library, info):
        return None
    with library.index(info.id).connect() as connection:
        if not _is_known(library, info, connection):
            return Health({}, False, is_new=not findings.mark(connection, "rules"))
        found = findings.standing(connection)
    return Health({each: found.get(int(each), 0) for each in reversed(Severity)}, True)


def _is_known(library: Library, info: DatasetInfo, connection: Connection) -> bool:
    target = measuring.key_of(library, criteria.target_for(library, info.slug))
    wanted = {
        "rules": key_of(criteria.rules_for(library, info.slug)),
        "target": target,
        "applied": target,
        "beside": findings.content(connection),
        "owing": "",
    }
    return all(findings.mark(connection, name) == value for name, value in wanted.items())
