"""What is measured: one function a stage, each run in a process of its own, so that memory is its own too.

``python -m tests.bench.stages STAGE HOME FILE ROUNDS`` prints the seconds taken as JSON, by label, and the
most memory that was resident while the stage ran, in bytes: the whole process, Python and libraries included.
"""

import json
import multiprocessing
import os
import shutil
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from functools import partial
from pathlib import Path
from random import Random
from time import perf_counter
from typing import Any

import orjson

from app.config import Config
from app.domain.tagging import TagEdit
from app.domain.targets.chosen import Chosen
from app.domain.view import SORTS, View
from app.services import (
    analysing,
    browsing,
    criteria,
    editing,
    exporting,
    history,
    opening,
    repairing,
    tagging,
    validating,
)
from app.services.library import Library
from app.services.taxonomy import taxonomy

SLUG = "bench"
TAG = "bench pass"
SEARCHES = {
    "harbor": View(query="harbor"),
    "lantern honey, all words": View(query="lantern honey", mode="words"),
    r"regex lanterns?\s+\w+ing": View(query=r"lanterns?\s+\w+ing", mode="regex"),
    "zzqqx, which is absent": View(query="zzqqx"),
    r"regex \b\w+ly\b \w+ed": View(query=r"\b\w+ly\b \w+ed", mode="regex"),
}
# So that there is something to find: the words of made-up conversations are no clichés.
RULES = {"slop": ["harbor", "lantern", "swaying", "window", "honey", "a breath", "silver"]}
TARGET = Chosen(family="gemma")  # which knows no system message
EXPORTS = {
    "export chatml": ("chatml", False),
    "export chatml, clean": ("chatml", True),
    "export sharegpt, clean": ("sharegpt", True),
}
Times = dict[str, list[float]]


class Bench:
    """One stage at work: a home, a dataset file, how often to do what takes long, and the times so far."""

    def __init__(self, home: Path, file: Path, rounds: int) -> None:
        self.home = home
        self.file = file
        self.rounds = rounds
        self.times: Times = {}
        self.random = Random(7)

    def timed(self, label: str, work: Callable[[], Any]) -> Any:
        """What the work gives; the seconds that it took are kept under the label."""
        start = perf_counter()
        result = work()
        self.times.setdefault(label, []).append(perf_counter() - start)
        return result

    def library(self) -> Library:
        """The home, opened as at a start."""
        return Library.open(Config.of(self.home))

    def listing(self, library: Library, view: View) -> browsing.Listing:
        """A page of the dataset, which can be answered."""
        found = browsing.listing(library, SLUG, view)
        assert not found.problem, found.problem
        return found


def limits(bench: Bench) -> None:
    """Lines that no app can pass: reading the file, its JSON, copying it to the disk."""
    for _ in range(bench.rounds + 2):
        bench.timed("read", lambda: _read(bench.file))
        bench.timed("orjson", lambda: _parse(bench.file))
        bench.timed("copy", lambda: _copy(bench.file, bench.home.with_name("copy")))


def _read(file: Path) -> None:
    with file.open("rb", buffering=0) as data:
        while data.read(1 << 20):
            pass


def _parse(file: Path) -> None:
    with file.open("rb", buffering=1 << 20) as data:
        for line in data:
            orjson.loads(line)


def _copy(file: Path, target: Path) -> None:
    shutil.copyfile(file, target)
    with target.open("rb+") as data:
        os.fsync(data.fileno())
    target.unlink()


def imported(bench: Bench) -> None:
    """The import, into a new home each time; the last one is what the other stages work on.

    Here and below a limit line is measured again in turns, so that both meet the same weather.
    """
    for _ in range(bench.rounds):
        shutil.rmtree(bench.home, ignore_errors=True)
        library = bench.library()
        found = bench.timed("import", lambda lib=library: opening.import_path(lib, bench.file, name=SLUG))
        bench.timed("orjson", lambda: _parse(bench.file))
        assert found.slug == SLUG


