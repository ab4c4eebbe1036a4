"""What should not be published: addresses, numbers and secrets in a text, each by its form and a check.

``PRIVATE`` names a function for each code but ``privacy.name``; each gives the places, with the placeholder
that a repair puts there. What was found is never repeated.
"""

import re
from collections import Counter
from collections.abc import Callable, Iterator
from ipaddress import ip_address
from itertools import chain
from math import log2

from app.domain.validation.spans import Span, apart

_EMAIL = re.compile(r"(?<=[A-Za-z0-9%+_-])@(?:[A-Za-z0-9-]{1,63}\.){1,8}([A-Za-z]{2,24})(?![A-Za-z0-9@])")
_LOCAL = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789.%+_-")
_FILES = frozenset(("png", "jpg", "jpeg", "gif", "webp", "svg", "css", "js", "json"))  # such as sprite@2x.png
_NO_MAIL = re.compile(r"@$|://[^\s/]*:$")  # names in other networks, passwords in links


def emails(text: str) -> Iterator[Span]:
    """E-mail addresses; neither names such as @everyone nor those of other networks (@ann@example.social)."""
    if "@" not in text:
        return
    done = 0
    for found in _EMAIL.finditer(text):
        start, lowest = found.start(), max(done, found.start() - 65)
        while start > lowest and text[start - 1] in _LOCAL:
            start -= 1
        before = text[max(0, start - 64) : start]
        if found.start() - start > 64 or found[1].lower() in _FILES or _NO_MAIL.search(before):
            continue
        done = found.end()
        while text[start] == ".":
            start += 1
        yield Span(start, done, better="[email]")


_URL = re.compile(
    r"(?<![A-Za-z0-9])(?:(?:https?|ftp)://|www\.(?=[A-Za-z0-9-]{1,63}\.)|(?:discord\.gg|t\.me|bit\.ly)/)"
    r"[^\s<>\"“”«»`{}|\\^\u3000-\u303f\uff00-\uff5e]++",
    re.IGNORECASE,
)


def urls(text: str) -> Iterator[Span]:
    """The addresses of web pages, without the full stop or bracket that follows them."""
    if "://" not in text and "/" not in text and "www." not in text.lower():
        return
    for found in _URL.finditer(text):
        link = found[0].rstrip(".,;:!?'’*_")
        while link.endswith((")", "]")) and link.count(link[-1]) > link.count(
            "(" if link[-1] == ")" else "["
        ):
            link = link[:-1].rstrip(".,;:!?'’*_")
        if len(link) > len("https://"):
            yield Span(found.start(), found.start() + len(link), better="[link]")


# Enough digits for a telephone number, with what may stand between them.
_DIGITS = re.compile(r"(?<![\w.,:/-])[+(]{0,2}\d(?:[ ()./\u00a0-]{0,3}\d){6,18}(?![\d\w])")
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


def phones(text: str) -> Iterator[Span]:
    """Telephone numbers: with the code of a country, as countries write them, or called one just before.

    Years, dates, times, prices, versions and the numbers of cards are none.
    """
    spans = (_phone(text, found) for found in _DIGITS.finditer(text))
    first = next((span for span in spans if span), None)
    if first is None:
        return
    accounts = (found for found in _IBAN.finditer(text) if _is_iban(found[0]))
    account = next(accounts, None)
    for span in chain((first,), spans):
        while span and account and account.end() <= span.start:
            account = next(accounts, None)
        if span and not (account and account.start() < span.start):
            yield span


def _phone(text: str, found: "re.Match[str]") -> Span | None:
    number = found[0]
    if _DATE.match(number) or _is_card(number) or _is_ip(number):
        return None
    for one in _PHONE.finditer(number):
        digits = sum(map(str.isdigit, one[0]))
        if digits >= (8 if "+" in one[0] else 9) and not _round(one[0]):
            return Span(found.start() + one.start(), found.start() + one.end(), better="[phone]")
    if _CALLED.search(text[max(0, found.start() - 30) : found.start()]):
        return Span(*found.span(), better="[phone]")
    return None


def _round(number: str) -> bool:
    """Whether they are rather several round numbers, such as ``200 500 1000``."""
    return " " in number and sum(part.endswith("00") for part in number.split()) > 1


