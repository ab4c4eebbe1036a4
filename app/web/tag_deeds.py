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


@dataclass(frozen=True, slots=True)
class Deed:
    """Something that is done to the tags: what its job is called, how it is done, what is said of it."""

    title: str
    do: Callable[[Progress], OperationInfo]
    said: Callable[[OperationInfo], str]


Form = MultiDict[str, str]
Maker = Callable[[Library, str, Form], Deed]


def _name(known: Taxonomy, tag: str) -> str:
    """What a tag is called where a person reads it."""
    return next((each.name for each in known.every() if each.slug == tag), tag)


def _in_entries(done: OperationInfo) -> str:
    words = f" in {counted(done.changed, 'entry', 'entries')}" if done.changed else ""
    left = done.left if isinstance(done, Rewritten) else 0
    if left:
        entries = counted(left, "entry", "entries")
        words += f"; {entries} left alone, whose lines cannot be rewritten without losing something"
    return words


def _rename(opened: Library, tag: str, form: Form) -> Deed:
    name, before = form.get("name", "").strip(), _name(taxonomy(opened), tag)
    return Deed(
        f"Rename tag {before}",
        lambda progress: tagging.rename(opened, tag, name, progress=progress),
        lambda done: f"Renamed {before} to {name}{_in_entries(done)}.",
    )


def _merge(opened: Library, tag: str, form: Form) -> Deed:
    known = taxonomy(opened)
    target = known.now(tag_in(form, "into"))
    into, names = target.slug, f"{_name(known, tag)} into {target.name}"
    return Deed(
        f"Merge tag {names}",
        lambda progress: tagging.merge(opened, tag, into, progress=progress),
        lambda done: f"Merged {names}{_in_entries(done)}.",
    )


def _rewrite(opened: Library, tag: str, form: Form) -> Deed:
    return Deed(
        f"Rewrite tag {tag}",
        lambda progress: tagging.settle_former(opened, tag, progress=progress),
        lambda done: f"{done.title}{_in_entries(done)}.",
    )


def _delete(opened: Library, tag: str, form: Form) -> Deed:
    name = _name(taxonomy(opened), tag)
    return Deed(
        f"Delete tag {name}",
        lambda progress: tagging.delete(opened, tag, progress=progress),
        lambda done: f"Deleted {name}{_in_entries(done)}.",
    )


def _place(verb: str, past: str, do: Callable[[Library, str, str | None], OperationInfo]) -> Maker:
    def deed(opened: Library, tag: str, form: Form) -> Deed:
        category, known = form.get("category") or None, taxonomy(opened)
        name = _name(known, tag)
        group = next((each.name for each in known.categories if each.slug == category), "no category")
        return Deed(
            f"{verb} tag {name}",
            lambda _: do(opened, tag, category),
            lambda _: f"{past} {name} into {group}.",
        )

    return deed


def _plain(verb: str, past: str, do: Callable[[Library, str], OperationInfo]) -> Maker:
    def deed(opened: Library, tag: str, form: Form) -> Deed:
        name = _name(taxonomy(opened), tag)
        return Deed(f"{verb} tag {name}", lambda _: do(opened, tag), lambda _: f"{past} {name}.")

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
