"""The person's preferences."""

from dataclasses import asdict

from flask import Blueprint, Response, flash, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from app.services import settings
from app.web.context import library, preferences
from app.web.forms.settings import SettingsForm
from app.web.htmx import answer, see_other

bp = Blueprint("settings", __name__, url_prefix="/settings")


@bp.get("")
def show() -> Response:
    """The form as things are set."""
    return answer("settings/page.html", (), title="Settings", form=SettingsForm(data=asdict(preferences())))


@bp.post("")
def save() -> BaseResponse:
    """Keep what was chosen, for every page from now on."""
    form = SettingsForm(request.form)
    if not form.validate():
        return answer("settings/page.html", (), status=422, title="Settings", form=form)
    settings.save(library(), **form.data)
    flash("Saved.")
    return see_other(url_for("settings.show"))
