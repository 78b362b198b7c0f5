"""The law of propagation of uncertainty, to first and second order, by derivatives of the graph.

With g the gradient, H the Hessian and V the covariances of the inputs, u² is gᵀVg to first order.  To second order
½ tr(HVHV) and Σ gᵢVᵢⱼTⱼ come to it, Tⱼ the derivative of Σ VₖₗHₖₗ along input j: of independent inputs the terms of
the GUM, 5.1.2 note, ½H²ᵢⱼ + gᵢ∂³f/∂xᵢ∂x²ⱼ, each times u²ᵢu²ⱼ (JCGM 100:2008; for normal inputs, correlated or not, it
is exact of functions of second degree).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from math import inf, isfinite
from typing import Any, NamedTuple

import numpy as np

import autograd
from autograd import Value, gradient
from autograd.context import recording


class Second(NamedTuple):
    """What the second order adds: to u², and to the expectation of the result."""

    variance: float
    shift: float


def first_order(contributions: Any, correlation: Any) -> tuple[float, Any]:
    """u to first order, and the part of u² that comes with each contribution; scaled, so that no square is cut.

    >>> first_order(np.array([3e200, 3e200]), np.ones((2, 2)))
    (6e+200, array([0.5, 0.5]))
    """
    largest = float(np.abs(contributions).max())
    scaled = contributions / largest if largest else contributions
    parts = scaled * (correlation @ scaled)
    total = max(0.0, float(parts.sum()))
    return largest * math.sqrt(total), parts / total if total else np.zeros(len(parts))


def second_order(output: Value, inputs: Sequence[Value], covariance: Any) -> Second:
    """The terms of second order.

    >>> x, y = Value(0.0), Value(0.0)
    >>> second_order(x * y, [x, y], np.diag([4.0, 9.0]))
    Second(variance=36.0, shift=0.0)
    """
    with recording():  # also inside of no_grad
        slopes = gradient(output, list(inputs), as_graph=True)
        rows = [gradient(slope, list(inputs), as_graph=True) for slope in slopes]
        covered = [rows[i][j] * covariance[i, j] for i, j in np.argwhere(covariance).tolist()]
        contracted = autograd.sum(covered) if covered else Value(0.0)
    hessian = np.array([[entry.data for entry in row] for row in rows])
    thirds = np.array(gradient(contracted, list(inputs)))
    sensitivities = np.array([slope.data for slope in slopes])
    product = hessian @ covariance
    variance = 0.5 * np.trace(product @ product) + sensitivities @ covariance @ thirds
    return Second(float(variance), 0.5 * float(np.trace(product)))


def effective_degrees(parts: Sequence[float], degrees: Sequence[float]) -> float:
    """How many degrees of freedom the result has, of independent inputs (Welch and Satterthwaite; GUM G.4.1).

    >>> effective_degrees([3.0, 4.0], [5.0, inf])
    38.58024691358025
    """
    largest = max(map(abs, parts)) or 1.0
    total = sum((part / largest) ** 2 for part in parts)
    below = sum((part / largest) ** 4 / nu for part, nu in zip(parts, degrees, strict=True) if isfinite(nu))
    return total**2 / below if below else inf


def coverage_factor(level: float, degrees: float) -> float:
    """k, so that ± k·u covers so much of Student's distribution, of the normal one if degrees are infinite.

    >>> round(coverage_factor(0.99, 16), 3), round(coverage_factor(0.95, inf), 3)
    (2.921, 1.96)
    """
    if not isfinite(degrees):
        return float(autograd.ndtri(0.5 + level / 2))
    low, high = 0.0, 1.0
    while _covered(high, degrees) < level:
        high *= 2
    for _ in range(80):
        middle = (low + high) / 2
        low, high = (middle, high) if _covered(middle, degrees) < level else (low, middle)
    return high


def _covered(t: float, degrees: float) -> float:
    """The probability that |T| is at most t (DLMF 8.17; by the incomplete beta function)."""
    return 1 - float(autograd.betainc(degrees / 2, 0.5, degrees / (degrees + t * t)))
