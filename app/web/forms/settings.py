"""The form of the settings."""

from wtforms import BooleanField, SelectField, StringField
from wtforms.validators import Length

from app.domain.view import SIZES
from app.web.forms import Form, options

THEMES = (("system", "Like the system"), ("light", "Light"), ("dark", "Dark"))


class SettingsForm(Form):
    """What a person may choose."""

    theme = SelectField("Theme", choices=options(THEMES))
    page_size = SelectField(
        "Entries per page", choices=options((size, str(size)) for size in SIZES), coerce=int
    )
    letters_as_shortcuts = BooleanField(
        "Letters work as shortcuts",
        description="Switch this off if you use speech input, or press letters by accident.",
    )
    confirm_delete_entries = BooleanField(
        "Ask before entries are deleted", description="A deletion can be undone either way."
    )
    preview_user_name = StringField(
        "Name of the user in previews",
        validators=[Length(max=80, message="This name is longer than 80 letters. Shorten it.")],
    )
    preview_assistant_name = StringField(
        "Name of the assistant in previews",
        validators=[Length(max=80, message="This name is longer than 80 letters. Shorten it.")],
    )
