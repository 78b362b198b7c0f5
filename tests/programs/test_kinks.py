"""Compiled derivatives tell what they leave out at kinks and jumps; those of smoothed functions are whole."""

from __future__ import annotations

import math
import warnings

import numpy as np
import pytest

import viz
from autograd import (
    ArgumentError,
    Complex,
    GraphError,
    KinkWarning,
    Value,
    atan2,
    clip,
    compile,
    compile_graph,
    cos,
    custom_vjp,
    exp,
    floor,
    fori_loop,
    grad,
    hardsigmoid,
    hessian,
    hypot,
    interp,
    leaky_relu,
    linalg,
    load_program,
    log,
    maximum,
    minimum,
    relu,
    relu6,
    root,
    scan,
    sin,
    softplus,
    step,
    tanh,
    where,
    while_loop,
)
from autograd import abs as abs_
from autograd import sum as sum_
from autograd.ops.primitive import TABLE
from nn import MLP
from tests.support.compilers import called, compiled
from tests.support.kinks import at_kinks

BACKENDS = pytest.mark.parametrize("backend", ["interpreter", "numpy", "llvm"])
Z = np.random.default_rng(0).normal(size=2000)
SPOT, STRIKE, VOLATILITY = 100.0, 105.0, 0.2
EACH = {"in_axes": (None, 0)}
MEAN = EACH | {"reduce": "mean"}


@pytest.fixture(autouse=True)
def _machine_code():
    pytest.importorskip("llvmlite", reason="the extra `native` is not installed")


def at_the_end(spot, z):
    return spot * exp(VOLATILITY * z - 0.5 * VOLATILITY**2)


def call(spot, z):
    return relu(at_the_end(spot, z) - STRIKE)


def by_where(spot, z):
    s = at_the_end(spot, z)
    return where(s > STRIKE, s - STRIKE, 0.0)


def by_a_product(spot, z):
    s = at_the_end(spot, z)
    return (s > STRIKE) * (s - STRIKE)


def digital(spot, z):
    return where(at_the_end(spot, z) > STRIKE, 1.0, 0.0)


def looped(spot, z):
    return fori_loop(0, 3, lambda i, s: relu(s * (1.0 + 0.1 * z) - 1.0), spot * 0.01 + 1.0)


def told(question, *args):
    """What is said while something is asked."""
    with warnings.catch_warnings(record=True) as met:
        warnings.simplefilter("always")
        question(*args)
    assert all(each.category is KinkWarning and each.filename == __file__ for each in met)
    return [str(each.message) for each in met]


@pytest.mark.parametrize("backend", ["numpy", pytest.param("llvm", marks=pytest.mark.thorough)])
@pytest.mark.parametrize(
    "payoff",
    [
        call,
        by_where,
        by_a_product,
        lambda s, z: abs_(s - 100.0 - z),
        looped,
        lambda s, z: maximum(s, 100.0 + z) ** 3,
        lambda w, x: clip(w * x, -60.0, 60.0),
    ],
)
def test_a_second_derivative_of_a_mean_over_a_kink_is_told_once_and_the_first_never(payoff, backend):
    compiled = compile(payoff, backend=backend, **MEAN)
    assert told(compiled.value_and_grad, SPOT, Z) == told(compiled.grad, SPOT, Z) == told(compiled, SPOT, Z) == []
    (said,) = told(compiled.hessian, SPOT, Z)
    assert said.startswith("the second derivative leaves out what the ") and "on both sides" in said
    assert told(compiled.hessian, SPOT, Z) == []
    assert len(told(compiled.hvp, SPOT, Z, 1.0)) == 1
    assert told(compile(payoff, backend=backend, **EACH).hessian, SPOT, Z) == []


@BACKENDS
@pytest.mark.parametrize(
    "payoff", [digital, lambda s, z: floor(s / 10.0 + z), lambda s, z: (1 + z * z) * step(s - 100.0 - z)]
)
def test_a_first_derivative_of_a_mean_over_a_jump_is_told_once(payoff, backend):
    compiled = compile(payoff, backend=backend, **MEAN)
    assert told(compiled, SPOT, Z) == []
    for question in ("grad", "value_and_grad", "jacobian"):
        (said,) = told(getattr(compiled, question), SPOT, Z)
        assert said.startswith("the first derivative leaves out what the jump of ")
    assert len(told(compiled.jvp, SPOT, Z, 1.0)) == len(told(compiled.vjp, SPOT, Z, 1.0)) == 1
    assert told(compile(payoff, backend=backend, **EACH).grad, SPOT, Z) == []


