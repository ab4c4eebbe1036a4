"""Who uses the text of a prompt, to the letter, and another one in its place, in all datasets at once."""

import json

import pytest

from app.domain.entry import render
from app.errors import ChangedOutside, Conflict, NotFound, Refused
from app.jobs import Cancelled
from app.services import editing, history, opening, prompt_uses, prompts
from app.services.reading import current_index
from tests.sidecars import check_pair
from tests.workshop import check_home, entry, keys, uuid

LIGHT = "You keep the harbour light."


def talk(number, *system, **more):
    """A conversation that begins with these system messages."""
    made = entry(number, **more)
    said = [{"role": "system", "content": text} for text in system]
    return {**made, "messages": [*said, *made["messages"]]}


def write(library, path, *lines):
    """A dataset of these lines."""
    path.write_bytes(b"".join(line if isinstance(line, bytes) else render(line) + b"\n" for line in lines))
    return opening.import_path(library, path).path


@pytest.fixture
def light(library):
    """A prompt."""
    return prompts.create(library, "Harbour light", LIGHT).slug


@pytest.fixture
def harbour(library, tmp_path):
    """A dataset in which some entries have that text, some nearly, and one cannot be rewritten."""
    locked = json.dumps(talk(6, LIGHT))[:-1].encode() + b', "x": 1, "x": 2}\n'
    lines = (
        talk(0, LIGHT),
        talk(1, LIGHT.upper()),
        talk(2, f"{LIGHT} "),
        talk(3, "First.", LIGHT),
        talk(4),
        talk(5, f"{LIGHT} Be kind."),
        locked,
        json.dumps(talk(7, LIGHT), separators=(",", ":")).encode() + b"\n",
        {**talk(8), "messages": [{"role": "user", "content": LIGHT}, {"role": "assistant", "content": "?"}]},
        talk(9, LIGHT, LIGHT),
    )
    return write(library, tmp_path / "harbour.jsonl", *lines)


@pytest.fixture
def shore(library, tmp_path):
    """Another dataset, one of whose two entries has it."""
    return write(library, tmp_path / "shore.jsonl", talk(20, LIGHT), talk(21, "Other."))


USING = [uuid(number) for number in (0, 3, 6, 7, 9)]


def test_only_those_count_that_have_it_to_the_letter(library, light, harbour, shore):
    assert prompt_uses.same_text(library, light) == {"harbour": USING, "shore": [uuid(20)]}
    other = prompts.create(library, "Loud", LIGHT.upper()).slug
    unused = prompts.create(library, "Unused", "Nobody says this.").slug
    counted = prompt_uses.count(library, prompts.prompts(library))
    assert counted.entries == {light: {"harbour": 5, "shore": 1}, other: {"harbour": 1}, unused: {}}
    assert counted.unread == ()
    assert prompt_uses.count(library, prompts.prompts(library)) == counted


def test_a_save_is_seen_at_once(library, light, shore):
    assert prompt_uses.same_text(library, light) == {"shore": [uuid(20)]}
    editing.save_entry(library, "shore", uuid(21), talk(21, LIGHT))
    assert prompt_uses.same_text(library, light) == {"shore": [uuid(20), uuid(21)]}
    prompts.edit(library, light, content="Other words.")
    assert prompt_uses.same_text(library, light) == {}


@pytest.mark.parametrize(
    "text", ["Zeilen\n\nund\ttabs\r\n", "懸疑 İstanbul ß", '<b>{{ 7*7 }}"\\', "\u2028a\0"]
)
def test_any_text_is_found(library, tmp_path, text):
    slug = prompts.create(library, "Any", text).slug
    write(
        library,
        tmp_path / "any.jsonl",
        talk(0, text),
        talk(1, f"{text}."),
        json.dumps(talk(2, text)).encode(),
    )
    assert prompt_uses.same_text(library, slug) == {"any": [uuid(0), uuid(2)]}


def test_they_come_in_pages_with_their_words(library, light, harbour):
    first = prompt_uses.users(library, light, "harbour", size=2)
    assert (first.total, first.pages, [row.key for row in first.rows]) == (5, 3, USING[:2])
    assert [(row.number, row.speaker, row.opening) for row in first.rows] == [
        (1, "user", "Question 0?"),
        (4, "user", "Question 3?"),
    ]
    second = prompt_uses.users(library, light, "harbour", page=2, size=2)
    assert [bool(row.locked) for row in second.rows] == [True, False]
    last = prompt_uses.users(library, light, "harbour", page=99, size=2)
    assert (last.page, [row.key for row in last.rows]) == (3, USING[4:])
    with pytest.raises(NotFound):
        prompt_uses.users(library, light, "none")


