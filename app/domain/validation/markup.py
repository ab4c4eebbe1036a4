"""Signs in a text that are none of its words: control tokens, macros, and formatting in an answer."""

import re
from collections.abc import Iterable, Iterator
from functools import lru_cache

from app.domain.validation.spans import Span, apart


@lru_cache(maxsize=8)
def _tokens(tokens: tuple[str, ...]) -> "re.Pattern[str]":
    """A pattern of tokens, grouped by their first letters, so that few are tried at a place."""
    return re.compile(_branches(sorted(set(tokens))))


def _branches(tokens: Iterable[str]) -> str:
    """A pattern of tokens as a tree of their letters; it finds the longest that stands at a place."""
    groups: dict[str, list[str]] = {}
    for token in tokens:
        groups.setdefault(token[:1], []).append(token[1:])
    here = groups.pop("", None)
    branches = [re.escape(first) + _branches(rest) for first, rest in groups.items()]
    if not branches:
        return ""
    tree = branches[0] if len(branches) == 1 and here is None else f"(?:{'|'.join(branches)})"
    return tree if here is None else f"{tree}?"


def special_tokens(text: str, tokens: tuple[str, ...]) -> Iterator[Span]:
    """The control tokens in a text, as they are spelt: each would end a turn or begin one.

    Source: axolotl's FAQ on EOS. ``better`` is the token broken up by a blank
    behind its first character, so that it is only text.
    """
    if tokens:
        for found in _tokens(tokens).finditer(text):
            token = found[0]
            yield Span(*found.span(), token, f"{token[0]} {token[1:]}")


# The macros of character cards (SillyTavern, Agnai, RisuAI), and the older signs of
# Pygmalion and Kobold. Only these names: doubled brackets stand in much else.
_MACROS = (
    "user", "char", "bot", "persona", "original", "description", "personality", "scenario", "system", "group",
    "notchar", "charifnotgroup", "mesexamples", "mesexamplesraw", "charprompt", "charjailbreak",
    "lastmessage", "lastusermessage", "lastcharmessage", "model", "input", "time", "date", "weekday",
    "isotime", "isodate", "idle_duration", "newline", "trim", "noop", "random", "pick", "roll", "getvar",
    "setvar", "addvar", "incvar", "decvar", "getglobalvar", "setglobalvar", "comment", "hidden_key", "//",
)  # fmt: skip
_MACRO = re.compile(
    rf"\{{\{{\s{{0,3}}(?=[A-Za-z/])({_branches(_MACROS)})(?=[\s:}}])"
    r"(?:\s{0,3}(?::|\s)[^{}\n]{0,200}+)?\s{0,3}\}\}",
    re.IGNORECASE,
)
_SIGN = re.compile("<(user|bot|char|start)>", re.IGNORECASE)


def macros(text: str) -> Iterator[Span]:
    """The macros that were not replaced; ``detail`` is their name, as ``{{user}}`` or ``<BOT>``.

    A sign in angle brackets that is closed again, as ``<user>…</user>``, is markup and no macro.
    """
    if "{{" not in text and "<" not in text:
        return
    lower = text.lower() if "</" in text else ""
    closed = {sign for sign in ("user", "bot", "char", "start") if f"</{sign}>" in lower}
    macro = (Span(*found.span(), "{{" + found[1].lower() + "}}") for found in _MACRO.finditer(text))
    sign = (
        Span(*found.span(), f"<{found[1].upper()}>")
        for found in _SIGN.finditer(text)
        if found[1].lower() not in closed
    )
    yield from apart(macro, sign)


_FENCE = re.compile(r"^ {0,3}```.*?(?:^ {0,3}```|\Z)", re.DOTALL | re.MULTILINE)
_HEADING = re.compile(r"^ {0,3}#{1,6} {1,3}(?=\S)[^\n]{1,200}", re.MULTILINE)
_TAGS = (
    "a", "abbr", "article", "audio", "b", "blockquote", "body", "br", "button", "center", "code", "dd",
    "details", "div", "dl", "dt", "em", "figure", "font", "footer", "form", "h1", "h2", "h3", "h4", "h5",
    "h6", "head", "header", "hr", "html", "i", "iframe", "img", "input", "ins", "label", "li", "link",
    "main", "mark", "meta", "nav", "ol", "option", "p", "pre", "q", "script", "section", "select", "small",
    "span", "strong", "style", "sub", "summary", "sup", "svg", "table", "tbody", "td", "textarea", "th",
    "thead", "title", "tr", "tt", "u", "ul", "video",
)  # fmt: skip
_HTML = re.compile(
    rf"</?(?=[A-Za-z!])(?:{_branches(_TAGS)}(?:\s[^<>]{{0,500}}+)?\s{{0,3}}/?>|!--|!DOCTYPE\b)", re.IGNORECASE
)
_JSON = re.compile(r"""\{\s{0,20}"[^"\n{}]{1,60}"\s{0,9}:\s{0,9}(?:["\[{\d-]|true\b|false\b|null\b)""")


def leakage(text: str) -> Iterator[Span]:
    """Code fences, Markdown headings, HTML and pieces of JSON; ``*actions*`` and emphasis are none of it.

    What stands inside a code fence counts as that fence alone.
    """
    prose = text
    if "```" in text:
        for found in _FENCE.finditer(text):
            yield Span(*found.span(), "a code fence")
        prose = _FENCE.sub(lambda found: " " * len(found[0]), text)
    for sign, pattern, detail in (
        ("#", _HEADING, "a Markdown heading"), ("<", _HTML, "HTML"), ("{", _JSON, "JSON"),
    ):  # fmt: skip
        if sign in prose and (sign != "<" or ">" in prose):
            for found in pattern.finditer(prose):
                yield Span(*found.span(), detail)
