"""What a rule may say about any kind of number beside arithmetic: choose, and ask if equal."""

from __future__ import annotations

from typing import Any

import numpy as np

from autograd.ops.expression import Expression


def where(condition: Any, chosen: Any, other: Any) -> Any:
    """`chosen` where the condition holds, else `other`; None stands for "no derivative"."""
    if isinstance(condition, Expression):
        return Expression("where", condition, chosen, other)
    if isinstance(condition, (np.ndarray, np.generic)):
        if np.ndim(condition) == 0:
            return chosen if condition else other
        return np.where(condition, _no_path_as_zero(chosen), _no_path_as_zero(other))
    if hasattr(condition, "__choose__"):  # not known yet
        return condition.__choose__(chosen, other)
    return chosen if condition else other


def equal(a: Any, b: Any) -> Any:
    """Whether two numbers are equal by value; `equal(x, x)` is false for nan alone."""
    if isinstance(a, Expression) or isinstance(b, Expression):
        return Expression("equal", a, b)
    return (a <= b) & (a >= b)


def _no_path_as_zero(slope: Any) -> Any:
    return 0.0 if slope is None else slope
