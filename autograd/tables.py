"""The rows that look up in a table, with the table as one argument."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise
from math import nan
from operator import le
from typing import Any

import numpy as np

from autograd.array import kept, refuse_masked
from autograd.errors import ArgumentError
from autograd.ops import table
from autograd.recorder import make_node
from autograd.symbol import Symbol, symbolic
from autograd.text import quoted
from autograd.value import Value, number

Entries = tuple[Any, ...]  # floats and Values


def entries_of(given: Any, what: str, kind: str = "numbers and Values") -> Entries:
    """The entries of a table as floats and Values.

    Raises:
        ArgumentError: unless it is one row of at least one entry
        OperandError: for an entry that is not a number, and for a masked array
    """
    refuse_masked(what, given)
    listed = given if isinstance(given, (list, tuple)) else None
    if listed is None:
        array = as_array(given)
        listed = None if array is None or array.ndim != 1 else array.tolist()
    if not listed:
        raise ArgumentError(f"{what}: expected one row of {kind}, at least one, got {quoted(given)}")
    return tuple([o if type(o) is float or isinstance(o, Value) else _entry(o, what) for o in listed])


def _entry(given: Any, what: str) -> Any:
    """A number, or what NumPy hands over as an array of one."""
    alone = given.item() if isinstance(given, np.ndarray) and given.ndim == 0 else given
    return alone if isinstance(alone, Value) else number(alone, f"an entry of {what}")


def as_array(given: Any) -> Any:
    """What holds several numbers (lists, arrays, ranges, pandas' columns) as an array; None of all else."""
    if isinstance(given, np.ndarray):
        return given
    if isinstance(given, (str, bytes, Value)) or not hasattr(type(given), "__len__"):
        return None
    try:
        array = np.asarray(given)
    except (TypeError, ValueError, RuntimeError):  # ragged, or of a library that does not let its numbers go
        return None
    return array if array.ndim else None


def one_or_array(xs: Any, what: str) -> Any:
    """What is asked for: a number or a Value as it is, all that holds several as an array.

    Raises:
        ArgumentError: for rows that make no array
        OperandError: for a masked array
    """
    refuse_masked(what, xs)
    array = as_array(xs)
    if array is None and isinstance(xs, (list, tuple)):
        raise ArgumentError(f"{what} of rows of different lengths, which make no array, got {quoted(xs)}")
    return xs if array is None else array


def taken(i: Any, entries: Entries) -> Any:
    """The entry at ⌊i⌋, of a number or a Value; nan at nan.

    Raises:
        ArgumentError: if there is none
    """
    count = len(entries)
    if isinstance(i, np.ndarray):
        outside = i[(i < 0.0) | (i >= count)]
        _place(float(outside[0]) if outside.size else 0.0, count)
        return table.take.array(i, *entries)
    if not isinstance(i, Value):
        i = number(i, "an index")
        return nan if i != i else entries[_place(i, count)]
    if _is_unknown(i, entries):
        return symbolic(table.take, (i, *entries))
    at = i.data
    if at != at:
        return make_node(
            table.take, nan, (i, *entries), (None, *(nan if isinstance(e, Value) else None for e in entries))
        )
    place = _place(at, count)
    found = entries[place]
    slopes: list[float | None] = [None] * (1 + count)
    if isinstance(found, Value):
        found, slopes[1 + place] = found.data, 1.0
    return make_node(table.take, found, (i, *entries), tuple(slopes))


def located(x: Any, knots: Entries) -> Any:
    """The interval between knots that a number or a Value lies in.

    Raises:
        ArgumentError: for knots that do not ascend, as far as they are known; those recorded for later are not
    """
    _check_ascending([_data(knot) for knot in knots if not isinstance(knot, Symbol)])
    return interval_of(x, knots)


def _check_ascending(knots: Sequence[float]) -> None:
    if all(map(le, knots, knots[1:])):
        return
    a, b = next((a, b) for a, b in pairwise(knots) if not a <= b)
    raise ArgumentError(f"the knots of locate ascend, got {b!r} behind {a!r}: sort them")


def interval_of(x: Any, knots: Entries) -> Any:
    """`located` between knots that are known to ascend."""
    if isinstance(x, np.ndarray):
        return table.locate.array(x, *knots)
    if _is_unknown(x, knots):
        return symbolic(table.locate, (x, *knots))
    data = knots if are_floats(knots) else tuple(map(_data, knots))
    at = x.data if isinstance(x, Value) else number(x, "an operand of locate")
    found: float = table.locate.float(at, *data)
    if isinstance(x, Value) or data is not knots:
        return make_node(table.locate, found, (x if isinstance(x, Value) else at, *knots), (None,) * (1 + len(knots)))
    return found


def _data(entry: Any) -> float:
    found: float = entry.data if isinstance(entry, Value) else entry
    return found


def at_each(function: Callable[[Any], Any], xs: Any, known: bool = True, what: str = "a look-up") -> Any:
    """A function of a number, a Value, or an array of either; one of numbers it is handed whole if that is `known`."""
    array = one_or_array(xs, what)
    if not isinstance(array, np.ndarray):
        return function(xs)
    if array.dtype.kind in "fiub" and known:
        return function(array.astype(float))
    answers = np.frompyfunc(function, 1, 1)(array)
    if any(isinstance(x, Value) for x in np.ravel(answers)):
        return kept(answers)
    return answers if isinstance(answers, float) else answers.astype(float)


def are_floats(entries: Sequence[Any]) -> bool:
    """Whether no Value is among them."""
    return set(map(type, entries)) == {float}


def _is_unknown(x: Any, others: Entries) -> bool:
    kinds = {type(x), *map(type, others)}
    return any(issubclass(kind, Symbol) for kind in kinds)


def _place(i: float, count: int) -> int:
    """Where an index is in a table."""
    if not 0.0 <= i < count:
        raise ArgumentError(f"the index {i!r} is outside of a table with {count} entries, counted from 0")
    return int(i)
