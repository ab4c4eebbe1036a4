"""What should not be published: addresses, numbers and secrets in a text, each by its form and a check.

``PRIVATE`` names a function for each code but ``privacy.name``; each gives the places, with the placeholder
that a repair puts there. What was found is never repeated. ``tries`` is how many places of a form are judged,
where not all are.
"""

import re
from collections import Counter
from collections.abc import Callable, Iterator
from ipaddress import ip_address
from itertools import islice
from math import log2
from typing import Protocol

from app.domain.validation.spans import Span, apart, judged, stopped

_Check = tuple["re.Pattern[str]", Callable[[str], bool]]  # a form, and what else has to be true of it

# Of other scripts only those that part their words: in Chinese an address may stand right behind one.
_LETTER = "A-Za-z\u00c0-\u024f\u0300-\u052f\u1e00-\u1fff"
_EMAIL = re.compile(
    rf"(?<=[{_LETTER}0-9%+_-])@(?:[{_LETTER}0-9-]{{1,63}}\.){{1,8}}([{_LETTER}]{{2,24}})(?![{_LETTER}0-9@])"
)
_LOCAL = frozenset(re.findall(rf"[{_LETTER}0-9.%+_-]", "".join(map(chr, range(0x2000)))))
_FILES = frozenset(("png", "jpg", "jpeg", "gif", "webp", "svg", "css", "js", "json"))  # such as sprite@2x.png
_NO_MAIL = re.compile(r"@$|://[^\s/]*:$")  # names in other networks, passwords in links


def emails(text: str, tries: int | None = None) -> Iterator[Span]:
    """E-mail addresses; neither names such as @everyone nor those of other networks (@ann@example.social)."""
    if "@" not in text:
        return
    done = 0

    def address(found: "re.Match[str]") -> Span | None:
        nonlocal done
        start, lowest = found.start(), max(done, found.start() - 65)
        while start > lowest and text[start - 1] in _LOCAL:
            start -= 1
        before = text[max(0, start - 64) : start]
        if found.start() - start > 64 or found[1].lower() in _FILES or _NO_MAIL.search(before):
            return None
        done = found.end()
        while text[start] == ".":
            start += 1
        return Span(start, done, better="[email]")

    yield from judged(_EMAIL.finditer(text), address, tries)


_URL = re.compile(
    r"(?<![A-Za-z0-9])(?:(?:https?|ftp)://|www\.(?=[A-Za-z0-9-]{1,63}\.)|(?:discord\.gg|t\.me|bit\.ly)/)"
    r"[^\s<>\"“”«»`{}|\\^\u3000-\u303f\uff00-\uff5e]++",
    re.IGNORECASE,
)

_LINKED = ("://", "www.", "discord.gg/", "t.me/", "bit.ly/")
_STOPS = frozenset(".,;:!?'’*_")
_MOST_STOPS = 1000  # behind one link


def urls(text: str, tries: int | None = None) -> Iterator[Span]:
    """The addresses of web pages, without the full stop or bracket that follows them."""
    if "." not in text and "://" not in text:
        return
    lower = text.lower()
    if not any(hint in lower for hint in _LINKED):
        return
    yield from judged(_URL.finditer(text), _link, tries)


def _link(found: "re.Match[str]") -> Span | None:
    start, end = found.start(), found.start() + _end(found[0])
    return Span(start, end, better="[link]") if end - start > len("https://") else None


def _end(link: str) -> int:
    """Where a link ends: before the stops behind it, and the brackets that were opened before it."""
    spare = {closing: link.count(closing) - link.count(opening) for opening, closing in ("()", "[]")}
    lowest = max(0, len(link) - _MOST_STOPS)
    for end in range(len(link), lowest, -1):
        last = link[end - 1]
        if spare.get(last, 0) > 0:
            spare[last] -= 1
        elif last not in _STOPS:
            return end
    return lowest


