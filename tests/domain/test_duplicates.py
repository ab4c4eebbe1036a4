"""Entries that say almost the same are found as clusters, and nothing else is."""

import random
import subprocess
import sys
from hashlib import sha256
from pathlib import Path
from time import process_time

import pytest

from app.domain.duplicates import clusters, signature, similarity

WORDS = [
    f"{first}{last}" for first in ("ka", "mo", "ri", "tel", "su", "ven") for last in map(str, range(500))
]


def prose(dice: random.Random, words: int = 300) -> str:
    return " ".join(dice.choices(WORDS, k=words))


def edited(text: str, dice: random.Random, words: int) -> str:
    """The text with some words put in the place of others."""
    found = text.split()
    for place in dice.sample(range(len(found)), words):
        found[place] = dice.choice(WORDS)
    return " ".join(found)


def jaccard(one: str, other: str) -> float:
    """What the number is by its definition, for texts of small letters, digits and spaces."""
    first, second = (
        {tuple(words[place : place + 5]) for place in range(max(1, len(words) - 4))}
        for words in (one.split(), other.split())
    )
    return len(first & second) / len(first | second)


def found(texts: list[str], threshold: float = 0.8) -> list[tuple[int, ...]]:
    return clusters(
        ((rank, signature(text)) for rank, text in enumerate(texts)), texts.__getitem__, threshold
    )


def refuse(rank: int) -> str:
    raise AssertionError(f"the text of {rank} was asked for")


def test_a_text_and_its_copy_with_some_words_changed_are_a_cluster():
    dice = random.Random(1)
    texts = [prose(dice) for _ in range(40)]
    texts.append(edited(texts[7], dice, 4))
    assert found(texts) == [(7, 40)]


def test_a_pair_just_at_the_threshold_is_near_and_one_just_below_is_not():
    shared = [f"word{number}" for number in range(84)]  # 80 shingles
    texts = [" ".join((*shared, *(f"{end}{number}" for number in range(10)))) for end in "xy"]
    assert similarity(*texts) == 0.8
    assert found(texts, 0.8) == [(0, 1)]
    texts[1] += " more"
    assert found(texts, 0.8) == []