WHOLE = {
    "one side alone": (lambda s, z: relu(at_the_end(s, z) + 1.0), MEAN),
    "a square": (lambda s, z: call(s, z) ** 2, MEAN),
    "a kink that does not move": (lambda w, x: w * w * relu(x) + where(x > 0.0, w**3, w**2), MEAN),
    "two forms of one function": (lambda w, x: where(w * x > 1.0, w * x + 1.0, 1.0 + x * w), MEAN),
    "Huber's": (lambda w, x: where(abs_(w - x) < 1.0, 0.5 * (w - x) ** 2, abs_(w - x) - 0.5), MEAN),
    "smooth": (lambda w, x: softplus(tanh(w * x)) + sin(w) * exp(x), MEAN),
}


@pytest.mark.parametrize("backend", ["numpy", pytest.param("llvm", marks=pytest.mark.thorough)])
@pytest.mark.parametrize(("f", "options"), WHOLE.values(), ids=WHOLE.keys())
def test_what_is_whole_says_nothing(f, options, backend):
    compiled = compile(f, backend=backend, **options)
    for question in ("grad", "hessian", "hessian", "jacobian"):
        assert told(getattr(compiled, question), 1.0, Z) == []


@BACKENDS
def test_a_kink_is_told_where_a_derivative_is_taken_at_it(backend):
    for question, at in [
        (compile(relu, backend=backend).hessian, 0.0), (compile(abs_, backend=backend).hessian.bind, 0.0),
        (compile(relu, backend=backend).hessian.sparse, 0.0), (compile(grad(abs_), backend=backend).grad, 0.0),
        (compile(relu, backend=backend, in_axes=0).hessian, np.array([1.0, 0.0, 2.0])),
        (compile(lambda x: [floor(x), x], backend=backend).jacobian, 2.0),
    ]:  # fmt: skip
        (said,) = told(question, at)
        assert "right there" in said
    for f, at in [(relu, 1e-9), (lambda x: relu(x) ** 2, 0.0), (lambda x: x * abs_(x), 0.0), (floor, 2.5)]:
        assert told(compile(f, backend=backend).hessian, at) == told(compile(f, backend=backend).grad, at) == []


MISSED = {  # the second derivative is 0 at 0, and something else on both sides
    "abs(x)²": lambda x: abs_(x[0]) ** 2, "cos |x|": lambda x: cos(abs_(x[0])),
    "norm²": lambda x: np.linalg.norm(x) ** 2, "hypot²": lambda x: hypot(x[0], x[1]) ** 2,
    "hypot of hypot": lambda x: hypot(hypot(x[0], x[1]), 3.0),
}  # fmt: skip
NOT_MISSED = {
    "of degree 4": lambda x: hypot(x[0], x[1]) ** 4, "one side": lambda x: relu(x[0]) ** 2,
    "between": lambda x: x[0] * abs_(x[0]), "cubes": lambda x: abs_(x[0]) ** 3 + relu(x[0]) ** 3,
    "along a line": lambda x: hypot(x[0] + 1.0, x[1]) ** 2,
}  # fmt: skip


@at_kinks
@pytest.mark.parametrize("name", MISSED | NOT_MISSED)
def test_a_second_derivative_that_is_that_of_no_side_is_told(name):
    f, at = (MISSED | NOT_MISSED)[name], np.zeros(2)
    below, here, above = (compile(f).hessian(np.array([x, 0.0]))[0, 0] for x in (-1e-7, 0.0, 1e-7))
    assert (min(below, above) - 1e-6 <= here <= max(below, above) + 1e-6) == (name in NOT_MISSED)
    assert len(told(compile(f).hessian, at)) == (name in MISSED)


def test_the_node_is_named_with_its_line():
    spot, z = Value(100.0, name="spot"), Value(0.0, name="z")
    payoff = relu(spot * (1.0 + z) - 100.0)
    payoff.name = "payoff"
    (said,) = told(compile_graph(payoff, [spot, z], **MEAN).hessian, 100.0, Z)
    assert "the kink of relu 'payoff' adds" in said


def test_few_samples_at_a_time_find_the_same(monkeypatch):
    monkeypatch.setattr("autograd.program.kinks.AT_ONCE", 7)
    assert len(told(compile(call, **MEAN).hessian, SPOT, np.sort(Z))) == 1


def test_a_sample_at_which_nothing_is_lost_hides_no_others():
    z = np.array([[0.0, 0.0], [1.0, 1.0], [-0.5, 1.0]])  # at the first the slope is 0 on both sides
    assert len(told(compile(lambda s, z: z[1] * relu(s * z[0] + s - 1.0), **MEAN).hessian, 1.0, z)) == 1


def test_networks_say_nothing():
    model, rows = MLP(2, [4, 1], activation="relu", seed=0), np.random.default_rng(0).normal(size=(40, 2))
    assert told(lambda: model.fit(rows, rows[:, 0] > 0, epochs=2, progress=False)) == []
    assert told(lambda: model.predict(rows)) == []


