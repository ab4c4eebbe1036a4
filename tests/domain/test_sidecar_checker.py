"""The checker of the tests is itself tried: a good sidecar passes, and each fault of one is seen."""

import json
import os
from pathlib import Path

import pytest

from tests.sidecars import check_pair, check_sidecar

SAMPLES = Path(os.environ.get("ROLETHREAD_SAMPLES") or Path(__file__).parents[3] / "shared" / "samples")
LITE = SAMPLES / "rolethread-lite/native/harbor_tales.registry.json"
UUID = "60a27d61-1f05-4776-a835-7161674e75ea"
ENTRY = "30125014-e067-43ef-b9a6-d86814b5de2f"

GOOD = {
    "metadata": {
        "schema_version": 1,
        "kind": "rolethread.tag_registry",
        "exported_at": "2026-11-22T07:08:52.093003+00:00",
        "app_name": "RoleThread",
        "app_version": "2.0.0",
    },
    "dataset": {
        "dataset_uuid": UUID,
        "filename": "talks.jsonl",
        "entry_count": 2,
        "tag_usage_counts": {"calm": 2, "懸疑": 1},
    },
    "categories": [
        {"slug": "style", "name": "Style", "sort_order": 2, "is_active": True, "is_builtin": True}
    ],
    "tags": [
        {
            "slug": slug,
            "name": slug,
            "category_slug": category,
            "sort_order": 0,
            "status": "active",
            "is_active": True,
            "is_builtin": False,
            "lifecycle": {},
        }
        for slug, category in (("calm", "style"), ("懸疑", None))
    ],
    "aliases": [
        {"old_slug": "quiet", "new_slug": "calm", "action": "rename", "metadata": {}},
        {"old_slug": "still", "new_slug": "quiet", "action": "merge", "metadata": {}},
    ],
    "characters": [{"slug": "kai", "display_name": "Kai", "description": None, "is_active": True}],
    "entry_character_mappings": [
        {
            "entry_uuid": ENTRY,
            "turns": [
                {
                    "turn_index": 0,
                    "character_slug": "kai",
                    "training_role": "assistant",
                    "source_role_label": None,
                }
            ],
        }
    ],
    "system_prompts": [
        {"slug": "voice", "name": "Voice", "content": "", "description": None, "is_active": True}
    ],
    "extensions": {"card": [1.50, 1e16, "\ud800"]},
}
DATASET = b"".join(
    json.dumps(entry).encode() + b"\n"
    for entry in (
        {
            "messages": [{"role": "assistant", "content": "Well?"}],
            "tags": ["Calm", "calm", "懸疑", "!!!", 7],
            "_rolethread": {"entry_uuid": ENTRY, "dataset_uuid": UUID},
        },
        {"tags": "calm"},
    )
)


def spelt(value: dict) -> bytes:
    text = json.dumps(value, indent=2, ensure_ascii=False) + "\n"
    return text.replace("\ud800", "\\ud800").encode()


def changed(*path, **keys) -> bytes:
    """The good sidecar with some keys of one of its objects set."""
    value = json.loads(json.dumps(GOOD))
    place = value
    for step in path:
        place = place[step]
    place.update(keys)
    return spelt(value)


def every_key(value, path=()):
    """The place of every key that a sidecar must have."""
    for key, part in value.items() if isinstance(value, dict) else enumerate(value):
        if isinstance(value, dict) and key != "extensions":
            yield (*path, key)
        if isinstance(part, dict | list) and key not in ("tag_usage_counts", "lifecycle", "extensions"):
            yield from every_key(part, (*path, key))


KEYS = list(every_key(GOOD))


def at(path):
    """A copy of the good sidecar, the object in it that has the key, and the key."""
    value = json.loads(json.dumps(GOOD))
    place = value
    for step in path[:-1]:
        place = place[step]
    return value, place, path[-1]


def test_a_good_sidecar_passes():
    check_sidecar(spelt(GOOD))
    check_sidecar(changed(more=1))
    check_sidecar(changed("tags", 0, status="uncategorized", more=1))
    check_sidecar(spelt(GOOD).replace(b"1e+16", b"1E16"))


@pytest.mark.skipif(not LITE.exists(), reason=f"the samples are not at {SAMPLES}")
def test_the_pair_of_rolethread_lite_passes():
    check_pair(LITE.with_name("harbor_tales.jsonl").read_bytes(), LITE.read_bytes())


