"""By what the entries of a dataset are checked: rules, a target, and templates of the person's own."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from app.domain.names import quoted
from app.domain.tags import free_slug
from app.domain.targets.chosen import Chosen
from app.domain.targets.families import FAMILIES, Family, family_from
from app.domain.targets.sandbox import TemplateError
from app.domain.targets.trainers import TRAINERS
from app.domain.tokens import VOCABULARIES, BadTokenizer
from app.domain.validation.rules import Rules
from app.errors import NotFound, Refused
from app.registry.database import connected
from app.registry.models import Character, Criteria, OwnTarget
from app.services import sandboxed
from app.services.library import Library
from app.services.operation import Door, OperationInfo, operation
from app.store import tokenizers
from app.store.measuring import counter_in

TOKENIZER = "tokenizer.json"
LONGEST_NAME = 100
_NOTHING: dict[str, Any] = {"rules": {}, "target": {}}


@dataclass(frozen=True, slots=True)
class Own:
    """A chat template, a tokenizer, or both, of the person's own."""

    slug: str
    name: str
    has_template: bool
    has_tokenizer: bool


def rules_for(library: Library, slug: str | None) -> Rules:
    """The rules that a dataset is checked by, or those for all datasets.

    What is said of all datasets holds where nothing is said of this one.
    """
    with connected():
        row = library.row(slug).id if slug else None
        said = _all_said((Criteria.dataset == row) | Criteria.dataset.is_null())
        return _usual_rules(said.get(None, _NOTHING)).changed(said.get(row, _NOTHING)["rules"])


def for_each() -> Callable[[int], tuple[Rules, Chosen]]:
    """The rules and the target of any dataset by its number, as :func:`rules_for` and :func:`target_for`.

    The registry is asked once for all of them.
    """
    with connected():
        said = _all_said()
        usual = _usual_rules(said.get(None, _NOTHING))
        owned = _owned() if any(each["target"] for each in said.values()) else ()

    def of(dataset: int) -> tuple[Rules, Chosen]:
        own = said.get(dataset, _NOTHING)
        return usual.changed(own["rules"]), _target(own["target"], owned)

    return of


def _all_said(*which: Any) -> dict[int | None, dict[str, Any]]:
    """The rules and the target in all rows, by the number of the dataset; what is said of all has none.

    :param which: only those rows, as a condition.
    """
    rows = Criteria.select().where(*which) if which else Criteria.select()
    return {
        row.__data__["dataset"]: {"rules": json.loads(row.rules), "target": json.loads(row.target)}
        for row in rows
    }


def _usual_rules(said: Mapping[str, Any]) -> Rules:
    """The rules for all datasets. The caller is connected."""
    inactive = Character.select().where(~Character.is_active).order_by(Character.id)
    rules = Rules().changed(said["rules"])
    return replace(rules, inactive_characters=tuple(row.display_name for row in inactive))


def own_rules(library: Library, slug: str | None) -> dict[str, Any]:
    """What is said of a dataset itself, or of all, by the names of the rules."""
    with connected():
        found: dict[str, Any] = _said(library.row(slug).id if slug else None)["rules"]
    return found


def _said(dataset: int | None) -> dict[str, Any]:
    """The rules and the target of a dataset, or of all; nothing where none are. The caller is connected."""
    return _all_said(Criteria.dataset == dataset).get(dataset, _NOTHING)


def set_rules(library: Library, slug: str | None, values: Mapping[str, Any]) -> OperationInfo | None:
    """Change rules of a dataset, or of all; None if they were so already.

    :param values: by the name of the rule; None takes what was said back.
    :raises Refused: for a value that cannot be; nothing is changed then.
    """
    title = f"Rules of {slug}" if slug else "Rules of validation"
    with operation(library, title) as door:
        row = library.row(slug).id if slug else None
        said = _said(row)["rules"]
        wanted = {name: value for name, value in {**said, **values}.items() if value is not None}
        try:
            Rules().changed(wanted)
        except ValueError as error:
            raise Refused(str(error), "Correct it, and save again. Nothing was changed.") from error
        if "inactive_characters" in wanted:
            raise Refused("Characters are set aside on their own page.", "Nothing was changed.")
        _put(door, row, rules=wanted)
    return door.info


