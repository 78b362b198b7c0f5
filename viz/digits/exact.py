"""The same graph in 50 digits: every node by its row's definition, every δ by slopes of these; needs mpmath.

The floats that stand at leaves and constants are exact.  A slope is the row's rule where that is plain arithmetic, else
a difference of its definition taken with many more digits, so that no constant of a rule and no polynomial
fitted to a function is taken for the truth.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import mpmath
from mpmath import mp, mpf

from autograd import Value
from autograd.check.definition import defined, leading, reference_slope
from viz.digits.rounding import EXACT, RATIONAL

DIGITS = 50
_WORKING = 400  # differences in steps of 1e-60 lose 60 of them, tails of 1e-300 as many as they are small


class Exactly(NamedTuple):
    """Every node's value and δ, as numbers of mpmath; a δ of None where no derivative comes back."""

    values: list[Any]
    deltas: list[Any]


def exactly(order: Sequence[Value]) -> Exactly:
    """The graph of the last node of a topological order, which lists all of it.

    >>> from autograd import cos
    >>> x = Value(1e-8)
    >>> t = cos(x)
    >>> y = 1 - t
    >>> y.data, mpmath.nstr(exactly([x, t, y]).values[2], 6)
    (0.0, '5.0e-17')
    """
    with mp.workdps(_WORKING):
        place = {node: i for i, node in enumerate(order)}
        values: list[Any] = []
        for node in order:
            values.append(mpf(node.data) if node.is_leaf else _value(node.op, _operands(node, place, values)))
        deltas: list[Any] = [None] * len(order)
        deltas[-1] = mpf(1)
        for node in reversed(order):
            if deltas[place[node]] is not None and not node.is_leaf:
                _send_back(node, place, values, deltas)
        return Exactly(values, deltas)


def error_of(computed: float, exact: Any) -> float:
    """|computed − exact| as a float, inf where either is not finite and they are not the same."""
    with mp.workdps(_WORKING):
        if not mpmath.isfinite(exact) or not mpmath.isfinite(computed):
            return 0.0 if mpf(computed) == exact else float("inf")
        error = abs(mpf(computed) - exact)
        return float(error) or (5e-324 if error else 0.0)


def _operands(node: Value, place: dict[Value, int], values: list[Any]) -> list[Any]:
    return [values[place[o]] if isinstance(o, Value) else mpf(o) for o in node.operands]


def _value(row: Any, operands: list[Any]) -> Any:
    try:
        return defined(row, operands)
    except (ZeroDivisionError, ValueError, OverflowError):  # at a pole, or outside of the domain
        return mpf(row.float(*map(float, operands)))


def _send_back(node: Value, place: dict[Value, int], values: list[Any], deltas: list[Any]) -> None:
    operands, delta = _operands(node, place, values), deltas[place[node]]
    for slot, (operand, slope) in enumerate(zip(node.operands, node.slopes, strict=True)):
        if slope is None or not isinstance(operand, Value):
            continue
        sent = delta * _slope(node, values[place[node]], operands, slot)
        before = deltas[place[operand]]
        deltas[place[operand]] = sent if before is None else before + sent


def _slope(node: Value, y: Any, operands: list[Any], slot: int) -> Any:
    """∂node/∂operand; the graph's own slope where a derivative was written by hand, and where there is no limit."""
    row: Any = node.op
    try:
        if row.name in RATIONAL or row.name in EXACT:  # rules of plain arithmetic, on whatever they are handed
            found = row.local(y, *operands)[slot]
        else:
            known = row.by_hand or slot < leading(row)
            found = node.slopes[slot] if known else reference_slope(row, operands, slot)
    except (ZeroDivisionError, ValueError, OverflowError, TypeError):  # the domain ends there
        found = node.slopes[slot]
    return mpf(found) if found is not None and mpmath.isfinite(found) else mpf(node.slopes[slot] or 0)
