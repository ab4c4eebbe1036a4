"""By what entries are checked: rules, a target, and the person's own templates; all of it can be undone."""

import json
from hashlib import sha256

import pytest

from app.domain.targets.chosen import Chosen
from app.domain.targets.families import FAMILIES
from app.domain.tokens import VOCABULARIES
from app.domain.validation.rules import Rules
from app.errors import Conflict, NotFound, Refused
from app.registry.database import connected
from app.registry.models import Criteria
from app.services import characters, criteria, history, sandboxed, shelving
from app.services.measuring import counting
from app.services.opening import import_path
from app.services.rendering import renderer
from tests.deeds import TOKENIZER
from tests.workshop import check_home, dataset

TEMPLATE = b"{{ bos_token }}{% for m in messages %}<{{ m.role }}>{{ m.content }}{% endfor %}"
CONFIG = json.dumps(
    {"bos_token": {"content": "<s>"}, "eos_token": "</s>", "chat_template": "{{ 1 }}"}
).encode()
MESSAGES = [{"role": "user", "content": "Hi"}]


@pytest.fixture(autouse=True, scope="module")
def _closed():
    yield
    sandboxed.close()


def _undo(library):
    return history.undo_shared(library, tables=history.CRITERIA)


@pytest.mark.usefixtures("talks")
def test_what_is_said_of_a_dataset_goes_before_what_is_said_of_all(library, tmp_path):
    assert criteria.rules_for(library, "talks") == criteria.rules_for(library, None) == Rules()
    done = criteria.set_rules(library, None, {"split_words": 900, "slop": ["a tapestry of", "orbs"]})
    assert (done.title, done.datasets) == ("Rules of validation", ())
    criteria.set_rules(library, "talks", {"slop": []})
    assert criteria.rules_for(library, "talks") == Rules(split_words=900, slop=())
    assert criteria.rules_for(library, None) == Rules(split_words=900, slop=("a tapestry of", "orbs"))
    assert criteria.own_rules(library, "talks") == {"slop": []}
    criteria.set_rules(library, "talks", {"slop": None})
    assert criteria.rules_for(library, "talks") == criteria.rules_for(library, None)
    check_home(library, tmp_path)


@pytest.mark.usefixtures("talks")
def test_rules_that_are_so_already_are_no_operation(library):
    assert criteria.set_rules(library, "talks", {}) is None
    assert criteria.set_rules(library, "talks", {"ooc": None}) is None
    assert criteria.set_rules(library, "talks", {"split_words": 5}) is not None
    assert criteria.set_rules(library, "talks", {"split_words": 5}) is None


def test_rules_are_undone_and_done_again_one_by_one(library):
    criteria.set_rules(library, None, {"split_words": 5})
    criteria.set_rules(library, None, {"split_words": 6, "never_publish": ["Éowyn"]})
    assert [each.title for each in history.shared_operations(history.CRITERIA)] == ["Rules of validation"] * 2
    _undo(library)
    assert criteria.rules_for(library, None) == Rules(split_words=5)
    _undo(library)
    assert criteria.rules_for(library, None) == Rules()
    with connected():
        assert Criteria.select().count() == 0
    history.redo_shared(library)
    assert criteria.rules_for(library, None) == Rules(split_words=5)


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"split_words": 0}, "whole number"),
        ({"split_words": True}, "whole number"),
        ({"slop": "one"}, "list of texts"),
        ({"slop": [" "]}, "empty"),
        ({"ooc": ["x" * 201]}, "longer than 200"),
        ({"nonsense": []}, "no rule “nonsense”"),
        ({"inactive_characters": ["A"]}, "own page"),
    ],
)
def test_a_rule_that_cannot_be_is_refused_and_nothing_changed(library, values, words):
    with pytest.raises(Refused, match=words):
        criteria.set_rules(library, None, {"split_exchanges": 3, **values})
    assert criteria.rules_for(library, None) == Rules()


