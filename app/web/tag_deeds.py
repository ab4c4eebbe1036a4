"""What can be done to a tag, as the forms on its sheet ask for it."""

from collections.abc import Callable
from dataclasses import dataclass

from werkzeug.datastructures import MultiDict

from app.services import tagging
from app.services.library import Library
from app.services.operation import OperationInfo
from app.services.reading import Progress
from app.services.tagging import Rewritten
from app.services.taxonomy import Taxonomy, taxonomy
from app.web.context import counted
from app.web.forms.tags import tag_in

Outcome = tuple[OperationInfo, str]  # and the sentence that says what was done


@dataclass(frozen=True, slots=True)
class Deed:
    """Something that is done to the tags: what its job is called, and how it is done."""

    title: str
    do: Callable[[Progress], Outcome]


Form = MultiDict[str, str]
Maker = Callable[[Library, str, Form], Deed]


def _name(known: Taxonomy, tag: str) -> str:
    """What a tag is called where a person reads it."""
    return next((each.name for each in known.every() if each.slug == tag), tag)


def _told(words: str, done: Rewritten) -> Outcome:
    """An outcome that also says in how many entries, and how many were left alone."""
    changed = done.operation.changed
    words += f" in {counted(changed, 'entry', 'entries')}" if changed else ""
    if done.left:
        entries = counted(done.left, "entry", "entries")
        words += f"; {entries} left alone, whose lines cannot be rewritten without losing something"
    return done.operation, f"{words}."


def _rename(opened: Library, tag: str, form: Form) -> Deed:
    name, before = form.get("name", "").strip(), _name(taxonomy(opened), tag)
    return Deed(
        f"Rename tag {before}",
        lambda progress: _told(
            f"Renamed {before} to {name}", tagging.rename(opened, tag, name, progress=progress)
        ),
    )


def _merge(opened: Library, tag: str, form: Form) -> Deed:
    known = taxonomy(opened)
    target = known.now(tag_in(form, "into"))
    into, names = target.slug, f"{_name(known, tag)} into {target.name}"
    return Deed(
        f"Merge tag {names}",
        lambda progress: _told(f"Merged {names}", tagging.merge(opened, tag, into, progress=progress)),
    )


def _rewrite(opened: Library, tag: str, form: Form) -> Deed:
    def do(progress: Progress) -> Outcome:
        done = tagging.settle_former(opened, tag, progress=progress)
        return _told(done.operation.title, done)

    return Deed(f"Rewrite tag {tag}", do)


def _delete(opened: Library, tag: str, form: Form) -> Deed:
    name = _name(taxonomy(opened), tag)
    return Deed(
        f"Delete tag {name}",
        lambda progress: _told(f"Deleted {name}", tagging.delete(opened, tag, progress=progress)),
    )


def _place(verb: str, past: str, do: Callable[[Library, str, str | None], OperationInfo]) -> Maker:
    def deed(opened: Library, tag: str, form: Form) -> Deed:
        category, known = form.get("category") or None, taxonomy(opened)
        name = _name(known, tag)
        group = next((each.name for each in known.categories if each.slug == category), "no category")
        return Deed(
            f"{verb} tag {name}",
            lambda _: (do(opened, tag, category), f"{past} {name} into {group}."),
        )

    return deed


def _plain(verb: str, past: str, do: Callable[[Library, str], OperationInfo]) -> Maker:
    def deed(opened: Library, tag: str, form: Form) -> Deed:
        name = _name(taxonomy(opened), tag)
        return Deed(f"{verb} tag {name}", lambda _: (do(opened, tag), f"{past} {name}."))

    return deed


ACTS: dict[str, Maker] = {
    "rename": _rename,
    "merge": _merge,
    "rewrite": _rewrite,
    "delete": _delete,
    "move": _place("Move", "Moved", tagging.move),
    "adopt": _place("Adopt", "Adopted", tagging.adopt),
    "archive": _plain("Archive", "Archived", tagging.archive),
    "hide": _plain("Hide", "Hid", tagging.hide),
    "restore": _plain("Restore", "Restored", tagging.restore),
}
