"""Whatever is done to the messages of an entry, each character stays with the message that it speaks."""

from hypothesis import given
from hypothesis import strategies as st

from app.domain.casting import Turn, character_slug, groups, moved
from app.domain.tags import slug

steps = st.lists(st.tuples(st.sampled_from(["insert", "delete", "move"]), st.integers(0), st.integers(0)))
texts = st.text("ab", max_size=2)
messages = st.builds(
    lambda role, text: {"role": role, "content": text}, st.sampled_from(["user", "assistant"]), texts
)
# a list of messages and who speaks each of them; None is nobody
casts = st.lists(st.tuples(messages, st.sampled_from([None, "kai", "mara"])), max_size=8)


def turns(cast) -> tuple[Turn, ...]:
    """The turns of a list of messages and their characters."""
    return tuple(Turn(place, name, "user") for place, (_, name) in enumerate(cast) if name)


def done(cast, step, number):
    """The list after one step; what is put in is a message that was never there."""
    name, place, other = step
    cast = list(cast)
    if name == "insert":
        cast.insert(place % (len(cast) + 1), ({"role": "user", "content": f"new {number}"}, None))
    elif cast:
        taken = cast.pop(place % len(cast))
        if name == "move":
            cast.insert(other % (len(cast) + 1), taken)
    return cast


@given(st.lists(st.sampled_from([None, "kai", "mara"]), max_size=8), steps)
def test_characters_follow_their_messages_step_by_step(characters, steps):
    cast = [({"role": "user", "content": str(number)}, name) for number, name in enumerate(characters)]
    found = turns(cast)
    for number, step in enumerate(steps):
        before, cast = cast, done(cast, step, number)
        found = moved(found, [message for message, _ in before], [message for message, _ in cast])
        assert found == turns(cast)


@given(st.lists(st.sampled_from([None, "kai", "mara"]), max_size=8), steps)
def test_characters_follow_their_messages_through_many_steps_at_once(characters, steps):
    old = [({"role": "user", "content": str(number)}, name) for number, name in enumerate(characters)]
    new = old
    for number, step in enumerate(steps):
        new = done(new, step, number)
    found = moved(turns(old), [message for message, _ in old], [message for message, _ in new])
    stayed = {place for place, pair in enumerate(new) if pair in old}
    assert tuple(turn for turn in found if turn.index in stayed) == turns(
        pair if place in stayed else (None, None) for place, pair in enumerate(new)
    )


@given(casts, st.permutations(range(8)))
def test_in_another_order_every_character_has_as_many_messages_of_each_kind(cast, order):
    new = [cast[place][0] for place in order if place < len(cast)]
    found = moved(turns(cast), [message for message, _ in cast], new)
    spoken = sorted((str(message), name) for message, name in cast if name)
    assert sorted((str(new[turn.index]), turn.character) for turn in found) == spoken


@given(casts, st.lists(messages, max_size=8))
def test_a_message_that_was_there_has_only_a_character_that_such_a_message_had(cast, new):
    found = moved(turns(cast), [message for message, _ in cast], new)
    for turn in found:
        had = [name for message, name in cast if message == new[turn.index]]
        assert turn.character in had or not had


@given(casts, st.lists(messages, max_size=8))
def test_no_character_speaks_more_messages_than_before_and_none_speaks_twice_in_one(cast, new):
    found = moved(turns(cast), [message for message, _ in cast], new)
    assert [turn.index for turn in found] == sorted({turn.index for turn in found})
    assert all(0 <= turn.index < len(new) for turn in found)
    for name in ("kai", "mara"):
        assert sum(turn.character == name for turn in found) <= sum(name == other for _, other in cast)


@given(casts)
def test_messages_that_stay_keep_their_characters(cast):
    assert moved(turns(cast), [message for message, _ in cast], [message for message, _ in cast]) == turns(
        cast
    )


@given(casts, st.data())
def test_a_rewritten_message_keeps_its_character_whatever_the_others_say(cast, data):
    if cast:
        place = data.draw(st.integers(0, len(cast) - 1))
        old = [message for message, _ in cast]
        new = [*old[:place], {"role": "assistant", "content": "never said before"}, *old[place + 1 :]]
        assert moved(turns(cast), old, new) == turns(cast)


@given(st.lists(st.text()))
def test_each_label_is_in_one_group_as_it_is_spelt(labels):
    found = [label for group in groups(labels) for label in group]
    assert sorted(found) == sorted(set(labels))
    assert list(dict.fromkeys(labels))[:1] == found[:1]


@given(st.text())
def test_a_label_is_in_one_group_with_its_capitals(label):
    assert len(groups([label, label.upper(), label.casefold(), f" {label}"])) == 1


@given(st.lists(st.text() | st.sampled_from(["kai", "Kai", "Kai 2", "x" * 90])))
def test_every_character_gets_a_slug_that_is_its_own(names):
    taken: set[str] = set()
    for name in names:
        found = character_slug(name, taken)
        assert found
        assert found not in taken
        assert slug(found) == found
        assert len(found.encode()) <= 80
        taken.add(found)