def preview(bench: Bench) -> None:
    """What a person sees while the import runs."""
    for _ in range(bench.rounds + 2):
        assert bench.timed("first page usable", lambda: opening.preview(bench.file))


def reopen(bench: Bench) -> None:
    """A start with the index there, up to the first page."""
    for _ in range(10):
        bench.timed("reopen", lambda: bench.listing(bench.library(), View()))


def page(bench: Bench) -> None:
    """Pages here and there, in every order."""
    library = bench.library()
    pages = bench.listing(library, View()).pages or 1
    for _ in range(10):
        for sort in SORTS:
            view = View(sort=sort, page=bench.random.randint(1, pages))
            bench.timed("page", lambda view=view: bench.listing(library, view))


def filters(bench: Bench) -> None:
    """Every filter, at its first page and at a later one."""
    library = bench.library()
    tags = [tag.slug for tag in browsing.tag_counts(library, SLUG)[:3]]
    views = [
        View(tags=tuple(tags[:1])),
        View(tags=tuple(tags), tag_mode="any"),
        View(tags=tuple(tags[:2]), tag_mode="all"),
        View(tags=tuple(tags[:2]), tag_mode="exact"),
        View(untagged=True),
        View(min_exchanges=4, max_exchanges=6, sort="-length"),
        View(min_length=2000, max_length=4000, sort="exchanges"),
    ]
    for _ in range(4):
        for view in views:
            found = bench.timed("filter", lambda view=view: bench.listing(library, view))
            later = replace(view, page=bench.random.randint(1, found.pages or 1))
            bench.timed("filter", lambda view=later: bench.listing(library, view))


def searched(view: View, name: str, bench: Bench) -> None:
    """One search: its first page, and how many there are.

    Answers are remembered, so each time it asks anew, with a bound that leaves nothing out.
    """
    library = bench.library()
    for number in range(1, 14, 2):
        asked = replace(view, min_exchanges=-number)
        found = bench.timed(f"search {name}: first page", lambda to=asked: bench.listing(library, to))
        asked = replace(view, min_exchanges=-number - 1)
        count = bench.timed(f"search {name}: count", lambda to=asked: browsing.count(library, SLUG, to))
        assert found.more == (count > view.size)


def saved(bench: Bench) -> None:
    """One entry with one more word, in turns with the copy that it is held against."""
    library = bench.library()
    total = bench.listing(library, View()).total
    for number in range(7):
        place = View(page=bench.random.randint(1, total), size=1)
        opened = browsing.open_entry(library, SLUG, bench.listing(library, place).rows[0].key)
        value = {**opened.entry.value, "bench": number}
        bench.timed(
            "save one entry",
            lambda of=opened, to=value: editing.save_entry(library, SLUG, of.key, to, revision=of.revision),
        )
        bench.timed("copy", lambda: _copy(bench.file, bench.home.with_name("copy")))


def tagged(bench: Bench) -> None:
    """A tag on all entries."""
    edit = TagEdit(add=(TAG,))
    done = bench.timed("tag all", lambda: editing.edit_tags(bench.library(), SLUG, None, edit))
    assert done.changed


def looked(bench: Bench) -> None:
    """All entries looked at for validation, measured, and compared; then measured for a chat template."""
    library = bench.library()
    criteria.set_rules(library, SLUG, RULES)
    for label, chosen in (("look through all", Chosen()), ("measure all for a template", TARGET)):
        criteria.set_target(library, SLUG, chosen)
        found = bench.timed(label, lambda: analysing.bring_up_to_date(library, SLUG))
        assert found == library.dataset(SLUG).entries
        bench.timed("orjson", lambda: _parse(bench.file))


def _looked_through(bench: Bench) -> Library:
    """The home, with all known of the dataset that validation finds."""
    library = bench.library()
    criteria.set_rules(library, SLUG, RULES)
    criteria.set_target(library, SLUG, TARGET)
    analysing.bring_up_to_date(library, SLUG)
    return library


