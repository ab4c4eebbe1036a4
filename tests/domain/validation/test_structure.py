"""The shape of a conversation: each code where it belongs, and nowhere else."""

import json
import os
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.entry import Entry, render
from app.domain.validation.codes import CODES
from app.domain.validation.diagnostic import Severity
from app.domain.validation.labels import check_labels
from app.domain.validation.rules import Rules
from app.domain.validation.structure import _checked, check_structure

SHARED = Path(os.environ.get("ROLETHREAD_SAMPLES") or Path(__file__).parents[4] / "shared" / "samples").parent
RULES = Rules()
LETTERS = {"S": "system", "U": "user", "A": "assistant", "T": "tool", "M": "Mara"}


def talk(shape):
    """Messages of the roles that the letters stand for."""
    return [{"role": LETTERS[letter], "content": f"{letter}{at}"} for at, letter in enumerate(shape.split())]


def diagnostics(messages, rules=RULES):
    return list(check_structure(Entry.of(render({"messages": messages})), rules))


def found(messages, rules=RULES):
    """Code (without its family), place and detail of each diagnostic."""
    return [
        (each.code.removeprefix("chatml."), each.message, each.detail)
        for each in diagnostics(messages, rules)
    ]


def one(content, role="assistant", **keys):
    """What is found at a message that stands in a conversation that is otherwise good."""
    middle = {"role": role, "content": content, **keys}
    return (
        found([*talk("S U"), middle, *talk("U A")]) if role == "assistant" else found([middle, *talk("U A")])
    )


@pytest.mark.parametrize("shape", ["S U A", "S U A U A", "S U A T A", "S U A T T A U A"])
def test_nothing_is_said_of_a_good_conversation(shape):
    assert found(talk(shape)) == []


@pytest.mark.parametrize(
    ("value", "code"),
    [
        ({}, "missing_messages"),
        ({"messages": []}, "missing_messages"),
        ({"messages": None}, "messages_not_list"),
        ({"messages": "U"}, "messages_not_list"),
        ({"messages": {"role": "user", "content": "U"}}, "messages_not_list"),
    ],
)
def test_an_entry_without_messages_has_that_one_fault(value, code):
    (diagnostic,) = check_structure(Entry.of(render(value)), RULES)
    assert (diagnostic.code, diagnostic.severity) == (f"chatml.{code}", Severity.ERROR)


@pytest.mark.parametrize("item", ["U", None, 7, ["role", "user"]])
def test_a_message_that_is_no_object(item):
    assert found([*talk("S U A"), item, *talk("U A")]) == [("message_not_dict", 3, "")]


@pytest.mark.parametrize(
    ("shape", "expected"),
    [
        ("U A", [("missing_system_role", -1, "")]),
        ("S U", [("no_assistant", -1, "")]),
        ("S", [("no_assistant", -1, "")]),
        ("S A", [("assistant_first", 1, "")]),
        ("S A U A", [("assistant_first", 1, "")]),
        ("A U A", [("missing_system_role", -1, ""), ("assistant_first", 0, "")]),
        ("S S U A", [("duplicate_system_message", 1, "")]),
        ("U S A", [("system_not_first", 1, "")]),
        ("S U A S U A", [("duplicate_system_message", 3, ""), ("system_not_first", 3, "")]),
        ("S U U A", [("not_alternating", 2, "user after user")]),
        ("S U U U A", [("not_alternating", 2, "user after user"), ("not_alternating", 3, "user after user")]),
        ("S U A A", [("not_alternating", 3, "assistant after assistant")]),
        ("S U A U", [("last_not_assistant", 3, "")]),
        ("S U A T", [("last_not_assistant", 3, "")]),
        ("S U A M A", [("unknown_role", 3, "Mara")]),
    ],
)
def test_the_order_of_speakers(shape, expected):
    assert found(talk(shape)) == expected


@pytest.mark.parametrize("label", ["SYSTEM", "sys", " system", "context"])
def test_a_system_message_in_another_spelling_is_one(label):
    assert one("S", label) == [("role_canonicalization", 0, label)]


@pytest.mark.parametrize("label", ["gpt", "Assistant", "bot ", "function_call", "tool_call"])
def test_a_role_in_another_spelling_is_named_as_it_is_spelt(label):
    messages = talk("S U A")
    messages[2]["role"] = label
    assert found(messages) == [("role_canonicalization", 2, label)]


