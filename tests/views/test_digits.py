"""Bounds on errors against 50 digits, the steps that lose them, and the formulas that keep them."""

from __future__ import annotations

import ast
import math
import random
import statistics

import mpmath
import numpy as np
import pytest

import autograd
import viz
from autograd import (
    Value,
    atan,
    compile,
    cos,
    erf,
    exp,
    log,
    log1p,
    no_grad,
    record_sources,
    sin,
    softmax,
    sqrt,
    tanh,
    where,
)
from autograd import sum as total
from autograd.check.definition import defined
from autograd.errors import ArgumentError, OperandError
from autograd.ops.primitive import TABLE
from autograd.order import reachable
from viz.digits.bounds import bounds
from viz.digits.exact import error_of, exactly
from viz.digits.rewriting import FORMULAS, rewritings
from viz.digits.rounding import EXACT, RATIONAL, ROUGH, rounding
from viz.digits.underflow import is_cut

ONE = (
    "tanh sin cos exp expm1 log1p sigmoid softplus atan relu negative abs silu gelu erf sqrt log square reciprocal "
    "floor ndtr asinh sinh cosh logsigmoid lgamma"
).split()
TWO = {
    "add": lambda a, b: a + b, "subtract": lambda a, b: a - b, "multiply": lambda a, b: a * b,
    "divide": lambda a, b: a / b, "power": lambda a, b: abs(a) ** b, "hypot": autograd.hypot,
    "maximum": autograd.maximum, "minimum": autograd.minimum, "logaddexp": autograd.logaddexp, "atan2": autograd.atan2,
    "dot": lambda a, b: autograd.dot([a, b, a], [b, 0.5, a], b), "sum": lambda a, b: total([a, b, a * 0.3, -b]),
    "where": lambda a, b: where(a > b, a, b * 0.3), "logsumexp": lambda a, b: autograd.logsumexp([a, b, 1.0]),
}  # fmt: skip


def random_graph(seed):
    draw = random.Random(seed)
    sizes = [draw.uniform(-3, 3) * 10 ** (draw.uniform(-4, 4) * draw.choice((0, 1))) for _ in range(draw.randint(1, 4))]
    nodes = list(map(Value, sizes))
    for _ in range(draw.randint(1, 20)):
        name = draw.choice(ONE + list(TWO) * 2)
        a, b = draw.choice(nodes), draw.choice(nodes[-4:])
        node = getattr(autograd, name)(b) if name in ONE else TWO[name](a, b)
        if isinstance(node, Value) and abs(node.data) < 1e6:
            nodes.append(node)
    return nodes[-1]


def bound_and_error(seed):
    order = reachable(random_graph(seed))
    root = order[-1]
    return bounds(order)[root].error, error_of(root.data, exactly(order).values[-1])


@pytest.mark.parametrize("count", [250, pytest.param(10_000, marks=pytest.mark.thorough)])
def test_the_bound_holds_and_is_near(count):
    found = [bound_and_error(seed) for seed in range(count)]
    assert sum(error > bound for bound, error in found) <= 0.01 * count
    ratios = [bound / error for bound, error in found if 0 < error < math.inf]
    assert len(ratios) > 0.8 * count
    assert statistics.median(ratios) < 10


def derivatives(seed):
    found = viz.accuracy(random_graph(seed), digits=50)
    exact = zip(found.deltas, found.trace.nodes, strict=True)
    return [digits for digits, node in exact if digits is not None and node.kind == "leaf"]


@pytest.mark.parametrize("count", [40, pytest.param(1_000, marks=pytest.mark.thorough)])
def test_so_does_that_of_a_derivative(count):
    found = [digits for seed in range(count) for digits in derivatives(seed) if math.isfinite(digits.value)]
    wrong = [digits for digits in found if digits.measured < digits.digits - 1e-6 and digits.value]
    assert len(found) > count
    assert len(wrong) <= 0.01 * len(found)


def test_exact_is_what_the_definition_says():
    x = Value(0.1, name="x")
    order = reachable(sin(x) * exp(x) + tanh(x * x))
    with mpmath.workdps(60):
        f = lambda x: mpmath.sin(x) * mpmath.exp(x) + mpmath.tanh(x * x)  # noqa: E731
        at = mpmath.mpf(0.1)
        found = exactly(order)
        assert abs(found.values[-1] - f(at)) < mpmath.mpf(10) ** -50
        assert abs(found.deltas[0] - mpmath.diff(f, at)) < mpmath.mpf(10) ** -40


# -- one step ---------------------------------------------------------------------------------------

ORDERS = {"power_log", "polygamma", "gammainc_a", "gamma_density", "betainc_ab", "beta_density"}
TESTED = [row for row in TABLE.values() if row.name not in EXACT | RATIONAL | ORDERS]


