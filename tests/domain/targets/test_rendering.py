"""The training text of an entry in pieces: whose words, whose markup, and what is learnt."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.targets.chosen import MASKS
from app.domain.targets.families import FAMILIES, Family
from app.domain.targets.rendering import rendered
from app.domain.targets.sandbox import TemplateError, compile_template

# Texts that try to be taken for something else.
TRICKY = (
    "assistant", "user", "<|im_end|>", "<|im_start|>assistant\n", "\n", "  \n ", "same", "same", "sa", "X0X",
    "\ue0000\ue001", "[INST] no [/INST]", "### Response:\n", "</s>", "<bos>", "None", "🙂", "👩‍👩‍👧",
    "שלום עולם", "مرحبا",
    "e\u0301", "\u200bzero", "  before", "behind \n\n", "\n\nboth\n", "\u2003wide\u2003",
    "<think>\nhm\n</think>\n\nyes", "<think>hm</think>yes", "<think>never closed", "closed</think> only",
    "a <think>b</think> c <think>d</think> e", "<think></think>", "{{ user }} {% raw %}",
    "\ud800 alone", "\x00",
)  # fmt: skip
TALK = [{"role": "user", "content": "Who are you?"}, {"role": "assistant", "content": "Mira."}]


def own(template, **values):
    """A family of one's own template, and its render."""
    family = Family("own", "Own", "", template, **values)
    return family, family.render


def words(value, text):
    """The words of each message as they stand in the training text."""
    found = {}
    for piece in text.pieces:
        if piece.kind == "message":
            found[piece.message] = found.get(piece.message, "") + text.text[piece.start : piece.end]
    return found


def learnt(family, messages, mask="assistant"):
    text = rendered(family, family.render, {"messages": messages}, mask)
    return [text.text[start:end] for start, end in text.trained]


def assert_whole(text):
    """Pieces cover the text without a gap; spans are in order and within it."""
    assert "".join(text.text[piece.start : piece.end] for piece in text.pieces) == text.text
    assert all(piece.start < piece.end for piece in text.pieces)
    ends = [edge for span in text.trained for edge in span]
    assert ends == sorted(ends)
    assert all(0 <= edge <= len(text.text) for edge in ends)


texts = st.one_of(st.sampled_from(TRICKY), st.text(max_size=20))
turns = st.lists(st.tuples(texts, texts), min_size=1, max_size=4)


@given(turns=turns, name=st.sampled_from(sorted(FAMILIES)), mask=st.sampled_from(MASKS))
def test_no_text_of_a_message_is_taken_for_another_or_for_markup(turns, name, mask):
    family = FAMILIES[name]
    value = {"messages": []}
    for question, answer in turns:
        value["messages"] += [{"role": "user", "content": question}, {"role": "assistant", "content": answer}]
    if name == "gpt-oss" and any("<|channel|>" in answer for _, answer in turns):
        return
    text = rendered(family, family.render, value, mask)
    assert_whole(text)
    assert text.text == family.render(value["messages"])
    found = words(value, text)
    contents = [message["content"] for message in value["messages"]]
    # Only a text that ends with a thought can be left out whole.
    assert not any(contents[at].rpartition("</think>")[2].strip() for at in text.lost)
    for at, content in enumerate(contents):
        if not content.strip() or at in text.lost:
            assert at not in found
        elif "think>" not in content:
            assert found[at].strip() == content.strip()
            assert (found[at] == content) == (at not in text.trimmed)
        else:
            assert content.strip().endswith(found[at].strip()) or "think>" in found[at]


def test_a_message_of_markup_is_a_message():
    family = FAMILIES["chatml"]
    text = rendered(family, family.render, {"messages": [
        {"role": "user", "content": "assistant"},
        {"role": "assistant", "content": "<|im_start|>user\nassistant<|im_end|>"},
        {"role": "user", "content": "assistant"},
        {"role": "assistant", "content": "user"},
    ]})  # fmt: skip
    assert [(text.text[p.start : p.end], p.message) for p in text.pieces if p.kind == "message"] == [
        ("assistant", 0), ("<|im_start|>user\nassistant<|im_end|>", 1), ("assistant", 2), ("user", 3),
    ]  # fmt: skip
    assert [text.text[a:b] for a, b in text.trained] == [
        "<|im_start|>user\nassistant<|im_end|><|im_end|>", "user<|im_end|>",
    ]  # fmt: skip


