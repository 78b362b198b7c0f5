"""Rows of any number of operands on a vector, and what of an array is one vector along an axis."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

import numpy as np

from autograd.errors import ArgumentError, GraphError, OperandError
from autograd.ops import table
from autograd.ops.numbers import left_to_right
from autograd.ops.primitive import Primitive
from autograd.recorder import make_node, of_composite, record
from autograd.symbol import symbolic
from autograd.value import Operand, Value, number

Write: TypeAlias = "Callable[[Primitive, tuple[Operand, ...]], Value]"
Axis: TypeAlias = "int | tuple[int, ...] | None"
_SUM = table.sum_


def apply_vector(primitive: Primitive, operands: tuple[Any, ...], write: Write = record) -> Any:
    """A variadic row on a flat vector; no element may be an array.  `write` makes the node of Values and floats."""
    try:
        checked = tuple(o if isinstance(o, Value) else number(o, f"an operand of {primitive.title}") for o in operands)
    except OperandError:
        found = of_composite(primitive, operands)
        if found is None:
            raise
        return found
    if any(isinstance(o, Value) for o in checked):
        return write(primitive, checked)
    return primitive.float(*checked)


def sum_of(xs: Sequence[Any]) -> Any:
    """Σ xᵢ of a list or tuple as one node; of numbers, their sum."""
    try:  # all Values: no checks, no copies
        y = left_to_right([x._data for x in xs])
    except AttributeError:  # a plain number
        return apply_vector(_SUM, tuple(xs))
    except GraphError:  # one not known yet
        return apply_vector(_SUM, tuple(xs), symbolic)
    return make_node(_SUM, y, tuple(xs), (1.0,) * len(xs)) if xs else 0.0


def lines(array: np.ndarray[Any, Any], axis: Axis, keepdims: bool = False) -> tuple[list[Any], tuple[int, ...]]:
    """What is reduced together along `axis` (one, several, or all of them if None), and the shape of what comes out.

    >>> lines(np.array([[1.0, 2.0], [3.0, 4.0]]), 1)
    ([[1.0, 2.0], [3.0, 4.0]], (2,))
    """
    if axis is None:
        return [array.reshape(-1).tolist()], (1,) * array.ndim if keepdims else ()
    reduced = [_axis(i, array.ndim) for i in (axis if isinstance(axis, tuple) else (axis,))]
    beside = [i for i in range(array.ndim) if i not in reduced]
    shape = tuple(array.shape[i] for i in beside)
    length = math.prod(array.shape[i] for i in reduced)
    rows = np.asarray(array).transpose(*beside, *reduced).reshape(math.prod(shape), length).tolist()
    return rows, tuple(1 if i in reduced else n for i, n in enumerate(array.shape)) if keepdims else shape


def _axis(i: int, ndim: int) -> int:
    if not -ndim <= i < ndim:
        raise ArgumentError(f"axis {i} of an array that has {ndim} axes")
    return i % ndim
