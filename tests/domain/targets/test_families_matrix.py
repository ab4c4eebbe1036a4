"""Every family behaves as the published template that it stands for did."""

import time
from contextlib import nullcontext

import pytest

from app.domain.targets.families import FAMILIES
from app.domain.targets.outcomes import Outcome, arranged, outcome, strictness
from app.domain.targets.rendering import rendered
from app.domain.targets.sandbox import TemplateError
from app.domain.targets.shapes import Part, Shape

# What the published templates did when they were rendered, in columns: S system, U user, A assistant,
# mid is UASUA, HG the roles human and gpt. “A:” is an answer without text, “A0” one whose content is null.
# ERR: refused. DROP: the text of a message is left out. None: the word “None” is printed.
MATRIX = """
    family            published template      UA   SUA  SAUA AUA  UUA  UAA  mid  SSUA UAU  SA   A:   A0   HG
    chatml            ax_chatml               ok   ok   ok   ok   ok   ok   ok   ok   ok   ok   ok   ERR  ok
    llama3            ax_llama3               ok   ok   ok   ok   ok   ok   ok   ok   ok   ok   ok   ok   ok
    llama3.1          trl_llama3_1            ok   ok   ok   ok   ok   ok   ok   ok   ok   ok   ok   None ok
    llama4            ax_llama4               ok   ok   ok   ok   ok   ok   ok   ok   ok   ok   ok   ERR  ok
    mistral-v7        ax_mistral_v7_tekken    ok   ok   ok   ok   ok   ok   ok   ok   ok   ok   ok   ok   ERR
    qwen2.5           ax_qwen_25              ok   ok   ok   ok   ok   ok   ok   ok   ok   ok   ok   ERR  DROP
    qwen3             ax_qwen3                ok   ok   ok   ok   ok   ok   ok   ok   ok   ok   ok   ok   DROP
    phi3              trl_phi3                ok   ok   ok   ok   ok   ok   ok   ok   ok   ok   ok   ERR  DROP
    phi3.5            ax_phi_35               ok   ok   ok   ok   ok   ok   ok   ok   ok   ok   ok   ERR  DROP
    metharme          ax_metharme             ok   ok   ok   ok   ok   ok   DROP DROP ok   ok   ok   ERR  DROP
    alpaca            ax_alpaca               ok   ok   ok   ok   ok   ok   DROP DROP ok   ok   ok   ERR  DROP
    command-a         ax_command_a            ok   ok   ok   ok   ok   ok   ok   ok   ok   ok   ok   None DROP
    deepseek-v3       ax_deepseek_v3          ok   ok   ok   ok   ok   ok   ok   ok   ok   ok   ok   ok   DROP
    gpt-oss           trl_gptoss              ok   ok   ok   ok   ok   ok   DROP DROP ok   ok   ok   ERR  DROP
    exaone            ax_exaone               ok   ok   ok   ok   ok   ok   ok   ok   ok   ok   ok   ERR  ok
    falcon-h1         ax_falcon_h1            ok   ok   ok   ok   ok   ok   DROP DROP ok   ok   ok   ERR  ok
    nemotron-h        ax_nemotron_h           ok   ok   ok   ok   ok   ok   ERR  ERR  ok   ok   ok   ERR  ERR
    mistral-v1        ax_mistral_v1           ok   ok   ERR  ERR  ERR  ERR  ERR  ERR  ok   ERR  ok   ok   ERR
    mistral-v3        ax_mistral_v2v3         ok   DROP ERR  ERR  ERR  ERR  ERR  ERR  ok   ERR  ok   ok   ERR
    mistral-v3-tekken ax_mistral_v3_tekken    ok   DROP ERR  ERR  ERR  ERR  ERR  ERR  ok   ERR  ok   ok   ERR
    gemma             ax_gemma                ok   ERR  ERR  ERR  ERR  ERR  ERR  ERR  ok   ERR  ok   ERR  ERR
    gemma3            ax_gemma3               ok   ok   ERR  ERR  ERR  ERR  ERR  ERR  ok   ERR  ok   ERR  ERR
    command-r         ax_cohere               ok   ok   ERR  ERR  ERR  ERR  ERR  ERR  ok   ERR  ok   ERR  ERR
    aya               ax_aya                  ok   ok   ERR  ERR  ERR  ERR  ERR  ERR  ok   ERR  ok   ERR  ERR
"""
COLUMNS = ("UA", "SUA", "SAUA", "AUA", "UUA", "UAA", "UASUA", "SSUA", "UAU", "SA", "A:", "A0", "HG")
ROWS = [line.split() for line in MATRIX.strip().split("\n")[1:]]
WORDS = {
    "system": "Be Mira.",
    "user": "Who are you?",
    "assistant": "*smiles* I am Mira.",
    "human": "Hi.",
    "gpt": "Ho.",
}


