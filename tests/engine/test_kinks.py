"""Where rows have kinks and jumps, by their one-sided slopes and values; what is said of derivatives taken there."""

from __future__ import annotations

import math
import warnings

import numpy as np
import pytest
from scipy.special import ndtri

from autograd import (
    KinkWarning,
    Value,
    exp,
    floor,
    grad,
    hessian,
    hvp,
    hypot,
    i0e,
    jacobian,
    jvp,
    maximum,
    relu,
    softsign,
    step,
    tanh,
    vjp,
)
from autograd import abs as abs_
from autograd.ops.primitive import TABLE, Primitive

BROKEN = [row for row in TABLE.values() if row.kinks or row.jumps]
CHOICES = {
    "where",
    "guard",
    "equal",
}  # whose condition is no number to move; equal has another value at one point alone

# A point on each boundary of a row, in the order of its kinks and then of its jumps.
AT = {
    "relu": [(0,)], "leaky_relu": [(0, 0.1)], "prelu": [(0, 0.25)], "rrelu": [(0, 0.2)], "elu": [(0, 0.5)],
    "selu": [(0,)], "hardtanh": [(-1, -1, 2), (2, -1, 2)], "relu6": [(0,), (6,)], "hardsigmoid": [(-3,), (3,)],
    "hardswish": [(-3,), (3,)], "abs": [(0,)], "sign": [(0,)], "step": [(0,)], "less": [(2, 2)],
    "less_equal": [(2, 2)], "greater": [(-1, -1)], "greater_equal": [(3, 3)], "maximum": [(2, 2)],
    "minimum": [(-1, -1)], "clip": [(-1, -1, 2), (2, -1, 2)], "hypot": [(0, 0)], "atan2": [(0, -2)], "floor": [(3,)],
    "ceil": [(-2,)], "trunc": [(-4,)], "round": [(2.5,)], "floor_divide": [(6, 2)], "remainder": [(-6, 2)],
    "fmod": [(6, 2)], "take": [(1, 5, 6, 7)], "locate": [(1, 0, 1, 2)], "i0e": [(0,)],
}  # fmt: skip


def moved(row: Primitive, at: tuple[float, ...], by: float) -> tuple[float, ...]:
    """The point with its first operand that is differentiated along, or looked up by, moved."""
    return (at[0] + by, *at[1:])


def slope(row: Primitive, at: tuple[float, ...]) -> float:
    y = row.float(*at)
    return float(row.float_slopes(y, *at)[0] or 0.0)


def sides(row: Primitive, at: tuple[float, ...], is_jump: bool) -> float:
    """How far apart the values on both sides are, or the slopes."""
    found = (lambda *x: row.float(*x)) if is_jump else (lambda *x: slope(row, x))
    return abs(found(*moved(row, at, 1e-9)) - found(*moved(row, at, -1e-9)))


def test_every_row_that_is_broken_is_tried():
    assert set(AT) == {row.name for row in BROKEN}


@pytest.mark.parametrize("row", BROKEN, ids=lambda row: row.name)
def test_slopes_or_values_differ_on_both_sides_of_what_is_said(row):
    kinks, jumps = row.boundaries(*map(float, AT[row.name][0]))
    assert len(AT[row.name]) == len(kinks) + len(jumps)
    for i, at in enumerate(AT[row.name]):
        is_jump = i >= len(kinks)
        slot = i - len(kinks) * is_jump
        at = tuple(map(float, at))
        boundary = [row.boundaries(*moved(row, at, by))[is_jump][slot] for by in (-1e-9, 0.0, 1e-9)]
        assert boundary[1] == 0.0 and boundary[0] * boundary[2] < 0.0
        assert sides(row, at, is_jump) > 1e-2
        if not is_jump:
            assert sides(row, at, True) < 1e-7


