"""Files of every form come out as records, with their place, and with nothing lost."""

import gzip
import json
import os
import tracemalloc
from io import BytesIO
from itertools import pairwise
from pathlib import Path
from zipfile import ZIP_DEFLATED, ZipFile

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.entry import NotJson, loads
from app.errors import AppError, NotFound, Refused
from app.store import decoding
from app.store import records as module
from app.store.records import DamagedFile, NoText, UnknownEncoding, open_records

SAMPLES = Path(os.environ.get("ROLETHREAD_SAMPLES") or Path(__file__).parents[3] / "shared" / "samples")
SUITE = sorted((SAMPLES / "json-test-suite" / "test_parsing").glob("*.json"))
needs_samples = pytest.mark.skipif(not SUITE, reason=f"the sample files are not at {SAMPLES}")

ONE = {"messages": [{"role": "user", "content": "Olá, 世界"}]}
TWO = {"conversations": [{"from": "human", "value": "Hi"}], "id": 2}
LINES = [json.dumps(value, ensure_ascii=False).encode() for value in (ONE, TWO)]


@pytest.fixture
def read(tmp_path):
    """Write a file, read it, and give back form, records and notes."""

    def reading(content, **options):
        path = tmp_path / "file"
        path.write_bytes(content)
        with open_records(path, **options) as reader:
            return reader.form, list(reader), reader.notes

    return reading


def values(records):
    assert [record.error for record in records] == [""] * len(records)
    assert not any({10, 13} & set(record.raw) for record in records)
    return [loads(record.raw) for record in records]


def pretty(value):
    return json.dumps(value, indent=2, ensure_ascii=False).encode()


@pytest.mark.parametrize(
    ("content", "form"),
    [
        (b"\n".join(LINES), "jsonl"),
        (b"\n".join(LINES) + b"\n", "jsonl"),
        (b"\r\n".join(LINES) + b"\r\n", "jsonl"),
        (b"\n \n" + b"\n\n\n".join(LINES) + b"\n\t\n", "jsonl"),
        (pretty([ONE, TWO]), "array"),
        (json.dumps([ONE, TWO]).encode(), "array"),
        (b"[\n" + b",\n".join(LINES) + b"\n]\n", "array"),
        (b"[" + b"\n,".join(LINES) + b"]", "array"),
        (pretty([ONE, TWO]).replace(b"\n", b"\r\n"), "array"),
        (pretty({"version": 1, "data": [ONE, TWO], "by": [{}]}), "wrapped"),
        (json.dumps({"version": 1, "train": [ONE, TWO], "by": [{}]}).encode(), "wrapped"),
        (pretty({"version": 1, "items": [ONE, TWO], "by": [{}]}), "wrapped"),
        (pretty({"version": 1, "conversations": [ONE, TWO], "by": [{}]}), "wrapped"),
        (b'{"version": 1, "by": [{}], "data": [\n' + b",\n".join(LINES) + b"\n]}", "wrapped"),
        (pretty(ONE) + b"\n" + pretty(TWO), "object"),
    ],
)
@pytest.mark.parametrize(
    "pack",
    [
        bytes,
        lambda content: b"\xef\xbb\xbf" + content,
        lambda content: content.decode().encode("utf-16"),
        lambda content: b"\xfe\xff" + content.decode().encode("utf-16-be"),
        lambda content: b"\xff\xfe\0\0" + content.decode().encode("utf-32-le"),
        gzip.compress,
        lambda content: gzip.compress(content[:9]) + gzip.compress(content[9:]) + bytes(20),
        lambda content: gzip.compress(gzip.compress(b"\xff\xfe" + content.decode().encode("utf-16-le"))),
    ],
)
def test_every_form_in_every_packing_gives_the_same_records(read, content, form, pack):
    found, records, notes = read(pack(content))
    assert values(records) == [ONE, TWO]
    assert found == form
    others = "The object around the records has other keys, which were left out: “version”, “by”."
    assert notes == ([others] if form == "wrapped" else [])


@pytest.mark.parametrize("content", [pretty(TWO), LINES[1], LINES[1] + b"\n\n"])
def test_one_object_is_one_record(read, content):
    form, records, _ = read(content)
    assert (form, values(records)) == ("object", [TWO])


