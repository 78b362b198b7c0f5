"""Least squares by Householder's reflections: `lstsq`."""

from __future__ import annotations

from math import nan
from typing import Any

from autograd.choosing import choose_form, holds
from autograd.errors import ArgumentError, MatrixError
from autograd.functions import abs as abs_
from autograd.functions import divide, dot
from autograd.functions import sum as sum_
from autograd.linalg.matrices import Rows, Vector, array_of_columns, columns_of, matrix, transposed
from autograd.linalg.norms import length_of_some
from autograd.linalg.triangular import backward

_ROUNDING = 2.0**-52


def lstsq(a: Any, b: Any) -> Any:
    """The x for which ‖a · x - b‖ is smallest, of a matrix of full rank with as many rows as columns or more.

    b is a vector, or a matrix of them as columns.

    >>> lstsq([[1.0, 0.0], [1.0, 1.0], [1.0, 2.0]], [1.0, 3.0, 5.0]).round(12)
    array([1., 2.])

    Raises:
        ArgumentError: for shapes that do not fit, and for fewer rows than columns
        MatrixError: if a column depends on those before it; compiled, the answer is nan
    """
    rows = matrix(a, "lstsq")
    m, n = len(rows), len(rows[0])
    if m < n:
        raise ArgumentError(f"lstsq is of as many equations as unknowns or more, got a matrix of shape {(m, n)}")
    right, ndim = columns_of(b, m, "lstsq")
    upper = _made_triangular(transposed(rows), right)
    return array_of_columns([backward(upper, column[:n]) for column in right], ndim)


def _made_triangular(columns: Rows, right: Rows) -> Rows:
    """The upper triangle that reflections make of a matrix, given by columns; `right` is reflected in place."""
    upper: Rows = []
    smallest = [_ROUNDING * len(column) * sum_([abs_(x) for x in column]) for column in columns]
    for k, column in enumerate(columns):
        pivot, mirror = _mirror(column[k:])
        pivot = _of_full_rank(pivot, smallest[k], k)
        later = columns[k + 1 :]
        for each in [*later, *right]:
            each[k:] = _mirrored(each[k:], mirror)
        upper.append([*[0.0] * k, pivot, *(each[k] for each in later)])
    return upper


def _mirror(column: Vector) -> tuple[Any, Vector]:
    """±‖column‖, and what a column is mirrored at to have nothing but that, in front; of one entry, itself.

    The mirror is measured in pivots, so that its products do not overflow.
    """
    if len(column) == 1:
        return column[0], []
    first, size = column[0], length_of_some(column)
    pivot = choose_form(first > 0.0, -size, size)  # what does not cancel
    return pivot, [divide(x, pivot) for x in (first - pivot, *column[1:])]


def _mirrored(column: Vector, mirror: Vector) -> Vector:
    if not mirror:
        return column
    part = dot(mirror, column) / mirror[0]
    return [x + part * v for x, v in zip(column, mirror, strict=True)]


def _of_full_rank(pivot: Any, smallest: Any, k: int) -> Any:
    """The pivot, unless the column behind it is, but for rounding, made of those before it."""
    dependent = abs_(pivot) <= smallest
    if holds(dependent):
        raise MatrixError(
            f"lstsq: the matrix has not full rank: column {k} depends on those before it, so that x is not "
            "determined: leave columns out, or add rows, such as small multiples of the identity"
        )
    return choose_form(dependent, pivot * nan, pivot)