def drawn(row, draw):
    """Operands of ordinary size, some of them within the domain."""
    size = draw.choice((draw.uniform(-3, 3), draw.uniform(0, 1), draw.uniform(0, 20)))
    xs = [size, *(draw.uniform(0.01, 4) for _ in range((row.arity or 4) - 1))]
    if row.has_index:
        xs[0] = float(draw.randrange(3))
    return [*xs[: len(xs) - len(row.defaults)], *row.defaults.values()]


@pytest.mark.parametrize("row", TESTED, ids=[row.name for row in TESTED])
def test_no_row_rounds_by_more(row):
    draw, seen = random.Random(row.name), 0
    while seen < 8:
        xs = drawn(row, draw)
        y = row.float(*xs)
        if not math.isfinite(y) or y == 0:
            continue
        with mpmath.workdps(120):
            exact = defined(row, list(map(mpmath.mpf, xs)))
        slopes = [slope or 0.0 for slope in row.float_slopes(y, *xs)]
        assert error_of(y, exact) <= rounding(row, xs, slopes, y).size, (xs, y)
        seen += 1


def test_what_is_known_of_a_rounding_is_the_rounding():
    for name in RATIONAL - {"sum", "dot"}:
        row = TABLE[name]
        xs = [0.1, 0.7][: row.arity]
        with mpmath.workdps(60):
            error = mpmath.mpf(row.float(*xs)) - defined(row, list(map(mpmath.mpf, xs)))
        assert rounding(row, xs, [], row.float(*xs)) == (float(error), 0.0)
    assert TABLE.keys() >= EXACT | RATIONAL | ROUGH


@pytest.mark.parametrize(
    ("name", "at", "cut"),
    [
        ("exp", [-746.0], True), ("sin", [0.0], False), ("multiply", [1e-200, 1e-200], True),
        ("multiply", [0.0, 1e-320], False), ("subtract", [0.1, 0.1], False), ("relu", [-3.0], False),
        ("floor", [0.5], False), ("gelu", [-50.0], True), ("square", [1e-200], True), ("power", [0.1, 400.0], True),
        ("softmax", [0.0, -900.0, 0.0], True), ("dot", [1e-200, 1.0, 1e-200, 0.0], True), ("exp", [-math.inf], False),
    ],
)  # fmt: skip
def test_cut_to_zero(name, at, cut):
    row = TABLE[name]
    assert row.float(*at) == 0
    assert is_cut(row, at, 0.0) is cut


# -- the step that lost them --------------------------------------------------------------------------


def named(**leaves):
    return [Value(float(x), name=name) for name, x in leaves.items()]


def several(*sizes):
    return [Value(float(x), name=f"x{i}") for i, x in enumerate(sizes)]


def quadratic():
    a, b, c = named(a=1, b=1e8, c=1)
    return (-b + sqrt(b * b - 4 * a * c)) / (2 * a)


def variance():
    xs = several(1e8, 1e8 + 1, 1e8 + 2)
    return total([x * x for x in xs]) / 3 - (total(xs) / 3) ** 2


def one(f, x):
    return lambda: f(*named(x=x))


def two(f, a, b):
    return lambda: f(*named(a=a, b=b))


