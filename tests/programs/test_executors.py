"""Every row of the table and random graphs through every executor, against eager and mpmath."""

from __future__ import annotations

import math
import random
from collections import defaultdict

import mpmath
import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

import autograd
from autograd import Value
from autograd.check.definition import leading
from autograd.ops.primitive import TABLE
from autograd.program.arrays.tanh import room_for, shared_tanh
from autograd.program.builder import Builder
from autograd.program.executors import EXECUTORS, kernel_for
from autograd.program.graph import Operation
from autograd.program.interpreter import interpret
from autograd.program.kernel import Task
from autograd.program.passes.adjoint import with_gradient
from autograd.program.reading import program_from
from autograd.recorder import record
from tests.engine.test_random_graphs import build, plans
from tests.support.kinks import at_kinks

BACKENDS = sorted(EXECUTORS)
FEW_ULPS = 2e-14  # NumPy's and libm's functions differ in the last digits, and sums of slopes multiply that

every_backend = pytest.mark.parametrize("backend", BACKENDS)
every_row = pytest.mark.parametrize("row", TABLE.values(), ids=TABLE.keys())


def run(task, backend, inputs, samples, threads=1):
    """(each, total) of a task; `inputs` are numbers, or arrays of samples where the task says so."""
    return answers(kernel_for(task, backend), task, inputs, samples, threads)


def answers(kernel, task, inputs, samples, threads=1):
    """The same of a kernel that there is."""
    fixed = np.array([x for x, batched in zip(inputs, task.batched, strict=True) if not batched], float)
    columns = [x for x, batched in zip(inputs, task.batched, strict=True) if batched]
    batch = np.ascontiguousarray(np.array(columns, float).reshape(len(columns), samples).T)
    each = np.full((samples, task.summed.count(False)), 777.0)
    total = np.full(task.summed.count(True), 777.0)
    kernel.run(fixed, batch, each, total, threads)
    return each, total


def close(got, expected, relative=FEW_ULPS, absolute=0.0):
    """Equal up to a few digits; nan with nan, inf with inf."""
    if math.isnan(expected) or math.isinf(expected):
        return got == expected or (math.isnan(got) and math.isnan(expected))
    return abs(got - expected) <= relative * abs(expected) + absolute


# -- rows -------------------------------------------------------------------------------------------


def rule_program(row, count, index=None):
    """The row's value and its slopes (as instructions), of inputs; an index is a constant of the program."""
    builder = Builder([f"x{i}" for i in range(count)])
    operands = tuple(range(count)) if index is None else (builder.constant(index), *range(count))
    y = builder.emit(Operation(row.name), operands)
    slots = range(index is not None, len(operands))
    return builder.finish([y, *(builder.emit(Operation(row.name, slot), (y, *operands)) for slot in slots)])


@every_backend
@every_row
@pytest.mark.parametrize("batched", [True, pytest.param(False, marks=pytest.mark.thorough)])
def test_every_row_at_its_points_and_edges(row, backend, batched):
    alike = {}
    for at in [*row.points, *(edge.at for edge in row.edges)]:
        floats = tuple(map(float, at))
        index, quantities = (floats[0], floats[1:]) if row.has_index else (None, floats)
        alike.setdefault((len(quantities), index), []).append(quantities)
    for (count, index), points in alike.items():
        program = rule_program(row, count, index)
        task = Task(program, (batched,) * count, (False,) * len(program.outputs))
        kernel = kernel_for(task, backend)
        for some in [points * 3] if batched else [[point] for point in points]:
            each, _ = answers(kernel, task, np.array(some).T if batched else some[0], len(some))
            for got, at in zip(each, some, strict=True):
                check(row, got, at if index is None else (index, *at))


def check(row, got, at):
    y = row.float(*at)
    assert close(got[0], y), f"{row.name}{at} = {got[0]!r}, eagerly {y!r}"
    slopes = row.float_slopes(y, *at)[row.has_index :]
    for slot, (mine, slope) in enumerate(zip(got[1:], slopes, strict=True)):
        expected = 0.0 if slope is None else slope
        assert close(mine, expected, absolute=5e-324), f"∂{row.name}{at}/∂{slot} = {mine!r}, eagerly {expected!r}"


