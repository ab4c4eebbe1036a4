"""The side of an entry that shows it as its trainer will see it; its whole state is in the address."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from flask import request

from app.domain.targets.chosen import MASKS, Chosen
from app.domain.targets.families import FAMILIES
from app.domain.tokens import VOCABULARIES
from app.services import criteria, measuring, rendered_view
from app.services.rendering import DEFAULT
from app.web.context import library
from app.web.forms.targets import MASK_WORDS, Groups


def template_choices() -> Groups:
    """The chat templates in groups: those on board, and the person's own; each with its title."""
    there = criteria.families(library())
    own = [(name, each.title) for name, each in there.items() if name not in FAMILIES]
    on_board = [(name, each.title) for name, each in FAMILIES.items()]
    return [("On board", on_board), *([("Your own", own)] if own else [])]


def vocabulary_choices() -> Groups:
    """The vocabularies in groups: those on board, and the person's own."""
    names = {each.slug: each.name for each in criteria.owned(library()) if each.has_tokenizer}
    on_board = [(name, each.title) for name, each in VOCABULARIES.items()]
    return [("On board", on_board), *([("Your own", list(names.items()))] if names else [])]


def title_of(name: str, groups: Groups) -> str:
    """What a template or a vocabulary is called where a person reads it."""
    return next((title for _, group in groups for each, title in group if each == name), name)


def rendered_context(slug: str, key: str) -> dict[str, Any]:
    """What the templates need beside the open entry."""
    usual = criteria.target_for(library(), slug)
    target = asked_for(replace(usual, family=usual.family or DEFAULT), request.args)
    return {
        "rendered": rendered_view.view_of(library(), slug, key, target),
        "usual": usual,
        **choice_context(target),
    }


def choice_context(target: Chosen) -> dict[str, Any]:
    """What the templates need to offer another template or mask."""
    vocabulary = measuring.vocabulary_of(library(), target)
    return {
        "templates": template_choices(),
        "masks": MASK_WORDS,
        "vocabulary_title": title_of(vocabulary, vocabulary_choices()),
    }


def asked_for(usual: Chosen, args: Mapping[str, str]) -> Chosen:
    """The target as an address changes it; what it names and is not there counts as not named."""
    family, mask = args.get("template", ""), args.get("mask", "")
    target = replace(usual, mask=mask) if mask in MASKS else usual
    if family == usual.family or family not in criteria.families(library()):
        return target
    return replace(target, family=family, vocabulary="")
