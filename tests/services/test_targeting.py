"""What a target is said to do to an entry is what rendering, counting and the report show of it."""

import json

import pytest

from app.domain.repairs import REPAIRS
from app.domain.targets.chosen import Chosen
from app.domain.view import View
from app.errors import Refused
from app.services import analysing, browsing, criteria, opening, rendering, repairing, targeting, validating
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
