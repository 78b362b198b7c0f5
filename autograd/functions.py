"""The functions of the table by name: on numbers, on Values, on arrays of either.

Functions of one number are in this module because the table has a row of that name; the stub beside
this file, written from the table, tells type checkers and editors what they are.  Written out here
are those that take a whole vector, and those that need more than a row.
"""

from __future__ import annotations

import operator
import random
from collections.abc import Iterable, Sequence
from typing import Any, Literal, overload

import numpy as np

from autograd.array import FloatArray, RealArray, ValueArray, gathered, kept, refuse_masked
from autograd.errors import ArgumentError, GraphError, OperandError
from autograd.given import flag
from autograd.ops import table
from autograd.ops.numbers import left_to_right
from autograd.ops.primitive import TABLE, Primitive
from autograd.recorder import RECORDERS, Composite, apply, make_node, record
from autograd.symbol import symbolic
from autograd.tables import are_floats, at_each, entries_of, located, taken
from autograd.text import quoted
from autograd.value import Number, Value
from autograd.vectors import Axis, Write, apply_vector, lines, sum_of

for _name, _row in TABLE.items():
    for _known_as in (_name, *_row.aliases):
        globals()[_known_as] = RECORDERS[_name]


_DOT = table.dot

# -- vectors ----------------------------------------------------------------------------------------
# The overloads go into the stub: what is answered depends on whether Values are among many numbers.


@overload
def dot(weights: Iterable[Number], inputs: Iterable[Number], bias: Number | None = None) -> float: ...
@overload
def dot(weights: Iterable[Value], inputs: Iterable[Value | Number], bias: Value | Number | None = None) -> Value: ...
@overload
def dot(weights: Iterable[Value | Number], inputs: Iterable[Value], bias: Value | Number | None = None) -> Value: ...
@overload
def dot(
    weights: Iterable[Value | Number], inputs: Iterable[Value | Number], bias: Value | Number | None = None
) -> Value | float: ...


def dot(weights: Any, inputs: Any, bias: Any = None) -> Any:
    """Σ wᵢxᵢ + b as ONE node: the z of a neuron, and δ(z) is exactly ∂J/∂z.

    `weights` and `inputs` are sequences (or 1-d arrays) of equal length; `bias` is a number or Value.

    >>> from autograd import Value
    >>> dot([Value(2.0), Value(3.0)], [10.0, 100.0], Value(1.0)).data
    321.0

    Raises:
        ArgumentError: if the lengths differ
        OperandError: for what is not a number
    """
    try:  # all Values, the way of a neuron: no checks, no copies
        w = [weight._data for weight in weights]
        x = [item._data for item in inputs]
        y = left_to_right(map(operator.mul, w, x))
        if bias is not None:
            y += bias._data
    except AttributeError:  # a plain number
        return _mixed_dot(tuple(weights), tuple(inputs), bias)
    except GraphError:  # one not known yet
        return _mixed_dot(tuple(weights), tuple(inputs), bias, symbolic)
    if len(w) != len(x):
        raise _unequal(len(w), len(x))
    if bias is None:
        return make_node(_DOT, y, (*weights, *inputs), (*x, *w))
    return make_node(_DOT, y, (*weights, *inputs, bias), (*x, *w, 1.0))


def _mixed_dot(weights: tuple[Any, ...], inputs: tuple[Any, ...], bias: Any, write: Write = record) -> Any:
    """A dot of numbers and Values in any places."""
    if len(weights) != len(inputs):
        raise _unequal(len(weights), len(inputs))
    return apply_vector(_DOT, (*weights, *inputs) if bias is None else (*weights, *inputs, bias), write)


def _unequal(weights: int, inputs: int) -> ArgumentError:
    return ArgumentError(f"dot needs as many weights as inputs, got {weights} weights and {inputs} inputs")


def matmul(a: Any, b: Any) -> Any:
    """The matrix product with one `dot` node an element; shapes as in NumPy's ``a @ b``.

    (``a @ b`` on arrays of Values works too; NumPy then makes one node for every × and +.)

    >>> from autograd import Value
    >>> W = np.array([[Value(1.0), Value(2.0)]])
    >>> matmul(W, [3.0, 4.0])[0].data
    11.0
    """
    refuse_masked("matmul", a, b)
    left, right = gathered(a), gathered(b)
    if left.ndim not in (1, 2) or right.ndim not in (1, 2) or left.shape[-1] != right.shape[0]:
        raise ArgumentError(f"matmul of shapes {left.shape} and {right.shape}: the inner lengths must agree")
    rows, columns = np.atleast_2d(left), right.reshape(right.shape[0], -1).T
    product = np.empty((len(rows), len(columns)), object)
    for i, row in enumerate(rows):
        for j, column in enumerate(columns):
            product[i, j] = dot(tuple(row), tuple(column))
    return _tidy(product.reshape(left.shape[:-1] + right.shape[1:]))


