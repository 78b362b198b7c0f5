"""check_grad: it must pass what is right and find what is wrong, and say where and by how much."""

import math

import numpy as np
import pytest

import autograd as ag
from autograd import WrongGradientError, check_grad
from autograd.check import ridders
from autograd.errors import ArgumentError


@pytest.mark.parametrize(
    ("f", "at", "slope"),
    [(math.sin, 0.3, math.cos(0.3)), (math.exp, 3.0, math.exp(3.0)), (lambda x: x**5, -2.0, 80.0), (math.tanh, 0, 1.0)],
)
def test_the_differences_themselves_are_good(f, at, slope):
    numeric, uncertainty = ridders(f, at)
    assert numeric == pytest.approx(slope, rel=1e-9)
    assert abs(numeric - slope) <= 10 * uncertainty + 1e-10


def test_a_right_gradient_passes_in_every_structure():
    assert check_grad(lambda x, y: ag.tanh(x) * y**2, 0.3, 2.0)
    assert check_grad(lambda p: p["w"][0] * ag.exp(p["b"]), {"w": [2.0, 1.0], "b": -1.0})
    assert check_grad(lambda v: ag.sum(ag.sigmoid(v) * v), np.array([[0.1, 2.0], [-3.0, 0.5]]))
    assert check_grad(lambda x: x**3, 2.0, gradient=lambda x: 3 * x**2)
    assert check_grad(lambda x: x**3, 2.0, gradient=12.0)


def test_a_wrong_derivative_is_found_named_and_measured():
    # the slip on the lecture's last slide: the square outside the parenthesis
    report = check_grad(
        lambda w: ag.tanh(w[0]) + ag.square(w[1]),
        [0.5, 3.0],
        gradient=lambda w: [(1 - ag.tanh(w[0])) ** 2, 2 * w[1]],
    )
    assert not report
    (wrong,) = report.wrong
    assert wrong.where == "w[0]" and wrong.at == 0.5
    assert wrong.error == pytest.approx((1 - math.tanh(0.5)) ** 2 - (1 - math.tanh(0.5) ** 2), rel=1e-6)
    assert "1 of 2 derivatives are off" in str(report)
    with pytest.raises(WrongGradientError, match=r"w\[0\]"):
        report.raise_if_wrong()


@pytest.mark.parametrize("slip", [1 + 1e-4, -1.0, 0.0, math.nan, math.inf])
def test_every_kind_of_slip_is_found(slip):
    assert not check_grad(lambda x: ag.sin(x), 0.7, gradient=lambda x: math.cos(x) * slip)


def test_keys_and_shapes_are_compared_before_numbers():
    def f(p):
        return p["a"] * p["b"] ** 2

    at = {"a": 2.0, "b": 3.0}
    assert check_grad(f, at, gradient={"b": 12.0, "a": 9.0}).ok
    with pytest.raises(ArgumentError, match=r"a dict of \['a', 'b'\], got a dict of \['x', 'y'\]"):
        check_grad(f, at, gradient={"x": 9.0, "y": 12.0})
    W = np.arange(6.0).reshape(2, 3)
    assert check_grad(lambda W: ag.sum(W * W), W, gradient=lambda W: (2 * W).tolist()).ok
    with pytest.raises(ArgumentError, match=r"shape \(2, 3\), got numbers of shape \(3, 2\)"):
        check_grad(lambda W: ag.sum(W * W), W, gradient=lambda W: 2 * W.T)
    with pytest.raises(ArgumentError, match="got NoneType None"):
        check_grad(lambda x, y: x * y, 1.0, 2.0, gradient=lambda x, y: None)


def test_mistakes_are_named():
    with pytest.raises(ArgumentError, match="no point"):
        check_grad(lambda x: x)
    with pytest.raises(ArgumentError, match=r"expected numbers of shape \(2,\), got numbers of shape \(1,\)"):
        check_grad(lambda v: v[0] * v[1], [1.0, 2.0], gradient=[1.0])
    with pytest.raises(ArgumentError, match="2 numbers"):
        check_grad(lambda x: [x, x], 1.0)
