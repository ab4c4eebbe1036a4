"""What can be told of a regular expression by its looks, before it is let loose on a dataset.

Only plain, common syntax is understood. Whatever else a pattern holds, the answer is the careful one.
"""

import re
from math import prod
from typing import NamedTuple

LONGEST = 1000
_MOST_STEPS = 100_000

_TOKEN = re.compile(
    r"""
      (?P<quoted> \\[^\w\x00-\x1f] )                      # \. \* \[
    | (?P<gap> \\[AbBdDmMsSwWZ1-9] | [.^$] )              # something, but no certain letter
    | (?P<property> \\[pP]\{[^{}]*\} )
    | (?P<set> \[\^?\]?(?:\\.|[^\]\\\[])*\] )             # [Ll] [^"]
    | (?P<open> \((?:\?(?:[:=!>|]|P?<[=!]?))?(?![?*]) )   # ( (?: (?= (?<name> but no flag, verb or condition
    | (?P<close> \) )
    | (?P<or> \| )
    | (?P<repeat> (?:[*+?]|\{\d*,?\d*\})[+?]? )
    | (?P<letter> [^\\\[\](){}|*+?\x00-\x1f] )
    """,
    re.VERBOSE | re.DOTALL,
)
_MINIMUM = re.compile(r"(\)?)\s*\{\s*(\d+)")
_PLAIN_SET = re.compile(r"\[(?!\^)(?:\\[dw]|\\[^\w\x00-\x1f]|[^\\\x00-\x1f])*\]")
_CONTROLS = r"\x00-\x1f"
_WITHIN_LINES = {
    ".": f"[^{_CONTROLS}]",
    "^": r"(?<=[\x01-\x04])",
    r"\A": r"(?<=[\x01-\x04])",
    "$": r"(?=\n)",
    r"\Z": r"(?=\n)",
    r"\s": "[ ]",
    r"\S": f"[^ {_CONTROLS}]",
    r"\D": rf"[^\d{_CONTROLS}]",
    r"\W": rf"[^\w{_CONTROLS}]",
}


class _Token(NamedTuple):
    kind: str
    text: str
    depth: int  # in how many groups it stands


def required(pattern: str) -> list[str]:
    """The pieces of plain text that every match of the pattern holds; none where none is certain.

    Only letters outside groups and sets count.
    """
    pieces = [""]
    for kind, text, depth in _tokens(pattern):
        if kind == "or" and not depth:
            return []
        if kind == "repeat":
            pieces[-1] = pieces[-1][:-1]
        if kind in ("letter", "quoted") and not depth:
            pieces[-1] += text[-1]
        else:
            pieces.append("")
    return [piece for piece in pieces if piece]


def within_lines(pattern: str) -> str:
    r"""The pattern made to run over many folded messages in one go; empty where that is not certain.

    Each message is a control character from ``\x01`` to ``\x04``, its folded text (which holds none),
    and ``\n``. The answer finds in each such line what the pattern finds in its text alone, because
    nothing in it matches a control character.
    """
    within = []
    for kind, text, _ in _tokens(pattern):
        if kind == "set" and text.startswith("[^") and text[2] not in "]-":
            within.append(f"[^{_CONTROLS}{text[2:]}")
        elif kind == "property" or (kind == "set" and not _PLAIN_SET.fullmatch(text)):
            return ""
        else:
            within.append(_WITHIN_LINES.get(text, text) if kind == "gap" else text)
    return "".join(within)


def too_large(pattern: str) -> bool:
    """Whether compiling the pattern could take more memory than a search is worth.

    The ``regex`` package writes ``(?:a{99}){99}`` out 9,801 times; the estimate here is never too low.
    """
    minima = [(bool(group), max(int(number), 1)) for group, number in _MINIMUM.findall(pattern)]
    groups = prod(number for group, number in minima if group)
    letters = max((number for group, number in minima if not group), default=1)
    return len(pattern) > LONGEST or len(pattern) * groups * letters > _MOST_STEPS


def _tokens(pattern: str) -> list[_Token]:
    """The parts of the pattern in order; none at all where one of them is unusual."""
    tokens, depth, at = [], 0, 0
    while at < len(pattern):
        found = _TOKEN.match(pattern, at)
        if found is None:
            return []
        kind, at = found.lastgroup or "", found.end()
        depth += (kind == "open") - (kind == "close")
        tokens.append(_Token(kind, found[0], depth))
    return tokens