@every_backend
@every_row
def test_the_gradient_of_every_row_is_that_of_backward(row, backend):
    first = leading(row)
    graphs = defaultdict(list)  # those of which one program is made
    for at in [*row.points, *(edge.at for edge in row.edges)]:
        operands = [float(x) if i < first else Value(x) for i, x in enumerate(at)]
        y = record(row, tuple(operands))
        y.backward()
        graphs[len(at), at[:first]].append((y, operands[first:]))
    for some in graphs.values():
        y, leaves = some[0]
        program = with_gradient(program_from([y], leaves), range(len(leaves)))
        task = Task(program, (True,) * len(leaves), (False,) * (1 + len(leaves)))
        each, _ = run(task, backend, np.transpose([[leaf.data for leaf in leaves] for _, leaves in some]), len(some))
        for answer, (y, leaves) in zip(each, some, strict=True):
            for got, expected in zip(answer, [y.data, *(leaf.grad for leaf in leaves)], strict=True):
                at = [leaf.data for leaf in leaves]
                assert close(got, expected, absolute=5e-324), f"{row.name}{at}: {got!r}, by backward {expected!r}"


# -- tanh and tanh′ from one exponential ------------------------------------------------------------


def test_shared_tanh_is_exact_to_the_last_digits_everywhere():
    x = np.concatenate([np.linspace(-22, 22, 1501), 10.0 ** np.linspace(-300, 2.4, 400), [0.625, -0.62499999, 18, 340]])
    value, slope = np.empty((1, x.size)), np.empty((1, x.size))
    shared_tanh(x[None], value, slope, room_for(x[None]))
    with mpmath.workdps(60):
        for at, y, s in zip(x.tolist(), value[0].tolist(), slope[0].tolist(), strict=True):
            exact = mpmath.mpf(at)
            assert close(y, float(mpmath.tanh(exact)), 4.5e-16), at
            assert close(s, float(mpmath.sech(exact) ** 2), 1e-15 if abs(at) < 340 else 0.5), at
    assert slope[0, -2] == pytest.approx(9.278091320974275e-16, rel=1e-15)


def test_shared_tanh_at_the_edges():
    x = np.array([[math.nan, math.inf, -math.inf, -0.0, 0.0, 1000.0]])
    value, slope = np.empty_like(x), np.empty_like(x)
    with np.errstate(all="ignore"):
        shared_tanh(x, value, slope, room_for(x))
    assert str(value[0].tolist()) == "[nan, 1.0, -1.0, -0.0, 0.0, 1.0]"
    assert str(slope[0].tolist()) == "[nan, 0.0, 0.0, 1.0, 1.0, 0.0]"


# -- graphs -----------------------------------------------------------------------------------------


@every_backend
@given(drawn=plans, seed=st.integers(0, 2**16))
@settings(max_examples=20)
def test_random_graphs(backend, drawn, seed):
    at, plan = drawn
    leaves = [Value(x) for x in at]
    root = build(plan, leaves)
    program = with_gradient(program_from([root], leaves), range(len(leaves)))
    dice = np.random.default_rng(seed)
    points = dice.uniform(-2, 2, (len(at), 5))
    points[:, 0] = at
    mask = dice.random(len(at)) < 0.7  # which inputs differ from sample to sample
    points[~mask] = points[~mask, :1]
    inputs = [column if batched else column[0] for column, batched in zip(points, mask, strict=True)]
    expected = []
    for sample in points.T:
        nodes = [Value(x) for x in sample]
        y = build(plan, nodes)
        y.backward()
        expected.append([y.data, *(node.grad for node in nodes)])
    expected = np.array(expected)
    scale = 1 + np.abs(expected).max()
    for exact in (False, True):
        n = 1 + len(at)
        each, _ = run(Task(program, tuple(mask.tolist()), (False,) * n, exact), backend, inputs, 5)
        assert np.abs(each - expected).max() <= 1e-13 * scale
        _, total = run(Task(program, tuple(mask.tolist()), (True,) * n, exact), backend, inputs, 5)
        assert np.abs(total - expected.sum(axis=0)).max() <= 5e-13 * scale


def network(p, x):
    """A layered graph: dots that share their inputs, tanh, a softmax; and irregular ends."""
    hidden = x
    for layer in range(2):
        rows = [autograd.dot(p[i : i + len(hidden)], hidden, p[i + 7]) for i in range(layer, layer + 9)]
        hidden = [autograd.tanh(z) for z in rows]
    return autograd.logsumexp(hidden) + autograd.softmax(hidden)[1] * autograd.where(x[0] > 0, x[1], p[3] * x[2])


