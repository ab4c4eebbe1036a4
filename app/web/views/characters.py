"""Characters: who speaks in the datasets; the list, the open one, and what can be done to it."""

from collections.abc import Callable

from flask import Blueprint, Response, flash, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from app.domain.folding import normal
from app.errors import Conflict, Refused
from app.services import characters, history
from app.services.characters import CharacterInfo
from app.services.operation import OperationInfo
from app.services.reading import Progress
from app.web.context import counted, library
from app.web.forms import whole
from app.web.forms.characters import COLOUR_WORDS, CharacterForm
from app.web.htmx import answer, see_other
from app.web.refusals import refusal, shown_on
from app.web.working import Onward, told, work

bp = Blueprint("characters", __name__, url_prefix="/characters")

LONGEST_QUERY = 200
LONGEST_SHOWN = 60  # letters of a name in a sentence


@bp.get("")
def index() -> Response:
    """The list, or those of it whose name or description has the words searched for."""
    query = request.args.get("q", "").strip()[:LONGEST_QUERY]
    everyone = characters.characters(library())
    found = [each for each in everyone if _has(each, query)]
    return answer(
        "characters/page.html",
        ("listing",),
        title="Characters",
        query=query,
        found=found,
        total=len(everyone),
        colours=COLOUR_WORDS,
        alike=_alike() if refusal() else [],
        last_changes=[] if query else history.shared_operations(history.CHARACTERS),
        announce=f"{counted(len(found), 'character')} found." if query else "",
    )


def _has(info: CharacterInfo, query: str) -> bool:
    words = normal(query, ignore_accents=True).split()
    text = normal(f"{info.display_name}\n{info.description}", ignore_accents=True)
    return all(word in text for word in words)


def _alike() -> list[CharacterInfo]:
    """Those who are called much like the one that was to be created."""
    return characters.similar(library(), request.form.get("name", "").strip())


@bp.get("/<character>")
def show(character: str) -> Response:
    """One character; with ``into=``, what merging it into another would do."""
    info = characters.character(library(), character)
    others = [each for each in characters.characters(library()) if each.slug != info.slug]
    into = next((each for each in others if each.slug == request.args.get("into")), None)
    title = info.display_name[:LONGEST_SHOWN]
    page = "characters/character.html"
    return answer(page, (), title=title, info=info, others=others, into=into, colours=COLOUR_WORDS)


@bp.post("")
@shown_on(index)
def create() -> BaseResponse:
    """Make a character known; if another is called much the same, only when that is meant."""
    form = CharacterForm.posted(request.form)
    if request.form.get("anyway") != "1" and (alike := characters.similar(library(), form.name)):
        raise Refused(
            f"There is “{_short(alike[0])}” already.",
            "Use that one, or check the box below the name to have both.",
        )
    done = characters.create(library(), form.name, description=form.description, colour=form.colour)
    _offer_undo("Created.", done.operation)
    return see_other(url_for("characters.show", character=done.slug))


@bp.post("/<character>/save")
@shown_on(show)
def save(character: str) -> BaseResponse:
    """Change what is said of a character."""
    form = CharacterForm.posted(request.form)
    before = characters.character(library(), character)
    done = characters.edit(
        library(),
        character,
        name=None if form.name == before.display_name.strip() else form.name,
        description=form.description,
        colour=form.colour,
    )
    return _on_to(character, "Saved.", done)


@bp.post("/<character>/activate")
@shown_on(show)
def activate(character: str) -> BaseResponse:
    """Offer a character again wherever one is chosen."""
    return _on_to(character, "Offered again.", characters.activate(library(), character))


@bp.post("/<character>/deactivate")
@shown_on(show)
def deactivate(character: str) -> BaseResponse:
    """Offer a character no longer; what it speaks stays."""
    return _on_to(character, "No longer offered.", characters.deactivate(library(), character))


