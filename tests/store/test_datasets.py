"""A dataset file by its lines: what stands around them, and the hash that tells one content from another."""

from hypothesis import given
from hypothesis import strategies as st

from app.domain.entry import digest
from app.store.datasets import BOM, Framing, content_hash, content_of, framing, lines, signature

texts = st.lists(
    st.text(st.characters(exclude_characters="\n", codec="utf-8"), max_size=4).map(str.encode), max_size=5
)
heads = st.sampled_from([b"", BOM])


@given(heads, texts, st.booleans())
def test_lines_and_head_are_the_whole_file(tmp_path_factory, head, parts, closed):
    path = tmp_path_factory.mktemp("file") / "talks.jsonl"
    data = head + b"\n".join(parts) + b"\n" * closed
    path.write_bytes(data)
    with path.open("rb") as file:
        frame = framing(file)
        found = list(lines(file, len(frame.head)))
    assert frame.head + b"".join(found) == data
    assert frame.head == (BOM if data.startswith(BOM) else b"")
    assert frame.closed == (data == frame.head or data.endswith(b"\n"))
    assert all(line.count(b"\n") == 1 for line in found[:-1])
    assert content_of(path) == content_hash(frame.head, map(digest, found))


def test_the_first_line_says_how_lines_end_however_long_it_is(tmp_path):
    path = tmp_path / "talks.jsonl"
    for first in (b"x", b"x" * (1 << 20), b"x" * ((1 << 20) - 1), b""):
        path.write_bytes(first + b"\r\nsecond\n")
        with path.open("rb") as file:
            assert framing(file) == Framing(b"", b"\r\n", True)


def test_other_content_has_another_hash(tmp_path):
    contents = [b"", b"\n", b"\n\n", BOM, BOM + b"\n", b"a\nb\n", b"b\na\n", b"a\nb", b"ab\n", b"a\r\nb\n"]
    hashes = []
    for number, data in enumerate(contents):
        path = tmp_path / str(number)
        path.write_bytes(data)
        hashes.append(content_of(path))
    assert len(set(hashes)) == len(contents)
    assert content_of(tmp_path / "nowhere") == signature(tmp_path / "nowhere") == ""