@pytest.mark.parametrize("row", TABLE.values(), ids=TABLE.keys())
def test_beside_what_is_said_nothing_differs(row):
    edges = [edge.at for edge in row.edges if math.isfinite(edge.value) and all(map(math.isfinite, edge.at))]
    fixed = max(row.orders, row.has_index, row.name in CHOICES)
    for at in [*row.points, *edges]:
        at = tuple(map(float, at))
        kinks, jumps = row.boundaries(*at)
        if 0.0 in (*kinks, *jumps):
            continue
        for place in range(fixed, len(at)):
            h = 1e-9 * (abs(at[place]) or max(map(abs, at)) or 1.0)
            around = [(*at[:place], at[place] + by, *at[place + 1 :]) for by in (-h, h)]
            values = [row.float(*x) for x in around]
            slopes = [row.float_slopes(y, *x)[place] or 0.0 for y, x in zip(values, around, strict=True)]
            if all(map(math.isfinite, (*values, *slopes))) and max(map(abs, slopes)) < 1e3:
                assert abs(values[1] - values[0]) <= 1e-6 * max(1.0, abs(values[0])), (at, place)
                assert abs(slopes[1] - slopes[0]) <= 1e-3 * max(1.0, abs(slopes[0])), (at, place)


# -- smoothed ---------------------------------------------------------------------------------------

QUANTILES = ndtri((np.arange(100_000) + 0.5) / 100_000)
BY_THE_FIRST = [
    row for row in BROKEN
    if row.smooth and row.name not in "elu selu hypot hardswish floor_divide remainder fmod less less_equal".split()
]  # fmt: skip


@pytest.mark.parametrize("row", BY_THE_FIRST, ids=lambda row: row.name)
@pytest.mark.parametrize("h", [0.05, 0.7])
def test_a_smoothed_row_is_its_mean_over_a_normal_distribution(row, h):
    for at in [*row.points, *AT[row.name]]:
        at = tuple(map(float, at))
        assert row.smooth(h, *at) == pytest.approx(row.array(at[0] + h * QUANTILES, *at[1:]).mean(), abs=2e-5)


@pytest.mark.parametrize("name", ["floor_divide", "remainder", "fmod"])
def test_what_divides_is_smoothed_along_the_ratio(name):
    for a, b in [(7.5, 2.0), (-7.5, 2.0), (6.0, 2.0), (-0.1, 2.0), (7.5, -2.0)]:
        whole = (np.trunc if name == "fmod" else np.floor)(a / b + 0.2 * QUANTILES).mean()
        want = whole if name == "floor_divide" else a - b * whole
        assert TABLE[name].smooth(0.2, a, b) == pytest.approx(want, abs=1e-4)


@pytest.mark.parametrize("row", [row for row in BROKEN if row.smooth], ids=lambda row: row.name)
def test_a_smoothed_row_is_the_row_far_from_its_boundaries_and_bends_at_them(row):
    at = tuple(map(float, row.points[0]))
    if row.name != "hypot":
        assert row.smooth(1e-4, *at) == pytest.approx(row.float(*at), rel=1e-12)
    at = tuple(map(float, AT[row.name][0]))
    beside = [row.smooth(1e-2, *moved(row, at, by)) for by in (-1e-9, 1e-9)]
    assert beside[0] == pytest.approx(beside[1], abs=1e-6)


# -- what is said -----------------------------------------------------------------------------------


