"""GradBench's particle and saddle: derivatives of searches that take derivatives, in each order of modes.

The search is GradBench's own descent: the rate doubles after ten steps that went down, and is halved where one did not.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import product
from math import hypot
from typing import Any

import numpy as np

from autograd import compile, equal, grad, jvp, sqrt, where, while_loop
from benchmarks.gradbench.protocol import Task

Function = Callable[[Any], Any]
Slopes = Callable[[Function, Any], list[Any]]
CLOSE = 1e-5
RATE = 1e-5


def reverse(f: Function, x: Any) -> list[Any]:
    """The gradient, backwards."""
    return list(grad(f)(list(x)))


def forward(f: Function, x: Any) -> list[Any]:
    """The gradient, one direction after the other."""
    axes = np.eye(len(x)).tolist()
    return [jvp(f, (list(x),), (axis,))[1] for axis in axes]


MODES: dict[str, Slopes] = {"r": reverse, "f": forward}


# -- the search, inside of what is recorded and outside of it ---------------------------------------


def length(x: Any) -> Any:
    """√Σx²."""
    total: Any = 0.0
    for each in x:
        total = total + each * each
    return sqrt(total)


def lowest(f: Function, slopes: Slopes, start: Any, most: int = 1000) -> list[Any]:
    """Where the descent ends, as a loop that derivatives go through."""

    def moved(state: Any) -> Any:
        x, height, slope, rate, downs, _ = state
        there = [a - rate * b for a, b in zip(x, slope, strict=True)]
        height_there = f(there)
        full = equal(downs, 10.0)
        near = ~full & (length([a - b for a, b in zip(x, there, strict=True)]) <= CLOSE)
        down = ~full & ~near & (height_there < height)
        x = [where(down, b, a) for a, b in zip(x, there, strict=True)]
        rate = where(full, 2.0 * rate, where(down | near, rate, 0.5 * rate))
        return [
            x,
            where(down, height_there, height),
            slopes(f, x),
            rate,
            where(down, downs + 1.0, 0.0),
            where(near, 0.0, 1.0),
        ]

    def going(state: Any) -> Any:
        return (state[5] > 0.5) & (length(state[2]) > CLOSE)

    x = [*start]
    found: list[Any] = while_loop(going, moved, [x, f(x), slopes(f, x), RATE, 0.0, 1.0], max_steps=most)[0]
    return found


def descended(f: Function, slope: Function, start: Any) -> Any:
    """Where the descent of a compiled function ends."""
    x, rate, downs = start, RATE, 0
    height, slopes = f(x), slope(x)
    while hypot(*slopes) > CLOSE:
        if downs == 10:
            rate, downs = 2.0 * rate, 0
            continue
        there = x - rate * slopes
        if hypot(*(x - there)) <= CLOSE:
            break
        height_there = f(there)
        if height_there < height:
            x, height, slopes, downs = there, height_there, slope(there), downs + 1
        else:
            rate, downs = 0.5 * rate, 0
    return x


# -- a charged particle -----------------------------------------------------------------------------


def potential(x: Any, w: Any) -> Any:
    """Of two charges, at (10, 10 − w) and (10, 0)."""
    return 1.0 / length([x[0] - 10.0, x[1] - (10.0 - w)]) + 1.0 / length([x[0] - 10.0, x[1]])


def landing(w: Any, slopes: Slopes, step: float = 0.1) -> Any:
    """The square of where the particle meets the axis, by Euler's method and a straight line at the end."""

    def moved(state: Any) -> Any:
        x, v = state
        push = slopes(lambda x: potential(x, w), x)
        return [
            [a + step * b for a, b in zip(x, v, strict=True)],
            [a - step * b for a, b in zip(v, push, strict=True)],
        ]

    start = [[0.0, 8.0], [0.75, 0.0]]
    x, v = while_loop(lambda state: state[0][1] + step * state[1][1] > 0.0, moved, start, max_steps=1000)
    return (x[0] - x[1] / v[1] * v[0]) ** 2


def steered(outer: str, inner: str) -> Task:
    """The w whose particle meets the origin."""
    square = compile(lambda w: landing(w[0], MODES[inner]))
    slope = square.grad if outer == "r" else lambda w: np.array([square.jvp(w, np.ones(1))[1]])
    return Task(
        lambda given: (np.array([given["w"]], float),), lambda w: descended(square, slope, w), lambda w: float(w[0])
    )


# -- a saddle ---------------------------------------------------------------------------------------


def saddle(x: Any, y: Any) -> Any:
    """Up along x, down along y."""
    return (x[0] ** 2 + x[1] ** 2) - (y[0] ** 2 + y[1] ** 2)


def found(outer: str, inner: str) -> Task:
    """The x whose highest point over y is lowest, and that y."""

    def highest(x: Any, start: Any, slopes: Slopes) -> Any:
        return lowest(lambda y: -saddle(x, y), slopes, start)

    top = compile(lambda x, start: saddle(x, highest(x, start, MODES[inner])))
    then = compile(lambda x, start: highest(x, start, MODES[outer]))
    slope = top.grad if outer == "r" else lambda x, start: np.array([top.jvp(x, start, axis)[1] for axis in np.eye(2)])

    def run(start: Any) -> Any:
        x = descended(lambda x: top(x, start), lambda x: slope(x, start), start)
        return np.concatenate([x, then(x, start)])

    return Task(lambda given: (np.array(given["start"], float),), run, np.ndarray.tolist)


ORDERS = ["".join(modes) for modes in product("rf", repeat=2)]
MODULES: dict[str, dict[str, Task]] = {
    "particle": {modes: steered(*modes) for modes in ORDERS},
    "saddle": {modes: found(*modes) for modes in ORDERS},
}