@pytest.mark.parametrize("row", [row for row in TABLE.values() if not (row.kinks or row.jumps or row.orders)
                                 and row.name not in ("where", "guard", "equal", "softmax", "log_softmax")
                                 and "inc" not in row.name], ids=lambda row: row.name)  # fmt: skip
def test_smooth_rows_say_nothing(row):
    for at in row.points[:2]:
        compiled = compile(lambda x, *rest, row=row: row(*x), in_axes=(None, 0), reduce="sum", backend="numpy")
        assert told(compiled.hessian, np.array(at, float), Z[:3]) == []


# -- calls, one after the other ----------------------------------------------------------------------


def test_a_later_call_that_crosses_first_is_told_once():
    mean = compile(lambda s, x: relu(s + x), **MEAN)
    assert not any(told(mean.hessian, 0.0, np.linspace(0.1, 1.0, 9)) for _ in range(8))
    assert [len(told(mean.hessian, 0.0, np.linspace(-1.0, 1.0, 8))) for _ in range(3)] == [1, 0, 0]


def test_of_many_that_are_met_all_have_their_turn():
    def f(s, x):
        whole = sum(relu(s + x - c) ** 3 for c in np.linspace(-0.9, 0.9, 40))  # up to the second derivative
        return whole + relu(s + x)

    mean = compile(f, **MEAN)
    said = [len(told(mean.hessian, 0.0, np.linspace(-1.0, 1.0, 80))) for _ in range(3)]
    assert said == [0, 0, 1]  # sixteen a call


def test_calls_at_which_nothing_jumps_because_a_number_is_0_do_not_count():
    mean = compile(lambda s, a, x: where(s + x > 0.0, a, 0.0), in_axes=(None, None, 0), reduce="mean")
    x = np.linspace(-1.0, 1.0, 8)
    assert not any(told(mean.grad, 0.0, 0.0, x) for _ in range(8))
    assert [len(told(mean.grad, 0.0, 1.0, x)) for _ in range(3)] == [1, 0, 0]


def test_the_end_of_a_period_is_no_jump_of_a_curve():
    def curve(x):
        return interp(x, [0.0, 90.0, 180.0, 270.0], [0.0, 1.0, 0.0, -1.0], period=360.0)

    for at in (0.0, 360.0, -720.0):
        assert not told(grad(curve), at) and not told(hessian(curve), at)
    mean, x = compile(lambda s, x: curve(s + x), **MEAN), np.linspace(300.0, 420.0, 50)
    assert not told(mean.grad, 0.3, x)
    assert told(grad(lambda x: x % 360.0), 360.0) and told(hessian(relu), 0.0)
    assert not told(grad(lambda x: sin(x % 1.0 * 2.0 * math.pi)), 1.0) and not told(
        hessian(lambda x: relu(x) ** 3), 0.0
    )


# -- smoothed ---------------------------------------------------------------------------------------


def normal(x):
    return 0.5 * math.erfc(-x / math.sqrt(2.0))


def density(x):
    return math.exp(-0.5 * x * x) / math.sqrt(2.0 * math.pi)


@BACKENDS
@pytest.mark.parametrize("x", [-3.0, -0.1, 0.0, 0.4, 7.0])
def test_a_smoothed_relu_and_step_are_what_is_said(x, backend):
    h = 0.5
    ramp, jump = (
        compile(relu, smooth=h, backend=backend),
        compile(lambda x: where(x > 0, 1, 0), smooth=h, backend=backend),
    )
    close = pytest.approx
    assert ramp(x) == close(x * normal(x / h) + h * density(x / h), abs=1e-15)
    assert [ramp.grad(x), jump(x)] == close([normal(x / h)] * 2, abs=1e-15)
    assert [ramp.hessian(x), jump.grad(x)] == close([density(x / h) / h] * 2, abs=1e-15)
    assert told(ramp.hessian, x) == told(jump.grad, x) == []
    assert grad(grad(ramp))(x) == close(density(x / h) / h, abs=1e-15)


@BACKENDS
def test_every_derivative_of_what_is_smoothed_is_one(backend):
    def f(x):
        inside = where((x[0] > 0.1) & (x[1] < 2.0) | (x[0] > 5.0), log(3.0 + x[0]), x[1] * abs_(x[0]))
        return inside + clip(x[0] * x[1], -0.3, 0.2) + floor(x[1]) * x[0] + maximum(x[0], x[1]) ** 2

    p, at, h = compile(f, smooth=0.2, backend=backend), np.array([0.15, 0.9]), 1e-6
    for i, move in enumerate(np.eye(2) * h):
        assert p.grad(at)[i] == pytest.approx((p(at + move) - p(at - move)) / (2 * h), rel=1e-6)
        assert p.hessian(at)[i] == pytest.approx((p.grad(at + move) - p.grad(at - move)) / (2 * h), rel=1e-5)


