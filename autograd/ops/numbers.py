"""What a rule may say about any kind of number beside arithmetic: choose, ask if equal, a polynomial; add up floats."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import reduce
from typing import Any

import numpy as np

from autograd.ops.expression import EQUAL, WHERE, Expression


def where(condition: Any, chosen: Any, other: Any) -> Any:
    """`chosen` where the condition holds, else `other`; None stands for "no derivative"."""
    if isinstance(condition, Expression):
        return Expression(WHERE, condition, chosen, other)
    if isinstance(condition, (np.ndarray, np.generic)):
        if np.ndim(condition) == 0:
            picked = chosen if condition else other
            return np.float64(picked) if type(picked) is float else picked  # by which Python would not divide
        return np.where(condition, _no_path_as_zero(chosen), _no_path_as_zero(other))
    return chosen if condition else other


def equal(a: Any, b: Any) -> Any:
    """Whether two numbers are equal by value; `equal(x, x)` is false for nan alone."""
    if isinstance(a, Expression) or isinstance(b, Expression):
        return Expression(EQUAL, a, b)
    return (a <= b) & (a >= b)


def polynomial(coefficients: Sequence[float], x: Any) -> Any:
    """Σ cₖxᵏ, the constant first, by Horner's scheme.

    >>> polynomial([1.0, 2.0, 3.0], 10.0)
    321.0
    """
    if not isinstance(x, np.ndarray):
        return reduce(lambda total, c: total * x + c, reversed(coefficients[:-1]), coefficients[-1])
    total = np.full(x.shape, coefficients[-1])
    for c in coefficients[-2::-1]:
        total *= x
        total += c
    return total


def derivative(coefficients: Sequence[float]) -> tuple[float, ...]:
    """The coefficients of a polynomial's derivative.

    >>> derivative([1.0, 2.0, 3.0])
    (2.0, 6.0)
    """
    return tuple(k * c for k, c in enumerate(coefficients))[1:]


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
