"""What a chat template makes of a shape of messages, found out by trying it.

Nothing here knows one template from another: each is given messages of placeholders, and what comes out is
looked at. So a person's own template is judged as ours are.
"""

import re
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any

from app.domain.roles import SYSTEM
from app.domain.targets.bounds import TemplateError
from app.domain.targets.families import Family, Render
from app.domain.targets.handing import handed
from app.domain.targets.rendering import is_prose
from app.domain.targets.shapes import (
    BARE,
    MISSING,
    NO_OBJECT,
    NULL,
    PARTS,
    TEXT,
    Part,
    Shape,
    placeholder,
)

_ROLES = {"S": "system", "U": "user", "A": "assistant", "H": "human", "G": "gpt"}
_PLACEHOLDER = re.compile("X[0-9]+X")

# Arrangements that a template refuses, where it takes the one beside it: then the code is an error for it.
_TRIALS = (
    ("chatml.assistant_first", ("AUA", "SAUA"), ("UA", "SUA")),
    ("chatml.not_alternating", ("UUA", "UAA"), ("UA", "UA")),
    ("chatml.system_not_first", ("UASUA",), ("UAUA",)),
    ("chatml.duplicate_system_message", ("SSUA",), ("SUA",)),
    ("chatml.last_not_assistant", ("UAU",), ("UA",)),
    ("chatml.role_canonicalization", ("HG",), ("UA",)),
    ("chatml.missing_system_role", ("UA",), ("SUA",)),
)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What becomes of the messages. All but ``error`` says nothing where there is an error.

    ``error`` is a sentence. ``lost`` are the messages whose text is left out; ``system_lost`` and
    ``text_lost`` say whether they are system prompts or others. ``system_added``: there is no system prompt,
    and the template writes one of its own. ``none_printed``: “None” stands where a message has no content.
    ``thought_lost``: what an answer thought is left out, but the answer is there. ``trimmed``: a text is
    there without the white space at one of its ends.
    """

    error: str = ""
    lost: tuple[int, ...] = ()
    system_lost: bool = False
    text_lost: bool = False
    system_added: bool = False
    none_printed: bool = False
    thought_lost: bool = False
    trimmed: bool = False


def outcome(family: Family, render: Render, shape: Shape, trainer: str = "") -> Outcome:
    """What the family's template makes of the shape.

    :param render: renders a list of messages with that template.
    :param trainer: hands the messages to the template in its own way.
    """
    beside = shape.beside()

    def through(probe: list[Any]) -> str:
        return render(handed({**beside, "messages": probe}, trainer).messages)

    probes = [shape.probe(thought) for thought in shape.thoughts or ("",)]
    try:
        texts = [through(probe) for probe in probes]
        trimmed = bool(shape.ends) and _trimmed(through, shape)
    except TemplateError as error:
        return Outcome(str(error))
    is_led = bool(handed({**beside, "messages": probes[0]}, trainer).before)
    words = [
        placeholder(at) if part.content in (TEXT, PARTS, BARE) else ""
        for at, part in enumerate(shape.messages)
    ]
    lost = tuple(at for at, word in enumerate(words) if word and any(word not in text for text in texts))
    systems = {at for at, part in enumerate(shape.messages) if part.canonical == SYSTEM}
    return Outcome(
        lost=lost,
        system_lost=any(at in systems for at in lost) or (is_led and _prompt_lost(beside, shape, texts)),
        text_lost=any(at not in systems for at in lost),
        system_added=not systems and not is_led and _system_added(through, shape, texts[0]),
        none_printed=_prints_none(through, shape, probes[0], texts[0]),
        thought_lost=any(_thought_lost(*each, lost) for each in zip(probes, texts, strict=True)),
        trimmed=trimmed,
    )


def _system_added(render: Render, shape: Shape, text: str) -> bool:
    """Whether there is prose before the first message.

    Where the first messages say nothing, their markup would pass for prose: then each is given a text.
    """
    if is_prose(_PLACEHOLDER.split(text, maxsplit=1)[0]) and any(
        part.content != TEXT and part.content not in NO_OBJECT for part in shape.messages
    ):
        spoken = tuple(
            part if part.content in NO_OBJECT else replace(part, content=TEXT) for part in shape.messages
        )
        with suppress(TemplateError):
            text = render(replace(shape, messages=spoken).probe())
    return is_prose(_PLACEHOLDER.split(text, maxsplit=1)[0])


def _prompt_lost(beside: dict[str, Any], shape: Shape, texts: list[str]) -> bool:
    """Whether the text that the trainer makes the system prompt is left out."""
    word = placeholder(len(shape.messages))
    return beside["system"] == word and any(word not in text for text in texts)


def _thought_lost(probe: list[Any], text: str, lost: tuple[int, ...]) -> bool:
    """Whether what a message thinks is not in the text, though the message is."""
    for at, message in enumerate(probe):
        content = message.get("content") if isinstance(message, dict) else None
        word = f"T{placeholder(at)}T"
        if at not in lost and isinstance(content, str) and word in content and word not in text:
            return True
    return False


def _trimmed(render: Render, shape: Shape) -> bool:
    """Whether the text is shorter than it would be with all the white space that is put around its words."""
    bare = render(shape.probe())
    for blank in {end[2] for end in shape.ends}:
        whole = bare
        for at in range(len(shape.messages)):
            whole = whole.replace(placeholder(at), shape.padded(at, blank))
        if len(render(shape.probe(blank=blank))) < len(whole):
            return True
    return False


def _prints_none(render: Render, shape: Shape, probe: list[Any], text: str) -> bool:
    """Whether “None” comes out for a content that is not there: more often than for an empty one."""
    bare = [part.content in (NULL, MISSING) for part in shape.messages]
    if not any(bare) or "None" not in text:
        return False
    filled = [{**item, "content": ""} if empty else item for item, empty in zip(probe, bare, strict=True)]
    try:
        return render(filled).count("None") < text.count("None")
    except TemplateError:
        return True


def strictness(family: Family, render: Render, trainer: str = "") -> frozenset[str]:
    """The codes of validation that are errors for the template, as it refuses such messages or loses text.

    :param trainer: hands the messages to the template in its own way.
    """
    return frozenset(_refused(family, render, trainer))


def _refused(family: Family, render: Render, trainer: str) -> Iterator[str]:
    for code, wrong, right in _TRIALS:
        pairs = ((arranged(left), arranged(right_one)) for left, right_one in zip(wrong, right, strict=True))
        fates = (
            (_fails(family, render, left, trainer), _fails(family, render, other)) for left, other in pairs
        )
        if (True, False) in fates:
            yield code


def refuses_system(family: Family, render: Render) -> bool:
    """Whether the template takes a plain conversation, but not one with a system prompt before it."""
    return bool(outcome(family, render, arranged("SUA")).error) and not _fails(family, render, arranged("UA"))


def _fails(family: Family, render: Render, shape: Shape, trainer: str = "") -> bool:
    found = outcome(family, render, shape, trainer)
    return bool(found.error) or found.text_lost


def arranged(letters: str) -> Shape:
    """The shape of messages that the letters name: S system, U user, A assistant, H human, G gpt."""
    return Shape(tuple(Part(_ROLES[letter], TEXT) for letter in letters))
