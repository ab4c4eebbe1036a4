"""A form that is refused is shown again: what is wrong stands above it, what was typed stays in it.

htmx keeps the page and gets an alert. A browser without script would land on a page of its own, and its
form would be gone; so each view that changes something names the page on which its form stands.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING, TypeVar

from flask import Flask, current_app, g, request, url_for
from markupsafe import Markup
from werkzeug.wrappers import Response as BaseResponse

from app.errors import AppError

if TYPE_CHECKING:
    from app.web.errors import Failure

View = TypeVar("View", bound=Callable[..., object])

WHY = "refused"  # the id of the sentence beside a refused field

_pages: dict[object, Callable[..., BaseResponse]] = {}


def install(app: Flask) -> None:
    """Let every template ask what was refused, and what had been typed."""
    app.jinja_env.globals.update(
        refusal=refusal, is_refused=is_refused, typed=typed, chosen=chosen, wrong=wrong, why=why
    )


def shown_on(page: Callable[..., BaseResponse]) -> Callable[[View], View]:
    """Name the page on which the form of a view stands; it is called with the arguments of the view."""

    def note(view: View) -> View:
        _pages[view] = page
        return view

    return note


def form_again(failure: "Failure") -> BaseResponse | None:
    """The page of the form that was refused; nothing if it has none, or the page cannot be shown either."""
    page = _pages.get(current_app.view_functions.get(request.endpoint or ""))
    if page is None:
        return None
    g.refusal = failure
    try:
        response = page(**(request.view_args or {}))
    except AppError:
        del g.refusal
        return None
    response.status_code = 422 if failure.status == 400 else failure.status
    return response


def refusal() -> "Failure | None":
    """What was refused, on the page that shows the form again."""
    failure: Failure | None = g.get("refusal")
    return failure


def is_refused(action: str) -> bool:
    """Whether the form that posts to this address is the one that was refused."""
    if refusal() is None or request.endpoint is None:
        return False
    return action.partition("?")[0] == url_for(request.endpoint, **(request.view_args or {}))


def typed(action: str, name: str, default: str = "") -> str:
    """What stood in a field of the form that was refused; ``default`` in any other form."""
    return request.form.get(name, default) if is_refused(action) else default


def chosen(action: str, name: str, value: str, *, default: bool = False) -> bool:
    """Whether a box or knob of the form that was refused was set; ``default`` in any other form."""
    return value in request.form.getlist(name) if is_refused(action) else default


def wrong(action: str, name: str, help: str = "") -> Markup:
    """Marks the field that was refused, if something was typed into it, and puts the caret there.

    :param help: the id of what describes the field in any case.
    """
    if typed(action, name):
        described = f"{WHY} {help}".strip()
        return Markup(' aria-invalid="true" aria-describedby="{}" autofocus').format(described)
    return Markup(' aria-describedby="{}"').format(help) if help else Markup("")


def why(action: str, name: str) -> Markup:
    """Says beside the field why it was refused: the caret is there, and the top of the page may be far."""
    failure = refusal()
    if failure is None or not typed(action, name):
        return Markup("")
    return Markup('<p class="errors" id="{}">{} {}</p>').format(WHY, failure.message, failure.hint)
