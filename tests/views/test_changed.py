"""What of a change each input and each path brings: it adds up, and is what the definition says."""

from __future__ import annotations

import math
import random

import numpy as np
import pytest
from scipy.integrate import quad

import autograd
import nn
import viz
from autograd import Value, compile, cos, deltas, dot, exp, log, maximum, relu, sin, sqrt, tanh, where
from autograd.errors import ArgumentError, GraphError, NonFiniteError, OperandError

ONE = [
    tanh,
    sin,
    cos,
    lambda a: exp(a / 4),
    lambda a: relu(a),
    abs,
    lambda a: sqrt(a * a + 1),
    lambda a: log(a * a + 2),
]
TWO = [lambda a, b: a + b, lambda a, b: a - b, lambda a, b: a * b, maximum, lambda a, b: dot([a, b], [b, 0.5], a)]


def random_function(seed):
    """A function of three numbers, with kinks, as a list of steps."""
    draw = random.Random(seed)
    steps = [(draw.choice(ONE + TWO), draw.randrange(3 + i), draw.randrange(3 + i)) for i in range(draw.randint(3, 12))]

    def f(*xs):
        nodes = list(xs)
        for step, i, j in steps:
            node = step(nodes[i]) if step in ONE else step(nodes[i], nodes[j])
            nodes.append(3 * tanh(node / 3))
        return nodes[-1] + 0.5 * nodes[-2] + 0.1 * (xs[0] * xs[1] + xs[2])

    return f, [draw.uniform(-2, 2) for _ in range(3)], [draw.uniform(-2, 2) for _ in range(3)]


def given(*numbers):
    return [Value(x, name=f"x{i}") for i, x in enumerate(numbers)]


@pytest.mark.parametrize("seed", range(25))
def test_it_adds_up_along_inputs_and_along_paths(seed):
    f, a, b = random_function(seed)
    xs = given(*a)
    found = viz.changed(f(*xs), dict(zip(xs, a, strict=True)), dict(zip(xs, b, strict=True)), top=3000)
    size = sum(abs(part.contribution) for part in found.inputs) + abs(found.difference)
    assert abs(found.residual) <= 1e-12 * size
    assert found.difference == pytest.approx(f(*map(Value, b)).data - f(*map(Value, a)).data, abs=1e-14)
    if len(found.paths) == found.count < 3000:
        total = math.fsum(path.contribution for path in found.paths)
        paths = sum(abs(path.contribution) for path in found.paths)
        assert total == pytest.approx(found.difference, abs=1e-12 * max(size, paths))
    sizes = [abs(path.contribution) for path in found.paths]
    assert sizes == sorted(sizes, reverse=True) or max(np.diff(sizes)) < 1e-12


@pytest.mark.parametrize("seed", [1, 4, 8])
def test_each_part_is_the_integral(seed):
    f, a, b = random_function(seed)
    xs = given(*a)
    found = viz.changed(f(*xs), dict(zip(xs, a, strict=True)), dict(zip(xs, b, strict=True)))
    for part in found.inputs:
        i = int(part.name[1])

        def moves(t, i=i):
            at = [Value(p + t * (q - p)) for p, q in zip(a, b, strict=True)]
            return deltas(f(*at)).get(at[i], 0.0) * (b[i] - a[i])

        assert part.contribution == pytest.approx(quad(moves, 0, 1, limit=400, epsabs=1e-9)[0], abs=1e-6)


def test_it_does_not_depend_on_an_order_and_is_the_mean_over_orders_of_a_product():
    x, y, z = given(1.0, 2.0, 3.0)
    found = viz.changed(x * y * z, {x: 1, y: 2, z: 3}, {x: 2, y: 5, z: 7})
    again = viz.changed(z * x * y, {z: 3, y: 2, x: 1}, {y: 5, z: 7, x: 2})
    parts = {part.name: part.contribution for part in found.inputs}
    for part in again.inputs:
        assert parts[part.name] == pytest.approx(part.contribution, rel=1e-13)
    shapley = {"x0": 1 * (6 / 3 + 35 / 3 + (2 * 7 + 5 * 3) / 6), "x1": 3 * (3 / 3 + 14 / 3 + (7 + 6) / 6)}
    assert {name: parts[name] for name in shapley} == pytest.approx(shapley)


def test_a_step_of_training():
    model = nn.MLP(2, [4, 1], "tanh", seed=1)
    J = (model([0.3, -0.8]) - 1) ** 2
    before = {p: p.data for p in model.parameters()}
    was = J.data
    J.backward()
    for p in model.parameters():
        p.data -= 0.1 * p.grad
    found = viz.changed(J, before, top=3)
    assert found.before == was
    assert found.after == ((model([0.3, -0.8]) - 1) ** 2).data < was
    assert len(found.inputs) == len(before)
    assert abs(found.residual) < 1e-12
    assert found.inputs[0].contribution < 0
    assert [p.data for p in before] != list(before.values())


def test_what_is_compiled_and_what_a_program_computes():
    f = compile(lambda x, w: where(x > 1, x * w, x**2 + w))
    found = viz.changed(f, (0.5, 2.0), (0.9, 3.0))
    assert {part.name for part in found.inputs} == {"x", "w"}
    assert found.difference == pytest.approx(0.81 + 3 - 0.25 - 2)
    assert abs(found.residual) < 1e-15
    with pytest.raises(ArgumentError, match="each in a tuple"):
        viz.changed(f, [0.5, 2.0], (0.9, 3.0))


