"""What a person does, one of each kind, on a home made ready for it; for crashes and refusing disks."""

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from app.config import Config
from app.domain.tagging import TagEdit
from app.domain.targets.chosen import Chosen
from app.registry.database import connected
from app.registry.models import (
    Alias,
    Character,
    Criteria,
    Dataset,
    Mapping,
    Operation,
    OwnTarget,
    Prompt,
    PromptUse,
    Tag,
    TagUse,
)
from app.services import (
    characters,
    criteria,
    editing,
    history,
    opening,
    outside,
    rejecting,
    repairing,
    sandboxed,
    shelving,
    speakers,
    tagging,
)
from app.services.library import Library
from app.services.speakers import Assignment
from app.store.places import sidecar_of
from tests.workshop import dataset, entry, keys, line, value_of

SHARED = (Tag, Alias, TagUse, Character, Mapping, Prompt, PromptUse, Criteria, OwnTarget)
Act = Callable[[Library, Path], object]


def ready(folder: Path) -> Library:
    """A home with some of everything: two datasets, one of them in place, a rejected record, a past."""
    library = Library.open(Config(folder / "home"))
    source = dataset(folder / "talks.jsonl", 5)
    source.write_bytes(source.read_bytes() + b'{"broken": \n')
    (folder / "talks.registry.json").write_bytes(b'{"kept": "as it is"}\n')
    opening.import_path(library, source)
    opening.import_path(library, dataset(folder / "place.jsonl", 4), in_place=True)
    (folder / "place.jsonl").chmod(0o640)
    dataset(folder / "more.jsonl", 3)
    editing.edit_tags(library, "talks", None, TagEdit(add=("first",)))
    editing.delete_entries(library, "place", keys(library, "place")[:1])
    return library


def _save(library, folder):
    value = {**entry(1), "note": "saved", "tags": ["saved"]}
    editing.save_entry(library, "talks", keys(library, "talks")[1], value)


def _save_in_place(library, folder):
    editing.save_entry(library, "place", keys(library, "place")[0], {**entry(1), "note": "saved"})


def _new(library, folder):
    editing.save_entry(library, "talks", None, {"messages": entry(70)["messages"]})


def _repair(library, folder):
    wanted = repairing.Wanted("chatml.missing_system_role", text="Be kind.")
    repairing.repair(library, "more", [wanted])


def _choose(library, folder):
    criteria.set_rules(library, "talks", {"slop": ["a worn phrase"]})


def _tag_all(library, folder):
    editing.edit_tags(library, "talks", None, TagEdit(add=("all",)))


def _tag_all_in_place(library, folder):
    editing.edit_tags(library, "place", None, TagEdit(add=("all",)))


def _delete(library, folder):
    editing.delete_entries(library, "talks", keys(library, "talks")[1:3])


def _move(library, folder):
    editing.move_entry(library, "talks", keys(library, "talks")[0], 4)


def _duplicate(library, folder):
    editing.duplicate_entry(library, "talks", keys(library, "talks")[2])


def _undo(library, folder):
    history.undo(library, "talks")


def _redo(library, folder):
    history.redo(library, "talks")


def _restore(library, folder):
    history.restore(library, "talks", 1)


def _rename(library, folder):
    shelving.rename(library, "talks", "stories")


def _rename_in_place(library, folder):
    shelving.rename(library, "place", "stories")


def _trash(library, folder):
    shelving.trash(library, "talks")


def _trash_in_place(library, folder):
    shelving.trash(library, "place")


def _untrash(library, folder):
    shelving.untrash(library, "talks")


def _new_dataset(library, folder):
    shelving.new_dataset(library, "fresh")


def _import(library, folder):
    opening.import_path(library, folder / "more.jsonl")


def _open_in_place(library, folder):
    opening.import_path(library, folder / "more.jsonl", in_place=True)


def _reimport(library, folder):
    rejecting.reimport(library, "talks", 0, line(80).decode())


def _undo_import(library, folder):
    history.undo(library, "more")


def _rename_tag(library, folder):
    tagging.rename(library, "calm", "very calm")


def _undo_more(library, folder):
    history.undo(library, "more")


def _tag_renamed(library, folder):
    _import(library, folder)
    _rename_tag(library, folder)


def _cast(library, folder):
    """Three datasets in which one character speaks, and another that takes its lines."""
    _import(library, folder)
    for name in ("Mara", "Finn"):
        characters.create(library, name)
    for slug in ("talks", "place", "more"):
        value = value_of(library, slug, keys(library, slug)[0])
        editing.save_entry(library, slug, keys(library, slug)[0], value, cast=[None, "mara"])


def _merge_characters(library, folder):
    characters.merge(library, "mara", "finn")


def _delete_cast(library, folder):
    editing.delete_entries(library, "more", keys(library, "more")[:1])


def _change_outside(library, folder):
    path = library.dataset("talks").path
    path.write_bytes(line(90) + path.read_bytes().partition(b"\n")[2])


def _change_outside_in_place(library, folder):
    (folder / "place.jsonl").write_bytes(b"\xef\xbb\xbf" + line(90) + line(2))


def _keep_outside(library, folder):
    outside.settle(library, "talks", keep="outside")


def _keep_ours(library, folder):
    outside.settle(library, "talks", keep="ours")