# Enough digits for a telephone number, with what may stand between them.
_DIGIT = re.compile("[0-9]")
_DIGITS = re.compile(r"[+(0-9](?<![\w.,:/-].)(?:(?<=\d)|\(?\d)(?:[ ()./\u00a0-]{0,3}\d){6,18}(?![\d\w])")
_PHONE = re.compile(
    r"(?<![\d.,/-])(?:"
    r"\+\d(?:[ ().\u00a0-]{0,3}\d){7,14}"  # with the code of a country
    r"|(?:1[ .-])?(?:\([2-9]\d\d\) ?\d{3}[ .-]|[2-9]\d\d([.-])\d{3}\1"
    r"|[2-9]\d\d[ \u00a0][2-9]\d\d[ \u00a0-])\d{4}"
    r"|0[1-9]\d{0,4}(?: ?/ ?| ?- ?| )\d{3,8}(?:[ -]\d{2,5}){0,3}|\(0\d{1,4}\) ?\d{2,8}(?:[ -]\d{2,5}){0,3}"
    r"|0[1-9](?:[. ]\d\d){4}"  # France
    r"|1[3-9]\d([ -]?)\d{4}\2\d{4}"  # China
    r")(?![\d\w])"
)
_DATE = re.compile(r"[ (]{0,2}(?:\d{1,2}[-/. ]\d{1,2}[-/. ]\d{4}|\d{4}[-/. ]\d{1,2}[-/. ]\d{1,2})(?!\d)")
_CALLED = re.compile(
    r"(?:phone|tel|telephone|mobile|cell|call|text|fax|whatsapp|signal|handy|telefon|téléphone|teléfono|телефон|тел"
    r"|电话|手机|電話)\b[^\d\n]{0,20}$",
    re.IGNORECASE,
)


def phones(text: str, tries: int | None = None) -> Iterator[Span]:
    """Telephone numbers: with the code of a country, as countries write them, or called one just before.

    Years, dates, times, prices, versions and the numbers of cards are none.
    """
    if not _DIGITS.search(text):
        return
    accounts = (found for found in islice(_IBAN.finditer(text), tries) if _is_iban(found[0]))
    account, place, tried = next(accounts, None), 0, 0
    while found := _DIGITS.search(text, place):
        if tried == tries:
            yield stopped(found.start())
            return
        tried += 1
        span = _phone(text, found)
        place = span.end if span else found.end()
        while span and account and account.end() <= span.start:
            account = next(accounts, None)
        if span and not (account and account.start() < span.start):
            yield span


def _phone(text: str, found: "re.Match[str]") -> Span | None:
    number = found[0]
    if number.count(" ") > 7 or number.count("(") > 2 or _DATE.match(number):
        return None
    for one in _PHONE.finditer(number):
        least = 8 if "+" in one[0] else 9
        if len(one[0]) >= least and sum(map(str.isdigit, one[0])) >= least and not _round(one[0]):
            return None if _is_card(number) else Span(*_within(found, one), better="[phone]")
    called = _CALLED.search(text[max(0, found.start() - 30) : found.start()])
    return Span(*found.span(), better="[phone]") if called and not _is_other(number) else None


def _within(found: "re.Match[str]", one: "re.Match[str]") -> tuple[int, int]:
    """Where a match in another's text stands in the text of that."""
    return found.start() + one.start(), found.start() + one.end()


def _is_other(number: str) -> bool:
    return _is_card(number) or ("." in number and _is_ip(number))


def _round(number: str) -> bool:
    """Whether they are rather several round numbers, such as ``200 500 1000``."""
    return " " in number and sum(part.endswith("00") for part in number.split()) > 1


