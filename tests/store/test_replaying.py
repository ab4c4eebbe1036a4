"""An older file and what was done since give the present one; what does not fit gives nothing."""

from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import given, settings
from hypothesis import strategies as st

from app.domain.change import Change, ChangeSet
from app.store.datasets import content_of
from app.store.replaying import lines_of, replay
from tests.lines import between, files
from tests.workshop import line


@settings(deadline=None)
@given(st.lists(files(), min_size=1, max_size=4))
def test_what_was_done_since_leads_to_the_present_file_and_back(states):
    with TemporaryDirectory() as name:
        paths = [Path(name) / f"{number}.jsonl" for number in range(len(states))]
        for path, state in zip(paths, states, strict=True):
            path.write_bytes(state)
        changes = [between(*pair) for pair in pairwise(paths)]
        target = Path(name) / "target.jsonl"
        assert replay(paths[0], target, changes) == content_of(paths[-1])
        assert target.read_bytes() == states[-1]
        back = [each.inverted() for each in reversed(changes)]
        assert replay(paths[-1], target, back) == content_of(paths[0])
        assert target.read_bytes() == states[0]


@settings(deadline=None)
@given(files())
def test_the_lines_of_a_file_are_all_that_is_in_it(data):
    with TemporaryDirectory() as name:
        path = Path(name) / "talks.jsonl"
        path.write_bytes(data)
        with lines_of(path) as found:
            lines = [found.line(place) for place in range(len(found.digests))]
        assert found.head + b"".join(lines) == data
        assert all(each.count(b"\n") == 1 and each.endswith(b"\n") for each in lines[:-1])


def test_changes_that_do_not_fit_write_nothing(tmp_path):
    source, target = tmp_path / "talks.jsonl", tmp_path / "target.jsonl"
    source.write_bytes(line(1) + line(2))
    change = Change.replaced("x", 1, 1, line(3), line(4))
    assert replay(source, target, [ChangeSet((change,))]) == ""
    assert not target.exists()
