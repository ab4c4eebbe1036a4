import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from app.domain.tags import resolve, slug


@pytest.mark.parametrize(
    ("label", "expected"),
    [
        ("Slow Burn", "slow_burn"),
        ("  found-family!! ", "found_family"),
        ("rock & roll", "rock_roll"),
        ("R&B", "r_b"),
        ("already_a_slug", "already_a_slug"),
        ("a__b", "a_b"),
        ("2nd   draft", "2nd_draft"),
        ("懸疑", "懸疑"),
        ("Éowyn", "éowyn"),
        ("\uff26\uff35\uff2c\uff2c width", "full_width"),
        ("Straße", "strasse"),
        ("हिन्दी कथा", "हिन्दी_कथा"),
        ("二〇二四", "二〇二四"),
        ("٣ nights", "٣_nights"),
        ("!!!", ""),
        ("", ""),
    ],
)
def test_a_slug_keeps_letters_marks_and_digits_of_any_script(label, expected):
    assert slug(label) == expected


@given(st.text())
@example("ΐ T̈ ẗ ŉ İ")
@example("ß\u0301")  # casefolding leaves an s and an accent, which are one letter
def test_a_slug_is_its_own_slug(label):
    assert slug(slug(label)) == slug(label)


@given(st.text())
def test_a_slug_has_no_space_no_capital_and_no_loose_underscore(label):
    found = slug(label)
    assert found == found.casefold()
    assert found == found.strip("_")
    assert "__" not in found
    assert not any(letter.isspace() for letter in found)


@given(st.text(st.characters(max_codepoint=127)))
@example("Slow-Burn & (found) family!_2")
def test_for_ascii_a_slug_is_the_one_of_rolethread_lite(label):
    assert slug(label) == re.sub("[^a-z0-9]+", "_", label.lower().replace("&", " ")).strip("_")


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("calm", "calm"),
        ("quiet", "calm"),
        ("still", "calm"),
        ("gone", "gone"),
        ("before_gone", "gone"),
        ("itself", "itself"),
        ("one", "one"),
        ("two", "two"),
        ("to_the_circle", "to_the_circle"),
    ],
)
def test_an_alias_leads_to_the_last_slug_and_a_circle_nowhere(name, expected):
    aliases = {
        "quiet": "calm",
        "still": "quiet",
        "before_gone": "gone",
        "gone": None,
        "itself": "itself",
        "one": "two",
        "two": "one",
        "to_the_circle": "one",
    }
    assert resolve(name, aliases) == expected


names = st.sampled_from("abcdef")


@given(names, st.dictionaries(names, st.none() | names))
def test_whatever_the_aliases_are_they_end(name, aliases):
    found = resolve(name, aliases)
    assert found == name or aliases.get(found) is None
    assert resolve(found, aliases) == found


def test_a_hundred_thousand_renames_are_followed():
    assert resolve("0", {str(number): str(number + 1) for number in range(100_000)}) == "100000"