_CARD = re.compile(
    r"[0-9](?<![\d.,-].)(?:\d{3}([ -]?)\d{4}\1\d{4}\1\d{4}(?:\1\d{3})?|(?<=3)[47]\d\d([ -]?)\d{6}\2\d{5}"
    r"|\d{12,18})(?!\d|[.,]\d)"
)
_SSN = re.compile(r"[0-8](?<![\w-].)\d\d(?<!000|666)-(?!00)\d\d-(?!0000)\d{4}(?![\w-])")
_IBAN = re.compile(
    r"[A-Z](?<![A-Za-z0-9].)[A-Z]\d\d(?: ?[A-Z0-9]{4}){2,7}(?: ?[A-Z0-9]{1,3})?(?![A-Za-z0-9])"
)
# How keys begin and go on, by the forms that those who give them out have published.
_KEYS = tuple(
    (start, re.compile(rf"{re.escape(start)}(?<![A-Za-z0-9_]{re.escape(start)}){rest}"))
    for start, rest in (
        ("sk-", "[A-Za-z0-9_-]{20,200}+"),  # OpenAI, Anthropic and others
        ("ghp_", "[A-Za-z0-9]{30,100}+"), ("gho_", "[A-Za-z0-9]{30,100}+"), ("ghu_", "[A-Za-z0-9]{30,100}+"),
        ("ghs_", "[A-Za-z0-9]{30,100}+"), ("ghr_", "[A-Za-z0-9]{30,100}+"),
        ("github_pat_", "[A-Za-z0-9_]{30,100}+"), ("glpat-", "[A-Za-z0-9_-]{20,60}+"),
        ("xox", "[abeoprs]-[A-Za-z0-9-]{10,200}+"),  # Slack
        (":AA", "[A-Za-z0-9_-]{33}"),  # Telegram, behind the number of a bot
        ("AKIA", "[A-Z0-9]{16}(?![A-Za-z0-9])"), ("ASIA", "[A-Z0-9]{16}(?![A-Za-z0-9])"),  # Amazon
        ("AIza", "[A-Za-z0-9_-]{35}"), ("ya29.", "[A-Za-z0-9_-]{20,300}+"),  # Google
        ("hf_", "[A-Za-z0-9]{30,60}+"), ("gsk_", "[A-Za-z0-9]{40,60}+"), ("r8_", "[A-Za-z0-9]{30,50}+"),
        ("npm_", "[A-Za-z0-9]{36}"), ("pypi-", "[A-Za-z0-9_-]{50,250}+"), ("dop_v1_", "[a-f0-9]{64}"),
        ("sk_live_", "[A-Za-z0-9]{16,120}+"), ("rk_live_", "[A-Za-z0-9]{16,120}+"),  # Stripe
        ("sk_test_", "[A-Za-z0-9]{16,120}+"), ("whsec_", "[A-Za-z0-9]{20,80}+"),
        ("SG.", r"[A-Za-z0-9_-]{16,40}\.[A-Za-z0-9_-]{30,60}+"),  # SendGrid
        ("eyJ", r"(?<!-eyJ)[A-Za-z0-9_-]{10,2000}+\.eyJ[A-Za-z0-9_-]{10,8000}+\.[A-Za-z0-9_-]{10,2000}+"),
    )
)  # fmt: skip
_DISCORD = re.compile(r"[MNO](?<!\w[MNO])[\w-]{23,25}\.[\w-]{6}\.[\w-]{27,40}+", re.ASCII)
_LOGIN = re.compile(r"://[^\s:/@]{1,64}:([^\s:/@]{3,128})@")  # a password in a link
_BLOCK = re.compile(
    r"-----BEGIN [A-Z ]{0,30}PRIVATE KEY-----"
    r"(?:[^-]{0,20000}-----END [A-Z ]{0,30}PRIVATE KEY-----)?"
)
_BEGIN = "-----BEGIN"
_RUNS = bytes(
    97 if chr(byte).isascii() and (chr(byte).isalnum() or chr(byte) in "_.-") else 32 for byte in range(256)
)
_SHORTEST_KEY = b"a" * 19  # of what can be in one, once all of it is written so
_HINTS = ("pass", "pwd", "key", "token", "secret")
_HINTS_IN_BYTES = tuple(hint.encode() for hint in _HINTS)
_TOLD = re.compile(
    r"\b(?:password|passwd|passcode|pwd|passwort|api[ _-]?key|secret(?:[ _-]?key)?"
    r"|(?:access|auth|api)[ _-]?token|client[ _-]?secret)\b[\"'*]{0,3}\s{0,3}(?:[:=]|is\b)\s{0,3}"
    r"[\"'“*`]{0,3}([^\s\"'”,;<>*`]{6,128})",
    re.IGNORECASE,
)
_LONG = re.compile(r"[A-Za-z0-9_-](?<![A-Za-z0-9+/_=.-].)[A-Za-z0-9_-]{31,127}+(?![A-Za-z0-9+/_.-])")


