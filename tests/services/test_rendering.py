"""Rendering with templates on board and of one's own, friendly or not."""

import time

import pytest
from tokenizers import Tokenizer, models, pre_tokenizers

from app.domain.targets.chosen import Chosen
from app.domain.tokens import TRIAL
from app.domain.view import View
from app.errors import NotFound, Refused
from app.services import (
    analysing,
    browsing,
    criteria,
    editing,
    measuring,
    rendering,
    reporting,
    validating,
)
from tests.workshop import entry, keys, uuid

MINE = "{% for m in messages %}[{{ m.role }}] {{ m.content }}\n{% endfor %}"
ENDLESS = "{% for a in range(90000) %}{% for b in range(90000) %}{% endfor %}{% endfor %}"
TRICKS = "{{ ''.__class__.__mro__[1].__subclasses__() }}"
HALF = r"{{ raise_exception('\ud800 is half a character') }}"
GIGANTIC = "{% for a in range(90000) %}{{ 'x' * 100000 }}{% endfor %}"


def added(library, template):
    slug, _ = criteria.add_own(library, "Mine", {"chat_template.jinja": template.encode()})
    return Chosen(family=slug)


def test_a_template_of_ones_own_renders_an_entry(library, talks):
    found = rendering.of_entry(library, "talks", uuid(0), added(library, MINE))
    assert found.text == "[user] Question 0?\n[assistant] Answer 0.\n"
    assert found.text[slice(*found.trained[0])].startswith("Answer 0.")


@pytest.mark.parametrize("template", [ENDLESS, TRICKS, HALF, GIGANTIC])
def test_a_hostile_template_is_stopped_with_a_sentence_and_the_dataset_can_be_looked_at(
    library, talks, template
):
    chosen = added(library, template)
    with pytest.raises(Refused, match="refuses this entry"):
        rendering.of_entry(library, "talks", uuid(0), chosen)
    criteria.set_target(library, "talks", chosen)
    start = time.monotonic()
    assert analysing.bring_up_to_date(library, "talks") == 6
    assert time.monotonic() - start < 60, "a template that never ends is tried again and again"
    assert browsing.matching_keys(library, "talks", View(diagnostic="target.error")) == keys(library, "talks")
    said = [each for each in validating.of_entry(library, "talks", uuid(0)) if each.code == "target.error"]
    assert said[0].detail


def test_a_template_that_is_removed_leaves_datasets_without_one(library, talks):
    chosen = added(library, MINE)
    criteria.set_target(library, "talks", chosen)
    analysing.bring_up_to_date(library, "talks")
    criteria.remove_own(library, chosen.family)
    assert criteria.target_for(library, "talks") == Chosen()
    analysing.bring_up_to_date(library, "talks")
    with pytest.raises(NotFound):
        criteria.family(library, chosen.family)


def test_a_template_on_board_that_refuses_says_so_in_its_words(library, talks):
    value = {"messages": [{"role": "system", "content": "Be kind."}, *entry(1)["messages"]], "tags": []}
    key = editing.save_entry(library, "talks", None, value).uuid
    with pytest.raises(Refused, match=r"Gemma.*system"):
        rendering.of_entry(library, "talks", key, Chosen(family="gemma"))


def test_an_entry_that_is_not_there_is_said(library, talks):
    with pytest.raises(NotFound, match="nobody"):
        rendering.of_entry(library, "talks", "nobody", Chosen())


def test_where_the_tokenizer_is_gone_the_dataset_can_be_looked_at_without_numbers(library, talks):
    tokenizer = Tokenizer(models.WordLevel({"[UNK]": 0}, unk_token="[UNK]"))
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    slug, _ = criteria.add_own(library, "Mine", {"tokenizer.json": tokenizer.to_str().encode()})
    criteria.set_target(library, "talks", Chosen(vocabulary=slug, limit=1))
    analysing.bring_up_to_date(library, "talks")
    assert browsing.matching_keys(library, "talks", View(diagnostic="tokens.over_limit"))
    criteria.tokenizer_path(library, slug).unlink()
    measuring.counter_of.cache_clear()
    criteria.set_target(library, "talks", Chosen(vocabulary=slug, limit=2))
    assert analysing.bring_up_to_date(library, "talks") == 6
    assert browsing.matching_keys(library, "talks", View(diagnostic="tokens.over_limit")) == []
    for count in (lambda: reporting.tokens(library, "talks"), lambda: measuring.counting(library, slug)):
        with pytest.raises(Refused, match="cannot be read"):
            count()


def test_where_the_tokenizer_fails_on_an_entry_its_tokens_are_not_said_to_be_none(library, talks):
    vocabulary = [(letter, 0.0) for letter in sorted(set(TRIAL) - set("Q"))]
    tokenizer = Tokenizer(models.Unigram(vocabulary, None, False))
    slug, _ = criteria.add_own(library, "Mine", {"tokenizer.json": tokenizer.to_str().encode()})
    criteria.set_target(library, "talks", Chosen(vocabulary=slug))
    with pytest.raises(Refused, match="fails on every entry"):
        reporting.tokens(library, "talks")
