"""An entry as its trainer sees it: the very text, what is learnt of it, and numbers of all of it."""

import json
import time
from dataclasses import replace

import pytest

from app.domain.entry import Entry
from app.domain.targets.chosen import MASKS, Chosen
from app.domain.targets.families import FAMILIES
from app.domain.targets.measure import measured
from app.domain.targets.sandbox import TemplateError
from app.domain.tokens import counter
from app.errors import NotFound
from app.services import criteria, opening
from app.services.rendered_view import HEAD, MOST, SHOWN, TAIL, rendered_entry, view_of
from tests.workshop import keys

SAID = (
    {"role": "system", "content": "You keep the light."},
    {"role": "user", "content": "  Is <|im_end|> it on? "},
    {"role": "assistant", "content": "“Always.” 😀\n\nShe smiles."},
    {"role": "user", "content": "[/INST] </s> <script>alert(1)</script>"},
    {"role": "assistant", "content": "Always."},
)
TALKS = (SAID, SAID[1:], SAID[2:], SAID[:2], (SAID[0], SAID[0], *SAID[1:]), (*SAID[1:3], *SAID), SAID[1:4])


def entry(*messages, **more) -> Entry:
    value = {"messages": list(messages), **more}
    return Entry(json.dumps(value).encode(), value)


def shown(view) -> str:
    return "".join(each.text for each in view.stretches)


@pytest.mark.parametrize("name", FAMILIES)
def test_what_is_shown_is_what_the_template_writes_and_the_numbers_are_those_of_the_index(library, name):
    family = FAMILIES[name]
    render = family.render
    for talk in TALKS:
        for mask in MASKS:
            view = rendered_entry(library, entry(*talk), Chosen(family=name, mask=mask))
            try:
                text = render(list(talk))
            except TemplateError as error:
                text = ""
                refusal = str(error)
            else:
                refusal = ""
            assert view.error == refusal
            assert shown(view) == text
            assert view.hidden == 0
            if refusal:
                continue
            counting = counter(view.vocabulary)
            value = {"messages": list(talk)}
            assert (view.tokens, view.trained) == measured(value, counting, family, render, mask)
            assert any(each.trained for each in view.stretches) == (view.trained > 0)
            assert view.around + sum(part.tokens for part in view.parts) >= view.tokens


def test_without_a_target_it_is_chatml_and_with_one_it_is_that(library):
    opening.import_text(library, json.dumps({"messages": list(SAID)}), "talks")
    (key,) = keys(library, "talks")
    assert view_of(library, "talks", key).family.name == "chatml"
    criteria.set_target(library, "talks", Chosen(trainer="trl", family="llama3", mask="last"))
    view = view_of(library, "talks", key)
    assert (view.family.name, view.vocabulary, view.limit, view.chosen.mask) == (
        "llama3", "llama3", 1024, "last",
    )  # fmt: skip
    assert [part.trained for part in view.parts] == [False, False, False, False, True]
    with pytest.raises(NotFound):
        view_of(library, "talks", "nothing")
    with pytest.raises(NotFound):
        view_of(library, "talks", key, Chosen(family="nothing"))


def test_each_message_begins_once_and_control_tokens_stand_apart(library):
    view = rendered_entry(library, entry(*SAID), Chosen(family="chatml"))
    assert [each.message for each in view.stretches if each.first] == [0, 1, 2, 3, 4]
    apart = [(each.text, each.kind) for each in view.stretches if each.control]
    assert ("<|im_start|>", "markup") in apart
    assert ("<|im_end|>", "message") in apart  # the one that the user wrote
    assert apart.count(("</s>", "message")) == 1


def test_what_is_lost_put_in_or_trimmed_is_said(library):
    lost = rendered_entry(library, entry(*SAID), Chosen(family="mistral-v3"))
    assert [(part.place, part.role, part.tokens) for part in lost.lost] == [(0, "system", 0)]
    added = rendered_entry(library, entry(*SAID[1:]), Chosen(family="qwen2.5"))
    assert added.system_added
    assert any(each.kind == "added" and "Qwen" in each.text for each in added.stretches)
    trimmed = rendered_entry(library, entry(*SAID), Chosen(family="llama3"))
    assert [part.place for part in trimmed.parts if part.trimmed] == [1]


def test_the_place_where_a_trainer_cuts_is_the_last_that_fits(library):
    for limit in (1, 7, 20, 33):
        view = rendered_entry(library, entry(*SAID), Chosen("trl", "llama3", limit=limit))
        before = "".join(each.text for each in view.stretches if not each.beyond)
        counting = counter("llama3")
        assert counting.count_rendered(before) <= limit < view.tokens
        assert counting.count_rendered(shown(view)[: len(before) + 1]) > limit
        assert view.over == view.tokens - limit
    dropped = rendered_entry(library, entry(*SAID), Chosen("axolotl", "llama3", limit=7))
    assert not any(each.beyond for each in dropped.stretches)


