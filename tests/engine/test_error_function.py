"""erf and erfc of arrays against mpmath, and against the C library at the edges."""

import math
import warnings

import mpmath
import numpy as np
import pytest

from autograd.ops import table

erf, erfc = table.erf.array, table.erfc.array

POINTS = np.concatenate([np.linspace(-7, 27.2, 1500), np.linspace(-1.1, 1.1, 500), [1e-300, 1e-9, -1e-20]])


@pytest.mark.parametrize(("function", "name"), [(erf, "erf"), (erfc, "erfc")])
def test_every_point_is_right_to_a_few_units_in_the_last_place(function, name):
    for x, y in zip(POINTS.tolist(), function(POINTS).tolist(), strict=True):
        exact = getattr(mpmath, name)(mpmath.mpf(x))
        assert abs(y - exact) <= max(1.5e-15 * abs(exact), 1e-322), x  # of a subnormal, the last digits


@pytest.mark.parametrize(("function", "c"), [(erf, math.erf), (erfc, math.erfc)])
def test_edges_are_those_of_the_c_library(function, c):
    edges = [0.0, -0.0, math.inf, -math.inf, 27.3, 40.0, -40.0, 1e308, -1e308]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = function(np.array(edges))
    assert found.tolist() == [c(x) for x in edges]
    assert [math.copysign(1, y) for y in found] == [math.copysign(1, c(x)) for x in edges]
    assert np.isnan(function(np.float64(math.nan)))


def test_an_answer_has_the_shape_of_what_was_given():
    assert erf(np.zeros((2, 0, 3))).shape == (2, 0, 3)
    assert isinstance(erfc(np.float64(0.5)), float)
    assert erf(np.array([[1.0, 2.0]])).shape == (1, 2)