@bp.post("/<character>/merge")
@shown_on(show)
def merge(character: str) -> BaseResponse:
    """Let another character speak whatever this one speaks."""
    info = _as_shown(character)
    into = request.form.get("into", "")
    other = characters.character(library(), into)
    opened = library()
    return _work(
        f"Merge {_short(info)} into {_short(other)}",
        lambda progress: characters.merge(opened, character, into, progress=progress),
        f"Merged. {counted(info.messages, 'message')} {'is' if info.messages == 1 else 'are'} spoken by "
        f"{_short(other)} now.",
        url_for("characters.show", character=into),
        back=url_for("characters.show", character=character),
    )


@bp.post("/<character>/delete")
@shown_on(show)
def delete(character: str) -> BaseResponse:
    """Forget a character; its messages stay, and nobody is said to speak them."""
    info = _as_shown(character)
    opened = library()
    return _work(
        f"Delete {_short(info)}",
        lambda progress: characters.delete(opened, character, everywhere=True, progress=progress),
        "Deleted.",
        url_for("characters.index"),
        back=url_for("characters.show", character=character),
    )


@bp.post("/undo")
def undo() -> BaseResponse:
    """Take back what was done to characters; back to where that was done."""
    opened, number = library(), whole(request.args.get("operation"))
    if number is None:
        raise Refused("No operation was chosen.", "The history of each dataset lists what was done.")
    back = _address_of_undo()
    return work(
        "Undo",
        lambda progress: history.undo_shared(opened, number, progress=progress),
        lambda done: Onward(told(done), back()),
        back=url_for("characters.index"),
    )


def _address_of_undo() -> Callable[[], str]:
    """Where an undo leads: the entry in which it was done, the character if it is there, else the list."""
    opened, args = library(), request.args
    slug, key, character = (args.get(name, "") for name in ("dataset", "key", "character"))
    entry = slug and url_for("entry.new", slug=slug)
    if slug and key != "new":
        entry = url_for("entry.show", slug=slug, key=key)
    one, every = url_for("characters.show", character=character or "-"), url_for("characters.index")

    def address() -> str:
        there = any(each.slug == character for each in characters.characters(opened))
        return entry or (one if there else every)

    return address


def undo_address(operation: int, *, dataset: str = "", key: str = "", character: str = "") -> str:
    """The category of a toast that offers to undo something done to characters.

    :param dataset: with ``key`` the entry, else ``character``, to which the undo leads back.
    """
    address = url_for(
        "characters.undo",
        operation=operation,
        dataset=dataset or None,
        key=key or None,
        character=character or None,
    )
    return f"undo:{address}"


def _as_shown(character: str) -> CharacterInfo:
    """The character, if it speaks as much as it did when the person looked at it.

    :raises Conflict: if not.
    """
    info = characters.character(library(), character)
    if request.form.get("messages") != str(info.messages):
        raise Conflict(
            f"{_short(info)} speaks {counted(info.messages, 'message')} now; that changed since you looked.",
            "Look at the numbers below, then do it again.",
        )
    return info


def _short(info: CharacterInfo) -> str:
    name = info.display_name
    return name if len(name) <= LONGEST_SHOWN else name[:LONGEST_SHOWN].rstrip() + "…"


def _on_to(character: str, sentence: str, done: OperationInfo | None) -> BaseResponse:
    """On to the character, with what was done and the offer to undo it."""
    _offer_undo(sentence if done else "Nothing had changed.", done, character)
    return see_other(url_for("characters.show", character=character))


def _offer_undo(sentence: str, done: OperationInfo | None, character: str = "") -> None:
    flash(sentence, undo_address(done.id, character=character) if done else "message")


def _work(
    title: str, task: Callable[[Progress], OperationInfo], sentence: str, address: str, *, back: str
) -> BaseResponse:
    """Do it as a job, and lead on with the offer to undo it."""
    character = back.rpartition("/")[2]
    before = url_for("characters.undo", character=character)

    def onward(done: OperationInfo) -> Onward:
        return Onward(sentence, address, undo=f"{before}&operation={done.id}")

    return work(title, task, onward, back=back)
