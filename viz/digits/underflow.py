"""Whether a number was cut to 0, since it is smaller than any float."""

from __future__ import annotations

from collections.abc import Sequence
from math import isfinite

from autograd.ops.primitive import Primitive
from viz.digits.rounding import EXACT, RATIONAL, rounding

STEP = 1e-3  # how far beside a point its neighbours lie


def is_cut(row: Primitive, operands: Sequence[float], y: float) -> bool:
    """Whether y = 0 is an underflow: an analytic function that is 0 at a point and beside it is 0 nowhere there.

    >>> from autograd.ops.table import exp, multiply, sin
    >>> is_cut(exp, [-800.0], 0.0), is_cut(multiply, [1e-200, -1e-200], 0.0), is_cut(sin, [0.0], 0.0)
    (True, True, False)
    """
    if y or row.name in EXACT or not operands or not all(map(isfinite, operands)):
        return False
    if row.name in RATIONAL:
        return rounding(row, operands, (), y).size > 0
    fixed = row.orders or (row.leading if row.has_index or row.reads_table else 0)
    around = ([_beside(x, i + 1, i < fixed, sign) for i, x in enumerate(operands)] for sign in (1, -1))
    return any(row.float(*point) == 0 for point in around)


def _beside(x: float, place: int, keep: bool, sign: int) -> float:
    """Each operand moves by a part of its own, so that what cancels does so no longer; 0 moves to 1."""
    if keep:
        return x
    return x * (1 + sign * STEP * place / (place + 1)) if x else float(sign)
