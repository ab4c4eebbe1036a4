"""Correct letters and signs that look as if they had been read in the wrong encoding.

``Ã—`` is what becomes of a “×”, and how “A IRMÃ—disse” goes on; ftfy cannot tell. By itself such a pair says
nothing, so it is covered before ftfy is asked, and what stands around it decides.
"""

import re

_CODES = (*range(0xC0, 0x250), *range(0x1E00, 0x1F00))
# Without those that are themselves the second half of a broken letter.
_UPPER = "".join(letter for letter in map(chr, _CODES) if letter.isupper() and letter not in "ŒŠŸŽ")
_LOWER = "".join(letter for letter in map(chr, _CODES) if letter.islower())
_CAPITAL = f"[A-Z{_UPPER}]"
_LETTER = r"[^\W\d_]"

# The last letter of a word in capitals, and what people write behind that. An opening quotation mark or a
# guillemet with a letter behind it is more likely half of a letter, as in “ESPAÃ‘A”.
_LAST = (
    rf"(?<={_CAPITAL})[{_UPPER}](?:"
    rf"[—–\x85]|’(?!{_LETTER}{{2}})|[”\u203a](?!{_CAPITAL})|[“‘„\u201a\u2039«»](?!{_LETTER})"
    r"|(?<![ÂÃÄÅĂĹ])[•©®™†‡]"
    rf"|\xa0(?![a-z -])|(?<={_CAPITAL}{{2}}.)(?:\xa0|[¹²³§·°](?!{_LETTER})))"
)
# A capital that stands alone, as where letters are talked of; but “3 Ã— 4”, “Ã–l” and “Â« Oui Â»” are broken.
_ALONE = (
    rf"(?<![^\W_])(?<![.,;:!?…”%)])[{_UPPER}](?:"
    rf"(?<!\d .)—(?! ?\d)|[–“‘„\u201a\u2039”\u203a](?!{_LETTER})|’(?:(?=s\b)|(?!{_LETTER}))|(?=[ ](?! ))"
    rf"|(?<![ÃÎÐÑ])\x85|(?<=Ã)(?:\xa0(?={_LETTER})|[«»](?!{_LETTER}))|(?<=«Â)»)"
)
# The last letter of a word, where one person’s speech ends and another’s begins.
_QUOTED = rf"(?<=[a-z]{{2}})[{_LOWER}][”’»\u203a][“‘«\u2039„]"
# The next line of other machines, U+0085, but not where it is a part of a letter.
_NEXT_LINE = r"\x85(?:(?<![\x80-\x84\x86-\xf4].)|(?<=[\xdf-\xf4].)(?![\x80-\xbf]))"
_LOOKALIKE = re.compile(f"{_LAST}|{_ALONE}|{_QUOTED}|{_NEXT_LINE}", re.DOTALL)


def without_lookalikes(text: str) -> str:
    """The text with an A for each letter and sign of which alone nothing can be said."""
    return _LOOKALIKE.sub("A", text)
