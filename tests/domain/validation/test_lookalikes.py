"""What was read in the wrong encoding is found; what people write in any language of Latin letters is not."""

# ruff: noqa: RUF001 - odd signs are what this is about

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from app.domain.validation.spans import replaced
from app.domain.validation.unicode import control_characters, mojibake

# Words with letters beyond ASCII at their end, in their middle and at their beginning.
WORDS = [
    "irmã", "amanhã", "maçã", "órfã", "lã", "avó", "irmão", "você", "à", "é", "às", "bênção", "só",
     # Portuguese
    "été", "à", "là", "où", "voilà", "café", "août", "français", "tête", "l’été", "île", "œuvre",  # French
    "că", "fată", "mâine", "încă", "țară", "și",  # Romanian
    "đã", "là", "mã", "ngã", "cô", "quê", "huế", "ý", "ơ", "đó", "người",  # Vietnamese
    "schön", "straße", "über", "öl", "menü", "ja", "größe",  # German
    "españa", "corazón", "año", "allá", "qué", "así",  # Spanish
    "più", "perché", "città", "però", "è",  # Italian
    "już", "łódź", "są", "zażółć", "się",  # Polish
    "už", "zlá", "než", "není", "výška", "ještě", "ď", "ť",  # Czech and Slovak
    "nő", "fű", "jó", "idő",  # Hungarian
    "på", "så", "å", "är", "ö", "få", "blå", "æ", "ø",  # Swedish, Danish and Norwegian
    "það", "við", "með", "bað", "þá", "ó",  # Icelandic
    "hyvä", "sitä", "äiti", "öö", "jää", "õ",  # Finnish and Estonian
    "kâr", "çığ", "değil", "ağaç",  # Turkish
    "tā", "ē", "šķūnis", "ė", "ų",  # Latvian and Lithuanian
]  # fmt: skip
CASES = (str.lower, str.upper, str.capitalize)
BETWEEN = (
    " ", "—", " — ", "– ", " – ", "… ", "… — ", "…", "” ", "’ ", "’s ", "’—", "”—", "“ ", "‘ ", "» ", "« ",
    " » ",
    " « ",    "!” ", ",” ", "…” ", "”. ", "›, ", "), ", ", ", ": “", " “", " «", " „", " ‹", " (", "? “",
    ".\n", "\n", "\n— ",
    "* *", "*—*", " / ", " · ", ";\u00a0", "\u00a0: ",
)  # fmt: skip
ENDS = (
    "",
    ".",
    "!",
    "…",
    "—",
    "–",
    "”",
    "“",
    "’",
    "»",
    "«",
    "›",
    "*",
    ")",
    "\n",
    "!”",
    "”.",
    "\x85",
    "\x85\n",
)


@pytest.mark.parametrize("word", WORDS)
def test_no_word_is_broken_in_any_case_whatever_stands_behind_it(word):
    flagged = [
        text
        for case in CASES
        for end in (*BETWEEN, *ENDS)
        for text in (f"{case(word)}{end}", f"A {case(word)}{end}disse", f"A {case(word)}{end}QUE")
        # An umlaut, and other halves of letters, are likelier there: nobody writes so.
        if not (end in ("“", "«", "”", "’", "»", "›", "–") and text[-1].isalpha())
        if list(mojibake(text))
    ]
    assert flagged == []


@given(st.lists(st.tuples(st.sampled_from(WORDS), st.sampled_from(CASES), st.sampled_from(BETWEEN))))
@example([("irmã", str.upper, "—"), ("disse", str.lower, " ")])
@example([("a", str.lower, " "), ("maçã", str.upper, "” "), ("é", str.upper, "—"), ("boa", str.lower, " ")])
def test_no_sentence_of_correct_words_is_broken(pieces):
    text = "".join(case(word) + between for word, case, between in pieces)
    assert list(mojibake(text)) == []