@pytest.mark.parametrize(
    "value",
    [
        {"conversations": [{"from": "human", "value": "Hi"}]},
        {"items": [{"speaker": "Mara", "text": "Hi"}]},
        {"data": ["question", "answer"]},
        {"data": []},
        {"data": [{"x": 1}], "messages": [{"role": "user", "content": "Hi"}]},
    ],
)
def test_an_object_with_turns_is_no_wrapper(read, value):
    for content in (pretty(value), json.dumps(value).encode()):
        form, records, _ = read(content)
        assert (form, values(records)) == ("object", [value])


@pytest.mark.parametrize(
    "content", [b"", b" \n\r\n\t ", b"\xef\xbb\xbf", b"\xff\xfe", gzip.compress(b"", mtime=0)]
)
def test_an_empty_file_has_no_records(read, content):
    assert read(content) == ("jsonl", [], [])


def test_a_record_knows_its_line_and_its_byte(read):
    content = b"\xef\xbb\xbf\n" + LINES[0] + b"\r\n\r\n" + LINES[1]
    _, records, _ = read(content)
    assert [(record.number, record.offset) for record in records] == [(2, 4), (4, content.index(LINES[1]))]
    content = b"\n" + pretty([ONE, TWO])
    _, records, _ = read(content)
    assert [record.number for record in records] == [3, 11]
    assert [record.offset for record in records] == [content.index(b"{"), content.index(b'{\n    "conv')]


def test_odd_lines_keep_their_bytes(read):
    odd = [
        "no JSON\u2028at\u0085all\x0b\x0c".encode(),
        b"\0\0",
        b"[1, 2]",
        b'"text"',
        b"\xff\xfe{}",
        b"[{",
        b"}",
    ]
    _, records, _ = read(b"\n".join([*LINES, *odd, *LINES]))
    assert [record.raw for record in records] == [*LINES, *odd, *LINES]


def test_a_broken_first_line_does_not_hide_the_good_ones(read):
    for broken in (b'["a",', b'{"a": [', b"[1]", b"x" * 5000, b'[{"a"'):
        form, records, _ = read(broken + b"\n" + LINES[0])
        assert form == "jsonl"
        assert [record.raw for record in records] == [broken, LINES[0]]


def test_what_follows_the_end_is_kept(read):
    _, records, _ = read(pretty([ONE]) + b"\nmore\nand more")
    assert [record.raw for record in records[1:]] == [b"more\nand more"]
    assert records[1].error == "there is more after the end of the array"
    _, records, _ = read(pretty(ONE) + b"\nmore\n")
    assert [record.raw for record in records[1:]] == [b"more"]
    assert records[1].error == "there is more after the end of the object"


def test_a_broken_wrapper_keeps_its_rest(read):
    form, records, notes = read(b'{\n"data": [' + LINES[0] + b'],\n "x": {"y": 1]}\n')
    assert form == "wrapped"
    assert [record.raw for record in records] == [LINES[0], b'{"y": 1]}']
    assert notes == [
        "The object around the records is broken: its brackets do not match.",
        "The object around the records has other keys, which were left out: “x”.",
    ]


def test_a_first_line_longer_than_the_head_is_a_record_too(read, monkeypatch):
    monkeypatch.setattr(decoding, "BLOCK_SIZE", 64)
    monkeypatch.setattr(module, "_HEAD_BYTES", 100)
    first = b"{" + b'"a": 1, ' * 40 + b'"b": 2}'
    form, records, _ = read(first + b"\n" + b"\n".join(LINES))
    assert form == "object"
    assert [record.raw for record in records] == [first, *LINES]
    assert [record.number for record in records] == [1, 2, 3]


def test_a_wrapper_longer_than_the_head_is_one_too(read, monkeypatch):
    monkeypatch.setattr(decoding, "BLOCK_SIZE", 64)
    monkeypatch.setattr(module, "_HEAD_BYTES", 150)
    form, records, _ = read(b'{"data": [' + b",".join(LINES) + b"]}")
    assert (form, values(records)) == ("wrapped", [ONE, TWO])


def test_a_line_longer_than_we_hold_comes_in_rejected_pieces(read, monkeypatch):
    monkeypatch.setattr(module, "LONGEST", 300_000)
    long = b"x" * 1_000_000
    _, records, _ = read(b"\n".join([*LINES, long, *LINES]))
    pieces = records[2:-2]
    assert b"".join(piece.raw for piece in pieces) == long
    assert {piece.number for piece in pieces} == {3}
    assert all(piece.error for piece in pieces)
    assert len(pieces) > 1
    assert values(records[:2]) == values(records[-2:])


