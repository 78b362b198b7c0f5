"""What a rule may say about any kind of number beside arithmetic: choose, ask if equal, add up floats."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from autograd.ops.expression import Expression


def where(condition: Any, chosen: Any, other: Any) -> Any:
    """`chosen` where the condition holds, else `other`; None stands for "no derivative"."""
    if isinstance(condition, Expression):
        return Expression("where", condition, chosen, other)
    if isinstance(condition, (np.ndarray, np.generic)):
        if np.ndim(condition) == 0:
            picked = chosen if condition else other
            return np.float64(picked) if type(picked) is float else picked  # by which Python would not divide
        return np.where(condition, _no_path_as_zero(chosen), _no_path_as_zero(other))
    return chosen if condition else other


def equal(a: Any, b: Any) -> Any:
    """Whether two numbers are equal by value; `equal(x, x)` is false for nan alone."""
    if isinstance(a, Expression) or isinstance(b, Expression):
        return Expression("equal", a, b)
    return (a <= b) & (a >= b)


class _Nothing(float):
    """A -0.0, to which whatever is added stays as it is, and that `sum` does not add to as to a float."""

    __slots__ = ()


# What is exactly a float, `sum` adds by a way of its own, which compensates since Python 3.12; from this start on
# it adds as + does, on every Python, and faster than functools.reduce.
NOTHING = _Nothing(-0.0)


def left_to_right(terms: Iterable[float]) -> float:
    """Σ terms in their order, each sum rounded: to the bit what machine code and every other target adds.

    >>> left_to_right([1e16, 1.0, -1e16]), left_to_right([-0.0, -0.0]), left_to_right([])
    (0.0, -0.0, 0.0)
    """
    total = sum(terms, NOTHING)
    return total if total is not NOTHING else 0.0


def _no_path_as_zero(slope: Any) -> Any:
    return 0.0 if slope is None else slope