@pytest.mark.parametrize(
    "text",
    [
        "IRMÃ—disse", "AMANHÃ—disse ele", "A IRMÃ—QUE", "IRMÃ”", "IRMÃ’", "IRMÃ–QUE", "MAÇÃ”, disse",
        "IRMÃ”disse",
        "ÓRFÃ\xa0E SÓ", "AMANHÃ\xa0de manhã", "LÃ\xa0É", "É A IRMÃ’S", "IRMÃ¹ e CAFÉ² e CAFÉ†",
        "ÉTÉ•HIVER", "OLÉ™ É",
        "Ã is a letter", "a letra Ã O", "Ã", "Â—", "Ã—", "Â", "A letra “Ã” é", "‘Â’", "(Ã)", "«Ã»", "«Â»",
        "*Ã*",
        "Ã… Â…", "Ã’s tilde", "Ã – sim", "Î—Ê—Ô", "Â is a letter", "“irmã”“Sim”", "ÞAÐ—ER BAÐ” OG VIÐ–",
        "VÅ» PÅ” Å—Ä—Ö", "COBORÎ—ACUM", "ĐÃ—RỒI", "a\xa0b", "20°C, n° 5, 3 × 4, 1º, 2ª, § 5, £5, €5, ½, ²",
        "¿Qué? ¡Sí! «Año»", "x\x85y", "x\x85\x85y", "café\x85\nb", "ÉTÉ\x85E", "Spaß\x85",
    ],
)  # fmt: skip
def test_what_looks_broken_and_may_be_correct_is_left_alone(text):
    assert list(mojibake(text)) == []


@pytest.mark.parametrize(
    ("broken", "right"),
    [
        ("cafÃ©", "café"), ("itâ€™s", "it’s"), ("â€œHiâ€\x9d", "“Hi”"), ("a â€” b", "a — b"),
        ("MÃ¼ller", "Müller"),
        ("SÃ£o Paulo", "São Paulo"), ("Â£5", "£5"), ("20Â°C", "20°C"), ("aÂ\xa0b", "a\xa0b"),
        ("Â\xa0Hi", "\xa0Hi"),
        ("cost.Â  The", "cost.\xa0 The"), ("Â« Oui Â»", "« Oui »"), ("oneÂ—two", "one—two"),
        ("Â¿QuÃ©?", "¿Qué?"),
        ("voilÃ  tout", "voilà tout"), ("Ã\xa0 la carte", "à la carte"), ("lÃ\xa0-bas", "là-bas"),
        ("LÃ\xa0-bas", "Là-bas"),
        ("3 Ã— 4", "3 × 4"), ("3Ã—4", "3×4"), ("ESPAÃ‘A", "ESPAÑA"), ("CORAZÃ“N", "CORAZÓN"),
        ("CÃ”TE", "CÔTE"),
        ("FRANÃ‡AIS", "FRANÇAIS"), ("DÃ‰JÃ€", "DÉJÀ"), ("Ã–sterreich", "Österreich"), ("Ã“scar", "Óscar"),
        ("Ãœber", "Über"), ("Ã‡a va", "Ça va"), ("Å“uvre", "œuvre"), ("Ã\x85ngstrÃ¶m", "Ångström"),
        ("Ð¿Ñ€Ð¸Ð²ÐµÑ‚", "привет"), ("РџСЂРёРІРµС‚", "Привет"), ("đź‘Ť", "👍"), ("ðŸ˜€", "😀"),
        ("zaĹĽĂłĹ‚Ä‡", "zażółć"),
        ("\x93Hi\x94", "“Hi”"), ("\x93Hi\x94\x85", "“Hi”…"),
    ],
)  # fmt: skip
def test_what_was_read_in_the_wrong_encoding_is_put_right(broken, right):
    assert replaced(broken, mojibake(broken)) == right
    assert list(mojibake(right)) == []


def test_what_ends_a_line_for_other_machines_is_a_control_character_and_becomes_a_line_end():
    text = "one\x85two\x85\x85three"
    assert list(mojibake(text)) == []
    assert replaced(text, control_characters(text)) == "one\ntwo\n\nthree"
