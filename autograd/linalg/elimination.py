"""Gauss's elimination: `solve`, `inv`, `det`, `slogdet`.

The row of the largest pivot comes in front; everything else is a division or a `dot`.
"""

from __future__ import annotations

from itertools import combinations
from math import inf, prod
from typing import Any, NamedTuple

from autograd.choosing import choose_form, holds, is_zero
from autograd.errors import ArgumentError, MatrixError
from autograd.functions import abs as abs_
from autograd.functions import dot, log, minimum, sqrt
from autograd.functions import sum as sum_
from autograd.linalg.matrices import (
    Rows,
    Vector,
    array_of,
    array_of_columns,
    columns_of,
    identity,
    less_products,
    square,
    transposed,
)
from autograd.linalg.triangular import backward, factor, forward
from autograd.text import quoted


def solve(a: Any, b: Any, *, assume_a: str = "gen") -> Any:
    """The x with a · x = b, as np.linalg.solve: b is a vector, or a matrix of them as columns.

    Args:
        assume_a: "gen", or "pos" of a matrix that is symmetric and positive definite, as SciPy says it: of its lower
            triangle, by `cholesky`, without pivots

    >>> solve([[2.0, 1.0], [1.0, 3.0]], [5.0, 10.0])
    array([1., 3.])

    Raises:
        ArgumentError: for shapes that do not fit
        MatrixError: of a singular matrix; compiled, the answer is nan or infinite
    """
    rows = square(a, "solve")
    columns, ndim = columns_of(b, len(rows), "solve")
    if assume_a not in ("gen", "pos"):
        raise ArgumentError(f'solve: assume_a is "gen" or "pos", got {quoted(assume_a)}')
    found = solved(rows, columns, "solve") if assume_a == "gen" else _solved_positive(rows, columns)
    return array_of_columns(found, ndim)


def inv(a: Any) -> Any:
    """The inverse of a matrix.

    >>> inv([[2.0, 0.0], [0.0, 4.0]])
    array([[0.5 , 0.  ],
           [0.  , 0.25]])

    Raises:
        ArgumentError: if it is not square
        MatrixError: of a singular matrix; compiled, the answer is nan or infinite
    """
    rows = square(a, "inv")
    return array_of(transposed(solved(rows, identity(len(rows)), "inv")))


def det(a: Any) -> Any:
    """The determinant; up to 3 × 3 a polynomial of the entries.

    It has derivatives where it is 0 too; those of a larger matrix that is compiled are nan there, where it is not the
    last three columns that make it singular.

    >>> det([[1.0, 2.0], [3.0, 4.0]])
    -2.0

    Raises:
        ArgumentError: if the matrix is not square
    """
    rows = square(a, "det")
    work = _Elimination(rows, [[] for _ in rows])
    while work.size > _SMALL and not holds(work.is_stuck):
        work.step(across=True)
    if work.size > _LARGEST:  # all that is left is 0, of more rows than a polynomial is written of
        return _zero_without_slope(rows)
    found = prod(work.pivots, start=work.sign) * polynomial(work.rest())
    return found if holds(work.is_stuck) else choose_form(work.is_stuck, _zero_without_slope(rows), found)


class Slogdet(NamedTuple):
    """The sign of a determinant, and the logarithm of its size."""

    sign: Any
    logabsdet: Any


def slogdet(a: Any) -> Slogdet:
    """The sign of the determinant (-1, 0 or 1), and log|det|, which overflows nowhere.

    >>> slogdet([[2.0, 0.0], [0.0, -1.0]]).sign
    -1.0

    Of a singular matrix it is (0, -∞).
    """
    rows = square(a, "slogdet")
    work = _Elimination(rows, [[] for _ in rows])
    while work.size and not holds(work.is_stuck):
        work.step()
    is_below = [pivot < 0.0 for pivot in work.pivots]  # where kinks are smoothed these are none: log|x| has no kink
    sizes = [choose_form(below, -pivot, pivot) for below, pivot in zip(is_below, work.pivots, strict=True)]
    size = sum_([log(each) for each in sizes])
    side = prod([choose_form(below, -1.0, 1.0) for below in is_below], start=work.sign)
    nothing = _zero_without_slope(rows)
    return Slogdet(choose_form(work.is_stuck, 0.0, side), choose_form(work.is_stuck, nothing - inf, size))


def solved(rows: Rows, columns: Rows, what: str) -> Rows:
    """The columns x with rows · x = columns."""
    work = _Elimination(rows, transposed(columns))
    while work.size:
        work.step()
        if holds(work.is_stuck):
            raise MatrixError(
                f"{what}: the matrix of shape {(len(rows), len(rows))} is singular: what is left of column "
                f"{len(work.pivots)} is 0: see which equations say the same, or take lstsq of independent columns"
            )
    return [backward(work.upper, forward(work.lower, column, unit=True)) for column in transposed(work.beside)]


def _solved_positive(rows: Rows, columns: Rows) -> Rows:
    lower = factor(rows, "solve")
    upper = [[0.0] * k + [row[k] for row in lower[k:]] for k in range(len(lower))]
    return [backward(upper, forward(lower, column)) for column in columns]


