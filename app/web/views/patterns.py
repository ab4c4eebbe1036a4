"""Every component in every state, in both themes; only in debug."""

from typing import Any

from flask import Blueprint, render_template
from werkzeug.datastructures import MultiDict
from wtforms import BooleanField, SelectField, StringField
from wtforms.validators import Length

from app.domain.comparing import compare
from app.domain.entry import Entry, render
from app.web.errors import Failure
from app.web.forms import Form, options
from app.web.forms.entry import EntryForm
from app.web.forms.settings import THEMES

bp = Blueprint("patterns", __name__)

BEFORE: dict[str, Any] = {
    "messages": [
        {"role": "system", "content": "You keep the harbour light and speak in short sentences."},
        {"role": "user", "content": "Is the kettle still warm?"},
        {"role": "assistant", "content": "*pours*\n\n“Warm enough. Sit. The fog will not lift before four.”"},
        {"role": "assistant", "content": [{"type": "text", "text": "A list of parts"}], "weight": 0},
        {"role": "user", "content": "Carriage\rreturn"},
        {"role": "Mara", "content": "She says nothing."},
    ],
    "tags": ["calm", "needs_review", "懸疑"],
}
AFTER = {
    **BEFORE,
    "messages": [*BEFORE["messages"][:2], {"role": "assistant", "content": "“Warm enough. Sit down.”"}],
}
ROWS = (
    ("1", 1, "user", "Is the kettle still warm?", ("calm",), None, ""),
    (
        "2",
        2,
        "user",
        "Tell me about the lantern at the end of the pier.",
        ("calm", "needs_review", "a", "b", "c"),
        ("the ", "lantern", " at the end"),
        "",
    ),
    ("3", 3, "assistant", "", (), None, "the key 'a' stands twice in one object"),
)


class SampleForm(Form):
    """Fields of every kind."""

    name = StringField(
        "Name",
        description="Letters, digits and underscores.",
        validators=[Length(min=3, message="This name is shorter than three letters. Add some.")],
    )
    theme = SelectField("Theme", choices=options(THEMES))
    letters = BooleanField("Letters work as shortcuts", description="Switch off if you use speech input.")


@bp.get("/patterns")
def show() -> str:
    """The page."""
    entry = Entry.of(render(BEFORE))
    rows = [
        {
            "key": key,
            "number": number,
            "speaker": speaker,
            "opening": opening,
            "tags": tags,
            "hit": hit,
            "locked": locked,
            "messages": 3,
        }
        for key, number, speaker, opening, tags, hit, locked in ROWS
    ]
    return render_template(
        "patterns/page.html",
        title="Patterns",
        entry=entry,
        form=EntryForm.of(BEFORE),
        sample={theme: SampleForm(prefix=theme) for theme in ("light", "dark")},
        wrong={theme: _wrong(theme) for theme in ("light", "dark")},
        rows=rows,
        lines=compare(BEFORE, AFTER),
        failure=Failure(409, "This entry was changed meanwhile.", "Compare both versions, then save again."),
    )


def _wrong(theme: str) -> SampleForm:
    """The form with a field that was refused."""
    form = SampleForm(MultiDict({f"{theme}-wrong-name": "a"}), prefix=f"{theme}-wrong")
    form.validate()
    return form
