"""Hostile texts: no code may need more than a second for ten million bytes of a message, all of them two.

Each work is tried on each text, on a hundredth and a tenth of it first: the whole is tried only where these
do not tell yet that it takes much less than a second, or much more.

``python -m tests.bench.hostile SIZE [WORK]`` prints for each work the text on which it took longest.
"""

import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from time import process_time
from typing import Any

from app.domain.duplicates import signature
from app.domain.entry import Entry
from app.domain.facts import facts_of_entry
from app.domain.repairs import REPAIRS, repaired
from app.domain.targets.families import FAMILIES
from app.domain.targets.rendering import rendered
from app.domain.targets.sandbox import TemplateError
from app.domain.targets.shapes import Shape
from app.domain.tokens import VOCABULARIES, counter
from app.domain.validation import analysis, markup, text, unicode
from app.domain.validation.labels import check_labels
from app.domain.validation.phrases import SLOP
from app.domain.validation.privacy import PRIVATE
from app.domain.validation.rules import Rules
from app.domain.validation.spans import TRIES
from app.domain.validation.structure import check_structure

LIMIT = 1.0
# A repair writes millions of places anew, and ten million times the same sign are one word to a tokenizer.
LIMITS = {"all codes": 2.0, "repair ": 20.0, "tokens ": 6.0}
SIZE = 10_000_000
NAMES = tuple(f"Name{number} Example{number}" for number in range(995))
RULES = Rules(
    slop=(*SLOP, *(f"worn{number} phrase{number} of words" for number in range(500))),
    never_publish=("Ann Example", "山田", *NAMES),
    inactive_characters=("Mary Ann",),
)
FAMILY = "\U0001f469\u200d\U0001f469\u200d\U0001f467"
# What is repeated until the text is long enough.
PARTS = (
    "a", "A", "é", "漢", " ", "\n", "\t", " \n", "a\n", "a ", "[", "{", "(", "((", "<", "<!--", "<a ", "</",
    "a@", "a@a.", "@", "a.", "*", '"', "“", '"“', "'", "www.", "www.a", "http://", "1", "1 ", "1.", "1-",
    "1:", "1,", "+1", "0", "12 Oak ", "-", "_", "#", "# ", "`", "```", "```\n", '{"', '{"a": ', "{{",
    "{{char", "{{user ", "{{user:", "{{user}}", "<user", "<user>", "<|", "<|im_end|>", "</s>", '"</s>"',
    "<s>", "<think>", "</think>", "[INST]", "### a", "you ", "as an ai ", "ai language model ", "a breath ",
    "ooc", "-----BEGIN ", "-----BEGIN PRIVATE KEY-----", "sk-", "eyJ", "eyJaaaaaaaaaaaa.",
    "sk-a1B2c3D4e5F6g7H8i9J0k", "MA", "AB12 ", "://a:", "password: ", "token is ", "aB3", "\u0301",
    "a\u0301", "a\u0301\u0302", "\u064b", "\u200b", "\u200d", "a\u200d", FAMILY, "\U0001f469\u200d",
    "\ufe0f", "\u200e", "\u05d0\u200e", "\x00", "\x85", "\u2028", "\ufffd", "Ã©", "Ã", "â€™", "Ã© ", "Ã©\n",
    "\ud800", "\\", "Ann ", "山田", "Mary Ann ", ".", "1.1.1.", "::", "a:", "ab:cd:", "Rue ", "5 rue de ",
    "Via a ", "Hauptstraße ", "0 ", "(0", "2 0", "{{a:",
    "+49 ", "+49 1", "555 123 ", "555-", "a 1234567 ", "tel 4111111111111111 ", "4111 1111 1111 1112 ",
    "1-1-", "1.2.3.999 ", "1::2::3 ", "AB12 3456 7890 1234 ", "AA11 ", "aA1+/", "sk-a1", "a@a.png ",
    "www.a. ", "://a:aaaaaaa@ ", "password: aaaaaaaa ", "A1b2C3d4E5f6G7h8I9j0K1l2M3n4O5aa ", "12 A A A ",
    "\x80", "\x9f", "\x81a", "\x81é中", "a\x85", "\x01a", "Ã…", "Ã…\n", "Ã ", "Ã\n", "ÃÃ", "Â ", "Ð", "Ð¯",
    "đź", "Γ±", "\u0440°", "─", "Œ ", "â€œa", "â€œ中a", "Ã©中 ", "Ã©\n中\n", "\xa0", "ب\u200c", "\u202e",
    "\ufffda", "\ud800a", "\U0001f1e6", "1\ufe0f", "e\u0301e\u0301 ", "\u0e31", "Я ", "é\n", "|", "<b>",
    "</b>", "<user></user>", "```a```\n", "“```a```", '"you nod ', "“you nod ", "you nod “", "you feel a ",
    "[A/N", "Name1 ",
)  # fmt: skip
# A beginning that promises something, and then nothing of it.
BROKEN_OFF = (
    ("```", "a"), ("<think>", "a"), ("{{user:", "a"), ("<a ", "a"), ("{{", " "), ("http://", ")"),
    ("-----BEGIN ", "A"), ("\u200b", "\U000e0020"), ("a@", "a."), ("http://", "."), ('"', "a“"), ("# ", "a"),
    ("a", "\u0301"), ("a", " "), ("http://", "]."), ("password: ", "a"), ("😀", "\u200d😀"),
    ("Ã©\n", "é\n"), ("Ã©", "a"), ("Ã©", "é"), ("\x80", "é"), ("\x80", "\x01"), ("\u0301" * 4, "e\u0301 "),
    ("tel ", "1234567 "), ("as an AI model", " "), ("“", '1"1 '),
    (", ".join(NAMES), " a"), ("", ", ".join(NAMES).replace(" Ex", "-Ex")), ("", " Example1 x".join(NAMES)),
    ("", ", ".join((*RULES.slop, *RULES.refusals, *RULES.speaks_for_user)).replace(" ", ", ")),
)  # fmt: skip

