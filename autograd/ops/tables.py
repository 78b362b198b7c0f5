"""Looking up in a table: its entry at an index, and the interval of knots in which a number lies."""

from __future__ import annotations

from bisect import bisect_right
from math import nan
from typing import Any

import numpy as np

from autograd.ops.numbers import equal, where


def entry(i: float, *table: float) -> float:
    """The entry at ⌊i⌋; nan where the table has none.

    >>> entry(1.5, 10.0, 20.0, 30.0), entry(3.0, 10.0, 20.0, 30.0)
    (20.0, nan)
    """
    return table[int(i)] if 0.0 <= i < len(table) else nan


def entry_of_arrays(i: Any, *table: Any) -> Any:
    """`entry` on arrays."""
    return entry_in(stacked(table), i)


def entry_in(column: Any, i: Any) -> Any:
    """`entry` of a table that is one array, with an entry a row."""
    inside = (i >= 0.0) & (i < len(column))
    at = np.where(inside, i, 0.0).astype(np.int64)
    return np.where(inside, picked(column, at), nan)[()]


def picked(column: Any, at: Any) -> Any:
    """The rows `at` these places of a column, each sample its own."""
    if column.ndim == 1:
        return column[at]
    shape = np.broadcast_shapes(at.shape, column.shape[1:])
    rows = np.broadcast_to(column, (len(column), *shape))
    return np.take_along_axis(rows, np.broadcast_to(at, shape)[None], 0)[0]


def stacked(table: Any) -> Any:
    """Numbers, or arrays that broadcast against each other, as one array with an entry a row."""
    try:
        return np.array(table, float)
    except ValueError:
        return np.array(np.broadcast_arrays(*table), float)


def entry_rule(i: Any, *table: Any) -> Any:
    """`entry` in comparisons alone."""
    found: Any = nan
    for j, number in reversed(list(enumerate(table, 1))):
        found = where(i < float(j), number, found)
    return where(i < 0.0, nan, found)


def entry_slopes(whole: Any, count: int) -> list[Any]:
    """The slopes along `count` entries, of which the one at a `whole` index is taken; nan where none is."""
    if type(whole) is not float:
        other = where(whole < 0.0, nan, where(whole < float(count), None, nan))
        return [where(equal(whole, float(j)), 1.0, other) for j in range(count)]
    if not 0.0 <= whole < count:
        return [nan] * count
    slopes: list[float | None] = [None] * count
    slopes[int(whole)] = 1.0
    return slopes


def interval(x: float, *knots: float) -> float:
    """Which interval between knots x lies in: k where knots[k] ≤ x < knots[k+1], or the first or the last.

    >>> interval(0.5, 0.0, 1.0, 2.0), interval(1.0, 0.0, 1.0, 2.0), interval(9.0, 0.0, 1.0, 2.0)
    (0.0, 1.0, 1.0)
    """
    return float(bisect_right(knots, x, 1, max(1, len(knots) - 1)) - 1) if x == x else nan


def interval_of_arrays(x: Any, *knots: Any) -> Any:
    """`interval` on arrays."""
    return interval_in(stacked(knots), x)


def interval_in(column: Any, x: Any) -> Any:
    """`interval` between knots that are one array, with a knot a row."""
    inner = column[1:-1]
    if inner.ndim == 1:
        below = np.searchsorted(inner, x, side="right")
    else:
        below = np.sum(np.asarray(x) >= inner, axis=0)
    return np.where(np.isnan(x), nan, below)[()]


def interval_rule(x: Any, *knots: Any) -> Any:
    """`interval` by counting the knots that are not above x."""
    below: Any = 0.0
    for knot in knots[1:-1]:
        below = below + where(x >= knot, 1.0, 0.0)
    return where(equal(x, x), below, nan)
