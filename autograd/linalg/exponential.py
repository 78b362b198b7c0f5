"""The exponential of a matrix: `expm`, by scaling, Padé's approximation of degree 13, and squaring."""

from __future__ import annotations

from functools import reduce
from math import factorial, inf, ldexp, nan
from typing import Any

from autograd.choosing import choose_form
from autograd.functions import abs as abs_
from autograd.functions import dot, maximum
from autograd.functions import sum as sum_
from autograd.linalg.elimination import solved
from autograd.linalg.matrices import Rows, array_of, identity, product, square, transposed
from autograd.value import Value

_DEGREE = 13
_WEIGHTS = [
    float(factorial(2 * _DEGREE - k) // (factorial(k) * factorial(_DEGREE - k))) for k in range(_DEGREE + 1)
]  # of the numerator's powers; exact, and the last is 1
_LARGEST = 5.37  # of a norm up to which that degree leaves an error below rounding (Higham 2005)
_LIMITS = [ldexp(_LARGEST, k) for k in range(10)]  # of the halvings that are recorded where the norm is not known


def expm(a: Any) -> Any:
    """e to the power of a square matrix, Σ aᵏ/k!.

    Where the entries are not known while a function is recorded, ten squarings are, each with a choice: enough for
    matrices whose norm, the largest sum of a column's |entries|, is up to 5,498; above, the answer is nan.

    >>> expm([[0.0, 1.0], [0.0, 0.0]])
    array([[1., 1.],
           [0., 1.]])

    Raises:
        ArgumentError: if the matrix is not square
    """
    rows = square(a, "expm")
    norm = reduce(maximum, [sum_([abs_(x) for x in column]) for column in transposed(rows)])
    is_above = _comparisons(norm)
    scale: Any = 1.0
    for above in is_above:
        scale = choose_form(above, 0.5 * scale, scale)
    found = _pade([[x * scale for x in row] for row in rows])
    for above in is_above:
        found = _choose_each(above, product(found, found), found)
    return array_of(_choose_each(_is_too_large(norm), [[x * nan for x in row] for row in found], found))


def _comparisons(norm: Any) -> list[Any]:
    """Whether a matrix has to be halved, and again: True as often as it has, or conditions where it is not known."""
    found = [norm > limit for limit in _LIMITS]
    if isinstance(found[0], Value):
        return found
    halvings = 0
    while ldexp(_LARGEST, halvings) < norm < inf:
        halvings += 1
    return [True] * halvings


def _is_too_large(norm: Any) -> Any:
    """Whether the recorded squarings do not suffice."""
    is_above = norm > 2.0 * _LIMITS[-1]
    return isinstance(is_above, Value) and is_above


def _choose_each(condition: Any, chosen: Rows, other: Rows) -> Rows:
    pairs = zip(chosen, other, strict=True)
    return [[choose_form(condition, x, y) for x, y in zip(*rows, strict=True)] for rows in pairs]


def _pade(a: Rows) -> Rows:
    """(V - U)⁻¹ (V + U), of the odd powers U and the even ones V."""
    squared = product(a, a)
    fourth = product(squared, squared)
    powers = [identity(len(a)), squared, fourth, product(squared, fourth)]
    odd = product(a, _polynomial(_WEIGHTS[1::2], powers))
    even = _polynomial(_WEIGHTS[::2], powers)
    pairs = list(zip(even, odd, strict=True))
    above = [[v + u for v, u in zip(*rows, strict=True)] for rows in pairs]
    below = [[v - u for v, u in zip(*rows, strict=True)] for rows in pairs]
    return transposed(solved(below, transposed(above), "expm"))


def _polynomial(weights: list[float], powers: list[Rows]) -> Rows:
    """Σ weightᵢ · powerⁱ to the sixth, of the powers to the third."""
    low, high = _sum(weights[:4], powers), _sum([0.0, *weights[4:]], powers)
    return [[x + y for x, y in zip(*rows, strict=True)] for rows in zip(low, product(powers[3], high), strict=True)]


def _sum(weights: list[float], matrices: list[Rows]) -> Rows:
    """Σ weight · matrix."""
    each = range(len(matrices[0]))
    return [[dot(weights, [matrix[i][j] for matrix in matrices]) for j in each] for i in each]