def test_every_near_pair_is_found_and_nothing_else():
    dice = random.Random(2)
    texts = [prose(dice, dice.randrange(20, 400)) for _ in range(400)]
    pairs = []
    for one in range(400):
        texts.append(edited(texts[one], dice, max(1, len(texts[one].split()) * dice.randrange(1, 5) // 100)))
        pairs.append((one, len(texts) - 1))
    near = [pair for pair in pairs if jaccard(*(texts[rank] for rank in pair)) >= 0.8]
    assert 100 < len(near) < 390
    assert found(texts) == near


def test_any_order_of_the_items_gives_the_same_clusters():
    dice = random.Random(3)
    texts = [prose(dice, 60) for _ in range(60)]
    texts += [edited(text, dice, 1) for text in texts[:20]]
    items = [(rank * 1024, signature(text)) for rank, text in enumerate(texts)]
    expected = clusters(items, lambda rank: texts[rank // 1024])
    dice.shuffle(items)
    assert clusters(items, lambda rank: texts[rank // 1024]) == expected
    assert expected == [(rank * 1024, (rank + 60) * 1024) for rank in range(20)]


def test_who_is_near_to_one_of_a_cluster_is_in_it():
    dice = random.Random(4)
    texts = [prose(dice)]
    for _ in range(9):
        texts.append(edited(texts[-1], dice, 5))
    assert similarity(texts[0], texts[-1]) < 0.6
    assert found(texts) == [tuple(range(10))]


def test_two_thousand_equal_texts_are_one_cluster_and_are_not_read_again():
    sign = signature("The kettle sang on the stove all night.")
    items = [(rank, sign) for rank in range(2000)]
    assert clusters(items, refuse) == [tuple(range(2000))]


def test_two_thousand_texts_that_are_nearly_equal_are_one_cluster_and_are_read_a_few_times_each():
    dice = random.Random(5)
    text = prose(dice)
    texts = [edited(text, dice, 2) for _ in range(2000)]
    asked = []
    items = [(rank, signature(text)) for rank, text in enumerate(texts)]
    assert clusters(items, lambda rank: asked.append(rank) or texts[rank]) == [tuple(range(2000))]
    assert len(asked) < 10 * len(texts)


def test_thousands_that_are_alike_but_not_near_take_no_quadratic_time():
    dice = random.Random(6)
    text = prose(dice, 120).split()
    texts = []
    for _ in range(2000):
        start = dice.randrange(100)
        texts.append(" ".join((*text[:start], *dice.choices(WORDS, k=12), *text[start + 12 :])))
    twin = edited(texts[9], dice, 1)
    asked = []
    items = [(rank, signature(text)) for rank, text in enumerate([*texts, twin])]
    grouped = clusters(items, lambda rank: asked.append(rank) or [*texts, twin][rank], 0.95)
    assert similarity(texts[0], texts[1]) < 0.9
    assert any({9, 2000} <= set(cluster) for cluster in grouped) == (similarity(texts[9], twin) >= 0.95)
    assert len(asked) < 30 * len(texts)


def test_a_crowd_that_shares_a_band_and_nothing_else_is_told_apart_by_its_signatures():
    dice = random.Random(7)
    signs = [number.to_bytes(16, "big") + b"\1\2" * 40 + dice.randbytes(2 * 88) for number in range(5000)]
    assert clusters(enumerate(signs), refuse) == []


def test_case_punctuation_and_white_space_make_no_difference():
    texts = ["“Well,” she *said*, “I can’t stay.”", "well she said\n\ni can t   STAY"]
    assert similarity(*texts) == 1
    assert found(texts) == [(0, 1)]


def test_fewer_words_than_a_shingle_are_near_to_the_same_words_only():
    assert found(["Hello there", "hello, THERE!", "there hello", "Hello", "Hello there you"]) == [(0, 1)]


def test_blank_texts_are_near_to_nothing():
    assert signature("") == signature(" \n\t\u3000") == b""
    assert found(["", "", " ", "a"]) == []


def test_texts_without_letters_are_compared_by_what_stands_between_white_space():
    assert found(["😀 🎉", "😀  🎉\n", "🎉 😀", "…", "!", "…"]) == [(0, 1), (3, 5)]


@pytest.mark.parametrize(
    "text",
    [
        "昔々あるところにおじいさんとおばあさんが住んでいました。おじいさんは山へ芝刈りに、おばあさんは川へ洗濯に行きました。",
        "从前有座山。山上有座庙。庙里有个老和尚在给小和尚讲故事。故事讲的是什么呢、讲的是从前有座山。",
        "กาลครั้งหนึ่งนานมาแล้วมีหมู่บ้านเล็กๆ อยู่กลางป่าใหญ่ผู้คนในหมู่บ้านรักกันมาก",
    ],
)
def test_scripts_without_spaces_are_compared_letter_by_letter(text):
    other = text[:20] + text[21:]
    assert 0.7 < similarity(text, other) < 1
    assert found([text, other, text[::-1]], 0.7) == [(0, 1)]


def test_marks_belong_to_the_letter_before_them():
    # In Hindi vowels are marks; were they left out, these two would be the same words.
    assert similarity("मैं तुम्हें बताता हूँ कि", "मा तुम्हा बताता हा का") == 0


def test_a_shared_part_does_not_make_a_near_duplicate():
    dice = random.Random(8)
    shared = prose(dice, 100)
    texts = [f"{shared} {prose(dice, 200)}" for _ in range(50)]
    assert found(texts) == []


def test_a_signature_is_small_and_the_same_in_every_process_and_on_every_machine():
    text = "She counted the lanterns twice: “Nine,” she said; neunzehn, 十九, सत्रह. " * 3
    assert len(signature(text)) == 272
    known = "bf114e1fcecbfe8a557afcf0f66a217fa8425abdddabcee1d27e648e846ae9c3"
    assert sha256(signature(text)).hexdigest() == known
    code = f"from app.domain.duplicates import signature; print(signature({text!r}).hex())"
    root = Path(__file__).parents[2]
    command = [sys.executable, "-X", "utf8", "-c", code]
    said = subprocess.run(command, cwd=root, capture_output=True, check=True, encoding="utf-8")
    assert said.stdout.strip() == signature(text).hex()


def test_other_thresholds_find_what_they_say():
    dice = random.Random(9)
    texts = [prose(dice, 200) for _ in range(100)]
    texts += [edited(text, dice, 1 + number // 5) for number, text in enumerate(texts)]
    for threshold in (0.5, 0.65, 0.9, 1):
        near = [(one, one + 100) for one in range(100) if jaccard(texts[one], texts[one + 100]) >= threshold]
        assert found(texts, threshold) == near


@pytest.mark.parametrize("threshold", [0, 0.49, 1.01])
def test_a_threshold_beyond_what_a_signature_can_tell_is_refused(threshold):
    with pytest.raises(ValueError, match="threshold"):
        found(["one", "two"], threshold)


def test_nothing_gives_nothing():
    assert found([]) == found(["one text only"]) == []


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("a" * 10_000_000, id="one word"),
        pytest.param(" " * 10_000_000, id="spaces"),
        pytest.param("word " * 1_000_000, id="equal words"),
        pytest.param("!" * 10_000_000, id="signs"),
        pytest.param("—" * 3_000_000, id="dashes"),
        pytest.param("\ud800" * 3_000_000, id="half characters"),
        pytest.param("a" + "\u0300\u0316" * 1_000_000, id="accents upon accents"),
        pytest.param("字" * 500_000, id="letters that are words"),
        pytest.param(" ".join(map(str, range(200_000))), id="words all different"),
    ],
)
def test_a_hostile_text_takes_a_moment(text):
    began = process_time()
    sign = signature(text)
    assert process_time() - began < 4
    if sign:
        assert clusters([(0, sign), (1, sign)], refuse) == [(0, 1)]
        assert similarity(text, text) == 1


def test_words_repeated_without_end_are_one_shingle():
    assert similarity("word " * 1_000_000, "word " * 999_999) == 1
    assert found(["word " * 1_000_000, "word " * 999_999]) == [(0, 1)]
