"""Rows differentiated to order four at hard points: the walk in short; for hours: `python -m tests.walks.rows`."""

from __future__ import annotations

import math
import random
import warnings
from dataclasses import replace

import numpy as np
import pytest

from autograd import Value, compile, cospi, digamma, grad, hessian, lgamma, log, tanh
from autograd.check.definition import leading
from autograd.ops import gamma
from autograd.ops.primitive import TABLE
from tests.walks.rows import Oracle, Walker, disagreements, eager, points_of

ROWS = pytest.mark.parametrize("row", TABLE.values(), ids=TABLE.keys())
BACKENDS = ("interpreter", "numpy", "llvm")
inf, nan = math.inf, math.nan


def test_derivatives_are_those_of_the_definitions():
    tally = Walker(seed=3).walk(inf, most=1)
    assert not tally.differing, "\n".join(tally.differing)
    assert tally.asked["smooth"] > 200


def test_a_slope_that_cancels_is_found():
    def cancelling(y, x):
        return 1.0 / TABLE["sqrt"]((1.0 - x) * (1.0 + x))

    wrong = replace(TABLE["asin"], slopes=cancelling)
    assert not Oracle(wrong, (1e-20,)).right((2,)).allows(eager(wrong, (1e-20,), (0, 0)))
    assert Oracle(wrong, (1e-20,)).right((2,)).allows(eager(TABLE["asin"], (1e-20,), (0, 0)))


@pytest.mark.parametrize(("name", "at", "orders", "kind", "number"), [
    ("exp", 0.5, 3, "smooth", math.exp(0.5)), ("log", 0.0, 2, "limit", -inf), ("tanh", inf, 1, "limit", 0.0),
    ("abs", 0.0, 1, "kink", -1.0), ("log", -2.0, 2, "outside", nan), ("sin", inf, 1, "silent", -inf),
])  # fmt: skip
def test_what_is_right_is_known(name, at, orders, kind, number):
    right = Oracle(TABLE[name], (at,)).right((orders,))
    assert right.kind == kind
    assert right.low == pytest.approx(number, rel=1e-15, nan_ok=True)


@ROWS
def test_nothing_raises_or_warns_to_order_four(row, request):
    count = 60 if request.config.getoption("thorough") else 6
    points = points_of(row, random.Random(row.name))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for _ in range(count):
            at = next(points)
            slots = range(leading(row), len(at))
            for order in range(1, 5):
                assert isinstance(eager(row, at, tuple(slots[(order + i) % len(slots)] for i in range(order))), float)


@pytest.mark.parametrize("name", ["power", "xlogy", "tanh", "digamma", "log", "hardtanh", "celu", "hypot", "sinc"])
def test_every_executor_s_second_derivatives_are_eager_s(name):
    pytest.importorskip("llvmlite", reason="the extra `native` is not installed")
    wrong = disagreements(TABLE[name], 1, 40, (2,), BACKENDS)
    assert not wrong, wrong[:5]


# -- what nobody looked at --------------------------------------------------------------------------


@pytest.mark.parametrize(("function", "at", "right"), [
    (digamma, 1e16, 36.841361487904734), (digamma, 1e308, 709.1962086421661), (grad(lgamma), -1e-30, 1e30),
    (lgamma, 1e308, inf), (lgamma, 1 + 1e-9, -5.77215711838104e-10), (digamma, -1e17, nan),
    (cospi, 0.5, 0.0), (cospi, -1.5, 0.0),
])  # fmt: skip
def test_far_out_and_at_zeros(function, at, right):
    assert function(at) == pytest.approx(right, rel=4e-16, abs=0.0, nan_ok=True)


@pytest.mark.parametrize("name", ["hardtanh", "relu6", "hardsigmoid", "sinc", "tanh", "sigmoid", "erf", "softsign"])
@pytest.mark.parametrize("order", [1, 2, 3, 4])
@pytest.mark.parametrize("at", [inf, -inf])
def test_what_is_saturated_does_not_move(name, order, at):
    row = TABLE[name]
    defaults = tuple(row.defaults.values())
    assert eager(row, (at, *defaults), (0,) * order) == 0.0


@pytest.mark.parametrize("name", ["log", "log2", "log10", "log1p", "atanh", "sqrt", "asin", "acosh"])
@pytest.mark.parametrize("order", [1, 2, 3, 4])
def test_outside_of_its_domain_a_row_has_no_derivative_of_any_order(name, order):
    at = -2.0 if name != "atanh" else 2.0
    assert math.isnan(eager(TABLE[name], (at,), (0,) * order))


@pytest.mark.parametrize("at", [
    (0.0, 1.0), (0.0, 0.5), (0.0, -1.0), (0.0, 0.0), (0.0, 3.0), (1e-170, 2.0), (inf, 2.0),
])  # fmt: skip
def test_the_hessian_of_a_power_is_symmetric_and_the_same_everywhere(at):
    def f(a, b):
        return a**b

    found = hessian(f, (0, 1))(*at)
    assert found[0][1] == found[1][0]
    for backend in ("interpreter", "numpy"):
        assert compile(f, argnums=(0, 1), backend=backend).hessian(*at) == found


def test_what_underflows_in_a_power_is_not_lost_in_its_slope():
    assert hessian(lambda a, b: a**b, (0, 1))(1e-170, 2.0)[0][1] == pytest.approx(-7.818789316179756e-168, rel=1e-14)


def test_the_tails_of_tanh_to_the_last_denormal():
    assert grad(grad(grad(tanh)))(360.0) == pytest.approx(3.2515693e-312, rel=1e-4)
    assert compile(tanh).hessian(380.0) == 0.0


def test_a_constant_divisor_of_0_does_not_raise():
    assert hessian(lambda x: x / 0.0)(1.0) == 0.0
    step = compile(lambda x: 1.0 / TABLE["sin"](TABLE["greater"](0.0, x)), backend="interpreter", exact=True)
    assert step(1.0) == inf
    assert grad(log)(Value(0.0)).data == inf


def test_square_roots_as_powers_are_c_s():
    for backend in (None, "interpreter", "numpy"):
        f = compile(lambda x: x**0.5, backend=backend) if backend else lambda x: Value(x) ** 0.5
        root, zero = (float(getattr(f(x), "data", f(x))) for x in (-inf, -0.0))
        assert root == inf
        assert math.copysign(1.0, zero) == 1.0


def test_polygamma_of_arrays_takes_each_order_that_occurs():
    orders, at = [0.0, 1.0, 2.0, 0.5, -1.0, 151.0, nan, 1.0], [2.5, -1.5, 3.0, 1.0, 1.0, 1.0, 1.0, 0.0]
    got = TABLE["polygamma"].array(np.array(orders), np.array(at)).tolist()
    assert got == pytest.approx(
        [gamma.polygamma(n, x) for n, x in zip(orders, at, strict=True)], rel=1e-15, nan_ok=True
    )
