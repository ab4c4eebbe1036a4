"""The doctor: whether everything in a home is as it should be. It looks and repairs nothing."""

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any

from app.config import Config
from app.domain.entry import NotJson, loads
from app.domain.names import quoted
from app.errors import AppError
from app.registry import rows
from app.registry.database import connected, damage
from app.registry.models import Dataset, JournalStep, Operation, OwnTarget
from app.services import tallies
from app.services.library import DatasetInfo, Library
from app.services.reading import reading
from app.store import queries, tokenizers
from app.store.datasets import content_of
from app.store.imports import read_rejected
from app.store.places import prepare
from app.store.publish import step_of
from app.store.soundness import free_space, left_behind, open_to_others, sidecar_fault

ERROR, WARNING, INFO = "error", "warning", "info"
LITTLE_SPACE = 100 * 1024 * 1024  # bytes, beside twice the largest dataset
_FEW = 5
_REPORT = "The dataset itself is whole. Report this, with what was done before."


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that is not as it should be; ``dataset`` is its name, if it is about one."""

    severity: str
    what: str
    hint: str
    dataset: str | None = None

    def as_json(self) -> dict[str, Any]:
        """The finding as the command line prints it."""
        return asdict(self)


def check(config: Config) -> list[Finding]:
    """Everything found wrong with a home; one that is new is prepared first.

    :raises StoreError: if the home cannot be prepared or read.
    """
    places = prepare(config.home)
    broken = damage(places.registry)
    if broken:
        return [
            Finding(
                ERROR,
                f"The registry is damaged: {'; '.join(broken)}.",
                "The datasets are plain files and whole. Put a backup from backups/registry in its place.",
            )
        ]
    library = Library.open(config)
    library.owner_key  # noqa: B018 - made here on first use, so that its permissions can be looked at
    return [*_home(library), *_operations(), *_tokenizers(library), *_datasets(library)]


def _home(library: Library) -> Iterator[Finding]:
    places = library.places
    for path in (places.home, places.home / "owner.key"):
        if open_to_others(path):
            mode = "700" if path.is_dir() else "600"
            yield Finding(
                WARNING, f"Other users of this machine may open {path}.", f"Close it: chmod {mode} {path}"
            )
    with connected():
        steps = [step_of(row.arguments) for row in JournalStep.select()]
    waiting = {places.resolve(step.source) for step in steps if step.source}
    for path in left_behind(places.home, waiting):
        yield Finding(INFO, f"{path} was left by a write that did not end.", "It may be deleted.")
    largest = max((info.size for info in library.datasets()), default=0)
    free = free_space(places.home)
    if free < 2 * largest + LITTLE_SPACE:
        yield Finding(
            WARNING,
            f"Only {free // 1_000_000:,} MB are free on the disk of {places.home}.",
            "A save writes the dataset anew beside the old one: make some room.",
        )


def _operations() -> Iterator[Finding]:
    with connected():
        rows = list(Operation.select().where(Operation.state != "published").order_by(Operation.id))
    for row in rows:
        blocked = row.state == "blocked"
        why = "the file was changed by another program" if blocked else "its files are not in place yet"
        yield Finding(
            ERROR,
            f"Operation {row.id} ({row.title}) is not finished: {why}.",
            "Open the dataset in the browser and choose which version to keep; both are safe until then.",
        )


def _tokenizers(library: Library) -> Iterator[Finding]:
    """Whether the tokenizers of the person's own are there as they came; a file more does no harm."""
    with connected():
        kept = [(row.name, row.tokenizer) for row in OwnTarget.select() if row.tokenizer]
    for name, digest in kept:
        path = library.places.tokenizer(digest)
        fault = tokenizers.fault(path, digest)
        if fault:
            hint = (
                "Remove it from your templates and add it again; entries cannot be counted with it till then."
            )
            yield Finding(ERROR, f"The tokenizer of {quoted(name)} {fault}: {path}", hint)


def _datasets(library: Library) -> Iterator[Finding]:
    for info in [*library.datasets(), *library.datasets(trashed=True)]:
        try:
            with library.writing():  # an operation may be putting its files in place
                yield from list(_dataset(library, info))
        except AppError as error:
            yield Finding(ERROR, error.message, error.hint, info.slug)


def _dataset(library: Library, old: DatasetInfo) -> Iterator[Finding]:
    """What is wrong with one dataset. The caller holds the writer lock."""
    with connected():
        info = library.info(Dataset.get_by_id(old.id))
    found = content_of(info.path)
    if not found:
        hint = "Put it back, or move the dataset to the trash."
        yield Finding(ERROR, f"The file of {info.slug} is not there: {info.path}", hint, info.slug)
        return
    if found != info.content:
        yield Finding(
            WARNING,
            f"{info.slug} was changed by another program: {info.path}",
            "Open it in the browser and choose which version to keep; both are safe until then.",
            info.slug,
        )
    fault = sidecar_fault(info.path)
    if fault:
        yield Finding(WARNING, f"{fault}.", "The entries are not touched by this.", info.slug)
    if not info.trashed:
        yield from _unreadable(library, info.slug)
        yield from _rejected(library, info)
        yield from _registry(library, info.slug)


def _unreadable(library: Library, slug: str) -> Iterator[Finding]:
    with reading(library, slug) as snapshot:
        lines = [number for number, *_ in queries.unreadable(snapshot.connection)]
    if lines:
        some = ", ".join(map(str, lines[:_FEW])) + (", …" if len(lines) > _FEW else "")
        yield Finding(
            WARNING,
            f"{slug} has lines that are no entries: {some} ({len(lines)} in all).",
            f"They stay as they are; the command rejected {slug} lists them.",
            slug,
        )


def _rejected(library: Library, info: DatasetInfo) -> Iterator[Finding]:
    """Whether the records put aside are all there and can be listed."""
    kept = read_rejected(library.places.rejected(info.slug))
    try:
        whole = all(isinstance(loads(line), dict) for line in kept)
    except NotJson:
        whole = False
    if not whole or len(kept) != info.rejected:
        yield Finding(
            ERROR,
            f"{info.slug} has {info.rejected} rejected records, but their list is not as it was written.",
            "Another program changed it: look into the .rejected.jsonl file beside the dataset.",
            info.slug,
        )


def _registry(library: Library, slug: str) -> Iterator[Finding]:
    """Whether what the registry says of a dataset is so: its tags, and who speaks in it."""
    with connected(), reading(library, slug) as snapshot:
        row = library.row(slug)
        told = {name: use.entries for name, use in tallies.of(row).items()}
        counted = {name: use.entries for name, use in tallies.read(snapshot.connection).items()}
        mapped = rows.casts(row.id)
        lost = mapped.keys() - queries.uuids_among(snapshot.connection, mapped)
    if row.counted == snapshot.summary.content and told != counted:
        names = ", ".join(sorted({name for name, _ in told.items() ^ counted.items()})[:_FEW])
        yield Finding(
            ERROR, f"The registry counts other tags in {slug} than there are: {names}.", _REPORT, slug
        )
    if lost:
        yield Finding(
            ERROR,
            f"The registry says who speaks in entries of {slug} that are gone: {len(lost)}.",
            _REPORT,
            slug,
        )
