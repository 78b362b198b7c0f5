"""What all tests share.

Hypothesis draws the same examples every run, with --thorough twice as many; no test leaves a context open, none
finds our code asking Values for `==`; and where GLASSGRAD_MAY_SKIP is set, as in CI, a skip is a failure unless its
reason has a word of it.
"""

import gc
import os
import shutil
from functools import wraps

import pytest
from hypothesis import HealthCheck, settings

from autograd import context, kept
from autograd.ops.primitive import Primitive
from autograd.program import shared
from autograd.program.builder import Builder
from autograd.program.verify import verify
from tests.support import compilers
from tests.support.comparisons import watched

os.environ.setdefault("SCIPY_ARRAY_API", "1")  # without it scikit-learn skips its checks of array API input

EXAMPLES, THOROUGH = 50, 100  # of each property


def pytest_addoption(parser):
    parser.addoption("--thorough", action="store_true", help="more examples, and the tests that take longest")


def pytest_configure(config):
    settings.register_profile(
        "repeatable",
        deadline=None,  # a loaded machine is slow, not wrong
        derandomize=True,
        database=None,
        max_examples=THOROUGH if config.getoption("thorough") else EXAMPLES,
        suppress_health_check=[HealthCheck.too_slow],
    )
    settings.load_profile("repeatable")
    if not config.getoption("thorough") and shutil.which("tcc"):
        compilers.usual = "tcc"


def pytest_collection_modifyitems(config, items):
    """Without --thorough, leave out what takes longest and repeats in another way what is tested anyhow."""
    if not config.getoption("thorough"):
        kept, left_out = [], []
        for item in items:
            (left_out if item.get_closest_marker("thorough") or repeats(item) else kept).append(item)
        config.hook.pytest_deselected(items=left_out)
        items[:] = kept


def repeats(item):
    """Whether it computes again, by rows with integrals in them, which take long, what rows that call these compute."""
    row, file = getattr(getattr(item, "callspec", None), "params", {}).get("row"), item.path.name
    if not isinstance(row, Primitive) or not ("inc" in row.name or "_density" in row.name or row.name == "beta_a"):
        return False
    if row.orders:
        return file != "test_table.py" or "second" in item.name
    return file in ("test_special_values.py", "test_executors.py", "test_targets.py") and row.name != "gammainc"


def pytest_collection_finish():
    """What the tests themselves are made of need not be walked through whenever one of them calls the collector."""
    gc.collect()
    gc.freeze()


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


@pytest.fixture(autouse=True)
def compiled_by_each_test(monkeypatch):
    """Nothing is read from or written to the user's disk, and no kernel is another test's.

    A test that plants a fault in a rule would else be handed code from before.
    """
    monkeypatch.setenv(kept.SWITCH, "off")
    shared.forget()


@pytest.fixture(autouse=True, scope="session")
def programs_verified():
    """Verify every program that any pass writes: what holds of programs holds after each of them."""
    finish = Builder.finish

    @wraps(finish)  # a test of what does not hold asks finish.__wrapped__
    def finished(self, outputs):
        program = finish(self, outputs)
        verify(program)
        return program

    Builder.finish = finished
    yield
    Builder.finish = finish


# -- skips --------------------------------------------------------------------------------------------


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item, call):
    return without_forbidden_skips((yield))


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report(collector):
    return without_forbidden_skips((yield))


def without_forbidden_skips(report):
    """The report; of a skip that is not allowed, as that of a failure."""
    allowed = os.environ.get("GLASSGRAD_MAY_SKIP")
    if allowed is not None and report.skipped and not hasattr(report, "wasxfail"):
        path, line, reason = report.longrepr
        if not any(word in reason for word in allowed.split()):
            report.outcome = "failed"
            report.longrepr = f"{path}:{line}: {reason}, but GLASSGRAD_MAY_SKIP={allowed!r}"
    return report
