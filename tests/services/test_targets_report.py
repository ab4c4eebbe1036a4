"""What becomes of a dataset with its target: every number is the number of the entries it leads to."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.repairs import REPAIRS
from app.domain.targets.chosen import Chosen
from app.domain.view import View
from app.services import analysing, browsing, criteria, editing, opening, repairing, shelving, targeting
from app.services.targeting import SYSTEM_REFUSED
from app.services.targets_report import FATES, OVER, lengths_of, report
from tests.workshop import keys

S, U, A, GREETING = (
    {"role": "system", "content": "You keep the light."},
    {"role": "user", "content": "Is it on?"},
    {"role": "assistant", "content": "Always. " * 20},
    {"role": "assistant", "content": "Welcome."},
)
TALKS = ([S, U, A], [S, GREETING, U, A], [U, A], [S, U, A, U], [S, U, A], [{**U, "role": "human"}, A])
TARGETS = (
    Chosen("llama-factory", "mistral-v3", limit=40),
    Chosen("trl", "mistral-v3", limit=40),
    Chosen("trl", "gemma"),
    Chosen("openai"),
    Chosen(family="qwen2.5"),
    Chosen("text-generation-webui", "metharme", limit=10),
    Chosen(),
)


@pytest.fixture
def talks(library):
    """Entries that targets treat in different ways."""
    opening.import_text(library, "\n".join(json.dumps({"messages": talk}) for talk in TALKS), "talks")
    return library


def leads_to(library, wanted):
    return browsing.count(library, "talks", View(diagnostic=wanted))


@pytest.mark.parametrize("chosen", TARGETS, ids=lambda chosen: chosen.name)
def test_every_number_is_that_of_the_entries_it_leads_to(talks, chosen):
    criteria.set_target(talks, "talks", chosen)
    analysing.bring_up_to_date(talks, "talks")
    found = report(talks, "talks")
    assert [fate.code.name for fate in found.fates] == list(FATES)
    touched = set()
    for fate in found.fates:
        name = fate.code.name
        assert fate.entries == leads_to(talks, name)
        touched.update(browsing.matching_keys(talks, "talks", View(diagnostic=name)))
        for reason in fate.reasons:
            assert reason.entries == leads_to(talks, f"{name}:{reason.what}" if reason.what else name)
            assert all(fix.code in REPAIRS for fix in reason.fixes)
    assert found.whole == len(TALKS) - len(touched)
    assert found.lengths.over == leads_to(talks, OVER)
    assert found.lengths.entries == sum(bar.entries for bar in found.lengths.bars) == len(TALKS)


def fates_of(library, chosen):
    criteria.set_target(library, "talks", chosen)
    analysing.bring_up_to_date(library, "talks")
    return {fate.code.name: fate for fate in report(library, "talks").fates}


def test_reasons_have_their_source_and_what_helps(talks):
    fates = fates_of(talks, Chosen("trl", "mistral-v3", limit=40))
    (lost,) = fates["target.system_lost"].reasons
    assert [fix.code for fix in lost.fixes] == ["target.system_lost"]
    assert "mistral" in lost.source
    helps = {fix.code for reason in fates["target.error"].reasons for fix in reason.fixes}
    assert "chatml.assistant_first" in helps
    assert fates["target.cut"].reasons[0].source
    dropped = fates_of(talks, Chosen("llama-factory"))["target.dropped"].reasons
    assert dropped
    assert all("LLaMA-Factory" in reason.source for reason in dropped)


@pytest.mark.parametrize(
    "chosen", [Chosen("trl", "gemma"), Chosen(family="gemma")], ids=lambda each: each.name
)
def test_a_refused_system_prompt_is_folded_into_what_the_user_says_first(talks, chosen):
    (refused, *others) = fates_of(talks, chosen)["target.error"].reasons
    assert refused.what.endswith("There is no place for a system prompt.")
    assert refused.fixes[0].code == SYSTEM_REFUSED
    assert all(fix.code != SYSTEM_REFUSED for reason in others for fix in reason.fixes)
    assert leads_to(talks, SYSTEM_REFUSED) == refused.entries == 4
    done = repairing.repair(talks, "talks", [repairing.Wanted(SYSTEM_REFUSED)])
    assert (done.changed, done.left) == (4, 0)
    reasons = fates_of(talks, chosen)["target.error"].reasons
    assert [reason.entries for reason in reasons] == [2]  # the greeting and the role that was so before
    assert "take turns" in reasons[0].what
    assert leads_to(talks, SYSTEM_REFUSED) == 0


@pytest.mark.parametrize(
    "chosen", [Chosen("openai", "gemma"), Chosen("trl", "gemma3"), Chosen("trl", "mistral-v3")]
)
def test_a_system_prompt_that_is_not_refused_is_left_where_it_is(talks, chosen):
    fates = fates_of(talks, chosen)
    assert leads_to(talks, SYSTEM_REFUSED) == 0
    reasons = fates["target.error"].reasons
    assert all(fix.code != SYSTEM_REFUSED for reason in reasons for fix in reason.fixes)


def test_a_template_that_no_trainer_asks_is_still_said_not_to_render_entries(talks):
    fates_of(talks, Chosen("openai", "gemma"))
    assert report(talks, "talks").unrendered == 5
    fates_of(talks, Chosen("openai", "chatml"))
    assert report(talks, "talks").unrendered == 0
    fates_of(talks, Chosen("openai"))
    assert report(talks, "talks").unrendered == 0


@pytest.mark.parametrize("trainer", ["llama-factory", "openai", "together", "mistral-finetune"])
def test_a_trainer_that_does_not_ask_the_chat_template_is_not_judged_by_it(talks, trainer):
    alone, joined = fates_of(talks, Chosen(trainer)), fates_of(talks, Chosen(trainer, "gemma"))
    assert {name: fate.entries for name, fate in joined.items()} == {
        name: fate.entries for name, fate in alone.items()
    }
    assert report(talks, "talks").trainer.own_layout.source
    assert targeting.strictness(talks, Chosen(trainer, "gemma")) == targeting.strictness(
        talks, Chosen(trainer)
    )


@pytest.mark.parametrize("chosen", TARGETS[:5], ids=lambda chosen: chosen.name)
def test_of_what_does_not_come_as_far_as_training_nothing_else_is_said(talks, chosen):
    fates_of(talks, chosen)
    out = {
        key
        for code in ("target.error", "target.dropped")
        for key in browsing.matching_keys(talks, "talks", View(diagnostic=code))
    }
    for code in ("target.cut", "target.system_lost", "target.text_lost", "target.untrained",
                 "target.system_added"):  # fmt: skip
        assert not out & set(browsing.matching_keys(talks, "talks", View(diagnostic=code))), code


def test_it_follows_the_choice_and_the_entries(talks):
    assert report(talks, "talks").due.entries == 2 * len(TALKS)
    criteria.set_target(talks, "talks", Chosen("openai"))
    analysing.bring_up_to_date(talks, "talks")
    before = report(talks, "talks")
    assert report(talks, "talks") is before
    assert any("at least 10" in note.words for note in before.notes)
    editing.delete_entries(talks, "talks", keys(talks, "talks")[:1])
    analysing.bring_up_to_date(talks, "talks")
    assert report(talks, "talks").entries == len(TALKS) - 1


def test_what_was_not_looked_at_is_not_said_to_reach_the_model(talks):
    criteria.set_target(talks, "talks", Chosen("trl"))
    before = report(talks, "talks")
    assert (before.looked_at, before.whole) == (0, 0)
    analysing.bring_up_to_date(talks, "talks")
    known = report(talks, "talks")
    assert known.looked_at == len(TALKS)
    editing.save_entry(talks, "talks", None, {"messages": [U, A], "tags": []})
    after = report(talks, "talks")
    assert (after.entries, after.looked_at, after.whole) == (len(TALKS) + 1, len(TALKS), known.whole)


def test_an_empty_dataset_has_a_report(library):
    shelving.new_dataset(library, "empty")
    found = report(library, "empty")
    assert (found.entries, found.whole, found.lengths.bars) == (0, 0, ())


@given(
    st.lists(st.integers(0, 10**7), min_size=1, max_size=200).map(sorted),
    st.none() | st.integers(1, 10**7),
)
def test_every_entry_stands_in_one_bar_and_none_on_both_sides_of_the_limit(sizes, limit):
    found = lengths_of(sizes, 0, limit)
    assert sum(bar.entries for bar in found.bars) == len(sizes)
    assert sum(bar.entries for bar in found.bars if bar.is_over) == found.over
    assert found.over == sum(size > limit for size in sizes) if limit else found.over == 0
    assert len(found.bars) <= 13
    for bar, following in zip(found.bars, found.bars[1:], strict=False):
        assert bar.most == following.above
    assert found.median <= found.p95 <= found.longest == sizes[-1]
    assert sum(size <= found.p95 for size in sizes) >= 0.95 * len(sizes)


@pytest.mark.parametrize(("sizes", "middle"), [([7], "7"), ([1, 2], "1.5"), ([1, 3], "2"), ([1, 1, 9], "1")])
def test_the_median_is_between_the_two_in_the_middle(sizes, middle):
    assert str(lengths_of(sizes, 0, None).median) == middle


def test_a_file_that_the_trainer_refuses_is_told_apart_from_what_is_good_to_know(talks):
    fates_of(talks, Chosen("openai"))
    (refused,) = report(talks, "talks").refusals
    assert "at least 10 entries, and there are 6" in refused.words
    fates_of(talks, Chosen("together"))
    assert report(talks, "talks").notes
    assert not report(talks, "talks").refusals


@pytest.mark.parametrize(
    ("chosen", "unknown"),
    [(Chosen("mistral-finetune", limit=20), 6), (Chosen(family="chatml", limit=20), 6),
     (Chosen("trl", limit=20), 0), (Chosen("axolotl", limit=20), 0), (Chosen("mistral-finetune"), 0)],
    ids=str,
)  # fmt: skip
def test_what_becomes_of_long_entries_is_known_only_where_the_trainer_says_so(talks, chosen, unknown):
    fates_of(talks, chosen)
    assert report(talks, "talks").fate_unknown == unknown