def overview(bench: Bench) -> None:
    """The page of validation, in a process that never showed it before."""
    _looked_through(bench)
    for _ in range(3):
        context = multiprocessing.get_context("spawn")
        with ProcessPoolExecutor(1, mp_context=context) as process:
            seconds, codes = process.submit(_seconds_of_overview, bench.home).result()
            bench.times.setdefault("validation page", []).append(seconds)
            assert "style.slop_phrase" in codes


def _seconds_of_overview(home: Path) -> tuple[float, list[str]]:
    library = Library.open(Config.of(home))
    start = perf_counter()
    found = validating.overview(library, SLUG)
    return perf_counter() - start, [each.code.name for each in found.codes]


def _edited(bench: Bench, library: Library, total: int) -> str:
    """One entry saved with one more message; its key."""
    place = View(page=bench.random.randint(1, total), size=1)
    opened = browsing.open_entry(library, SLUG, bench.listing(library, place).rows[0].key)
    said = [*opened.entry.value["messages"], {"role": "user", "content": f"Go on, {bench.random.random()}."}]
    editing.save_entry(
        library, SLUG, opened.key, {**opened.entry.value, "messages": said}, revision=opened.revision
    )
    return opened.key


def one_edit(bench: Bench) -> None:
    """One entry saved, looked at, and the page of validation; only that entry is looked at."""
    library = _looked_through(bench)
    total = bench.listing(library, View()).total

    def look() -> validating.Overview:
        assert analysing.bring_up_to_date(library, SLUG) == 1
        return validating.overview(library, SLUG)

    def edit() -> validating.Overview:
        _edited(bench, library, total)
        return bench.timed("look after one edit", look)  # type: ignore[no-any-return]

    _edited(bench, library, total)
    look()  # the first one loads libraries
    for _ in range(7):
        found = bench.timed("after one edit", edit)
        assert found.compared
        assert not found.due.entries
        bench.timed("copy", lambda: _copy(bench.file, bench.home.with_name("copy")))