def target_for(library: Library, slug: str) -> Chosen:
    """The target that was chosen for a dataset; an empty one where none was, or it is gone."""
    with connected():
        return _target(_said(library.row(slug).id)["target"])


def _target(said: Mapping[str, Any], own: Sequence[Own] | None = None) -> Chosen:
    try:
        return Chosen.of({**said, **dict.fromkeys(_gone(said, own), "")})
    except ValueError:  # a trainer that this version does not know
        return Chosen()


def gone(library: Library, slug: str) -> tuple[str, ...]:
    """The names of the template and the tokenizer that were chosen for a dataset and are no longer there."""
    with connected():
        said = _said(library.row(slug).id)["target"]
        return tuple(dict.fromkeys(said[kind] for kind in _gone(said)))


def _gone(said: Mapping[str, Any], own: Sequence[Own] | None = None) -> list[str]:
    """Which of a choice is no longer there: the template, the tokenizer.

    :param own: the templates and tokenizers of the person's own; without, the caller is connected.
    """
    named = [kind for kind in ("family", "vocabulary") if said.get(kind)]
    if named and own is None:
        own = _owned()
    there = {
        "family": {*FAMILIES, *(each.slug for each in own or () if each.has_template)},
        "vocabulary": {*VOCABULARIES, *(each.slug for each in own or () if each.has_tokenizer)},
    }
    return [kind for kind in named if said[kind] not in there[kind]]


def set_target(library: Library, slug: str, chosen: Chosen) -> OperationInfo | None:
    """Choose the target of a dataset; None if it was chosen already.

    :raises Refused: if there is no such template or tokenizer.
    """
    check(library, chosen)
    title = f"Check {slug} against {chosen.name}" if chosen.name else f"Check {slug} against no target"
    with operation(library, title) as door:
        row = library.row(slug).id
        usual = asdict(Chosen())
        _put(door, row, target={k: v for k, v in chosen.as_json().items() if v != usual[k]})
    return door.info


def check(library: Library, chosen: Chosen) -> None:
    """Nothing, if the template and the tokenizer of a choice are there.

    :raises Refused: if not.
    """
    if chosen.family and chosen.family not in families(library):
        raise Refused(f"There is no chat template called {quoted(chosen.family)}.", "Choose one of the list.")
    if chosen.vocabulary and chosen.vocabulary not in (*VOCABULARIES, *own_tokenizers(library)):
        raise Refused(f"There is no tokenizer called {quoted(chosen.vocabulary)}.", "Choose one of the list.")


def with_vocabulary(library: Library, chosen: Chosen, name: str) -> Chosen:
    """The same choice, counted with another vocabulary.

    :raises Refused: if there is none of that name.
    """
    other = Chosen.of({**chosen.as_json(), "vocabulary": name})
    check(library, other)
    return other


def _put(door: Door, dataset: int | None, **values: Mapping[str, Any]) -> None:
    row = Criteria.get_or_none(Criteria.dataset == dataset)
    written = {name: json.dumps(value, ensure_ascii=False, sort_keys=True) for name, value in values.items()}
    if row is not None:
        door.put("criteria", row.id, written)
    elif any(values.values()):
        door.put("criteria", None, {"dataset": dataset, "rules": "{}", "target": "{}", **written})


def families(library: Library) -> dict[str, Family]:
    """Every chat template by its name: those on board, and the person's own."""
    with connected():
        return _families()


def _families() -> dict[str, Family]:
    own = OwnTarget.select().where(OwnTarget.template != "").order_by(OwnTarget.slug)
    return {**FAMILIES, **{row.slug: _family(row) for row in own}}


def _family(row: OwnTarget) -> Family:
    vocabulary = row.slug if row.tokenizer else ""
    return Family(
        row.slug, row.name, "your own", row.template, row.bos_token, row.eos_token,
        vocabulary=vocabulary, source="your files",
    )  # fmt: skip


def family(library: Library, name: str) -> Family:
    """A chat template by its name.

    :raises NotFound: if there is none.
    """
    if name in FAMILIES:
        return FAMILIES[name]
    with connected():
        row = OwnTarget.get_or_none(OwnTarget.slug == name, OwnTarget.template != "")
    if row is None:
        raise NotFound(f"There is no chat template called {quoted(name)}.", "It may have been removed.")
    return _family(row)


def own_tokenizers(library: Library) -> list[str]:
    """The names of the tokenizers of the person's own."""
    with connected():
        return _own_tokenizers()