def test_what_searches_is_not_smoothed_nor_an_equation_with_kinks():
    solved = compile(lambda a: root(lambda x: x**3 - a, 1.0) + relu(a - 2.0), smooth=0.1)
    assert solved(8.0) == pytest.approx(8.0)
    assert solved.grad(8.0) == pytest.approx(1.0 / 12.0 + 1.0)
    with pytest.raises(GraphError, match="an equation with relu in it is not smoothed"):
        compile(lambda a: root(lambda x: x + relu(x) - a, 1.0), smooth=0.1)(3.0)


def test_a_smoothed_condition_keeps_what_was_not_chosen_out():
    p = compile(lambda x: where(x > 0.0, log(x), 0.0), smooth=0.01)
    assert (p(-1.0), p.grad(-1.0)) == (0.0, 0.0)
    assert p(2.0) == math.log(2.0)
    either = compile(lambda x: where((x < -1.0) | (x > 1.0), 2.0, 1.0), smooth=0.1)
    assert [round(either(x), 6) for x in (-3.0, -1.0, 0.0, 1.0, 3.0)] == [2.0, 1.5, 1.0, 1.5, 2.0]


@BACKENDS
def test_loops_are_smoothed_and_end_as_they_did(backend):
    def straight(s):
        for _ in range(3):
            s = relu(s - 1.0)
        return s

    rolled = compile(lambda s: fori_loop(0, 3, lambda i, s: relu(s - 1.0), s), smooth=0.1, backend=backend)
    assert rolled.hessian(3.0) == pytest.approx(compile(straight, smooth=0.1).hessian(3.0), rel=1e-12)
    assert (
        compile(lambda x: while_loop(lambda x: x < 10, lambda x: 2 * x, x, 9), smooth=3.0, backend=backend)(1.0) == 16
    )


def flagged(x):
    """It stops where it is large, as lanes that are done do."""

    def step(carry, _):
        y, is_done = carry
        is_done = is_done | (y > 5.0)
        return (where(is_done, y, y * x), is_done), None

    return scan(step, (x, False), length=6)[0][0]


@pytest.mark.parametrize(
    "f",
    [
        flagged,
        lambda x: where(fori_loop(0, 4, lambda i, c: x * (i + 1.0) > 3.0, False), 1.0, 2.0),
        lambda x: sum(where(y, 1.0, 2.0) for y in scan(lambda c, _: (c + x, c > 3.0), 0.0, length=5)[1]),
        lambda x: while_loop(lambda c: c[1], lambda c: (c[0] * 2.0, c[0] < 50.0), (x, True), max_steps=20)[0],
        lambda x: where(scan(lambda c, _: (c, relu(c)), x, length=2)[1][1], 1.0, 2.0),
    ],
)
def test_nothing_chooses_by_what_is_smoothed_itself(f):
    assert compile(f)(2.0) > 0.0
    with pytest.raises(GraphError, match="chooses by a number that smooth=h smooths itself"):
        compile(f, smooth=0.1)(2.0)


def test_counts_and_solutions_are_no_such_choices():
    def f(x):
        y = fori_loop(0, 3, lambda i, c: c + where(c * x > i, 1.0, 0.0), 0.5)
        return root(lambda z: z**3 + z - y - relu(x), 1.0) + while_loop(lambda c: c < y + 9.0, lambda c: 2.0 * c, x, 9)

    assert compile(f, smooth=1e-9)(2.0) == compile(f)(2.0) == pytest.approx(f(2.0), rel=1e-12)


INDEXED = {  # bodies that ask the index of their loop, or of numbers from outside of it
    "parity": lambda i, c, x: where(i % 2 == 0, c + x, c),
    "from the third on": lambda i, c, x: where(i >= 2, c + x, c),
    "whole halves": lambda i, c, x: c + x * floor(i / 2) + abs(i - 2),
    "as a number": lambda i, c, x: c + x * (i > 2) + relu(x - 0.1 * i),
    "and the carry": lambda i, c, x: where((i >= 2) & (c >= 0.2), c + x, c + 0.1),
    "and outside": lambda i, c, x: where((i >= 2) & (x > 0.1), c + x, c),
    "outside alone": lambda i, c, x: where(x > 0.1, c + x, c),
}


@pytest.mark.parametrize("backend", ["numpy", pytest.param("llvm", marks=pytest.mark.thorough)])
@pytest.mark.parametrize("name", INDEXED)
def test_what_no_input_moves_is_not_smoothed_in_loops_either(name, backend):
    body = INDEXED[name]

    def straight(x):
        c = x
        for i in range(5):
            c = body(Value(float(i)), c, x)
        return c

    for width in (0.3, (0.3, 4)):
        known = compile(straight, smooth=width, backend=backend)
        ruled = compile(lambda x: fori_loop(0, 5, lambda i, c: body(i, c, x), x), smooth=width, backend=backend)
        eaten = compile(
            lambda x: scan(lambda c, i: (body(i, c, x), None), x, np.arange(5))[0], smooth=width, backend=backend
        )
        for question in ("value", "grad", "hessian"):
            expected = pytest.approx(getattr(known, question)(0.15), rel=1e-12, abs=1e-12)
            assert getattr(ruled, question)(0.15) == getattr(eaten, question)(0.15) == expected