def may_be_told(text: str, words: bytes, digits: int) -> bool:
    """Whether a text may hold a secret that needs no three digits: a key, or a password.

    :param words: the text as bytes in small letters.
    :param digits: how many there are in it; a password has one at least.
    """
    if digits and (any(hint in words for hint in _HINTS_IN_BYTES) or ("://" in text and "@" in text)):
        return True
    return _BEGIN in text or (_has_long_word(text) and any(start in text for start, _ in _KEYS))


def _has_long_word(text: str) -> bool:
    """Whether as many signs of which keys are made stand together as the shortest one has."""
    return _SHORTEST_KEY in text.encode("utf-8", "surrogatepass").translate(_RUNS)


def secrets(text: str, tries: int | None = None) -> Iterator[Span]:
    """Numbers of cards and accounts that hold their own check, keys of known forms, and passwords told.

    A long string of mixed letters and digits counts where it is as random as a key.
    """
    if not _DIGIT.search(text) and not may_be_told(text, b"", digits=0):
        return
    checks: list[_Check] = [(_CARD, _is_card), (_IBAN, _is_iban), (_BLOCK, bool)]
    checks += [(_SSN, bool)] if "-" in text else []
    if _has_long_word(text):
        checks += [(_LONG, _is_random), (_DISCORD, _varied)]
        checks += [(pattern, _is_key) for start, pattern in _KEYS if start in text]
    lower = text.lower()
    told = (_LOGIN, _TOLD) if any(hint in lower for hint in _HINTS) else (_LOGIN,)
    yield from apart(
        *(_checked(pattern, check, text, "[secret]", tries) for pattern, check in checks),
        *(judged(pattern.finditer(text), _password, tries) for pattern in told),
    )


def _checked(
    pattern: "re.Pattern[str]", check: Callable[[str], bool], text: str, better: str, tries: int | None
) -> Iterator[Span]:
    def place(found: "re.Match[str]") -> Span | None:
        return Span(*found.span(), better=better) if check(found[0]) else None

    return judged(pattern.finditer(text), place, tries)


def _password(found: "re.Match[str]") -> Span | None:
    """What a pattern names, where it has letters and digits, as no word of a story has."""
    told = found[1].rstrip(".!?)")
    if len(told) < 6 or not any(map(str.isdigit, told)) or not any(map(str.isalpha, told)):
        return None
    return Span(found.start(1), found.start(1) + len(told), better="[secret]")


def _is_card(number: str) -> bool:
    """Whether the last digit is what Luhn's formula says, and the first ones are those of a card."""
    if number[0] not in "23456" or len(number) < 13:
        return False
    digits = [int(digit) for digit in number if digit.isdecimal()]
    if not 13 <= len(digits) <= 19 or len(set(digits)) < 2:
        return False
    doubled = (sum(divmod(2 * digit, 10)) for digit in digits[-2::-2])
    return (sum(digits[-1::-2]) + sum(doubled)) % 10 == 0


_NUMBERS = str.maketrans({letter: str(int(letter, 36)) for letter in "ABCDEFGHIJKLMNOPQRSTUVWXYZ"})


def _is_iban(number: str) -> bool:
    """Whether the two digits behind the country are what the rest says."""
    flat = number.replace(" ", "")
    return 15 <= len(flat) <= 34 and int((flat[4:] + flat[:4]).translate(_NUMBERS)) % 97 == 1


def _varied(key: str) -> bool:
    """Whether it is no mere pattern, such as ``sk-xxxxxxxx``."""
    return len(set(key)) >= 10


def _is_key(key: str) -> bool:
    """Whether it is neither a mere pattern nor small words with hyphens, such as ``sk-learn-contrib``."""
    return _varied(key) and (key.lower() != key or any(map(str.isdigit, key)))


def _is_random(key: str) -> bool:
    """Whether its letters and digits are as mixed as chance mixes them."""
    if sum(map(str.isdigit, key)) < 3 or key.lower() == key or key.upper() == key:
        return False
    return -sum(count / len(key) * log2(count / len(key)) for count in Counter(key).values()) > 4.2


