"""take, locate, interp, splines: NumPy's and SciPy's numbers, exact derivatives, one sentence for what does not fit."""

from __future__ import annotations

import math
import pickle
from array import array
from collections import deque

import numpy as np
import pytest
from scipy import interpolate as scipy

import autograd
from autograd import Value, compile, grad, hessian, interp, jacobian, jvp, locate, splines, take
from autograd.errors import ArgumentError, OperandError
from autograd.order import reachable
from autograd.replay import computed_anew
from autograd.splines import akima, bicubic, bilinear, cubic, pchip
from tests.support.kinks import at_kinks

pytestmark = at_kinks  # tables are read at their knots too

DICE = np.random.default_rng(0)


@pytest.fixture(autouse=True)
def same_numbers():
    """Each test draws from the beginning, whichever ran before it."""
    global DICE
    DICE = np.random.default_rng(0)


FLAT = bilinear([0.0, 1.0], [0.0, 1.0], [[0.0, 1.0], [2.0, 3.0]])
ENDS = ["not-a-knot", "natural", "clamped", ((1, 0.7), (2, -0.4)), ("not-a-knot", "natural")]
CURVES = {
    **{f"cubic {ends}": (lambda x, y, ends=ends: cubic(x, y, ends),
                         lambda x, y, ends=ends: scipy.CubicSpline(x, y, bc_type=ends)) for ends in ENDS},
    "cubic periodic": (lambda x, y: cubic(x, [*y[:-1], y[0]], "periodic"),
                       lambda x, y: scipy.CubicSpline(x, [*y[:-1], y[0]], bc_type="periodic")),
    "pchip": (pchip, scipy.PchipInterpolator),
    "akima": (akima, lambda x, y: scipy.Akima1DInterpolator(x, y, extrapolate=True)),
}  # fmt: skip


def points(n):
    return np.cumsum(DICE.uniform(0.05, 1.0, n)), DICE.normal(size=n) + 2.0 * DICE.integers(0, 2, n)


def near(got, expected, relative=1e-13, least=0.0):
    """Equal within a share of the largest, which counts as `least`."""
    expected = np.asarray(expected, float)
    size = max(np.abs(expected).max(), least)
    np.testing.assert_allclose(np.asarray(got, float), expected, rtol=0, atol=relative * size)


# -- take and locate --------------------------------------------------------------------------------


def test_a_derivative_flows_to_the_entry_that_is_taken_and_to_no_other():
    entries = [Value(2.0), Value(math.inf), 5.0]
    y = take(Value(0.9), entries) ** 2
    y.backward()
    assert (y.data, [e.grad for e in entries[:2]]) == (4.0, [4.0, 0.0])
    assert autograd.deltas(y).keys().isdisjoint(entries[1:2])  # no path, which is not 0
    function = lambda i, x: take(i, [x[0] * x[1], 3.0, x[1] ** 3])  # noqa: E731
    assert jacobian(function, 1)(0.5, [2.0, 3.0]) == [3.0, 2.0]
    assert np.array_equal(hessian(function, 1)(2.0, [2.0, 3.0]), [[0.0, 0.0], [0.0, 18.0]])
    assert grad(function, 0)(1.5, [2.0, 3.0]) == 0.0
    assert jvp(function, (2.0, [2.0, 3.0]), (1.0, [5.0, 1.0])) == (27.0, 27.0)


def test_the_slope_behind_an_entry_that_is_not_taken_does_not_count():
    for at, expected in ((0.5, 3.0), (1.5, math.inf)):
        function = lambda x, at=at: take(x * 0.0 + at, [3.0 * x, autograd.sqrt(x)])  # noqa: E731
        assert grad(function)(0.0) == expected
        assert compile(function, backend="interpreter").grad(0.0) == expected
        assert jvp(function, (0.0,), (1.0,))[1] == expected
        assert grad(grad(function))(0.0) == (0.0 if expected == 3.0 else -math.inf)


