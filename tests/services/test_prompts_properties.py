"""Any sequence of what a person does to prompts, and undos: registry, sidecars and entries always agree."""

import json
import shutil
from pathlib import Path
from tempfile import mkdtemp

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from app.config import Config
from app.errors import Refused
from app.services import opening, prompt_uses, prompts
from app.services.library import Library
from tests.sidecars import check_pair
from tests.workshop import check_home, entry

TEXTS = ("You keep the light.", "YOU keep the light.", "Be brief.\n", "懸疑\r\n", "\u2028x")
SLUGS = ("one", "two")
texts = st.sampled_from(TEXTS)
picks = st.integers(0, 5)
datasets = st.sampled_from(SLUGS)


class Prompts(RuleBasedStateMachine):
    """A library with two datasets, and everything that it ever was."""

    @initialize()
    def open(self) -> None:
        self.folder = Path(mkdtemp())
        self.library = Library.open(Config(self.folder / "home"))
        self.paths = []
        for slug in SLUGS:
            path = self.folder / f"{slug}.jsonl"
            path.write_bytes(b"".join(self._line(number, text) for number, text in enumerate(TEXTS)))
            self.paths.append(opening.import_path(self.library, path, copy=True).path)
        self.past = [self._state()]

    @staticmethod
    def _line(number: int, text: str) -> bytes:
        value = entry(number)
        value["messages"].insert(0, {"role": "system", "content": text})
        return json.dumps(value).encode() + b"\n"

    def _state(self):
        return prompts.prompts(self.library), [path.read_bytes() for path in self.paths]

    def _pick(self, pick):
        return self._all[pick % len(self._all)].slug

    @property
    def _all(self):
        return prompts.prompts(self.library)

    def _note(self, operation) -> None:
        if operation is None:
            assert self._state() == self.past[-1]
        else:
            self.past.append(self._state())

    @rule(text=texts)
    def create(self, text):
        self._note(prompts.create(self.library, "Name", text).operation)

    @precondition(lambda self: self._all)
    @rule(pick=picks, text=texts)
    def edit(self, pick, text):
        self._note(prompts.edit(self.library, self._pick(pick), content=text))

    @precondition(lambda self: self._all)
    @rule(pick=picks, act=st.sampled_from([prompts.archive, prompts.restore, prompts.delete]))
    def put_away(self, pick, act):
        self._note(act(self.library, self._pick(pick)))

    @precondition(lambda self: self._all)
    @rule(pick=picks, dataset=datasets, act=st.sampled_from([prompts.attach, prompts.detach]))
    def attach(self, pick, dataset, act):
        self._note(act(self.library, self._pick(pick), dataset))

    @precondition(lambda self: self._all)
    @rule(pick=picks, text=texts, chosen=st.none() | st.sets(datasets), template=st.booleans())
    def replace(self, pick, text, chosen, template):
        slug = self._pick(pick)
        try:
            would = prompt_uses.would_replace(self.library, slug, text, datasets=chosen)
            done = prompt_uses.replace_in_bulk(self.library, slug, text, datasets=chosen, template=template)
        except Refused:
            assert prompts.prompt(self.library, slug).content == text
            return
        assert (done.changed, done.locked) == (would.changed, would.locked)
        self._note(done.operation)

    @precondition(lambda self: len(self.past) > 1)
    @rule()
    def undo(self):
        prompts.undo(self.library)
        self.past.pop()
        assert self._state() == self.past[-1]

    @invariant()
    def the_sidecars_say_what_the_registry_says(self):
        for slug, path in zip(SLUGS, self.paths, strict=True):
            sidecar = path.with_suffix(".registry.json").read_bytes()
            check_pair(path.read_bytes(), sidecar)
            carried = {row["slug"]: row for row in json.loads(sidecar)["system_prompts"]}
            known = {each.slug: each for each in self._all if slug in each.datasets}
            assert carried.keys() == known.keys()
            for name, row in carried.items():
                assert (row["content"], row["is_active"]) == (known[name].content, known[name].is_active)

    @invariant()
    def who_uses_a_text_is_who_has_it(self):
        counted = prompt_uses.count(self.library, self._all).entries
        for each in self._all:
            for slug, path in zip(SLUGS, self.paths, strict=True):
                said = [
                    json.loads(line)["messages"][0]["content"]
                    for line in path.read_bytes().rstrip().split(b"\n")
                ]
                assert counted[each.slug].get(slug, 0) == said.count(each.content)

    def teardown(self):
        if hasattr(self, "library"):
            check_home(self.library, self.folder)
            shutil.rmtree(self.folder)


TestPrompts = Prompts.TestCase
TestPrompts.settings = settings(
    max_examples=10,
    stateful_step_count=15,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)
