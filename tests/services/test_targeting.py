"""What a target is said to do to an entry is what rendering, counting and the report show of it."""

import json

import pytest

from app.domain.repairs import REPAIRS
from app.domain.targets.chosen import Chosen, named
from app.domain.targets.families import FAMILIES
from app.domain.view import View
from app.errors import Refused
from app.services import (
    analysing,
    browsing,
    criteria,
    opening,
    rendered_view,
    rendering,
    repairing,
    targeting,
    validating,
)
from app.services.targets_report import report

U, A = ({"role": "user", "content": "q1"}, {"role": "assistant", "content": "a1"})


@pytest.fixture
def judged(library):
    """Opens entries, chooses a target, and gives the library with their keys."""

    def judge(chosen, *values):
        opening.import_text(library, "\n".join(map(json.dumps, values)), "talks")
        criteria.set_target(library, "talks", chosen)
        analysing.bring_up_to_date(library, "talks")
        return library, browsing.matching_keys(library, "talks", View())

    return judge


def said(library, key):
    """What the target is said to do to an entry: codes and details."""
    found = validating.of_entry(library, "talks", key)
    return {(each.code, each.detail) for each in found if each.code.startswith("target.")}


@pytest.mark.parametrize("family", ["qwen3", "deepseek-v3"])
def test_a_thought_without_its_opening_mark_is_said_to_be_left_out(judged, family):
    earlier = {"role": "assistant", "content": "hidden reasoning</think>visible a"}
    chosen = Chosen(family=family)
    library, (lost, kept) = judged(chosen, {"messages": [U, earlier, U, A]}, {"messages": [U, A, U, A]})
    assert "hidden" not in rendering.of_entry(library, "talks", lost, chosen).text
    told = ("target.altered", "The chat template leaves out what an answer thinks.")
    assert told in said(library, lost)
    assert said(library, kept) == set()


def test_white_space_that_the_template_trims_is_said_and_a_repair_is_offered_and_helps(judged):
    spaced = {"messages": [{**U, "content": " q1 "}, {**A, "content": "a1\n"}]}
    library, (key, plain) = judged(Chosen(family="llama3"), spaced, {"messages": [U, A]})
    assert said(library, key) == {("target.altered", targeting.TRIMMED)}
    assert said(library, plain) == set()
    (altered,) = (fate for fate in report(library, "talks").fates if fate.code.name == "target.altered")
    (reason,) = altered.reasons
    assert (reason.entries, [fix.code for fix in reason.fixes]) == (1, ["chatml.content_whitespace"])
    assert reason.fixes[0].code in REPAIRS
    repairing.repair(library, "talks", [repairing.Wanted("chatml.content_whitespace")])
    analysing.bring_up_to_date(library, "talks")
    assert said(library, key) == set()


@pytest.mark.parametrize("family", ["llama3", "llama4", "gemma3", "mistral-v7"])
def test_a_number_as_content_is_said_to_be_refused_in_the_words_of_rendering(judged, family):
    chosen = Chosen(family=family)
    library, (key,) = judged(chosen, {"messages": [{**U, "content": 5}, A]})
    with pytest.raises(Refused) as refused:
        rendering.of_entry(library, "talks", key, chosen)
    (detail,) = (detail for code, detail in said(library, key) if code == "target.error")
    assert "'int' object" in detail
    assert str(refused.value).endswith(detail)


def test_a_message_that_is_nothing_but_a_text_is_said_to_be_lost(judged):
    library, (key,) = judged(Chosen(family="qwen2.5"), {"messages": [U, A, "a bare text"]})
    assert "target.text_lost" in {code for code, _ in said(library, key)}


@pytest.mark.parametrize("family", ["qwen2.5", "gemma3"])
def test_roles_that_axolotl_maps_are_learnt_as_rendering_and_the_numbers_have_them(judged, family):
    chosen = named(f"axolotl+{family}", FAMILIES)
    spoken = {"messages": [{**U, "role": "human"}, {**A, "role": "gpt"}]}
    library, (key, plain) = judged(chosen, spoken, {"messages": [U, A]})
    assert said(library, key) == said(library, plain)
    assert not {code for code, _ in said(library, key)} - {"target.system_added"}
    text, other = (rendering.of_entry(library, "talks", each, chosen) for each in (key, plain))
    assert (text.text, text.trained) == (other.text, other.trained)
    assert "a1" in "".join(text.text[start:end] for start, end in text.trained)
    view = rendered_view.view_of(library, "talks", key, chosen)
    assert [(part.role, part.trained, part.lost) for part in view.parts] == [
        ("human", False, False),
        ("gpt", True, False),
    ]
    lengths = report(library, "talks").lengths
    assert (lengths.total, lengths.trained) == (2 * view.tokens, 2 * view.trained)


def test_a_text_under_system_is_the_system_prompt_for_axolotl(judged):
    chosen = named("axolotl+qwen2.5", FAMILIES)
    led = {"messages": [U, A], "system": "TOPSYS", "_rolethread": {}}
    library, (key,) = judged(chosen, led)
    assert said(library, key) == {("target.altered", "the text under “system” becomes the system prompt")}
    text = rendering.of_entry(library, "talks", key, chosen).text
    assert "TOPSYS" in text
    assert "You are Qwen" not in text
    view = rendered_view.view_of(library, "talks", key, chosen)
    assert [(each.kind, each.message) for each in view.stretches if each.text == "TOPSYS"] == [("added", -1)]
    lost = Chosen("axolotl", "mistral-v3")
    criteria.set_target(library, "talks", lost)
    analysing.bring_up_to_date(library, "talks")
    assert "target.system_lost" in {code for code, _ in said(library, key)}
    assert "TOPSYS" not in rendering.of_entry(library, "talks", key, lost).text


@pytest.mark.parametrize(
    ("target", "learnt"),
    [("openai", ""), ("together", ""), ("mistral-finetune", ""), ("axolotl", "a1"), ("trl", "q1 a1")],
)
def test_an_answer_of_weight_0_is_trained_only_where_it_is_not_said_to_be_untrained(judged, target, learnt):
    chosen = named(target, FAMILIES)
    library, (key,) = judged(chosen, {"messages": [U, {**A, "weight": 0}]})
    text = rendering.of_entry(library, "talks", key, chosen)
    trained = "".join(text.text[start:end] for start, end in text.trained)
    assert [word for word in ("q1", "a1") if word in trained] == learnt.split()
    untrained = [detail for code, detail in said(library, key) if code == "target.untrained"]
    assert len(untrained) == (0 if learnt else 1)
    assert bool(report(library, "talks").lengths.trained) == bool(learnt)
