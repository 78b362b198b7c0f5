"""Programs as JAX functions: every row as the interpreter has it, under jit, vmap and grad."""

from __future__ import annotations

import math

import numpy as np
import pytest

import autograd
import nn
from autograd import Value
from autograd.errors import ArgumentError
from autograd.ops.primitive import TABLE
from autograd.program.builder import Builder
from autograd.program.exports.derivatives import with_jacobian
from autograd.program.exports.jax import to_jax
from autograd.program.graph import Operation
from autograd.program.interpreter import interpret
from autograd.program.reading import program_from

jax = pytest.importorskip("jax", reason="the extra `jax` is not installed")
INDEXED = ("softmax", "log_softmax")


@pytest.fixture(autouse=True, scope="module")
def _in_64_bits():
    jax.config.update("jax_enable_x64", True)


def test_every_row_and_slope_at_its_points():
    builder, numbers, outputs, expected, names = Builder([f"x{i}" for i in range(800)]), [], [], [], []
    for row in TABLE.values():
        for at in row.points[:3]:
            lead = row.name in INDEXED
            operands = [builder.constant(float(x)) for x in at[:lead]]
            operands += range(len(numbers), len(numbers) + len(at) - lead)
            numbers += map(float, at[lead:])
            y = builder.emit(Operation(row.name), tuple(operands))
            slopes = range(lead, len(at)) if row.name not in ("dot", "polygamma") else ()
            outputs += [y, *(builder.emit(Operation(row.name, i), (y, *operands)) for i in slopes)]
            value = row.float(*map(float, at))
            expected += [value, *(row.float_slopes(value, *map(float, at))[i] or 0.0 for i in slopes)]
            names += [row.name, *(f"{row.name}′{i}" for i in slopes)]
    f = to_jax(builder.finish(outputs))
    got = np.asarray(f(np.array(numbers + [0.0] * (800 - len(numbers)))))
    near = np.isclose(got, np.array(expected, float), rtol=1e-11, atol=1e-13, equal_nan=True)
    wrong = [(names[i], got[i], expected[i]) for i in np.flatnonzero(~near)]
    assert not wrong


POLES = [0.0, -0.0, -1.0, -2.0, math.inf, -math.inf, 1e8, 0.25 - 1e8, -1e-12, 1e-12, -2.5, -3.75]
EDGES = [(row, at) for row in TABLE.values() for at in dict.fromkeys(edge.at for edge in row.edges)]
EDGES += [(row, (x,)) for row in (autograd.digamma.row, autograd.lgamma.row) for x in POLES]
EDGES += [(autograd.polygamma.row, (n, x)) for n in (0.0, 1.0, 2.0, 3.0, 0.5, -1.0, 151.0) for x in POLES]
EDGES += [(autograd.divide.row, (1e-200, 1e-200)), (autograd.divide.row, (0.0, 1e-200))]
EDGES += [(autograd.remainder.row, at) for at in ((1.0, 0.1), (math.inf, 1.0), (-1.0, math.inf), (1.0, 0.0))]
EDGES = [(row, tuple(map(float, at))) for row, at in EDGES]
EDGES = [(row, at) for row, at in EDGES if all(x == 0 or abs(x) > 1e-307 for x in at)]  # else XLA takes it for 0


def test_every_row_and_slope_at_its_edges():
    builder, numbers, outputs, expected, names = Builder([f"x{i}" for i in range(1200)]), [], [], [], []
    for row, at in EDGES:
        lead = row.name in (*INDEXED, "polygamma")
        operands = [*map(builder.constant, at[:lead]), *range(len(numbers), len(numbers) + len(at) - lead)]
        numbers += at[lead:]
        y, value = builder.emit(Operation(row.name), tuple(operands)), row.float(*at)
        slots = range(lead, len(at)) if row.name != "dot" else ()
        outputs += [y, *(builder.emit(Operation(row.name, i), (y, *operands)) for i in slots)]
        expected += [value, *(row.float_slopes(value, *at)[i] or 0.0 for i in slots)]
        names += [(row.name, at, part) for part in ("value", *slots)]
    got = np.asarray(to_jax(builder.finish(outputs))(np.array(numbers + [0.0] * (1200 - len(numbers)))))
    near = np.isclose(got, np.array(expected, float), rtol=1e-11, atol=1e-13, equal_nan=True)
    assert [(names[i], got[i], expected[i]) for i in np.flatnonzero(~near)] == []


