import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from app.domain.tags import slug


@pytest.mark.parametrize(
    ("label", "expected"),
    [
        ("Slow Burn", "slow_burn"),
        ("  found-family!! ", "found_family"),
        ("rock & roll", "rock_roll"),
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
def test_a_slug_is_its_own_slug(label):
    assert slug(slug(label)) == slug(label)


@given(st.text())
def test_a_slug_has_no_space_no_capital_and_no_loose_underscore(label):
    found = slug(label)
    assert found == found.casefold()
    assert found == found.strip("_")
    assert "__" not in found
    assert not any(letter.isspace() for letter in found)
