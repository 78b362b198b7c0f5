"""Taylor coefficients: of every row against mpmath, of functions in all the ways in which they are met."""

from __future__ import annotations

import math
from functools import cache, partial
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import assume, given

import autograd
from autograd import Value, compile, grad, hessian, jvp, scan, taylor, taylor_ode, where
from autograd.check.definition import defined, leading
from autograd.errors import ArgumentError, GraphError
from autograd.ops.primitive import TABLE
from autograd.recorder import apply
from tests.engine.test_random_graphs import build, plans
from tests.support.compilers import called, compiled
from tests.support.kinks import at_kinks

mpmath = pytest.importorskip("mpmath")
mp, mpf = mpmath.mp, mpmath.mpf
EXECUTORS = ["interpreter", "numpy", "llvm"]


# -- the table ----------------------------------------------------------------------------------------


@cache
def places(n, digits):
    with mp.workdps(digits):
        return [mp.cos(mp.pi * (2 * i + 1) / (2 * n)) for i in range(n)]


def reference(f, order, width, more, digits):
    """The coefficients of the polynomial through more places than it needs, so close that it is f for these digits."""
    with mp.workdps(digits):
        at = [width * place for place in places(order + more, digits)]
        divided = [f(x) for x in at]
        for j in range(1, len(at)):
            for i in range(len(at) - 1, j - 1, -1):
                divided[i] = (divided[i] - divided[i - 1]) / (at[i] - at[i - j])
        found = [divided[-1]]
        for x, c in zip(at[-2::-1], divided[-2::-1], strict=True):
            shifted = [mpf(0), *found][: order + 2]
            found = [a - x * b for a, b in zip(shifted, [*found, mpf(0)], strict=False)]
            found[0] += c
        return found[: order + 2]


def moved(at, direction, t):
    return [a + t * v if v else a for a, v in zip(at, direction, strict=True)]


# Of these derivatives along a and b end at the third or fourth order: series go along x.
ENDS = {"gammainc", "gammaincc", "gammainc_a", "gamma_density", "betainc", "betainc_ab", "beta_density"}


def directions(row, n):
    """Along each operand, and along all."""
    first = n - 1 if row.name in ENDS else leading(row)
    yield from ([float(i == j) for i in range(n)] for j in range(first, n))
    if n - first > 1:
        yield [0.0 if i < first else math.cos(i + 1.0) for i in range(n)]


OFF = {"power": 1.2e-12, "k0e": 2e-12}  # along both operands at once; right of 16


def check(row, at, direction, order, more, digits):
    """Within 1e-12 of a coefficient, or of how large its neighbours let it be expected."""
    moving = [(abs(a), abs(v)) for a, v in zip(at, direction, strict=True) if v]
    width = mpf(10) ** -6 * min(a or 1.0 for a, _ in moving)
    expected = reference(lambda t: defined(row, moved([mpf(a) for a in at], direction, t)), order, width, more, digits)
    found = taylor(lambda t: apply(row, tuple(moved(at, direction, t))), 0.0, order)
    noise = mpf(10) ** -90
    for k, (c, size) in enumerate(zip(found, enveloped([abs(c) for c in expected]), strict=False)):
        if abs(expected[k]) > mpf(10) ** 300:
            break  # beyond double precision
        off = abs(mpf(c) - expected[k])
        assert off < OFF.get(row.name, 1e-12) * size + noise, (row.name, at, direction, k, c, float(expected[k]))


def enveloped(sizes):
    """The least sequence from these up in which every ratio of neighbours is at most the one before.

    At each k it is the least of max |cⱼ|·Rʲ⁻ᵏ over all R: who adds up terms at any distance meets no smaller error.
    """
    corners = []
    for k, size in enumerate(sizes):
        if size <= max(sizes) * mpf(10) ** -120:
            continue
        while len(corners) > 1 and slope(corners[-2], corners[-1]) <= slope(corners[-1], (k, mp.log(size))):
            corners.pop()
        corners.append((k, mp.log(size)))
    if not corners:
        return [mpf(0)] * len(sizes)
    first, last = corners[0], corners[-1]
    between = {k: a[1] + slope(a, b) * (k - a[0]) for a, b in pairwise(corners) for k in range(a[0], b[0] + 1)}
    return [mp.exp(between.get(k, first[1] if k <= first[0] else last[1])) for k in range(len(sizes))]