@pytest.mark.parametrize("row", [autograd.divide.row, autograd.remainder.row, autograd.digamma.row], ids=str)
def test_what_jax_differentiates_has_the_row_s_slopes_at_its_edges(row):
    points = [at for other, at in EDGES if other is row]
    names = [f"x{i}" for i in range(row.arity)]
    builder = Builder(names)
    f = to_jax(builder.finish([builder.emit(Operation(row.name), tuple(range(row.arity)))]))
    expected = [[slope or 0.0 for slope in row.float_slopes(row.float(*at), *at)] for at in points]
    got = jax.vmap(jax.grad(lambda x: f(x)[0]))(jax.numpy.array(points))
    np.testing.assert_allclose(got, expected, rtol=1e-11)


def sample_program():
    x, y, z = (Value(v, name=n) for v, n in ((0.3, "x"), (0.7, "y"), (1.2, "z")))
    hidden = [autograd.gelu(autograd.dot([x, y], [z, x], 0.1)), autograd.relu(x - y), (y - 2.0) ** 3.0]
    hidden.append(autograd.log_softmax([x, y, z])[1])
    return program_from([autograd.dot(hidden, hidden) + autograd.logsumexp(hidden)], [x, y, z])


def test_jit_vmap_and_grad_agree_with_the_interpreter():
    program = sample_program()
    f = to_jax(program)
    points = np.random.default_rng(0).uniform(-1, 1, (20, 3))
    expected = np.stack(np.broadcast_arrays(*interpret(with_jacobian(program), list(points.T))), axis=1)
    np.testing.assert_allclose(f(points)[:, 0], expected[:, 0], rtol=1e-12)
    np.testing.assert_allclose(jax.jit(jax.vmap(f))(points)[:, 0], expected[:, 0], rtol=1e-12)
    gradient = jax.jit(jax.vmap(jax.grad(lambda x: f(x)[0])))(points)
    np.testing.assert_allclose(gradient, expected[:, 1:], rtol=1e-9, atol=1e-12)


def test_conventions_at_kinks_are_this_engine_s():
    x = Value(0.0, name="x")
    program = program_from([autograd.abs(x) + autograd.maximum(x, 0.0)], [x])
    slope = jax.grad(lambda x: to_jax(program)(x)[0])(np.zeros(1))
    assert slope.tolist() == [0.0 + 0.5]


def test_digits_in_the_tail_survive():
    x = Value(0.0, name="x")
    f = to_jax(program_from([autograd.tanh(x)], [x]))
    slope = jax.grad(lambda x: f(x)[0])(np.array([18.0]))
    assert slope[0] == pytest.approx(1 / math.cosh(18.0) ** 2, rel=1e-12)


def test_the_source_can_be_read():
    assert "t1 = x[..., 0] * x[..., 1]" in to_jax(program_from([Value(1.0) * Value(2.0)])).source


def test_a_component_that_is_computed_is_refused():
    builder = Builder(["i", "x"])
    program = Builder.finish.__wrapped__(builder, [builder.emit(Operation("softmax", 1), (1, 0, 1, 1))])
    with pytest.raises(ArgumentError, match="must be a constant"):
        to_jax(program)


def test_without_jax_one_sentence_says_what_to_install(monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "jax", None)
    with pytest.raises(ImportError, match=r"glassgrad\[jax\]"):
        to_jax(program_from([Value(1.0) * 2]))


@pytest.mark.parametrize("shape", [(2,), (4,), (3, 5), (), (0,)])
def test_the_last_axis_holds_as_many_numbers_as_there_are_inputs(shape):
    f = autograd.compile(lambda x: x[0] + 10 * x[1] + 100 * x[2]).record(np.ones(3)).to_jax()
    for called in (f, jax.jit(f)):
        with pytest.raises(ArgumentError, match="3 inputs"):
            called(jax.numpy.ones(shape))
    assert f(jax.numpy.ones((5, 3))).shape == (5, 1)


def test_constants_that_a_derivative_makes_are_no_inputs():
    def f(x):
        return autograd.jacobian(lambda q: [q[0] * q[0], q[1] * q[1]])([x, 2 * x])[0][1] * 1e3 + x * x

    program = autograd.compile(f).record(3.0)
    assert program.inputs == ("x",)
    assert program.to_jax()(jax.numpy.array([3.0])).tolist() == [9.0]


@pytest.mark.parametrize(("p", "y", "expected", "slope"), [(0.0, 0.0, 0.0, 1.0), (1.0, 1.0, 0.0, -1.0)])
def test_binary_cross_entropy_at_its_ends_in_single_precision(p, y, expected, slope):
    f = autograd.compile(lambda p, y: nn.binary_cross_entropy([p], [y])).record(0.5, 1.0).to_jax()
    at = jax.numpy.array([p, y], "float32")
    assert f(at).dtype == "float32"
    assert float(f(at)[0]) == expected
    assert float(jax.jacobian(lambda x: f(x)[0])(at)[0]) == slope
