"""What is found in texts, and what only looks like it."""

# ruff: noqa: RUF001 - letters of other scripts are what this is about

import json

import pytest
from ftfy import fix_encoding

from app.domain.entry import Entry
from app.domain.validation.codes import CODES, GROUPED
from app.domain.validation.rules import Rules
from app.domain.validation.spans import replaced
from app.domain.validation.text import check_texts, names
from app.domain.validation.unicode import mojibake


def found(text, role="assistant", rules=None):
    """Each code found in one message, with the passages or details."""
    value = {"messages": [{"role": role, "content": text}]}
    codes: dict[str, list[str]] = {}
    for each in check_texts(Entry(b"", value), rules or Rules()):
        assert each.severity == CODES[each.code].severity
        assert each.message == 0
        codes.setdefault(each.code, []).append(
            each.detail if each.code in GROUPED else text[each.start : each.end]
        )
    return codes


def test_a_clean_conversation_has_nothing_to_be_said_of():
    lines = (
        "*She smiles, and nods.* The lantern — it’s old… “Well,” she said, “come in!”",
        "I'm not able to sleep. I can't help you carry that; I cannot stay.",
        "The greatest of 3 kings ruled 1490-1520; at 10:30 he ate 1,000 figs (5'10\" tall).",
        "2024-01-15, 01.02.2024 10:00, v1.2.3, page 12-14, $5.99, 50%, #1, a < b > c, 3 <3 4",
        "@everyone come to the well @ noon **now**, _please_ — a/b, and/or; ¿qué? ¡sí!",
        "",
    )
    for line in lines:
        assert found(line) == {}


@pytest.mark.parametrize(
    "text",
    [
        "می‌خواهم کتاب‌ها را بخوانم",  # Persian: joiners of no width
        "שלום\u200f, עולם — בְּרֵאשִׁית בָּרָא",  # Hebrew: marks, and where it runs
        "بِسْمِ ٱللَّٰهِ ٱلرَّحْمَٰنِ",  # Arabic: marks on marks
        "क्\u200dष और क्\u200cष हिन्दी में", "ශ්\u200dරී ලංකා", "মাছি ক্\u200cত",  # Indic joiners
        "ภาษา\u200bไทย ที่นี้", "ភាសា\u200bខ្មែរ", "မြန်မာ\u200bဘာသာ",  # where a line may break
        "Tie\u0302\u0301ng Vie\u0323\u0302t, Tiếng Việt",  # Vietnamese: two marks on a letter
        "他说：「你好，世界。」", "彼は「はい」と言った。", "한국어 텍스트",
        "བསྒྲུབས ཧཱུྃ",  # Tibetan piles up letters
        "👩\u200d👩\u200d👧\u200d👦 ❤\ufe0f\u200d🔥 👩🏽\u200d💻 1\ufe0f\u20e3 ‼\ufe0f ☺\ufe0e",
        "🏴\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f 🏳\ufe0f\u200d🌈",
        "葛\U000e0100城", "ᠮᠣᠩ\u180bᠭᠣᠯ",  # what chooses the form of a letter
        "L’été à Besançon, où « ça va »… NÃO! São João. “Il a chanté…” “IRMÔ",
        "Ещё раз: «Привет!» Їжак", "Γειά σου, Κόσμε! «Ναι»", "Zażółć gęślą jaźń „tak”",
    ],
)  # fmt: skip
def test_other_scripts_are_no_defects(text):
    for role in ("system", "user", "assistant"):
        assert found(text, role) == {}


