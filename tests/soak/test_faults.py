"""Every call refused, for every reason, once and for good, in every kind of operation."""

import errno

import pytest

from tests.deeds import DEEDS
from tests.refusing import refuse_every_call

pytestmark = pytest.mark.soak


@pytest.mark.parametrize("lasting", [False, True])
@pytest.mark.parametrize("reason", [errno.ENOSPC, errno.EACCES, errno.EIO])
@pytest.mark.parametrize("name", DEEDS)
def test_a_call_that_is_refused_changes_nothing_or_is_made_up_for(tmp_path, name, reason, lasting):
    print(name, refuse_every_call(tmp_path, name, (reason,), lasting=lasting))
