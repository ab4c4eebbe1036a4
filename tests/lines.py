"""Files of ordinary and odd lines for property tests, and what leads from one to another."""

from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

from hypothesis import strategies as st

from app.domain.change import ChangeSet
from app.domain.transition import Side, transition
from app.store.datasets import signature
from app.store.index import Index
from app.store.replaying import Lines, lines_of
from app.store.staging import Layout, Written, follow, stage
from tests.workshop import line

ODD = [
    b"",
    b" \t",
    b"{broken",
    b"[1, 2]",
    b'"\xff"',
    b'{"messages": [{"role": "user", "content": "no id"}]}',
    b'{"messages": [{"role": "user", "content": "no id"}], "tags": ["calm", "Calm", "new"]}',
]
bodies = st.sampled_from(ODD) | st.builds(
    lambda number, tags: line(number, tags=tags)[:-1],
    st.integers(0, 4),
    st.lists(st.sampled_from(["calm", "storm"]), unique=True),
)


@st.composite
def files(draw):
    """The bytes of a file: perhaps with a mark before its lines, with either line end, closed or not."""
    newline = draw(st.sampled_from([b"\n", b"\n", b"\r\n"]))
    whole = newline.join([*draw(st.lists(bodies, max_size=8)), b""])
    head = draw(st.sampled_from([b"", b"", b"\xef\xbb\xbf"]))
    return head + (whole if draw(st.booleans()) else whole.removesuffix(newline))


def between(before: Path, after: Path) -> ChangeSet:
    """What turns the content of one file into that of another."""
    with ExitStack() as stack:
        old, new = (stack.enter_context(lines_of(path)) for path in (before, after))
        return transition(_side(old), _side(new)).headed(old.head, new.head)


def _side(lines: Lines) -> Side:
    return Side(lines.digests, lines.line, lambda raw: raw[:30].hex())


def staged(index: Index, path: Path, changes: ChangeSet, draft: Path) -> Written:
    """The changed version of a file beside it, cut and put together by what the index says."""
    with index.connect() as connection, path.open("rb") as file:
        return stage(draft, file.fileno(), Layout.of(connection, index.summary()), changes)


def moved_along(index: Index, path: Path, changes: ChangeSet, draft: Path) -> None:
    """Change a file, and its index with it."""
    written = staged(index, path, changes, draft)
    draft.replace(path)
    old = index.summary()
    summary = replace(
        old, signature=signature(path), content=written.content, lines=written.lines, size=written.size
    )
    follow(index, path, changes, written, summary)
