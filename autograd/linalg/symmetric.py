"""Eigenvalues and eigenvectors of symmetric matrices of up to three rows: `eigh`, `eigvalsh`.

Of three rows the eigenvalue that lies apart comes first, as the root of a cubic; what is left is a matrix of two rows.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from autograd.choosing import choose_form, is_zero
from autograd.errors import ArgumentError
from autograd.functions import abs as abs_
from autograd.functions import divide, dot, power, sqrt
from autograd.functions import sum as sum_
from autograd.linalg.elimination import polynomial
from autograd.linalg.matrices import Rows, Vector, array_of, product, square, transposed
from autograd.linalg.norms import length, length_of_some


class Eigh(NamedTuple):
    """The eigenvalues of a symmetric matrix, the smallest first, and its eigenvectors, as columns in that order."""

    eigenvalues: Any
    eigenvectors: Any


def eigh(a: Any) -> Eigh:
    """The eigenvalues, the smallest first, and eigenvectors of length 1 of a symmetric matrix of 1, 2 or 3 rows.

    As NumPy's it reads the lower triangle alone, so that the derivative along an entry below the diagonal is that along
    both; a vector's sign means nothing.  Where eigenvalues are equal each has the derivative of their mean and
    no second one, and their vectors have none: nan.  Where kinks are smoothed they stay as they are.

    >>> eigh([[2.0, 1.0], [1.0, 2.0]]).eigenvalues
    array([1., 3.])

    Raises:
        ArgumentError: if the matrix is not square, or has more rows
    """
    rows = square(a, "eigh")
    if len(rows) > 3:
        raise ArgumentError(f"eigh is of matrices of up to 3 rows, got one of shape {(len(rows), len(rows))}")
    values, vectors = _eigen(rows)
    return Eigh(array_of(values), array_of(transposed(vectors)))


def eigvalsh(a: Any) -> Any:
    """The eigenvalues of `eigh` alone.

    >>> eigvalsh([[2.0, 0.0, 0.0], [0.0, 3.0, 0.0], [0.0, 0.0, 1.0]])
    array([1., 2., 3.])
    """
    return eigh(a).eigenvalues


def _eigen(rows: Rows) -> tuple[Vector, Rows]:
    """The eigenvalues and, one by one, the vectors."""
    if len(rows) == 1:
        return rows[0], [[1.0]]
    if len(rows) == 2:
        (a, _), (b, c) = rows
        half, vectors = _of_two(a, b, c)
        mean = 0.5 * (a + c)
        return [mean - half, mean + half], vectors
    return _of_three(rows)


# -- two rows ---------------------------------------------------------------------------------------


def _of_two(a: Any, b: Any, c: Any) -> tuple[Any, Rows]:
    """Half the distance of the eigenvalues of ((a, b), (b, c)), and the vectors, that of the smaller one first."""
    apart = 0.5 * (a - c)
    half = length_of_some([apart, b])
    is_larger = apart > 0.0  # the eigenvalue that is nearer to a
    tangent = divide(b, choose_form(is_larger, apart + half, apart - half))
    is_equal = is_zero(half)
    tangent = choose_form(is_equal, sqrt(half), tangent)  # 0, whose slopes are nan
    cosine = 1.0 / sqrt(1.0 + tangent * tangent)
    near, far = [cosine, tangent * cosine], [-tangent * cosine, cosine]
    vectors = [_chosen(is_larger, far, near), _chosen(is_larger, near, far)]
    return choose_form(is_equal, _without_curvature(apart, b), half), vectors


def _without_curvature(*zeros: Any) -> Any:
    """0, whose slopes along zeros are 0, and whose second ones are not said: infinite or nan."""
    return power(sum_(zeros), 1.5)


def _chosen(condition: Any, one: Vector, other: Vector) -> Vector:
    return [choose_form(condition, x, y) for x, y in zip(one, other, strict=True)]


# -- three rows -------------------------------------------------------------------------------------


def _of_three(rows: Rows) -> tuple[Vector, Rows]:
    mean = (rows[0][0] + rows[1][1] + rows[2][2]) / 3.0
    size, unit = _without_mean_and_size(rows, mean)
    cubic = 0.5 * polynomial(unit)  # the cosine of three times an angle
    is_top = cubic >= 0.0  # whether it is the largest eigenvalue that lies apart
    cosine = _cosine_of_a_third(choose_form(is_top, cubic, -cubic))
    lonely = choose_form(is_top, 2.0 * cosine, -2.0 * cosine)
    vector = _kernel([[x - lonely if i == j else x for j, x in enumerate(row)] for i, row in enumerate(unit)])
    half, pair = _beside(vector, unit)
    alone, centre = mean + size * lonely, mean - 0.5 * size * lonely
    low, high = centre - size * half, centre + size * half
    values = [choose_form(is_top, low, alone), choose_form(is_top, high, low), choose_form(is_top, alone, high)]
    vectors = [_chosen(is_top, *each) for each in zip([*pair, vector], [vector, *pair], strict=True)]
    return values, [[_without_slope_at_zero(x, size) for x in each] for each in vectors]


def _without_slope_at_zero(x: Any, size: Any) -> Any:
    """A number that is said, and has no derivative, where a size is 0."""
    return choose_form(is_zero(size), x + sqrt(size), x)  # 0, whose slopes are nan


def _without_mean_and_size(rows: Rows, mean: Any) -> tuple[Any, Rows]:
    """A matrix less its mean eigenvalue is a size times a matrix whose eigenvalues are 2 cos φ, for three φ."""
    (a, _, _), (d, b, _), (f, e, c) = rows
    diagonal = [x - mean for x in (a, b, c)]
    entries = (*diagonal, d, e, f)
    size = length(
        [*(x / sqrt(6.0) for x in diagonal), *(x / sqrt(3.0) for x in (d, e, f))], _without_curvature(*entries)
    )
    a, b, c, d, e, f = (choose_form(is_zero(size), 0.0, divide(x, size)) for x in entries)
    return size, [[a, d, f], [d, b, e], [f, e, c]]


_START = (0.866066, 0.165330, -0.040691, 0.009320)  # a cubic, wrong by less than 0.0002


def _cosine_of_a_third(cosine: Any) -> Any:
    """cos(φ/3) of cos φ from 0 to 1, by Newton's steps for 4c³ - 3c = cos φ, which keep every derivative."""
    c = _START[0] + cosine * (_START[1] + cosine * (_START[2] + cosine * _START[3]))
    for _ in range(3):
        c = c - (c * (4.0 * c * c - 3.0) - cosine) / (12.0 * c * c - 3.0)
    return c