@pytest.mark.parametrize(("encoding", "text"), [("cp1252", "Você é só meu"), ("shift_jis", "これは物語です")])
def test_another_encoding_is_guessed_and_read_when_confirmed(read, encoding, text):
    lines = [
        json.dumps({"messages": [{"role": "user", "content": text + str(n)}]}, ensure_ascii=False)
        for n in range(9)
    ]
    content = "\n".join(lines).encode(encoding)
    with pytest.raises(UnknownEncoding) as refusal:
        read(content)
    assert refusal.value.details["guess"]
    assert refusal.value.details["sample"]
    assert "again" in refusal.value.hint
    _, records, _ = read(content, encoding=encoding)
    assert [record.raw.decode() for record in records] == lines
    _, records, _ = read(content, encoding="utf-8")
    assert b"".join(record.raw for record in records) == content.replace(b"\n", b"")


def test_another_encoding_is_seen_in_arrays_and_objects_too(read):
    for value in ([{"a": "é"}, {"a": "è"}], {"a": "é"}, {"data": [{"a": "é"}, {"b": "è"}]}):
        content = pretty(value).decode().encode("cp1252")
        with pytest.raises(UnknownEncoding):
            read(content)
        assert read(content, encoding="cp1252")[1]


def test_a_few_lines_that_are_no_utf8_are_records_to_be_rejected(read):
    bad = b'{"a": "\xe9"}'
    _, records, _ = read(b"\n".join([bad, LINES[0], bad, LINES[1], LINES[0]]))
    assert [record.raw for record in records] == [bad, LINES[0], bad, LINES[1], LINES[0]]
    _, records, _ = read(b"[" + b",".join([bad, *LINES]) + b"]")
    assert [record.raw for record in records] == [bad, *LINES]


def test_utf16_without_a_mark_is_a_guess_to_confirm(read):
    content = LINES[0].decode().encode("utf-16-be")
    with pytest.raises(UnknownEncoding) as refusal:
        read(content)
    assert refusal.value.details["guess"] == "utf-16-be"
    assert values(read(content, encoding="utf-16-be")[1]) == [ONE]


def zipped(*names):
    packed = BytesIO()
    with ZipFile(packed, "w", ZIP_DEFLATED) as archive:
        for name in names:
            archive.writestr(name, LINES[0] * 50)
    return packed.getvalue()


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + bytes(range(256)), "a PNG picture"),
        (b"\xff\xd8\xff\xe0\0\x10JFIF" + bytes(range(256)), "a JPEG picture"),
        (zipped("talks.jsonl"), "a ZIP archive"),
        (zipped("[Content_Types].xml", "xl/workbook.xml"), "an Excel workbook"),
        (b"SQLite format 3\0" + bytes(84), "an SQLite database"),
        (b"PAR1" + bytes(range(256)), "a Parquet file"),
        (gzip.compress(zipped("talks.jsonl")), "a ZIP archive"),
        (b"\x7fELF\xfe\0\0\0" + bytes(range(256)), "bytes that no text has"),
    ],
)
def test_what_is_no_text_is_told_from_an_unknown_encoding(read, content, words):
    with pytest.raises(NoText) as refusal:
        read(content)
    assert refusal.value.message.startswith("The file is no text: it ")
    assert words in refusal.value.message
    assert "guess" not in refusal.value.details
    assert refusal.value.hint


def test_a_zero_in_one_line_spoils_that_line_alone(read):
    _, records, _ = read(b"\n".join([LINES[0], b'{"a": "\0\xff"}', LINES[1]]))
    assert values([records[0], records[2]]) == [ONE, TWO]


def test_what_utf16_cannot_say_spoils_its_line_alone(read):
    good = "\n".join(line.decode() for line in LINES)
    content = "\ufeff".encode("utf-16-le") + f"{good}\n".encode("utf-16-le") + b"\x00\xd8\n\0" + b"x"
    _, records, _ = read(content)
    assert values(records[:2]) == [ONE, TWO]
    assert len(records) == 4
    for record in records[2:]:
        with pytest.raises(NotJson, match="not UTF-8"):
            loads(record.raw)


@pytest.mark.parametrize("name", ["no-such-encoding", "hex", "rot13", "undefined"])
def test_an_encoding_nobody_knows_is_refused(read, name):
    with pytest.raises(Refused, match="no text encoding that we know"):
        read(LINES[0], encoding=name)


