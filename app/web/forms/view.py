"""The state of a list as it stands in an address, both ways."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any
from urllib.parse import urlencode

from werkzeug.datastructures import MultiDict
from wtforms import BooleanField, IntegerField, SelectField, SelectMultipleField, StringField
from wtforms.validators import AnyOf, Length, NumberRange, Optional

from app.domain.form_text import unix
from app.domain.validation.codes import CODES
from app.domain.view import SIZES, View
from app.web.forms import LARGEST, Form, options

MODES = (("contains", "contains"), ("words", "all words"), ("phrase", "exact phrase"), ("regex", "regex"))
SCOPES = (
    ("user", "User"),
    ("assistant", "Assistant"),
    ("system", "System"),
    ("character", "Anyone, named speakers too"),
    ("tags", "Tags"),
    ("id", "Id"),
)
LONGEST_DIAGNOSTIC = 300  # letters: a code, a colon, and what was found
SHORT_SCOPES = {  # as parts of a sentence
    "user": "user messages",
    "assistant": "assistant messages",
    "system": "system messages",
    "character": "all messages",
    "tags": "tags",
    "id": "ids",
}
TAG_MODES = (("any", "any of them"), ("all", "all of them"), ("exact", "exactly these"))
SORTS = (
    ("position", "Place in the file"),
    ("-position", "Last first"),
    ("-length", "Longest first"),
    ("length", "Shortest first"),
    ("-exchanges", "Most exchanges"),
    ("exchanges", "Fewest exchanges"),
)

DIAGNOSTICS = (
    ("any", "Any problem"),
    ("error", "Errors"),
    ("warning", "Warnings"),
    ("info", "Worth a look"),
    ("sound", "Nothing found"),
)


class ViewForm(Form):
    """Search, filters, sort and page. What cannot be read counts as not given."""

    q = StringField(validators=[Length(max=1000)])
    mode = SelectField(choices=options(MODES), default="contains")
    scope = SelectMultipleField(choices=options(SCOPES))
    case = BooleanField()
    accents = BooleanField()
    tag = SelectMultipleField(validate_choice=False)
    tag_mode = SelectField(choices=options(TAG_MODES), default="any")
    untagged = BooleanField()
    character = StringField(validators=[Length(max=200)])
    diagnostic = StringField(validators=[Length(max=LONGEST_DIAGNOSTIC)])
    min_exchanges = IntegerField(validators=[Optional(), NumberRange(0, LARGEST)])
    max_exchanges = IntegerField(validators=[Optional(), NumberRange(0, LARGEST)])
    min_length = IntegerField(validators=[Optional(), NumberRange(0, LARGEST)])
    max_length = IntegerField(validators=[Optional(), NumberRange(0, LARGEST)])
    sort = SelectField(choices=options(SORTS), default="position")
    page = IntegerField(default=1, validators=[Optional(), NumberRange(1, LARGEST)])
    size = IntegerField(validators=[Optional(), AnyOf(SIZES)])


BOUNDS = {
    "min_exchanges": "exchanges from",
    "max_exchanges": "exchanges up to",
    "min_length": "letters from",
    "max_length": "letters up to",
}
NAMES = {"q": "query", "scope": "scopes", "case": "match_case", "accents": "ignore_accents", "tag": "tags"}


def view_of(args: "MultiDict[str, str]", *, size: int) -> View:
    """The view that an address names.

    :param size: rows per page where the address names none.
    """
    given: MultiDict[str, str] = MultiDict(
        (name, value) for name, value in args.items(multi=True) if value != ""
    )
    form = ViewForm(given)
    form.validate()
    values = {
        NAMES.get(field.name, field.name): field.data
        for field in form
        if field.name in given and not field.errors and field.data is not None
    }
    return View(**{"size": size, **_sequences(values)})


def _sequences(values: dict[str, Any]) -> dict[str, Any]:
    if "scopes" in values:
        values["scopes"] = tuple(values["scopes"])
    if "tags" in values:
        typed = (tag.strip() for part in values["tags"] for tag in part.split(","))
        values["tags"] = tuple(dict.fromkeys(tag for tag in typed if tag))
    if "diagnostic" in values:
        values["diagnostic"] = unix(values["diagnostic"])
    return values


def address_of(view: View, **further: Any) -> dict[str, Any]:
    """What stands in the address for a view: only what differs from a plain list.

    :param further: more names for the address, ``entry`` for one; none are left out.
    """
    plain = View()
    fields = [field for field in ViewForm() if field.name != "size" or view.size in SIZES]
    pairs: dict[str, Any] = {}
    for field in fields:
        name = NAMES.get(field.name, field.name)
        value = getattr(view, name)
        if value != getattr(plain, name):
            pairs[field.name] = _spelt(value)
    return {**pairs, **{name: value for name, value in further.items() if value}}


def _spelt(value: Any) -> Any:
    if value is True:
        return "1"
    return list(value) if isinstance(value, tuple) else value


def query_of(address: Mapping[str, Any]) -> str:
    """The address's pairs as a query string, without the question mark."""
    return urlencode(address, doseq=True)


