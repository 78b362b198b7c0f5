"""Every NumPy function that has a meaning on Values, in every way it can be met, against NumPy on floats."""

import math

import numpy as np
import pytest

from autograd import GraphError, Value, compile, grad, hessian, jacobian, jvp
from autograd.array import ValueArray
from autograd.numpy_protocol import functions, ufuncs
from tests.support.numpy_functions import NUMPYS, OURS, QUESTIONS, UFUNCS, X

CASES = {**UFUNCS, **OURS, **NUMPYS, **QUESTIONS}
BY_NUMBERS = {*QUESTIONS, "sort", "sort in place", "partition"}
RECORDED = {name: f for name, f in CASES.items() if name not in BY_NUMBERS}
EXACT = {"sinc", "linspace", "linspace of arrays"}  # sinc has a limit at ∞; the ends are what was handed in
WEIGHTS = np.cos(np.arange(1.0, 100.0))


def weighted(f):
    """f's answer as one number, and that no element of it is overlooked."""

    def total(x):
        flat = np.ravel(f(x))
        return sum(w * element for w, element in zip(WEIGHTS, flat, strict=False))

    return total


def slopes(f, x, h=1e-6):
    """The gradient of a function of floats by central differences of NumPy's own."""
    found = np.empty(x.size)
    for i in range(x.size):
        step = np.zeros(x.size)
        step[i] = h
        step = step.reshape(x.shape)
        found[i] = (f(x + step) - f(x - step)) / (2 * h)
    return found.reshape(x.shape)


@pytest.mark.parametrize("name", CASES)
def test_value_and_gradient_are_numpys(name):
    f, seen = CASES[name], []
    value, _ = jvp(lambda x: seen.append(f(x)) or seen[0], (X,), (np.ones_like(X),))
    np.testing.assert_allclose(np.asarray(value, float), f(X), rtol=1e-13)
    assert type(value) in (np.ndarray, float)
    assert isinstance(seen[0], (ValueArray, Value)) or name in ("array of arrays", "array of scalars", "out")
    total = weighted(f)
    np.testing.assert_allclose(grad(total)(X), slopes(total, X), rtol=1e-6, atol=1e-7)


@pytest.mark.parametrize("name", CASES)
def test_second_derivatives(name):
    total = weighted(CASES[name])
    found = hessian(total)(X).reshape(6, 6)
    np.testing.assert_allclose(found, found.T, rtol=1e-9, atol=1e-12)
    along = np.cos(np.arange(6.0))
    expected = slopes(lambda x: float(np.sum(grad(total)(x) * along.reshape(X.shape))), X)
    np.testing.assert_allclose(found @ along, expected.ravel(), rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("backend", ["interpreter", "numpy", "llvm"])
def test_recorded_they_are_the_same(backend):
    pytest.importorskip("llvmlite") if backend == "llvm" else None
    totals = {name: weighted(f) for name, f in RECORDED.items()}
    p = compile(lambda x: {name: total(x) for name, total in totals.items()}, backend=backend)
    found, rows = p(X), p.jacobian(X)
    for name, total in totals.items():
        assert found[name] == pytest.approx(total(X), rel=1e-12), name
        np.testing.assert_allclose(rows[name], grad(total)(X), rtol=1e-11, atol=1e-13, err_msg=name)


def test_recorded_over_a_batch_they_are_the_same():
    samples = np.stack([X, X[::-1] + 0.05])
    totals = {name: weighted(f) for name, f in RECORDED.items()}
    found = compile(lambda x: {name: total(x) for name, total in totals.items()}, in_axes=0)(samples)
    for name, total in totals.items():
        np.testing.assert_allclose(found[name], [total(x) for x in samples], rtol=1e-12, err_msg=name)


def test_recorded_second_derivatives_are_the_same():
    def everything(x):
        return sum(weighted(f)(x) for f in RECORDED.values())

    found = compile(everything)
    np.testing.assert_allclose(found.hessian(X), hessian(everything)(X), rtol=1e-9, atol=1e-9)
    np.testing.assert_allclose(compile(grad(everything))(X), found.grad(X), rtol=1e-11)


@pytest.mark.parametrize("name", sorted(BY_NUMBERS))
def test_what_needs_numbers_is_refused_while_recording(name):
    with pytest.raises(GraphError, match=r"np\.\w+ answers by numbers that are not known"):
        compile(CASES[name])(X)


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@pytest.mark.parametrize("name", [name for name in CASES if name not in EXACT])
def test_nan_and_infinity_are_kept(name):
    f = CASES[name]
    for strange in (math.nan, math.inf):
        x = X.copy()
        x[0, 1] = strange
        try:
            expected = f(x)
        except ValueError:
            continue
        found, _ = jvp(f, (x,), (np.ones_like(x),))
        np.testing.assert_allclose(np.asarray(found, float), expected, rtol=1e-12)


def test_every_function_that_has_a_meaning_is_tried():
    tried = {name.split()[0].split(".")[0] for name in CASES} | {name.split()[0] for name in CASES}
    known = {*functions.OURS, *functions.NUMPYS, *functions.QUESTIONS}
    names = {f.__name__ for f in known if not f.__module__.startswith("numpy.linalg")}
    assert names <= tried
    assert {ufunc.__name__ for ufunc in ufuncs.MEANINGS} <= tried


def test_what_has_no_meaning_is_refused_by_name():
    from autograd import OperandError

    for refused in (np.unique, np.median, np.linalg.svd, np.fft.fft):
        with pytest.raises(OperandError, match=rf"np\.(linalg\.|fft\.)?{refused.__name__}"):
            jacobian(refused)(X)