@pytest.mark.parametrize(
    "spoil", [lambda packed: packed[:-9], lambda packed: packed[:-4] + b"abcd", lambda p: p + b"x"]
)
def test_damaged_packing_says_how_many_records_were_read(read, spoil):
    content = os.urandom(300_000).hex().encode()
    packed = gzip.compress(b"\n".join([*LINES * 400, b'"' + content + b'"', LINES[0]]) + b"\n")
    with pytest.raises(DamagedFile) as refusal:
        read(spoil(packed))
    assert 800 <= refusal.value.details["records"] <= 802
    assert str(refusal.value.details["records"]) in refusal.value.message


def test_packing_that_breaks_at_once_is_refused_too(read):
    with pytest.raises(DamagedFile) as refusal:
        read(b"\x1f\x8b nonsense")
    assert refusal.value.details["records"] == 0


def test_what_is_no_file_is_refused(tmp_path):
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    for path, kind, words in [
        (tmp_path, Refused, "a folder"),
        (tmp_path / "absent.jsonl", NotFound, "There is no file"),
        (pipe, Refused, "no regular file"),
        (tmp_path / "nul\0", NotFound, "There is no file"),
        (tmp_path / ("x" * 300), AppError, "cannot be opened"),
    ]:
        with pytest.raises(kind, match=words), open_records(path):
            pass


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read every file")
def test_a_file_that_may_not_be_read_is_refused(tmp_path):
    path = tmp_path / "locked.jsonl"
    path.write_bytes(LINES[0])
    path.chmod(0)
    with pytest.raises(Refused, match="may not be read"), open_records(path):
        pass


class Cancelled(Exception):
    """What a job raises to stop."""


@pytest.mark.parametrize("pack", [bytes, gzip.compress])
def test_progress_counts_the_bytes_of_the_file_and_can_stop_it(tmp_path, pack):
    path = tmp_path / "file"
    path.write_bytes(pack(b"".join(os.urandom(500).hex().encode() + b"\n" for _ in range(2000))))
    size = path.stat().st_size
    seen = []
    with open_records(path, progress=lambda done, total: seen.append((done, total))) as reader:
        assert len(list(reader)) == 2000
    assert seen[-1] == (size, size)
    assert seen == sorted(set(seen))
    steps = {later[0] - sooner[0] for sooner, later in pairwise(seen[:-1])}
    assert steps == {256 * 1024}

    def stop(done, total):
        if done == total:
            raise Cancelled

    with pytest.raises(Cancelled), open_records(path, progress=stop) as reader:
        list(reader)


def test_memory_does_not_grow_with_the_file(tmp_path):
    def write(name, before, between, after):
        path = tmp_path / name
        line = json.dumps({"messages": [{"role": "user", "content": "x" * 3000}]}).encode()
        with path.open("wb") as file:
            file.write(before + line)
            for _ in range(20_000):
                file.write(between + line)
            file.write(after)
        return path

    paths = [
        write("lines", b"", b"\n", b""),
        write("array", b"[\n  ", b",\n  ", b"]"),
        write("wrapped", b'{"data": [', b", ", b"]}"),
    ]
    for path in paths:
        assert path.stat().st_size > 60_000_000
        tracemalloc.start()
        with open_records(path) as reader:
            count = sum(1 for _ in reader)
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert count == 20_001
        assert peak < (40_000_000 if path.name == "wrapped" else 4_000_000)  # a wrapper's head is 8 MiB


@given(st.lists(st.binary(max_size=30)), st.sampled_from([b"\n", b"\r\n"]))
def test_lines_of_any_bytes_come_out_whole(tmp_path_factory, lines, end):
    path = tmp_path_factory.mktemp("any") / "file"
    lines = [LINES[0], LINES[1], *(line.replace(b"\n", b"").rstrip(b"\r") for line in lines)]
    path.write_bytes(end.join(lines))
    with open_records(path, encoding="utf-8") as reader:
        assert [record.raw for record in reader] == [line for line in lines if line.strip()]


PIECES = [
    b'{"a": 1}',
    b'"data":',
    b'"messages": [',
    b"[",
    b"]",
    b"{",
    b"}",
    b",",
    b'"',
    b"\\",
    b"\n",
    b"\r\n",
    b" ",
    b"7",
]


