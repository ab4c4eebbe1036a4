"""For any entry, an untouched form gives the entry back."""

from hypothesis import given
from hypothesis import strategies as st

from app.domain.form_text import Row, as_posted, harm, merged

text = st.text(alphabet=st.characters(exclude_categories=()), max_size=30)
scalars = st.one_of(st.none(), st.booleans(), st.integers(), text)
messages = st.one_of(
    scalars,
    st.dictionaries(
        st.sampled_from(["role", "content", "name", "weight"]),
        st.one_of(scalars, st.lists(scalars, max_size=2)),
    ),
)
entries = st.fixed_dictionaries(
    {"messages": st.lists(messages, max_size=6)},
    optional={"tags": st.one_of(scalars, st.lists(scalars, max_size=6)), "source": text},
)


def posted(stored):
    """What a browser sends for the form of an entry."""
    for index, message in enumerate(stored["messages"]):
        value = message if isinstance(message, dict) else {}
        role, content = value.get("role"), value.get("content")
        boxed = isinstance(content, str) and not harm(content)
        yield Row(
            index,
            as_posted(role if isinstance(role, str) else ""),
            content.replace("\n", "\r\n") if boxed else None,
        )


@given(entries)
def test_an_untouched_form_changes_nothing(stored):
    value = merged(stored, list(posted(stored)), kept=range(10), added=[])
    assert value == stored
    assert list(value) == list(stored)


@given(entries, st.randoms())
def test_any_order_keeps_every_message(stored, random):
    rows = list(posted(stored))
    random.shuffle(rows)
    value = merged(stored, rows, kept=range(10), added=[])
    assert value["messages"] == [stored["messages"][row.origin] for row in rows]