def test_the_same_text_twice_has_two_places():
    family = FAMILIES["llama3"]
    text = rendered(
        family, family.render, {"messages": [*TALK, {"role": "user", "content": "Mira."}, TALK[1]]}
    )
    places = [piece.start for piece in text.pieces if piece.kind == "message"]
    assert len(set(places)) == 4
    assert [text.text[a:b] for a, b in text.trained] == ["Mira.<|eot_id|>", "Mira.<|eot_id|>"]


@pytest.mark.parametrize(
    ("name", "trimmed", "answer"),
    [
        ("llama3", (0, 1), "Mira."),
        ("gemma3", (0, 1), "Mira."),
        ("command-r", (0, 1), "Mira."),
        ("chatml", (), "\n Mira. \n"),
        ("mistral-v3", (), "\n Mira. \n"),
        ("qwen3", (1,), " Mira. \n"),
    ],
)
def test_white_space_is_the_message_s_where_the_template_keeps_it(name, trimmed, answer):
    family = FAMILIES[name]
    talk = [{"role": "user", "content": " Who? "}, {"role": "assistant", "content": "\n Mira. \n"}]
    text = rendered(family, family.render, {"messages": talk})
    assert_whole(text)
    assert words(talk, text) == {0: "Who?" if 0 in trimmed else " Who? ", 1: answer}
    assert text.trimmed == trimmed
    assert [text.text[a:b] for a, b in text.trained] == [answer + family.turn_end]


def test_what_was_thought_earlier_is_left_out_by_some_templates():
    thinking = [TALK[0], {"role": "assistant", "content": "<think>\nhm\n</think>\n\nMira."}]
    qwen, chatml = FAMILIES["qwen3"], FAMILIES["chatml"]
    assert learnt(qwen, thinking + thinking) == [
        "Mira.<|im_end|>", "<think>\nhm\n</think>\n\nMira.<|im_end|>",
    ]  # fmt: skip
    assert learnt(chatml, thinking) == ["<think>\nhm\n</think>\n\nMira.<|im_end|>"]
    assert learnt(FAMILIES["deepseek-v3"], thinking)[0].startswith("Mira.")


def test_masks_say_what_is_learnt():
    talk = [
        {"role": "system", "content": "Be Mira."},
        *TALK,
        {"role": "user", "content": "And?", "train": True},
        {"role": "assistant", "content": "No.", "weight": 0},
        {"role": "user", "content": "Oh."},
        {"role": "assistant", "content": "Yes.", "train": True, "weight": 0},
    ]
    family = FAMILIES["llama3"]
    end = "<|eot_id|>"
    assert learnt(family, talk) == ["Mira." + end, "No." + end, "Yes." + end]
    assert learnt(family, talk, "last") == ["Yes." + end]
    assert learnt(family, talk, "flags") == ["Mira." + end, "And?" + end, "Yes." + end]
    assert learnt(family, talk, "all") == [family.render(talk)]


def test_an_answer_without_words_teaches_nothing():
    family = FAMILIES["chatml"]
    assert learnt(family, [TALK[0], {"role": "assistant", "content": ""}]) == []
    assert learnt(family, [TALK[0]]) == []


def test_the_turn_ends_with_what_the_template_wrote():
    assert learnt(FAMILIES["gpt-oss"], TALK + TALK) == ["Mira.<|end|>", "Mira.<|return|>"]
    assert learnt(FAMILIES["alpaca"], TALK + TALK) == ["Mira.</s>", "Mira.</s>"]
    assert learnt(FAMILIES["metharme"], TALK + TALK) == ["Mira.", "Mira.</s>"]


def test_a_hidden_system_prompt_is_a_piece_of_its_own():
    family = FAMILIES["qwen2.5"]
    text = rendered(family, family.render, {"messages": TALK})
    added = [text.text[p.start : p.end] for p in text.pieces if p.kind == "added"]
    assert text.system_added
    assert len(added) == 1
    assert "You are Qwen" in added[0]
    assert "<|" not in added[0]
    with_system = rendered(
        family, family.render, {"messages": [{"role": "system", "content": "Be Mira."}, *TALK]}
    )
    assert not with_system.system_added
    assert {piece.kind for piece in with_system.pieces} == {"markup", "message"}


def test_a_lost_system_prompt_is_named():
    family = FAMILIES["mistral-v3"]
    text = rendered(family, family.render, {"messages": [{"role": "system", "content": "Be Mira."}, *TALK]})
    assert text.text == "<s>[INST] Who are you?[/INST] Mira.</s>"
    assert (text.lost, text.system_added) == ((0,), False)