def slope(a, b):
    return (b[1] - a[1]) / (b[0] - a[0])


def sensible(row):
    """Points at which 1e-6 of an operand is a step."""
    return [tuple(map(float, at)) for at in row.points if all(a == 0 or 1e-50 < abs(a) < 1e50 for a in map(float, at))]


def test_every_row_to_order_8():
    for row in TABLE.values():
        for at in sensible(row)[:1]:
            *_, direction = directions(row, len(at))
            check(row, at, direction, 8, 6, 180)


def recorded(row, at, order):
    """What floats, Values and a program find, which must be the same."""
    *_, direction = directions(row, len(at))
    f = lambda t: apply(row, tuple(moved(at, direction, t)))  # noqa: E731  (short)
    values = [x.data if isinstance(x, Value) else x for x in taylor(f, Value(0.0), order)]
    program = compile(lambda t: taylor(f, t, order), backend="interpreter")
    for found in (values, program(0.0)):
        expected = np.array(taylor(f, 0.0, order))
        size = np.abs(expected[np.isfinite(expected)]).max(initial=0.0)  # zeros are what is left of such numbers
        near = 1e-13 * size if row.name in ENDS else 1e-300
        assert np.allclose(found, expected, rtol=1e-11, atol=near, equal_nan=True), (row, at)


def taylor_of(f, order, x):
    return taylor(f, x, order)


def test_every_row_recorded():
    for row in TABLE.values():
        recorded(row, tuple(map(float, row.points[-1])), 3)


@pytest.mark.parametrize(
    ("name", "at"), [("tanh", (0.3,)), ("lgamma", (3.0,)), ("power", (2.0, 1.5)), ("power_log", (1.0, 2.0, 1.5))]
)
def test_rows_on_the_same_numbers_are_one(name, at):
    row = TABLE[name]
    *_, direction = directions(row, len(at))
    f = lambda t: apply(row, tuple(moved(at, direction, t)))  # noqa: E731  (short)
    few, many = (len(compile(partial(taylor_of, f, n)).record(0.0)) for n in (4, 8))
    assert many < 8 * few  # numbers times orders, not branches of a tree


@pytest.mark.thorough
@pytest.mark.parametrize("name", TABLE)
def test_every_row_recorded_to_order_6(name):
    for at in TABLE[name].points:
        recorded(TABLE[name], tuple(map(float, at)), 6)


@pytest.mark.thorough
@pytest.mark.parametrize("name", TABLE)
def test_every_row_to_order_30(name):
    row = TABLE[name]
    order = 20 if name in ENDS else 30
    for at in sensible(row)[:1]:
        for direction in directions(row, len(at)):
            check(row, at, direction, order, order + 4, 20 * order)


@pytest.mark.thorough
@pytest.mark.parametrize(
    ("name", "places"),
    {
        "sinc": (0.0, 0.25, 1.6, 5.9, 6.1), "erfcx": (-2.0, 0.0, 1.2, 4.0, 11.9, 12.1, 29.9, 30.1),
        "log_ndtr": (-12.0, -1.2, -0.21, -0.19, 0.0, 0.3, 0.79, 0.81),
        "j0": (0.0, 0.3, 2.0, -5.0, 30.0, 59.9, 60.1), "j1": (0.3, 2.0, 9.0),
        "i0": (0.3, 2.0, 9.0, 99.9, 100.1), "i1": (0.0, 0.3, 2.0, -9.0, 129.0, 131.0), "lgamma": (0.3, 3.0, 25.0, -1.5),
        "gamma": (0.3, 25.0, -1.5), "y0": (0.3, 5.0), "k0": (1.9, 3.0), "erfc": (-3.0, 1.2, 5.0),
        "i0e": (-11.0, -1.9, 2.1, 9.9, 10.0, 40.0, 129.0, 131.0), "i1e": (-11.0, -1.9, 2.1, 9.9, 10.0, 129.0, 131.0),
        "k0e": (0.3, 1.9, 2.0, 15.9, 16.1, 50.0), "k1e": (0.3, 1.9, 2.0, 15.9, 16.1, 50.0),
    }.items(),
)  # fmt: skip
def test_slopes_that_are_approximations_are_not_used(name, places):
    for x in places:
        check(TABLE[name], (x,), [1.0], 30, 34, 600)


