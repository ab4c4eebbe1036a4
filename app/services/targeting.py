"""What the trainer and the chat template that were chosen make of the entries, shape by shape."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from app.domain.repairs import repaired
from app.domain.targets.chosen import Chosen
from app.domain.targets.outcomes import Outcome, outcome, refuses_system
from app.domain.targets.outcomes import strictness as strictness_of_template
from app.domain.targets.sandbox import TemplateError
from app.domain.targets.shapes import Shape
from app.domain.targets.trainers import TRAINERS, judge
from app.domain.targets.trainers import strictness as strictness_of_trainer
from app.domain.targets.verdicts import DROPPED, ERROR
from app.domain.validation.codes import CODES
from app.domain.validation.diagnostic import shown
from app.domain.validation.rules import Rules
from app.services.library import Library
from app.services.rendering import Renderer, renderer
from app.store.findings import Verdict

SYSTEM_REFUSED = "target.system_refused"
TRIMMED = "The chat template trims white space at the ends of texts."
_KEPT_OUT = (ERROR, DROPPED)  # of an entry that does not get as far as training
_NOT_SAID = "rank NOT IN (SELECT rank FROM findings WHERE code = 'target.untrained')"  # by its shape
_IS_IN = "rank NOT IN (SELECT rank FROM findings WHERE code IN ('target.error', 'target.dropped'))"


def verdicts(
    library: Library, chosen: Chosen, shapes: Iterable[tuple[int, str]]
) -> dict[int, tuple[Verdict, ...]]:
    """What the target makes of each shape, by the shape's number.

    What the trainer refuses or drops never reaches the chat template, which then says nothing of it.
    """
    numbered = [(number, Shape.decode(text)) for number, text in shapes]
    found = {number: _of_trainer(chosen, shape) for number, shape in numbered}
    if not decides(chosen) or not numbered:
        return found
    with renderer(library, chosen.family) as rendering:
        is_strict = refuses_system(rendering.family, rendering.render)
        for number, shape in numbered:
            if not any(each.code in _KEPT_OUT for each in found[number]):
                found[number] += _of_template(rendering, shape, chosen.trainer)
                if is_strict and any(each.code == ERROR for each in found[number]) and has_prompt(shape):
                    found[number] += (_verdict(SYSTEM_REFUSED, ""),)
    return found


def has_prompt(shape: Shape) -> bool:
    """Whether there is a system prompt that can be folded into the first message of the user."""
    probe = {"messages": shape.probe()}
    return repaired(probe, SYSTEM_REFUSED, Rules()) is not probe


def refusals(
    library: Library, chosen: Chosen, shapes: Iterable[tuple[str, int]]
) -> Iterator[tuple[str, int]]:
    """What the chat template says of the shapes that it does not render, though it decides nothing here.

    :param shapes: each with the number of entries that have it.
    """
    if not chosen.family:
        return
    with renderer(library, chosen.family) as rendering:
        for text, used in shapes:
            try:
                rendering.render(Shape.decode(text).probe())
            except TemplateError as error:
                yield str(error), used


def decides(chosen: Chosen) -> bool:
    """Whether the chat template that was chosen decides anything: some trainers do not ask it."""
    trainer = TRAINERS.get(chosen.trainer)
    return bool(chosen.family) and not (trainer and trainer.own_layout)


def _of_trainer(chosen: Chosen, shape: Shape) -> tuple[Verdict, ...]:
    if not chosen.trainer:
        return ()
    found = judge(chosen.trainer, shape)
    return tuple(_verdict(each.code, each.detail) for each in found)


def _of_template(rendering: Renderer, shape: Shape, trainer: str) -> tuple[Verdict, ...]:
    found = outcome(rendering.family, rendering.render, shape, trainer)
    return tuple(_verdict(code, what) for code, what in _said(found))


def _said(found: Outcome) -> Iterable[tuple[str, str]]:
    if found.error:
        yield ERROR, found.error
    if found.system_lost:
        yield "target.system_lost", ""
    if found.system_added:
        yield "target.system_added", ""
    if found.text_lost:
        yield "target.text_lost", "The chat template leaves out the text of a message."
    if found.thought_lost:
        yield "target.altered", "The chat template leaves out what an answer thinks."
    if found.none_printed:
        yield "target.altered", "The chat template writes “None” where a message has no content."
    if found.trimmed:
        yield "target.altered", TRIMMED


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a target does something to entries: what is said of them, who says so, and what helps."""

    code: str
    what: str
    source: str
    fixes: tuple[str, ...]


def reasons(chosen: Chosen, shapes: Iterable[str]) -> dict[tuple[str, str], Reason]:
    """Why the trainer does what it does to entries of some shapes, by code and what is said of them."""
    found: dict[tuple[str, str], Reason] = {}
    for text in shapes if chosen.trainer else ():
        for each in judge(chosen.trainer, Shape.decode(text)):
            what = shown(each.detail)
            found.setdefault((each.code, what), Reason(each.code, what, each.source, each.fixes))
    return found


def _verdict(code: str, what: str) -> Verdict:
    return Verdict(code, int(CODES[code].severity), shown(what))


def limit_of(chosen: Chosen) -> int | None:
    """The most tokens that an entry may have: the context chosen, else the trainer's own; None for any."""
    trainer = TRAINERS.get(chosen.trainer)
    return chosen.limit or (trainer.limit if trainer else None)


def limits(chosen: Chosen) -> Sequence[tuple[str, Verdict]]:
    """What is said of entries by their length, each as a condition of the index and what is said there."""
    found = []
    limit = limit_of(chosen)
    if limit:
        trainer = TRAINERS.get(chosen.trainer)
        found.append((f"tokens > {int(limit)}", _verdict("tokens.over_limit", "")))
        if trainer and trainer.excess in ("cut", "drop"):
            code = "target.cut" if trainer.excess == "cut" else "target.dropped"
            words = "cuts" if trainer.excess == "cut" else "drops"
            what = f"{trainer.title} {words} what is longer than {limit:,} tokens."
            where = f"tokens > {int(limit)}" + (f" AND {_IS_IN}" if code == "target.cut" else "")
            found.append((where, _verdict(code, what)))
    if chosen.trainer or chosen.family:
        untrained = _verdict("target.untrained", "No token of an answer is trained.")
        found.append((f"trained = 0 AND {_IS_IN} AND {_NOT_SAID}", untrained))
    return tuple(found)


def strictness(library: Library, chosen: Chosen) -> frozenset[str]:
    """The codes that are errors with this target, whatever they are without one."""
    found = strictness_of_trainer(chosen.trainer) if chosen.trainer else frozenset()
    if decides(chosen):
        with renderer(library, chosen.family) as rendering:
            found |= strictness_of_template(rendering.family, rendering.render, chosen.trainer)
    return found