def _keep_ours_in_place(library, folder):
    outside.settle(library, "place", keep="ours")


def _recast_in_trash(library, folder):
    _cast(library, folder)
    shelving.trash(library, "more")
    _merge_characters(library, folder)


def _untrash_more(library, folder):
    shelving.untrash(library, "more")


def _rename_more(library, folder):
    shelving.rename(library, "more", "stories")


def _import_scene(library, folder):
    """A dataset whose roles are names."""
    path = folder / "scene.jsonl"
    path.write_bytes(line(50).replace(b'"user"', b'"Mara"') + line(51).replace(b'"assistant"', b'"Finn"'))
    opening.import_path(library, path)


def _assign(library, folder):
    wanted = {"Mara": Assignment("user", name="Mara"), "Finn": Assignment("assistant", name="Finn")}
    speakers.assign(library, "scene", wanted)


def _nothing(library, folder):
    pass


@dataclass(frozen=True)
class Deed:
    """One act after another; ``undone`` is the dataset whose undo takes it back, if any."""

    act: Act
    first: Act = _nothing
    undone: str = "talks"


TOKENIZER = json.dumps(
    {
        "version": "1.0",
        "pre_tokenizer": {
            "type": "ByteLevel",
            "add_prefix_space": False,
            "trim_offsets": True,
            "use_regex": True,
        },
        "model": {"type": "WordLevel", "vocab": {"<unk>": 0, "a": 1}, "unk_token": "<unk>"},
    }
).encode()


def _add_target(library, folder):
    template = b"{% for m in messages %}{{ m.role }}: {{ m.content }}\n{% endfor %}"
    criteria.add_own(library, "Mine", {"chat_template.jinja": template, "tokenizer.json": TOKENIZER})
    sandboxed.close()  # the process would outlive a test that is killed


def _choose_target(library, folder):
    criteria.set_target(library, "talks", Chosen(trainer="trl", family="mine", vocabulary="mine", limit=900))


DEEDS = {
    "save": Deed(_save),
    "save in place": Deed(_save_in_place, undone="place"),
    "new": Deed(_new),
    "tag all": Deed(_tag_all),
    "tag all in place": Deed(_tag_all_in_place, undone="place"),
    "delete": Deed(_delete),
    "move": Deed(_move),
    "duplicate": Deed(_duplicate),
    "undo": Deed(_undo, undone=""),
    "redo": Deed(_redo, _undo),
    "restore": Deed(_restore),
    "rename tag": Deed(_rename_tag, _import, undone="more"),
    "undo rename tag": Deed(_undo_more, _tag_renamed, undone=""),
    "repair": Deed(_repair, _cast, undone="more"),
    "choose rules": Deed(_choose, undone=""),
    "merge characters": Deed(_merge_characters, _cast, undone="place"),
    "delete a mapped entry": Deed(_delete_cast, _cast, undone="more"),
    "assign speakers": Deed(_assign, _import_scene, undone="scene"),
    "untrash what was recast": Deed(_untrash_more, _recast_in_trash, undone=""),
    "add a target": Deed(_add_target, undone=""),
    "choose a target": Deed(_choose_target, _add_target, undone=""),
    "rename with a sidecar": Deed(_rename_more, _cast, undone="stories"),
    "rename": Deed(_rename, undone="stories"),
    "rename in place": Deed(_rename_in_place, undone="stories"),
    "trash": Deed(_trash, undone=""),
    "trash in place": Deed(_trash_in_place, undone=""),
    "untrash": Deed(_untrash, _trash),
    "new dataset": Deed(_new_dataset, undone=""),
    "import": Deed(_import, undone=""),
    "open in place": Deed(_open_in_place, undone=""),
    "undo import": Deed(_undo_import, _import, undone=""),
    "reimport": Deed(_reimport),
    "undo reimport": Deed(_undo, _reimport, undone=""),
    "keep outside": Deed(_keep_outside, _change_outside, undone=""),
    "keep ours": Deed(_keep_ours, _change_outside, undone=""),
    "keep ours in place": Deed(_keep_ours_in_place, _change_outside_in_place, undone=""),
}

_CHANGING = re.compile(
    rb"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}|\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z?", re.IGNORECASE
)


def truth(library: Library) -> dict[str, tuple]:
    """All that matters in a home: every dataset with its files and counts, every operation's title."""
    found: dict[str, tuple] = {}
    with connected():
        for row in Dataset.select():
            path = library.path_of(row)
            files = [path, path.with_name(f"{path.stem}.rejected.jsonl"), sidecar_of(path)]
            texts = [file.read_bytes() if file.exists() else None for file in files]
            mode = path.stat().st_mode if path.exists() else 0
            found[f"{row.id} {row.slug} {row.state}"] = (row.entries, row.rejected, mode, *texts)
        found["rows"] = tuple(
            (model.__name__, *sorted(row.items() for row in model.select().dicts())) for model in SHARED
        )
        found["operations"] = tuple((row.title, row.kind, row.in_force) for row in Operation.select())
    return found


def masked(found: dict[str, tuple]) -> dict[str, tuple]:
    """The same without what differs from one run to the next: ids and times."""
    return {
        name: tuple(_CHANGING.sub(b"*", item) if isinstance(item, bytes) else item for item in items)
        for name, items in found.items()
    }
