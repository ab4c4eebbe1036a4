"""Any sequence of what a person does to a dataset, beside a plain list of lines that is told the same.

After every step the file is that list, byte for byte; registry and index agree with it; and every
state that there ever was can be had again.
"""

import shutil
from collections import Counter
from contextlib import suppress
from pathlib import Path
from tempfile import mkdtemp

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from app.config import Config
from app.domain.entry import BLOCK, Entry, NotJson, strict
from app.domain.facts import payload
from app.domain.tagging import TagEdit
from app.errors import Conflict, NotEditable, Refused
from app.services import analysing, browsing, editing, history, opening, outside
from app.services.library import Library
from tests.workshop import check, check_home, dataset, entry, keys, line

SLUG = "talks"
ODD = [
    b"",
    b" \t",
    b"{broken",
    b"[1, 2]",
    b'"\xff"',
    b'{"messages": [], "messages": []}',
    b'{"tags": ["calm", "calm"], "n": 1e400}',
    b'{"messages": [{"role": "user", "content": "\\ud800"}], "tags": "calm"}',
    b'{"messages":[{"role":"user","content":"no id"}],"n":123456789012345678901234567890}',
    b'{"messages": [{"role": "user", "content": "no id"}], "tags": ["\\ud800", "Calm"]}',
    b'{ "messages" : null, "tags": [null, 1, "odd"] }',
    '{"messages": [{"role": "user", "content": "\u2028 \u0085"}], "_rolethread": 5}'.encode(),
    b'{"deep": ' + b"[" * 260 + b"]" * 260 + b"}",
]
texts = st.sampled_from(ODD) | st.integers(0, 3).map(lambda number: line(number).rstrip())
bodies = st.lists(texts, max_size=8)
heads = st.sampled_from([b"", b"", b"\xef\xbb\xbf"])
newlines = st.sampled_from([b"\n", b"\n", b"\r\n"])
picks = st.integers(0, 40)
tags = st.sampled_from(["calm", "Calm", "new tag", "ünï"])
edits = st.builds(
    TagEdit, add=st.just(()) | st.tuples(tags), remove=st.just(()) | st.tuples(tags)
) | st.builds(TagEdit, replace=st.just(()) | st.tuples(tags))


def split(data: bytes) -> list[bytes]:
    """Lines with their ends; the last may have none."""
    return [part for part in data.replace(b"\n", b"\n\0").split(b"\0") if part]


def without_block(text: bytes) -> dict:
    """What a line says, the app's own block aside."""
    return {key: value for key, value in strict(text).items() if key != BLOCK}


