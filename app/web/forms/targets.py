"""The forms of targets: what a dataset is checked against, and files of a template of the person's own."""

import re
from collections.abc import Iterable
from pathlib import PurePosixPath
from typing import Any

from werkzeug.datastructures import FileStorage
from wtforms import IntegerField, RadioField, SelectField
from wtforms.validators import NumberRange, Optional

from app.domain.targets.chosen import LONGEST, Chosen
from app.domain.targets.trainers import TRAINERS
from app.web.forms import Form, options, whole

MASK_WORDS = {
    "assistant": "Every answer",
    "last": "The last answer",
    "all": "Everything",
    "flags": "What “train” or “weight” say",
}
Groups = list[tuple[str, list[tuple[str, str]]]]  # values with their words, in groups with a heading


_GROUPED = re.compile("[0-9]{1,3}(?:([,.'’_ \u00a0\u2009\u202f])[0-9]{3})(?:\\1[0-9]{3})*")
_LENGTH = f"Write a whole number of tokens from 1 to {LONGEST:,}, such as 4096 or 4,096."


class TokensField(IntegerField):  # type: ignore[misc]  # WTForms has no types
    """A number of tokens, in groups of three digits or without, as people write it."""

    def process_formdata(self, valuelist: list[str]) -> None:
        """The number that was written.

        :raises ValueError: if there is none; the text says what to write.
        """
        text = valuelist[0].strip() if valuelist else ""
        digits = "".join(filter(str.isdigit, text)) if _GROUPED.fullmatch(text) else text
        self.data = whole(digits)
        if text and self.data is None:
            raise ValueError(_LENGTH)


class TargetForm(Form):
    """What a dataset is checked against."""

    trainer = SelectField(
        "Trainer", choices=options([("", "None"), *((n, t.title) for n, t in TRAINERS.items())])
    )
    family = SelectField(
        "Chat template",
        description="How the model is told who speaks. It belongs to the model, not to the trainer.",
    )
    vocabulary = SelectField("Tokens are counted with")
    limit = TokensField("Context length in tokens", validators=[Optional(), NumberRange(1, LONGEST, _LENGTH)])
    mask = RadioField("Trained on", choices=options(MASK_WORDS.items()), default="assistant")

    @classmethod
    def of(cls, chosen: Chosen, templates: Groups, vocabularies: Groups) -> "TargetForm":
        """The form of what is chosen, with what there is to choose from."""
        return cls(data=chosen.as_json())._offering(templates, vocabularies)

    @classmethod
    def posted(cls, data: Any, templates: Groups, vocabularies: Groups) -> "TargetForm":
        """The form as it was sent."""
        return cls(data)._offering(templates, vocabularies)

    def _offering(self, templates: Groups, vocabularies: Groups) -> "TargetForm":
        self.family.choices = {"": options([("", "None")]), **_grouped(templates)}
        self.vocabulary.choices = {"": options([("", "What fits the template")]), **_grouped(vocabularies)}
        return self

    def chosen(self) -> Chosen:
        """What was chosen; the form was found good before."""
        return Chosen.of({field.name: field.data for field in self})


def _grouped(groups: Groups) -> dict[str, Any]:
    return {group: options(listed) for group, listed in groups}


def named_files(files: Iterable[FileStorage]) -> dict[str, bytes]:
    """The bytes of uploaded files by their own names, whatever folder the browser says they were in."""
    return {
        PurePosixPath(str(file.filename).replace("\\", "/")).name: file.stream.read()
        for file in files
        if file.filename
    }