LOST = {
    "relu": lambda: grad(grad(relu))(0.0),
    "abs": lambda: hessian(abs_)(0.0),
    "a product": lambda: hessian(lambda x: relu(x) * (x + 1.0))(0.0),
    "hvp": lambda: hvp(abs_, (0.0,), (1.0,)),
    "jvp of grad": lambda: jvp(grad(relu), (0.0,), (1.0,)),
    "vjp of grad": lambda: vjp(grad(relu), 0.0),
    "jacobian of grad": lambda: jacobian(grad(lambda x: maximum(x[0], x[1])))([1.0, 1.0]),
    "i0e": lambda: grad(grad(i0e))(0.0),
    "a third": lambda: grad(grad(grad(softsign)))(0.0),
    "on Values": lambda: hessian(abs_)(Value(0.0)),
    "a square": lambda: grad(grad(lambda x: abs_(x) ** 2))(0.0),
    "a square of a distance": lambda: hessian(lambda p: hypot(p[0], p[1]) ** 2)([0.0, 0.0]),
    "a product with a distance's square": lambda: hvp(lambda p: hypot(p[0], p[1]) ** 2, ([0.0, 0.0],), ([1.0, 2.0],)),
    "a distance of a distance": lambda: hessian(lambda p: hypot(hypot(p[0], p[1]), 3.0))([0.0, 0.0]),
    "a square with a factor": lambda: grad(grad(lambda x: exp(x) * abs_(x - 1.0) ** 2))(1.0),
}
JUMPED = {
    "floor": lambda: grad(floor)(2.0),
    "step in a Jacobian": lambda: jacobian(lambda x: [step(x), x])(0.0),
    "inside": lambda: grad(lambda x: 3.0 * floor(x * 2.0))(1.5),
}
WHOLE = {
    "a first one of relu": lambda: grad(relu)(0.0),
    "beside": lambda: hessian(relu)(1e-300),
    "a square": lambda: grad(grad(lambda x: relu(x) ** 2))(0.0),
    "of something else": lambda: grad(grad(lambda x: x**3 + relu(Value(0.0)).data))(1.0),
    "softsign": lambda: grad(grad(softsign))(0.0),
    "floor between": lambda: grad(floor)(2.5),
    "weighted by 0": lambda: grad(lambda x: (x - 2.0) * 0.0 * floor(x))(2.0),
    "tanh to order four": lambda: grad(grad(grad(grad(tanh))))(0.0),
    "a square that has its own derivative": lambda: hessian(lambda x: x * x + relu(x) ** 3)(0.0),
    "a product that is flat": lambda: grad(grad(lambda x: x**2 * abs_(x)))(0.0),
    "a higher power": lambda: grad(grad(lambda x: abs_(x) ** 4))(0.0),
    "a distance beside": lambda: hessian(lambda p: hypot(p[0], p[1]) ** 2)([1e-9, 0.0]),
    "a factor of 0": lambda: hessian(lambda x: (x - x) * abs_(x))(0.0),
    "a kink that stays": lambda: hessian(lambda x: x * x + relu(0.0 * x))(1.0),
}


def told(question) -> list[str]:
    with warnings.catch_warnings(record=True) as met:
        warnings.simplefilter("always")
        question()
    assert all(each.category is KinkWarning and each.filename == __file__ for each in met)
    return [str(each.message) for each in met]


@pytest.mark.parametrize("question", LOST.values(), ids=LOST.keys())
def test_a_second_derivative_at_a_kink_says_so_once(question):
    (said,) = told(question)
    assert said.startswith("the second derivative leaves out what the ")


@pytest.mark.parametrize("question", JUMPED.values(), ids=JUMPED.keys())
def test_a_first_derivative_at_a_jump_says_so_once(question):
    (said,) = told(question)
    assert said.startswith("the first derivative leaves out what the jump of ")


@pytest.mark.parametrize("question", WHOLE.values(), ids=WHOLE.keys())
def test_a_derivative_that_is_whole_says_nothing(question):
    assert told(question) == []


@pytest.mark.parametrize("row", [row for row in TABLE.values() if row not in BROKEN], ids=lambda row: row.name)
def test_no_second_derivative_of_a_smooth_row_says_anything(row):
    for at in row.points:
        moves = tuple(range(max(row.orders, row.has_index, row.name in CHOICES), len(at)))
        if moves:
            assert told(lambda at=at, moves=moves: hessian(lambda *x: row(*x), moves)(*map(float, at))) == []