def _joint(view: View, place: int) -> str:
    """What stands before a tag in the list of filters: how it goes with those before it."""
    if view.tag_mode == "exact":
        return "only the tag: " if len(view.tags) == 1 else "exactly, tag: "
    if place == 0:
        return "tag: "
    return "and tag: " if view.tag_mode == "all" else "or tag: "


def diagnostics(view: View) -> list[tuple[str, str]]:
    """What can be chosen as a filter by diagnostic: all kinds, and the one code that is chosen."""
    kinds = [("", "Anything"), *DIAGNOSTICS]
    is_other = view.diagnostic and view.diagnostic not in dict(kinds)
    return [*kinds, (view.diagnostic, diagnostic_words(view.diagnostic))] if is_other else kinds


def diagnostic_words(wanted: str) -> str:
    """What a filter by diagnostic says: its severity, or the title of its code and what was found."""
    code, colon, what = wanted.partition(":")
    if code not in CODES and code not in dict(DIAGNOSTICS):
        return f"unknown diagnostic “{wanted}”"
    title = CODES[code].title if code in CODES else code
    return dict(DIAGNOSTICS).get(wanted, f"{title}{colon} {what}".rstrip())


def unfound(view: View) -> tuple[str, str]:
    """Why a filter by diagnostic alone finds nothing, and what to do; two empty texts without that filter."""
    wanted = view.diagnostic
    if not wanted:
        return "", ""
    if wanted.partition(":")[0] not in {*CODES, *dict(DIAGNOSTICS)}:
        words = f"RoleThread knows no diagnostic “{wanted}”."
        return words, "Choose one on the page “Validation”, or clear the search."
    if view != replace(View(), diagnostic=wanted, sort=view.sort, page=view.page, size=view.size):
        return "No entry matches", "Take a filter away, or clear the search."
    if wanted == "sound":
        return "Something was found in every entry", "The page “Validation” tells what."
    return "No entry has this", f"{diagnostic_words(wanted)}: nothing of the kind was found."


def contradiction(view: View) -> str:
    """What no entry can meet: a least above its most; empty if there is no such pair."""
    for name, words in (("exchanges", "exchanges"), ("length", "letters")):
        least, most = getattr(view, f"min_{name}"), getattr(view, f"max_{name}")
        if least is not None and most is not None and least > most:
            return f"No entry has at least {least:,} and at most {most:,} {words}."
    return ""


def narrowings(view: View) -> list[tuple[str, View]]:
    """What narrows the list beside the search words, in words, each with the view that lacks it."""
    plain = View()
    found: list[tuple[str, dict[str, Any]]] = [
        (f"{_joint(view, place)}{tag}", {"tags": tuple(each for each in view.tags if each != tag)})
        for place, tag in enumerate(view.tags)
    ]
    words = {
        "untagged": "untagged",
        "character": f"character: {view.character}",
        "diagnostic": diagnostic_words(view.diagnostic),
        "match_case": "match case",
        "ignore_accents": "ignore accents",
        "scopes": "in " + ", ".join(dict(SCOPES)[scope].lower() for scope in view.scopes),
        "sort": dict(SORTS)[view.sort].lower(),
        **{name: f"{bound} {getattr(view, name)}" for name, bound in BOUNDS.items()},
    }
    changed = [name for name in words if getattr(view, name) != getattr(plain, name)]
    found += [(words[name], {name: getattr(plain, name)}) for name in changed]
    return [(text, replace(view, page=1, **less)) for text, less in found]
