"""What a list of entries shows: search, filters, order and page, as one value that an address can hold."""

from dataclasses import dataclass, replace

from app.domain.search import MODES

__all__ = ["MODES", "SCOPES", "SIZES", "SORTS", "TAG_MODES", "View"]

SCOPES = ("system", "user", "assistant", "character", "tags", "id")
TAG_MODES = ("any", "all", "exact")
SORTS = ("position", "-position", "length", "-length", "exchanges", "-exchanges")
SIZES = (10, 25, 50, 100)


@dataclass(frozen=True, slots=True)
class View:
    """Which entries, in which order, and which page of them.

    ``character`` as a scope is any message, whoever speaks; as a filter it is the slug of one who speaks
    in the entry. ``diagnostic`` is what validation found in it: a severity, ``any`` or ``sound`` (nothing), a
    code, or a code with what was found behind a colon. ``untagged`` adds the entries without tags to those
    that the tags name. Lengths are characters of message text; bounds are included.
    """

    query: str = ""
    mode: str = "contains"
    scopes: tuple[str, ...] = ("user", "assistant")
    match_case: bool = False
    ignore_accents: bool = False
    tags: tuple[str, ...] = ()
    tag_mode: str = "any"
    untagged: bool = False
    character: str = ""
    diagnostic: str = ""
    min_exchanges: int | None = None
    max_exchanges: int | None = None
    min_length: int | None = None
    max_length: int | None = None
    sort: str = "position"
    page: int = 1
    size: int = 25

    @property
    def everything(self) -> "View":
        """The same entries in file order, not cut into pages."""
        return replace(self, sort="position", page=1)
