"""Named speakers: every label is found as spelt, and becomes a role in the file and a character beside it."""

import json
import time

import pytest

from app.errors import ChangedOutside, NotFound, Refused
from app.jobs import Cancelled
from app.services import casting, characters, editing, history, opening, outside
from app.services.speakers import Assignment, assign, named_speakers
from app.store.places import sidecar_of
from tests.casting import check_all, lines, spoken
from tests.workshop import SAMPLES, keys, uuid, value_of

FOREIGN = SAMPLES / "rolethread-lite/foreign"
HARUHI = SAMPLES / "chat-haruhi/wanderer_dialogue.jsonl"


def talk(number, *said, **more):
    """An entry as another program would have written it."""
    messages = [{"role": role, "content": content} for role, content in said]
    block = {"version": "1.0.0", "native": True, "entry_uuid": uuid(number), "dataset_uuid": uuid(999)}
    return {"messages": messages, "tags": [], **more, "_rolethread": block}


def written(path, *values):
    path.write_bytes(b"".join(json.dumps(each, ensure_ascii=False).encode() + b"\n" for each in values))
    return path


@pytest.fixture
def night(library, tmp_path):
    """A dataset of three scenes with five names, two of which differ by case alone."""
    scenes = (
        talk(
            1,
            ("system", "Night."),
            ("Kai", "Who is there?"),
            ("懸疑", "Me."),
            ("Kai", "Who?"),
            ("懸疑", "Guess."),
        ),
        talk(2, ("kai", "Hello?"), ("Éowyn McCoy", "Hello."), ("user", "Hm."), ("assistant", "Hm?")),
        talk(
            3, ("Kai", "Still there?"), ("懸疑", "Always."), ("Human ", "Me too."), (" Eowyn  mccoy", "Ah.")
        ),
    )
    return opening.import_path(library, written(tmp_path / "night.jsonl", *scenes)).path


def test_every_label_is_found_as_spelt_with_what_it_says(library, night):
    found = {each.label: each for each in named_speakers(library, "night")}
    assert {label: (each.messages, each.entries) for label, each in found.items()} == {
        "Kai": (3, 2), "kai": (1, 1), "懸疑": (3, 2), "Éowyn McCoy": (1, 1), " Eowyn  mccoy": (1, 1),
    }  # fmt: skip
    assert list(found) == ["Kai", "kai", "懸疑", "Éowyn McCoy", " Eowyn  mccoy"]
    assert [(each.key, each.text) for each in found["懸疑"].samples] == [
        (uuid(1), "Me."),
        (uuid(3), "Always."),
    ]
    roles = {label: each.role for label, each in found.items()}
    assert roles.pop("Kai") == "user"
    assert set(roles.values()) == {"assistant"}
    assert (found["Kai"].alike, found["Kai"].name) == (("kai",), "Kai")
    assert (found["kai"].alike, found["kai"].name) == (("Kai",), "Kai")
    assert (found["懸疑"].alike, found["懸疑"].name, found["懸疑"].character) == ((), "懸疑", "")


def test_characters_of_the_same_or_much_the_same_name_are_offered(library, night):
    characters.create(library, "KAI")
    characters.create(library, "Eowyn McCoy")
    found = {each.label: each.character for each in named_speakers(library, "night")}
    assert found == {
        "Kai": "kai", "kai": "kai", "懸疑": "", "Éowyn McCoy": "eowyn_mccoy", " Eowyn  mccoy": "eowyn_mccoy",
    }  # fmt: skip
    characters.create(library, "kai")
    assert {each.label: each.character for each in named_speakers(library, "night")}["kai"] == "kai_2"