@pytest.mark.thorough
@pytest.mark.parametrize("name", ["beta", "beta_a", "betaln"])
def test_poles_that_cancel(name):
    for at in ((0.5, 0.25), (0.01, 3.0), (30.0, 12.0)):
        for direction in ([1.0, 0.0], [0.0, 1.0]):
            check(TABLE[name], at, direction, 30, 8, 400)


@pytest.mark.parametrize("name", ["gammainc", "gammaincc", "gamma_density", "betainc", "beta_density"])
def test_densities_of_whole_operands_have_no_pole(name):
    """Which recurrences would find there: polynomials end, and what is entire falls as 1/k!."""
    row = TABLE[name]
    for at in [(a, x) for a in (1.0, 2.0, 12.0) for x in (0.1, 4.0)]:
        if name.startswith("beta"):
            at = (at[0], 3.0, 0.2 * at[1])
        check(row, (0.0,) * row.orders + at, [0.0] * (row.orders + len(at) - 1) + [1.0], 30, 8, 500)


def test_slopes_that_are_approximations_are_not_used_at_their_edges():
    for name, x in (("sinc", 0.25), ("erfcx", 0.0), ("i0e", 10.0), ("i1e", -10.0), ("k0e", 2.0), ("k1e", 2.0)):
        check(TABLE[name], (x,), [1.0], 12, 8, 250)


# -- functions ----------------------------------------------------------------------------------------


def several(x):
    """A function in which rows stand in rows, numbers are shared, and a branch is chosen."""
    y = autograd.exp(autograd.sin(x * x) / (2.0 + x)) * autograd.sqrt(1.0 + x)
    z = where(autograd.greater(x, 0.2), y * autograd.tanh(x) - x**1.5, y)
    return z + autograd.dot([x, y], [z, 2.0], autograd.log(x)) - autograd.atan(y) / 3.0


@at_kinks
@given(plans)
def test_the_first_orders_are_the_chain_rules(drawn):
    at, plan = drawn
    direction = [math.cos(i) for i in range(len(at))]
    assume(all(x == 0.0 or abs(x) > 1e-3 for x in at))  # where 1/x³ leaves their digits
    found = taylor(partial(build, plan), at, 3, direction)
    assume(np.isfinite(found).all() and np.abs(found).max() < 1e50)
    along = lambda t: build(plan, [a + t * v for a, v in zip(at, direction, strict=True)])  # noqa: E731  (short)
    first, second = (lambda t: jvp(along, (t,), (1.0,))[1]), grad(grad(along))
    expected = [along(Value(0.0)).data, first(0.0), second(0.0) / 2, grad(second)(0.0) / 6]
    assert np.allclose(found, expected, rtol=1e-9, atol=1e-9)


def test_of_a_function_as_mpmath_finds_them():
    def precise(x):
        y = mp.exp(mp.sin(x * x) / (2 + x)) * mp.sqrt(1 + x)
        z = y * mp.tanh(x) - x ** mpf(1.5)
        return z + x * z + 2 * y + mp.log(x) - mp.atan(y) / 3

    expected = reference(lambda t: precise(mpf(0.7) + t), 30, mpf(10) ** -6, 20, 400)[:31]
    eager = taylor(several, 0.7, 30)
    assert np.allclose(eager, np.array(expected, float), rtol=1e-12)
    for backend in EXECUTORS:
        p = compile(lambda x: taylor(several, x, 8), backend=backend, simplify=backend != "numpy")
        assert np.allclose(p(0.7), eager[:9], rtol=1e-12)
    rows = compile(lambda x: taylor(several, x, 6), in_axes=0)(np.array([0.1, 0.7]))
    assert np.allclose(np.array(rows)[:, 0], taylor(several, 0.1, 6), rtol=1e-13)


def test_in_c(tmp_path):
    program = compile(lambda x: taylor(several, x, 2)).record(0.7)
    y, g = called(compiled(program.to_c(), tmp_path), "f_gradient", np.array([[0.7]]), 3, 3)
    expected = taylor(several, 0.7, 3)
    assert np.allclose(y[0], expected[:3], rtol=1e-13)
    assert np.allclose(g[0], [(k + 1) * c for k, c in enumerate(expected[1:])], rtol=1e-11)


