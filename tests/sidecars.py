"""What a sidecar has to be, told without the app; what a test writes is held against it."""

import json
import re
import unicodedata
from collections import Counter
from datetime import datetime

UUID = re.compile("[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
METADATA = {"schema_version": int, "kind": str, "exported_at": str, "app_name": str, "app_version": str}
DATASET = {"dataset_uuid": str, "filename": str, "entry_count": int, "tag_usage_counts": dict}
TURN = {"turn_index": int, "character_slug": str, "training_role": str, "source_role_label": str | None}
ROWS = {
    "categories": {"slug": str, "name": str, "sort_order": int, "is_active": bool, "is_builtin": bool},
    "tags": {
        "slug": str,
        "name": str,
        "category_slug": str | None,
        "sort_order": int,
        "status": str,
        "is_active": bool,
        "is_builtin": bool,
        "lifecycle": dict,
    },
    "aliases": {"old_slug": str, "new_slug": str | None, "action": str, "metadata": dict},
    "characters": {"slug": str, "display_name": str, "description": str | None, "is_active": bool},
    "entry_character_mappings": {"entry_uuid": str, "turns": list},
    "system_prompts": {
        "slug": str,
        "name": str,
        "content": str,
        "description": str | None,
        "is_active": bool,
    },
}


def check_sidecar(raw: bytes) -> None:
    """Nothing, if the bytes are a sidecar of schema 1 as RoleThread Lite reads and writes it.

    :raises AssertionError: if not; the text says what is wrong.
    """
    value = _read(raw)
    _check_keys("the sidecar", value, {"metadata": dict, "dataset": dict, **dict.fromkeys(ROWS, list)})
    _check_metadata(value["metadata"])
    _check_dataset(value["dataset"])
    for part, shape in ROWS.items():
        _check_rows(part, value[part], shape)
    for mapping in value["entry_character_mappings"]:
        assert UUID.fullmatch(mapping["entry_uuid"]), mapping
        assert mapping["turns"], f"{mapping} maps nothing"
        _check_rows("turns", mapping["turns"], TURN)
        assert all(turn["turn_index"] >= 0 and turn["training_role"] for turn in mapping["turns"]), mapping
    for tag in value["tags"]:
        assert tag["status"] in ("active", "archived", "hidden", "uncategorized"), tag
    for alias in value["aliases"]:
        assert alias["action"] in ("rename", "merge"), alias
    _check_use(value)


def check_pair(dataset: bytes, sidecar: bytes) -> None:
    """Nothing, if the sidecar is one and says what is true of the dataset.

    :raises AssertionError: if not.
    """
    check_sidecar(sidecar)
    value = json.loads(sidecar)
    entries = [entry for entry in map(_entry, dataset.split(b"\n")) if entry is not None]
    assert value["dataset"]["entry_count"] == len(entries)
    assert value["dataset"]["tag_usage_counts"] == Counter(tag for entry in entries for tag in _tags(entry))
    lengths: Counter[str] = Counter()
    for entry in entries:
        uuid = _stamped(entry, "entry_uuid")
        lengths[uuid] = max(lengths[uuid], _length(entry))
    for mapping in value["entry_character_mappings"]:
        assert mapping["entry_uuid"] in lengths, f"{mapping} is of no entry"
        last = max(turn["turn_index"] for turn in mapping["turns"])
        assert last < lengths[mapping["entry_uuid"]], f"{mapping} is of no message"
    said = {_stamped(entry, "dataset_uuid") for entry in entries} - {""}
    assert len(said) != 1 or said == {value["dataset"]["dataset_uuid"]}, f"the entries are of {said}"


def _read(raw: bytes) -> dict:
    """The object in the file, which is spelt as it should be."""
    try:
        text = raw.decode("utf-8")
        numbers = json.loads(
            text, object_pairs_hook=_distinct, parse_constant=_no_number, parse_float="\0{}\0".format
        )
    except (ValueError, RecursionError) as error:
        raise AssertionError(f"not JSON in UTF-8: {error}") from error
    spelt = json.dumps(numbers, ensure_ascii=False, indent=2) + "\n"
    spelt = re.sub(r'"\\u0000([^"]*)\\u0000"', r"\1", spelt)  # a broken number stays as it was spelt
    spelt = re.sub("[\ud800-\udfff]", lambda half: f"\\u{ord(half[0]):04x}", spelt)
    assert text == spelt, "not indented by two spaces, or without a line end, or escaped without need"
    value = json.loads(text)
    assert isinstance(value, dict), "no object"
    return value


def _distinct(pairs: list) -> dict:
    assert len(dict(pairs)) == len(pairs), f"a key stands twice in {pairs}"
    return dict(pairs)


def _no_number(name: str) -> None:
    raise AssertionError(f"{name} is no JSON")


def _check_keys(what: str, value: object, shape: dict) -> None:
    """The keys stand first, in their order, each with a value of its type; what else there is comes after."""
    assert isinstance(value, dict), f"{what} is no object"
    assert list(value)[: len(shape)] == list(shape), f"{what} has the keys {list(value)}"
    for key, kind in shape.items():
        assert isinstance(value[key], kind), f"{key} of {what} is {value[key]!r}"
        assert kind is not int or not isinstance(value[key], bool), f"{key} of {what} is {value[key]!r}"


def _check_metadata(metadata: dict) -> None:
    _check_keys("metadata", metadata, METADATA)
    assert metadata["schema_version"] == 1
    assert metadata["kind"] == "rolethread.tag_registry"
    assert metadata["app_name"]
    assert metadata["app_version"]
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?\+00:00", metadata["exported_at"]), metadata
    try:
        datetime.fromisoformat(metadata["exported_at"])
    except ValueError as error:
        raise AssertionError(f"exported_at is no time: {error}") from error


def _check_dataset(dataset: dict) -> None:
    _check_keys("dataset", dataset, DATASET)
    assert UUID.fullmatch(dataset["dataset_uuid"]), dataset
    assert re.fullmatch(r"[^/\\\0]+", dataset["filename"]), dataset
    for slug, count in dataset["tag_usage_counts"].items():
        assert slug, "a tag without a name is counted"
        assert slug == _slug(slug), f"{slug!r} is no slug"
        assert type(count) is int, f"{slug} is on {count!r} entries"
        assert 1 <= count <= dataset["entry_count"], f"{slug} is on {count!r} entries"


def _check_rows(part: str, rows: list, shape: dict) -> None:
    """Rows of one shape, of which no two have the same first key, and none an empty one."""
    for row in rows:
        _check_keys(f"a row of {part}", row, shape)
    names = [row[next(iter(shape))] for row in rows]
    assert "" not in names, f"a row of {part} has no name"
    assert len(set(names)) == len(names), f"{part} has a name twice: {names}"


def _check_use(value: dict) -> None:
    """The rows are those that the dataset uses, and all of them."""
    counted = set(value["dataset"]["tag_usage_counts"])
    tags = {tag["slug"] for tag in value["tags"]}
    aliases = {alias["old_slug"]: alias["new_slug"] for alias in value["aliases"]}
    assert tags <= counted, f"on no entry: {tags - counted}"
    assert counted <= tags | set(aliases), f"without a row: {counted - tags}"
    assert {tag["category_slug"] for tag in value["tags"]} - {None} == _slugs(value["categories"])
    for slug in aliases:
        reached: str | None = slug
        for _ in aliases:
            reached = aliases.get(reached, reached) if reached not in tags else reached
        assert reached in tags, f"the alias {slug} leads to no tag"
    turns = [turn for mapping in value["entry_character_mappings"] for turn in mapping["turns"]]
    assert {turn["character_slug"] for turn in turns} == _slugs(value["characters"])


def _slugs(rows: list[dict]) -> set[str]:
    return {row["slug"] for row in rows}


def _slug(label: str) -> str:
    """The slug of a tag, letter by letter."""
    text = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", label).casefold())
    letters = (letter if unicodedata.category(letter)[0] in "LMN" else " " for letter in text)
    return "_".join("".join(letters).split())


def _entry(line: bytes) -> dict | None:
    """The entry in a line, if it holds one."""
    try:
        value = json.loads(line, parse_constant=_no_number)
    except (ValueError, AssertionError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


def _tags(entry: dict) -> set[str]:
    """The slugs of an entry's tags; half a character counts as its escape."""
    found = entry.get("tags")
    tags = [tag for tag in (found if isinstance(found, list) else [found]) if isinstance(tag, str)]
    return {_slug(tag.encode("utf-8", "backslashreplace").decode("utf-8")) for tag in tags} - {""}


def _stamped(entry: dict, key: str) -> str:
    """What the app's own block of an entry says; empty where it says nothing."""
    block = entry.get("_rolethread")
    found = block.get(key) if isinstance(block, dict) else None
    return found if isinstance(found, str) and UUID.fullmatch(found) else ""


def _length(entry: dict) -> int:
    found = entry.get("messages")
    return len(found) if isinstance(found, list) else 0
