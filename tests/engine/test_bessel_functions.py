"""Bessel functions of arrays against mpmath, and what they are held to elsewhere, by series, against it too."""

import math

import mpmath
import numpy as np
import pytest
from mpmath import mp, mpf

import autograd
from autograd import Value, grad
from autograd.check.definition import defined
from autograd.ops.primitive import TABLE

NAMES = "j0 j1 y0 y1 i0 i1 k0 k1 i0e i1e k0e k1e".split()
SIZES = (5e-324, 1e-170, 1e-5, 0.7, 1.9999, 2.0, 3.1, 7.9999, 8.0, 9.9999, 10.0, 11.0, 40.0, 300.5, 600.0, 1e5, 1e9)


def exactly(name: str, x: float) -> mpf:
    """By mpmath alone."""
    y = getattr(mpmath, f"bessel{name[0]}")(int(name[1]), mpf(x))
    if name.endswith("e"):
        return y * mpmath.exp(-abs(mpf(x)) if name[0] == "i" else mpf(x))
    return y


@pytest.mark.parametrize("name", NAMES)
def test_every_point_is_right_to_a_few_units_in_the_last_place(name):
    """Near zeros, of the amplitude."""
    with mp.workdps(50):
        for x, y in zip(SIZES, TABLE[name].array(np.array(SIZES)).tolist(), strict=True):
            exact = exactly(name, x)
            amplitude = math.sqrt(2 / math.pi / x) if name[0] in "jy" and x > 1 else 0.0
            if abs(exact) < mpf(10) ** 308:
                assert abs(y - exact) <= 2e-15 * abs(exact) + 1e-15 * amplitude + 1e-322, x
            else:
                assert y == math.copysign(math.inf, exact)


@pytest.mark.parametrize("name", ["y0", "y1", "k0", "k1", "k0e", "k1e"])
def test_the_series_of_the_second_kind_is_what_mpmath_has(name):
    with mp.workdps(60):
        for x in (1e-5, 0.5, 2.0, 17.0, 120.0):
            assert abs(defined(TABLE[name], [mpf(x)]) / exactly(name, x) - 1) < mpf(10) ** -50


@pytest.mark.parametrize("name", ["i0e", "i1e", "k0e", "k1e"])
@pytest.mark.parametrize("x", [0.3, 3.0, 9.5, 30.0, 1e6])
def test_derivatives_of_the_scaled_ones_do_not_cancel(name, x):
    function = getattr(autograd, name)
    with mp.workdps(60):
        first, second = (
            mpmath.diff(lambda t: defined(TABLE[name], [t]), mpf(x), order, h=mpf(10) ** -12) for order in (1, 2)
        )
        assert abs(grad(function)(Value(x)).data / first - 1) < 2e-14
        assert abs(grad(grad(function))(x) / second - 1) < 4e-13
