"""How many tokens the entries of a dataset have, counted as the target that was chosen would count them."""

from collections.abc import Iterator, Sequence
from functools import partial
from hashlib import sha256
from pathlib import Path

from app.domain.targets.chosen import Chosen
from app.domain.targets.families import FAMILIES
from app.domain.targets.measure import DEFAULT, VERSION
from app.domain.tokens import BadTokenizer, Counter
from app.errors import Refused
from app.services import criteria
from app.services.library import Library
from app.services.reading import Progress
from app.services.rendering import renderer
from app.store.analysing import Place, Seen, look
from app.store.measuring import Ruler, counter_of, means, sizes, sizes_with


def vocabulary_of(library: Library, chosen: Chosen) -> str:
    """The name of the vocabulary that counts: the chosen one, the template's, or the one for all else."""
    if chosen.vocabulary or not chosen.family:
        return chosen.vocabulary or DEFAULT
    return criteria.family(library, chosen.family).vocabulary or DEFAULT


def counting(library: Library, vocabulary: str) -> Counter:
    """What counts with a vocabulary: one on board, or that of a target of the person's own.

    :raises NotFound: if there is none of that name.
    :raises Refused: if the person's file cannot be used, or this machine has no vocabularies on board.
    """
    try:
        return counter_of(vocabulary, _file_of(library, vocabulary))
    except BadTokenizer as error:
        raise Refused(str(error), "Nothing was changed.") from error


def _file_of(library: Library, vocabulary: str) -> str:
    path = criteria.tokenizer_path(library, vocabulary)
    return str(path) if path else ""


def key_of(library: Library, chosen: Chosen) -> str:
    """What numbers of tokens and what the target makes of entries are good for: all that they depend on."""
    family = criteria.family(library, chosen.family) if chosen.family else None
    vocabulary = vocabulary_of(library, chosen)
    parts = (VERSION, chosen.key, vocabulary, means(_file_of(library, vocabulary)), family)
    return sha256(repr(parts).encode("utf-8", "surrogatepass")).hexdigest()


def measure(
    library: Library, chosen: Chosen, path: Path, places: Sequence[Place], progress: Progress
) -> Iterator[list[Seen[tuple[int, int]]]]:
    """The tokens of some lines of a file, in all and trained, some at a time.

    :param progress: told the lines measured and those in all.
    """
    vocabulary = vocabulary_of(library, chosen)
    tokenizer = _file_of(library, vocabulary)
    ruler = Ruler(chosen.family, vocabulary, tokenizer, chosen.mask, chosen.trainer)
    if chosen.family and chosen.family not in FAMILIES:
        with renderer(library, chosen.family) as rendering:
            count = partial(sizes_with, ruler, rendering.family, rendering.render)
            yield from look(path, places, count, progress=progress, at_home=True)
        return
    yield from look(path, places, partial(sizes, ruler), progress=progress)
