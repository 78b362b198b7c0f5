"""What all tests share.

Hypothesis draws the same examples every run, no test leaves a context open, and none finds our code asking Values
for `==`.
"""

import pytest
from comparisons import watched
from hypothesis import HealthCheck, settings

from autograd import context

settings.register_profile(
    "repeatable",
    deadline=None,  # a loaded machine is slow, not wrong
    derandomize=True,
    database=None,
    max_examples=200,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile("repeatable")


@pytest.fixture(autouse=True)
def no_open_context():
    """Fail the test that leaves a `no_grad` or `scope` block open for the next one."""
    yield
    assert context.current_label() is None
    assert context.is_recording()
    assert not context.unusual


@pytest.fixture(autouse=True, scope="session")
def nodes_told_apart():
    """Fail where our packages look for a node among others by its number."""
    with watched():
        yield