def test_coefficients_can_be_differentiated_and_nested():
    expected = taylor(several, 0.7, 6)
    assert grad(lambda x: taylor(several, x, 4)[4])(0.7) == pytest.approx(5 * expected[5], rel=1e-12)
    assert hessian(lambda x: taylor(several, x, 4)[4])(0.7) == pytest.approx(30 * expected[6], rel=1e-11)
    inner = taylor(lambda x: taylor(several, x, 2)[2], 0.7, 2)
    assert np.allclose(inner, [expected[2], 3 * expected[3], 6 * expected[4]], rtol=1e-12)
    x = Value(0.7)
    c = taylor(several, x, 3)
    c[3].backward()
    assert x.grad == pytest.approx(4 * expected[4], rel=1e-12)
    assert all(isinstance(each, Value) for each in c)
    scale = Value(2.0)
    found = taylor(lambda x: scale * x * x, 3.0, 2)
    found[1].backward()
    assert ([each.data for each in found], scale.grad) == ([18.0, 12.0, 2.0], 6.0)
    along = taylor(lambda p: p[0] * p[1], [3.0, 5.0], 2, direction=[x, 1.0])
    assert grad(lambda v: taylor(lambda p: p[0] * p[1], [3.0, 5.0], 2, direction=[v, 1.0])[2])(7.0) == 1.0
    assert along[1].data == pytest.approx(3.0 + 5.0 * 0.7)


def test_structures():
    def f(p):
        return {"sum": p["a"] + autograd.sum(p["b"]), "all": p["b"] * p["a"], "none": 4.0}

    at = {"a": 2.0, "b": np.array([1.0, 3.0])}
    zeroth, first, second, third = taylor(f, at, 3, {"b": np.array([1.0, 0.0]), "a": 0.5})
    assert (zeroth["sum"], first["sum"], second["sum"], zeroth["none"], first["none"]) == (6.0, 1.5, 0.0, 4.0, 0.0)
    assert [each["all"].tolist() for each in (zeroth, first, second, third)] == [[2, 6], [2.5, 1.5], [0.5, 0], [0, 0]]
    assert taylor(lambda x: x, 3.0, 0) == [3.0]
    assert taylor(lambda x: 7.0, 3.0, 2) == [7.0, 0.0, 0.0]
    assert compile(lambda p: taylor(f, p, 1, at)[1])(at)["sum"] == 6.0


def test_at_kinks_the_conventions_hold_order_by_order():
    assert taylor(lambda x: abs(x) * 3.0 + autograd.floor(x + 2.5), 0.0, 3) == [2.0, 0.0, 0.0, 0.0]
    assert taylor(lambda x: autograd.maximum(x, x * x), 1.0, 3) == [1.0, 1.5, 0.5, 0.0]
    f = lambda x: where(x > 1.0, autograd.log(x), x * x)  # noqa: E731  (short)
    assert taylor(f, 1.0, 3) == [1.0, 2.0, 1.0, 0.0]
    both = compile(lambda x: taylor(lambda x: where(autograd.greater(x, 1.0), autograd.log(x), x * x), x, 3))
    assert both(1.0) == [1.0, 2.0, 1.0, 0.0]
    assert np.allclose(both(2.0), taylor(f, 2.0, 3), rtol=1e-15)
    assert both(-1.0) == [1.0, -2.0, 1.0, 0.0]  # where the other branch is nan
    assert taylor(autograd.sqrt, 0.0, 1) == [0.0, math.inf]


def test_sums_of_steps_alone():
    for f in (autograd.floor, autograd.sign, lambda x: autograd.locate(x, [0.0, 1.0, 2.0])):
        assert taylor(lambda x, f=f: f(x) + 1.0, 1.5, 2) == [f(1.5) + 1.0, 0.0, 0.0]
        assert taylor(lambda x, f=f: (f(x) + f(x)) * x, 1.5, 2) == [3.0 * f(1.5), 2.0 * f(1.5), 0.0]
    assert taylor(lambda x: autograd.interp(x, [0.0, 1.0, 2.0], [0.0, 1.0, 4.0]), 1.5, 2) == [2.5, 3.0, 0.0]


def test_a_chain_of_many_nodes():
    def long(x):
        for _ in range(2000):
            x = x + 1e-4 * autograd.sin(x)
        return x

    found = taylor(long, 0.5, 2)
    assert found[1] == pytest.approx(grad(long)(0.5), rel=1e-12)


