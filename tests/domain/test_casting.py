import json
import os
from collections import Counter
from pathlib import Path

import pytest

from app.domain import casting
from app.domain.casting import Turn, character_slug, groups, moved, next_speaker, replies, suggestion

SAMPLES = Path(os.environ.get("ROLETHREAD_SAMPLES") or Path(__file__).parents[3] / "shared" / "samples")
with_samples = pytest.mark.skipif(not SAMPLES.is_dir(), reason=f"the samples are not at {SAMPLES}")


def said(text: str) -> list[dict]:
    """Messages from a line such as ``u:Hello a:Yes``."""
    pairs = (word.split(":") for word in text.split())
    return [{"role": {"u": "user", "a": "assistant"}[role], "content": content} for role, content in pairs]


def turns(*characters: str | None) -> tuple[Turn, ...]:
    """A turn for each message that has a character."""
    return tuple(Turn(place, name, "assistant") for place, name in enumerate(characters) if name)


@pytest.mark.parametrize(
    ("old", "cast", "new", "expected"),
    [
        pytest.param("u:1 a:2", "TM", "u:1 a:2", "TM", id="as it was"),
        pytest.param("u:1 a:2", "TM", "u:0 u:1 a:2", (None, "T", "M"), id="inserted"),
        pytest.param("u:1 a:2 u:3", "TMT", "u:1 u:3", "TT", id="deleted"),
        pytest.param("u:1 a:2 u:3", "TMF", "u:3 u:1 a:2", "FTM", id="moved"),
        pytest.param("u:1 a:2 u:3", ("T", "M", None), "a:2 u:1 u:3", ("M", "T", None), id="swapped"),
        pytest.param("u:1 a:2 u:3", "TMT", "u:1 a:two u:3", "TMT", id="rewritten"),
        pytest.param("u:1 a:2", "TM", "u:1 u:2", "TM", id="given to another role"),
        pytest.param("u:1 a:2", "TM", "u:one a:two", "TM", id="all rewritten"),
        pytest.param("u:1 a:2", "TM", "a:two", "M", id="one deleted and one rewritten"),
        pytest.param("u:1 a:2", "TM", "a:0 u:one a:two", (None, "T", "M"), id="one put in, two rewritten"),
        pytest.param("u:1 a:yes u:2 a:yes", "TMTF", "u:2 a:yes", "TF", id="neighbours tell equals apart"),
        pytest.param("a:yes a:yes", "TM", "a:no a:yes", "TM", id="one of two equals rewritten"),
        pytest.param("u:1 a:yes", (None, "M"), "u:1 a:yes a:yes", (None, "M", None), id="copied"),
        pytest.param("u:1 a:2", "TM", "u:1 u:1", ("T", None), id="a copy in another's place"),
        pytest.param("u:1 a:2", "TM", "", (), id="all deleted"),
        pytest.param("", (), "u:1", (), id="the first message"),
    ],
)  # fmt: skip
def test_a_character_stays_with_its_message(old, cast, new, expected):
    assert moved(turns(*cast), said(old), said(new)) == turns(*expected)


def test_a_message_that_moved_and_one_that_was_rewritten_are_both_found():
    old, new = said("u:1 a:2 u:3 a:4"), said("a:4 u:1 a:two u:3")
    assert moved(turns("T", "M", "T", "F"), old, new) == turns("F", "T", "M", "T")


def test_a_message_that_moved_is_not_rewritten_too():
    old, new = said("u:1 u:2 u:3 u:4 u:5"), said("u:two u:3 u:4 u:5 u:1")
    assert moved(turns("T", "M", None, None, "F"), old, new) == turns("M", None, None, "F", "T")


def test_a_turn_keeps_what_it_says_but_its_place():
    turn = Turn(0, "éowyn", "assistant", "Éowyn McCoy")
    assert moved([turn], said("a:1"), said("u:0 a:1")) == (Turn(1, "éowyn", "assistant", "Éowyn McCoy"),)


def test_a_turn_outside_of_its_entry_goes():
    assert moved([Turn(5, "kai", "user"), Turn(-1, "kai", "user")], said("u:1"), said("u:1 u:2")) == ()


def test_the_order_of_keys_makes_no_other_message_and_true_is_not_1():
    old = [{"role": "user", "content": None, "weight": 1}, "no message", [], {"role": 7, "content": "\ud800"}]
    cast = turns("A", "B", "C", "D")
    assert moved(cast, old, [None, *(dict(reversed(one.items())) for one in (old[0], old[3]))]) == (
        Turn(1, "A", "assistant"),
        Turn(2, "D", "assistant"),
    )
    one, true = ({"content": "x", "weight": weight} for weight in (1, True))
    assert moved(turns("A", "B"), [one, true], [true, one]) == turns("B", "A")


def test_among_too_many_equal_messages_neighbours_are_not_looked_at(monkeypatch):
    old, new = said("u:1 a:yes u:2 a:yes u:3"), said("u:2 a:yes u:9")
    cast = turns("T", "M", "T", "F", "T")
    assert moved(cast, old, new)[:2] == turns("T", "F")
    monkeypatch.setattr(casting, "MOST_PAIRS", 2)
    assert moved(cast, old, new) == turns("T", "M")