TIED = {
    "relu": lambda x: relu(x) > 0.0,
    "a product": lambda x: 3.0 * relu(x) * (x - 1.0) != 0.0,
    "what is over": lambda x: maximum(x, 2.0) - 2.0 > 0.0,
    "the larger": lambda x: x >= maximum(x, 1.0),
    "clip": lambda x: clip(x, 0.0, 1.0) >= 1.0,
    "floor": lambda x: floor(x) >= 1.0,
    "a step": lambda x: step(relu(x)),
    "a condition": lambda x: (x > 0.0) >= 1.0,
    "a count": lambda x: (x > 0.0) + (x > 1.0) >= 2.0,
    "a count of a loop": lambda x: fori_loop(0, 3, lambda i, n: n + where(x > n, 1.0, 0.0), 0.0) >= 2.0,
    "a mark of a loop": lambda x: fori_loop(0, 3, lambda i, m: maximum(m, where(x > i, 1.0, 0.0)), 0.0) > 0.0,
    "the largest of a loop": lambda x: fori_loop(0, 3, lambda i, m: maximum(m, x), 0.0) > x,
    "inside": lambda x: fori_loop(0, 3, lambda i, c: where(relu(c - x) > 0.0, c, c + 1.0), 0.0),
}


@pytest.mark.parametrize("name", TIED)
def test_numbers_that_are_the_same_over_a_stretch_are_not_compared_by_halves(name):
    f = TIED[name]
    compile(f)(-0.5)
    with pytest.raises(GraphError, match="the same over a whole stretch"):
        compile(f, smooth=0.1)(-0.5)


APART = {
    "halves": lambda x: where(fori_loop(0, 3, lambda i, n: n + where(x > n, 1.0, 0.0), 0.0) > 1.5, x, 3.0),
    "relu above": lambda x: where(relu(x) > 0.5, x, 3.0),
    "a barrier": lambda x: where(fori_loop(0, 3, lambda i, c: maximum(c, x * (1.0 + i)), x) > 4.0, x, 3.0),
    "forms": lambda x: np.linalg.norm(np.array([relu(x), 0.0], object)),
    "pivots": lambda x: linalg.slogdet([[relu(x), 0.0], [0.0, maximum(x, 1.0)]])[1],
}


@pytest.mark.parametrize("name", APART)
def test_what_only_meets_is_smoothed(name):
    assert compile(APART[name], smooth=1e-9)(1.5) == pytest.approx(compile(APART[name])(1.5), rel=1e-12)


def test_what_is_smoothed_says_so_and_what_cannot_be_is_refused(tmp_path):
    p = compile(relu, smooth=0.5)
    assert p(1.0) and "smoothed within 0.5" in repr(p) and "smoothed within 0.5" in str(p.program)
    assert "smoothed" not in str(compile(relu).record(1.0))
    p.program.save(tmp_path / "smooth.program")
    assert "smoothed within 0.5" in str(load_program(tmp_path / "smooth.program"))
    assert "smoothed within (0.5, 4)" in repr(compile(relu, smooth=(0.5, 4)))
    assert "smoothed within 0.5" in str(compile(relu, smooth=(0.5, 4)).record(1.0))
    for width in (0, 0.0, -1.0, math.nan, math.inf, True, "wide", (0.5, 3), (0.0, 4), (0.5,), (0.5, 4, 4), [0.5, 4]):
        with pytest.raises(ArgumentError, match="smooth is the width"):
            compile(relu, smooth=width)
    with pytest.raises(GraphError, match="atan2 has jumps for which no smoothing is known"):
        compile(atan2, smooth=0.1)(1.0, 2.0)


CONNECTED = {  # by conditions on x and y and what is known already: the probability, of those of x and y
    "or": (lambda x, y: (x > 1.0) | (y > 0.5), lambda p, q: p + q - p * q),
    "and": (lambda x, y: (x > 1.0) & (y > 0.5), lambda p, q: p * q),
    "either": (lambda x, y: (x > 1.0) ^ (y > 0.5), lambda p, q: p + q - 2.0 * p * q),
    "alike": (lambda x, y: (x > 1.0) == (y > 0.5), lambda p, q: 1.0 - p - q + 2.0 * p * q),
    "False or": (lambda x, y: False | (x > 1.0), lambda p, q: p),
    "or False, or": (lambda x, y: (x > 1.0) | False | (y > 0.5), lambda p, q: p + q - p * q),
    "True and": (lambda x, y: True & (x > 1.0), lambda p, q: p),
    "and True": (lambda x, y: (x > 1.0) & True, lambda p, q: p),
    "or True": (lambda x, y: (x > 1.0) | True, lambda p, q: 1.0),
    "and False": (lambda x, y: (x > 1.0) & False, lambda p, q: 0.0),
    "not, of False or": (lambda x, y: ~(False | (x > 1.0)), lambda p, q: 1.0 - p),
    "either, True": (lambda x, y: (x > 1.0) ^ True, lambda p, q: 1.0 - p),
    "as a number": (lambda x, y: (x > 1.0) * 1.0, lambda p, q: p),
}


