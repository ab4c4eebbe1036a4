"""What can be done to a tag, as the forms on its sheet ask for it."""

from collections.abc import Callable
from dataclasses import dataclass

from werkzeug.datastructures import MultiDict

from app.domain.tags import slug as slug_of
from app.services import tagging
from app.services.library import Library
from app.services.operation import OperationInfo
from app.services.reading import Progress
from app.services.tagging import Rewritten
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


def _in_entries(done: OperationInfo) -> str:
    words = f" in {counted(done.changed, 'entry', 'entries')}" if done.changed else ""
    left = done.left if isinstance(done, Rewritten) else 0
    if left:
        entries = counted(left, "entry", "entries")
        words += f"; {entries} left alone, whose lines cannot be rewritten without losing something"
    return words


def _rename(opened: Library, tag: str, form: Form) -> Deed:
    name = form.get("name", "")
    return Deed(
        f"Rename tag {tag}",
        lambda progress: tagging.rename(opened, tag, name, progress=progress),
        lambda done: f"Renamed {tag} to {slug_of(name)}{_in_entries(done)}.",
    )


def _merge(opened: Library, tag: str, form: Form) -> Deed:
    into = tag_in(form, "into")
    return Deed(
        f"Merge tag {tag} into {into}",
        lambda progress: tagging.merge(opened, tag, into, progress=progress),
        lambda done: f"Merged {tag} into {into}{_in_entries(done)}.",
    )


def _rewrite(opened: Library, tag: str, form: Form) -> Deed:
    return Deed(
        f"Rewrite tag {tag}",
        lambda progress: tagging.settle_former(opened, tag, progress=progress),
        lambda done: f"{done.title}{_in_entries(done)}.",
    )


def _delete(opened: Library, tag: str, form: Form) -> Deed:
    return Deed(
        f"Delete tag {tag}",
        lambda progress: tagging.delete(opened, tag, progress=progress),
        lambda done: f"Deleted {tag}{_in_entries(done)}.",
    )


def _place(verb: str, past: str, do: Callable[[Library, str, str | None], OperationInfo]) -> Maker:
    def deed(opened: Library, tag: str, form: Form) -> Deed:
        category = form.get("category") or None
        return Deed(
            f"{verb} tag {tag}",
            lambda _: do(opened, tag, category),
            lambda _: f"{past} {tag}: {category or 'no category'}.",
        )

    return deed


def _plain(verb: str, past: str, do: Callable[[Library, str], OperationInfo]) -> Maker:
    def deed(opened: Library, tag: str, form: Form) -> Deed:
        return Deed(f"{verb} tag {tag}", lambda _: do(opened, tag), lambda _: f"{past} {tag}.")

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