@overload
def sum(xs: ValueArray, axis: None = None, keepdims: Literal[False] = False) -> Value: ...  # noqa: A001
@overload
def sum(xs: RealArray | Iterable[Number], axis: None = None, keepdims: Literal[False] = False) -> float: ...  # noqa: A001
@overload
def sum(xs: Iterable[Value], axis: None = None, keepdims: Literal[False] = False) -> Value: ...  # noqa: A001
@overload
def sum(xs: Iterable[Value | Number], axis: None = None, keepdims: Literal[False] = False) -> Value | float: ...  # noqa: A001
@overload
def sum(xs: Any, axis: Axis = None, keepdims: bool = False) -> Any: ...  # noqa: A001
def sum(xs: Any, axis: Axis = None, keepdims: bool = False) -> Any:  # noqa: A001  (NumPy's name)
    """Σ xᵢ as one node; of an array, along `axis` (one or several) or of everything.

    >>> sum([1.0, 2.0, 3.5])
    6.5
    """
    return _reduce(table.sum_, xs, axis, keepdims)


@overload
def logsumexp(xs: ValueArray, axis: None = None, keepdims: Literal[False] = False) -> Value: ...
@overload
def logsumexp(xs: RealArray | Iterable[Number], axis: None = None, keepdims: Literal[False] = False) -> float: ...
@overload
def logsumexp(xs: Iterable[Value], axis: None = None, keepdims: Literal[False] = False) -> Value: ...
@overload
def logsumexp(xs: Iterable[Value | Number], axis: None = None, keepdims: Literal[False] = False) -> Value | float: ...
@overload
def logsumexp(xs: Any, axis: Axis = None, keepdims: bool = False) -> Any: ...
def logsumexp(xs: Any, axis: Axis = None, keepdims: bool = False) -> Any:
    """ln Σ exp(xᵢ) as one node, without overflow; of an array, along `axis` (one or several) or of everything.

    `keepdims` leaves the axes that were summed over, with length 1, as in NumPy:

    >>> x = np.zeros((2, 2))
    >>> (x - logsumexp(x, axis=1, keepdims=True)).shape
    (2, 2)
    """
    return _reduce(table.logsumexp, xs, axis, keepdims)


@overload
def softmax(xs: RealArray, axis: int = -1) -> FloatArray: ...
@overload
def softmax(xs: ValueArray, axis: int = -1) -> ValueArray: ...
@overload
def softmax(xs: Sequence[Number], axis: int = -1) -> list[float]: ...
@overload
def softmax(xs: Sequence[Value], axis: int = -1) -> list[Value]: ...
@overload
def softmax(xs: Any, axis: int = -1) -> Any: ...
def softmax(xs: Any, axis: int = -1) -> Any:
    """exp(xᵢ)/Σ exp(xⱼ): one node a component, its slopes the sᵢ(1-sᵢ) and -sᵢsⱼ of the books.

    A list for a list or tuple, an array for an array (along `axis`).

    >>> softmax([0.0, 0.0])
    [0.5, 0.5]
    """
    return _vectors(table.softmax, xs, axis)


@overload
def log_softmax(xs: RealArray, axis: int = -1) -> FloatArray: ...
@overload
def log_softmax(xs: ValueArray, axis: int = -1) -> ValueArray: ...
@overload
def log_softmax(xs: Sequence[Number], axis: int = -1) -> list[float]: ...
@overload
def log_softmax(xs: Sequence[Value], axis: int = -1) -> list[Value]: ...
@overload
def log_softmax(xs: Any, axis: int = -1) -> Any: ...
def log_softmax(xs: Any, axis: int = -1) -> Any:
    """ln softmax(x), exact where softmax would round to 0 or 1."""
    return _vectors(table.log_softmax, xs, axis)


def _reduce(primitive: Primitive, xs: Any, axis: Axis, keepdims: bool) -> Any:
    rows, shape = lines(_as_array(primitive, xs), axis, flag(keepdims, "keepdims"))
    reduced = np.empty(len(rows), object)
    for i, row in enumerate(rows):
        reduced[i] = sum_of(row) if primitive is table.sum_ else apply_vector(primitive, tuple(row))
    return _tidy(reduced.reshape(shape))


def _vectors(primitive: Primitive, xs: Any, axis: int) -> Any:
    array = _as_array(primitive, xs)
    if array.ndim == 0:
        raise ArgumentError(f"{primitive.name} is of a vector, got the single number {quoted(xs)}")
    moved = np.moveaxis(array, axis, -1)
    answers = np.empty(moved.shape, object)
    for at in np.ndindex(moved.shape[:-1]):
        vector = tuple(moved[at])
        for i in range(len(vector)):
            answers[(*at, i)] = apply_vector(primitive, (float(i), *vector))
    answer = _tidy(np.moveaxis(answers, -1, axis))
    return answer if isinstance(xs, np.ndarray) else answer.tolist()


def _as_array(primitive: Primitive, xs: Any) -> np.ndarray[Any, Any]:
    if not isinstance(xs, (np.ndarray, Sequence, Value)) and hasattr(xs, "__iter__"):
        xs = list(xs)
    refuse_masked(primitive.name, xs)
    try:
        array = gathered(xs)
    except ValueError:
        raise ArgumentError(f"{primitive.name} needs rows of equal length, got {quoted(xs)}") from None
    if array.dtype.kind not in "fiubO":
        raise OperandError(f"{primitive.name} is of real numbers or Values, got {quoted(xs)}")
    return array