def _own_tokenizers() -> list[str]:
    return [row.slug for row in OwnTarget.select().where(OwnTarget.tokenizer != "").order_by(OwnTarget.slug)]


def tokenizer_path(library: Library, name: str) -> Path | None:
    """Where the tokenizer of the person's own lies; None for a vocabulary on board.

    :raises NotFound: if there is neither.
    """
    with connected():
        row = OwnTarget.get_or_none(OwnTarget.slug == name, OwnTarget.tokenizer != "")
    if row is not None:
        return library.places.tokenizer(row.tokenizer)
    if name in VOCABULARIES:
        return None
    raise NotFound(f"There is no tokenizer called {quoted(name)}.", "It may have been removed.")


def owned(library: Library) -> tuple[Own, ...]:
    """The templates and tokenizers of the person's own."""
    with connected():
        return _owned()


def _owned() -> tuple[Own, ...]:
    rows = OwnTarget.select().order_by(OwnTarget.slug)
    return tuple(Own(row.slug, row.name, bool(row.template), bool(row.tokenizer)) for row in rows)


def add_own(library: Library, name: str, files: Mapping[str, bytes]) -> tuple[str, OperationInfo | None]:
    """Keep a chat template or a tokenizer of the person's own; returns its slug and the operation.

    :param files: ``tokenizer_config.json``, ``chat_template.jinja``, ``tokenizer.json`` by their names.
    :raises Refused: if there is neither in them, or one cannot be read; nothing is kept then.
    """
    _check_name(name)
    tokenizer = files.get(TOKENIZER)
    others = {file: data for file, data in files.items() if file != TOKENIZER}
    try:
        found = _family_from(name, others) if others else None
        if tokenizer is not None:
            counter_in(name, tokenizer)
    except (TemplateError, BadTokenizer) as error:
        raise Refused(str(error), "Nothing was kept. Choose the files that came with the model.") from error
    if found is None and tokenizer is None:
        raise Refused("There is no file.", "Choose a chat template, a tokenizer.json, or both.")
    with operation(library, f"Add template {quoted(name.strip())}") as door:
        digest = tokenizers.keep(library.places, tokenizer) if tokenizer is not None else ""
        taken = {row.slug for row in OwnTarget.select()} | {*FAMILIES, *TRAINERS, *VOCABULARIES}
        slug = free_slug(name, taken, nameless="template")
        door.put(
            "owntarget",
            None,
            {
                "slug": slug,
                "name": name.strip(),
                "template": found.template if found else "",
                "bos_token": found.bos_token if found else "",
                "eos_token": found.eos_token if found else "",
                "tokenizer": digest,
            },
        )
    return slug, door.info


def _check_name(name: str) -> None:
    if not name.strip():
        raise Refused("A template needs a name.", "Write one, such as that of your model.")
    if len(name) > LONGEST_NAME or not name.strip().isprintable():
        raise Refused(
            "This name is not one line of text.", f"Write a short one, with {LONGEST_NAME} letters at most."
        )


def _family_from(name: str, files: Mapping[str, bytes]) -> Family:
    """The family that the files describe, whose template can be read.

    :raises TemplateError: if it cannot.
    """
    found = family_from(name, files)
    try:
        "".join((found.template, found.bos_token, found.eos_token)).encode()
    except UnicodeEncodeError as error:
        raise TemplateError("The chat template holds half of a character (a lone surrogate).") from error
    sandboxed.check(found)
    return found


def add_own_from(library: Library, name: str, paths: Mapping[str, Path]) -> tuple[str, OperationInfo | None]:
    """Keep a template or tokenizer from files of this machine, by what each is; see :func:`add_own`."""
    return add_own(library, name, {kind: tokenizers.read(path) for kind, path in paths.items()})


def remove_own(library: Library, slug: str) -> OperationInfo | None:
    """Take a template or tokenizer of the person's own away; datasets that used it are checked without.

    :raises NotFound: if there is none.
    """
    with operation(library, f"Remove template {quoted(slug)}") as door:
        row = OwnTarget.get_or_none(OwnTarget.slug == slug)
        if row is None:
            raise NotFound(f"There is no template called {quoted(slug)}.", "It may be gone already.")
        door.put("owntarget", row.id, None)
    return door.info
