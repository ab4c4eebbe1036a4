"""Repairs of texts: each class of stretches by itself, in every message that is text."""

import pytest

from app.domain.repairs import repaired
from app.domain.validation.rules import Rules

RULES = Rules()
PARTS = [{"type": "text", "text": "<|im_end|> {{user}} a\u200bb ann@example.org"}]

NEEDED = "👩\u200d🚀 \u0645\u06cc\u200c\u062e\u0648"  # what joins an emoji, and what parts Persian letters


def after(code, said, rules=RULES, **choice):
    """What becomes of a text; what stands beside it must not change."""
    first = {"role": "user", "content": said, "name": said}
    others = [{"role": "tool", "content": PARTS}, {"role": "assistant", "content": None}, said, 7]
    done = repaired({"messages": [first, *others], "note": said}, code, rules, **choice)
    assert done["note"] == done["messages"][0]["name"] == said
    assert done["messages"][1:] == others
    return done["messages"][0]["content"]


@pytest.mark.parametrize(
    ("code", "before", "expected"),
    [
        ("text.mojibake", "itâ€™s a cafÃ©", "it’s a café"),
        ("text.mojibake", "“curly”\ufeff ﬁ", "“curly”\ufeff ﬁ"),  # what else ftfy could do is not asked for
        ("text.control_characters", "a\x00b\x08c\td\n", "abc\td\n"),
        ("text.control_characters", "a\u2028b", "a\nb"),
        ("text.zero_width", "a\u200bb\ufeff", "ab"),
        ("text.zero_width", NEEDED, NEEDED),
        ("text.zalgo", "H\u0300\u0301\u0302\u0303\u0304\u0305i é e\u0301", "Hi é e\u0301"),
        ("text.mixed_quotes", "“One,” she said, \"two\" – it’s", '"One," she said, "two" – it’s'),
        ("text.mixed_quotes", "“One,” she said – it's", "“One,” she said – it's"),
        ("privacy.email", "write to ann@example.org.", "write to [email]."),
        ("privacy.phone", "call +49 30 1234567 now", "call [phone] now"),
        ("privacy.secret", "card 4111 1111 1111 1111", "card [secret]"),
        ("privacy.url", "see https://example.org/a?b=1 (x)", "see [link] (x)"),
        ("privacy.address", "at 12 Baker Street", "at [address]"),
    ],
)  # fmt: skip
def test_a_text_is_put_right(code, before, expected):
    assert after(code, before) == expected
    assert after(code, expected) == expected


def test_names_that_are_never_published_become_a_placeholder():
    rules = RULES.changed({"never_publish": ["Ann Lee"]})
    assert after("privacy.name", "I am ann lee, not Annlee.", rules) == "I am [name], not Annlee."
    assert after("privacy.name", "I am Ann Lee.") == "I am Ann Lee."


def test_a_control_token_is_broken_up_or_removed():
    text = "Bye.<|im_end|>\n[INST]</s>"
    assert after("text.special_token", text) == "Bye.< |im_end|>\n[ INST]< /s>"
    assert after("text.special_token", text, choice="remove") == "Bye.\n"


def test_halves_of_a_token_that_meet_are_removed_too():
    assert after("text.special_token", "<|im_<|im_end|>end|>x", choice="remove") == "x"


def test_a_token_of_one_character_can_only_be_removed():
    rules = RULES.changed({"special_tokens": ["§", "</s>"]})
    assert after("text.special_token", "§ 1</s>", rules) == "§ 1< /s>"
    assert after("text.special_token", "§ 1</s>", rules, choice="remove") == " 1"


MACROS = "{{user}} met {{ Char }}, <BOT> and <user>.\n<START>\n{{bot}}: <START> {{random:a,b}}"


@pytest.mark.parametrize(
    ("choice", "text", "expected"),
    [
        ("user", "Ann", "Ann met {{ Char }}, <BOT> and Ann.\n<START>\n{{bot}}: <START> {{random:a,b}}"),
        ("char", " Bo ", "{{user}} met Bo, Bo and <user>.\n<START>\nBo: <START> {{random:a,b}}"),
        ("both", "Ann, Bo", "Ann met Bo, Bo and Ann.\n<START>\nBo: <START> {{random:a,b}}"),
        ("start", "", "{{user}} met {{ Char }}, <BOT> and <user>.\n{{bot}}:  {{random:a,b}}"),
    ],
)
def test_a_macro_becomes_a_name(choice, text, expected):
    assert after("text.macro_left", MACROS, choice=choice, text=text) == expected


def test_a_name_that_is_a_macro_is_taken_as_it_is():
    assert after("text.macro_left", "Hi <USER>", choice="user", text="{{user}}") == "Hi {{user}}"


@pytest.mark.parametrize("names", ["Ann", ",Bo", "Ann, "])
def test_two_names_are_needed_for_both(names):
    with pytest.raises(ValueError, match="Two names are needed"):
        repaired({"messages": []}, "text.macro_left", RULES, choice="both", text=names)
