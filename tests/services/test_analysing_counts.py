"""What the index keeps count of is what a count from the beginning gives, whatever was done before."""

from collections import Counter
from contextlib import contextmanager
from random import Random

import pytest

from app.domain.tagging import TagEdit
from app.domain.targets.chosen import Chosen
from app.domain.validation.diagnostic import Severity
from app.domain.view import View
from app.services import analysing, browsing, criteria, editing, history, opening, targets_report, validating
from app.services.reading import current_index
from app.store import findings, likeness, target_facts
from app.store.findings import SEVERITIES
from app.store.index import Index
from app.store.indexing import build
from tests.workshop import entry, keys, line, uuid, value_of

COUNT = 30
WORDS = [f"word{number}" for number in range(60)]
RULES = ({"slop": ["word7"]}, {"slop": ["word9", "late"]}, {})
TARGETS = (Chosen(), Chosen(family="gemma3"), Chosen(trainer="trl", family="gemma", limit=60))


def said(random: Random) -> list[dict]:
    """A conversation that may be the same as another, nearly the same, or odd in some way."""
    words = list(WORDS)
    place = random.randrange(len(words))
    words[place] = random.choice((words[place], "late", "", f"new{random.randrange(4)}"))
    start = random.choice((0, 0, 30))
    messages = [
        {"role": "user", "content": " ".join(words[start:])},
        {"role": "assistant", "content": random.choice(("Yes.", "Yes. ", ""))},
    ]
    return random.choice((messages, messages, [{"role": "system", "content": "Be kind."}, *messages]))


class Deeds:
    """What may be done to a dataset, by chance."""

    def __init__(self, library, seed):
        self.library = library
        self.random = Random(seed)
        self.number = COUNT

    def some(self, most):
        there = keys(self.library, "talks")
        return self.random.sample(there, min(len(there) - 1, self.random.randint(1, most)))

    def edit(self):
        (key,) = self.some(1)
        value = {**value_of(self.library, "talks", key), "messages": said(self.random)}
        editing.save_entry(self.library, "talks", key, value)

    def add(self):
        editing.save_entry(self.library, "talks", None, {"messages": said(self.random), "tags": ["New One"]})

    def duplicate(self):
        editing.duplicate_entry(self.library, "talks", *self.some(1))

    def delete(self):
        editing.delete_entries(self.library, "talks", self.some(4))

    def move(self):
        editing.move_entry(self.library, "talks", *self.some(1), self.random.randint(1, COUNT))

    def tag(self):
        tag = self.random.choice(("Two Words", "two_words", "calm"))
        edit = TagEdit(add=(tag,)) if self.random.random() < 0.7 else TagEdit(remove=(tag,))
        editing.edit_tags(self.library, "talks", self.some(12), edit)

    def undo(self):
        done = [each for each in history.operations(self.library, "talks") if each.kind == "change"]
        if done and not done[0].undone:
            history.undo(self.library, "talks")

    def change_outside(self):
        path = self.library.dataset("talks").path
        lines = path.read_bytes().split(b"\n")[:-1]
        self.random.shuffle(lines)
        self.number += 1
        new = line(self.number, messages=said(self.random)).removesuffix(b"\n")
        path.write_bytes(b"".join(each + b"\n" for each in (*lines[:-1], new)))
        browsing.listing(self.library, "talks", View())

    def choose_rules(self):
        criteria.set_rules(self.library, "talks", {"slop": None, **self.random.choice(RULES)})

    def choose_target(self):
        criteria.set_target(self.library, "talks", self.random.choice(TARGETS))

    def look(self):
        analysing.bring_up_to_date(self.library, "talks")

    def one(self):
        usual = [self.edit, self.edit, self.edit, self.duplicate, self.delete, self.tag, self.undo, self.look]
        rare = [self.add, self.move, self.choose_rules, self.choose_target]
        deed = self.random.choice((*usual, *usual, *rare))
        deed()
        return deed.__name__


@contextmanager
def index_of(library):
    with current_index(library, library.dataset("talks")).connect() as connection:
        yield connection


