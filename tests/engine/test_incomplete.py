"""The incomplete gamma and beta functions and their derivatives against mpmath, over their domain and in the tails."""

import itertools
import math
from collections.abc import Callable
from fractions import Fraction
from typing import Any

import mpmath
import numpy as np
import pytest
from mpmath import mp, mpf

from autograd import beta, betainc, compile, gammainc, gammaincc, grad, hessian, taylor
from autograd.check.definition import along
from autograd.ops.primitive import TABLE

inf = math.inf
SHAPES = (1e-3, 0.3, 1.0, 4.5, 10.0, 120.0, 1e4)


def near(got: float, exact: mpf, relative: float, scale: float = 0.0) -> bool:
    """To digits of the number, or of what it is around."""
    return abs(got - exact) <= relative * max(abs(exact), scale) + 1e-305


def by_its_tail(exact: mpf, relative: float) -> float:
    """What is asked of small numbers, whose logarithm has only so many digits."""
    return relative if exact > 1e-20 else 1e-11


# -- gamma ------------------------------------------------------------------------------------------


def lower(a: mpf, x: mpf) -> mpf:
    return mpmath.gammainc(a, 0, x, regularized=True)


def smaller(a: mpf, x: mpf, below: bool) -> mpf:
    """P, or 1 less than that."""
    return lower(a, x) if below else -mpmath.gammainc(a, x, regularized=True)


def moderate(a: float) -> list[float]:
    """From the lower tail to the upper one."""
    width = math.sqrt(a) + 1.0
    return [
        x for x in (1e-12, 0.2 * a, a - 6 * width, a - width, a, a + 1, a + 3 * width, a + 9 * width, 4 * a) if x > 0
    ]


def test_gammainc_and_gammaincc_are_right_to_thirteen_digits():
    with mp.workdps(50):
        for a in SHAPES:
            for x in moderate(a):
                below, above = lower(mpf(a), mpf(x)), mpmath.gammainc(mpf(a), mpf(x), regularized=True)
                assert near(gammainc(a, x), below, by_its_tail(below, 1e-13)), (a, x)
                assert near(gammaincc(a, x), above, by_its_tail(above, 1e-13)), (a, x)


def test_derivatives_of_gammainc_along_a():
    with mp.workdps(60):
        for a in SHAPES:
            for x in moderate(a):
                size = float(mp.exp(a * mp.log(x) - x) / mp.gamma(a + 1))
                for order, relative in ((1, 2e-13), (2, 2e-12)):
                    exact = along(lambda t, a=a, x=x: smaller(t, mpf(x), x <= a + 1), mpf(a), order)
                    tail = 1e-11 if abs(exact) < 1e-20 else relative
                    around = size / max(a, 1.0) if order == 2 else 0.0  # it has zeros
                    assert near(TABLE["gammainc_a"].float(float(order), a, x), exact, tail, around), (a, x, order)


# -- beta -------------------------------------------------------------------------------------------


def regular(a: mpf, b: mpf, x: mpf) -> mpf:
    """By the series of the smaller side."""
    if x > (a + 1) / (a + b + 2):
        return 1 - regular(b, a, 1 - x) if a + b < 1e4 or b > 1 else 1 - _series(b, a, 1 - x)
    return _series(a, b, x)


def _series(a: mpf, b: mpf, x: mpf) -> mpf:
    return x**a * (1 - x) ** b / (a * mp.beta(a, b)) * mp.hyp2f1(a + b, 1, a + 1, x)


PAIRS = [(a, b) for a in SHAPES for b in SHAPES if max(a, b) < 1e4 or min(a, b) > 0.1]


def inner(a: float, b: float) -> list[float]:
    mean = a / (a + b)
    width = math.sqrt(mean * (1 - mean) / (a + b + 1))
    return [x for x in (1e-12, mean - 6 * width, mean, mean + width, mean + 9 * width, 0.5) if 0 < x < 1]


def test_betainc_is_right_to_twelve_digits():
    with mp.workdps(50):
        for a, b in PAIRS:
            for x in inner(a, b):
                exact = regular(mpf(a), mpf(b), mpf(x))
                assert near(betainc(a, b, x), exact, by_its_tail(exact, 5e-13)), (a, b, x)


@pytest.mark.parametrize(("m", "n", "relative"), [(1, 0, 5e-13), (0, 1, 5e-13), (1, 1, 2e-12)])
def test_derivatives_of_betainc_along_a_and_b(m, n, relative):
    with mp.workdps(40):
        for a, b in PAIRS[::3]:
            for x in inner(a, b)[1:5:2]:
                exact = along(lambda s, b=b, x=x: along(lambda t: regular(s, t, mpf(x)), mpf(b), n), mpf(a), m)
                got = TABLE["betainc_ab"].float(float(m), float(n), a, b, x)
                around = 1e-3 * abs(TABLE["betainc_ab"].float(1.0, 0.0, a, b, x)) / max(a, b, 1.0)
                assert near(got, exact, 1e-11 if abs(exact) < 1e-20 else relative, around), (a, b, x)


# -- what they are to each other, to any executor, and at edges ----------------------------------------


