"""Hours of pulling plugs in minutes: every kind of operation at every step, and many times under load."""

import pytest

from tests.crashing import Busy, pull_at_every_step
from tests.deeds import DEEDS

pytestmark = pytest.mark.soak


@pytest.mark.parametrize("name", DEEDS)
def test_killed_before_every_call_that_changes_the_disk_an_operation_is_done_or_not_done(tmp_path, name):
    print(f"{name}: {pull_at_every_step(tmp_path, name)} kills")


@pytest.mark.parametrize("seed", range(5))
def test_killed_at_random_under_load_nothing_that_was_done_is_lost(tmp_path, seed):
    home = Busy(tmp_path, seed)
    print(f"{sum(home.kill() for _ in range(60))} operations, 60 kills")