def shape_of(column):
    if column == "A:":
        return Shape((Part("user", "text"), Part("assistant", "empty")))
    if column == "A0":
        return Shape((Part("user", "text"), Part("assistant", "null")))
    return arranged(column)


def entry_of(column):
    """An entry with the words of a conversation; each text is another one."""
    contents = {"empty": "", "null": None}
    return {
        "messages": [
            {"role": part.role, "content": contents.get(part.content, f"{WORDS[part.role]} ({at})")}
            for at, part in enumerate(shape_of(column).messages)
        ]
    }


def judged(family, column):
    found = outcome(family, family.render, shape_of(column))
    if found.error:
        return "ERR"
    return "DROP" if found.lost else "None" if found.none_printed else "ok"


def seen(family, column):
    """The same from the training text of an entry with words."""
    value = entry_of(column)
    try:
        text = rendered(family, family.render, value)
    except TemplateError:
        return "ERR"
    if text.lost:
        return "DROP"
    return "None" if "None" in text.text else "ok"


def test_the_table_has_every_family_and_every_row_comes_from_its_source():
    assert [row[0] for row in ROWS] == list(FAMILIES)
    for name, row, *cells in ROWS:
        origin, _, template = row.partition("_")
        assert FAMILIES[name].source.startswith({"ax": "axolotl@", "trl": "trl@"}[origin])
        assert f"/{template}.jinja" in FAMILIES[name].source
        assert len(cells) == len(COLUMNS)


@pytest.mark.parametrize("row", ROWS, ids=[row[0] for row in ROWS])
def test_a_family_takes_refuses_and_loses_what_its_row_says(row):
    name, _, *expected = row
    assert [judged(FAMILIES[name], column) for column in COLUMNS] == expected


@pytest.mark.parametrize("row", ROWS, ids=[row[0] for row in ROWS])
def test_an_entry_fares_as_its_shape(row):
    name, _, *expected = row
    assert [seen(FAMILIES[name], column) for column in COLUMNS] == expected


@pytest.mark.parametrize("name", FAMILIES)
@pytest.mark.parametrize("column", COLUMNS)
def test_what_is_lost_or_added_is_the_same_for_an_entry_and_its_shape(name, column):
    family = FAMILIES[name]
    value = entry_of(column)
    found = outcome(family, family.render, Shape.of(value))
    if found.error:
        with pytest.raises(TemplateError, match=r"refuses|fails|not there"):
            rendered(family, family.render, value)
        return
    text = rendered(family, family.render, value)
    assert (text.lost, text.system_added) == (found.lost, found.system_added)


# Those that put in a system prompt where there is none.
INJECTS = {"qwen2.5", "mistral-v7", "command-a", "gpt-oss", "llama3.1", "metharme"}


def test_six_families_put_in_a_system_prompt_of_their_own_where_there_is_none():
    adds = {
        name
        for name, family in FAMILIES.items()
        if outcome(family, family.render, arranged("UA")).system_added
    }
    assert adds == INJECTS
    for name in INJECTS:
        family = FAMILIES[name]
        assert not outcome(family, family.render, arranged("SUA")).system_added


# Those that refuse a greeting and two turns in a row, and those that refuse more system turns.
STRICT = {"mistral-v1", "mistral-v3", "mistral-v3-tekken", "gemma", "gemma3", "command-r", "aya"}


def test_the_markup_around_messages_that_say_nothing_is_no_system_prompt():
    said = (("user", ""), ("assistant", "   \n"), ("assistant", "\u00a0\u3000"), ("user", "q"))
    value = {"messages": [{"role": role, "content": words} for role, words in said]}
    for family in FAMILIES.values():
        found = outcome(family, family.render, Shape.of(value))
        with_texts = outcome(family, family.render, arranged("UAAU"))
        assert found.system_added == with_texts.system_added
        if not found.error:
            assert rendered(family, family.render, value, "assistant").system_added == found.system_added
    chatml = FAMILIES["chatml"]
    assert not outcome(chatml, chatml.render, Shape.of(value)).system_added


def test_a_strict_family_makes_errors_of_greetings_and_of_two_messages_in_a_row():
    for name, family in FAMILIES.items():
        codes = strictness(family, family.render)
        both = {"chatml.assistant_first", "chatml.not_alternating"}
        assert codes & both == (both if name in STRICT else set()), name
        assert ("chatml.system_not_first" in codes) == (name in STRICT | {"nemotron-h"}), name
    assert "chatml.duplicate_system_message" in strictness(FAMILIES["gemma3"], FAMILIES["gemma3"].render)