def _tidy(answers: Any) -> Any:
    """An object array as floats if it holds no Value; a 0-d one as its element."""
    if answers.ndim == 0:
        return answers[()]
    return kept(answers) if any(isinstance(x, (Value, Composite)) for x in answers.flat) else answers.astype(float)


# -- tables -----------------------------------------------------------------------------------------


@overload
def take(i: Number, table: RealArray | Sequence[Number]) -> float: ...
@overload
def take(i: Value, table: RealArray | ValueArray | Sequence[Value | Number]) -> Value: ...
@overload
def take(i: Number, table: ValueArray | Sequence[Value]) -> Value: ...
@overload
def take(i: Any, table: Any) -> Any: ...
def take(i: Any, table: Any) -> Any:
    """The entry of a table at ⌊i⌋, counted from 0, as one node: its slope is 1 along the entry that was taken.

    `table` is a sequence or a 1-d array of numbers and Values; `i` is a number, a Value or an array of such.  Along
    the other entries, and along `i`, no derivative flows.

    >>> from autograd import Value
    >>> take(Value(1.5), [10.0, 20.0, 30.0]).data
    20.0

    Raises:
        ArgumentError: for an index outside of the table; in a compiled function the answer is nan then
    """
    entries = entries_of(table, "the table of take")
    return at_each(lambda at: taken(at, entries), i, are_floats(entries))


@overload
def locate(x: Number, knots: RealArray | Sequence[Number]) -> float: ...
@overload
def locate(x: Value, knots: RealArray | ValueArray | Sequence[Value | Number]) -> Value: ...
@overload
def locate(x: Any, knots: Any) -> Any: ...
def locate(x: Any, knots: Any) -> Any:
    """Which interval between ascending knots x lies in: k where knots[k] ≤ x < knots[k+1], counted from 0.

    Below the first knot it is the first interval, from the last knot on the last one; a jump, so without derivatives.

    >>> locate(2.5, [0.0, 1.0, 2.0, 3.0])
    2.0

    Raises:
        ArgumentError: for knots that do not ascend, as far as they are known; those recorded for later are not checked
    """
    numbers = entries_of(knots, "the knots of locate")
    return at_each(lambda at: located(at, numbers), x, are_floats(numbers))


# -- more than a row --------------------------------------------------------------------------------


def where(condition: Any, chosen: Any, other: Any) -> Any:
    """`chosen` where the condition holds, else `other`; no derivative at all goes to the one not taken.

    >>> from autograd import Value
    >>> x = Value(-2.0)
    >>> where(x > 0, x, 0.1 * x).data
    -0.2

    Raises:
        OperandError: for the whole numbers -1 and -2, which ``~`` makes of False and True
    """
    inverted = _inverted_bools(condition)
    if inverted:
        raise OperandError(
            f"where: the condition is {inverted[0]}, which is what ~ makes of {inverted[0] == -2} and which holds "
            "either way: write `not c` for a bool c, or exchange the branches, which can be recorded too"
        )
    return RECORDERS[table.where_.name](condition, chosen, other)


def _inverted_bools(condition: Any) -> list[int]:
    """The -1 and -2 among the whole numbers of a condition."""
    things: Any = [condition]
    if isinstance(condition, (np.ndarray, list, tuple)):
        array = np.asarray(condition)
        things = array[(array == -1) | (array == -2)] if array.dtype.kind == "i" else array.flat
    return [int(x) for x in things if isinstance(x, (int, np.integer)) and x in (-1, -2)]


def gelu(x: Any, approximate: str = "none") -> Any:
    """x·Φ(x), or its tanh form with ``approximate="tanh"`` (Hendrycks & Gimpel 2016; PyTorch's option)."""
    if approximate not in ("none", "tanh"):
        raise ArgumentError(f'gelu: approximate is "none" or "tanh", got {quoted(approximate)}')
    return RECORDERS[(table.gelu if approximate == "none" else table.gelu_tanh).name](x)


def rrelu(
    x: Any, lower: float = 1 / 8, upper: float = 1 / 3, training: bool = True, rng: random.Random | None = None
) -> Any:
    """The randomized leaky relu (Xu et al. 2015): below 0 a slope drawn from [lower, upper].

    One draw an element while training; the mean (lower + upper)/2 otherwise.  Pass `rng` to make the
    draws repeatable.
    """
    if not lower <= upper:
        raise ArgumentError(f"rrelu draws from [lower, upper], got [{lower}, {upper}]")
    draw = (rng or random).uniform
    training = flag(training, "training")
    if isinstance(x, (np.ndarray, list, tuple)):
        shape = np.shape(x)
        slopes = [draw(lower, upper) if training else (lower + upper) / 2 for _ in range(int(np.prod(shape)))]
        return apply(table.rrelu, (x, np.array(slopes).reshape(shape)))
    return RECORDERS[table.rrelu.name](x, draw(lower, upper) if training else (lower + upper) / 2)


__all__ = sorted({known_as for row in TABLE.values() for known_as in (row.name, *row.aliases)} | {"matmul"})