def test_moved_leaves_take_another_entry():
    i, table = Value(0.0), [Value(2.0), Value(5.0)]
    y = take(i, table) * 3.0
    slope = autograd.gradient(y, table, as_graph=True)
    assert [s.data for s in slope] == [3.0, 0.0]
    i.data = 1.0
    assert [computed_anew(reachable(node)).data for node in (y, *slope)] == [15.0, 0.0, 3.0]


def test_arrays_and_nan():
    table = DICE.normal(size=50)
    at = DICE.uniform(0, 50, 200)
    assert np.array_equal(take(at, table), table[at.astype(int)])
    assert np.array_equal([v.data for v in take([Value(1.0), Value(2.5)], table)], table[1:3])
    assert np.isnan(take(math.nan, table))
    assert np.isnan(take(Value(math.nan), table).data)
    knots = np.sort(DICE.normal(size=50))
    x = np.concatenate([DICE.normal(size=300), knots, [-9.0, 9.0]])
    expected = np.clip(np.searchsorted(knots, x, side="right") - 1, 0, 48)
    assert np.array_equal(locate(x, knots), expected)
    assert [locate(float(each), knots.tolist()) for each in x] == expected.tolist()
    assert np.isnan(locate(math.nan, knots))
    assert [locate(x, [-math.inf, 1.0, 1.0, math.inf]) for x in (0.0, 1.0, 9.0)] == [0.0, 2.0, 2.0]


def test_rows_of_other_libraries_are_rows():
    pandas = pytest.importorskip("pandas")
    for kind in (range, lambda n: array("d", range(n)), lambda n: deque(range(n)), lambda n: pandas.Series(range(n))):
        row = kind(3)
        assert take(1, row) == locate(1.5, row) == interp(1.0, row, row) == cubic(row, row)(1.0) == 1.0
        assert interp(row, row, row).tolist() == pchip(row, row)(row).tolist() == [0.0, 1.0, 2.0]
        assert bilinear(row, row, [row] * 3)(row, 1.0).tolist() == [1.0, 1.0, 1.0]
    assert take(1, deque([0.0, Value(2.0)])).data == 2.0


# -- curves -----------------------------------------------------------------------------------------


def test_interp_is_numpy_s_to_the_bit():
    for n in (1, 2, 3, 30):
        x, y = points(n)
        at = np.concatenate([DICE.uniform(x[0] - 1, x[-1] + 1, 200), x, [-math.inf, math.inf, math.nan]])
        for named in ({}, {"left": 3.0, "right": -1.0}, {"period": 1.7}):
            expected = np.interp(at[: None if not named.get("period") else -3], x, y, **named)
            assert np.array_equal(interp(at[: len(expected)], x, y, **named), expected, equal_nan=True)
            assert [interp(Value(float(v)), x, y, **named).data for v in at[:9]] == expected[:9].tolist()
    assert np.array_equal(np.interp(Value(0.5), [0.0, 1.0], [1.0, 2.0]).data, 1.5)
    assert grad(lambda y: interp(0.25, [0.0, 1.0], y))([1.0, 2.0]) == [0.75, 0.25]
    assert [grad(lambda x: interp(x, [0.0, 1.0], [1.0, 3.0]))(x) for x in (-1.0, 0.0, 0.5, 1.0)] == [0.0, 2.0, 2.0, 0.0]


def test_interp_of_infinite_values_is_numpy_s():
    dice = np.random.default_rng(1)
    for n in dice.integers(1, 6, 60):
        x = np.cumsum(dice.uniform(0.05, 1.0, n))
        y = dice.choice([0.0, 1.0, -2.0, math.inf, -math.inf, math.nan], n)
        at = np.concatenate([x, dice.uniform(x[0] - 1, x[-1] + 1, 10)])
        for named in ({}, {"period": 1.7}):
            expected = np.interp(at, x, y, **named)
            assert np.array_equal(interp(at, x, y, **named), expected, equal_nan=True)
            assert np.array_equal([interp(v, x, y, **named) for v in at.tolist()], expected, equal_nan=True)
            assert np.array_equal([interp(Value(v), x, y, **named).data for v in at], expected, equal_nan=True)
    slope = grad(lambda x: interp(x, [0, 1, 2, 3, 4], [1, 2, math.inf, math.inf, 0]))
    assert [slope(x) for x in (0.0, 0.5, 1.0, 1.5, 2.5, 3.0, 3.5)] == [
        1,
        1,
        math.inf,
        math.inf,
        0,
        -math.inf,
        -math.inf,
    ]