# -- elimination ------------------------------------------------------------------------------------

_SMALL = 3  # rows of which a determinant is written as a polynomial, which is as accurate, and has every derivative
_LARGEST = 10


class _Elimination:
    """A matrix's rows, in another order, on their way to the product of a lower and an upper triangle.

    It goes column by column, so that an entry is what one `dot` leaves of it.

    Attributes:
        beside: rows that change places with the matrix's
        lower: what is done, below a diagonal of ones
        upper: what is done, from the diagonal on
        sign: 1, or -1 after an odd number of exchanges
        is_stuck: whether there was a column without a pivot
    """

    def __init__(self, rows: Rows, beside: Rows) -> None:
        self.given, self.beside = [list(row) for row in rows], beside
        self.lower: Rows = [[] for _ in rows]
        self.upper: Rows = []
        self.sign: Any = 1.0
        self.is_stuck: Any = False

    @property
    def size(self) -> int:
        """How many rows are left."""
        return len(self.given) - len(self.upper)

    @property
    def pivots(self) -> Vector:
        """The diagonal of what is done."""
        return [row[k] for k, row in enumerate(self.upper)]

    def rest(self) -> Rows:
        """What is left of the rows and columns that are not done."""
        k = len(self.upper)
        return transposed([self._left_of(j) for j in range(k, len(self.given))])

    def step(self, across: bool = False) -> None:
        """The next column; one further on if there is nothing in it and `across` allows it."""
        k = len(self.upper)
        column = self._left_of(k)
        if across and _is_nothing(column):
            column = self._from_further_on()
        column = self._largest_first(column)
        self.is_stuck = self.is_stuck | is_zero(column[0])
        if holds(self.is_stuck) and across:
            return
        above, later = self.lower[k], range(k + 1, len(self.given))
        rest = [less_products(self.given[k][j], above, [row[j] for row in self.upper]) for j in later]
        self.upper.append([*[0.0] * k, column[0], *rest])
        if not holds(self.is_stuck):
            for row, entry in zip(self.lower[k + 1 :], column[1:], strict=True):
                row.append(entry / column[0])

    def _left_of(self, j: int) -> Vector:
        k = len(self.upper)
        done = [row[j] for row in self.upper]
        return [less_products(self.given[i][j], self.lower[i], done) for i in range(k, len(self.given))]

    def _from_further_on(self) -> Vector:
        """The first column with something in it, in the place of the next; nothing if there is none."""
        k = len(self.upper)
        for j in range(k + 1, len(self.given)):
            column = self._left_of(j)
            if not _is_nothing(column):
                for row in (*self.given, *self.upper):
                    row[k], row[j] = row[j], row[k]
                self.sign = -self.sign
                return column
        return [0.0] * self.size

    def _largest_first(self, column: Vector) -> Vector:
        """The rows with that of the column's largest entry in front; the column in their order."""
        k = len(self.upper)
        for i in range(1, len(column)):
            larger = abs_(column[i]) > abs_(column[0])
            for rows, begin in ((self.lower, 0), (self.given, k + 1), (self.beside, 0)):
                _exchange(larger, rows, k, k + i, begin)
            column[0], column[i] = choose_form(larger, column[i], column[0]), choose_form(larger, column[0], column[i])
            self.sign = choose_form(larger, -self.sign, self.sign)
        return column


def _exchange(condition: Any, rows: Rows, i: int, j: int, begin: int) -> None:
    """Two rows, from a column on, in each other's place if the condition holds."""
    pairs = list(zip(rows[i][begin:], rows[j][begin:], strict=True))
    rows[i] = [*rows[i][:begin], *(choose_form(condition, b, a) for a, b in pairs)]
    rows[j] = [*rows[j][:begin], *(choose_form(condition, a, b) for a, b in pairs)]


def _is_nothing(column: Vector) -> bool:
    return all(holds(is_zero(entry)) for entry in column)


# -- determinants -----------------------------------------------------------------------------------


def polynomial(rows: Rows) -> Any:
    """The determinant, by minors of the last rows: no division, n · 2ⁿ⁻¹ products."""
    minors: dict[tuple[int, ...], Any] = {(j,): entry for j, entry in enumerate(rows[-1])}
    for size, row in enumerate(reversed(rows[:-1]), 2):
        minors = {columns: _expanded(row, columns, minors) for columns in combinations(range(len(rows)), size)}
    return minors[tuple(range(len(rows)))]


def _expanded(row: Vector, columns: tuple[int, ...], minors: dict[tuple[int, ...], Any]) -> Any:
    entries = [row[j] for j in columns]
    others = [minors[columns[:i] + columns[i + 1 :]] for i in range(len(columns))]
    return dot(entries[::2], others[::2]) - dot(entries[1::2], others[1::2])


def _zero_without_slope(rows: Rows) -> Any:
    """0, whose slopes along all entries are nan: where there are some, but not by what was computed."""
    entries = [entry for row in rows for entry in row]
    return sqrt(minimum(dot(entries, entries), 0.0))