@pytest.mark.parametrize(("role", "label"), [("Mara", "Mara"), ("", ""), (None, ""), (5, ""), (["user"], "")])
def test_an_unknown_role_is_named(role, label):
    assert found([*talk("S U A"), {"role": role, "content": "x"}, *talk("A")]) == [("unknown_role", 3, label)]
    assert found([*talk("S U A"), {"content": "x"}, *talk("A")]) == [("unknown_role", 3, "")]


@pytest.mark.parametrize("text", ["", " ", "\n\t", "\u3000\u2028"])
def test_an_empty_message(text):
    assert one(text) == [("empty_content", 2, "")]
    assert one(text, "system") == [("empty_system_content", 0, "")]
    assert found([*talk("S"), {"role": "user", "content": text}, *talk("A")]) == [("empty_content", 1, "")]


def test_a_message_without_content():
    assert one(None) == [("null_content", 2, "")]
    assert one(None, "system") == [("null_content", 0, "")]
    assert found([*talk("S U"), {"role": "assistant"}]) == [("null_content", 2, "")]


@pytest.mark.parametrize("key", ["tool_calls", "function_call"])
def test_a_message_that_calls_a_tool_need_not_say_anything(key):
    for content in (None, ""):
        calling = {"role": "assistant", "content": content, key: [{"id": "1"}]}
        (diagnostic,) = diagnostics([*talk("S U"), calling, *talk("T A")])
        assert (diagnostic.severity, diagnostic.message) == (Severity.INFO, 2)
        calling[key] = []
        (diagnostic,) = diagnostics([*talk("S U"), calling, *talk("T A")])
        assert diagnostic.severity == Severity.ERROR


@pytest.mark.parametrize(
    ("content", "kind"),
    [([{"type": "text", "text": " x "}], "a list of parts"), ([], "a list of parts"), ({}, "another value"),
     (0, "another value"), (False, "another value")],
)  # fmt: skip
def test_content_that_is_no_text(content, kind):
    assert one(content) == [("content_not_text", 2, kind)]


@pytest.mark.parametrize(
    ("text", "where", "span"),
    [
        (" x", "at the beginning", (0, 1)),
        ("x \n", "at the end", (1, 3)),
        ("\u00a0\n x\u3000", "at both ends", (0, 3)),
    ],
)
def test_white_space_around_a_message(text, where, span):
    messages = [*talk("S U"), {"role": "assistant", "content": text}]
    assert found(messages) == [("content_whitespace", 2, where)]
    assert [(each.start, each.end) for each in diagnostics(messages)] == [span]


@pytest.mark.parametrize("text", ["x", "a b", "a\n\nb", "\u200bx"])
def test_a_trimmed_message_is_in_order(text):
    assert one(text) == []


def test_many_exchanges_make_a_candidate_for_splitting():
    assert found(talk("S" + " U A" * 7)) == []
    assert found(talk("S" + " U A" * 8)) == [("split_candidate", -1, "8 exchanges")]
    assert found(talk("S U A U A"), RULES.changed({"split_exchanges": 2})) == [
        ("split_candidate", -1, "2 exchanges")
    ]


@pytest.mark.parametrize("word", ["long ", "l’homme ", "漢"])
def test_many_words_of_the_assistant_make_one_too(word):
    messages = [*talk("S U"), {"role": "assistant", "content": word * 2000 + "."}]
    assert found(messages) == []
    messages[2]["content"] = word * 2001 + "."
    assert found(messages) == [("split_candidate", -1, "more than 2,000 words by the assistant")]
    assert found(messages, RULES.changed({"split_words": 2001})) == []


def test_the_words_of_the_user_do_not_count():
    assert found([*talk("S"), {"role": "user", "content": "long " * 5000 + "."}, *talk("A")]) == []


def test_every_severity_is_the_one_of_its_code():
    messages = [
        7,
        {"role": "X"},
        *talk("A U U S S"),
        {"role": "bot", "content": " x"},
        {"role": "user", "content": ""},
    ]
    each = diagnostics(messages)
    assert len({one.code for one in each}) == 10
    assert all(one.severity == CODES[one.code].severity for one in each)
    assert [one.message for one in each] == sorted(one.message for one in each)