@pytest.mark.parametrize(
    ("code", "text", "passages"),
    [
        ("text.mojibake", "It was naÃ¯ve.\nOh 😀 itâ€™s me", ["Ã¯", "â€™"]),
        ("text.mojibake", "РџСЂРёРІРµС‚!", ["РџСЂРёРІРµС‚"]),
        ("text.mojibake", "\x93Hi\x94, he said", ["\x93Hi\x94"]),
        ("text.control_characters", "a\x00b\x1bc\u2028d\ud83d", ["\x00", "\x1b", "\u2028", "\ud83d"]),
        ("text.zero_width", "a\u200bb \ufeffc\u00ad\u00add", ["\u200b", "\ufeff", "\u00ad\u00ad"]),
        ("text.zero_width", "x\u200dy \u200chi 👩\u200d", ["\u200d", "\u200c", "\u200d"]),
        ("text.zero_width", "left\u200eright \u202eevil", ["\u200e", "\u202e"]),
        ("text.zero_width", "hidden\U000e0041\U000e0042", ["\U000e0041\U000e0042"]),
        ("text.zero_width", "می\u200c\u200cx 😀\ufe0f\ufe0f a\ufe0f", ["\u200c", "\ufe0f", "\ufe0f"]),
        ("text.replacement_character", "caf\ufffd \ufffd\ufffd", ["\ufffd", "\ufffd\ufffd"]),
        ("text.zalgo", "so h\u0338\u0321\u0322\u0323e\u0338l", ["h\u0338\u0321\u0322\u0323e\u0338"]),
        ("text.zalgo", "ก" + "\u0e47" * 12, ["\u0e47" * 12]),
        ("text.mixed_quotes", 'He said "no" and she “yes” and “well”', ["“"]),
        ("text.special_token", "bye<|im_end|> [INST] </s>", ["<|im_end|>", "[INST]", "</s>"]),
        ("text.special_token", "<eos>x<\uff5cUser\uff5c>", ["<eos>", "<\uff5cUser\uff5c>"]),
        ("text.macro_left", "{{user}}, {{ Char }} {{random::a::b}}", ["{{user}}", "{{char}}", "{{random}}"]),
        ("text.macro_left", "<BOT> greets <user>.\n<START>", ["<BOT>", "<USER>", "<START>"]),
        ("chatml.formatting_leakage", "```py\n# x\n```\n\n## Title", ["a code fence", "a Markdown heading"]),
        ("chatml.formatting_leakage", '<p class="x">hi</p> {"a": 1}', ["HTML", "HTML", "JSON"]),
    ],
)  # fmt: skip
def test_a_defect_is_found_where_it_stands(code, text, passages):
    assert found(text) == {code: passages}


@pytest.mark.parametrize(
    "text",
    [
        "{{x}} {{#if}} \\frac{{a}}{{b}} {user} {{ }} <user>hi</user>",
        "*smiles* **bold** _so_ `word` <3 <grin> #tag C# #1\n- one\n> two",
        "the {room} said [nothing] <sigh> a<b {“no”: it}",
        "“He is 6'2\" tall,” she said.", 'צה"ל “כן”',
        "“Run this”:\n“so” 'yes' she’d 'said'",
    ],
)  # fmt: skip
def test_what_only_looks_like_markup_or_a_second_kind_of_quotes_is_none(text):
    assert found(text) == {}


def test_formatting_is_leakage_in_answers_alone():
    assert found("# Rules\n<b>be kind</b>", "system") == found("```py\n```", "user") == {}


def test_what_mojibake_will_put_right_is_no_control_character():
    assert list(found("itâ\x80\x99s")) == ["text.mojibake"]
    assert set(found("â€™ \x00")) == {"text.mojibake", "text.control_characters"}


@pytest.mark.parametrize(
    ("text", "phrase"),
    [
        ("As an AI language model, I cannot feel.", "as an AI language model"),
        ("I’m sorry, but I can’t assist with that request.", "I'm sorry, but I can't assist with"),
        ("I'm   not able\nto fulfill this request.", "I'm not able to fulfill this request"),
        ("That GOES AGAINST MY PROGRAMMING.", "goes against my programming"),
        ("I’m sorry, but as an AI I can’t help with that.", "as an AI I"),
        ("As an AI, it's not for me to say.", "as an AI, it's not"),
        ("I am an AI assistant and cannot", "I am an AI assistant and cannot"),
        ("I’m an AI. I can’t do that.", "I'm an AI. I can't"),
        ("I'm an AI assistant, so I cannot write it.", "I'm an AI assistant, so I cannot"),
    ],
)  # fmt: skip
def test_a_model_that_refuses_is_heard(text, phrase):
    assert found(text) == {"chatml.ai_refusal_language": [phrase]}
    assert found(text, "user") == {}


