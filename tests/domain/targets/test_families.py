"""The families on board, and those that a person brings along."""

import json

import pytest

from app.domain.targets.families import FAMILIES, family_from
from app.domain.targets.sandbox import SOME_DAY, TemplateError
from app.domain.tokens import counter

TEMPLATE = "{% for m in messages %}{{ bos_token }}{{ m.content }}{{ eos_token }}{% endfor %}"


def config(**values):
    return {"tokenizer_config.json": json.dumps(values).encode()}


def test_every_family_is_whole():
    for name, family in FAMILIES.items():
        assert family.name == name
        assert family.title
        assert family.models
        assert family.source
        assert family.turn_end
        assert family.vocabulary in {"", "llama3", "qwen3", "cl100k_base", "o200k_base"}
        assert all(note.endswith(".") for note in family.notes)
        text = family.render([{"role": "user", "content": "Q?"}, {"role": "assistant", "content": "A!"}])
        assert text.index("Q?") < text.index("A!" + (family.turn_end if name != "gpt-oss" else "<|return|>"))


@pytest.mark.parametrize("name", [name for name, family in FAMILIES.items() if family.vocabulary])
def test_the_vocabulary_of_a_family_has_the_token_that_ends_its_turns(name):
    family = FAMILIES[name]
    assert counter(family.vocabulary).count_rendered(family.turn_end) == 1


def test_a_turn_of_chatml_costs_two_control_tokens_the_role_and_two_ends_of_lines():
    family = FAMILIES["chatml"]
    text = family.render([{"role": "user", "content": "Hi"}])
    assert text == "<|im_start|>user\nHi<|im_end|>\n"
    assert counter(family.vocabulary).count_rendered(text) == 1 + 2 + 1 + 1 + 1


def test_families_that_write_the_date_say_so():
    talk = [{"role": "user", "content": "Q?"}]
    for family in FAMILIES.values():
        dated = family.render(talk) != family.render(talk, day=SOME_DAY.replace(year=2031))
        assert dated == any("date" in note for note in family.notes), family.name


def test_a_configuration_of_a_tokenizer_is_a_family():
    files = config(chat_template=TEMPLATE, bos_token="<s>", eos_token={"content": "</s>", "special": True})
    family = family_from("mine", files)
    assert (family.name, family.bos_token, family.eos_token) == ("mine", "<s>", "</s>")
    assert family.render([{"role": "user", "content": "Hi"}]) == "<s>Hi</s>"


def test_of_several_templates_the_default_one_is_taken():
    named = [{"name": "tool_use", "template": "tools"}, {"name": "default", "template": TEMPLATE}]
    assert family_from("mine", config(chat_template=named)).template == TEMPLATE
    assert family_from("mine", config(chat_template=named[:1])).template == "tools"


def test_a_file_of_its_own_goes_before_the_configuration():
    files = {**config(chat_template="old", eos_token="</s>"), "chat_template.jinja": TEMPLATE.encode()}
    assert (family_from("mine", files).template, family_from("mine", files).eos_token) == (TEMPLATE, "</s>")
    files = {
        **config(chat_template="old"),
        "chat_template.json": json.dumps({"chat_template": TEMPLATE}).encode(),
    }
    assert family_from("mine", files).template == TEMPLATE


def test_a_template_may_have_any_name_and_a_byte_order_mark():
    assert family_from("mine", {"roleplay.jinja": b"\xef\xbb\xbf" + TEMPLATE.encode()}).template == TEMPLATE


@pytest.mark.parametrize(
    ("files", "said"),
    [
        ({}, "There is no chat template in these files."),
        (config(), "There is no chat template in these files."),
        (config(chat_template=None), "There is no chat template in these files."),
        (config(chat_template=7), "There is no chat template in these files."),
        (config(chat_template=[]), "There is no chat template in these files."),
        (config(chat_template=[7, {"name": ["x"]}]), "There is no chat template in these files."),
        (config(chat_template="  \n"), "The chat template is empty."),
        ({"chat_template.jinja": b""}, "The chat template is empty."),
        ({"tokenizer_config.json": b"{"}, "tokenizer_config.json is not JSON."),
        ({"tokenizer_config.json": b"[]"}, "tokenizer_config.json holds no JSON object."),
        ({"tokenizer_config.json": b"[" * 100_000}, "tokenizer_config.json is not JSON."),
        ({"chat_template.json": b"\xff"}, "chat_template.json is not UTF-8 (byte 1)."),
        ({"chat_template.jinja": b"a\xff"}, "chat_template.jinja is not UTF-8 (byte 2)."),
    ],
)
def test_files_without_a_template_are_told_apart(files, said):
    with pytest.raises(TemplateError) as caught:
        family_from("mine", files)
    assert str(caught.value).startswith(said)


def test_odd_tokens_are_no_tokens():
    family = family_from("mine", config(chat_template=TEMPLATE, bos_token=None, eos_token={"content": 7}))
    assert (family.bos_token, family.eos_token) == ("", "")