_CARD = re.compile(
    r"(?<![\d.,-])(?:\d{4}([ -]?)\d{4}\1\d{4}\1\d{4}(?:\1\d{1,3})?|3[47]\d\d([ -]?)\d{6}\2\d{5}|\d{13,19})"
    r"(?!\d|[.,]\d)"
)
_SSN = re.compile(r"(?<![\w-])(?!000|666|9)\d{3}-(?!00)\d\d-(?!0000)\d{4}(?![\w-])")
_IBAN = re.compile(r"(?<![A-Za-z0-9])[A-Z]{2}\d\d(?: ?[A-Z0-9]{4}){2,7}(?: ?[A-Z0-9]{1,3})?(?![A-Za-z0-9])")
# By the forms that those who give them out have published.
_KEY = re.compile(
    r"(?<![A-Za-z0-9_])(?:"
    r"sk-[A-Za-z0-9_-]{20,200}+"  # OpenAI, Anthropic and others
    r"|gh[pousr]_[A-Za-z0-9]{30,100}+|github_pat_[A-Za-z0-9_]{30,100}+|glpat-[A-Za-z0-9_-]{20,60}+"
    r"|xox[abeoprs]-[A-Za-z0-9-]{10,200}+"
    r"|[MNO][A-Za-z0-9_-]{23,25}\.[A-Za-z0-9_-]{6}\.[A-Za-z0-9_-]{27,40}+"
    r"|\d{8,10}:AA[A-Za-z0-9_-]{33}"  # Slack, Discord, Telegram
    r"|A[KS]IA[A-Z0-9]{16}(?![A-Za-z0-9])"  # Amazon
    r"|AIza[A-Za-z0-9_-]{35}|ya29\.[A-Za-z0-9_-]{20,300}+"  # Google
    r"|hf_[A-Za-z0-9]{30,60}+|gsk_[A-Za-z0-9]{40,60}+|r8_[A-Za-z0-9]{30,50}+"  # places of models
    r"|npm_[A-Za-z0-9]{36}|pypi-[A-Za-z0-9_-]{50,250}+|dop_v1_[a-f0-9]{64}"
    r"|[rs]k_(?:live|test)_[A-Za-z0-9]{16,120}+|whsec_[A-Za-z0-9]{20,80}+"  # Stripe
    r"|SG\.[A-Za-z0-9_-]{16,40}\.[A-Za-z0-9_-]{30,60}+"  # SendGrid
    r"|eyJ[A-Za-z0-9_-]{10,2000}+\.eyJ[A-Za-z0-9_-]{10,8000}+\.[A-Za-z0-9_-]{10,2000}+"  # web tokens
    r")"
)
_LOGIN = re.compile(r"://[^\s:/@]{1,64}:([^\s:/@]{3,128})@")  # a password in a link
_BLOCK = re.compile(
    r"-----BEGIN [A-Z ]{0,30}PRIVATE KEY-----"
    r"(?:[^-]{0,20000}-----END [A-Z ]{0,30}PRIVATE KEY-----)?"
)
_TOLD = re.compile(
    r"\b(?:password|passwd|passcode|pwd|passwort|api[ _-]?key|secret(?:[ _-]?key)?"
    r"|(?:access|auth|api)[ _-]?token|client[ _-]?secret)\b[\"'*]{0,3}\s{0,3}(?:[:=]|is\b)\s{0,3}"
    r"[\"'“*`]{0,3}([^\s\"'”,;<>*`]{6,128})",
    re.IGNORECASE,
)
_LONG = re.compile(r"(?<![A-Za-z0-9+/_=.-])[A-Za-z0-9_-]{32,128}+(?![A-Za-z0-9+/_.-])")


def secrets(text: str) -> Iterator[Span]:
    """Numbers of cards and accounts that hold their own check, keys of known forms, and passwords told.

    A long string of mixed letters and digits counts where it is as random as a key.
    """
    yield from apart(_secrets(text))


def _secrets(text: str) -> Iterator[Span]:
    """The same, as they are found: some inside others."""
    found_by = (
        (_CARD, _is_card), (_SSN, bool), (_IBAN, _is_iban), (_KEY, _varied), (_BLOCK, bool),
        (_LONG, _is_random),
    )  # fmt: skip
    for pattern, check in found_by:
        for found in pattern.finditer(text):
            if check(found[0]):
                yield Span(*found.span(), better="[secret]")
    for found in _LOGIN.finditer(text):
        yield Span(*found.span(1), better="[secret]")
    for found in _TOLD.finditer(text):
        told = found[1].rstrip(".!?)")
        if len(told) >= 6 and any(map(str.isdigit, told)) and any(map(str.isalpha, told)):
            yield Span(found.start(1), found.start(1) + len(told), better="[secret]")


