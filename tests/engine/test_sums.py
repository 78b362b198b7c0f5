"""Sums and dots add left to right, on every Python and everywhere: what eager code gives, every executor gives."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import autograd
from autograd import Value, deltas, dot
from autograd.ops.numbers import left_to_right
from autograd.ops.primitive import TABLE
from autograd.program.reading import program_from

BACKENDS = ("interpreter", "numpy", "llvm")
MAGNITUDES = st.sampled_from([1.0, -1.0, 3.0, 1e16, -1e16, 1e-16, 1e8, -1e8, 0.1, 1e300, -1e300, 1e308])
NUMBERS = st.one_of(MAGNITUDES, st.floats(-1e18, 1e18), st.sampled_from([-0.0, 0.0]))


def one_by_one(terms):
    """What + does, written out."""
    total = -0.0
    for term in terms:
        total = total + term
    return total if terms else 0.0


def same(got, expected):
    """Equal to the bit, the sign of a zero too."""
    return np.array_equal(got, expected, equal_nan=True) and np.array_equal(np.signbit(got), np.signbit(expected))


@given(st.lists(NUMBERS, max_size=40))
def test_terms_are_added_one_by_one(terms):
    total = left_to_right(iter(terms))
    assert type(total) is float
    assert same(total, one_by_one(terms))
    assert same(autograd.sum(terms), total)
    assert same(TABLE["sum"].array(*map(np.float64, terms)), total)
    if terms:
        assert same(autograd.sum(list(map(Value, terms))).data, total)


@given(st.lists(st.tuples(NUMBERS, NUMBERS), min_size=1, max_size=20), st.none() | NUMBERS)
def test_products_are_added_one_by_one(pairs, bias):
    weights, inputs = ([pair[i] for pair in pairs] for i in range(2))
    rest = [] if bias is None else [bias]
    expected = one_by_one([*(w * x for w, x in pairs), *rest])
    nodes, node = [Value(x) for x in inputs], None if bias is None else Value(bias)
    assert same(dot(weights, inputs, bias), expected)
    assert same(dot(weights, nodes, bias).data, expected)
    assert same(dot([Value(w) for w in weights], nodes, node).data, expected)
    assert same(TABLE["dot"].array(*map(np.float64, [*weights, *inputs, *rest])), expected)


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("operation", ["dot", "sum", "mixed"])
def test_every_executor_adds_as_eager_code_does(backend, operation):
    def f(x):
        half = len(x) // 2
        if operation == "sum":
            return autograd.sum(x)
        return dot(x[:half], x[half:] if operation == "dot" else [1.0, 3.0, 1e-3, 1e8, 0.1][:half])

    batch = autograd.compile(f, backend=backend, exact=True, in_axes=0)
    one = autograd.compile(f, backend=backend, exact=True)
    rng, cancels = np.random.default_rng(3), 0
    for _ in range(40):
        x = rng.choice([1.0, -1.0, 3.0, 1e16, -1e16, 1e8, 0.1], size=(8, 10)) * rng.choice([1.0, 1.5], size=(8, 10))
        x[0] = np.where(np.arange(10) < 5, -0.0, 1.0)  # products, or half of the terms, that are all -0.0
        x[1] = -0.0
        expected = [f([Value(number) for number in row]).data for row in x.tolist()]
        assert same(batch(x), expected)
        assert same([one(row) for row in x], expected)
        assert same([f(row) for row in x.tolist()], expected)
        cancels += not same(np.sum(x, axis=1), expected)
    assert cancels  # else the order could not be seen


def test_a_program_as_python_source_adds_so_too():
    w, x = ([Value(v, name=f"{name}{i}") for i, v in enumerate(vs)]
            for name, vs in (("w", (1e16, 1.0, -1e16)), ("x", (1.0, 1.0, 1.0))))  # fmt: skip
    program = program_from([dot(w, x)], [*w, *x])
    assert program.function(1e16, 1.0, -1e16, 1.0, 1.0, 1.0) == (0.0,)
    assert dot(w, x).data == dot([1e16, 1.0, -1e16], [1.0, 1.0, 1.0]) == 0.0


def test_what_flows_back_is_added_so_too():
    x = Value(1.0)
    J = 1e16 * x + 1.0 * x + -1e16 * x
    J.backward()
    assert x.grad == deltas(J)[x] == autograd.gradient(J, x, as_graph=True).data == one_by_one([-1e16, 1.0, 1e16])
