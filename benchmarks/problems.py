"""What compiled programs are timed on: a scalar function, where it is evaluated, which derivatives are asked for.

C1          E1's network, one sample: the loss and 353 derivatives
C2          the same, summed over 10,000 samples
C3          the Black–Scholes price of a call and its 5 first derivatives (delta and its like), one scenario
C3:100000   the same for 100,000 scenarios, each its own price and derivatives
R           Rosenbrock's function in 1,000 dimensions and its gradient
C4:1000     an irregular graph of so many nodes: its value and 64 derivatives, at one point …
C4:1000x10000   … and at so many, each its own
N           negative-binomial regression: minus the log-likelihood of 20,000 counts and its 6 derivatives
L           a network 64-256-256-10, tanh, squared loss summed over 256 samples: 84,746 derivatives
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from functools import cache
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np

from benchmarks.workloads import E1_SIZES, initial_parameters

Floats = np.ndarray[Any, np.dtype[np.float64]]
L_SIZES = (64, 256, 256, 10)
WINDOW = 64  # how many values of an irregular graph are alive at once
MARKETS = ((80.0, 120.0), (80.0, 120.0), (0.1, 2.0), (0.0, 0.08), (0.1, 0.5))  # spot, strike, years, rate, volatility
MULTIPLY, ADD, TANH, SIN = range(4)


class Mathematics(NamedTuple):
    """How a contender writes what Python has no operator for."""

    exp: Callable[[Any], Any]
    log: Callable[[Any], Any]
    sqrt: Callable[[Any], Any]
    erf: Callable[[Any], Any]
    sin: Callable[[Any], Any]
    tanh: Callable[[Any], Any]
    affine: Callable[[Sequence[Any], Sequence[Any], Any], Any]  # (w, x, b) → Σ wᵢxᵢ + b
    lgamma: Callable[[Any], Any] = math.lgamma  # of those who take part in N


class Problem(NamedTuple):
    """`function(fixed, sample, mathematics)` → a scalar; what is asked for depends on whether anything is fixed.

    With parameters in `fixed`: the sum over the samples, and its derivatives in the parameters.
    Without: for each sample its value, and its derivatives in the sample.
    """

    function: Callable[[Sequence[Any], Sequence[Any], Mathematics], Any]
    samples: Floats  # (samples, inputs of one)
    fixed: Floats = np.empty(0)
    nodes: int = 0  # as plain arithmetic, where a time a node is reported


@cache
def problem(workload: str) -> Problem:
    """The problem of that name."""
    kind, _, size = workload.partition(":")
    return PROBLEMS[kind](size)


# -- the functions ----------------------------------------------------------------------------------


def network_loss(sizes: Sequence[int]) -> Callable[..., Any]:
    """Σ (ŷ - y)² of a network with tanh hidden layers and a linear last one."""

    def loss(parameters: Sequence[Any], sample: Sequence[Any], m: Mathematics) -> Any:
        xs, ys = sample[: sizes[0]], sample[sizes[0] :]
        at = 0
        for layer, (inputs, outputs) in enumerate(pairwise(sizes), 2):
            rows = [range(at + i * (inputs + 1), at + (i + 1) * (inputs + 1)) for i in range(outputs)]
            zs = [m.affine([parameters[j] for j in row[:-1]], xs, parameters[row[-1]]) for row in rows]
            xs = zs if layer == len(sizes) else [m.tanh(z) for z in zs]
            at += outputs * (inputs + 1)
        errors = [x - y for x, y in zip(xs, ys, strict=True)]
        total = errors[0] * errors[0]
        for error in errors[1:]:
            total = total + error * error
        return total

    return loss


def black_scholes(_: Sequence[Any], market: Sequence[Any], m: Mathematics) -> Any:
    """The price of a European call (Black & Scholes 1973)."""
    spot, strike, years, rate, volatility = market
    spread = volatility * m.sqrt(years)
    d1 = (m.log(spot / strike) + (rate + 0.5 * volatility * volatility) * years) / spread
    d2 = d1 - spread

    def normal(x: Any) -> Any:
        return 0.5 + 0.5 * m.erf(x * math.sqrt(0.5))

    return spot * normal(d1) - strike * m.exp(-rate * years) * normal(d2)


def rosenbrock(_: Sequence[Any], xs: Sequence[Any], m: Mathematics) -> Any:
    """Σ 100 (xᵢ₊₁ - xᵢ²)² + (1 - xᵢ)²"""
    total: Any = 0.0
    for i in range(len(xs) - 1):
        valley, distance = xs[i + 1] - xs[i] * xs[i], 1.0 - xs[i]
        total = total + 100.0 * (valley * valley) + distance * distance
    return total


def negative_binomial(parameters: Sequence[Any], sample: Sequence[Any], m: Mathematics) -> Any:
    """-ln p(count) with mean e^(w·x + b) and size e^s, s the last parameter (Cameron & Trivedi 1986)."""
    *weights, bias, log_size = parameters
    *xs, count = sample
    size, eta = m.exp(log_size), m.affine(weights, xs, bias)
    total = m.log(size + m.exp(eta))
    chosen = m.lgamma(count + size) - m.lgamma(size) - m.lgamma(count + 1.0)
    return (size + count) * total - size * log_size - count * eta - chosen


def irregular(nodes: int) -> Callable[..., Any]:
    """Products, sums, tanh and sin over a sliding window of 64 live values; the result sums each 64th.

    One term of a sum is an input, so that neither values nor derivatives die out.
    """
    lines = recipe(nodes)

    def function(_: Sequence[Any], xs: Sequence[Any], m: Mathematics) -> Any:
        values, total = list(xs), 0.0
        for at, (operation, i, j) in enumerate(lines):
            a, b = values[i], values[j]
            if operation == MULTIPLY:
                value = a * b
            elif operation == ADD:
                value = a + xs[j]
            else:
                value = (m.tanh if operation == TANH else m.sin)(a)
            values[at % WINDOW] = value
            if at % WINDOW == 0:
                total = total + value
        return total

    return function


@cache
def recipe(nodes: int) -> list[tuple[int, int, int]]:
    """(operation, place, place) for each node; the places are those of a ring of the last 64 values.

    The same for every contender.  Where a sum or product could grow beyond 2, tanh or sin is taken
    instead, so that nothing overflows.
    """
    dice = np.random.default_rng(4)
    choices = np.stack([dice.integers(0, 4, nodes), *dice.integers(0, WINDOW, (2, nodes))], axis=1).tolist()
    bounds, lines = [1.0] * WINDOW, []
    for at, (operation, i, j) in enumerate(choices):
        bound = (bounds[i] * bounds[j], bounds[i] + 1.0, 1.0, 1.0)[operation]
        if bound > 2.0:
            operation, bound = (TANH, SIN)[at % 2], 1.0
        bounds[at % WINDOW] = bound
        lines.append((operation, i, j))
    return lines


# -- where they are evaluated -----------------------------------------------------------------------


def _networks(sizes: Sequence[int], samples: int) -> Problem:
    points = np.random.default_rng(3).normal(size=(samples, sizes[0] + sizes[-1]))
    return Problem(network_loss(sizes), points, np.array(initial_parameters(sizes)))


def _markets(size: str) -> Problem:
    low, high = np.array(MARKETS).T
    return Problem(black_scholes, np.random.default_rng(5).uniform(low, high, (int(size or 1), 5)), nodes=31)


def _counts(_: str) -> Problem:
    dice, parameters = np.random.default_rng(8), np.array([0.3, -0.2, 0.5, 0.1, 1.0, 0.4])
    xs = dice.normal(size=(20_000, 4))
    rates = np.exp(xs @ parameters[:4] + parameters[4]) * dice.gamma(
        np.exp(parameters[5]), np.exp(-parameters[5]), 20_000
    )
    return Problem(negative_binomial, np.column_stack([xs, dice.poisson(rates)]), parameters)


def _valley(size: str) -> Problem:
    return Problem(rosenbrock, np.random.default_rng(6).uniform(-1.0, 1.0, (1, 1000)), nodes=8991)


def _irregular(size: str) -> Problem:
    nodes, _, samples = size.partition("x")
    points = np.random.default_rng(7).uniform(-1.0, 1.0, (int(samples or 1), WINDOW))
    return Problem(irregular(int(nodes)), points, nodes=int(nodes))


PROBLEMS: dict[str, Callable[[str], Problem]] = {
    "C1": lambda _: _networks(E1_SIZES, 1),
    "C2": lambda _: _networks(E1_SIZES, 10_000),
    "C3": _markets,
    "N": _counts,
    "R": _valley,
    "C4": _irregular,
    "L": lambda _: _networks(L_SIZES, 256),
}
