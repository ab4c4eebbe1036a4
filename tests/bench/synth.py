"""Made-up conversations, the same for the same seed on every machine: about 3 KB an entry.

The words follow the frequencies of a language: a few are everywhere, most are rare. ``harbor`` is in
some percent of the entries, ``lanterns swaying`` in a few of a thousand, ``zzqqx`` in none.
"""

import json
import os
from collections.abc import Iterator
from itertools import accumulate
from pathlib import Path
from random import Random
from typing import Any

SEED = 1907
COMMON = (
    "the of and to a in that it was he she her his you with as for had on at but not be they from have "
    "this said so all one there were out into up when what if then them him would my your could now down "
    "just back eyes hand little time look know before only through who more around never face voice way "
    "door light room night long tell come where here old good made small dark moment asked first after"
)
RARER = (
    "window quiet kept breath wind rain road street stone silver garden river forest mountain ship captain "
    "letter kitchen bread tea lantern lanterns market bridge tower compass mirror music winter morning "
    "evening storm cloud star moon shadow smoke salt honey iron paper thread wool boots coin rope sail "
    "anchor harbor island swaying burning walking singing waiting turning falling leaning gleaming"
)
STARTS = "b br c ch d dr f fl g gr h j k l m n p pl r s sh st t th tr v w"
MIDDLES = "a e i o u ai ea ee oa ou"
ENDS = " b ck d l m n nd p r rn s st t x"
SYLLABLE = tuple(letters.split(" ") for letters in (STARTS, MIDDLES, ENDS))
TAGS = (
    "slow_burn banter mystery rescue road_trip heist lullaby farewell apology reunion lesson duel festival "
    "ghost_story night_watch market_day quiet_ending wonder rivals monologue"
)
PARTS = ("a lighthouse keeper", "a ship's cook", "the archivist of a drowned library", "a retired duelist")
VOCABULARY = 20_000


def entries(count: int, seed: int = SEED) -> Iterator[dict[str, Any]]:
    """So many entries: a system message, three to seven exchanges, up to four tags."""
    random = Random(seed)
    words, tags_known = _vocabulary(random), TAGS.split()
    weights = list(accumulate(1 / rank for rank in range(1, len(words) + 1)))
    tag_weights = list(accumulate(1 / rank for rank in range(1, len(tags_known) + 1)))
    for _ in range(count):
        lengths = [length for _ in range(random.randint(3, 7)) for length in _lengths(random)]
        drawn = iter(random.choices(words, cum_weights=weights, k=sum(lengths)))
        messages = [{"role": "system", "content": f"You are {random.choice(PARTS)}. Stay in character."}]
        for number, length in enumerate(lengths):
            said = [next(drawn) for _ in range(length)]
            said += ["lanterns", "swaying"] * (random.random() < 0.0005)
            text = _prose(random, said)
            messages.append({"role": ("user", "assistant")[number % 2], "content": text})
        tags = random.choices(tags_known, cum_weights=tag_weights, k=random.randint(0, 4))
        yield {"messages": messages, "tags": list(dict.fromkeys(tags))}


def _vocabulary(random: Random) -> list[str]:
    """Common words first, then made-up ones with the rarer words among them."""
    words = dict.fromkeys(COMMON.split())
    rarer = RARER.split()
    while len(words) < VOCABULARY:
        syllables = random.choice((1, 2, 2, 2, 3))
        words["".join(random.choice(pool) for _ in range(syllables) for pool in SYLLABLE)] = None
        if rarer and len(words) > 300 and len(words) % 8 == 0:
            words[rarer.pop(random.randrange(len(rarer)))] = None
    return list(words)


def _lengths(random: Random) -> tuple[int, int]:
    """The words of a question and of its answer."""
    return max(6, int(random.lognormvariate(2.9, 0.5))), max(20, int(random.lognormvariate(4.0, 0.4)))


def _prose(random: Random, words: list[str]) -> str:
    """The words as sentences, some spoken, some *acted*."""
    sentences = []
    while words:
        length = random.randint(5, 18)
        sentence, words = " ".join(words[:length]).capitalize(), words[length:]
        style = random.random()
        if style < 0.2:
            sentences.append(f'"{sentence}."')
        else:
            sentences.append(f"*{sentence}*" if style < 0.3 else f"{sentence}.")
        if random.random() < 0.07:
            sentences[-1] += "\n\n"
    return " ".join(sentences).replace("\n\n ", "\n\n").strip()


def _line(entry: dict[str, Any]) -> bytes:
    return json.dumps(entry, ensure_ascii=False).encode() + b"\n"


def dataset(count: int) -> Path:
    """A file of so many entries in the person's cache folder, made on first use."""
    base = os.environ.get("XDG_CACHE_HOME") or (
        os.environ.get("LOCALAPPDATA") if os.name == "nt" else Path.home() / ".cache"
    )
    folder = Path(base or Path.home()) / "rolethread-bench"
    path = folder / f"synth-{SEED}-{count}.jsonl"
    if not path.exists():
        folder.mkdir(parents=True, exist_ok=True)
        draft = path.with_suffix(f".{os.getpid()}")
        with draft.open("wb") as file:
            file.writelines(_line(entry) for entry in entries(count))
        draft.replace(path)
    return path
