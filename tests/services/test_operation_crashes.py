"""A process is killed in the midst of an operation: the next start finds it done, or not begun."""

import pytest

from tests.crashing import Busy, pull_at_every_step
from tests.deeds import DEEDS

THROUGH_AND_THROUGH = ("save in place", "tag all", "import", "undo reimport", "keep ours in place")


@pytest.mark.parametrize("name", DEEDS)
def test_killed_at_every_named_step_an_operation_is_done_or_not_done(tmp_path, name):
    assert pull_at_every_step(tmp_path, name, labels=True) >= 3


@pytest.mark.parametrize("name", THROUGH_AND_THROUGH)
def test_killed_before_every_call_that_changes_the_disk_an_operation_is_done_or_not_done(tmp_path, name):
    assert pull_at_every_step(tmp_path, name) >= 18


def test_killed_at_random_under_load_nothing_that_was_done_is_lost(tmp_path):
    home = Busy(tmp_path, seed=7)
    told = [home.kill() for _ in range(40)]
    assert sum(told) > 80  # they did work