def test_labels_that_differ_by_case_or_accents_stand_together_as_they_are_spelt():
    labels = [
        "Kai",
        "懸疑",
        "kai",
        "Éowyn McCoy",
        "Eowyn  mccoy",
        "KAI",
        "Kai",
        "Karl",
        "Kái Kai",
        "\u0301",
        "\u0300",
    ]
    assert groups(labels) == (
        ("Kai", "kai", "KAI"),
        ("懸疑",),
        ("Éowyn McCoy", "Eowyn  mccoy"),
        ("Karl",),
        ("Kái Kai",),
        ("\u0301",),
        ("\u0300",),
    )


@pytest.mark.parametrize(
    ("labels", "expected"),
    [
        (["system", "Tomas", "Mara", "Tomas", "Mara"], {"Mara": 2}),
        (["Mara", "Tomas", "Mara"], {"Mara": 2}),  # a greeting
        (["Tomas", "Mara", "Old Finn", "Tomas", "Mara"], {"Mara": 2, "Old Finn": 1}),
        (["user", "Mara", "user", "Kai"], {"Mara": 1, "Kai": 1}),
        (["Mara", "human", "Mara"], {"Mara": 2}),
        (["gpt", "Tomas", "gpt"], {}),
        (["Tomas", "assistant"], {}),
        (["Tomas"], {}),
        (["Tomas", "Mara", "tool", "Mara", ""], {"Mara": 2}),
        (["system", "assistant", " "], {}),
        ([], {}),
    ],
)
def test_who_is_spoken_to_is_the_user_and_the_others_reply(labels, expected):
    assert replies(labels) == expected


@pytest.mark.parametrize(
    ("label", "messages", "replying", "role"),
    [
        ("Mara", 2, 2, "assistant"),
        ("Mara", 3, 2, "assistant"),
        ("Tomas", 2, 1, "user"),
        ("Tomas", 5, 0, "user"),
        (" You", 3, 3, "user"),
        ("{{char}}", 3, 0, "assistant"),
    ],
)
def test_who_mostly_replies_is_taken_for_the_assistant(label, messages, replying, role):
    assert suggestion(label, messages, replying) == role


@with_samples
@pytest.mark.parametrize(
    ("name", "key", "assistants", "user"),
    [
        ("rolethread-lite/foreign/harbor_tales.jsonl", "messages", {"Mara", "Old Finn"}, "Tomas"),
        ("rolethread-lite/foreign/market_days.jsonl", "messages", {"Mara"}, "Tomas"),
        ("chat-haruhi/baizhantang_dialogue.jsonl", "dialogue", {"白展堂", "展堂", "众人"}, "佟湘玉"),
        ("chat-haruhi/wanderer_dialogue.jsonl", "dialogue", {"流浪者"}, "旁白"),
    ],
)
def test_the_speakers_of_real_files_get_the_role_that_they_have(name, key, assistants, user):
    messages: Counter[str] = Counter()
    replying: Counter[str] = Counter()
    with (SAMPLES / name).open(encoding="utf-8") as lines:
        for line in lines:
            labels = [message["role"] for message in json.loads(line)[key]]
            messages.update(labels)
            replying.update(replies(labels))
    named = [label for label in messages if label not in ("system", "user", "assistant")]
    assert {
        label for label in named if suggestion(label, messages[label], replying[label]) == "assistant"
    } == assistants
    assert suggestion(user, messages[user], replying[user]) == "user"


@pytest.mark.parametrize(
    ("name", "taken", "expected"),
    [
        ("Old Finn", (), "old_finn"),
        ("Éowyn McCoy", (), "éowyn_mccoy"),
        ("懸疑", {"懸疑"}, "懸疑_2"),
        ("Kai", {"kai", "kai_2"}, "kai_3"),
        ("!?", (), "character"),
        ("\ud800", {"character"}, "character_2"),
        ("x" * 100, (), "x" * 80),
        ("x" * 100, {"x" * 80}, "x" * 78 + "_2"),
        ("懸" * 100, {"懸" * 26}, "懸" * 26 + "_2"),
        ("x" * 79 + " y", (), "x" * 79),
    ],
)
def test_a_character_has_a_slug_of_its_own_in_any_script(name, taken, expected):
    assert character_slug(name, taken) == expected


@pytest.mark.parametrize(
    ("said", "role", "expected"),
    [
        ([], "", ("user", "")),
        ([("system", "")], "", ("user", "")),
        ([("user", "tomas")], "", ("assistant", "")),
        ([("assistant", "mara")], "", ("user", "")),
        ([("user", "tomas"), ("assistant", "mara")], "", ("user", "tomas")),
        ([("user", "tomas"), ("assistant", "mara"), ("assistant", "finn")], "", ("assistant", "mara")),
        ([("user", "tomas"), ("assistant", "mara"), ("assistant", "mara")], "", ("user", "tomas")),
        ([("assistant", "mara"), ("user", "tomas"), ("tool", "")], "", ("assistant", "mara")),
        ([("assistant", "mara"), ("assistant", "finn")], "assistant", ("assistant", "mara")),
        ([("assistant", "mara"), ("user", "tomas")], "user", ("user", "tomas")),
        ([("assistant", "mara")], "user", ("user", "")),
    ],
)
def test_the_last_two_speakers_take_turns(said, role, expected):
    assert next_speaker(said, role) == expected