@pytest.mark.parametrize(
    "text",
    [
        "I'm not able to sleep.", "I cannot help you, my lord.", "I can't do that!", "As an aide, I know.",
        "I'm sorry, but I can't stay.", "I apologize, but I cannot dance.", "I am unable to lie to you.",
        '"As an AI language model, I cannot lie," the robot joked.', "“I can’t assist with that,” he said.",
        "He has an airline language modelled on Latin.",
        "As an AI researcher I can't tell you that.",
        "As an AI expert, I cannot.", "As an AIDS nurse I can't.",
        "I am an AI assistant in this story, and I carry your bags.", "I'm an AI. I can smell the sea.",
        "“I am an AI and I cannot dream,” the ship said.", "She said that, as an AI, it could not know.",
    ],
)  # fmt: skip
def test_a_character_who_declines_is_no_refusing_model(text):
    assert found(text) == {}


def test_style_is_counted_by_the_phrase_of_the_list():
    text = "A shiver down her spine, a shiver down his spine. You feel cold. (OOC: brb)"
    assert found(text) == {
        "style.slop_phrase": ["shiver down * spine"] * 2,
        "style.speaks_for_user": ["you feel"],
        "style.ooc": ["OOC"],
    }
    assert found(text, "user") == {"style.ooc": ["OOC"]}
    assert found('"You feel it too," she says, and thank you, Feeley.') == {}


@pytest.mark.parametrize(
    "text",
    [
        "Do you feel it?", "What do you say?", "I love you. You say that often?",
        "And what do you say, my friend?", "Do you feel *that* too?", "You feel it, don't you?",
        "Is that all you say?!", "Did {{user}} says so?",
        "Do you *feel* it? Well, do you feel *it*?",
    ],
)  # fmt: skip
def test_a_question_does_not_speak_for_the_user(text):
    assert "style.speaks_for_user" not in found(text)


@pytest.mark.parametrize(
    "text",
    [
        "You feel cold. Why?", "You feel cold! Why?", "*You feel cold* Why?", "You feel cold… Why?",
        "You say “why?”", 'You say, "What?"', "You feel a hand—whose?",
        "You say: who?", "You feel cold\n\nWhy?",
        "You feel " + "so " * 150 + "cold?", "Why? You feel cold",
    ],
)  # fmt: skip
def test_what_the_user_does_is_said_even_if_a_question_follows(text):
    assert found(text)["style.speaks_for_user"] in (["you feel"], ["you say"])


def test_a_phrase_is_whole_words_in_any_case_and_the_longest_counts():
    rules = Rules(slop=("ice", "black ice", "naïve", "don't", "**", "* of doom", "Ёлка", "你好", "AI模型"))
    assert found("Nice mice. BLACK  ICE, ice-cold", rules=rules) == {
        "style.slop_phrase": ["black ice", "ice"]
    }
    assert found("Nai\u0308ve, naïve, naïvely; don’t!", rules=rules) == {
        "style.slop_phrase": ["naïve", "naïve", "don't"]
    }
    assert found("the hall of doom ** ёлка, ёлками; 说你好吗 用AI模型", rules=rules) == {
        "style.slop_phrase": ["* of doom", "**", "Ёлка", "你好", "AI模型"]
    }


