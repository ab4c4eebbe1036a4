"""Any life of tags leaves entries, registry and sidecars agreeing, and undo leads back byte for byte."""

import tempfile
from contextlib import suppress
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.config import Config
from app.domain.tagging import TagEdit
from app.errors import AppError
from app.registry.database import connected
from app.registry.models import Alias, Category, Tag
from app.services import editing, history, opening, tagging
from app.services.library import Library
from app.services.taxonomy import taxonomy
from app.store.places import sidecar_of
from tests.sidecars import check_pair
from tests.workshop import check_home, keys, line

WORDS = ("calm", "Fog", "懸疑", "ß x", "dialogue")
DATASETS = ("one", "two")
words = st.sampled_from(WORDS)
known = st.sampled_from(("calm", "fog", "懸疑", "ss_x", "dialogue", "gone"))
places = st.none() | st.sampled_from(("style", "own"))
acts = st.one_of(
    st.tuples(st.just("rename"), known, words),
    st.tuples(st.just("merge"), known, known),
    st.tuples(st.just("delete"), known),
    st.tuples(st.just("move"), known, places),
    st.tuples(st.just("adopt"), known, places),
    st.tuples(st.sampled_from(("archive", "hide", "restore")), known),
    st.tuples(st.just("create"), words, places),
    st.tuples(st.just("create_category"), st.just("own")),
    st.tuples(st.just("delete_category"), st.just("own")),
    st.tuples(st.just("tag"), st.sampled_from(DATASETS), st.integers(0, 2), words),
    st.tuples(st.just("delete entry"), st.sampled_from(DATASETS)),
    st.tuples(st.sampled_from(("undo", "redo")), st.sampled_from(DATASETS)),
    st.tuples(st.sampled_from(("undo shared", "redo shared"))),
)


def do(library, act, *given):
    """One act; True if it was done, False if it was refused."""
    with suppress(AppError):
        match act:
            case "tag":
                dataset, number, word = given
                chosen = keys(library, dataset)[number : number + 1]
                return editing.edit_tags(library, dataset, chosen, TagEdit(add=(word,))).operation is not None
            case "delete entry":
                done = editing.delete_entries(library, given[0], keys(library, given[0])[:1])
                return done.operation is not None
            case "undo" | "redo":
                changes = [op for op in history.every_operation(library, given[0]) if op.kind == "change"]
                newest = next(op for op in changes if not op.undone)
                if act == "undo" and newest.title.startswith("Import"):
                    return False  # it would lead to the trash
                getattr(history, act)(library, *given)
            case "undo shared":
                history.undo_shared(library)
            case "redo shared":
                history.redo_shared(library)
            case _:
                getattr(tagging, act)(library, *given)
        return True
    return False


def truth(library):
    """Files and rows."""
    with connected():
        rows = [sorted(model.select().tuples(), key=str) for model in (Tag, Alias, Category)]
    return [library.dataset(name).path.read_bytes() for name in DATASETS], rows


def agree(library):
    for name in DATASETS:
        path = library.dataset(name).path
        check_pair(path.read_bytes(), sidecar_of(path).read_bytes())
    found = taxonomy(library)
    assert all(
        tag.category is None or tag.category in ("style", "status", "own") or tag.builtin
        for tag in found.every()
    )
    for tag in found.every():
        assert tag.slug not in tag.former


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(acts, max_size=12))
def test_entries_registry_and_sidecars_agree_whatever_is_done(life):
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        library = Library.open(Config(place / "home"))
        for number, name in enumerate(DATASETS):
            path = place / f"{name}.jsonl"
            spelt = [["calm"], ["Fog", "calm"], ["dialogue"]]
            path.write_bytes(b"".join(line(10 * number + each, tags=spelt[each]) for each in range(3)))
            opening.import_path(library, path)
        for act in life:
            before, count = truth(library), library_operations(library)
            if not do(library, *act):
                assert truth(library) == before
                assert library_operations(library) == count
            agree(library)
        (place / "scratch").mkdir()
        check_home(library, place / "scratch")


def library_operations(library):
    return [len(list(history.every_operation(library, name))) for name in DATASETS]
