"""Every name that the app gives is one that it accepts, fits any file system, and is free."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.names import LONGEST, dataset_slug, fits, free_slug

stems = st.text(max_size=120) | st.text(alphabet="Σςſ\u0345\u0301İßaA _-.~", max_size=60)


@given(stems)
def test_a_name_made_from_any_stem_fits(stem):
    name = dataset_slug(stem)
    assert fits(name)
    assert 0 < len(name.encode()) <= LONGEST
    assert not set(name) & set("/\\:.~\0")


@given(stems, st.integers(min_value=0, max_value=12))
def test_a_free_name_fits_and_is_free(stem, others):
    taken: set[str] = set()
    for _ in range(others):
        taken.add(free_slug(dataset_slug(stem), taken))
    assert len(taken) == others  # each was new
    assert all(fits(name) for name in taken)
    assert all(len(name.encode()) <= LONGEST for name in taken)


@pytest.mark.parametrize(
    ("stem", "name"),
    [
        ("Harbor Tales!", "harbor_tales"),
        ("..", "dataset"),
        ("", "dataset"),
        ("CON", "con_"),
        ("com7", "com7_"),
        ("Gespräche über Tee", "gespräche_über_tee"),
        ("物語", "物語"),
        ("_private_", "private"),
        ("a" * 200, "a" * 80),
        ("é" * 200, "é" * 40),
    ],
)
def test_names_of_stems(stem, name):
    assert dataset_slug(stem) == name


def test_a_second_one_gets_a_number_even_at_full_length():
    assert free_slug("tales", {"tales", "tales_copy-2"}) == "tales_copy-3"
    assert free_slug("con_", {"con_"}) == "con_copy-2"
    long = "é" * 40
    assert len(free_slug(long, {long}).encode()) <= LONGEST


@pytest.mark.parametrize(
    "name",
    ["", ".", "..", "a/b", "Tales", "tales_", "con", 81 * "a", "tales_copy-", "tales_copy-x", "_copy-2"],
)
def test_other_names_do_not_fit(name):
    assert not fits(name)