def test_lists_of_ones_own_take_the_place_of_the_given_ones():
    assert found("As an AI language model, <|im_end|>", rules=Rules(refusals=(), special_tokens=())) == {}
    assert found("<|end|><|endx|><|en", rules=Rules(special_tokens=("<|end|>", "<|end", "<|"))) == {
        "text.special_token": ["<|end|>", "<|end", "<|"]
    }


def test_an_inactive_character_is_named_in_system_prompts_alone():
    rules = Rules(inactive_characters=("Ann", "Łucja"))
    assert found("You are Ann, not Anna; łucja too.", "system", rules) == {
        "character.inactive_reference": ["Ann", "Łucja"]
    }
    assert found("You are Ann.", "user", rules) == {}


def test_a_name_that_is_never_published_is_found_in_every_spelling_and_role():
    rules = Rules(never_publish=("Nguyễn An", "O'Neill", "김철수"))
    text = "Nguye\u0302\u0303n  An met O’Neill and 김철수는; not Nguyễn Anh."
    for role in ("system", "user", "assistant", "tool"):
        assert found(text, role, rules) == {"privacy.name": ["Nguyễn An", "O'Neill", "김철수"]}
    assert [text[span.start : span.end] for span in names(text, rules)] == [
        "Nguye\u0302\u0303n  An", "O’Neill", "김철수",
    ]  # fmt: skip


def test_places_are_those_of_the_message():
    value = {"messages": [
        {"role": "system", "content": "Be <|im_end|>"}, {"role": "user", "content": None},
        {"role": "assistant", "content": [{"type": "text", "text": "<|im_end|>"}]}, "what",
        {"role": "assistant", "content": "😀😀 {{char}}"},
    ]}  # fmt: skip
    diagnostics = list(check_texts(Entry(json.dumps(value).encode(), value), Rules()))
    assert [(each.message, each.start, each.end) for each in diagnostics] == [(0, 3, 13), (4, 3, 11)]


@pytest.mark.parametrize("beside", ["", "It was in 1984."])
@pytest.mark.parametrize(
    "text",
    [
        "AKIAIOSFODNN7EXAMPLE", "the password: hunter2xyz", "my API key is abcdef7ghijk", "pwd=Swordfish9",
        "ghp_abcdEFGHijklMNOPqrstUVWXyzabCDEFghij", "-----BEGIN PRIVATE KEY-----", "ftp://ann:secret7@host.org",
    ],
)  # fmt: skip
def test_a_secret_is_found_whatever_else_the_entry_holds(text, beside):
    value = {"messages": [{"role": "user", "content": text}, {"role": "assistant", "content": beside}]}
    found = [
        each.message for each in check_texts(Entry(b"", value), Rules()) if each.code == "privacy.secret"
    ]
    assert found == [0]


def test_no_secret_is_repeated():
    text = "jane@example.com +1 555 123 4567 password: hunter2 221B Baker Street https://x.org/a"
    value = {"messages": [{"role": "user", "content": text}]}
    diagnostics = list(check_texts(Entry(b"", value), Rules()))
    assert len(diagnostics) == 5
    assert {each.detail for each in diagnostics} == {""}


@pytest.mark.parametrize(
    "text",
    ["naïve café", "Привет", "“Hello” it’s", "Żółć gęślą", "Ελληνικά είναι", "你好，世界", "こんにちは",
     "😀 so", "Größe", "مرحبا", "हिन्दी", "¡sí! España", "Tiếng Việt", "№ ½ °C", "œuvre"],
)  # fmt: skip
@pytest.mark.parametrize("wrong", ["cp1252", "latin-1", "cp1251", "cp1250", "cp1253", "cp437", "mac_roman"])
def test_whatever_ftfy_can_put_right_is_found_and_put_right(text, wrong):
    broken = f"He said {text.encode().decode(wrong, 'ignore')} twice."
    fixed = fix_encoding(broken)
    assert replaced(broken, mojibake(broken)) == fixed
    assert ("text.mojibake" in found(broken)) == (fixed != broken)
