"""Functions behind rows that neither math nor NumPy has: those of a vector of floats, and a power that is C's."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np


def power(a: Any, b: Any) -> Any:
    """aᵇ of arrays, as C has it: NumPy's own is a square root where b is ½, which -inf and -0.0 have otherwise."""
    y = np.power(a, b)
    half = np.equal(b, 0.5)
    return np.where(half & (np.equal(a, 0.0) | np.equal(a, -math.inf)), np.abs(a), y)[()] if np.any(half) else y


# -- many operands ------------------------------------------------------------------------------


def halves(operands: Sequence[Any]) -> tuple[Sequence[Any], Sequence[Any], Sequence[Any]]:
    """The operands of a dot, (w₁, … wₙ, x₁, … xₙ) and perhaps a bias, as (w, x, rest)."""
    n = len(operands) // 2
    return operands[:n], operands[n : 2 * n], operands[2 * n :]


def shifted(*operands: float) -> tuple[int, list[float]]:
    """The position m of the largest operand, and exp(x - x_m) for every x."""
    largest = max(range(len(operands)), key=lambda i: (operands[i] != operands[i], operands[i]))
    top = operands[largest]
    return largest, [math.exp(x - top) for x in operands]


def logsumexp(*operands: float) -> float:
    """log Σ exp(xᵢ) without overflow, and with log1p, so that a small remainder keeps its digits."""
    largest, exponentials = shifted(*operands)
    top = operands[largest]
    if math.isinf(top):  # all -inf, or one +inf
        return top
    return top + math.log1p(math.fsum(exponentials[:largest] + exponentials[largest + 1 :]))


def softmax(*operands: float) -> list[float]:
    """The softmax vector; nan throughout where all operands are -inf."""
    if all(x == -math.inf for x in operands):
        return [math.nan] * len(operands)
    _, exponentials = shifted(*operands)
    total = math.fsum(exponentials)
    return [e / total for e in exponentials]


def log_softmax(i: float, *operands: float) -> float:
    """The i-th log softmax, from the differences to xᵢ, so that it keeps its digits near 0."""
    own = operands[int(i)]
    if math.isinf(own) and own < 0:
        return -math.inf if logsumexp(*operands) > -math.inf else math.nan
    return -logsumexp(*(x - own for x in operands))