@given(
    st.lists(st.sampled_from(PIECES) | st.binary(max_size=3), max_size=30).map(b"".join),
    st.sampled_from([None, "utf-8", "cp1252", "utf-16"]),
)
def test_any_bytes_are_read_or_refused_in_words(tmp_path_factory, content, encoding):
    path = tmp_path_factory.mktemp("any") / "file"
    path.write_bytes(content)
    try:
        with open_records(path, encoding=encoding) as reader:
            records = list(reader)
    except (UnknownEncoding, DamagedFile):
        return
    places = [(record.offset, record.offset + len(record.raw)) for record in records]
    assert all(end <= start for (_, end), (start, _) in pairwise(places))
    assert all(record.raw.strip() for record in records)
    if encoding == "utf-8" and reader.form in ("jsonl", "object"):
        assert b"".join(b"".join(record.raw for record in records).split()) == b"".join(
            content.removeprefix(b"\xef\xbb\xbf").split()
        )


@needs_samples
@pytest.mark.parametrize("path", SUITE, ids=lambda path: path.name)
def test_bad_input_goes_through_whole_as_a_file(path):
    content = path.read_bytes()
    with open_records(
        path, encoding=None if content[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8"
    ) as reader:
        records = list(reader)
    accepted = [
        record for record in records if not record.error and isinstance(value_or_none(record.raw), dict)
    ]
    if path.name.startswith("n_"):
        assert accepted == [] or len(records) > len(accepted) or reader.notes
    if content[:2] not in (b"\xff\xfe", b"\xfe\xff"):
        kept = bytearray(content.removeprefix(b"\xef\xbb\xbf"))
        for record in records:
            at = record.offset - (len(content) - len(kept))
            assert kept[at : at + len(record.raw)].translate(SPACES) == record.raw.translate(SPACES)
            kept[at : at + len(record.raw)] = b" " * len(record.raw)
        assert bytes(kept).translate(SPACES).strip(b" ,[]") == b""
    try:
        with open_records(path) as reader:
            assert [record.raw for record in reader] == [record.raw for record in records]
    except UnknownEncoding:
        with pytest.raises(UnicodeDecodeError):
            content.decode("utf-8")


SPACES = bytes.maketrans(b"\r\n\t\x0c", b"    ")


def value_or_none(raw):
    try:
        return loads(raw)
    except NotJson:
        return None


@needs_samples
@pytest.mark.parametrize("path", SUITE, ids=lambda path: path.name)
def test_bad_input_goes_through_whole_as_a_line_between_good_ones(read, path):
    content = path.read_bytes()
    form, records, notes = read(b"\n".join([*LINES, content, *LINES]))
    assert (form, notes) == ("jsonl", [])
    middle = [line.removesuffix(b"\r") for line in content.split(b"\n")]
    assert [record.raw for record in records] == [*LINES, *(line for line in middle if line.strip()), *LINES]


@needs_samples
@pytest.mark.parametrize("path", SUITE, ids=lambda path: path.name)
def test_bad_input_as_the_content_of_a_message_stays_where_it_is(read, path):
    content = path.read_bytes().replace(b"\n", b" ").replace(b"\r", b" ")
    line = b'{"messages": [{"role": "user", "content": ' + content + b"}]}"
    _, records, _ = read(b"\n".join([*LINES, line]))
    assert [record.raw for record in records] == [*LINES, line]


@needs_samples
@pytest.mark.parametrize(
    ("name", "form", "count"),
    [
        ("llama-factory/glaive_toolcall_en_demo.json", "array", 300),
        ("llama-factory/v1_multimodal_demo.jsonl", "jsonl", 24),
        ("axolotl/conversation.json", "object", 1),
        ("axolotl/alpaca.json", "array", 2),
        ("gpteacher/roleplay-simple-deduped-roleplay-instruct.json", "array", 1923),
        ("openai-cookbook/toy_chat_fine_tuning.jsonl", "jsonl", 5),
        ("rolethread-lite/native/harbor_tales.jsonl", "jsonl", 12),
        ("wyra/good.jsonl", "jsonl", 3),
        ("chat-haruhi/baizhantang_dialogue.jsonl", "jsonl", 166),
    ],
)
def test_real_files_have_the_records_that_they_are_known_to_have(name, form, count):
    with open_records(SAMPLES / name) as reader:
        found = values(list(reader))
    assert (reader.form, len(found), reader.notes) == (form, count, [])
    if not name.endswith("jsonl"):
        whole = json.loads((SAMPLES / name).read_text(encoding="utf-8"))
        assert found == (whole if form == "array" else [whole])
