"""The rows that look up in a table, with the table as one argument."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import nan
from typing import Any

import numpy as np

from autograd.array import kept
from autograd.errors import ArgumentError
from autograd.ops import table
from autograd.recorder import make_node
from autograd.symbol import Symbol, symbolic
from autograd.text import quoted
from autograd.value import Value, number

Entries = tuple[Any, ...]  # floats and Values


def entries_of(given: Any, what: str) -> Entries:
    """The entries of a table as floats and Values.

    Raises:
        ArgumentError: unless it is one row of at least one entry
        OperandError: for an entry that is not a number
    """
    listed = given.tolist() if isinstance(given, np.ndarray) and given.ndim == 1 else given
    if not isinstance(listed, (list, tuple)) or not listed:
        raise ArgumentError(f"{what} is one row of numbers and Values, at least one, got {quoted(given)}")
    return tuple([o if type(o) is float or isinstance(o, Value) else number(o, f"an entry of {what}") for o in listed])


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
        return make_node(table.take, nan, (i, *entries), (None,) * (1 + count))
    place = _place(at, count)
    found = entries[place]
    slopes: list[float | None] = [None] * (1 + count)
    if isinstance(found, Value):
        found, slopes[1 + place] = found.data, 1.0
    return make_node(table.take, found, (i, *entries), tuple(slopes))


def located(x: Any, knots: Entries) -> Any:
    """The interval between knots that a number or a Value lies in."""
    if isinstance(x, np.ndarray):
        return table.locate.array(x, *knots)
    if _is_unknown(x, knots):
        return symbolic(table.locate, (x, *knots))
    data = knots if are_floats(knots) else tuple([knot.data if isinstance(knot, Value) else knot for knot in knots])
    at = x.data if isinstance(x, Value) else number(x, "an operand of locate")
    found: float = table.locate.float(at, *data)
    if isinstance(x, Value) or data is not knots:
        return make_node(table.locate, found, (x if isinstance(x, Value) else at, *knots), (None,) * (1 + len(knots)))
    return found


def at_each(function: Callable[[Any], Any], xs: Any, known: bool = True) -> Any:
    """A function of a number, a Value, or an array of either; one of numbers it is handed whole if that is `known`."""
    if not isinstance(xs, (np.ndarray, list, tuple)):
        return function(xs)
    array = np.asarray(xs)
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