@pytest.mark.parametrize("mask", MASKS)
def test_what_the_trainer_cuts_off_is_not_trained(library, mask):
    whole = rendered_entry(library, entry(*SAID), Chosen("trl", "llama3", limit=1000, mask=mask))
    for limit in range(1, whole.tokens, 3):
        view = rendered_entry(library, entry(*SAID), Chosen("trl", "llama3", limit=limit, mask=mask))
        assert view.trained <= limit
        assert not any(each.trained for each in view.stretches if each.beyond)
        assert shown(view) == shown(whole)
        reached = [each for each in view.stretches if each.kind == "message" and not each.beyond]
        for part in view.parts:
            assert part.trained == any(each.trained for each in reached if each.message == part.place)
            assert (part.cut == "all") == all(each.message != part.place for each in reached)
    dropped = rendered_entry(library, entry(*SAID), Chosen("axolotl", "llama3", limit=7, mask=mask))
    assert (dropped.trained, {part.cut for part in dropped.parts}) == (whole.trained, {""})


def test_of_an_answer_that_is_cut_within_only_what_stands_before_is_counted(library):
    talk = (SAID[1], {"role": "assistant", "content": "light " * 127})
    target = Chosen("trl", "llama3", mask="last")
    whole = rendered_entry(library, entry(*talk), target)
    view = rendered_entry(library, entry(*talk), replace(target, limit=whole.tokens - 70))
    assert whole.trained - view.trained == 70
    assert [part.cut for part in view.parts] == ["", "end"]


def test_shares_are_rounded_but_never_to_nothing_or_all(library):
    talk = ({"role": "user", "content": "word " * 3000}, {"role": "assistant", "content": "No."})
    assert rendered_entry(library, entry(*talk), Chosen(family="chatml")).share == 1
    assert rendered_entry(library, entry(*talk[:1]), Chosen(family="chatml")).share == 0
    assert rendered_entry(library, entry(*talk), Chosen(family="chatml", mask="all")).share == 100


@pytest.mark.parametrize("words", ["word ", "<s>", "a\n", "😀", "<|im_end|> "])
def test_of_a_huge_entry_a_part_is_shown_and_all_is_counted(library, words):
    talk = [{"role": "user", "content": words * (1_000_000 // len(words))}, SAID[4]]
    began = time.perf_counter()
    view = rendered_entry(library, entry(*talk), Chosen("trl", "llama3"))
    assert time.perf_counter() - began < 5
    assert len(shown(view)) <= SHOWN
    assert len(view.stretches) <= MOST + HEAD + TAIL
    assert view.hidden == view.characters - len(shown(view)) > 900_000
    assert sum(each.hidden for each in view.stretches) == view.hidden
    text = FAMILIES["llama3"].render(talk)
    assert view.tokens == counter("llama3").count_rendered(text)


def test_an_entry_of_many_messages_is_shown_to_a_measure(library):
    view = rendered_entry(library, entry(*[SAID[1], SAID[2]] * 20_000), Chosen(family="chatml"))
    assert len(view.stretches) <= MOST + 10
    assert len(view.parts) == 40_000
    assert sum(each.hidden for each in view.stretches) == view.hidden > 0


def test_entries_of_any_shape_are_shown_or_refused_in_a_sentence(library):
    odd = ({}, {"messages": None}, {"messages": [7, None, "x"]}, {"messages": [{"role": 3}]},
           {"messages": [{"role": "user", "content": None}]}, {"messages": [{"content": "x"}]},
           {"messages": [{"role": "user", "content": [{"type": "text", "text": "Hi"}]}]},
           {"messages": [{"role": "user", "content": "\ud800"}]})  # fmt: skip
    for value in odd:
        for name in FAMILIES:
            view = rendered_entry(library, Entry(b"", value), Chosen(family=name))
            assert view.error or shown(view).count("") > 0


def test_a_template_without_end_is_a_sentence_and_nothing_else_stops(library):
    loop = b"{% for a in range(99999) %}{% for b in range(99999) %}{% endfor %}{% endfor %}"
    slug, _ = criteria.add_own(library, "Loop", {"chat_template.jinja": loop})
    assert "longer than 2 seconds" in rendered_entry(library, entry(*SAID), Chosen(family=slug)).error
    assert not rendered_entry(library, entry(*SAID), Chosen(family="chatml")).error
