"""Many long lives of a dataset beside a plain list of lines, as in the test of its history."""

import pytest
from hypothesis import HealthCheck, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.services.test_history_properties import Life


@pytest.mark.soak
def test_any_sequence_of_operations_keeps_file_registry_and_index_at_one():
    run_state_machine_as_test(
        Life,
        settings=settings(
            max_examples=120,
            stateful_step_count=40,
            deadline=None,
            report_multiple_bugs=False,
            suppress_health_check=list(HealthCheck),
        ),
    )