class Life(RuleBasedStateMachine):
    """The life of one dataset."""

    @initialize(in_place=st.booleans(), body=bodies, newline=newlines, head=heads, closed=st.booleans())
    def begin(self, in_place, body, newline, head, closed):
        """A dataset like those that the app writes, and then one such as other programs leave."""
        self.folder = Path(mkdtemp(prefix="rolethread-life-"))
        self.library = Library.open(Config(self.folder / "home"))
        source = dataset(self.folder / "talks.jsonl", 3)
        opening.import_path(self.library, source, in_place=in_place)
        self.path = self.library.dataset(SLUG).path
        self.after = {1: self.path.read_bytes()}  # by operation
        if body:
            data = head + newline.join(body) + newline * closed
            if data != self.path.read_bytes():
                self.path.write_bytes(data)
                self.note(outside.settle(self.library, SLUG, keep="outside"))
        self.data = self.path.read_bytes()

    def note(self, info):
        """Remember how the file was after an operation."""
        if info:
            self.after[info.id] = self.path.read_bytes()
        return info

    @property
    def head(self) -> bytes:
        return self.data[:3] if self.data.startswith(b"\xef\xbb\xbf") else b""

    @property
    def lines(self) -> list[bytes]:
        return split(self.data[len(self.head) :])

    @property
    def newline(self) -> bytes:
        return b"\r\n" if self.lines and self.lines[0].endswith(b"\r\n") else b"\n"

    def entries(self) -> list[int]:
        """Which lines are entries."""
        found = []
        for place, raw in enumerate(self.lines):
            with suppress(NotJson):
                Entry.of(payload(raw))
                found.append(place)
        return found

    def key_at(self, pick: int) -> tuple[str, int]:
        """The key of an entry, and its place among the lines."""
        places = self.entries()
        found = keys(self.library, SLUG)
        assert len(found) == len(set(found)) == len(places)
        return found[pick % len(found)], places[pick % len(found)]

    def became(self, wanted: list[bytes | None]) -> list[bytes]:
        """Take the file as it now is for the truth, if it is the ``wanted`` lines; None is any line.

        Where the last line had no line end, the last line has none.
        """
        lines, closed = self.lines, not self.data or self.data.endswith(b"\n")
        actual = self.path.read_bytes()
        assert actual.startswith(self.head)
        found = split(actual[len(self.head) :])
        assert len(found) == len(wanted)
        for place, (now, then) in enumerate(zip(found, wanted, strict=True)):
            last = place == len(found) - 1
            if then is not None and not payload(then):
                assert now == then, "a blank line is nothing but its line end"
            elif not closed and lines and last:
                assert now == payload(now), "the last line had no line end"
                assert then is None or now == payload(then)
            elif then is None or then.endswith(b"\n"):
                assert now.endswith(b"\n")
                assert then is None or now == then
            else:
                assert now == then + self.newline
        self.data = actual
        return found

    @precondition(lambda self: self.entries())
    @rule(pick=picks, text=st.text(max_size=5), tag=tags)
    def save(self, pick, text, tag):
        key, place = self.key_at(pick)
        opened = browsing.open_entry(self.library, SLUG, key)
        value = {**opened.entry.value, "note": text, "tags": [tag]}
        wanted: list[bytes | None] = list(self.lines)
        try:
            done = editing.save_entry(self.library, SLUG, key, value, revision=opened.revision)
        except NotEditable:
            assert opened.entry.locked
            assert self.path.read_bytes() == self.data
            return
        self.note(done.operation)
        if done.operation:
            wanted[place] = None
        found = self.became(wanted)
        assert without_block(payload(found[place])) == {k: v for k, v in value.items() if k != BLOCK}
        saved = Entry.of(payload(found[place]))
        assert opened.entry.uuid in (None, saved.uuid)

    @rule()
    def look(self):
        """Validation looks at what changed; at nothing, when it has looked just before."""
        analysing.bring_up_to_date(self.library, SLUG)
        assert analysing.bring_up_to_date(self.library, SLUG) == 0
        assert analysing.due(self.library, SLUG).entries == 0

    @rule(number=st.integers(10, 99))
    def new(self, number):
        value = {key: part for key, part in entry(number).items() if key != BLOCK}
        done = editing.save_entry(self.library, SLUG, None, value)
        self.note(done.operation)
        found = self.became([*self.lines, None])
        assert without_block(payload(found[-1])) == value
        assert Entry.of(payload(found[-1])).uuid == done.uuid

    @precondition(lambda self: self.entries())
    @rule(some=st.lists(picks, min_size=1, max_size=4))
    def delete(self, some):
        chosen = dict(self.key_at(pick) for pick in some)
        self.note(editing.delete_entries(self.library, SLUG, list(chosen)).operation)
        self.became([raw for place, raw in enumerate(self.lines) if place not in chosen.values()])

    @precondition(lambda self: self.entries())
    @rule(pick=picks)
    def duplicate(self, pick):
        key, place = self.key_at(pick)
        lines = self.lines
        try:
            done = editing.duplicate_entry(self.library, SLUG, key)
        except NotEditable:
            assert self.path.read_bytes() == self.data
            return
        self.note(done.operation)
        found = self.became([*lines[: place + 1], None, *lines[place + 1 :]])
        assert without_block(payload(found[place + 1])) == without_block(payload(lines[place]))
        assert Entry.of(payload(found[place + 1])).uuid == done.uuid

    @precondition(lambda self: self.entries())
    @rule(pick=picks, to=st.integers(1, 12))
    def move(self, pick, to):
        key, place = self.key_at(pick)
        places, lines = self.entries(), self.lines
        self.note(editing.move_entry(self.library, SLUG, key, to).operation)
        target = places[min(to, len(places)) - 1]
        lines.insert(target, lines.pop(place))
        self.became(lines)

    @rule(edit=edits, some=st.none() | st.lists(picks, max_size=3))
    def retag(self, edit, some):
        places, lines = self.entries(), self.lines
        chosen = None if some is None else dict(self.key_at(pick) for pick in some if places)
        done = editing.edit_tags(self.library, SLUG, None if chosen is None else list(chosen), edit)
        self.note(done.operation)
        wanted, locked = list(lines), 0
        for place in places if chosen is None else chosen.values():
            if Entry.of(payload(lines[place])).locked:
                locked += 1
                continue
            value = strict(payload(lines[place]))
            if edit.applied(value) is not value:
                wanted[place] = None
        assert (done.changed, done.locked) == (wanted.count(None), locked)
        found = self.became(wanted)
        for place, raw in enumerate(wanted):
            if raw is None:
                old = strict(payload(lines[place]))
                assert without_block(payload(found[place])) == {
                    key: part for key, part in edit.applied(old).items() if key != BLOCK
                }

    def newest(self):
        """The operation that undo takes back."""
        for each in history.every_operation(self.library, SLUG):
            if each.kind == "change" and not each.undone:
                return each
        return None

    @precondition(lambda self: self.newest() and self.newest().id > 1)
    @rule()
    def undo(self):
        target = self.newest()
        before, then = self.after[target.id - 1], self.after[target.id]
        straight = self.data == then
        info = self.attempt(lambda: history.undo(self.library, SLUG))
        if straight:
            assert info
            assert self.path.read_bytes() == before
        elif info:
            self.as_if_undone(then, before)
        self.data = self.path.read_bytes()

    @precondition(lambda self: len(self.after) > 2)
    @rule(pick=picks)
    def undo_an_older_one(self, pick):
        chosen = sorted(self.after)[1:]
        target = chosen[pick % len(chosen)]
        info = self.attempt(lambda: history.undo(self.library, SLUG, target))
        if info:
            self.as_if_undone(self.after[target], self.after[target - 1])
        self.data = self.path.read_bytes()

    def as_if_undone(self, then: bytes, before: bytes):
        """Exactly the lines that an operation wrote are gone, and those that it took are back."""
        now, last, wrote, took = (
            Counter(map(payload, split(data.removeprefix(b"\xef\xbb\xbf"))))
            for data in (self.path.read_bytes(), self.data, then, before)
        )
        assert not wrote - took - last
        assert now == last - (wrote - took) + (took - wrote)

    def attempt(self, act):
        """What the act gives; None if it was refused, with the file as it was."""
        try:
            return self.note(act())
        except (Conflict, Refused):
            assert self.path.read_bytes() == self.data
            return None

    @rule()
    def redo(self):
        undone = None
        for each in history.every_operation(self.library, SLUG):
            if each.kind == "change":
                break
            if each.kind == "undo" and not each.undone:
                undone = each
                break
        info = self.attempt(lambda: history.redo(self.library, SLUG))
        assert bool(info) == bool(undone) or not info
        if info and self.after[undone.id] == self.data:
            assert self.path.read_bytes() == self.after[undone.id - 1]
        self.data = self.path.read_bytes()

    @rule(pick=picks)
    def restore(self, pick):
        target = sorted(self.after)[pick % len(self.after)]
        info = self.attempt(lambda: history.restore(self.library, SLUG, target))
        assert self.path.read_bytes() == self.after[target]
        assert info or self.data == self.after[target]
        self.data = self.path.read_bytes()

    @precondition(lambda self: self.lines)
    @rule(body=bodies, newline=newlines)
    def change_outside(self, body, newline):
        data = self.head + b"".join(text + newline for text in body) + self.lines[0]
        if data != self.data:
            self.path.write_bytes(data)
            self.note(outside.settle(self.library, SLUG, keep="outside"))
            self.data = data

    @invariant()
    def everything_agrees(self):
        if hasattr(self, "data"):
            assert self.path.read_bytes() == self.data
            check(self.library, SLUG, self.folder)
            newest = next(history.every_operation(self.library, SLUG))
            history.changes(self.library, SLUG, newest.id)

    def teardown(self):
        if hasattr(self, "data"):
            check_home(self.library, self.folder)
            shutil.rmtree(self.folder)


TestLife = Life.TestCase
TestLife.settings = settings(
    max_examples=10,
    stateful_step_count=16,
    deadline=None,
    report_multiple_bugs=False,
    suppress_health_check=list(HealthCheck),
)