def _kernel(rows: Rows) -> Vector:
    """What a matrix of rank two takes to 0, of length 1: the longest product of two rows."""
    a, b, c = rows
    first, *others = [_cross(x, y) for x, y in ((a, b), (b, c), (c, a))]
    size = dot(first, first)
    for other in others:
        its = dot(other, other)
        longer = its > size
        first, size = _chosen(longer, other, first), choose_form(longer, its, size)
    length = sqrt(size)
    return [x / length for x in first]


def _beside(vector: Vector, matrix: Rows) -> tuple[Any, Rows]:
    """`_of_two` of a matrix in the plane that is upright on one of its eigenvectors."""
    x, y, z = vector
    is_wide = abs_(x) > abs_(y)
    across = _chosen(is_wide, [-z, 0.0, x], [0.0, z, -y])
    length = choose_form(is_wide, sqrt(x * x + z * z), sqrt(y * y + z * z))
    plane = [[x / length for x in across]]
    plane.append(_cross(vector, plane[0]))
    images = [[dot(row, each) for row in matrix] for each in plane]
    half, turned = _of_two(dot(plane[0], images[0]), dot(plane[0], images[1]), dot(plane[1], images[1]))
    return half, product(turned, plane)


def _cross(x: Vector, y: Vector) -> Vector:
    return [x[1] * y[2] - x[2] * y[1], x[2] * y[0] - x[0] * y[2], x[0] * y[1] - x[1] * y[0]]
