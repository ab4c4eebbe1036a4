"""Every failure becomes one page or one alert: what happened, whether the files are safe, what to do."""

from dataclasses import dataclass
from typing import Any

from flask import Flask, Response, current_app, make_response, redirect, render_template, request, url_for
from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Response as BaseResponse

from app.errors import AppError, ChangedOutside, Moved
from app.jobs import Broken
from app.web import htmx, refusals

ENCODING = (
    "Choose its encoding beside the Open button, and open it again. With utf-8, the records that"
    " cannot be read are kept aside and the others are opened."
)
SAFE = "Your dataset files were not changed."


@dataclass(frozen=True, slots=True)
class Failure:
    """What a person reads when something did not work.

    ``choose`` names a dataset of which another program made a second version: both are offered.
    ``field`` is the id of the field that needs another value.
    ``guess`` is the encoding that a file may be in, ``sample`` its first letters read in that way.
    """

    status: int
    message: str
    hint: str
    safe: str = SAFE
    choose: str = ""
    field: str = ""
    guess: str = ""
    sample: str = ""


KNOWN = {
    400: Failure(400, "The request could not be read.", "Go back, reload the page and send it again."),
    404: Failure(
        404,
        "There is no page at this address.",
        "It may have been renamed or deleted. The library lists everything there is.",
    ),
    405: Failure(405, "This address cannot be used that way.", "Go back and use the button on the page."),
    413: Failure(
        413,
        "What was sent is larger than a form may be.",
        "Put it in a file and open that file from the library.",
    ),
    500: Failure(
        500,
        "Something in RoleThread failed that should not have.",
        "What happened stands in the terminal where RoleThread runs. Reload the page to go on.",
        "Your dataset files are whole: a change is written completely or not at all.",
    ),
}


def install(app: Flask) -> None:
    """Answer every error that a view raises."""
    refusals.install(app)
    app.register_error_handler(Moved, _moved)
    app.register_error_handler(Broken, _broken)
    app.register_error_handler(AppError, _foreseen)
    app.register_error_handler(HTTPException, _http)
    app.register_error_handler(Exception, _unforeseen)


def show(failure: Failure) -> Response:
    """The failure as an alert under the header for htmx, else as a page."""
    if not htmx.is_htmx():
        page = "errors/failed.html" if failure.status == 500 else "errors/error.html"
        return make_response(render_template(page, failure=failure, title=failure.message), failure.status)
    response = make_response(render_template("errors/_alert.html", failure=failure), failure.status)
    response.headers["HX-Retarget"] = "#alert"
    response.headers["HX-Reswap"] = "innerHTML"
    response.headers["HX-Push-Url"] = "false"
    return response


def _broken(error: Broken) -> Response:
    """The job has written to the terminal what happened."""
    return show(KNOWN[500])


def _foreseen(error: AppError) -> BaseResponse:
    failure = failure_of(error)
    again = None if htmx.is_htmx() else refusals.form_again(failure)
    return again or show(failure)


def failure_of(error: AppError) -> Failure:
    """What a person reads of a failure that was foreseen."""
    details = error.details
    if "guess" in details:
        return Failure(
            error.status, error.message, ENCODING, guess=str(details["guess"]), sample=str(details["sample"])
        )
    choose = str(details.get("slug", "")) if isinstance(error, ChangedOutside) else ""
    field = str(details.get("field", ""))
    return Failure(error.status, error.message, error.hint, choose=choose, field=field)


def _moved(error: Moved) -> BaseResponse:
    """A renamed dataset's old address leads to the new one.

    307 makes the browser send a form again as it was: what was typed under the old name is not lost.
    """
    if not request.endpoint or "slug" not in (request.view_args or {}):
        return _foreseen(error)
    arguments: dict[str, Any] = {**request.args.to_dict(flat=False), **(request.view_args or {})}
    address = url_for(request.endpoint, **{**arguments, "slug": error.details["slug"]})
    return redirect(address, 302 if request.method in ("GET", "HEAD") else 307)


def _http(error: HTTPException) -> BaseResponse:
    if error.code is None or error.code < 400:
        return current_app.make_response(error.get_response())
    return show(KNOWN.get(error.code) or Failure(error.code, f"{error.name}.", "Go back and try again."))


def _unforeseen(error: Exception) -> Response:
    current_app.logger.error("%s %s failed", request.method, request.path, exc_info=error)
    return show(KNOWN[500])
