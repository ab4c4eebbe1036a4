"""Splitting entries that are too long: by the rules of their dataset, or for what its target takes."""

from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager, nullcontext
from functools import cached_property, partial
from typing import Any

from app.domain.repairs import SPLITTING
from app.domain.splitting import Part, by_exchanges, by_length
from app.domain.targets.chosen import Chosen
from app.domain.targets.measure import length
from app.domain.tokens import BadTokenizer, Counter
from app.services import criteria, measuring
from app.services.library import Library
from app.services.rendering import Renderer, renderer
from app.services.targeting import limit_of

Cut = Callable[[Mapping[str, Any]], tuple[Part, ...]]
_LONG = "chatml.split_candidate"


@contextmanager
def cuts(library: Library, slug: str, codes: Collection[str]) -> Iterator[dict[str, Cut]]:
    """What splits an entry of a dataset, by the code that it is repaired for, for the length of the block.

    It gives no parts of an entry that is short enough, or that cannot be split so that its parts are.
    """
    rules, chosen = criteria.rules_for(library, slug), criteria.target_for(library, slug)
    with renderer(library, chosen.family) if chosen.family else nullcontext() as rendering:
        ruler = _Ruler(library, chosen, rendering)
        found: dict[str, Cut] = dict.fromkeys(SPLITTING.intersection(codes), ruler.cut)
        if _LONG in found:
            found[_LONG] = partial(by_exchanges, exchanges=rules.split_exchanges - 1, words=rules.split_words)
        yield found


class _Ruler:
    """Measures entries as the target that was chosen would count them."""

    def __init__(self, library: Library, chosen: Chosen, rendering: Renderer | None) -> None:
        self.library = library
        self.chosen = chosen
        self.render = rendering.render if rendering else None

    @cached_property
    def _counter(self) -> Counter:
        return measuring.counting(self.library, measuring.vocabulary_of(self.library, self.chosen))

    def length(self, value: Mapping[str, Any]) -> int:
        """The tokens of an entry.

        :raises BadTokenizer: if the person's own tokenizer fails on it.
        """
        return length(value, self._counter, self.render, self.chosen.trainer)

    def cut(self, value: Mapping[str, Any]) -> tuple[Part, ...]:
        """The parts of an entry, each as long as the target takes at most."""
        limit = limit_of(self.chosen)
        try:
            return by_length(value, limit, self.length) if limit else ()
        except BadTokenizer:
            return ()
