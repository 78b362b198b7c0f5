"""GradBench's hello, det, lse, llsq and ode: a square, minors, sums, a polynomial, a chain of equations."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np

from autograd import compile, exp, log, maximum, scan, sign
from benchmarks.gradbench.protocol import Task

Numbers = Any  # a sequence of numbers, of Symbols while a function is recorded


def determinant(a: Numbers, size: int) -> Any:
    """By minors along the first row; one that is met again, under other rows' columns, is known already."""

    @cache
    def minor(row: int, columns: tuple[int, ...]) -> Any:
        total: Any = 0.0
        for k, column in enumerate(columns):
            left = columns[:k] + columns[k + 1 :]
            term = a[row * size + column] * (minor(row + 1, left) if left else 1.0)
            total = total - term if k % 2 else total + term
        return total

    return minor(0, tuple(range(size)))


def log_sum_exp(x: Numbers) -> Any:
    """The largest first, and then the sum of what is left of each; the second loop carries the largest along."""
    largest, _ = scan(lambda m, each: (maximum(m, each), None), -np.inf, x)
    (total, _), _ = scan(lambda s, each: ((s[0] + exp(each - s[1]), s[1]), None), (0.0, largest), x)
    return largest + log(total)


def squared_error(x: Numbers, t: Any) -> Any:
    """Half of (sign t − x₀ − x₁t − x₂t² − …)², by Horner's rule."""
    polynomial: Any = 0.0
    for coefficient in x[::-1]:
        polynomial = polynomial * t + coefficient
    return 0.5 * (sign(t) - polynomial) ** 2


def chain(x: Numbers, steps: int) -> Any:
    """y at time 2 of y₀′ = x₀, yᵢ′ = xᵢyᵢ₋₁, by `steps` steps of Runge and Kutta.

    yᵢ depends on yᵢ₋₁ alone, so one component after the other goes through all steps: the loop carries where the
    component before stood whenever the method asked for it.  The arithmetic is that of all components in each step.
    """
    step = 2.0 / steps

    def component(before: Any, x: Any) -> tuple[Any, Any]:
        y: Any = 0.0
        stood = []
        for places in before:
            a, b, c, d = (x * place for place in places)
            stood.append((y, y + step * a / 2.0, y + step * b / 2.0, y + step * c))
            y = y + step * (a + 2.0 * b + 2.0 * c + d) / 6.0
        return stood, y

    return scan(component, [(1.0, 1.0, 1.0, 1.0)] * steps, x)[1]


SQUARE = compile(lambda x: x * x)
DETERMINANT = compile(determinant, static_argnums=1)
LOG_SUM_EXP = compile(log_sum_exp)
SQUARED_ERROR = compile(squared_error, in_axes=(None, 0), reduce="sum")
CHAIN = compile(chain, static_argnums=1)
LAST_OF_CHAIN = compile(lambda x, steps: chain(x, steps)[-1], static_argnums=1)


def _array(name: str) -> Any:
    return lambda given: (np.array(given[name], float),)


def _matrix(given: Any) -> tuple[Any, ...]:
    return np.array(given["A"], float), given["ell"]


def _coefficients(given: Any) -> tuple[Any, ...]:
    return np.array(given["x"], float), given["n"]


def _rates(given: Any) -> tuple[Any, ...]:
    return np.array(given["x"], float), given["s"]


def _points(n: int) -> Any:
    return -1.0 + np.arange(n) * 2.0 / (n - 1.0)


MODULES: dict[str, dict[str, Task]] = {
    "hello": {
        "square": Task(lambda x: (float(x),), SQUARE, float),
        "double": Task(lambda x: (float(x),), SQUARE.grad, float),
    },
    "det": {
        "primal": Task(_matrix, DETERMINANT, float),
        "gradient": Task(_matrix, DETERMINANT.grad, np.ndarray.tolist),
    },
    "lse": {
        "primal": Task(_array("x"), LOG_SUM_EXP, float),
        "gradient": Task(_array("x"), LOG_SUM_EXP.grad, np.ndarray.tolist),
    },
    "llsq": {
        "primal": Task(_coefficients, lambda x, n: SQUARED_ERROR(x, _points(n)), float),
        "gradient": Task(_coefficients, lambda x, n: SQUARED_ERROR.grad(x, _points(n)), np.ndarray.tolist),
    },
    "ode": {
        "primal": Task(_rates, CHAIN, np.ndarray.tolist),
        "gradient": Task(_rates, LAST_OF_CHAIN.grad, np.ndarray.tolist),
    },
}
