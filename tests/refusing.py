"""A disk that refuses, call by call, and what is asked of the home then."""

from itertools import count
from pathlib import Path

from app.errors import StoreError
from app.services.library import Library
from tests.crashing import Stage, open_home
from tests.deeds import masked, truth
from tests.faults import Refusing, watched
from tests.workshop import check_files, check_home


def refuse(stage: Stage, number: int, reason: int, *, lasting: bool = False) -> str:
    """Do the deed while one call is refused: ``done``, ``refused``, ``later``; empty without such a call.

    Done is as if nothing was. Refused is a sentence, and the home as it was, without litter. Later is a
    sentence too, and the next start brings it to its end.
    """
    stage.set_up()
    library = open_home(stage.folder)
    hook, error = Refusing(number, reason, lasting=lasting), None
    try:
        with watched(hook):
            stage.deed.act(library, stage.folder)
    except StoreError as refusal:
        error = refusal
    if len(hook.calls) <= number:
        return ""
    try:
        return _outcome(stage, library, error)
    except AssertionError as wrong:
        wrong.add_note(f"call {number}, {hook.calls[number]}: {error}")
        raise


def _outcome(stage: Stage, library: Library, error: StoreError | None) -> str:
    if error is None:
        assert masked(truth(library)) == stage.after
        check_home(open_home(stage.folder), stage.scratch)
        return "done"
    assert error.message.endswith(".")
    assert error.message[0].isupper() or not error.message[0].isalpha() or "could not" in error.message
    if truth(library) == stage.before:
        check_files(library)  # at once, without a new start
        assert "Nothing was changed" in error.hint
        return "refused"
    library = open_home(stage.folder)
    assert masked(truth(library)) == stage.after
    assert "Nothing was changed" not in error.hint
    check_home(library, stage.scratch)
    return "later"


def refuse_every_call(
    folder: Path, name: str, reasons: tuple[int, ...], *, lasting: bool = False
) -> dict[str, int]:
    """Refuse each call of a deed in turn, for one of the reasons after the other; how often it ended how."""
    stage = Stage(folder, name)
    ends: dict[str, int] = {}
    for number in count():
        end = refuse(stage, number, reasons[number % len(reasons)], lasting=lasting)
        if not end:
            return ends
        ends[end] = ends.get(end, 0) + 1
    raise AssertionError("count() does not end")