def test_assigning_is_one_operation_that_rewrites_roles_and_keeps_the_labels(library, night, tmp_path):
    before = night.read_bytes()
    done = assign(
        library,
        "night",
        {
            "Kai": Assignment("user", name="Kai"),
            "kai": Assignment("user", name="kai"),
            "懸疑": Assignment("assistant", name="懸疑"),
            "Éowyn McCoy": Assignment("assistant", name="Éowyn McCoy"),
        },
    )
    assert (done.entries, done.messages, done.locked) == (3, 8, 0)
    assert (done.operation.title, done.operation.changed) == ("Assign the speaker “Kai” and 3 more", 3)
    assert done.created == ("kai", "kai_2", "懸疑", "éowyn_mccoy")
    assert [each.display_name for each in characters.characters(library)] == [
        "Éowyn McCoy",
        "Kai",
        "kai",
        "懸疑",
    ]
    assert spoken(library, "night") == {
        uuid(1): {1: "kai", 2: "懸疑", 3: "kai", 4: "懸疑"},
        uuid(2): {0: "kai_2", 1: "éowyn_mccoy"},
        uuid(3): {0: "kai", 1: "懸疑"},
    }
    labels = {
        index: (each.label, each.role) for index, each in casting.cast_of(library, "night", uuid(2)).items()
    }
    assert labels == {0: ("kai", "user"), 1: ("Éowyn McCoy", "assistant")}
    roles = [message["role"] for message in value_of(library, "night", uuid(2))["messages"]]
    assert roles == ["user", "assistant", "user", "assistant"]
    assert [each.label for each in named_speakers(library, "night")] == [" Eowyn  mccoy"]
    check_all(library, tmp_path)
    history.undo(library, "night")
    assert night.read_bytes() == before
    assert (spoken(library, "night"), characters.characters(library)) == ({}, [])
    check_all(library, tmp_path)
    history.redo(library, "night")
    assert characters.character(library, "懸疑").messages == 3
    check_all(library, tmp_path)


def test_labels_that_are_alike_can_be_one_character_and_each_keeps_its_spelling(library, night, tmp_path):
    characters.create(library, "Kai the Elder")
    one, other = Assignment("user", character="kai_the_elder"), Assignment("tool", name="Éowyn")
    done = assign(library, "night", {"Kai": one, "kai": one, "Éowyn McCoy": other, " Eowyn  mccoy": other})
    assert done.created == ("éowyn",)
    casts = casting.casts_of(library.dataset("night").id, keys(library, "night"))
    labels = {(each.slug, each.label, each.role) for cast in casts.values() for each in cast.values()}
    assert labels == {
        ("kai_the_elder", "Kai", "user"), ("kai_the_elder", "kai", "user"),
        ("éowyn", "Éowyn McCoy", "tool"), ("éowyn", " Eowyn  mccoy", "tool"),
    }  # fmt: skip
    check_all(library, tmp_path)


def test_a_role_alone_can_be_assigned_and_characters_that_spoke_before_speak_on(library, night, tmp_path):
    characters.create(library, "Mara")
    editing.save_entry(
        library, "night", uuid(3), value_of(library, "night", uuid(3)), cast=["mara", "", "", ""]
    )
    assign(library, "night", {"Kai": Assignment("assistant")})
    assert spoken(library, "night") == {uuid(3): {0: "mara"}}
    assert casting.cast_of(library, "night", uuid(3))[0].role == "assistant"
    check_all(library, tmp_path)


@pytest.mark.parametrize(
    ("label", "wanted", "refusal"),
    [
        ("user", Assignment("user", name="U"), Refused),
        (" Human", Assignment("user"), Refused),
        ("", Assignment("user"), Refused),
        ("Kai", Assignment("narrator"), Refused),
        ("KAI", Assignment("user"), Refused),
        ("Kai", Assignment("user", character="nobody"), NotFound),
        ("Kai", Assignment("user", name="  "), Refused),
    ],
)
def test_what_cannot_be_assigned_is_refused_and_changes_nothing(library, night, label, wanted, refusal):
    before = night.read_bytes()
    with pytest.raises(refusal):
        assign(library, "night", {"懸疑": Assignment("assistant", name="懸疑"), label: wanted})
    assert night.read_bytes() == before
    assert (spoken(library, "night"), characters.characters(library)) == ({}, [])


def test_lines_that_cannot_be_rewritten_are_left_alone_and_counted(library, tmp_path):
    path = written(
        tmp_path / "odd.jsonl", talk(1, ("Mara", "One.")), talk(2, ("Mara", "Two.")), talk(3, ("Mara", "3."))
    )
    opening.import_path(library, path, in_place=True)
    raw = path.read_bytes().replace(b'"tags": []', b'"tags": [], "big": 0.1234567890123456789', 1)
    path.write_bytes(
        raw + raw.split(b"\n")[1] + b'\n{"messages": [{"role": "Mara", "content": 1}, 2, {"role": 3}]}\n'
    )
    outside.settle(library, "odd", keep="outside")
    locked = raw.split(b"\n")[0]
    done = assign(library, "odd", {"Mara": Assignment("assistant", name="Mara")})
    assert (done.entries, done.messages, done.locked) == (4, 4, 1)
    assert path.read_bytes().split(b"\n")[0] == locked
    assert len(spoken(library, "odd")) == 4
    assert len(set(keys(library, "odd"))) == 5
    assert [(each.label, each.messages) for each in named_speakers(library, "odd")] == [("Mara", 1)]
    check_all(library, tmp_path)
    history.undo(library, "odd")
    assert spoken(library, "odd") == {}
    check_all(library, tmp_path)


