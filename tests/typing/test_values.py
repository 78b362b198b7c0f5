"""What type checkers are told of Values and of the table's functions, and what is there."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

import autograd
from autograd import (
    Complex,
    Value,
    ValueArray,
    clip,
    dot,
    elu,
    exp,
    gelu,
    gradient,
    locate,
    log_softmax,
    logsumexp,
    maximum,
    no_grad,
    rrelu,
    softmax,
    take,
    tanh,
    where,
)

if TYPE_CHECKING:
    from typing import assert_type
else:
    from tests.support.typed import assert_type

v = Value(2.0, name="v")
xs: NDArray[np.float64] = np.array([1.0, 2.0])
ints: NDArray[np.int64] = np.array([1, 2])
vs = ValueArray([v, 1.0])


def test_a_value() -> None:
    assert_type(v, Value)
    assert_type(v.data, float)
    assert_type(v.grad, float)
    assert_type(v.name, str | None)
    assert_type(Value(2).detach(), Value)
    assert_type((v * v).operands, tuple[Value | float, ...])


def test_operators_with_numbers_on_either_side() -> None:
    assert_type(v + v, Value)
    assert_type(v + 1, Value)
    assert_type(1.5 - v, Value)
    assert_type(np.float64(2.0) * v, Value)
    assert_type(v / np.float32(2.0), Value)
    assert_type(2**v, Value)
    assert_type(v**2, Value)
    assert_type(v % 2, Value)
    assert_type(7 // v, Value)
    assert_type(-v, Value)
    assert_type(abs(v), Value)
    assert_type(round(v, 2), Value)
    assert_type(v.tanh(), Value)
    assert_type(v.hypot(1.0), Value)


def test_operators_with_arrays_on_either_side() -> None:
    assert_type(v + xs, ValueArray)
    assert_type(xs - v, ValueArray)
    assert_type(xs * v, ValueArray)
    assert_type(v / ints, ValueArray)


def test_comparisons() -> None:
    assert_type(v > 1, bool)
    assert_type(v <= v, bool)
    assert_type(v == 2, bool)
    assert_type(v != "a", bool)
    assert_type(v > xs, NDArray[np.bool_])
    assert_type(v == xs, NDArray[np.bool_])
    assert_type(max(v, v), Value)
    assert_type(sorted([v, v]), list[Value])


def test_functions_of_one_operand() -> None:
    assert_type(tanh(v), Value)
    assert_type(tanh(2.0), float)
    assert_type(tanh(2), float)
    assert_type(tanh(np.float32(2.0)), float)
    assert_type(tanh(vs), ValueArray)
    assert_type(tanh(xs), NDArray[np.float64])
    assert_type(tanh(ints), NDArray[np.float64])
    assert_type(tanh([1.0, 2.0]), NDArray[Any])
    assert_type(gelu(v, approximate="tanh"), Value)
    assert_type(rrelu(1.0, training=False), float)
    assert_type(autograd.abs(v), Value)
    assert_type(autograd.round(2.4), float)


def either(x: Value | float) -> None:
    """What is one of two answers as one of the two."""
    assert_type(tanh(x), Value | float)


def test_what_may_be_either() -> None:
    either(v)
    either(2.0)


def test_functions_of_several_operands() -> None:
    assert_type(maximum(v, 1), Value)
    assert_type(maximum(1, v), Value)
    assert_type(maximum(1, 2), float)
    assert_type(maximum(xs, 0), NDArray[np.float64])
    assert_type(maximum(0, xs), NDArray[np.float64])
    assert_type(maximum(vs, xs), ValueArray)
    assert_type(maximum(v, xs), ValueArray)
    assert_type(elu(v), Value)
    assert_type(elu(v, 2.0), Value)
    assert_type(elu(1.0, v), Value)
    assert_type(elu(1.0), float)
    assert_type(clip(v, 0, 1), Value)
    assert_type(clip(0.5, v, 1), Value)
    assert_type(clip(0.5, high=1, low=0), float)
    assert_type(clip(xs, 0, 1), NDArray[np.float64])
    assert_type(where(v > 0, v, 0.1 * v), Value)
    assert_type(where(v > 0, 1.0, 2), float)
    assert_type(where(xs > 1, xs, 0), NDArray[np.float64])
    assert_type(where(xs > 1, vs, 0), ValueArray)


def test_functions_of_vectors() -> None:
    assert_type(dot([v, v], [1.0, 2.0], 0.5), Value)
    assert_type(dot([1.0, 2.0], [v, v]), Value)
    assert_type(dot([1.0, 2.0], [3.0, 4.0]), float)
    assert_type(autograd.sum([v, v]), Value)
    assert_type(autograd.sum([v, 1.0]), Value | float)
    assert_type(autograd.sum([1.0, 2.0]), float)
    assert_type(autograd.sum(xs), float)
    assert_type(autograd.sum(vs), Value)
    assert_type(logsumexp(vs), Value)
    assert_type(softmax([1.0, 2.0]), list[float])
    assert_type(softmax((v, v)), list[Value])
    assert_type(softmax(xs), NDArray[np.float64])
    assert_type(log_softmax(vs), ValueArray)
    assert_type(take(1.5, [1.0, 2.0]), float)
    assert_type(take(1, [v, v]), Value)
    assert_type(take(0.5 * v, xs), Value)
    assert_type(locate(0.5, xs), float)


def test_what_is_around() -> None:
    assert_type(gradient(v * v, v), float)
    assert_type(gradient(v * v, [v]), list[float])
    assert_type(gradient(v * v, v, as_graph=True), Value)
    with no_grad():
        assert_type(v * v, Value)


def test_complex_numbers() -> None:
    assert_type(v * 1j, Complex)
    assert_type(1j + v, Complex)
    assert_type(Complex(1.0, v) / v, Complex)
    assert_type(v - Complex(1.0, 2.0), Complex)
    assert_type(exp(1j * v), Complex)
    assert_type(2 * v, Value)
