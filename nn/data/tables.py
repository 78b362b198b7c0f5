"""Data as people have it, as arrays of numbers: lists, arrays, pandas frames and series.

`table` is the one way in.  What it refuses it names by its place: the row, and the column by its name
where a frame has names.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from autograd.errors import ArgumentError, NonFiniteError, OperandError
from autograd.text import apart, quoted, short
from autograd.value import number

Array: TypeAlias = "np.ndarray[Any, Any]"
Vector: TypeAlias = "np.ndarray[Any, np.dtype[np.float64]]"
ColumnNames: TypeAlias = "tuple[str, ...] | None"


class Table(NamedTuple):
    """An array of numbers, and its columns' names if it came with names."""

    array: Array
    names: ColumnNames


def table(data: Any, what: str = "X") -> Table:
    """`data` as a finite array of numbers of any dimension; whole numbers stay whole.

    >>> table([[1, 2], [3, 4]]).array.dtype.kind
    'i'

    Raises:
        OperandError: for text, dates and other things that are not numbers
        NonFiniteError: for nan, inf and missing values, both with row and column (from 0)
        ArgumentError: for rows of unequal length
    """
    names = column_names(data)
    array = _as_array(data, what)
    if array.dtype.kind not in "fiu":
        array = array.astype(float) if array.dtype.kind == "b" else _numbers(array, what, names)
    wrong = np.argwhere(~np.isfinite(array))
    if len(wrong):
        at = tuple(wrong[0].tolist())
        raise NonFiniteError(f"{what} holds {array[at]}{place(at, names)}; remove or fill such rows first")
    return Table(array if array.dtype.kind in "iu" else array.astype(float, copy=False), names)


def with_ones(X: Any) -> NDArray[Any]:
    """X with a column of ones at the right: the bias as a row of the weight matrix.

    The lecture's other way: with ``bias=False`` and one more row in W, X·W contains the bias.

    >>> with_ones([[1.4, -1.0], [0.4, -1.0]])
    array([[ 1.4, -1. ,  1. ],
           [ 0.4, -1. ,  1. ]])

    One sample gets a 1 at its end.

    Raises:
        ArgumentError: for other than one or two dimensions
    """
    array = np.asarray(X)
    if array.ndim not in (1, 2):
        raise ArgumentError(f"with_ones takes one sample or a 2-d batch, got shape {array.shape}")
    ones = np.ones((*array.shape[:-1], 1), array.dtype if array.dtype == object else float)
    return np.concatenate([array, ones], axis=-1)


def column_names(data: Any) -> ColumnNames:
    """The names of a frame's columns; None for anything without."""
    names = getattr(data, "columns", None)
    return None if names is None or not hasattr(data, "to_numpy") else tuple(map(str, names))


def check_names(expected: ColumnNames, given: ColumnNames, what: str) -> None:
    """Raise ArgumentError if both have names and these differ: columns in another order are other data."""
    if expected is None or given is None or expected == given:
        return
    wanted, got = apart_together(expected, given)
    if sorted(expected) == sorted(given):
        advice = "the same columns in another order: reorder them with X[[...]]"
    else:
        missing, more = [n for n in wanted if n not in got], [n for n in got if n not in wanted]
        advice = f"missing {listed(missing)}; unexpected {listed(more)}"
    raise ArgumentError(f"{what} was fitted on the columns {listed(wanted)}, got {listed(got)}: {advice}")


def place(at: Sequence[int], names: ColumnNames) -> str:
    """' at row 3, column 1 ("km") (from 0)' for an index."""
    if not at:
        return ""
    column = f", column {at[1]}" if len(at) > 1 else ""
    named = f' ("{short(names[at[1]])}")' if column and names is not None else ""
    return f" at row {at[0]}{column}{named} (from 0)"


def apart_together(*groups: Sequence[str]) -> list[list[str]]:
    """The names of each group as messages show them, told apart over all: é in one character is not é in two."""
    names = list(dict.fromkeys(name for group in groups for name in group))
    shown = dict(zip(names, apart(names), strict=True))
    return [[shown[name] for name in group] for group in groups]


def listed(names: Sequence[str]) -> str:
    """The first few, and how many more."""
    shown = ", ".join(names[:6]) or "none"
    return f"{shown} and {len(names) - 6} more" if len(names) > 6 else shown


def check_count(count: Any, what: str) -> int:
    """count if it is a whole number from 1 up, else ArgumentError."""
    if isinstance(count, bool) or not isinstance(count, (int, np.integer)) or count < 1:
        raise ArgumentError(f"the number of {what} is a whole number from 1 up, got {quoted(count)}")
    return int(count)


def _as_array(data: Any, what: str) -> Array:
    """The data as NumPy takes it; entries that a masked array hides are missing values."""
    if hasattr(data, "tocsr"):  # SciPy's sparse matrices, of which NumPy makes one object
        raise OperandError(
            f"{what} must hold numbers side by side, got a sparse {type(data).__name__}: {what}.toarray()"
        )
    if isinstance(data, np.ma.MaskedArray):
        return np.array(data.tolist(), object) if np.ma.is_masked(data) else data.data  # hidden ones are None
    try:
        return np.asarray(data)
    except ValueError:
        raise ArgumentError(f"{what} must have rows of equal length, got {quoted(data)}") from None
    except (TypeError, RuntimeError) as error:  # a tensor of PyTorch's that has a graph, or lives on a GPU
        raise OperandError(f"{what} must hold numbers that NumPy can read: {error}") from None


def _numbers(array: Array, what: str, names: ColumnNames) -> Array:
    """An array of objects, text or dates as floats; the first that is no number is complained of."""
    found = np.empty(array.shape)
    for at, item in np.ndenumerate(array.astype(object)):  # NumPy's strings and dates as Python's
        if item is None or type(item).__name__ in _MISSING:
            raise NonFiniteError(f"{what} has a missing value{place(at, names)}; remove or fill such rows first")
        try:
            found[at] = number(item)
        except OperandError:
            advice = "; turn categories into numbers first, such as one column per category" * isinstance(item, str)
            raise OperandError(
                f"{what} must hold numbers, got {type(item).__name__} {quoted(item)}{place(at, names)}{advice}"
            ) from None
    return found


_MISSING = ("NAType", "NaTType")  # pandas' own, without importing pandas
