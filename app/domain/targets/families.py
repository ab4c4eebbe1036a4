"""Chat template families: the ways in which models are told who speaks.

The templates in ``families_open.py`` and ``families_strict.py`` are our own. Each behaves as the published
template of its family does on every arrangement of messages: which it refuses, which texts it leaves out,
what it puts in, what it trims. What a published template says of tools, pictures and documents is not in
them, and of a long system prompt that one brings along there is only the beginning.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from app.domain.targets.families_open import OPEN
from app.domain.targets.families_strict import STRICT
from app.domain.targets.sandbox import SOME_DAY, Output, TemplateError, compile_template

# Renders messages; further names for the template (such as tools) may be given by name.
Render = Callable[..., str]

CONFIG, TEMPLATE, TEMPLATE_JSON = "tokenizer_config.json", "chat_template.jinja", "chat_template.json"
_DEFAULT = "default"  # the name of the template that is taken where there are several
OWN = "your own"  # the models of a template that the person brought


@dataclass(frozen=True, slots=True)
class Family:
    """One family.

    ``turn_end`` is what a model learns to write at the end of its turn; empty where it is not known.
    ``vocabulary`` names the one on board whose tokens come nearest, or is empty. ``notes`` are sentences
    for the person who chooses it.
    """

    name: str
    title: str
    models: str
    template: str = field(repr=False)
    bos_token: str = ""
    eos_token: str = ""
    turn_end: str = ""
    vocabulary: str = ""
    source: str = ""
    notes: tuple[str, ...] = ()

    @property
    def whose(self) -> str:
        """For which models it is; empty where its title says the same."""
        if self.models in (OWN, self.title):
            return OWN if self.models == OWN else ""
        return f"for {self.models}"

    @property
    def context(self) -> dict[str, str]:
        """The names that the template is rendered with, beside the messages."""
        return {"bos_token": self.bos_token, "eos_token": self.eos_token}

    def render(self, messages: list[Any], *, day: date = SOME_DAY, **context: Any) -> Output:
        """The training text of the messages, made in this process: for our own templates.

        :raises TemplateError: if the template refuses the messages or fails on them.
        """
        return compile_template(self.template).render(messages, day=day, **self.context, **context)


FAMILIES: dict[str, Family] = {values["name"]: Family(**values) for values in (*OPEN, *STRICT)}


def family_from(name: str, files: Mapping[str, bytes]) -> Family:
    """The family that a person's own files describe.

    The template is not tried here: it is a stranger's program, and is compiled and rendered only in a
    process of its own.

    :param files: the bytes of ``tokenizer_config.json``, ``chat_template.jinja`` or ``chat_template.json``
        by their names; a file of any other name that ends in .jinja is taken for a template.
    :raises TemplateError: if there is no template in them, or a file is not what its name says.
    """
    config = _object(CONFIG, files)
    template = _template(files, config)
    if not template.strip():
        raise TemplateError("The chat template is empty.")
    bos, eos = (_token(config.get(key)) for key in ("bos_token", "eos_token"))
    return Family(name, name, OWN, template, bos, eos, source="your files")


def _template(files: Mapping[str, bytes], config: dict[str, Any]) -> str:
    jinja = next((file for file in (TEMPLATE, *files) if file in files and file.endswith(".jinja")), "")
    if jinja:
        return _text(jinja, files[jinja])
    found = _object(TEMPLATE_JSON, files).get("chat_template") or config.get("chat_template")
    if isinstance(found, list):
        named = {str(item.get("name")): item.get("template") for item in found if isinstance(item, dict)}
        found = named.get(_DEFAULT) or next(iter(named.values()), None)
    if not isinstance(found, str):
        raise TemplateError(
            f"There is no chat template in these files. It stands in {TEMPLATE}, or under “chat_template” in"
            f" {CONFIG}."
        )
    return found


def _object(file: str, files: Mapping[str, bytes]) -> dict[str, Any]:
    """The object in a file of JSON; an empty one where the file is not there."""
    if file not in files:
        return {}
    try:
        value = json.loads(_text(file, files[file]))
    except (ValueError, RecursionError) as error:
        if isinstance(error, TemplateError):
            raise
        raise TemplateError(f"{file} is not JSON.") from error
    if not isinstance(value, dict):
        raise TemplateError(f"{file} holds no JSON object.")
    return value


def _text(file: str, data: bytes) -> str:
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise TemplateError(f"{file} is not UTF-8 (byte {error.start + 1}).") from error


def _token(value: Any) -> str:
    """A token as it is spelt: a text, or an object with its spelling under “content”."""
    found = value.get("content") if isinstance(value, dict) else value
    return found if isinstance(found, str) else ""