CLASSICS = {
    "quadratic formula": (quadratic, "cancellation", "add", "/ (sqrt(b ** 2 - t₄) + b)"),
    "variance": (variance, "cancellation", "subtract", "for x in [x0, x1, x2]]) / 3"),
    "1 - cos": (one(lambda x: (1 - cos(x)) / x**2, 1e-6), "cancellation", "subtract", "2 * sin(x / 2) ** 2"),
    "log of a sum": (two(lambda a, b: log(exp(a) + exp(b)), 1000, 999), "overflow", "exp", "logaddexp(a, b)"),
    "log of a small sum": (
        lambda: log(total([exp(x) for x in several(-800, -801, -802)])), "underflow", "exp", "logsumexp([x0, x1, x2])",
    ),
    "exp - 1": (one(lambda x: (exp(x) - 1) / x, 1e-9), "cancellation", "subtract", "expm1(x)"),
    "log of 1 +": (one(lambda x: log(1 + x), 1e-10), "condition", "log", "log1p(x)"),
    "roots": (one(lambda x: sqrt(x + 1) - sqrt(x), 1e10), "cancellation", "subtract", "1 / (sqrt(x + 1) + sqrt(x))"),
    "1 - tanh²": (one(lambda x: 1 - tanh(x) ** 2, 15), "cancellation", "subtract", "sech(x) ** 2"),
    "1 - sigmoid": (one(lambda x: 1 - x.sigmoid(), 30), "cancellation", "subtract", "sigmoid(-x)"),
    "1 - erf": (one(lambda x: 1 - erf(x), 5), "cancellation", "subtract", "erfc(x)"),
    "hypotenuse": (two(lambda a, b: sqrt(a * a + b * b), 3e200, 4e200), "overflow", "multiply", "hypot(a, b)"),
    "log of 1 - exp": (one(lambda x: log(1 - exp(-x)), 1e-12), "cancellation", "subtract", "expm1("),
    "exponentials": (two(lambda a, b: exp(a) - exp(b), 1, 1 + 1e-10), "cancellation", "subtract", "expm1(a - b)"),
    "logarithms": (two(lambda a, b: log(a) - log(b), 1e5, 1e5 + 1e-7), "cancellation", "subtract", "log1p((a - b)"),
    "reciprocals": (one(lambda x: 1 / x - 1 / (x + 1), 1e9), "cancellation", "subtract", "1 / (x * (x + 1))"),
    "squares": (two(lambda a, b: a**2 - b**2, 1e8, 1e8 + 1), "cancellation", "subtract", "(a - b) * (a + b)"),
    "softmax": (
        lambda: exp((xs := several(800, 801))[0]) / total(list(map(exp, xs))), "overflow", "exp", "logsumexp([x0",
    ),
    "a difference of sines": (one(lambda x: sin(x + 1e-9) - sin(x), 1), "cancellation", "subtract", "2 * cos(x + "),
    "a power - 1": (one(lambda x: (1 + x) ** 30 - 1, 1e-10), "cancellation", "subtract", "expm1(30 * log1p(x))"),
    "cosh - 1": (one(lambda x: x.cosh() - 1, 1e-6), "cancellation", "subtract", "2 * sinh(x / 2) ** 2"),
    "log of a sigmoid": (one(lambda x: log(1 / (1 + exp(-x))), -800), "overflow", "exp", "logsigmoid(x)"),
    "log of 1 + exp": (one(lambda x: log(1 + exp(x)), 800), "overflow", "exp", "softplus(x)"),
    "a normal tail": (one(lambda x: 1 - x.ndtr(), 9), "cancellation", "subtract", "ndtr(-x)"),
    "the order of a sum": (two(lambda a, b: a + b - 1e16, 1e16, 1), "cancellation", "subtract", "a - 1e+16 + b"),
    "compound interest": (one(lambda n: (1 + 1 / n) ** n, 1e10), "condition", "power", "log1p("),
    "a likelihood": (
        lambda: log((xs := several(1e-200, 1e-200, 1e-9))[0] * xs[1] * xs[2]), "underflow", "multiply", "log(x) for",
    ),
    "angles": (two(lambda a, b: atan(a) - atan(b), 1e6, 1e6 + 1), "cancellation", "subtract", "atan2(a - b, 1 + "),
    "1 + x under a root": (one(lambda x: sqrt(1 + x) - 1, 1e-12), "cancellation", "subtract", "x / (sqrt(1 + x) + 1)"),
    "gammas": (two(lambda a, b: a.gamma() / b.gamma(), 200.5, 199), "overflow", "gamma", "exp(lgamma(a) - lgamma(b))"),
    "log of cosh": (one(lambda x: log(x.cosh()), 1000), "overflow", "cosh", "softplus(-2 * abs(x))"),
    "tanh by exponentials": (
        one(lambda x: (exp(x) - exp(-x)) / (exp(x) + exp(-x)), 1000), "overflow", "exp", "tanh(x)",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", CLASSICS)
def test_classic_losses(name):
    make, kind, op, write = CLASSICS[name]
    found = viz.accuracy(make(), digits=50)
    assert found.output.digits <= found.output.measured + 1e-6
    culprits = [loss for loss in found.losses if not loss.is_backward]
    best = next(loss for loss in culprits if loss.advice is not None)
    assert (best.kind, found.trace.nodes[best.node].op) == (kind, op)
    assert best.digits >= max(loss.digits for loss in culprits) - 1e-9
    assert write in best.advice.new
    assert best.advice.digits > found.output.digits + 3
    assert f"write {best.advice}" in str(found)


@pytest.mark.parametrize(("old", "new"), FORMULAS, ids=[old for old, _ in FORMULAS])
def test_every_formula_is_met_and_is_the_same_number(old, new):
    letters = {node.id for node in ast.walk(ast.parse(old)) if isinstance(node, ast.Name)} - set(dir(autograd))
    sizes = {"x": 0.7, "e": 0.3, "a": 2.1, "b": 1.3, "n": 3.0} | ({"b": 2.0, "e": 0.5} if "e" in letters else {})
    leaves = {letter: Value(sizes[letter], name=letter) for letter in letters - {"xs", "prod", "sum"}}
    xs = np.array([Value(x) for x in (0.3, 0.9, 1.4)])
    leaves |= {"x": xs[0]} if "xs" in letters and "x" in letters else {}
    leaves["n"] = 3.0
    names = {**vars(autograd), **leaves, "xs": xs, "prod": np.prod, "sum": lambda terms: total(list(terms))}
    node = eval(old, names)
    found = [r for r in rewritings(node) if ast.unparse(ast.parse(new).body[0]) == ast.unparse(r.new) and r.sign == 1]
    assert found
    for each in found:
        assert each.made.data == pytest.approx(node.data, rel=1e-9)
    assert eval(new, {**names, "xs": list(xs)}).data == pytest.approx(node.data, rel=1e-9)


def test_nothing_is_said_of_what_is_sound():
    x = Value(2.0, name="x")
    found = viz.accuracy(exp(x) * sin(x) + 1)
    assert not found.losses
    assert found.output.digits > 15
    assert "no step loses a digit" in str(found)


def test_small_terms_that_have_no_room():
    (x,) = named(x=1e-10)
    (loss,) = viz.accuracy(log(1 + x)).losses
    assert "began at t₁ = 1 + x, where 7.1 digits of x have room" in loss.sentence


def test_a_decision_that_the_error_takes():
    (x,) = named(x=8.0)
    found = viz.accuracy((log(x) / log(2.0)).floor() * 1.0)
    assert (found.output.value, found.output.error) == (3.0, pytest.approx(1.0, rel=1e-5))
    assert found.losses[0].kind == "decision"
    chosen = viz.accuracy(compile(lambda x: where(log(x) / log(2.0) >= 3, x, 100.0)), 8.0)
    assert (chosen.output.value, chosen.output.error) == (8.0, pytest.approx(92.0, rel=1e-5))


def test_unused_branches_and_masks_spoil_nothing():
    (x,) = named(x=800)
    assert viz.accuracy(where(x > 0, x, exp(x))).output.digits > 15
    assert viz.accuracy(x.maximum(-math.inf) * 2).output.digits > 15


# -- around it ---------------------------------------------------------------------------------------


def test_what_is_compiled_and_what_has_moved():
    found = viz.accuracy(compile(lambda x: 1 - cos(x)), 1e-6)
    assert found.losses[0].advice.new == "2 * sin(x / 2) ** 2"
    (x,) = named(x=1.0)
    y = 1 - cos(x)
    x.data = 1e-6
    assert "computed anew" in str(viz.accuracy(y))
    assert viz.accuracy(y).output.value == 1 - math.cos(1e-6)


def test_the_picture_and_the_page():
    (x,) = named(x=1e-6)
    found = viz.accuracy(1 - cos(x))
    svg = found.draw().svg
    assert "tint: digits lost" in svg
    assert f"digits {found.output.digits:.1f}, δ 16" in svg
    assert "tint: digits lost" not in viz.draw(1 - cos(x)).svg
    assert "<pre" in found._repr_html_()
    assert "<b>" not in viz.accuracy(1 - cos(Value(1e-6, name="<b>")))._repr_html_()


def test_inside_of_no_grad():
    (x,) = named(x=1e-4)
    y = (1 - cos(x)) / x**2
    said = str(viz.accuracy(y))
    with no_grad():
        assert str(viz.accuracy(y)) == said


def test_nothing_is_touched():
    (x,) = named(x=2.0)
    y = x * x
    y.backward()
    viz.accuracy(y, digits=50)
    assert (x.grad, y.grad) == (4.0, 1.0)


def test_mistakes():
    with pytest.raises(OperandError):
        viz.accuracy(1.0)
    with pytest.raises(ArgumentError, match="digits is 50"):
        viz.accuracy(Value(1.0), digits=30)


def test_a_digit_lost_on_the_way_back_is_lost_at_a_node_and_its_line():
    with record_sources():
        x = Value(1e-9, name="x")
        y = log(softmax([x, 0.0, 1.0])[0]) - x
    (loss,) = viz.accuracy(y).losses
    assert loss.is_backward and loss.sentence.startswith("on the way back to x, dot(")
    assert loss.source == x.source  # which its sentence ends with, if the path is not too long


def test_a_digit_lost_in_a_slope_is_lost_at_the_node_whose_slope_it_is():
    with record_sources():
        x = Value(-math.pi / 2 + 1e-6, name="x")
        t = sin(x)
        y = log1p(t)
    t.name, y.name = "t", "y"
    loss = next(loss for loss in viz.accuracy(y).losses if loss.is_backward)
    assert loss.sentence.startswith("on the way back through y = ") and loss.source == y.source
    assert viz.accuracy(y).trace.nodes[loss.node].name == "y"