anything = st.none() | st.integers() | st.text(" x\n", max_size=3) | st.lists(st.text(max_size=1), max_size=1)
roles = st.sampled_from([*LETTERS.values(), "GPT", ""]) | anything
objects = st.fixed_dictionaries({}, optional={"role": roles, "content": anything, "tool_calls": anything})


@given(st.lists(objects | anything, min_size=1, max_size=6))
def test_the_quick_way_says_the_same_as_the_long_one(messages):
    entry = Entry.of(render({"messages": messages}))
    assert set(check_structure(entry, RULES)) == set(_checked(entry.value["messages"], RULES))


@given(st.integers(1, 9), st.sampled_from([" ", "", "x", "x "]))
def test_the_quick_way_says_the_same_of_usual_entries(exchanges, content):
    messages = [*talk("S" + " U A" * exchanges)]
    messages[-1]["content"] = content
    entry = Entry.of(render({"messages": messages}))
    assert set(check_structure(entry, RULES)) == set(_checked(messages, RULES))


DIRTY = SHARED / "samples/rolethread-lite/02_dirty_auto_fixable.jsonl"
FOUND = [  # each line of the file as read by a person: the codes and their messages, identity aside
    {("base.empty_tag", -1, "")},
    {
        ("base.empty_tag", -1, ""),
        ("chatml.role_canonicalization", 0, "SYSTEM"),
        ("chatml.role_canonicalization", 1, "USER"),
        ("chatml.role_canonicalization", 2, "ASSISTANT"),
    },
    {
        ("base.empty_tag", -1, ""),
        ("chatml.role_canonicalization", 1, "human"),
        ("chatml.role_canonicalization", 2, "gpt"),
    },
    {
        ("base.empty_tag", -1, ""),
        ("chatml.content_whitespace", 0, "at both ends"),
        ("chatml.content_whitespace", 1, "at both ends"),
        ("chatml.content_whitespace", 2, "at both ends"),
    },
    set(),
    {
        ("chatml.role_canonicalization", 0, "GPT"),
        ("chatml.role_canonicalization", 1, "USER"),
        ("chatml.role_canonicalization", 2, "Bot"),
        ("chatml.missing_system_role", -1, ""),
        ("chatml.assistant_first", 0, ""),
    },
]


@pytest.mark.skipif(not DIRTY.exists(), reason="the samples are not here")
def test_a_file_with_known_defects_has_exactly_these():
    entries = map(Entry.of, DIRTY.read_bytes().rstrip(b"\n").split(b"\n"))
    assert [
        {
            (each.code, each.message, each.detail)
            for each in (*check_labels(entry), *check_structure(entry, RULES))
        }
        - {("identity.missing_uuid", -1, "")}
        for entry in entries
    ] == FOUND


GENERATOR = SHARED / "tools/gen_synth.py"
CODE_OF = {  # what the generator calls its defects, and how often each is found in an entry
    "content_whitespace": {"chatml.content_whitespace": 1},
    "role_case": {"chatml.role_canonicalization": 1},
    "empty_content": {"chatml.empty_content": 1},
    "double_user": {"chatml.not_alternating": 1},
    "ends_on_user": {"chatml.last_not_assistant": 1},
    "tag_spelling": {"base.tag_spelling": 2},
}


@pytest.mark.skipif(not GENERATOR.exists(), reason="the generator of synthetic datasets is not here")
@pytest.mark.parametrize("seed", [3, 8])
def test_every_generated_defect_is_found_and_nothing_else(tmp_path, seed):
    out = tmp_path / "synth.jsonl"
    choices = ["--n", "1500", "--seed", str(seed), "--defects", "0.05"]
    subprocess.run([sys.executable, GENERATOR, out, *choices], check=True, capture_output=True)
    truth = json.loads(Path(f"{out}.truth.json").read_text())["defects"]
    expected = {line: CODE_OF[kind] for kind, lines in truth.items() for line in lines}
    seen = {}
    for number, raw in enumerate(out.read_bytes().rstrip(b"\n").split(b"\n")):
        entry = Entry.of(raw)
        codes = Counter(each.code for each in (*check_labels(entry), *check_structure(entry, RULES)))
        codes.pop("identity.missing_uuid")
        if codes:
            seen[number] = codes
    assert len(expected) > 50
    assert seen == expected