@pytest.mark.parametrize("path", KEYS, ids=lambda path: ".".join(map(str, path)))
def test_a_missing_a_mistyped_and_a_misplaced_key_are_seen(path):
    value, place, key = at(path)
    del place[key]
    with pytest.raises(AssertionError):
        check_sidecar(spelt(value))
    value, place, key = at(path)
    place[key] = 1.5
    with pytest.raises(AssertionError):
        check_sidecar(spelt(value))
    value, place, key = at(path)
    place[key] = place.pop(key)
    if list(place) != list(at(path)[1]):
        with pytest.raises(AssertionError):
            check_sidecar(spelt(value))


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"[]\n",
        b"\xff",
        b"\xef\xbb\xbf" + spelt(GOOD),
        spelt(GOOD)[:-1],
        spelt(GOOD) + b"\n",
        spelt(GOOD).replace(b"\n", b"\r\n"),
        json.dumps(GOOD, indent=4, ensure_ascii=False).replace("\ud800", "").encode() + b"\n",
        json.dumps(GOOD, indent=2).encode() + b"\n",
        spelt(GOOD).replace(b'"Kai"', b"NaN"),
        changed(more=float("nan")),
        changed(a=1, b=1).replace(b'"b"', b'"a"'),
        changed("metadata", schema_version=2),
        changed("metadata", schema_version=True),
        changed("metadata", kind="another"),
        changed("metadata", app_version=""),
        changed("metadata", exported_at="2026-11-22T07:08:52"),
        changed("metadata", exported_at="2026-11-22T07:08:52+02:00"),
        changed("metadata", exported_at="2026-13-22T07:08:52+00:00"),
        changed("dataset", dataset_uuid="x"),
        changed("dataset", filename="/home/talks.jsonl"),
        changed("dataset", tag_usage_counts={"calm": 3, "懸疑": 1}),
        changed("dataset", tag_usage_counts={"calm": 0, "懸疑": 1}),
        changed("dataset", tag_usage_counts={"calm": True, "懸疑": 1}),
        changed("dataset", tag_usage_counts={"calm": 1, "懸疑": 1, "Loud Noise": 1}),
        changed("dataset", tag_usage_counts={"calm": 1, "懸疑": 1, "": 1}),
        changed("dataset", tag_usage_counts={"calm": 1, "懸疑": 1, "loud": 1}),
        changed("dataset", tag_usage_counts={"calm": 1}),
        changed(categories=[]),
        changed(categories=GOOD["categories"] + [{**GOOD["categories"][0], "slug": "source"}]),
        changed("categories", 0, sort_order=True),
        changed("tags", 0, slug="懸疑"),
        changed("tags", 0, slug=""),
        changed("tags", 0, is_active=1),
        changed("tags", 0, status="gone"),
        changed("aliases", 0, action="move"),
        changed("aliases", 0, new_slug="nothing"),
        changed("aliases", 0, new_slug="still"),
        changed("aliases", 0, new_slug=None),
        changed("characters", 0, slug="mara"),
        changed(characters=[]),
        changed(entry_character_mappings=[]),
        changed(entry_character_mappings=GOOD["entry_character_mappings"] * 2),
        changed("entry_character_mappings", 0, entry_uuid="7"),
        changed("entry_character_mappings", 0, turns=[]),
        changed("entry_character_mappings", 0, turns=GOOD["entry_character_mappings"][0]["turns"] * 2),
        changed("entry_character_mappings", 0, "turns", 0, turn_index=-1),
        changed("entry_character_mappings", 0, "turns", 0, turn_index=False),
        changed("entry_character_mappings", 0, "turns", 0, training_role=""),
        changed(system_prompts=GOOD["system_prompts"] * 2),
    ],
)
def test_what_is_no_good_sidecar_is_seen(raw):
    with pytest.raises(AssertionError):
        check_sidecar(raw)


def test_a_pair_passes_that_says_the_same():
    check_pair(DATASET, spelt(GOOD))
    check_pair(DATASET + b'no entry\n{"a": NaN}\n[]\n', spelt(GOOD))


@pytest.mark.parametrize(
    ("dataset", "sidecar"),
    [
        (DATASET + b"{}\n", spelt(GOOD)),
        (DATASET.replace(b'"Calm", "calm"', b""), spelt(GOOD)),
        (DATASET.replace(ENTRY.encode(), UUID.encode()), spelt(GOOD)),
        (DATASET.replace(b'"dataset_uuid": "60a', b'"dataset_uuid": "000'), spelt(GOOD)),
        (DATASET, changed("entry_character_mappings", 0, "turns", 0, turn_index=1)),
        (DATASET, changed("dataset", tag_usage_counts={"calm": 1, "懸疑": 1})),
        (DATASET, changed("dataset", entry_count=3)),
    ],
)
def test_a_pair_that_disagrees_is_seen(dataset, sidecar):
    with pytest.raises(AssertionError):
        check_pair(dataset, sidecar)
