"""The fragment protocol: the same address answers a browser with a page and htmx with the part it asked for.

htmx 4 names the part in ``HX-Target`` as ``div#listing``. A request without a part (a link followed,
Back, no script) gets the whole page. A part is the template ``<view>/_<part>.html``: one root element
whose id is the part's name.
"""

from collections.abc import Iterable
from typing import Any

from flask import Response, get_flashed_messages, make_response, redirect, render_template, request
from markupsafe import Markup
from werkzeug.wrappers import Response as BaseResponse


class Page(Response):
    """An answer that can carry any text: half a character, which has no UTF-8, goes as its escape."""

    def set_data(self, value: bytes | str) -> None:
        """Set the body."""
        super().set_data(value if isinstance(value, bytes) else value.encode("utf-8", "backslashreplace"))


def target() -> str | None:
    """The id of the part that htmx wants, or nothing for the whole page."""
    element, mark, name = request.headers.get("HX-Target", "").rpartition("#")
    return name if element and mark else None


def is_htmx() -> bool:
    """Whether htmx sent this request and wants a part, not a page."""
    return target() is not None


def answer(
    page: str, parts: Iterable[str], /, *, also: Iterable[str] = (), status: int = 200, **context: Any
) -> Response:
    """The part that htmx asked for, if it is one of ``parts``; else the whole page.

    :param page: the page's template, ``entries/page.html``; its parts stand beside it.
    :param also: parts that an htmx answer brings along, out of band.
    """
    wanted = target()
    if wanted in tuple(parts):
        folder = page.rpartition("/")[0]
        return fragments(folder, str(wanted), *also, status=status, **context)
    return make_response(render_template(page, **context), status)


def fragments(
    folder: str, main: str, /, *others: str, status: int = 200, announce: str = "", **context: Any
) -> Response:
    """The main part, then other parts and the live regions out of band.

    :param others: names of further parts of the same folder; rendered with ``oob``, they say where they go.
    :param announce: the one sentence that a screen reader hears.
    """
    html = [render_template(_part(folder, main), **context)]
    html += [render_template(_part(folder, name), **context, oob=True) for name in others]
    html.append(regions(announce))
    if context.get("title"):
        html.append(Markup("<title>{} · RoleThread</title>").format(context["title"]))
    return make_response("".join(html), status)


def _part(folder: str, name: str) -> str:
    return f"{folder}/_{name.replace('-', '_')}.html"


def regions(announce: str = "") -> str:
    """What every htmx answer does to the live regions: say what happened, clear the last alert."""
    return render_template(
        "_regions.html", toasts=get_flashed_messages(with_categories=True), announce=announce
    )


def see_other(address: str) -> BaseResponse:
    """A redirect after a POST, for a browser without script and for htmx alike.

    htmx cannot see a 303 (fetch follows it), so it is told in a header to go there as a page.
    """
    if not is_htmx():
        return redirect(address, 303)
    response = make_response("", 200)
    response.headers["HX-Redirect"] = address
    return response


def with_address(response: Response, address: str, *, push: bool = True) -> Response:
    """The answer, with the address that the browser shall show for it."""
    response.headers["HX-Push-Url" if push else "HX-Replace-Url"] = address
    return response
