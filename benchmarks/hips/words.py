"""Words of HIPS autograd that this engine has no function for, each written in its words: what the examples ask for.

`autograd.misc`, `autograd.test_util` and `autograd.scipy.stats` have more; here is what the examples use of them.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import numpy as np

import autograd
from autograd.structure import flatten as flattened

Function = Callable[..., Any]


# -- derivatives ------------------------------------------------------------------------------------


def elementwise_grad(f: Function) -> Function:
    """The gradient of the sum, which is the derivative of each number where f works on each alone."""
    return autograd.grad(lambda x: np.sum(f(x)))


def hessian_vector_product(f: Function) -> Function:
    """A function of (x, v)."""
    return lambda x, v: autograd.hvp(f, (x,), (v,))[0]


def check_grads(f: Function, modes: Any = ("rev",)) -> Function:
    """A function of the point, which raises where the gradient is wrong."""
    return lambda *x: autograd.check_grad(f, *x).raise_if_wrong()


def fixed_point(f: Function, a: Any, guess: float, distance: Function, tol: float) -> Any:
    """Where x = f(a)(x)."""
    return autograd.fixed_point(f(a), guess, tol=tol)


# -- misc -------------------------------------------------------------------------------------------


def flatten(thing: Any) -> tuple[Any, Function]:
    """All its numbers as one array, dicts by their keys in order, and what makes it of such an array again."""
    numbers, structure = flattened(_in_order(thing))
    are_values = any(isinstance(each, autograd.Value) for each in numbers)
    return (autograd.ValueArray(numbers) if are_values else np.array(numbers, float)), structure.build


def _in_order(thing: Any) -> Any:
    if isinstance(thing, dict):
        return {key: _in_order(thing[key]) for key in sorted(thing)}
    return type(thing)(map(_in_order, thing)) if isinstance(thing, (list, tuple)) else thing


def flatten_func(f: Function, example: Any) -> tuple[Function, Function, Any]:
    """f of one array, what takes such an array apart, and the array of the example."""
    start, unflatten = flatten(example)
    return lambda x, *rest: f(unflatten(x), *rest), unflatten, np.asarray(start, float)


def _descend(slope: Function, start: Any, move: Function, num_iters: int, callback: Function | None) -> Any:
    numbers, unflatten = flatten(start)
    x, kept = np.asarray(numbers, float), (0.0, 0.0)
    for i in range(num_iters):
        g = np.asarray(flatten(slope(unflatten(x), i))[0], float)
        if callback:
            callback(unflatten(x), i, unflatten(g))
        step, kept = move(g, kept, i)
        x = x - step
    return unflatten(x)


def adam(
    slope: Function, start: Any, callback: Function | None = None, num_iters: int = 100, step_size: float = 0.001
) -> Any:
    """Adam (Kingma & Ba 2015) on a structure of arrays."""

    def move(g: Any, kept: Any, i: int) -> Any:
        m, v = 0.9 * kept[0] + 0.1 * g, 0.999 * kept[1] + 0.001 * g**2
        return step_size * (m / (1 - 0.9 ** (i + 1))) / (np.sqrt(v / (1 - 0.999 ** (i + 1))) + 1e-8), (m, v)

    return _descend(slope, start, move, num_iters, callback)


def sgd(
    slope: Function,
    start: Any,
    callback: Function | None = None,
    num_iters: int = 200,
    step_size: float = 0.1,
    mass: float = 0.9,
) -> Any:
    """Descent with momentum on a structure of arrays."""

    def move(g: Any, kept: Any, i: int) -> Any:
        velocity = mass * kept[0] + (1 - mass) * g
        return step_size * velocity, (velocity, None)

    return _descend(slope, start, move, num_iters, callback)


# -- scipy.stats ------------------------------------------------------------------------------------


def _normal(x: Any, loc: Any = 0.0, scale: Any = 1.0) -> Any:
    return -0.5 * ((x - loc) / scale) ** 2 - np.log(scale) - 0.5 * math.log(2 * math.pi)


def _student(x: Any, df: float, loc: Any = 0.0, scale: Any = 1.0) -> Any:
    constant = math.lgamma((df + 1) / 2) - math.lgamma(df / 2) - 0.5 * math.log(df * math.pi)
    return constant - (df + 1) / 2 * np.log1p(((x - loc) / scale) ** 2 / df) - np.log(scale)


def _several(x: Any, mean: Any, cov: Any) -> Any:
    apart = x - mean
    size = np.linalg.slogdet(cov)[1] + len(mean) * math.log(2 * math.pi)
    return -0.5 * (np.sum(apart * np.linalg.solve(cov, apart.T).T, axis=-1) + size)


norm = SimpleNamespace(
    logpdf=_normal,
    pdf=lambda x, loc=0.0, scale=1.0: np.exp(_normal(x, loc, scale)),
    cdf=lambda x, loc=0.0, scale=1.0: autograd.ndtr((x - loc) / scale),
)
t = SimpleNamespace(logpdf=_student)
multivariate_normal = SimpleNamespace(logpdf=_several, pdf=lambda x, mean, cov: np.exp(_several(x, mean, cov)))