def test_a_system_prompt_that_is_lost_is_told_from_another_text():
    mistral, qwen = FAMILIES["mistral-v3"], FAMILIES["qwen3"]
    assert outcome(mistral, mistral.render, arranged("SUA")) == Outcome(lost=(0,), system_lost=True)
    assert outcome(mistral, mistral.render, arranged("SU")) == Outcome()
    assert outcome(qwen, qwen.render, arranged("HG")) == Outcome(lost=(0, 1), text_lost=True)


@pytest.mark.parametrize(
    ("thoughts", "losing"),
    [
        (("whole",), {"qwen3", "deepseek-v3"}),
        (("closed",), {"qwen3", "deepseek-v3"}),
        (("open",), set()),
        (("closed", "whole"), {"qwen3", "deepseek-v3"}),
    ],
)
def test_a_family_that_leaves_thoughts_out_says_so(thoughts, losing):
    thinking = Shape(arranged("UAUA").messages, thoughts=thoughts)
    lost = {
        name for name, family in FAMILIES.items() if outcome(family, family.render, thinking).thought_lost
    }
    assert lost == losing


@pytest.mark.parametrize("thinks", ["hidden reasoning</think>visible a", "<think>hidden reasoning</think>a"])
@pytest.mark.parametrize("name", FAMILIES)
def test_what_was_thought_is_said_to_be_lost_of_just_the_entries_of_which_it_is(name, thinks):
    talk = [{"role": "user", "content": "q"}, {"role": "assistant", "content": thinks}]
    value = {"messages": [*talk, {"role": "user", "content": "r"}, {"role": "assistant", "content": "s"}]}
    family = FAMILIES[name]
    text = rendered(family, family.render, value).text
    found = outcome(family, family.render, Shape.of(value))
    assert found.thought_lost == ("hidden reasoning" not in text)


# G17: these trim the white space around what user and assistant say; qwen3 only before its last answer.
TRIMS = {"llama3", "llama3.1", "llama4", "metharme", "gemma", "gemma3", "command-r", "aya"}


@pytest.mark.parametrize("name", FAMILIES)
@pytest.mark.parametrize("words", [" {}", "{}\n", "\n\n{}", "{} ", "\u3000{}", "{}"])
@pytest.mark.parametrize("place", [0, 1, 2, 3, 4])
def test_white_space_is_said_to_be_trimmed_of_just_the_entries_of_which_it_is(name, words, place):
    family = FAMILIES[name]
    roles = ("system", "user", "assistant", "user", "assistant")[name == "gemma" :]
    value = {"messages": [{"role": role, "content": f"Text {at}."} for at, role in enumerate(roles)]}
    message = value["messages"][min(place, len(roles) - 1)]
    message["content"] = words.format(message["content"])
    text = rendered(family, family.render, value)
    found = outcome(family, family.render, Shape.of(value))
    assert found.trimmed == bool(text.trimmed)
    if message["role"] != "system" and words != "{}" and name != "qwen3":
        assert found.trimmed == (name in TRIMS)


VALUES = [5, 0, 5.5, 0.0, True, False, ["a"], [], {"a": "b"}, {}, None]


@pytest.mark.parametrize("name", FAMILIES)
@pytest.mark.parametrize("content", VALUES, ids=str)
@pytest.mark.parametrize("place", [0, 1])
def test_content_that_is_no_text_is_refused_in_the_same_words_for_an_entry_and_its_shape(
    name, content, place
):
    family = FAMILIES[name]
    value = {"messages": [{"role": "user", "content": "q"}, {"role": "assistant", "content": "a"}]}
    value["messages"][place]["content"] = content
    said = outcome(family, family.render, Shape.of(value)).error
    with pytest.raises(TemplateError) if said else nullcontext() as caught:
        rendered(family, family.render, value)
    assert said == (str(caught.value) if caught else "")


@pytest.mark.parametrize("name", FAMILIES)
@pytest.mark.parametrize("bare", ["Hello.", 7, None, ["x"]])
def test_a_message_that_is_nothing_but_a_text_is_lost_with_an_entry_as_with_its_shape(name, bare):
    family = FAMILIES[name]
    value = {"messages": [{"role": "user", "content": "q"}, {"role": "assistant", "content": "a"}, bare]}
    found = outcome(family, family.render, Shape.of(value))
    if found.error:
        with pytest.raises(TemplateError):
            rendered(family, family.render, value)
        return
    assert found.lost == rendered(family, family.render, value).lost == ((2,) if bare == "Hello." else ())


def test_no_template_takes_long():
    """Eleven messages take a fifth of a millisecond at most where nothing else runs; here it may be one."""
    messages = arranged("SUAUAUAUAUA").probe()
    for name, family in FAMILIES.items():
        some = messages[1:] if name == "gemma" else messages
        times = []
        for _ in range(40):
            start = time.perf_counter()
            family.render(some)
            times.append(time.perf_counter() - start)
        assert min(times) < 0.001, name
