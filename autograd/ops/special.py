"""Functions on floats that neither math nor NumPy has, and vectors of those that only math has."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import cache, reduce
from typing import Any

import numpy as np

Polynomial = tuple[float, ...]  # coefficients, the constant first

# Bernoulli numbers B₂, B₄, … B₂₀: the asymptotic series of ψ (Abramowitz & Stegun 6.3.18, 6.4.11).
_BERNOULLI = (1 / 6, -1 / 30, 1 / 42, -1 / 30, 5 / 66, -691 / 2730, 7 / 6, -3617 / 510,
              43867 / 798, -174611 / 330)  # fmt: skip
_ASYMPTOTIC_FROM = 16.0  # above it (and above the order) the series is exact to double precision


def elementwise(function: Any, operands: int = 1) -> Any:
    """A function of floats as a function of NumPy arrays; where it raises, the answer is nan."""

    def quiet(*at: Any) -> float:
        try:
            return float(function(*map(float, at)))
        except ValueError:
            return math.nan

    vector = np.frompyfunc(quiet, operands, 1)
    return lambda *arrays: np.asarray(vector(*arrays), dtype=float)[()]


def lgamma(x: float) -> float:
    """log|Γ(x)|, +inf at the poles 0, -1, -2, … and at both infinities."""
    pole = x <= 0 and (x == -math.inf or x == math.floor(x))
    return math.inf if pole else math.lgamma(x)


def polygamma(n: float, x: float) -> float:
    """ψ⁽ⁿ⁾(x), the n-th derivative of digamma: n = 0 is digamma, n = 1 is trigamma.

    At the poles 0, -1, -2, …: odd orders are +inf; even orders have no limit and are nan, but
    digamma(0) is -inf, its limit from the right.
    """
    if not 0 <= n < math.inf or n != math.floor(n):
        return math.nan
    order = int(n)
    if math.isnan(x) or x == -math.inf:
        return math.nan
    if x == math.inf:
        return math.inf if order == 0 else 0.0
    if x <= 0:
        return _polygamma_left(order, x)
    return _polygamma_right(order, x)


def _polygamma_left(order: int, x: float) -> float:
    """Reflection, ψ⁽ⁿ⁾(x) = (-1)ⁿ ψ⁽ⁿ⁾(1-x) - π dⁿ/dxⁿ cot(πx); the poles by convention."""
    if x == math.floor(x):
        if order == 0:
            return -math.inf if x == 0 else math.nan
        return math.inf if order % 2 else math.nan
    reflected = _polygamma_right(order, 1 - x) * (-1.0 if order % 2 else 1.0)
    turn = x - math.floor(x)  # cot has period π
    cotangent = math.cos(math.pi * turn) / math.sin(math.pi * turn) if turn != 0.5 else 0.0
    return reflected - math.pow(math.pi, order + 1) * _evaluate(_cotangent_derivative(order), cotangent)


def _polygamma_right(order: int, x: float) -> float:
    """x > 0: step up by the recurrence ψ⁽ⁿ⁾(x) = ψ⁽ⁿ⁾(x+1) - (-1)ⁿ n!/xⁿ⁺¹, then the series."""
    sign = -1.0 if order % 2 == 0 else 1.0  # of the terms, (-1)ⁿ⁺¹
    terms = []
    while x < _ASYMPTOTIC_FROM + order:
        terms.append(_inverse_power(x, order))
        x += 1.0
    return sign * math.fsum(terms) + _asymptotic(order, x, sign)


def _inverse_power(x: float, order: int) -> float:
    """n!/xⁿ⁺¹, infinite where it overflows."""
    try:
        return float(math.factorial(order) / x ** (order + 1))
    except (OverflowError, ZeroDivisionError):
        return math.inf


def _asymptotic(order: int, x: float, sign: float) -> float:
    square = x * x
    if order == 0:
        tail = math.fsum(b / (2 * k * square**k) for k, b in enumerate(_BERNOULLI, 1))
        return math.log(x) - 0.5 / x - tail
    series = [math.factorial(order - 1) / x**order, math.factorial(order) / (2 * x ** (order + 1))]
    for k, b in enumerate(_BERNOULLI, 1):
        rising = math.factorial(2 * k + order - 1) / math.factorial(2 * k)
        series.append(b * rising / x ** (2 * k + order))
    return sign * math.fsum(series)


@cache
def _cotangent_derivative(order: int) -> Polynomial:
    """dⁿ/dxⁿ cot(πx) / πⁿ as a polynomial in c = cot(πx), from dc/dx = -π(1 + c²)."""
    polynomial: Polynomial = (0.0, 1.0)
    for _ in range(order):
        slope = [k * c for k, c in enumerate(polynomial)][1:]
        padded = [0.0, 0.0, *slope, 0.0, 0.0]
        polynomial = tuple(-(padded[i + 2] + padded[i]) for i in range(len(slope) + 2))
    return polynomial


def _evaluate(polynomial: Polynomial, c: float) -> float:
    return reduce(lambda total, coefficient: total * c + coefficient, reversed(polynomial), 0.0)


def sinc(x: float) -> float:
    """sin(πx)/(πx), 1 at 0; reduced first, so that the zeros at 1, 2, 3, … keep their digits."""
    if x == 0:
        return 1.0
    if math.isinf(x):
        return 0.0
    return sinpi(x) / (math.pi * x)


def sinpi(x: float) -> float:
    """sin(πx), reduced first: exactly 0 at whole numbers."""
    turn, sign = _reduced(x)
    return math.sin(math.pi * turn) * sign


def cospi(x: float) -> float:
    """cos(πx), reduced first."""
    turn, sign = _reduced(x)
    return math.cos(math.pi * turn) * sign


def _reduced(x: float) -> tuple[float, float]:
    """x less the nearest whole number, and that number's parity as a sign."""
    if math.isinf(x) or math.isnan(x):
        return math.nan, 1.0
    nearest = float(round(x))
    return x - nearest, 1.0 if nearest % 2 == 0 else -1.0


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