@every_backend
@pytest.mark.parametrize("threads", [1, 3])
def test_a_layered_graph_over_many_blocks(backend, threads):
    dice = np.random.default_rng(5)
    p, x = dice.normal(size=24), dice.normal(size=(5000, 3))
    each = autograd.compile(network, in_axes=(None, 0), backend=backend, threads=threads, argnums=(0, 1))
    values, (dp, dx) = each.value_and_grad(p, x)
    for i in (0, 1, 2500, 4999):
        value, (ep, ex) = autograd.value_and_grad(network, (0, 1))(p, x[i])
        assert np.allclose(values[i], value, rtol=1e-13)
        assert np.allclose(dp[i], ep, rtol=1e-11, atol=1e-13)
        assert np.allclose(dx[i], ex, rtol=1e-11, atol=1e-13)
    summed = autograd.compile(network, in_axes=(None, 0), backend=backend, reduce="sum", threads=threads)
    value, slope = summed.value_and_grad(p, x)
    assert value == pytest.approx(values.sum(), rel=1e-12)
    assert np.allclose(slope, dp.sum(axis=0), rtol=1e-10, atol=1e-11)


@every_backend
def test_the_same_inputs_give_the_same_bits_whatever_threads_is(backend):
    dice = np.random.default_rng(6)
    p, x = dice.normal(size=24), dice.normal(size=(3000, 3))
    answers = []
    for threads in (1, 2, 4, 1):
        f = autograd.compile(network, in_axes=(None, 0), backend=backend, reduce="mean", threads=threads)
        value, slope = f.value_and_grad(p, x)
        answers.append((value, slope.tobytes()))
    assert answers.count(answers[0]) == 4


@every_backend
@pytest.mark.parametrize("samples", [0, 1, 2, 255, 256, 257])
def test_any_number_of_samples(backend, samples):
    x = np.linspace(-1, 1, samples)
    f = autograd.compile(lambda w, x: autograd.tanh(w * x) * x + w, in_axes=(None, 0), backend=backend)
    assert np.allclose(f(0.5, x), np.tanh(0.5 * x) * x + 0.5)
    assert f(0.5, x).shape == (samples,)
    g = autograd.compile(lambda w, x: autograd.tanh(w * x) * x + w, in_axes=(None, 0), reduce="sum", backend=backend)
    value, slope = g.value_and_grad(0.5, x)
    assert value == pytest.approx((np.tanh(0.5 * x) * x + 0.5).sum(), rel=1e-12)
    assert slope == pytest.approx((x * x / np.cosh(0.5 * x) ** 2 + 1).sum(), rel=1e-12)


@every_backend
def test_outputs_that_are_inputs_constants_or_the_same_twice(backend):
    f = autograd.compile(lambda w, x: [x, w, 3.0, x * w, x * w, -x], in_axes=(None, 0), backend=backend)
    got = f(2.0, np.array([1.0, 5.0]))
    assert [column.tolist() for column in got] == [[1, 5], [2, 2], [3, 3], [2, 10], [2, 10], [-1, -5]]
    g = autograd.compile(lambda w, x: [x, w, 3.0, x * w, x * w, -x], in_axes=(None, 0), backend=backend, reduce="sum")
    assert g(2.0, np.array([1.0, 5.0])) == [6.0, 4.0, 6.0, 12.0, 12.0, -6.0]


@every_backend
def test_dots_that_share_their_inputs_though_their_weights_differ_in_kind(backend):
    def f(w, x):  # some weights are the same for all samples, some are not, some are both
        rows = [[w[0], w[1], w[2]], [w[1], w[2], w[0]], [x[0], w[0], x[1]], [x[1], w[2], x[0]], [x[2], x[1], x[0]]]
        biases = [w[0], x[0], w[1], w[2], x[2]]
        return [
            autograd.dot(row, x, b) * autograd.tanh(autograd.dot(row, x)) for row, b in zip(rows, biases, strict=True)
        ]

    dice = np.random.default_rng(8)
    w, x = dice.normal(size=3), dice.normal(size=(4, 3))
    got = autograd.compile(f, in_axes=(None, 0), backend=backend)(w, x)
    for i in range(4):
        assert np.allclose([column[i] for column in got], f(w, x[i]), rtol=1e-13)