@pytest.mark.parametrize("name", CONNECTED)
def test_conditions_that_are_connected_with_each_other_and_with_what_is_known(name):
    condition, probability = CONNECTED[name]
    p = compile(lambda x, y: where(condition(x, y), 3.0, 1.0), smooth=0.3)
    for x, y in ((0.0, 0.4), (0.9, 0.7), (1.2, -2.0), (1.0, 0.5)):
        share = probability(*(0.5 * math.erfc((at - z) / 0.3 / math.sqrt(2.0)) for z, at in ((x, 1.0), (y, 0.5))))
        assert p(x, y) == pytest.approx(1.0 + 2.0 * share, abs=1e-14)


FORMS = {  # without a kink, though computed in one of two forms
    "solve": lambda x: sum_(linalg.solve([[0.2, 2.0 + x], [0.2 - x + x, 0.5]], [1.0, x])),
    "lstsq": lambda x: sum_(linalg.lstsq([[1.0, x], [x, 2.0], [0.1, 0.3]], [1.0, 2.0, x])),
    "expm": lambda x: linalg.expm([[x, 2.0], [1.0, -x]])[0][1],
    "a quotient": lambda x: (Complex(1.0, x) / Complex(0.1, x)).real,
}


@pytest.mark.parametrize("name", FORMS)
def test_forms_of_one_number_are_not_smoothed(name):
    for smooth in (0.3, (0.3, 4)):
        found, known = compile(FORMS[name], smooth=smooth), compile(FORMS[name])
        for x in (0.05, 0.1, 0.37):
            for question in ("value", "grad", "hessian"):
                assert getattr(found, question)(x) == pytest.approx(getattr(known, question)(x), rel=1e-9)


def by_hand(function, slope):
    """A function with a derivative by hand."""
    made = custom_vjp(function)
    made.defvjp(lambda x: (made(x), x), lambda x, delta: (delta * slope(x),))
    return made


def test_a_kink_under_a_derivative_by_hand_is_not_left_sharp_without_a_word():
    payoff = by_hand(lambda x: relu(x - 1.0), lambda x: step(x - 1.0))
    outer = by_hand(lambda x: 2.0 * payoff(x), lambda x: 2.0 * step(x - 1.0))
    chosen = by_hand(lambda x: where(x > 1.0, x, 1.0), lambda x: step(x - 1.0))
    for function, what in ((payoff, "relu"), (outer, "relu"), (chosen, "greater")):
        for used in (function, lambda x, f=function: fori_loop(0, 2, lambda i, s: s + f(x), 0.0)):
            for width in (0.5, (0.5, 4)):
                with pytest.raises(GraphError, match=f"derivative by hand, so {what} in it cannot be smoothed"):
                    compile(used, smooth=width)(1.1)
            assert compile(used)(1.5) > 0.0
    smooth = by_hand(lambda x: exp(-x * x), lambda x: -2.0 * x * exp(-x * x))
    p = compile(lambda x: smooth(x) + relu(x), smooth=0.5)
    assert p(0.0) == pytest.approx(1.0 + 0.5 / math.sqrt(2.0 * math.pi), rel=1e-14)
    assert p.grad(0.0) == pytest.approx(0.5, rel=1e-14)


LINEAR = {
    "slogdet": lambda a: sum(np.linalg.slogdet(a)),
    "the smallest eigenvalue": lambda a: np.linalg.eigh(a)[0][0],
    "an eigenvector": lambda a: np.linalg.eigh(a)[1][0, 1] ** 2,
    "std": lambda a: np.std(a),
    "norm": lambda a: np.linalg.norm(a),
    "solve": lambda a: np.linalg.solve(a, np.arange(1.0, len(a) + 1)).sum(),
}


@pytest.mark.parametrize("f", LINEAR.values(), ids=LINEAR)
@pytest.mark.parametrize("smooth", [0.3, (0.3, 4)], ids=repr)
def test_pivots_signs_and_scales_of_linear_algebra_are_no_kinks(f, smooth):
    found, known = compile(f, smooth=smooth), compile(f)
    dice = np.random.default_rng(3)
    for a in (dice.normal(size=(2, 2)), dice.normal(size=(3, 3)), 0.02 * dice.normal(size=(3, 3)), np.diag([1.0, 2.0])):
        a = a + a.T
        assert found(a) == pytest.approx(known(a), rel=1e-12)
        assert found.grad(a) == pytest.approx(known.grad(a), rel=1e-9, abs=1e-9)
    numpys = [float(np.ravel(f(a))[0]), found(a)]  # the closed forms are NumPy's own numbers
    assert numpys[0] == pytest.approx(numpys[1], rel=1e-12)