def test_a_closed_curve_may_name_its_first_point_again():
    x, y = [0, 90, 180, 270, 360], [0, 1, 0, -1, 0]
    at = np.linspace(-400, 800, 77)
    assert np.array_equal(interp(at, x, y, period=360), np.interp(at, x, y, period=360))
    assert np.array_equal(interp(at, x[::-1], y[::-1], period=360), np.interp(at, x, y, period=360))
    assert interp(45, [0, 90, 360, 720], [0, 1, 0, 0], period=360) == 0.5


@pytest.mark.parametrize("kind", CURVES)
def test_curves_and_their_derivatives_are_scipy_s(kind):
    ours, theirs = CURVES[kind]
    for n in (2, 3, 4, 5, 40):
        if n == 2 and kind in ("akima", "cubic periodic", "cubic ('not-a-knot', 'natural')"):
            continue
        x, y = points(n)
        curve, expected = ours(x, y), theirs(x, y)
        at = np.concatenate([DICE.uniform(x[0] - 1, x[-1] + 1, 40), x[:-1]])
        near(curve(at), expected(at))
        derivative = curve
        for order in (1, 2, 3):  # what rounds off grows with each order as it does with each difference
            derivative = grad(derivative)
            few = at if order < 3 else at[:5]
            size = np.abs(y).max() / np.diff(x).min() ** order
            near([derivative(v) for v in few.tolist()], expected(few, order), 1e-14, size)


@pytest.mark.parametrize("kind", CURVES)
def test_derivatives_along_the_values_are_those_of_scipy_s_curves(kind):
    ours, theirs = CURVES[kind]
    x, y = points(9)
    h = 1e-6
    for at in (x[0] - 0.3, x[4], 0.5 * (x[2] + x[3]), x[-1] + 0.2):
        slopes = grad(lambda y, at=at: ours(x, y)(at))(y)
        moved = [(theirs(x, y + h * unit)(at) - theirs(x, y - h * unit)(at)) / (2 * h) for unit in np.eye(9)]
        near(slopes, moved, 1e-7, 1.0)  # what differences of 1e-6 leave


def test_surfaces_are_scipy_s():
    (x, _), (y, _) = points(9), points(7)
    z = DICE.normal(size=(9, 7))
    at = DICE.uniform((x[0], y[0]), (x[-1], y[-1]), (60, 2))
    smooth, expected = bicubic(x, y, z), scipy.RectBivariateSpline(x, y, z)
    near(smooth(*at.T), expected.ev(*at.T))
    near(
        [grad(smooth, (0, 1))(*v) for v in at.tolist()], np.stack([expected.ev(*at.T, *d) for d in ((1, 0), (0, 1))], 1)
    )
    near([hessian(smooth, (0, 1))(*v)[0][1] for v in at.tolist()], expected.ev(*at.T, 1, 1), 1e-12)
    far = np.array([x[0] - 0.5, y[-1] + 0.5])  # the polynomials at the ends go on
    for ends in ENDS:
        along = [scipy.CubicSpline(y, row, bc_type=ends)(far[1]) for row in z]
        near(bicubic(x, y, z, ends)(*far), scipy.CubicSpline(x, along, bc_type=ends)(far[0]), 1e-12)
    straight = scipy.RegularGridInterpolator((x, y), z)
    near(bilinear(x, y, z)(*at.T), straight(at))
    slope = grad(lambda z: bilinear(x, y, z)(*at[0]))(z)
    near(np.sum(slope * z), straight(at[:1])[0], 1e-12)
    assert np.count_nonzero(slope) == 4
    mixed = bilinear(x, y, z)(np.array([Value(1.0), Value(2.0)]), 1.0)
    near([v.data for v in mixed], bilinear(x, y, z)([1.0, 2.0], 1.0))