def test_replacing_is_one_operation_on_all_datasets_and_undoes(library, light, harbour, shore, tmp_path):
    before = harbour.read_bytes(), shore.read_bytes()
    prompts.attach(library, light, "shore")
    would = prompt_uses.would_replace(library, light, "New {{words}}\n")
    assert (harbour.read_bytes(), shore.read_bytes()) == before
    done = prompt_uses.replace_in_bulk(library, light, "New {{words}}\n", template=True)
    rewritten = [key for key in USING if key != uuid(6)]
    assert done.changed == would.changed == {"harbour": rewritten, "shore": [uuid(20)]}
    assert done.locked == would.locked == {"harbour": [uuid(6)]}
    assert (done.operation.datasets, done.operation.changed) == (("harbour", "shore"), 5)
    assert prompts.prompt(library, light).content == "New {{words}}\n"
    lines, old = harbour.read_bytes().split(b"\n"), before[0].split(b"\n")
    assert [number for number, line in enumerate(lines) if line != old[number]] == [0, 3, 7, 9]
    texts = [message["content"] for message in json.loads(lines[9])["messages"]]
    assert texts == ["New {{words}}\n", "New {{words}}\n", "Question 9?", "Answer 9."]
    assert lines[7].startswith(b'{"messages":[{"role":"system","content":"New {{words}}')
    assert json.loads(shore.with_suffix(".registry.json").read_bytes())["system_prompts"][0]["content"] == (
        "New {{words}}\n"
    )
    for path in (harbour, shore):
        check_pair(path.read_bytes(), path.with_suffix(".registry.json").read_bytes())
    undone = prompts.undo(library)
    assert (undone.undoes, undone.changed) == (done.operation.id, 5)
    assert (harbour.read_bytes(), shore.read_bytes()) == before
    assert prompts.prompt(library, light).content == LIGHT
    check_home(library, tmp_path)


def test_the_template_stays_unless_it_is_asked_for(library, light, harbour, shore):
    prompt_uses.replace_in_bulk(library, light, "New.", datasets=["shore"])
    assert prompts.prompt(library, light).content == LIGHT
    assert prompt_uses.same_text(library, light) == {"harbour": USING}
    assert prompts.undo(library).title == "Undo: Replace the text of prompt “Harbour light”"
    assert prompt_uses.same_text(library, light) == {"harbour": USING, "shore": [uuid(20)]}


def test_a_replacement_is_among_the_changes_of_prompts_and_an_older_one_is_undone_alone(
    library, light, harbour, shore
):
    older = prompt_uses.replace_in_bulk(library, light, "New.", datasets=["shore"]).operation
    newer = prompt_uses.replace_in_bulk(library, light, "New.", datasets=["harbour"]).operation
    made = history.shared_operations(history.PROMPTS)[-1].id
    assert [each.id for each in history.shared_operations(history.PROMPTS)] == [newer.id, older.id, made]
    assert prompts.undo(library, older.id).undoes == older.id
    assert prompt_uses.same_text(library, light) == {"harbour": [uuid(6)], "shore": [uuid(20)]}
    history.redo_shared(library)
    assert [each.undone for each in history.shared_operations(history.PROMPTS)] == [False] * 3


def test_only_some_entries(library, light, harbour, shore):
    done = prompt_uses.replace_in_bulk(
        library, light, "New.", datasets=["harbour"], keys={"harbour": [uuid(3), uuid(4)]}
    )
    assert done.changed == {"harbour": [uuid(3)]}


def test_a_later_save_of_the_same_entry_stands_in_the_way_of_undo(library, light, shore):
    done = prompt_uses.replace_in_bulk(library, light, "New.")
    editing.save_entry(library, "shore", uuid(20), talk(20, "Newer."))
    with pytest.raises(Conflict, match="Save entry 1"):
        prompts.undo(library, done.operation.id)
    history.undo(library, "shore")
    prompts.undo(library, done.operation.id)


def test_nothing_to_replace_is_no_operation(library, light, shore):
    prompt_uses.replace_in_bulk(library, light, "New.")
    assert prompt_uses.replace_in_bulk(library, light, "Newer.").operation is None


@pytest.mark.parametrize(("text", "why"), [(LIGHT, "the same"), ("", "needs text"), ("\ud800", "surrogate")])
def test_a_text_that_cannot_be_is_refused(library, light, shore, text, why):
    for act in (prompt_uses.replace_in_bulk, prompt_uses.would_replace):
        with pytest.raises(Refused, match=why):
            act(library, light, text)


def test_a_dataset_that_cannot_be_read_is_left_out_or_named(library, light, harbour, shore):
    shore.write_bytes(shore.read_bytes() + render(talk(22, LIGHT)) + b"\n")
    current_index(library, library.dataset("shore"))
    done = prompt_uses.replace_in_bulk(library, light, "New.")
    assert (set(done.changed), done.skipped) == ({"harbour"}, ("shore",))
    with pytest.raises(ChangedOutside):
        prompt_uses.replace_in_bulk(library, light, "New.", datasets=["shore"])
    shore.unlink()
    assert prompt_uses.count(library, prompts.prompts(library)).unread == ("shore",)
    assert prompt_uses.same_text(library, light) == {"harbour": [uuid(6)]}


def test_calling_it_off_leaves_everything_as_it_was(library, light, harbour, shore, tmp_path):
    before = harbour.read_bytes(), shore.read_bytes()

    calls = []

    def stop(*where):
        calls.append(where)
        if len(calls) == 2:
            raise Cancelled("Stopped.")

    with pytest.raises(Cancelled):
        prompt_uses.replace_in_bulk(library, light, "New.", progress=stop)
    assert (harbour.read_bytes(), shore.read_bytes()) == before
    assert keys(library, "harbour")
    check_home(library, tmp_path)
