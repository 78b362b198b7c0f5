"""Matrices as rows of numbers and Values, and what is asked of their entries."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeAlias

import numpy as np

from autograd.array import kept, refuse_masked
from autograd.errors import ArgumentError, OperandError
from autograd.functions import dot
from autograd.recorder import COMPLEX, Composite
from autograd.text import quoted
from autograd.value import Value, number

Vector: TypeAlias = list[Any]
Rows: TypeAlias = list[Vector]


def square(a: Any, what: str) -> Rows:
    """The rows of a matrix that has as many columns."""
    rows = matrix(a, what)
    if len(rows) != len(rows[0]):
        raise ArgumentError(f"{what} is of a square matrix, got one of shape {(len(rows), len(rows[0]))}")
    return rows


def matrix(a: Any, what: str) -> Rows:
    """The rows of a matrix."""
    array = _array(a, what)
    if array.ndim != 2 or not array.size:
        raise ArgumentError(f"{what} is of a matrix with rows and columns, got the shape {array.shape}")
    return [[_entry(x, what) for x in row] for row in array.tolist()]


def columns_of(b: Any, length: int, what: str) -> tuple[Rows, int]:
    """The columns of a right-hand side, a vector or a matrix, and how many axes it has."""
    array = _array(b, what)
    if array.ndim not in (1, 2) or len(array) != length or not array.size:
        raise ArgumentError(
            f"{what}: the right-hand side of a matrix of {length} rows is a vector or matrix of as many, "
            f"got the shape {array.shape}"
        )
    columns = array.reshape(length, -1).T.tolist()
    return [[_entry(x, what) for x in column] for column in columns], array.ndim


def _array(a: Any, what: str) -> Any:
    refuse_masked(what, a)
    try:
        return np.asarray(a)
    except ValueError:
        raise ArgumentError(f"{what} is of rows of equal length") from None


def _entry(x: Any, what: str) -> Any:
    if isinstance(x, (Composite, *COMPLEX)):
        raise OperandError(
            f"{what} is of real numbers, got {quoted(x)}: write what is complex as [[re, -im], [im, re]], of twice as "
            "many rows"
        )
    return x if isinstance(x, Value) else number(x, f"an entry of what {what} is handed")


def array_of(entries: Sequence[Any]) -> Any:
    """An array of these entries, or of these rows: of floats where no Value is among them."""
    array = np.array(entries, object)
    return kept(array) if any(isinstance(x, Value) for x in array.flat) else array.astype(float)


def array_of_columns(columns: Rows, ndim: int) -> Any:
    """An array of these columns; of the one there is, if it has one axis."""
    return array_of(columns[0] if ndim == 1 else transposed(columns))


def transposed(rows: Rows) -> Rows:
    """The columns of a matrix."""
    return list(map(list, zip(*rows, strict=True)))


def product(a: Rows, b: Rows) -> Rows:
    """The matrix product."""
    columns = transposed(b)
    return [[dot(row, column) for column in columns] for row in a]


def identity(n: int) -> Rows:
    """The matrix with ones on its diagonal."""
    return [[float(i == j) for j in range(n)] for i in range(n)]


def less_products(a: Any, left: Sequence[Any], right: Sequence[Any]) -> Any:
    """What is left of a number after Σ left·right is taken away, as one `dot`."""
    return a - dot(left, right) if left else a