def test_the_characters_set_aside_are_among_the_rules(library):
    slug = characters.create(library, "Éowyn " + "x" * 190).slug
    assert criteria.rules_for(library, None).inactive_characters == ()
    characters.deactivate(library, slug)
    assert criteria.rules_for(library, None).inactive_characters == ("Éowyn " + "x" * 190,)


@pytest.mark.usefixtures("talks")
def test_a_target_is_chosen_undone_and_forgotten_with_what_it_named(library, tmp_path):
    assert criteria.target_for(library, "talks") == Chosen()
    assert criteria.set_target(library, "talks", Chosen()) is None
    chosen = Chosen("trl", "gemma3", "llama3", 4096, "last")
    done = criteria.set_target(library, "talks", chosen)
    assert done.title == "Check talks against trl+gemma3"
    assert criteria.target_for(library, "talks") == chosen
    assert criteria.set_target(library, "talks", chosen) is None
    criteria.set_rules(library, "talks", {"split_words": 7})
    assert criteria.target_for(library, "talks") == chosen
    shelving.rename(library, "talks", "tales")
    assert criteria.target_for(library, "tales") == chosen
    assert criteria.set_target(library, "tales", Chosen()).title == "Check tales against no target"
    _undo(library)
    assert criteria.target_for(library, "tales") == chosen
    check_home(library, tmp_path)


@pytest.mark.parametrize("chosen", [Chosen(family="nobody"), Chosen(vocabulary="nobody")])
@pytest.mark.usefixtures("talks")
def test_a_target_that_is_not_there_is_refused(library, chosen):
    with pytest.raises(Refused, match="called “nobody”"):
        criteria.set_target(library, "talks", chosen)


@pytest.mark.usefixtures("talks")
def test_a_dataset_in_the_trash_keeps_its_criteria(library):
    criteria.set_target(library, "talks", Chosen("trl"))
    shelving.trash(library, "talks")
    shelving.untrash(library, "talks")
    assert criteria.target_for(library, "talks") == Chosen("trl")


@pytest.mark.usefixtures("talks")
def test_a_template_and_a_tokenizer_of_ones_own(library, tmp_path):
    files = {"tokenizer_config.json": CONFIG, "chat_template.jinja": TEMPLATE, "tokenizer.json": TOKENIZER}
    slug, done = criteria.add_own(library, " My Model ", files)
    assert (slug, done.title) == ("my_model", "Add template “My Model”")
    assert library.places.tokenizer(sha256(TOKENIZER).hexdigest()).read_bytes() == TOKENIZER
    family = criteria.family(library, slug)
    assert (family.bos_token, family.eos_token, family.vocabulary) == ("<s>", "</s>", slug)
    with renderer(library, slug) as rendering:
        assert rendering.render(MESSAGES) == "<s><user>Hi"
    assert counting(library, slug).count("Hi") > 0
    assert criteria.set_target(library, "talks", Chosen(family=slug, vocabulary=slug)) is not None
    check_home(library, tmp_path)

    criteria.remove_own(library, slug)
    assert criteria.target_for(library, "talks") == Chosen()
    assert criteria.owned(library) == ()
    with pytest.raises(NotFound):
        criteria.family(library, slug)
    with pytest.raises(NotFound):
        criteria.tokenizer_path(library, slug)
    with pytest.raises(NotFound):
        criteria.remove_own(library, slug)
    _undo(library)
    assert criteria.target_for(library, "talks") == Chosen(family=slug, vocabulary=slug)
    assert counting(library, slug).count("a") == 1
    check_home(library, tmp_path)


def test_a_removal_is_not_undone_over_another_of_the_same_name(library):
    criteria.add_own(library, "Mine", {"x.jinja": TEMPLATE})
    removal = criteria.remove_own(library, "mine")
    criteria.add_own(library, "Mine", {"x.jinja": b"other"})
    with pytest.raises(Conflict, match="Later operations changed the same: “Add template “Mine”” "):
        history.undo_shared(library, removal.id)


