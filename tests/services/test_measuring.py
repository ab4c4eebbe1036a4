"""Tokens are counted where something can count them; where nothing can, all else is known all the same."""

import os
import subprocess
import sys

import pytest

from app.domain import tokens
from app.domain.targets.chosen import Chosen
from app.errors import Refused
from app.services import analysing, criteria, rendered_view, reporting, sandboxed, targets_report
from app.store import measuring
from tests.deeds import TOKENIZER
from tests.workshop import uuid

MINE = b"{% for m in messages %}[{{ m.role }}] {{ m.content }}\n{% endfor %}"


@pytest.fixture(autouse=True, scope="module")
def _closed():
    yield
    sandboxed.close()


@pytest.fixture
def bare(monkeypatch):
    """A machine without vocabularies on board."""
    with monkeypatch.context() as patch:
        patch.setitem(sys.modules, "quicktok", None)
        _forget()
        yield
    _forget()


def _forget():
    tokens.counter.cache_clear()
    measuring.counter_of.cache_clear()


@pytest.fixture(params=["chatml", "mine"])
def family(request, library):
    """A template on board, and one of the person's own."""
    return (
        request.param
        if request.param == "chatml"
        else criteria.add_own(library, "Mine", {"chat_template.jinja": MINE})[0]
    )


@pytest.mark.usefixtures("bare", "talks")
def test_without_vocabularies_all_but_the_numbers_is_known(library, family):
    criteria.set_target(library, "talks", Chosen(trainer="trl", family=family))
    assert analysing.bring_up_to_date(library, "talks") == 6
    assert analysing.due(library, "talks").entries == 0
    view = rendered_view.view_of(library, "talks", uuid(0))
    assert view.stretches
    assert "cannot be counted" in view.uncounted
    assert targets_report.report(library, "talks").lengths.trained == 0
    with pytest.raises(Refused, match="cannot be counted"):
        reporting.tokens(library, "talks")


@pytest.mark.usefixtures("talks")
def test_when_vocabularies_come_the_entries_are_counted(library, monkeypatch):
    with monkeypatch.context() as patch:
        patch.setitem(sys.modules, "quicktok", None)
        _forget()
        analysing.bring_up_to_date(library, "talks")
    _forget()
    assert analysing.due(library, "talks") == analysing.Due(0, 6)
    counted = reporting.tokens(library, "talks")
    assert counted.total > 0
    assert counted.uncounted == 0


@pytest.mark.usefixtures("talks")
def test_a_tokenizer_whose_file_is_gone_leaves_the_rest_known(library):
    _forget()
    slug, _ = criteria.add_own(library, "Mine", {"tokenizer.json": TOKENIZER})
    criteria.set_target(library, "talks", Chosen(family="chatml", vocabulary=slug))
    (path,) = library.places.tokenizers.glob("*.json")
    data = path.read_bytes()
    path.unlink()
    assert analysing.bring_up_to_date(library, "talks") == 6
    assert "cannot be read" in rendered_view.view_of(library, "talks", uuid(0)).uncounted
    with pytest.raises(Refused, match="cannot be read"):
        reporting.tokens(library, "talks")
    path.write_bytes(data)
    assert analysing.due(library, "talks") == analysing.Due(0, 6)
    counted = reporting.tokens(library, "talks")
    assert counted.total > 0
    assert counted.uncounted == 0


@pytest.mark.usefixtures("talks")
def test_a_tokenizer_that_fails_on_a_text_leaves_only_that_uncounted(library, monkeypatch):
    def failing(self, text):
        if "Question 3" in text:
            raise tokens.BadTokenizer("This tokenizer fails on a text.")
        return len(text)

    monkeypatch.setattr(tokens.Counter, "count", failing)
    assert analysing.bring_up_to_date(library, "talks") == 6
    assert targets_report.report(library, "talks").lengths.entries == 5
    counted = reporting.tokens(library, "talks")
    assert counted.total > 0
    assert counted.uncounted == 1


def test_a_panic_of_the_library_is_a_sentence_and_no_hundred_lines_beside_it():
    """The normaliser is one that the library panics on, whatever the environment asks of it."""
    program = (
        "import sys\n"
        "from app.store.measuring import BadTokenizer, counter_in\n"
        "try: counter_in('mine', sys.stdin.buffer.read())\n"
        "except BadTokenizer as error: print(error)\n"
    )
    data = (
        b'{"version":"1.0","normalizer":{"type":"Precompiled","precompiled_charsmap":"AAAA"},'
        b'"model":{"type":"BPE","vocab":{"a":0},"merges":[]}}'
    )
    path = os.pathsep.join(path for path in sys.path if path)
    environment = {**os.environ, "PYTHONPATH": path, "RUST_BACKTRACE": "full"}
    command = [sys.executable, "-c", program]
    run = subprocess.run(command, input=data, capture_output=True, env=environment, check=True)
    assert run.stdout.startswith(b"This is no tokenizer.json that can be used: ")
    assert run.stderr.count(b"\n") < 6