def test_gemma_3_puts_the_system_prompt_before_the_first_question():
    family = FAMILIES["gemma3"]
    text = rendered(family, family.render, {"messages": [{"role": "system", "content": "Be Mira."}, *TALK]})
    assert text.text == (
        "<bos><start_of_turn>user\nBe Mira.\n\nWho are you?<end_of_turn>\n"
        "<start_of_turn>model\nMira.<end_of_turn>\n"
    )


def test_a_refusal_goes_to_the_caller():
    family = FAMILIES["gemma"]
    with pytest.raises(TemplateError, match="no place for a system prompt") as caught:
        rendered(family, family.render, {"messages": [{"role": "system", "content": "Be Mira."}, *TALK]})
    assert caught.value.refused


def test_the_texts_of_parts_are_the_message_s():
    family = FAMILIES["llama3"]
    parts = [
        {"type": "text", "text": "Who are"},
        {"type": "text", "text": " you, who hide behind the trees?"},
    ]
    text = rendered(family, family.render, {"messages": [{"role": "user", "content": parts}, TALK[1]]})
    assert words(None, text)[0] == "Who are you, who hide behind the trees?"
    assert (text.lost, text.system_added) == ((), False)


def test_a_template_that_marks_the_answers_is_followed():
    family, render = own(
        "{% for m in messages %}[{{ m.role }}]"
        "{% if m.role == 'assistant' %}{% generation %}{{ m.content }}</s>{% endgeneration %}"
        "{% else %}{{ m.content }}{% endif %}\n{% endfor %}"
    )
    text = rendered(family, render, {"messages": TALK + TALK})
    assert [text.text[a:b] for a, b in text.trained] == ["Mira.</s>", "Mira.</s>"]
    last = rendered(family, render, {"messages": TALK + TALK}, "last")
    assert [last.text[a:b] for a, b in last.trained] == ["Mira.</s>"]


@pytest.mark.parametrize(
    ("template", "found", "lost"),
    [
        ("{% for m in messages %}{{ m.content | upper if m.content == 'x' else m.content }};{% endfor %}",
         {0: "Who are you?", 1: "Mira."}, ()),
        ("{% for m in messages %}{{ m.content if m.content | length > 5 }};{% endfor %}",
         {0: "Who are you?"}, (1,)),
        ("{% for m in messages %}{{ m.content if m.content == 'Mira.' }};{% endfor %}", {1: "Mira."}, (0,)),
        ("{% for m in messages %}{{ m.content | reverse }}{% endfor %}", {}, (0, 1)),
        ("{{ messages[0].content }} and {{ messages[0].content }}", {0: "Who are you?" * 2}, (1,)),
        ("{% for m in messages | reverse %}{{ m.content }};{% endfor %}",
         {0: "Who are you?", 1: "Mira."}, ()),
        ("nothing of it", {}, (0, 1)),
    ],
)  # fmt: skip
def test_a_template_that_looks_into_texts_is_searched(template, found, lost):
    family, render = own(template)
    text = rendered(family, render, {"messages": TALK})
    assert_whole(text)
    assert words(None, text) == found
    assert text.lost == lost


def test_a_turn_s_end_that_nobody_named_is_found():
    family, render = own("{% for m in messages %}<|{{ m.role }}|>{{ m.content }}<|stop|>\n{% endfor %}")
    assert learnt(family, TALK) == ["Mira.<|stop|>"]
    assert render(TALK).endswith("<|stop|>\n")


def test_tools_reach_the_template():
    family, render = own("{% if tools %}{{ tools | length }} {% endif %}{{ messages[0].content }}")
    value = {"messages": TALK, "tools": [{"type": "function"}]}
    assert rendered(family, render, value).text == "1 Who are you?"


@pytest.mark.parametrize("value", [{}, {"messages": None}, {"messages": []}, {"messages": ["bare", 7, None]}])
@pytest.mark.parametrize("name", FAMILIES)
def test_an_entry_without_messages_renders_or_is_refused_in_a_sentence(name, value):
    family = FAMILIES[name]
    try:
        text = rendered(family, family.render, value)
    except TemplateError as error:
        said = str(error)
    else:
        assert_whole(text)
        said = "It renders."
    assert said.endswith(".")


def test_a_long_text_of_white_space_takes_no_time():
    family = FAMILIES["llama3"]
    blank = " " * 2_000_000
    text = rendered(family, family.render, {"messages": [
        {"role": "user", "content": blank + "a" + blank}, {"role": "assistant", "content": "<" * 2_000_000},
    ]})  # fmt: skip
    assert text.trimmed == (0,)


def test_a_compiled_template_is_kept():
    assert compile_template("{{ messages }}") is compile_template("{{ messages }}")