def test_a_singular_matrix_and_equal_numbers_are_known_where_kinks_are_smoothed():
    assert compile(lambda a: np.linalg.slogdet(a)[1], smooth=0.1)(np.ones((3, 3))) == -math.inf
    for f in (np.std, np.linalg.norm):
        p = compile(lambda x, f=f: f(x) ** 3, smooth=0.1)
        assert p(np.zeros(3)) == 0.0 and p.grad(np.zeros(3)).tolist() == [0.0, 0.0, 0.0]


def test_a_condition_as_a_number_is_the_condition():
    for x in (0.8, 0.95, 1.05):
        one, other = normal((x - 1.0) / 0.1), compile(lambda x: where(where(x > 1.0, 1.0, 0.0), 3.0, 2.0), smooth=0.1)
        assert other(x) == pytest.approx(2.0 + one)
        none = compile(lambda x: where(where(where(x > 1.0, 0.0, 1.0), 0.0, 1.0), 3.0, 2.0), smooth=0.1)
        assert none(x) == pytest.approx(2.0 + one)
        assert other.grad(x) == pytest.approx(none.grad(x)) == pytest.approx(10.0 * density((x - 1.0) / 0.1))
    for condition in (relu, lambda x: where(x > 1.0, 2.0, 0.0)):
        with pytest.raises(GraphError, match="chooses by a number that smooth=h smooths itself"):
            compile(lambda x, condition=condition: where(condition(x), 3.0, 2.0), smooth=0.1)(0.5)


def test_a_smoothed_gamma_is_that_of_the_closed_form():
    d = (math.log(SPOT / STRIKE) + 0.5 * VOLATILITY**2) / VOLATILITY
    closed = density(d) / (SPOT * VOLATILITY)
    z = np.random.default_rng(1).normal(size=100_000)
    assert compile(call, **MEAN)(SPOT, z) > 0.0
    with pytest.warns(KinkWarning):
        assert compile(call, **MEAN).hessian(SPOT, z) == 0.0
    narrow, wide = (compile(call, smooth=h, **MEAN).hessian(SPOT, z) for h in (4.0, 8.0))
    assert narrow == pytest.approx(closed, rel=0.04)
    assert (4.0 * narrow - wide) / 3.0 == pytest.approx(closed, rel=0.02)


@pytest.mark.thorough
def test_a_smoothed_gamma_of_twenty_seeds():
    d = (math.log(SPOT / STRIKE) + 0.5 * VOLATILITY**2) / VOLATILITY
    closed, widths = density(d) / (SPOT * VOLATILITY), [compile(call, smooth=h, **MEAN).hessian for h in (4.0, 8.0)]
    for seed in range(20):
        narrow, wide = (hessian(SPOT, np.random.default_rng(seed).normal(size=100_000)) for hessian in widths)
        assert (4.0 * narrow - wide) / 3.0 == pytest.approx(closed, rel=0.02)


@BACKENDS
@pytest.mark.parametrize("f", [relu, lambda x: where(x > 0, 1, 0), abs_, floor, lambda x: clip(x, -0.3, 0.4)])
def test_smoothed_of_order_4_is_two_widths_row_by_row(f, backend):
    narrow, wide, both = (compile(f, smooth=h, backend=backend) for h in (0.25, 0.5, (0.25, 4)))
    for x in (-1.2, -0.1, 0.0, 0.4, 3.0):
        for asked in ("__call__", "grad", "hessian"):
            one, other = getattr(narrow, asked)(x), getattr(wide, asked)(x)
            assert getattr(both, asked)(x) == pytest.approx((4.0 * one - other) / 3.0, abs=1e-13)


FAR = {
    "maximum": (lambda x: maximum(x, -1e20), [1.0, 1e300], [1.0, 1e300], [1.0, 1.0]),
    "minimum": (lambda x: minimum(1e20, x), [1.0, -1e300], [1.0, -1e300], [1.0, 1.0]),
    "relu": (relu, [1e300, -1e300, -math.inf], [1e300, 0.0, 0.0], [1.0, 0.0, 0.0]),
    "abs": (abs_, [1e300, -1e300], [1e300, 1e300], [1.0, -1.0]),
    "relu6": (relu6, [1e300, -math.inf, math.inf], [6.0, 0.0, 6.0], [0.0, 0.0, 0.0]),
    "hardsigmoid": (hardsigmoid, [1e300, -1e300], [1.0, 0.0], [0.0, 0.0]),
    "clip": (lambda x: clip(x, 0.0, 1.0), [1e17, -1e17], [1.0, 0.0], [0.0, 0.0]),
    "clip to one side": (lambda x: clip(x, 0.0, math.inf), [7.0, -7.0], [7.0, 0.0], [1.0, 0.0]),
    "clip to far away": (lambda x: clip(x, -1e30, 1e30), [7.0, -7.0], [7.0, -7.0], [1.0, 1.0]),
    "leaky_relu": (lambda x: leaky_relu(x, 0.0), [1e300, -1e300], [1e300, 0.0], [1.0, 0.0]),
}


