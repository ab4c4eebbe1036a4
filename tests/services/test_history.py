"""What the history refuses, and how it says so."""

import pytest

from app.errors import NotFound
from app.services import history


@pytest.mark.parametrize("number", [99, 0, -1, 2**63 - 1, 2**63, -(2**63) - 1, 99999999999999999999])
@pytest.mark.parametrize("act", [history.undo, history.restore, history.changes])
def test_a_number_that_no_operation_has_is_said_to_be_none(library, talks, act, number):
    with pytest.raises(NotFound, match=f"There is no operation {number} on talks"):
        act(library, "talks", number)