@pytest.mark.usefixtures("talks")
def test_rules_chosen_before_a_target_are_not_undone_under_it(library):
    first = criteria.set_rules(library, "talks", {"split_words": 7})
    criteria.set_target(library, "talks", Chosen("trl"))
    with pytest.raises(Conflict, match="Later operations changed the same: “Check talks against trl” "):
        history.undo_shared(library, first.id)


def test_names_are_not_taken_twice(library):
    for name in ("chatml", "trl", "llama3", "Mine", "mine!"):
        criteria.add_own(library, name, {"x.jinja": TEMPLATE})
    slugs = [each.slug for each in criteria.owned(library)]
    assert slugs == ["chatml_2", "llama3_2", "mine", "mine_2", "trl_2"]
    assert criteria.families(library).keys() == {*FAMILIES, *slugs}
    assert criteria.family(library, "chatml") == FAMILIES["chatml"]
    assert criteria.tokenizer_path(library, "llama3") is None
    assert criteria.own_tokenizers(library) == []
    assert not {*VOCABULARIES} & {*slugs}


@pytest.mark.parametrize(
    ("name", "files", "words"),
    [
        (" ", {"x.jinja": TEMPLATE}, "needs a name"),
        ("x" * 101, {"x.jinja": TEMPLATE}, "not one line"),
        ("a\nb", {"x.jinja": TEMPLATE}, "not one line"),
        ("\ud800", {"x.jinja": TEMPLATE}, "not one line"),
        ("Mine", {}, "There is no file"),
        ("Mine", {"x.jinja": b"{% if %}"}, "cannot be read at line 1"),
        ("Mine", {"x.jinja": b""}, "is empty"),
        ("Mine", {"x.jinja": b"\xff"}, "not UTF-8"),
        ("Mine", {"tokenizer_config.json": b'{"chat_template": "\\ud800"}'}, "half of a character"),
        ("Mine", {"tokenizer_config.json": b"{}"}, "no chat template"),
        ("Mine", {"tokenizer.json": b"{}"}, "no tokenizer.json that can be used"),
        ("Mine", {"x.jinja": TEMPLATE, "tokenizer.json": b"["}, "no tokenizer.json that can be used"),
    ],
)
def test_what_is_no_template_is_refused_and_nothing_kept(library, tmp_path, name, files, words):
    with pytest.raises(Refused, match=words):
        criteria.add_own(library, name, files)
    assert criteria.owned(library) == ()
    assert list(library.places.tokenizers.iterdir()) == []
    check_home(library, tmp_path)


def test_files_of_this_machine_are_copied(library, tmp_path):
    (tmp_path / "t.json").write_bytes(TOKENIZER)
    slug, _ = criteria.add_own_from(library, "Mine", {"tokenizer.json": tmp_path / "t.json"})
    (tmp_path / "t.json").unlink()
    assert criteria.tokenizer_path(library, slug).read_bytes() == TOKENIZER
    assert [(each.has_template, each.has_tokenizer) for each in criteria.owned(library)] == [(False, True)]


def test_a_tokenizer_that_was_damaged_is_put_right_by_adding_it_again(library):
    slug, _ = criteria.add_own(library, "Mine", {"tokenizer.json": TOKENIZER})
    criteria.tokenizer_path(library, slug).write_bytes(b"{}")
    again, _ = criteria.add_own(library, "Mine", {"tokenizer.json": TOKENIZER})
    assert criteria.tokenizer_path(library, slug) == criteria.tokenizer_path(library, again)
    assert counting(library, slug).count("a") == 1


def test_what_undoing_an_import_leaves_is_still_there_when_it_is_taken_out_again(library, tmp_path):
    import_path(library, dataset(tmp_path / "talks.jsonl"))
    criteria.set_rules(library, "talks", {"split_words": 7})
    history.undo(library, "talks")
    shelving.untrash(library, "talks")
    assert criteria.rules_for(library, "talks") == Rules(split_words=7)
