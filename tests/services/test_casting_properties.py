"""Any sequence of edits, beside a plain list of who says what: characters stay with their messages.

After every step registry and sidecar say what the list says; undo, redo and restore bring back
every state that there was.
"""

import json
import shutil
from pathlib import Path
from tempfile import mkdtemp

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from app.config import Config
from app.domain.tagging import TagEdit
from app.services import characters, editing, history, opening
from app.services.library import Library
from app.store.places import sidecar_of
from tests.casting import check_all, spoken, told
from tests.sidecars import check_pair
from tests.workshop import dataset, keys, value_of

SLUG = "talks"
NAMES = ("Mara", "Old Finn", "Kai", "kai", "懸疑")
picks = st.integers(0, 30)
State = dict[str, tuple[tuple[str, str], ...]]  # by entry, what is said, and by which character ("" for none)


class Casting(RuleBasedStateMachine):
    """One dataset, and the list."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(mkdtemp())
        self.library = Library.open(Config(self.folder / "home"))
        self.now: State = {}
        self.into: dict[str, str] = {}  # whom a character that is gone has become
        self.past: list[tuple[State, dict[str, str]]] = []
        self.undone: list[tuple[State, dict[str, str]]] = []
        self.then: dict[int, State] = {}
        self.fresh = 0

    def teardown(self) -> None:
        check_all(self.library, self.folder)
        shutil.rmtree(self.folder)

    @initialize()
    def open(self) -> None:
        opening.import_path(self.library, dataset(self.folder / "talks.jsonl", 3))
        for name in NAMES:
            characters.create(self.library, name)
        self.alive = [each.slug for each in characters.characters(self.library)]
        self.now = {key: tuple((text, "") for text in self._texts(key)) for key in keys(self.library, SLUG)}
        self._remember()

    def _texts(self, key: str) -> list[str]:
        return [message["content"] for message in value_of(self.library, SLUG, key)["messages"]]

    def _remember(self) -> None:
        self.then[next(history.every_operation(self.library, SLUG)).id] = self.now

    def _did(self, new: State, into: dict[str, str] | None = None) -> None:
        self.past.append((self.now, self.into))
        self.undone = []
        self.now, self.into = new, self.into if into is None else into
        self._remember()

    def _key(self, pick: int) -> str:
        found = keys(self.library, SLUG)
        return found[pick % len(found)]

    def _present(self, name: str) -> str:
        while name in self.into:
            name = self.into[name]
        return name

    def _there(self) -> list[str]:
        return [name for name in self.alive if name not in self.into]

    @precondition(lambda self: self.now)
    @rule(entry=picks, cast=st.lists(picks, min_size=1, max_size=6))
    def choose(self, entry, cast):
        key, there = self._key(entry), ["", *self._there()]
        names = [there[cast[place % len(cast)] % len(there)] for place in range(len(self.now[key]))]
        new = tuple((text, name) for (text, _), name in zip(self.now[key], names, strict=True))
        done = editing.save_entry(self.library, SLUG, key, value_of(self.library, SLUG, key), cast=names)
        assert (done.operation is None) == (new == self.now[key])
        if done.operation:
            self._did({**self.now, key: new})

    @precondition(lambda self: self.now)
    @rule(
        entry=picks,
        place=picks,
        kind=st.sampled_from(["insert", "delete", "swap", "rewrite", "role"]),
        to=picks,
    )
    def save(self, entry, place, kind, to):
        key = self._key(entry)
        value, said = value_of(self.library, SLUG, key), list(self.now[key])
        messages, size = value["messages"], len(said)
        place, to = place % (size + (kind == "insert")), to % size
        if kind == "insert":
            self.fresh += 1
            messages.insert(place, {"role": "assistant", "content": f"New {self.fresh}."})
            said.insert(place, (f"New {self.fresh}.", ""))
        elif kind == "delete" and size > 1:
            del messages[place], said[place]
        elif kind == "swap":
            messages[place], messages[to] = messages[to], messages[place]
            said[place], said[to] = said[to], said[place]
        elif kind == "rewrite":
            self.fresh += 1
            messages[place]["content"] = f"New {self.fresh}."
            said[place] = (f"New {self.fresh}.", said[place][1])
        elif kind == "role":
            roles = {"user": "assistant", "assistant": "user"}
            messages[place]["role"] = roles[messages[place]["role"]]
        if editing.save_entry(self.library, SLUG, key, value).operation:
            self._did({**self.now, key: tuple(said)})

    @precondition(lambda self: self.now)
    @rule(entry=picks)
    def duplicate(self, entry):
        key = self._key(entry)
        copy = editing.duplicate_entry(self.library, SLUG, key).uuid
        self._did({**self.now, copy: self.now[key]})

    @precondition(lambda self: len(self.now) > 1)
    @rule(entry=picks, more=st.booleans())
    def delete(self, entry, more):
        gone = {self._key(entry)} | ({self._key(entry + 1)} if more else set())
        editing.delete_entries(self.library, SLUG, sorted(gone))
        self._did({key: said for key, said in self.now.items() if key not in gone})

    @precondition(lambda self: len(self.now) > 1)
    @rule(entry=picks, to=picks)
    def move(self, entry, to):
        if editing.move_entry(self.library, SLUG, self._key(entry), to % len(self.now) + 1).operation:
            self._did(self.now)

    @rule(tag=st.sampled_from(["calm", "new"]))
    def tag(self, tag):
        if editing.edit_tags(self.library, SLUG, None, TagEdit(add=(tag,))).operation:
            self._did(self.now)

    @precondition(lambda self: len(self._there()) > 1)
    @rule(one=picks, other=picks, whole=st.booleans())
    def part(self, one, other, whole):
        """Merge one character into another, or delete it."""
        there = self._there()
        name = there[one % len(there)]
        into = "" if whole else there[other % len(there)]
        if into == name:
            return
        if into:
            info = characters.merge(self.library, name, into)
        else:
            info = characters.delete(self.library, name, everywhere=True)
        new = {
            key: tuple((text, into if speaker == name else speaker) for text, speaker in said)
            for key, said in self.now.items()
        }
        assert (info.datasets == (SLUG,)) == (new != self.now)
        if info.datasets:
            self._did(new, {**self.into, name: into})
        else:
            self.into = {**self.into, name: into}
            self.past = [(state, {**old, name: into}) for state, old in self.past]
            self.undone = []

    @precondition(lambda self: self.past)
    @rule()
    def undo(self):
        history.undo(self.library, SLUG)
        self.undone.append((self.now, self.into))
        state, self.into = self.past.pop()
        self.now = self._today(state)
        self._remember()

    @precondition(lambda self: self.undone)
    @rule()
    def redo(self):
        history.redo(self.library, SLUG)
        self.past.append((self.now, self.into))
        state, self.into = self.undone.pop()
        self.now = self._today(state)
        self._remember()

    @rule(pick=picks)
    def restore(self, pick):
        number = sorted(self.then)[pick % len(self.then)]
        new = self._today(self.then[number])
        newest = next(history.every_operation(self.library, SLUG)).id
        try:
            history.restore(self.library, SLUG, number)
        except history.Refused:
            assert new == self.now
            return
        if next(history.every_operation(self.library, SLUG)).id != newest:
            self._did(new)

    def _today(self, state: State) -> State:
        """A former state with the characters that there are."""
        return {key: tuple((text, self._present(name)) for text, name in said) for key, said in state.items()}

    @invariant()
    def everybody_speaks_their_own_lines(self):
        wanted = {
            key: cast
            for key, said in self.now.items()
            if (cast := {place: name for place, (_, name) in enumerate(said) if name})
        }
        assert spoken(self.library, SLUG) == wanted
        for key, said in self.now.items():
            assert self._texts(key) == [text for text, _ in said]
        path = self.library.dataset(SLUG).path
        check_pair(path.read_bytes(), sidecar_of(path).read_bytes())
        assert told(self.library, SLUG) == wanted
        self._check_roles(path)

    def _check_roles(self, path: Path) -> None:
        """That every mapped message is trained as what it is."""
        roles = {key: value_of(self.library, SLUG, key)["messages"] for key in self.now}
        for each in json.loads(sidecar_of(path).read_bytes())["entry_character_mappings"]:
            for turn in each["turns"]:
                assert turn["training_role"] == roles[each["entry_uuid"]][turn["turn_index"]]["role"]


TestCasting = Casting.TestCase
TestCasting.settings = settings(
    max_examples=15,
    stateful_step_count=20,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)
