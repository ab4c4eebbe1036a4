"""What is typed and not saved is kept apart from everything else, entry by entry."""

from app.config import Config
from app.services import drafts, editing
from app.services.library import Library
from tests.workshop import check_home, keys


def test_a_draft_is_there_at_the_next_start_and_gone_when_forgotten(library, talks, tmp_path):
    number, key = library.dataset("talks").id, keys(library, "talks")[0]
    fields = {"text": ["typed \u2028 \ud83d half", "\r\n\0"], "tags": []}
    drafts.keep(library, number, key, "r1", {"text": "older"})
    drafts.keep(library, number, key, "r2", fields)
    again = Library.open(Config(library.home))
    found = drafts.get(again, number, key)
    assert (found.revision, found.payload) == ("r2", fields)
    assert drafts.keys(again, number) == [key]
    assert drafts.get(again, number + 1, key) is None
    drafts.forget(again, number, key)
    drafts.forget(again, number, key)
    assert drafts.get(again, number, key) is None
    check_home(library, tmp_path)


def test_a_draft_waits_for_no_operation_and_is_no_operation(library, talks):
    number = library.dataset("talks").id
    before = talks.read_bytes()
    with library.writing():
        drafts.keep(library, number, drafts.NEW, "", {"a": 1})
        drafts.keep(library, number, "x", "", {"a": 2})
    assert drafts.keys(library, number) == ["x", drafts.NEW]
    assert talks.read_bytes() == before
    editing.delete_entries(library, "talks", keys(library, "talks")[:1])
    assert drafts.get(library, number, "x").payload == {"a": 2}