def pages_after_edits(bench: Bench) -> None:
    """Pages as a browser gets them, each as the first one after an edit; what changed is looked at for it."""
    from tests.bench.server import serving

    library = _looked_through(bench)
    total = bench.listing(library, View()).total
    pages = {
        "validation": f"/datasets/{SLUG}/validation",
        "entries with a code": f"/datasets/{SLUG}/?diagnostic=style.slop_phrase",
        "entry": f"/datasets/{SLUG}/?entry={{key}}",
        "target": f"/datasets/{SLUG}/targets",
    }
    with serving(library) as get:
        for _ in range(6):
            for name, address in pages.items():
                to = address.format(key=_edited(bench, library, total))
                bench.timed(f"http {name} after one edit", partial(get, to))
            rows = bench.listing(library, View(page=bench.random.randint(1, total // 10), size=10)).rows
            edit = TagEdit(add=(f"Bench {bench.random.random()}",))
            editing.edit_tags(library, SLUG, [row.key for row in rows], edit)
            bench.timed("http validation after ten edits", lambda: get(pages["validation"]))
    bench.times = {label: times[1:] for label, times in bench.times.items()}  # the first reads vocabularies


def of_codes(bench: Bench) -> None:
    """Lists of the entries with a code: the one that most have, that fewest have, any at all, and none."""
    library = _looked_through(bench)
    codes = sorted(validating.overview(library, SLUG).codes, key=lambda each: each.entries)
    names = {"frequent": codes[-1].code.name, "rare": codes[0].code.name, "any": "any", "none": "sound"}
    for _ in range(7):
        for label, name in names.items():
            view = View(diagnostic=name)
            bench.timed(f"entries with a code: {label}", lambda view=view: bench.listing(library, view))


def repaired(bench: Bench) -> None:
    """A defect of every entry repaired, beside adding it: one operation each."""
    library = _looked_through(bench)
    total = library.dataset(SLUG).entries
    editing.edit_tags(library, SLUG, None, TagEdit(add=("Two Words",)))
    wanted = [repairing.Wanted("base.tag_spelling")]
    done = bench.timed("repair all", lambda: repairing.repair(library, SLUG, wanted))
    bench.timed("orjson", lambda: _parse(bench.file))
    assert done.changed == total
    for _ in range(2):
        history.undo(library, SLUG)


def undone(bench: Bench) -> None:
    """That undone."""
    done = bench.timed("undo of that", lambda: history.undo(bench.library(), SLUG))
    assert done.changed


def renamed(bench: Bench) -> None:
    """The tag that most entries have, called otherwise in all of them, and that undone."""
    library = bench.library()
    most = max(taxonomy(library).every(), key=lambda tag: tag.entries)
    done = bench.timed("rename tag", lambda: tagging.rename(library, most.slug, "bench renamed"))
    assert done.operation.changed == most.entries
    bench.timed("undo of the rename", lambda: history.undo(library, SLUG))


def exported(form: str, clean: bool, name: str, bench: Bench) -> None:
    """An export, as the stream that a download is."""
    library = bench.library()
    for _ in range(bench.rounds + 2):
        bench.timed(name, lambda: _drain(exporting.export(library, SLUG, form, clean=clean)))
        bench.timed("orjson", lambda: _parse(bench.file))


def _drain(pieces: Iterator[bytes]) -> None:
    for _ in pieces:
        pass


def over_http(bench: Bench) -> None:
    """Pages as a browser gets them, through the whole app and its server."""
    from tests.bench.server import serving

    library = bench.library()
    total = bench.listing(library, View()).total
    tag = next(iter(browsing.tag_counts(library, SLUG)))
    with serving(library) as get:
        for _ in range(15):
            number = bench.random.randint(1, -(-total // 25))
            bench.timed("http page", lambda n=number: get(f"/datasets/{SLUG}/?page={n}"))
            bench.timed("http filter", lambda: get(f"/datasets/{SLUG}/?tag={tag.slug}&min_exchanges=4"))
            key = bench.listing(library, View(page=number)).rows[0].key
            bench.timed("http entry", lambda key=key: get(f"/datasets/{SLUG}/?entry={key}"))


STAGES: dict[str, Callable[[Bench], None]] = {
    "limits": limits,
    "preview": preview,
    "import": imported,
    "look": looked,
    "validation page": overview,
    "entries of a code": of_codes,
    "reopen": reopen,
    "page": page,
    "filter": filters,
    **{f"search {name}": partial(searched, view, name) for name, view in SEARCHES.items()},
    **{name: partial(exported, form, clean, name) for name, (form, clean) in EXPORTS.items()},
    "http": over_http,
    "save": saved,
    "one edit": one_edit,
    "http after edits": pages_after_edits,
    "repair": repaired,
    "tag": tagged,
    "undo": undone,
    "rename": renamed,
}


def _forget_peak() -> None:
    """Begin the count of the most resident memory anew, where the system can."""
    if sys.platform == "linux":
        Path("/proc/self/clear_refs").write_text("5")


def _peak() -> int:
    """The most memory that was resident, in bytes; 0 where the system does not tell."""
    if sys.platform == "linux":
        status = Path("/proc/self/status").read_text()
        return int(status.partition("VmHWM:")[2].split()[0]) * 1024
    if sys.platform == "darwin":
        import resource

        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return 0


def main(stage: str, home: str, file: str, rounds: str) -> None:
    """Run one stage and print what it took."""
    bench = Bench(Path(home), Path(file), int(rounds))
    _forget_peak()
    STAGES[stage](bench)
    print(json.dumps({"times": bench.times, "peak": _peak()}))


if __name__ == "__main__":
    main(*sys.argv[1:])
