"""Passes: what they rewrite, what they must leave, and that the numbers stay."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import autograd
from autograd import Value, tanh
from autograd.context import Label
from autograd.ops.expression import Expression, variable
from autograd.program.builder import Builder
from autograd.program.graph import DOT, Operation
from autograd.program.interpreter import interpret
from autograd.program.passes.adjoint import with_gradient
from autograd.program.passes.expand import expand_slopes
from autograd.program.passes.fuse import fuse_sums
from autograd.program.reading import program_from
from autograd.program.verify import Senseless, verify
from tests.engine.test_random_graphs import build, plans


def operations(program):
    return [str(line.operation) for line in program]


def inputs(*names):
    return [Value(0.5 + i, name=name) for i, name in enumerate(names)]


def test_a_layer_in_plain_arithmetic_becomes_dots():
    def network(W, b, V, x):
        return autograd.sum(V * np.tanh(x @ W + b))

    def with_dots(W, b, V, x):
        return autograd.dot(V, [autograd.tanh(autograd.dot(x, W[:, j], b[j])) for j in range(5)])

    dice = np.random.default_rng(0)
    args = dice.normal(size=(3, 5)), dice.normal(size=5), dice.normal(size=5), dice.normal(size=(40, 3))
    p = autograd.compile(network, in_axes=(None, None, None, 0), reduce="sum", argnums=(0, 1, 2))
    q = autograd.compile(with_dots, in_axes=(None, None, None, 0), reduce="sum", argnums=(0, 1, 2))
    value, slopes = p.value_and_grad(*args)
    expected, expected_slopes = q.value_and_grad(*args)
    assert value == pytest.approx(expected, rel=1e-13)
    assert all(np.allclose(a, b, rtol=1e-12) for a, b in zip(slopes, expected_slopes, strict=True))
    assert operations(p.program).count("dot") == 6
    assert "add" not in operations(p.program)


def test_compensated_summation_stays_as_it_was_written():
    def kahan(xs):
        total, lost = xs[0], 0.0
        for x in xs[1:]:
            y = x - lost
            t = total + y
            lost = (t - total) - y
            total = t
        return total

    xs = np.array([1e16, *[1.0] * 6, -1e16])
    assert autograd.compile(kahan)(xs) == 6.0
    assert operations(autograd.compile(kahan).record(xs)).count("add") == 7


def test_what_others_read_is_not_gathered():
    a, b, c, d = inputs(*"abcd")
    s = a + b
    program = fuse_sums(program_from([s + c + d, s * 2], [a, b, c, d]))
    assert operations(program) == ["add", "sum", "multiply"]
    assert operations(fuse_sums(program_from([s + c, s], [a, b, c]))) == ["add", "add"]
    product = a * b
    shared = fuse_sums(program_from([product + c * d + a * d, product], [a, b, c, d]))
    assert operations(shared) == ["multiply", "dot"]
    assert DOT in shared.operations


def test_exact_forbids_it():
    f = lambda a, b, c: a * b + b * c + c  # noqa: E731  (short)
    assert "dot" not in operations(autograd.compile(f, exact=True).record(1.0, 2.0, 3.0))
    assert operations(autograd.compile(f).record(1.0, 2.0, 3.0)) == ["dot"]


@given(plans)
def test_random_programs_keep_their_numbers(drawn):
    at, plan = drawn
    leaves = [Value(x) for x in at]
    program = program_from([build(plan, leaves)], leaves)
    first = with_gradient(program, range(len(at)))
    for rewritten in (fuse_sums(first), expand_slopes(first), with_gradient(fuse_sums(program), range(len(at)))):
        assert rewritten.inputs == program.inputs
        for got, expected in zip(interpret(rewritten, at), interpret(first, at), strict=True):
            assert np.isclose(got, expected, rtol=1e-12, atol=1e-12)


@given(st.integers(0, 2**32))
def test_random_sums_keep_their_numbers(seed):
    dice = np.random.default_rng(seed)
    at = dice.normal(size=4).tolist()
    nodes = leaves = [Value(x) for x in at]
    for _ in range(20):
        a, b = (nodes[i] for i in dice.integers(max(0, len(nodes) - 6), len(nodes), 2))
        nodes = [*nodes, a + b if dice.random() < 0.5 else a * b if dice.random() < 0.7 else autograd.dot([a], [b], a)]
    program = program_from([nodes[-1], nodes[-3]], leaves)
    for got, expected in zip(interpret(fuse_sums(program), at), (nodes[-1], nodes[-3]), strict=True):
        assert np.isclose(got, expected.data, rtol=1e-11, atol=1e-11)


# -- what holds of every program ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda p: {"operands": p.operands[::-1].copy()}, "stands after its user"),
        (lambda p: {"outputs": p.outputs + 100}, "an output is no number"),
        (lambda p: {"starts": p.starts[:-1]}, "cut off"),
        (lambda p: {"code": p.code + 9}, "has no operation"),
        (lambda p: {"code": p.code.astype(np.int64)}, "not a flat array of int32s"),
        (lambda p: {"operations": (*p.operations, p.operations[0])}, "an operation twice"),
        (lambda p: {"inputs": (1, 2)}, "no names"),
        (lambda p: {"words": {0: Label("x")}}, "words are of no result"),
    ],
)
def test_a_program_that_does_not_hold_is_found(change, said):
    x, y = Value(0.5), Value(2.0)
    program = program_from([tanh(x * y) + 3.0 * x], [x, y])
    verify(program)
    with pytest.raises(Senseless, match=said):
        verify(replace(program, **change(program)))


@pytest.mark.parametrize("choice", [Operation("where"), Operation("guard")], ids=str)
@pytest.mark.parametrize("condition", [1.0, -2.0, 5e-324, math.inf, math.nan, 0.0, -0.0])
def test_a_choice_that_is_known_beforehand_is_what_python_chooses(choice, condition):
    """Of a rule whose condition is a number, or becomes one, only the branch is written that holds."""
    builder = Builder(["x", "y"])
    x, y = variable("x"), variable("y")
    for known in (condition, Expression("multiply", condition, 1.0)):
        term = Expression("where", known, Expression("exp", x), y)
        written = builder.write(term, {"x": 0, "y": 1}.__getitem__, choice)
        assert written == (builder.emit(Operation("exp"), (0,)) if condition else 1)
    same = Expression("where", Expression("greater", x, 0.0), y, y)
    assert builder.write(same, {"x": 0, "y": 1}.__getitem__, choice) == 1