Value = dict[str, Any]
Work = Callable[[Value], object]


@dataclass(frozen=True, slots=True)
class Slowest:
    """The text on which a work took longest, and the seconds."""

    seconds: float = 0.0
    text: str = ""


def texts(size: int) -> Iterator[tuple[str, str]]:
    """Each hostile text of so many bytes, with what to call it."""
    for start, rest in (*(("", part) for part in PARTS), *BROKEN_OFF):
        times = size // len(rest.encode("utf-8", "surrogatepass")) + 1
        name = f"{start[:40]} and then {rest[:40]}" if start else rest[:40]
        yield name, start + rest * times


def value_of(words: str) -> Value:
    """An entry with that text as its answer."""
    asked = [{"role": "system", "content": "Mary"}, {"role": "user", "content": "Go on."}]
    return {"messages": [*asked, {"role": "assistant", "content": words}], "tags": []}


def works() -> Iterator[tuple[str, Work]]:
    """All that is done with the texts of an entry, by what a person would call it."""
    yield from _checks()
    yield from _wholes()
    for family in FAMILIES.values():
        yield f"render {family.name}", partial(_rendered, family)
    for name in VOCABULARIES:
        yield f"tokens {name}", lambda value, name=name: counter(name).count(_answer(value))
        yield (
            f"tokens {name}, rendered",
            lambda value, name=name: counter(name).count_rendered(_answer(value)),
        )
    for code, repair in REPAIRS.items():
        for choice in repair.choices:
            label = f"repair {code}" + (f", {choice.name}" if len(repair.choices) > 1 else "")
            yield label, partial(repaired, code=code, rules=RULES, choice=choice.name, text="Ann, Bob")