def test_half_a_letter_in_a_label_does_no_harm(library, tmp_path):
    path = tmp_path / "half.jsonl"
    path.write_bytes(json.dumps(talk(1, ("Mar\ud800a", "One."), ("Finn", "\ud800"))).encode() + b"\n")
    opening.import_path(library, path)
    found = {each.label: each for each in named_speakers(library, "half")}
    assert set(found) == {"Mar\ud800a", "Finn"}
    assign(library, "half", {"Mar\ud800a": Assignment("user", name="Mara")})
    assert casting.cast_of(library, "half", uuid(1))[0].label == "Mar?a"
    check_all(library, tmp_path)


@pytest.mark.parametrize(
    ("name", "labels"),
    [
        ("harbor_tales", {"Tomas": (3, "user"), "Mara": (2, "assistant"), "Old Finn": (1, "assistant")}),
        ("market_days", {"Tomas": (1, "user"), "Mara": (1, "assistant")}),
    ],
)
def test_the_speakers_of_the_samples_are_told_right(library, tmp_path, name, labels):
    slug = opening.import_path(library, FOREIGN / f"{name}.jsonl").slug
    found = named_speakers(library, slug)
    assert {each.label: (each.messages, each.role) for each in found} == labels
    before, said = (
        library.dataset(slug).path.read_bytes(),
        {each.label: each.samples[0].text for each in found},
    )
    assign(library, slug, {each.label: Assignment(each.role, name=each.name) for each in found})
    assert named_speakers(library, slug) == []
    whole = {text: name for cast in lines(library, slug).values() for text, name in cast.items()}
    assert {whole[text] for text in said.values()} == {each.slug for each in characters.characters(library)}
    check_all(library, tmp_path)
    value = json.loads(sidecar_of(library.dataset(slug).path).read_bytes())
    turns = [turn for each in value["entry_character_mappings"] for turn in each["turns"]]
    assert {turn["source_role_label"] for turn in turns} == set(labels)
    assert {turn["training_role"] for turn in turns} == {"user", "assistant"}
    history.undo(library, slug)
    assert library.dataset(slug).path.read_bytes() == before


def test_the_speakers_of_a_large_scene_are_told_right_and_fast(library, tmp_path):
    scenes = [json.loads(line)["dialogue"] for line in HARUHI.read_bytes().split(b"\n") if line]
    values = [
        talk(number, *((turn["role"], turn["text"]) for turn in scenes[number % len(scenes)]))
        for number in range(10_000)
    ]
    opening.import_path(library, written(tmp_path / "large.jsonl", *values))
    steps = []
    began = time.perf_counter()
    found = named_speakers(library, "large", progress=lambda done, total: steps.append((done, total)))
    assert sum(each.messages for each in found) == sum(len(each["messages"]) for each in values)
    assert {each.label: each.role for each in found}["流浪者"] == "assistant"
    assert steps[-1] == (10_000, 10_000)
    assign(library, "large", {each.label: Assignment(each.role, name=each.name) for each in found})
    history.undo(library, "large")
    assert time.perf_counter() - began < 30


def test_a_cancelled_assignment_leaves_nothing_behind(library, night, tmp_path):
    def stop(done, total):
        raise Cancelled("Enough.")

    before = night.read_bytes()
    with pytest.raises(Cancelled):
        assign(library, "night", {"Kai": Assignment("user", name="Kai")}, progress=stop)
    assert night.read_bytes() == before
    assert characters.characters(library) == []
    check_all(library, tmp_path)


def test_a_dataset_that_another_program_changed_is_not_assigned(library, night):
    night.write_bytes(night.read_bytes()[:-1])
    with pytest.raises(ChangedOutside):
        assign(library, "night", {"Kai": Assignment("user")})