def wide_program(seed):
    """Levels of equal operations on whatever the levels below computed, in any order; dots share their lists."""
    dice, builder = random.Random(seed), Builder([f"x{i}" for i in range(12)])
    found = [*range(12), builder.constant(0.5)]
    for row in dice.sample(["tanh", "multiply", "dot", "logsumexp", "where", "dot", "sum", "softmax", "sin", "dot"], 8):
        below = found[-40:]
        shared = dice.choices(below, k=9)
        level = []
        for _ in range(14):
            count = {"dot": 9, "sum": 5, "logsumexp": 5, "softmax": 4}.get(row) or len(TABLE[row].operands)
            operands = dice.choices(below, k=count) + (shared if row == "dot" else [])
            index = [builder.constant(float(dice.randrange(count)))] if row == "softmax" else []
            level.append(builder.emit(Operation(row), (*index, *operands)))
        found += [builder.emit(Operation("tanh"), (y,)) for y in level]
    total = builder.emit(Operation("sum"), tuple(found[-30:]))
    return with_gradient(builder.finish([total, *found[-20:], *found[20:24]]), range(12))


@every_backend
@pytest.mark.parametrize("batched", ["all", "none", "some"])
@pytest.mark.parametrize("seed", range(3))
def test_wide_levels(backend, batched, seed):
    """What is the same for all samples is computed in groups too, each after what it reads."""
    program, dice = wide_program(seed), np.random.default_rng(seed)
    mask = tuple(batched == "all" or (batched == "some" and i % 3 == 0) for i in range(12))
    inputs = [dice.normal(size=7) if is_batched else dice.normal() for is_batched in mask]
    outputs = len(program.outputs)
    expected = np.array([interpret(program, [x[s] if np.ndim(x) else x for x in inputs]) for s in range(7)])
    for summed in (False, True):
        task = Task(program, mask, (summed,) * outputs)
        each, total = run(task, backend, inputs, 7)
        got, right = (total, expected.sum(axis=0)) if summed else (each, expected)
        assert np.allclose(got, right, rtol=1e-10, atol=1e-11)


@every_backend
def test_a_deep_irregular_graph(backend):
    def f(x):
        window = [x, x * 0.5, x + 1.0, 2.0 - x]
        for i in range(600):
            a, b = window[i % 4], window[(7 * i + 1) % 4]
            window[i % 4] = autograd.tanh(a * b) if i % 3 else (a + b) * 0.5 - autograd.sin(b)
        return autograd.sum(window)

    p = autograd.compile(f, in_axes=0, backend=backend)
    xs = np.linspace(-1, 1, 1500)
    values, slopes = p.value_and_grad(xs)
    for i in (0, 700, 1499):
        value, slope = autograd.value_and_grad(f)(float(xs[i]))
        assert close(values[i], value, 1e-11, 1e-13)
        assert close(slopes[i], slope, 1e-9, 1e-13)


@at_kinks  # some are taken at a kink
@every_backend
@given(drawn=plans)
@settings(max_examples=15)
def test_second_derivatives_of_random_graphs(backend, drawn):
    at, plan = drawn
    assume(all(x == 0.0 or abs(x) > 1e-3 for x in at))  # where 1/x does not leave the last digits of hypot's curvature

    def f(xs):
        return build(plan, list(xs))

    at = np.array(at)
    expected = autograd.hessian(f)(at)
    p = autograd.compile(f, backend=backend)
    scale = 1 + np.abs(expected).max()
    assert np.abs(p.hessian(at) - expected).max() <= 1e-11 * scale
    direction = np.cos(np.arange(len(at)))
    assert np.abs(p.hvp(at, direction) - expected @ direction).max() <= 1e-10 * scale


@every_backend
@pytest.mark.parametrize("neighbours", [1, 40])
def test_sums_of_numbers_that_stand_together_or_apart(backend, neighbours):
    """In any order, one of them twice."""
    builder = Builder(["x"])
    lines = [
        builder.emit(Operation("tanh"), (builder.emit(Operation("multiply"), (0, builder.constant(0.1 + k))),))
        for k in range(60)
    ]
    asked = [*range(10, 10 + neighbours)[::-1], 3, 55, 3]
    task = Task(builder.finish([lines[k] for k in asked]), (True,), (True,) * len(asked))
    x = np.random.default_rng(3).normal(size=700)
    _, total = run(task, backend, [x], 700)
    np.testing.assert_allclose(total, [math.fsum(np.tanh(x * (0.1 + k))) for k in asked], rtol=1e-12)