def _is_card(number: str) -> bool:
    """Whether the last digit is what Luhn's formula says, and the first ones are those of a card."""
    digits = [int(digit) for digit in number if digit in "0123456789"]
    if not 13 <= len(digits) <= 19 or digits[0] not in (2, 3, 4, 5, 6) or len(set(digits)) < 2:
        return False
    doubled = (sum(divmod(2 * digit, 10)) for digit in digits[-2::-2])
    return (sum(digits[-1::-2]) + sum(doubled)) % 10 == 0


def _is_iban(number: str) -> bool:
    """Whether the two digits behind the country are what the rest says."""
    flat = number.replace(" ", "")
    return (
        15 <= len(flat) <= 34 and int("".join(str(int(each, 36)) for each in flat[4:] + flat[:4])) % 97 == 1
    )


def _varied(key: str) -> bool:
    """Whether it is no mere pattern, such as ``sk-xxxxxxxx``."""
    return len(set(key)) >= 10


def _is_random(key: str) -> bool:
    """Whether its letters and digits are as mixed as chance mixes them."""
    if sum(map(str.isdigit, key)) < 3 or key.lower() == key or key.upper() == key:
        return False
    return -sum(count / len(key) * log2(count / len(key)) for count in Counter(key).values()) > 4.2


_UPPER = r"[A-ZÀ-ÖØ-Þ]"
_STREET = re.compile(
    # English
    rf"(?<![\w.,-])\d{{1,5}}[A-Za-z]?,? (?:(?!The |On )(?:{_UPPER}[\w'’.-]{{0,30}}|\d{{1,3}}(?:st|nd|rd|th))"
    r" ){1,3}?(?:Street|St|Avenue|Ave|Road|Rd|Boulevard|Blvd|Lane|Ln|Drive|Dr|Court|Ct|Square|Sq"
    r"|Way|Place|Pl|Terrace|Crescent|Highway|Hwy|Parkway|Pkwy)\b\.?"
    # German
    rf"|(?<!\w){_UPPER}[\wäöüß-]{{2,40}}?(?:straße|strasse|str\.|gasse|weg|platz|allee|ufer|damm) \d{{1,4}}"
    r"(?: ?[a-h])?\b"
    # French
    r"|(?<!\w)\d{1,4}(?: bis| ter)?,? (?:rue|avenue|boulevard|place|chemin|allée|impasse|quai) "
    rf"(?:de |du |des |la |les? |[ld]['’]){{0,3}}{_UPPER}\w{{1,40}}"
    # Spanish, Italian, Portuguese, Polish, Russian
    r"|(?<!\w)(?:Calle|Avenida|Avda\.|Plaza|Paseo|Via|Viale|Piazza|Corso|Rua|ul\.|улица|ул\.) "
    r"(?:\w{1,30} ){0,3}?\w{2,40},? (?:n[ºo°.] ?)?\d{1,4}\b"
)
_IP = re.compile(
    r"(?<![\w:-])[0-9A-Fa-f]{2}(?:([:-])[0-9A-Fa-f]{2})(?:\1[0-9A-Fa-f]{2}){4}(?![\w:-])"
    r"|(?<![\w.])(?<![vV]ersion )(?:\d{1,3}\.){3}\d{1,3}(?!\w|\.\d)"
    r"|(?<![\w:.])(?:[0-9A-Fa-f]{1,4}:{1,2}){2,7}[0-9A-Fa-f]{1,4}(?![\w:])"
)


def addresses(text: str) -> Iterator[Span]:
    """Streets with the number of a house, and addresses of machines in a network."""
    streets = (Span(*found.span(), better="[address]") for found in _STREET.finditer(text))
    machines = (Span(*found.span(), better="[address]") for found in _IP.finditer(text) if _is_machine(found))
    yield from apart((*streets, *machines))


def _is_machine(found: "re.Match[str]") -> bool:
    return bool(found[1]) or _is_ip(found[0])


def _is_ip(number: str) -> bool:
    """Whether it is an address in a network, and not one that every machine has."""
    try:
        address = ip_address(number)
    except ValueError:
        return False
    if address.version == 6 and "::" in number and not any(map(str.isdigit, number)):
        return False
    return not (address.is_loopback or address.is_unspecified)


PRIVATE: dict[str, Callable[[str], Iterator[Span]]] = {
    "privacy.email": emails,
    "privacy.phone": phones,
    "privacy.secret": secrets,
    "privacy.address": addresses,
    "privacy.url": urls,
}