def test_a_plain_function():
    found = viz.changed(lambda x, w: tanh(x) * w, (0.5, 2.0), (0.9, 3.0))
    assert {part.name for part in found.inputs} == {"x", "w"}
    assert found.difference == pytest.approx(3 * math.tanh(0.9) - 2 * math.tanh(0.5))
    with pytest.raises(ArgumentError, match="each in a tuple"):
        viz.changed(tanh, 0.5, 0.9)


def test_a_jump_is_told():
    f = compile(lambda x: where(x > 1, x + 10, x))
    found = viz.changed(f, (0.0,), (2.0,))
    assert (found.inputs[0].contribution, found.residual) == (pytest.approx(2), pytest.approx(10))
    assert "no derivative sees +10 of it: the output jumps on the way" in str(found)


@pytest.mark.parametrize("many", [50.0, 61.7])
def test_kinks_that_no_point_sees(many):
    found = viz.changed(lambda x: abs(sin(many * x)), (0.0,), (7.3,))
    assert found.inputs[0].contribution == pytest.approx(abs(math.sin(many * 7.3)), abs=1e-8)
    assert "jumps" not in str(found)


@pytest.mark.parametrize("of", [lambda x: log(x * x), lambda x: 1 / x, lambda x: log(abs(x))])
def test_a_pole_on_the_way_has_no_integral(of):
    with pytest.raises(NonFiniteError, match="has no integral"):
        viz.changed(of, (-1.0,), (1.7,))


def test_in_words():
    x, y = given(1.0, 2.0)
    J = x * y
    J.name = "J"
    found = viz.changed(J, {x: 1.0}, {"x0": 3.0})
    assert "J went from 2 to 6, by +4, because of 1 input:" in str(found)
    assert "x0, from 1 to 3" in str(found)
    assert "no input changed" in str(viz.changed(J, {x: 1.0}))
    assert "<pre" in found._repr_html_()
    assert [x.data, y.data, J.data] == [1.0, 2.0, 2.0]
    named = viz.changed(x * y, {x: 0.0}, names={"product": J, "left": x})
    assert named.inputs[0].name == "x0"
    assert "2 inputs more" in str(viz.changed(sum(many := given(*range(12))), dict.fromkeys(many, -1.0)))


def test_the_picture():
    x, y = given(1.0, 2.0)
    svg = viz.changed(x * y + y, {x: 1.0}, {x: 3.0}).draw().svg
    assert "changed by +4" in svg
    assert svg.count("change +4") == 6  # of x, the product and the sum, each with a tooltip


def test_one_that_leaves_the_domain():
    (x,) = given(1.0)
    with pytest.raises(NonFiniteError, match="is not finite"):
        viz.changed(sqrt(x * x - 0.25), {x: -1.0}, {x: 2.0})
    with pytest.raises(NonFiniteError, match="t₁ is -inf before, and a difference from that has no parts"):
        viz.changed(log(x), {x: 0.0})
    with pytest.raises(NonFiniteError, match="inf after"):
        viz.changed(compile(exp), (1.0,), (1000.0,))


def test_mistakes():
    x, y = given(1.0, 2.0)
    with pytest.raises(OperandError):
        viz.changed(1.0, {x: 1.0})
    with pytest.raises(ArgumentError, match="a run is"):
        viz.changed(x * y, [1.0])
    with pytest.raises(GraphError, match="was not computed from it"):
        viz.changed(x * 2, {y: 1.0})
    with pytest.raises(GraphError, match="was computed"):
        viz.changed((z := x * 2) + 1, {z: 1.0})
    with pytest.raises(OperandError):
        viz.changed(x * y, {x: "1"})
    with pytest.raises(ArgumentError, match="top is how many"):
        viz.changed(x * y, {x: 0.0}, top=-1)


@pytest.mark.parametrize("runs", [((1e-200, 1.0), (1e200, 1.0)), ((0.0, 1.0), (1e200, 1.0)), ((0.0, 2.0), (1e30, 1.0))])
def test_inputs_over_too_many_orders_of_magnitude_are_refused_and_no_jump(runs):
    with pytest.raises(ArgumentError, match="too many orders of magnitude: take the way in steps"):
        viz.changed(lambda a, b: a * b / (a + b), *runs)


def test_what_is_steep_or_jumps_at_an_end_is_no_matter_of_magnitude():
    assert viz.changed(sqrt, (0.0,), (1.0,)).inputs[0].contribution == pytest.approx(1.0, abs=1e-6)
    assert viz.changed(lambda a: a**1.5, (1e-300,), (1e200,)).residual == pytest.approx(0.0, abs=1e288)
    assert viz.changed(autograd.step, (0.0,), (1.0,)).residual == 1.0
    assert viz.changed(lambda a: a / (1 + a), (0.0,), (1e6,)).residual == pytest.approx(0.0, abs=1e-9)


@pytest.mark.filterwarnings("error")
def test_what_is_not_finite_on_the_way_is_refused_without_a_warning():
    with pytest.raises(NonFiniteError, match="is not finite"):
        viz.changed(lambda a, b: a * b / (a + b), (1e-300, 1e300), (1e300, 1e-300))