def _checks() -> Iterator[tuple[str, Work]]:
    """The checks of texts, each code by itself."""
    spans: dict[str, Callable[[str], Iterator[object]]] = {
        "text.zero_width": unicode.zero_width,
        "text.control_characters": partial(unicode.control_characters, tries=TRIES),
        "text.replacement_character": unicode.replacement_characters,
        "text.mojibake": partial(unicode.mojibake, tries=TRIES),
        "text.zalgo": unicode.zalgo,
        "text.mixed_quotes": unicode.mixed_quotes,
        "text.special_token": partial(markup.special_tokens, tokens=RULES.special_tokens),
        "text.macro_left": markup.macros,
        text.LEAKAGE: markup.leakage,
        **{code: partial(spans, tries=TRIES) for code, spans in PRIVATE.items()},
        text.NAME: partial(text.names, rules=RULES, tries=TRIES),
    }
    for code, find in spans.items():
        yield code, lambda value, find=find: _first(find(_answer(value)))
    for code in (text.REFUSAL, text.SLOP, text.SPEAKS, text.OOC, text.INACTIVE):
        yield code, partial(_phrases, code)
    yield "chatml.*", lambda value: list(check_structure(_entry(value), RULES))
    yield "base.*", lambda value: list(check_labels(_entry({**value, "tags": [_answer(value)]})))


def _wholes() -> Iterator[tuple[str, Work]]:
    """What is done with a text as a whole."""
    yield "all codes of messages", _all_codes
    yield "shape", lambda value: Shape.of(value).encode()
    yield "same text", lambda value: analysis.same_text(_entry(value))
    yield "near duplicates", lambda value: signature(analysis.spoken(_entry(value)))
    yield "facts of the line", lambda value: facts_of_entry(_entry(value), b"")


def _answer(value: Value) -> str:
    words: str = value["messages"][-1]["content"]
    return words


def _entry(value: Value) -> Entry:
    return Entry(b"", value)


def _first(found: Iterator[object]) -> None:
    """As many as a check looks at."""
    for _, _ in zip(range(text.MOST), found, strict=False):
        pass


def _phrases(code: str, value: Value) -> None:
    find = text._outside_speech if code in text._OUTSIDE_SPEECH else text._held
    _first(find(_answer(value), partial(text._lexicon(RULES).pieces, tries=text.FILED), code))


def _all_codes(value: Value) -> None:
    list(check_structure(_entry(value), RULES))
    list(text.check_texts(_entry(value), RULES))


def _rendered(family: Any, value: Value) -> None:
    with suppress(TemplateError):
        rendered(family, family.render, value)


def measured(size: int = SIZE, only: str = "") -> dict[str, Slowest]:
    """For each work the text on which it took longest."""
    found = {name: Slowest() for name, _ in works() if name.startswith(only)}
    for name in VOCABULARIES:
        counter(name)  # reading one is no part of counting with it
    for phrases in text._lexicon(RULES)._plain.values():
        for phrase in phrases:
            assert phrase.pattern  # nor is making the pattern of a phrase part of looking for it
    for kind, words in texts(size):
        entries = [value_of(words[: len(words) // part]) for part in (100, 10, 1)]
        for name, work in works():
            if name in found:
                seconds = _longest(work, entries)
                if seconds > found[name].seconds:
                    found[name] = Slowest(seconds, kind)
    return found


def _longest(work: Work, entries: list[Value]) -> float:
    """The seconds that a work takes, on the longest text that was worth a try."""
    least, tenth = _spent(work, entries[0]), 0.0
    if least < LIMIT:
        tenth = _spent(work, entries[1])
    if max(least, tenth) >= LIMIT:
        return max(least, tenth)
    growth = max(10.0, tenth / max(least, 0.0001))
    return _spent(work, entries[2]) if 3 * tenth * growth > LIMIT else tenth


def _spent(work: Work, value: Value) -> float:
    start = process_time()
    work(value)
    return process_time() - start


def table(size: int = SIZE, only: str = "") -> Iterator[str]:
    """The lines to print: the slowest first, and what needs more than a second marked."""
    yield f"\nHostile texts of {size:,} bytes: the one on which each work took longest"
    for name, slowest in sorted(measured(size, only).items(), key=lambda pair: -pair[1].seconds):
        limit = next((most for start, most in LIMITS.items() if name.startswith(start)), LIMIT)
        verdict = "  NOT REACHED" if slowest.seconds > limit else ""
        yield f"{name:<46} {slowest.seconds:8.3f} s  {slowest.text!a}{verdict}"


if __name__ == "__main__":
    for line in table(int(sys.argv[1]), *sys.argv[2:3]):
        print(line, flush=True)
