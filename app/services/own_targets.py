"""Chat templates and tokenizers of the person's own: added from a folder, tried on a short conversation."""

from pathlib import Path

from app.domain.entry import Entry
from app.domain.targets.chosen import Chosen
from app.domain.targets.families import CONFIG, TEMPLATE, TEMPLATE_JSON
from app.errors import NotFound, Refused
from app.services import criteria
from app.services.criteria import TOKENIZER, Own
from app.services.library import Library
from app.services.operation import OperationInfo
from app.services.rendered_view import RenderedEntry, rendered_entry
from app.services.rendering import DEFAULT

FILES = (CONFIG, TEMPLATE, TEMPLATE_JSON, TOKENIZER)
SAMPLE = {
    "messages": [
        {"role": "system", "content": "You keep the harbour light."},
        {"role": "user", "content": "Is the kettle still warm?"},
        {"role": "assistant", "content": "“Warm enough. Sit.” She trims the wick."},
        {"role": "user", "content": "And the fog?"},
        {"role": "assistant", "content": "It will not lift before four."},
    ]
}


def own(library: Library, slug: str) -> Own:
    """A template or tokenizer of the person's own.

    :raises NotFound: if there is none of that name.
    """
    found = next((each for each in criteria.owned(library) if each.slug == slug), None)
    if found is None:
        raise NotFound(f"There is no template of your own called {slug}.", "It may have been removed.")
    return found


def tried(library: Library, slug: str, mask: str = "assistant") -> RenderedEntry:
    """A short conversation as the template renders it; as ChatML, where there is only a tokenizer."""
    found = own(library, slug)
    target = Chosen(
        family=slug if found.has_template else DEFAULT,
        vocabulary=slug if found.has_tokenizer else "",
        mask=mask,
    )
    return rendered_entry(library, Entry(b"", SAMPLE), target)


def add_at(library: Library, name: str, path: Path) -> tuple[str, OperationInfo | None]:
    """Keep what lies at a path: one file, or a folder with the files that came with a model.

    :raises Refused: if there is nothing of use, or it cannot be read; nothing is kept then.
    """
    try:
        paths = _files_at(path.expanduser())
    except (OSError, RuntimeError) as error:  # RuntimeError: ~ of nobody
        raise Refused(
            "This path cannot be looked at.", "Look at the path again, and who may read it."
        ) from error
    return criteria.add_own_from(library, name, paths)


def _files_at(path: Path) -> dict[str, Path]:
    """The files at a path, by what each is.

    :raises Refused: if there is none of use.
    """
    if not path.is_absolute():
        raise Refused("This is no whole path.", "Begin with / or with ~.")
    if path.is_file():
        return {path.name: path}
    if not path.is_dir():
        raise Refused("There is no such file or folder.", "Look at the path again.")
    paths = {file: path / file for file in FILES if (path / file).is_file()}
    if not paths:
        raise Refused(f"There is none of {', '.join(FILES)} in this folder.", "Choose another folder.")
    return paths