def counted(connection):
    """All counts, from the rows that they are of."""
    strict = findings.strict(connection)
    rows = connection.execute("SELECT code, rank, severity, count FROM findings").fetchall()
    codes: dict[str, list] = {}
    kinds: dict[int, set] = {kind: set() for kind in (-1, 0, *map(int, Severity))}
    for code, rank, severity, count in rows:
        worst, entries, found = codes.get(code, (0, 0, 0))
        codes[code] = max(worst, severity), entries + 1, found + count
        kinds[0].add(rank)
        kinds[3 if code in strict else severity].add(rank)
        if code.startswith("target."):
            kinds[-1].add(rank)
    named: dict[tuple, tuple] = {}
    for code, what, count in connection.execute("SELECT code, what, count FROM details"):
        entries, found = named.get((code, what), (0, 0))
        named[code, what] = entries + 1, found + count
    checked = {rank for (rank,) in connection.execute("SELECT rank FROM checks")}
    sizes = connection.execute("SELECT rank, tokens, trained FROM sizes").fetchall()
    both = checked & {rank for rank, _, _ in sizes}
    return {
        "codes": codes,
        "kinds": {kind: len(ranks) for kind, ranks in kinds.items()},
        "named": named,
        "sound": len(checked - kinds[0]),
        "sizes": sorted(tokens for _, tokens, _ in sizes if tokens >= 0),
        "trained": sum(trained for _, tokens, trained in sizes if tokens >= 0),
        "spoken_of": len(both & kinds[-1]),
    }


def kept(connection):
    """The same, as the index keeps it."""
    found = {each.code: (each.severity, each.entries, each.found) for each in findings.counts(connection)}
    codes = {code for (code,) in connection.execute("SELECT code FROM details")}
    details = ((code, each) for code in codes for each in findings.details(connection, code, 1000))
    return {
        "codes": found,
        "kinds": findings.standing(connection),
        "named": {(code, what): (entries, count) for code, (what, entries, count) in details},
        "sound": findings.sound(connection),
        "sizes": target_facts.sizes(connection),
        "trained": target_facts.trained(connection),
        "spoken_of": target_facts.spoken_of(connection),
    }


def told(connection):
    """All that was found, by the numbers of the entries."""
    number = findings.numbers(connection)
    tables = (("findings", "code, severity, count"), ("details", "code, what, count"))
    rows = {
        table: sorted(
            (number[rank], *row) for rank, *row in connection.execute(f"SELECT rank, {columns} FROM {table}")
        )
        for table, columns in tables
    }
    return rows, target_facts.sizes(connection), findings.strict(connection)


def told_anew(library, scratch):
    """The same, of an index that is made and a look that is taken from the beginning."""
    info, index = library.dataset("talks"), Index(scratch / "fresh")
    build(index, info.path, lambda _: None)
    rules, chosen = criteria.rules_for(library, "talks"), criteria.target_for(library, "talks")
    analysing.examine(library, analysing.Ground(info.path, index, rules, chosen))
    with index.connect() as connection:
        found = told(connection)
    index.remove()
    return found


@pytest.fixture
def talks(library, tmp_path):
    random, path = Random(1), tmp_path / "talks.jsonl"
    path.write_bytes(b"".join(line(number, messages=said(random)) for number in range(COUNT)))
    opening.import_path(library, path, in_place=True)
    analysing.bring_up_to_date(library, "talks")
    return library


@pytest.mark.parametrize("seed", range(6))
def test_counts_are_those_of_a_full_recount_after_any_change(talks, tmp_path, seed):
    deeds = Deeds(talks, seed)
    done: Counter[str] = Counter()
    for _ in range(45):
        done[deeds.one()] += 1
        with index_of(talks) as connection:
            assert kept(connection) == counted(connection), done
        if done["look"] % 4 == 3:
            deeds.look()
            with index_of(talks) as connection:
                assert told(connection) == told_anew(talks, tmp_path), done
    deeds.change_outside()
    deeds.look()
    with index_of(talks) as connection:
        assert kept(connection) == counted(connection)
        assert told(connection) == told_anew(talks, tmp_path)


def test_each_number_is_that_of_the_list_behind_it(talks):
    criteria.set_target(talks, "talks", TARGETS[1])
    analysing.bring_up_to_date(talks, "talks")
    overview = validating.overview(talks, "talks")
    for each in overview.codes:
        names = {each.code.name: each.entries}
        names |= {f"{each.code.name}:{one.what}": one.entries for one in each.details}
        for name, entries in names.items():
            view = View(diagnostic=name)
            assert browsing.count(talks, "talks", view) == entries
            assert len(browsing.matching_keys(talks, "talks", view)) == entries
    for word, severity in SEVERITIES.items():
        view = View(diagnostic=word)
        counts = overview.severities[Severity(severity)], browsing.count(talks, "talks", view)
        assert counts == (len(browsing.matching_keys(talks, "talks", view)),) * 2


