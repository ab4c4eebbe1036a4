"""What every template knows without being told: the theme, the version, how to write a number."""

import json
from datetime import UTC, datetime
from typing import Any

from flask import Flask, current_app, g
from markupsafe import Markup

from app.config import VERSION
from app.domain.roles import canonical
from app.services import settings
from app.services.library import Library
from app.web.forms.entry import is_long, why_not_editable
from app.web.visible import escaped_turns

ENCODINGS = ("utf-8", "utf-16", "cp1252", "latin-1", "cp1251", "gb18030", "shift_jis", "euc-kr", "big5")
UNITS = ("bytes", "KB", "MB", "GB", "TB")


def library() -> Library:
    """The library that this server works on."""
    opened: Library = current_app.extensions["rolethread"]
    return opened


def preferences() -> settings.Settings:
    """The person's settings, read once in a request."""
    if "preferences" not in g:
        g.preferences = settings.get(library())
    chosen: settings.Settings = g.preferences
    return chosen


def install(app: Flask) -> None:
    """Give every template the settings and the filters below."""

    app.jinja_env.globals.update(preferences=preferences, version=VERSION, encodings=ENCODINGS)
    app.jinja_env.filters.update(
        number=number,
        counted=counted,
        size=size,
        span=span,
        stamp=stamp,
        pretty=pretty,
        escapes=escapes,
        role=canonical,
        is_long=is_long,
        why_not_editable=why_not_editable,
    )
    app.jinja_env.trim_blocks = True
    app.jinja_env.lstrip_blocks = True


def number(value: int) -> str:
    """12345 as ``12,345``."""
    return f"{value:,}"


def counted(value: int, one: str, many: str = "") -> str:
    """``1 entry``, ``2,000 entries``."""
    return f"{value:,} {one if value == 1 else many or one + 's'}"


def size(value: int) -> str:
    """Bytes in the unit a person would use."""
    amount, unit = float(value), 0
    while amount >= 1000 and unit < len(UNITS) - 1:
        amount, unit = amount / 1000, unit + 1
    return f"{value} bytes" if unit == 0 else f"{amount:.1f} {UNITS[unit]}"


def ago(moment: datetime) -> str:
    """How long ago, in one unit: ``3 minutes ago``."""
    seconds = int((datetime.now(UTC) - moment.astimezone(UTC)).total_seconds())
    for length, name in ((86400, "day"), (3600, "hour"), (60, "minute")):
        if seconds >= length:
            return f"{counted(seconds // length, name)} ago"
    return "just now"


def span(seconds: float) -> str:
    """A length of time, as exactly as a guess deserves."""
    whole = round(seconds)
    if whole < 5:
        return "a few seconds"
    return counted(whole, "second") if whole < 90 else counted(round(whole / 60), "minute")


def pretty(value: Any) -> str:
    """A value as indented JSON, for reading; what would turn the letters behind it stands as its escape."""
    return escaped_turns(json.dumps(value, ensure_ascii=False, indent=2))


def escapes(text: str) -> str:
    """Text with its control characters written out, as JSON would write them."""
    return "".join(
        letter if letter in "\n\t" or letter.isprintable() else json.dumps(letter)[1:-1] for letter in text
    )


def stamp(moment: datetime) -> Markup:
    """A moment for a machine, with the words for a person inside."""
    local = moment.astimezone()
    return Markup('<time datetime="{}" title="{:%d %B %Y, %H:%M}">{}</time>').format(
        local.isoformat(), local, ago(moment)
    )
