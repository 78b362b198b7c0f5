"""Components of a softmax, their logarithms and all derivatives: short programs that keep every digit."""

from __future__ import annotations

import mpmath
import numpy as np
import pytest

from autograd import compile, log_softmax, logsumexp, softmax, where
from autograd.program.executors import EXECUTORS
from autograd.program.passes.exponentials import shared_exponentials

POINTS = [
    [0.1, -0.3, 0.7],
    [0.0, -40.0, -745.0],
    [1000.0, 1000.0, -1000.0],
    [-700.0, -710.0, -720.0],
    [5.0],
]
EDGES = [[np.inf, 0.0, 1.0], [-np.inf, 0.0, 1.0], [-np.inf, -np.inf], [np.nan, 0.0]]


def exactly(x, i, j):
    """(sᵢ, ∂sᵢ/∂xⱼ, ln sᵢ, ∂ln sᵢ/∂xⱼ) by 400 digits."""
    with mpmath.workdps(400):
        exponentials = [mpmath.exp(mpmath.mpf(v)) for v in x]
        s = [e / mpmath.fsum(exponentials) for e in exponentials]
        along = (1 if i == j else 0) - s[j]
        return tuple(map(float, (s[i], s[i] * along, mpmath.log(s[i]), along)))


@pytest.mark.parametrize("backend", EXECUTORS)
@pytest.mark.parametrize("x", POINTS, ids=str)
def test_values_and_slopes_have_their_digits(backend, x):
    found = [compile(f, backend=backend).value_and_jacobian(np.array(x)) for f in (softmax, log_softmax)]
    for i in range(len(x)):
        for j in range(len(x)):
            got = [number for value, matrix in found for number in (value[i], matrix[i][j])]
            np.testing.assert_allclose(got, exactly(x, i, j), rtol=2e-14, atol=1e-320)


@pytest.mark.parametrize("backend", EXECUTORS)
@pytest.mark.parametrize("x", EDGES, ids=str)
@pytest.mark.parametrize("f", [softmax, log_softmax])
def test_edges_are_those_of_numbers(backend, x, f):
    np.testing.assert_array_equal(compile(f, backend=backend)(np.array(x)), f(x))


@pytest.mark.parametrize("backend", EXECUTORS)
def test_a_batch_and_second_derivatives_agree_with_the_interpreter(backend):
    x = np.random.default_rng(0).normal(size=(11, 4))

    def f(x):
        return softmax(x)[1] * log_softmax(x)[2] + logsumexp(x) * where(x[0] > 0, softmax(x)[0], 1.0)

    for question in ("__call__", "grad", "hessian"):
        asked, plain = (getattr(compile(f, in_axes=0, backend=name), question) for name in (backend, "interpreter"))
        np.testing.assert_allclose(asked(x), plain(x), rtol=1e-12, atol=1e-15)


@pytest.mark.parametrize("backend", ["numpy", "llvm"])
def test_a_hundred_components_go_by_a_tape(backend):
    if backend == "llvm":
        pytest.importorskip("llvmlite")
    x = np.random.default_rng(1).normal(size=100)
    s = np.exp(x - x.max()) / np.exp(x - x.max()).sum()
    call = compile(softmax, backend=backend)
    np.testing.assert_allclose(call.jacobian(x), np.diag(s) - np.outer(s, s), rtol=1e-13, atol=1e-17)
    assert backend == "numpy" or "tape" in call.backend


def test_n_components_take_n_exponentials_and_slopes_are_short():
    program = compile(softmax).record(np.zeros(20))
    lowered = shared_exponentials(program)
    counts = {str(o): int((lowered.code == i).sum()) for i, o in enumerate(lowered.operations)}
    assert counts == {"maximum": 19, "subtract": 20, "exp": 20, "sum": 1, "divide": 20}
    call = compile(softmax, backend="interpreter")
    call.jacobian(np.zeros(20))
    slopes = call._latest().latest_program
    assert len(slopes) < 1.2 * 20**2
    assert len(slopes.operands) < 5 * 20**2  # and not n³
    assert shared_exponentials(compile(lambda x: x * x).record(1.0)).operations