def test_after_one_edit_no_other_text_is_read_or_compared(talks, monkeypatch):
    """However large the dataset is: what changed is found without asking every line."""
    monkeypatch.setattr(analysing, "COMPARED", 0)
    value = {**value_of(talks, "talks", uuid(3)), "messages": entry(3)["messages"]}
    editing.save_entry(talks, "talks", uuid(3), value)
    seen = []
    monkeypatch.setattr(analysing, "look", lambda path, places, *rest, **more: seen.append(len(places)) or ())
    analysing.bring_up_to_date(talks, "talks")
    assert seen == [1, 1]  # the checks and the signature; the tokens are counted behind another door


def test_entries_that_nearly_repeat_one_that_changed_are_told_at_once(talks, tmp_path, monkeypatch):
    monkeypatch.setattr(analysing, "COMPARED", 0)
    words = [f"other{number}" for number in range(80)]
    texts = [" ".join((*words[:76], *(f"{name}{number}" for number in range(4)))) for name in "abc"]
    made = []
    for text in texts:
        messages = [{"role": "user", "content": text}, {"role": "assistant", "content": "Well."}]
        made.append(editing.save_entry(talks, "talks", None, {"messages": messages, "tags": []}).uuid)
        analysing.bring_up_to_date(talks, "talks")
    with index_of(talks) as connection:
        assert told(connection) == told_anew(talks, tmp_path)
    near = browsing.matching_keys(talks, "talks", View(diagnostic="duplicate.near"))
    assert made[0] not in near
    assert set(made[1:]) <= set(near)
    editing.delete_entries(talks, "talks", made[:1])
    analysing.bring_up_to_date(talks, "talks")
    near = browsing.matching_keys(talks, "talks", View(diagnostic="duplicate.near"))
    assert (made[1] in near, made[2] in near) == (False, True)
    said = {each.code: each.detail for each in validating.of_entry(talks, "talks", made[2])}
    assert said["duplicate.near"] == f"The earlier one is entry {COUNT + 1}."


def test_which_of_equal_entries_is_the_earlier_is_told_after_any_move(talks, tmp_path):
    """Also where there is no room left between two lines, so that all get other places in the index."""
    for _ in range(24):
        editing.move_entry(talks, "talks", keys(talks, "talks")[-1], 2)
        analysing.bring_up_to_date(talks, "talks")
        with index_of(talks) as connection:
            assert kept(connection) == counted(connection)
            assert told(connection) == told_anew(talks, tmp_path)


def test_where_too_many_are_alike_it_is_told_that_they_were_not_compared(talks, tmp_path, monkeypatch):
    assert validating.overview(talks, "talks").compared
    monkeypatch.setattr(analysing, "COMPARED", 0)
    monkeypatch.setattr(likeness, "MOST", 1)
    Deeds(talks, 5).edit()
    analysing.bring_up_to_date(talks, "talks")
    assert not validating.overview(talks, "talks").compared
    assert analysing.bring_up_to_date(talks, "talks", near=True) == 0
    assert validating.overview(talks, "talks").compared
    with index_of(talks) as connection:
        assert told(connection) == told_anew(talks, tmp_path)


def test_what_becomes_of_entries_is_counted_on_the_page_of_the_target_too(talks):
    criteria.set_target(talks, "talks", TARGETS[2])
    analysing.bring_up_to_date(talks, "talks")
    deeds = Deeds(talks, 3)
    for _ in range(4):
        deeds.edit()
        analysing.bring_up_to_date(talks, "talks")
        report = targets_report.report(talks, "talks")
        every = {fate.code.name: fate.entries for fate in report.fates}
        there = {name: browsing.matching_keys(talks, "talks", View(diagnostic=name)) for name in every}
        assert every == {name: len(found) for name, found in there.items()}
        assert report.whole == COUNT - len({key for found in there.values() for key in found})
        assert report.lengths.entries == report.looked_at == COUNT