_UPPER = r"[A-ZÀ-ÖØ-Þ]"
_NAMED = rf"(?!The |On )(?:{_UPPER}[\w'’.-]{{0,30}}|\d{{1,3}}(?:st|nd|rd|th)) "
# How people write the streets of a language, and what one of them has to hold.
_STREETS = (
    (
        (" S", " Av", " R", " B", " L", " D", " C", " W", " P", " T", " H"),
        rf"[0-9](?<![\w.,-].)\d{{0,4}}[A-Za-z]?,? (?:{_NAMED}){{1,3}}?"
        r"(?:Street|St|Avenue|Ave|Road|Rd|Boulevard|Blvd|Lane|Ln|Drive|Dr|Court|Ct|Square|Sq|Way|Place|Pl"
        r"|Terrace|Crescent|Highway|Hwy|Parkway|Pkwy)\b\.?",
    ),
    (
        ("straße", "strasse", "str.", "gasse", "weg", "platz", "allee", "ufer", "damm"),
        rf"{_UPPER}(?<!\w.)\w{{2,40}}?(?:straße|strasse|str\.|gasse|weg|platz|allee|ufer|damm) \d{{1,4}}"
        r"(?: ?[a-h])?\b",
    ),
    (
        ("rue", "avenue", "boulevard", "place", "chemin", "allée", "impasse", "quai"),
        r"[0-9](?<!\w.)\d{0,3}(?: bis| ter)?,? (?:rue|avenue|boulevard|place|chemin|allée|impasse|quai) "
        rf"(?:de |du |des |la |les? |[ld]['’]){{0,3}}{_UPPER}\w{{1,40}}",
    ),
    (
        ("Calle", "Av", "Plaza", "Paseo", "Via", "Piazza", "Corso", "Rua", "ul.", "улица", "ул."),
        r"[ACPRVu\u0443](?<!\w.)(?:alle|venida|vda\.|laza|aseo|iale|ia|iazza|orso|ua|l\.|лица|л\.) "
        r"(?:\w{1,30} ){0,3}?\w{2,40},? (?:n[ºo°.] ?)?\d{1,4}\b",
    ),
)
_STREET_PATTERNS = tuple((hints, re.compile(pattern)) for hints, pattern in _STREETS)


def _is_ip(number: str) -> bool:
    """Whether it is an address in a network, and not one that every machine has."""
    if ":" in number and "::" not in number and number.count(":") != 7:
        return False  # as the next line would say, but slowly
    try:
        address = ip_address(number)
    except ValueError:
        return False
    if address.version == 6 and "::" in number and not any(map(str.isdigit, number)):
        return False
    return not (address.is_loopback or address.is_unspecified)


_MACHINES: tuple[tuple[str, _Check], ...] = (
    (".", (re.compile(r"[0-9](?<![\w.].)(?<!ersion .)\d{0,2}(?:\.\d{1,3}){3}(?!\w|\.\d)"), _is_ip)),
    (":", (re.compile(r"[0-9A-Fa-f](?<![\w:.].)[\dA-Fa-f]{0,3}(?::[\dA-Fa-f]{0,4}){2,7}(?![\w:])"), _is_ip)),
    (":", (re.compile(r"[0-9A-Fa-f](?<![\w:-].)[\dA-Fa-f](?::[\dA-Fa-f]{2}){5}(?![\w:-])"), bool)),
    ("-", (re.compile(r"[0-9A-Fa-f](?<![\w:-].)[\dA-Fa-f](?:-[\dA-Fa-f]{2}){5}(?![\w:-])"), bool)),
)


def addresses(text: str, tries: int | None = None) -> Iterator[Span]:
    """Streets with the number of a house, and addresses of machines in a network."""
    if not _DIGIT.search(text):
        return
    checks: list[_Check] = [
        (pattern, bool) for hints, pattern in _STREET_PATTERNS if any(hint in text for hint in hints)
    ]
    checks += [check for sign, check in _MACHINES if text.count(sign) > 1]
    yield from apart(*(_checked(pattern, check, text, "[address]", tries) for pattern, check in checks))


class _Finder(Protocol):
    def __call__(self, text: str, tries: int | None = None) -> Iterator[Span]: ...


PRIVATE: dict[str, _Finder] = {
    "privacy.email": emails,
    "privacy.phone": phones,
    "privacy.secret": secrets,
    "privacy.address": addresses,
    "privacy.url": urls,
}