def test_loops_and_rules_of_users():
    def loop(x):
        return scan(lambda c, _: (c * x + 1.0, None), x, length=3)[0]

    expected = [1.0 + 2.0 * (1.0 + 2.0 * (1.0 + 4.0)), 1 + 4 + 32, 1 + 24, 8.0, 1.0]
    assert taylor(loop, 2.0, 4) == expected
    assert taylor(compile(loop), 2.0, 4) == expected
    body = compile(lambda x: scan(lambda c, _: (taylor(lambda z: z * z * x, c, 1)[1], None), x, length=2)[0])
    assert body(3.0) == 108.0
    with pytest.raises(GraphError, match="does not go through a loop that is recorded"):
        compile(lambda x: taylor(loop, x, 2))(2.0)

    row = autograd.primitive("squeezed", lambda x: x / (1 + x * x), lambda y, x: (1 - x * x) / (1 + x * x) ** 2,
                             points=[0.5])  # fmt: skip
    assert np.allclose(taylor(row, 0.3, 6), taylor(lambda x: x / (1 + x * x), 0.3, 6), rtol=1e-13)

    @autograd.custom_jvp
    def by_hand(x):
        return autograd.exp(x)

    @by_hand.defjvp
    def rule(primals, tangents):
        y = by_hand(*primals)
        return y, y * tangents[0] * 2.0

    assert taylor(by_hand, 0.0, 3) == [1.0, 2.0, 2.0, 4.0 / 3.0]

    @autograd.custom_jvp
    def called_back(x):
        return math.sin(float(x))

    @called_back.defjvp
    def other(primals, tangents):
        return math.sin(primals[0]), math.cos(primals[0]) * tangents[0]

    with pytest.raises(GraphError, match="called_back"):
        taylor(called_back, 0.5, 2)


@pytest.mark.parametrize(
    ("given", "words"),
    [
        (lambda: taylor(autograd.sin, 1.0, -1), "order is a whole number from 0 up, got -1"),
        (lambda: taylor(autograd.sin, 1.0, 2.0), "order is a whole number from 0 up, got 2.0"),
        (lambda: taylor(autograd.sin, 1.0, True), "order is a whole number from 0 up, got True"),
        (lambda: taylor(autograd.sum, [1.0, 2.0], 2), "x is made of 2 numbers: taylor goes along a direction"),
        (lambda: taylor(autograd.sum, [1.0, 2.0], 2, [1.0]), "the direction of taylor"),
        (lambda: taylor_ode(autograd.sum, [1.0, 2.0], 2), "what f of taylor_ode returns"),
    ],
)
def test_what_is_refused(given, words):
    with pytest.raises(ArgumentError, match=words):
        given()


# -- differential equations -----------------------------------------------------------------------------


def test_solutions_of_differential_equations():
    assert np.allclose(taylor_ode(lambda x: x, 1.0, 10), [1.0 / math.factorial(k) for k in range(11)], rtol=1e-15)
    turning = taylor_ode(lambda p: {"x": p["v"], "v": -p["x"]}, {"x": 0.0, "v": 1.0}, 9)
    assert np.allclose([c["x"] for c in turning], taylor(autograd.sin, 0.0, 9), atol=1e-17)
    growth = lambda x: x * (1.0 - x)  # noqa: E731  (short)
    logistic = lambda t: autograd.sigmoid(t + autograd.logit(0.2))  # noqa: E731  (short)
    assert np.allclose(taylor_ode(growth, 0.2, 15), taylor(logistic, 0.0, 15), rtol=1e-12)
    clock = taylor_ode(lambda p: [p[1] * p[1], 1.0], [0.0, 0.0], 4)  # ẋ = t²
    assert [c[0] for c in clock] == [0.0, 0.0, 0.0, 1.0 / 3.0, 0.0]


def test_a_step_is_compiled_and_differentiated():
    def step(x):
        return autograd.sum([c * 0.1**k for k, c in enumerate(taylor_ode(lambda x: x * (1.0 - x), x, 12))])

    exact = lambda x: autograd.sigmoid(0.1 + autograd.logit(x))  # noqa: E731  (short)
    for f in (step, compile(step, backend="llvm"), compile(step, simplify=True)):
        assert f(0.2) == pytest.approx(exact(0.2), rel=1e-14)
        assert grad(f)(0.2) == pytest.approx(grad(exact)(0.2), rel=1e-12)
