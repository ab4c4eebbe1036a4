"""Rendering with a chat template: one on board here, one of the person's own in a process of its own."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from app.domain.targets.chosen import Chosen
from app.domain.targets.families import FAMILIES, Family
from app.domain.targets.rendering import Rendered, rendered
from app.domain.targets.sandbox import TemplateError
from app.errors import Refused
from app.services import criteria, sandboxed
from app.services.browsing import open_entry
from app.services.library import Library

DEFAULT = "chatml"  # the template that shows an entry where none was chosen
STOPPED = "The template had to be stopped."  # so begins what is said of it then
MOST_STOPS = 2  # times that a template is stopped before it is taken to be one that never ends


@dataclass(frozen=True, slots=True)
class Renderer:
    """A chat template that is ready: its family, and what renders messages with it."""

    family: Family
    render: Callable[..., str]


@contextmanager
def renderer(library: Library, name: str) -> Iterator[Renderer]:
    """The chat template of that name, for the length of the block.

    :raises NotFound: if there is none.
    """
    family = criteria.family(library, name)
    if name in FAMILIES:
        yield Renderer(family, family.render)
    else:
        yield Renderer(family, _Patience(family).render)


@dataclass(slots=True)
class _Patience:
    """Renders with a template of the person's own; one that was stopped too often is not tried again."""

    family: Family
    stopped: int = 0
    last: str = ""

    def render(self, messages: list[Any], **context: Any) -> str:
        """The training text of the messages.

        :raises TemplateError: if the template refuses them, fails, or had to be stopped.
        """
        if self.stopped >= MOST_STOPS:
            raise TemplateError(self.last)
        try:
            return sandboxed.render(self.family, messages, **context)
        except sandboxed.Stopped as error:
            self.stopped += 1
            self.last = f"{STOPPED} {error.message}"
            raise TemplateError(self.last) from error


def of_entry(library: Library, slug: str, key: str, chosen: Chosen) -> Rendered:
    """The training text of one entry, with what of it is trained.

    :raises NotFound: if there is no such entry, or no such template.
    :raises Refused: if the template refuses the entry, with its own words.
    """
    entry = open_entry(library, slug, key).entry
    with renderer(library, chosen.family or DEFAULT) as rendering:
        try:
            return rendered(rendering.family, rendering.render, entry.value, chosen.mask, chosen.trainer)
        except TemplateError as error:
            title = rendering.family.title
            raise Refused(
                f"The chat template {title} refuses this entry: {error}",
                "The page Target says what would help.",
            ) from error