def test_whole_operands_are_sums_of_fractions():
    for n in range(1, 8):
        x = Fraction(3, 8)
        tail = sum(math.comb(n + 1, k) * x**k * (1 - x) ** (n + 1 - k) for k in range(n, n + 2))
        assert betainc(float(n), 2.0, 0.375) == pytest.approx(float(tail), rel=1e-14)


@pytest.mark.parametrize("backend", ["interpreter", "numpy", "llvm"])
def test_hessians_are_compiled(backend):
    if backend == "llvm":
        pytest.importorskip("llvmlite", reason="the extra `native` is not installed")
    f = lambda v: gammainc(v[0], v[1]) * gammaincc(v[1], v[2])  # noqa: E731
    at = [2.5, 3.25, 1.75]
    exact = np.array(hessian(f)(at))
    assert np.array(compile(f, backend=backend).hessian(at)) == pytest.approx(exact, rel=1e-11, abs=1e-14)


def test_far_out_nothing_is_nan():
    for a, x in ((1e300, 1e300), (1e300, 1.0), (1.0, 1e300), (5e-324, 1.0), (1.0, 5e-324), (1e-300, 1e-300)):
        assert 0.0 <= gammainc(a, x) <= 1.0 + 2.0**-52
        assert 0.0 <= gammaincc(a, x) <= 1.0 + 2.0**-52
        assert math.isfinite(grad(gammainc)(a, x))
    assert gammaincc(1e-20, 0.5) == pytest.approx(5.597735947761608e-21, rel=1e-14)
    for a, b, x in ((1e150, 1e150, 0.5), (1e300, 1.0, 0.5), (1e-300, 1.0, 0.5), (1.0, 1e-300, 0.5), (3.0, 4.0, 5e-324)):
        assert 0.0 <= betainc(a, b, x) <= 1.0 + 2.0**-52


def slope_at_zero(a: float, rest: Callable[[mpf], mpf], order: int) -> float:
    """A derivative at 0 of xᵃ⁻¹ times a positive rest, over x and more where a is not whole."""
    if a.is_integer():
        return float(mpmath.diff(lambda x: x ** int(a - 1) * rest(x), 0, order))
    return 0.0 if a - 1 > order else math.copysign(inf, math.prod(a - 1 - k for k in range(order)))


def derivatives_at(f: Callable[[Any], Any], x: float, backend: str) -> list[float]:
    """The first to the third."""
    first, second, third = grad(f), grad(grad(f)), grad(grad(grad(f)))
    if backend == "eager":
        return [first(x), second(x), third(x)]
    return [compile(g, backend=backend)(x) for g in (first, second, third)]


EDGES = [
    (1.0, 1.0),
    (1.0, 3.0),
    (2.0, 2.0),
    (3.0, 1.0),
    (4.0, 2.5),
    (1.0, 0.5),
    (2.0, 0.5),
    (2.5, 3.0),
    (4.5, 1.0),
    (0.5, 2.0),
]


@pytest.mark.parametrize("backend", ["eager", "interpreter", "numpy", pytest.param("llvm", marks=pytest.mark.thorough)])
def test_derivatives_along_x_at_the_edges(backend):
    if backend == "llvm":
        pytest.importorskip("llvmlite", reason="the extra `native` is not installed")
    for a in sorted({a for a, _ in EDGES}):
        exact = [slope_at_zero(a, lambda x, a=a: mp.exp(-x) / mp.gamma(a), k) for k in range(3)]
        assert derivatives_at(lambda x, a=a: gammainc(a, x), 0.0, backend) == pytest.approx(exact, rel=1e-13), a
        signed = [-number for number in exact]
        assert derivatives_at(lambda x, a=a: gammaincc(a, x), 0.0, backend) == pytest.approx(signed, rel=1e-13), a
    for a, b in EDGES:
        exact = [slope_at_zero(a, lambda x, a=a, b=b: (1 - x) ** (b - 1) / mp.beta(a, b), k) for k in range(3)]
        mirrored = [number * (-1) ** k for k, number in enumerate(exact)]
        got = derivatives_at(lambda x, a=a, b=b: betainc(a, b, x), 0.0, backend)
        assert got == pytest.approx(exact, rel=1e-13, abs=1e-13), (a, b)
        got = derivatives_at(lambda x, a=a, b=b: betainc(b, a, x), 1.0, backend)
        assert got == pytest.approx(mirrored, rel=1e-13, abs=1e-13), (a, b)


def test_taylor_coefficients_at_the_edges():
    for a, b in ((1.0, 3.0), (2.0, 2.0), (3.0, 2.5)):
        exact = [slope_at_zero(a, lambda x, a=a: mp.exp(-x) / mp.gamma(a), k) / math.factorial(k + 1) for k in range(5)]
        assert taylor(lambda x, a=a: gammainc(a, x), 0.0, 5)[1:] == pytest.approx(exact, rel=1e-12), a
        rest = lambda x, a=a, b=b: (1 - x) ** (b - 1) / mp.beta(a, b)  # noqa: E731
        exact = [slope_at_zero(a, rest, k) / math.factorial(k + 1) for k in range(5)]
        assert taylor(lambda x, a=a, b=b: betainc(a, b, x), 0.0, 5)[1:] == pytest.approx(exact, rel=1e-12, abs=1e-12)