def test_curves_are_pickled_and_say_what_they_are():
    curve = pickle.loads(pickle.dumps(cubic([0.0, 1.0, 3.0], [1.0, 2.0, 0.0])))
    assert curve(2.0) == cubic([0.0, 1.0, 3.0], [1.0, 2.0, 0.0])(2.0)
    assert repr(curve) == "<spline through 3 points from 0.0 to 3.0>"
    assert repr(bilinear([0, 1], [0, 1, 2], np.zeros((2, 3)))) == "<surface through 2 × 3 points>"
    assert np.isnan(curve(math.nan))


# -- what does not fit ------------------------------------------------------------------------------


@pytest.mark.parametrize(("ask", "error", "says"), [
    (lambda: take(3, [1.0, 2.0]), ArgumentError, "the index 3.0 is outside of a table with 2 entries"),
    (lambda: take(Value(-0.5), [1.0]), ArgumentError, "the index -0.5 is outside of a table with 1 entries"),
    (lambda: take(np.array([0.0, 7.0]), [1.0]), ArgumentError, "the index 7.0 is outside"),
    (lambda: take(0, []), ArgumentError, "the table of take: expected one row of numbers and Values, at"),
    (lambda: take(0, [[1.0]]), OperandError, "an entry of the table of take is one real number"),
    (lambda: take("0", [1.0]), OperandError, "an index is one real number"),
    (lambda: locate(1.5, [0.0, 2.0, 1.0, 3.0]), ArgumentError, "the knots of locate ascend, got 1.0 behind 2.0"),
    (lambda: locate([1.5], [0.0, math.nan, 3.0]), ArgumentError, "the knots of locate ascend, got nan behind 0.0"),
    (lambda: locate(1.5, [Value(2.0), Value(1.0)]), ArgumentError, "the knots of locate ascend, got 1.0 behind 2.0"),
    (lambda: compile(lambda x: locate(x, [2.0, x, 1.0]))(1.5), ArgumentError, "the knots of locate ascend, got 1.0"),
    (lambda: locate("0", [0.0, 1.0]), OperandError, "an operand of locate is one real number"),
    (lambda: interp("0", [0.0, 1.0], [1.0, 2.0]), OperandError, "x of interp is one real number"),
    (lambda: interp(["0"], [0.0, 1.0], [1.0, 2.0]), OperandError, "x of interp is one real number"),
    (lambda: interp([[0.0], [0.0, 1.0]], [0.0, 1.0], [1.0, 2.0]), ArgumentError, "interp of rows of different lengths"),
    (lambda: interp(0.5, 1.0, [1.0]), ArgumentError, "the knots of interp: expected one row of plain numbers, at"),
    (lambda: interp(0.5, "01", [1.0]), ArgumentError, "the knots of interp: expected one row of plain numbers, at"),
    (lambda: interp(0.5, [0, 360], [1.0, 2.0], period=360), ArgumentError,
     "the knots 0.0 and 360.0 of interp fall together under period=360: give one of them, or the same plain number"),
    (lambda: interp(0.5, [0, 3], [1.0, Value(1.0)], period=3), ArgumentError, "the knots 0.0 and 3.0 of interp fall"),
    (lambda: FLAT("0", 0.0), OperandError, "x of a surface is one real number"),
    (lambda: FLAT([0.0], "0"), OperandError, "y of a surface is one real number"),
    (lambda: FLAT([0.0, 1.0], [0.0] * 3), ArgumentError, "x and y of a surface broadcast against each other, got"),
    (lambda: FLAT([[0.0], []], 0.0), ArgumentError, "a surface of rows of different lengths, which make no array"),
    (lambda: bilinear([0, 1], [0, 1], 1.5), ArgumentError, "z of bilinear has a row for each of 2 x, got 1.5"),
    (lambda: interp(0.5, [0.0, 0.0], [1.0, 2.0]), ArgumentError, "the knots of interp increase, got 0.0 behind 0.0"),
    (lambda: interp(0.5, [0.0, 1.0], [1.0]), ArgumentError, "interp needs as many values as knots, got 1 values and 2"),
    (lambda: interp(0.5, [0.0, 1.0], [1.0, 2.0], period=0), ArgumentError, "the period of interp is a number other"),
    (lambda: interp(0.5, [0.0, Value(1.0)], [1.0, 2.0]), OperandError, "the knots of interp are plain numbers"),
    (lambda: cubic([1.0, 0.0], [1.0, 2.0]), ArgumentError, "the knots of cubic increase, got 0.0 behind 1.0"),
    (lambda: cubic([1.0, math.nan], [1.0, 2.0]), ArgumentError, "the knots of cubic are finite numbers, got nan"),
    (lambda: cubic([1.0], [1.0]), ArgumentError, "cubic needs at least 2 knots, got 1"),
    (lambda: cubic([0.0, 1.0, 2.0], [1.0, 2.0, 0.0], "periodic"), ArgumentError, "a periodic curve ends as it begins"),
    (lambda: cubic([0.0, 1.0], [1.0, 2.0], "smooth"), ArgumentError, 'bc_type is one of "not-a-knot", "natural", '
     """"clamped", "periodic", or a pair of the first three, (1, slope) and (2, curvature), got 'smooth'"""),
    (lambda: cubic([0.0, 1.0], [1.0, 2.0], (3, 1.0)), ArgumentError, 'bc_type is one of "not-a-knot"'),
    (lambda: cubic([0.0, 1.0], ["a", 2.0]), OperandError, "an entry of the values of cubic is one real number"),
    (lambda: pchip([0.0], [1.0]), ArgumentError, "pchip needs at least 2 knots"),
    (lambda: bicubic([0, 1], [0, 1], [[1, 2], [3, 4]], "periodic"), ArgumentError, "bicubic has no periodic"),
    (lambda: bilinear([0, 1], [0, 1], [[1, 2]]), ArgumentError, "z of bilinear has a row for each of 2 x, got 1"),
    (lambda: bilinear([0, 1], [0, 1], [[1, 2], [3]]), ArgumentError, "a row of z of bilinear has a number for each"),
])  # fmt: skip
def test_what_does_not_fit_is_said_in_one_sentence(ask, error, says):
    with pytest.raises(error) as raised:
        ask()
    assert str(raised.value).startswith(says), raised.value
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize("ask", [
    lambda m: interp(m, [0.0, 1.0], [1.0, 2.0]), lambda m: interp(0.5, m, [1.0, 2.0]), lambda m: interp(0.5, [0, 1], m),
    lambda m: cubic(m, [1.0, 2.0]), lambda m: pchip([0.0, 1.0], m), lambda m: akima([0.0, 1.0], m),
    lambda m: cubic([0.0, 1.0], [1.0, 2.0])(m), lambda m: FLAT(m, 0.0), lambda m: FLAT(0.0, m),
    lambda m: bilinear(m, [0.0, 1.0], np.eye(2)), lambda m: bicubic([0.0, 1.0], [0.0, 1.0], np.ma.array([m, m])),
    lambda m: bicubic([0.0, 1.0], [0.0, 1.0], [m, m]),
    lambda m: take(m, [1.0, 2.0]), lambda m: take(0, m), lambda m: locate(m, [1.0, 2.0]), lambda m: locate(0, m),
])  # fmt: skip
def test_masks_are_not_ignored(ask):
    with pytest.raises(OperandError, match=r"of a masked array would ignore its mask: take its filled\(…\)"):
        ask(np.ma.array([0.0, 1.0], mask=[False, True]))


def test_names_are_public():
    assert autograd.interp is splines.interp


def test_arrays_of_numbers_beside_tables_of_values():
    """As an embedding is looked up."""
    entries = np.array([1.0, 2.0, 4.0])

    def looked_up(z):
        return autograd.sum(take(np.array([0, 1, 1]), z)) + autograd.sum(locate(np.array([2.5, 0.0]), z))

    for f in (looked_up, compile(looked_up, backend="interpreter"), compile(looked_up, backend="llvm")):
        assert f(entries) == 6.0
    for slopes in (grad(looked_up)(entries), compile(looked_up).grad(entries)):
        assert slopes.tolist() == [1.0, 2.0, 0.0]
    mixed = np.interp(Value(0.5), [0.0, 1.0], [1.0, Value(3.0)])  # NumPy hands the list over as arrays of one
    assert mixed.data == 2.0