@BACKENDS
@pytest.mark.parametrize("smooth", [0.1, (0.1, 4)], ids=repr)
@pytest.mark.parametrize("case", FAR)
def test_far_from_a_kink_nothing_is_lost_to_smoothing(case, smooth, backend):
    f, x, values, slopes = FAR[case]
    p = compile(f, in_axes=0, smooth=smooth, backend=backend)
    np.testing.assert_array_equal(p(np.array(x)), values)
    np.testing.assert_array_equal(p.grad(np.array(x)), slopes)
    np.testing.assert_allclose(p.hessian(np.array(x)), np.zeros_like(x), atol=1e-200)


def test_a_mean_smoothed_of_order_4_is_off_by_h_to_the_fourth():
    x, step = np.linspace(-12.0, 12.0, 24_001, retstep=True)
    p, q = np.exp(-((x - 0.4) ** 2) / 2) / math.sqrt(2 * math.pi), density(0.4)  # q: of the samples at the kink
    off = [abs(compile(relu, in_axes=0, smooth=(h, 4)).hessian(x) @ p * step - q) for h in (0.1, 0.2)]
    assert off[1] / off[0] == pytest.approx(16.0, rel=0.1)


@pytest.mark.thorough
def test_one_width_of_order_4_is_within_two_percent_for_twenty_seeds():
    d = (math.log(SPOT / STRIKE) + 0.5 * VOLATILITY**2) / VOLATILITY
    gammas = [compile(call, smooth=(h, 4), **MEAN).hessian for h in (4.0, 5.0, 6.0)]
    for seed in range(20):
        z = np.random.default_rng(seed).normal(size=100_000)
        for gamma in gammas:
            assert gamma(SPOT, z) == pytest.approx(density(d) / (SPOT * VOLATILITY), rel=0.02)


def rough(x):
    return where(x > 0.3, relu(x - 0.5), floor(x)) + maximum(x, 0.1) * abs_(x)


def test_a_file_of_c_has_the_smoothed_function_and_its_gradient(tmp_path):
    p, xs = compile(rough, smooth=0.2), np.linspace(-1.7, 1.9, 40)
    library = compiled(p.record(1.0).to_c(), tmp_path)
    value, slope = called(library, "f_gradient", xs[:, None], 1, 1)
    assert value[:, 0] == pytest.approx(np.array([p(x) for x in xs]), rel=1e-13)
    assert slope[:, 0] == pytest.approx(np.array([p.grad(x) for x in xs]), rel=1e-12)


def test_jax_has_the_same_derivatives_of_the_smoothed_function():
    jax = pytest.importorskip("jax", reason="the extra `jax` is not installed")
    jax.config.update("jax_enable_x64", True)
    p, xs = compile(rough, smooth=0.2), np.linspace(-1.7, 1.9, 40)
    f = p.record(1.0).to_jax()
    for derive, ours in [(lambda g: g, p), (jax.grad, p.grad), (lambda g: jax.grad(jax.grad(g)), p.hessian)]:
        found = jax.vmap(derive(lambda x: f(x[None])[0]))(xs)
        assert np.asarray(found) == pytest.approx(np.array([ours(x) for x in xs]), rel=1e-9, abs=1e-9)


# -- seen -------------------------------------------------------------------------------------------


def test_kinks_are_listed_by_how_near_they_are():
    s = Value(100.0, name="s")
    found = viz.kinks(relu(s - 102.0) + step(s - 90.0) * floor(s / 40.0) + abs_(s - 100.0))
    assert [(k.is_jump, k.at) for k in found.found] == [(False, 0.0), (False, -2.0), (True, 10.0), (True, 0.5)]
    assert [k.away for k in found.found] == pytest.approx([0.0, 0.02, 0.1, 0.2])
    lines = str(found).splitlines()
    assert "at its kink" in lines[1] and "2 below its kink, 2 % of the leaves off" in lines[2]
    assert "kink: 2 % off" in found.draw().svg
    assert str(viz.kinks(s * s)) == "no node has a kink or a jump"
    assert "0.5 above its jump" in str(viz.kinks(compile(lambda x: where(x > 3.0, x, 0.0)), 3.5))