def test_mixed_derivatives_at_the_edges():
    """Along a the slope x⁰ of a = 1 falls as ln x does, along b it is 1/Β(1, b) = b."""
    of_beta, of_gamma = hessian(lambda v: betainc(*v)), hessian(lambda v: gammainc(*v))
    for b in (1.0, 2.5):
        assert of_beta([1.0, b, 0.0]) == [[0.0, 0.0, -inf], [0.0, 0.0, 1.0], [-inf, 1.0, -b * (b - 1.0)]]
        assert of_beta([b, 1.0, 1.0]) == [[0.0, 0.0, 1.0], [0.0, 0.0, -inf], [1.0, -inf, b * (b - 1.0)]]
    assert of_gamma([1.0, 0.0]) == [[0.0, -inf], [-inf, -1.0]]


def test_third_mixed_derivatives_at_the_edges():
    """Of x²b(b + 1)/2 with a = 2, of bx - x²b(b - 1)/2 with a = 1, and of xᵃ at another a."""
    bend = lambda a, b, x: hessian(lambda v: betainc(a, b, v[0]))([x])[0][0]  # noqa: E731
    for b in (0.5, 1.0, 2.5):
        assert not grad(lambda t, b=b: bend(t, b, 0.0))(1.0) < inf  # ∞, or nan where ln x of both signs is added
        assert grad(lambda t: bend(2.0, t, 0.0))(b) == pytest.approx(2.0 * b + 1.0)
        assert grad(lambda t: bend(t, 2.0, 1.0))(b) == pytest.approx(-2.0 * b - 1.0)
        assert grad(lambda t: bend(1.0, t, 0.0))(b) == pytest.approx(1.0 - 2.0 * b)
        assert grad(lambda t, b=b: bend(t, b, 0.0))(2.0) == -inf
        assert grad(lambda t, b=b: bend(t, b, 0.0))(3.5) == 0.0
        slope_along_a = [
            grad(lambda x, a=a, b=b: TABLE["beta_density"](1.0, 0.0, a, b, x)) for a in (0.5, 1.0, 1.5, 2.0, 2.5)
        ]
        assert [slope(0.0) for slope in slope_along_a] == [inf, inf, -inf, -inf, 0.0]
    curved = lambda t: hessian(lambda v: gammainc(t, v[0]))([0.0])[0][0]  # noqa: E731
    assert [grad(curved)(a) for a in (1.0, 2.0, 3.5)] == [inf, -inf, 0.0]


def test_tails_keep_their_digits_where_the_exponential_has_none():
    for a, x in ((9.0, 740.0), (9.5, 750.0), (5.0, 735.0)):
        with mpmath.workdps(60):
            exact = mpmath.gammainc(a, x, regularized=True)
            density = mpmath.mpf(x) ** (a - 1) * mpmath.exp(-x) / mpmath.gamma(a)
        assert gammaincc(a, x) == pytest.approx(float(exact), rel=1e-12, abs=1e-320)
        assert grad(gammaincc, 1)(a, x) == pytest.approx(-float(density), rel=1e-12, abs=1e-320)


def slopes_of_beta(a, b):
    """∂²Β/∂a², ∂²Β/∂a∂b."""
    a, b = mpmath.mpf(a), mpmath.mpf(b)
    along, across, psi = mpmath.psi(0, a) - mpmath.psi(0, a + b), mpmath.psi(0, b) - mpmath.psi(0, a + b), mpmath.psi
    whole = mpmath.beta(a, b)
    return whole * (along**2 + psi(1, a) - psi(1, a + b)), whole * (along * across - psi(1, a + b))


def test_third_slopes_of_beta_keep_their_digits_where_poles_cancel():
    """Once along a and twice along b, in this order."""
    for a, b in itertools.product((1e-12, 1e-5, 0.3, 9.9, 600.0), repeat=2):
        with mpmath.workdps(120):
            h = mpmath.mpf(10) ** -30
            exact = (slopes_of_beta(a, b + h * b)[1] - slopes_of_beta(a, b - h * b)[1]) / (2 * h * b)
        if abs(exact) > 1e-290:
            assert grad(grad(grad(beta, 0), 1), 1)(a, b) == pytest.approx(float(exact), rel=1e-12), (a, b)


def test_second_slopes_of_beta_keep_their_digits_where_poles_cancel():
    for a, b in itertools.product((1e-12, 1e-5, 1e-3, 0.3, 2.0, 9.9, 45.0, 1e4), repeat=2):
        with mpmath.workdps(90):
            exact = slopes_of_beta(a, b)
        if min(exact) > 1e-290:
            found = hessian(beta, (0, 1))(a, b)
            assert found[0] == pytest.approx(list(map(float, exact)), rel=2e-13), (a, b)
            assert found[1][0] == pytest.approx(found[0][1], rel=1e-15)
    assert hessian(beta, (0, 1))(1e-300, 1e-300)[0][1] == pytest.approx(2 * float(mpmath.zeta(3)), rel=1e-14)
