"""Triangles: `solve_triangular`, and `cholesky`, which makes them."""

from __future__ import annotations

from typing import Any

from autograd.choosing import holds, is_zero
from autograd.errors import ArgumentError, MatrixError
from autograd.functions import sqrt
from autograd.linalg.matrices import (
    Rows,
    Vector,
    array_of,
    array_of_columns,
    columns_of,
    less_products,
    square,
    transposed,
)
from autograd.text import quoted


def cholesky(a: Any) -> Any:
    """The lower triangle L with L · Lᵀ = a, of a symmetric positive definite matrix.

    As NumPy's it reads the lower triangle of a alone; so there is no derivative along what stands above.

    >>> cholesky([[4.0, 2.0], [2.0, 5.0]])
    array([[2., 0.],
           [1., 2.]])

    Raises:
        ArgumentError: if the matrix is not square
        MatrixError: if it is not positive definite; compiled, the answer is nan or infinite
    """
    rows = factor(square(a, "cholesky"), "cholesky")
    return array_of([[*row, *[0.0] * (len(rows) - len(row))] for row in rows])


def solve_triangular(a: Any, b: Any, trans: int | str = 0, lower: bool = False, unit_diagonal: bool = False) -> Any:
    """The x with a · x = b of a triangular matrix, as SciPy's: what stands on its other side is not read.

    Args:
        trans: 1 or "T" for aᵀ · x = b
        lower: whether it is the lower triangle that is meant
        unit_diagonal: whether the diagonal is all ones, and not read

    >>> solve_triangular([[2.0, 0.0], [1.0, 2.0]], [4.0, 6.0], lower=True)
    array([2., 2.])

    Raises:
        ArgumentError: for shapes that do not fit
        MatrixError: if 0 stands on the diagonal; compiled, the answer is nan or infinite
    """
    rows = square(a, "solve_triangular")
    columns, ndim = columns_of(b, len(rows), "solve_triangular")
    if trans not in (0, 1, "N", "T"):
        raise ArgumentError(f'solve_triangular: trans is 0, 1, "N" or "T", got {quoted(trans)}')
    zeros = [] if unit_diagonal else [k for k, row in enumerate(rows) if holds(is_zero(row[k]))]
    if zeros:
        raise MatrixError(f"solve_triangular: the matrix is singular: entry {zeros[0]} of its diagonal is 0")
    if trans in (1, "T"):
        rows, lower = transposed(rows), not lower
    return array_of_columns([(forward if lower else backward)(rows, column, unit_diagonal) for column in columns], ndim)


def factor(rows: Rows, what: str) -> Rows:
    """Cholesky's factor of what the lower triangle says, row by row, each as long as the triangle is there."""
    lower: Rows = []
    for given in rows:
        row: Vector = []
        for j, done in enumerate(lower):
            row.append(less_products(given[j], row, done[:j]) / done[j])
        rest = less_products(given[len(lower)], row, row)
        if holds(rest <= 0.0):
            raise MatrixError(
                f"{what}: the matrix is not positive definite, as row {len(lower)} shows: of a covariance, add "
                "something small to its diagonal"
            )
        lower.append([*row, sqrt(rest)])
    return lower


def forward(lower: Rows, b: Vector, unit: bool = False) -> Vector:
    """The x with lower · x = b, from the first to the last."""
    x: Vector = []
    for i, (row, known) in enumerate(zip(lower, b, strict=True)):
        rest = less_products(known, row[:i], x)
        x.append(rest if unit else rest / row[i])
    return x


def backward(upper: Rows, b: Vector, unit: bool = False) -> Vector:
    """The x with upper · x = b, from the last to the first."""
    reversed_rows = [row[::-1] for row in reversed(upper)]
    return forward(reversed_rows, b[::-1], unit)[::-1]
