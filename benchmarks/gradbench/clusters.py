"""GradBench's gmm and kmeans: mixtures of Gaussians, and the Newton step towards the nearest centres."""

from __future__ import annotations

import math
import warnings
from functools import reduce
from typing import Any

import numpy as np

from autograd import KinkWarning, compile, dot, exp, logsumexp, minimum, sum, vmap
from benchmarks.gradbench.protocol import Task

PARAMETERS = ("alpha", "mu", "q", "l")


def log_density(parameters: Any, x: Any) -> Any:
    """Of one point x, up to a constant: each component has a weight, a mean, and a triangle, whose diagonal is e^q."""
    d = len(x)

    def component(given: Any) -> Any:
        alpha, mean, q, below = given
        c = [x[i] - mean[i] for i in range(d)]
        rows = [[below[j * d - j * (j + 1) // 2 + i - j - 1] for j in range(i)] for i in range(d)]
        turned = [dot([exp(q[i]), *rows[i]], [c[i], *c[:i]]) for i in range(d)]
        return alpha + sum(q) - 0.5 * dot(turned, turned)

    return logsumexp(vmap(component)(parameters))


def prior(parameters: Any, points: Any, m: Any, gamma: Any) -> Any:
    """What does not depend on the points: the weights' sum, once a point, and Wishart's prior."""
    alpha, _, q, below = parameters
    total = -points * logsumexp(alpha)
    for k in range(len(alpha)):
        squares = sum(exp(2.0 * each) for each in q[k]) + sum(each**2 for each in below[k])
        total = total - (0.5 * gamma * gamma * squares - m * sum(q[k]))
    return total


def constant(d: int, k: int, n: int, m: float, gamma: float) -> float:
    """Of the densities and of the prior."""
    freedom = d + m + 1
    multigamma = d * (d - 1) / 4 * math.log(math.pi) + math.fsum(math.lgamma((freedom - j) / 2) for j in range(d))
    return k * (freedom * d * (math.log(gamma) - 0.5 * math.log(2)) - multigamma) - n * d * 0.5 * math.log(2 * math.pi)


LOG_DENSITY = compile(log_density, in_axes=(None, 0), reduce="sum", backend="llvm")
PRIOR = compile(prior)


def _mixture(given: Any) -> tuple[Any, ...]:
    sizes = [len(given["alpha"]), len(given["mu"][0]) if given["mu"] else 0]
    d = sizes[1]
    parameters = [np.array(given[name], float) for name in PARAMETERS]
    parameters[3] = parameters[3].reshape(sizes[0], d * (d - 1) // 2)
    return tuple(parameters), np.array(given["x"], float), float(given["m"]), float(given["gamma"])


def objective(parameters: Any, x: Any, m: float, gamma: float) -> float:
    """The logarithm of the posterior."""
    (n, d), k = x.shape, len(parameters[0])
    return float(LOG_DENSITY(parameters, x) + PRIOR(parameters, float(n), m, gamma) + constant(d, k, n, m, gamma))


def jacobian(parameters: Any, x: Any, m: float, gamma: float) -> list[Any]:
    """Its slopes along the parameters."""
    both = LOG_DENSITY.grad(parameters, x), PRIOR.grad(parameters, float(len(x)), m, gamma)
    return [a + b for a, b in zip(*both, strict=True)]


def nearest(centres: Any, point: Any) -> Any:
    """The squared distance to the nearest centre."""
    return reduce(minimum, (sum((a - b) ** 2 for a, b in zip(centre, point, strict=True)) for centre in centres))


NEAREST = compile(nearest, in_axes=(None, 0), reduce="sum", backend="llvm")


def _clusters(given: Any) -> tuple[Any, ...]:
    return np.array(given["centroids"], float), np.array(given["points"], float)


def direction(centres: Any, points: Any) -> Any:
    """Newton's: the gradient through the Hessian, which has entries on its diagonal alone."""
    with warnings.catch_warnings():  # GradBench asks for the mean of the points' Hessians, without borders
        warnings.simplefilter("ignore", KinkWarning)
        hessian = NEAREST.hessian.sparse(centres, points)
    slopes = NEAREST.grad(centres, points)
    return slopes / hessian.values.reshape(slopes.shape)


MODULES: dict[str, dict[str, Task]] = {
    "gmm": {
        "objective": Task(_mixture, objective, float),
        "jacobian": Task(
            _mixture, jacobian, lambda found: {k: v.tolist() for k, v in zip(PARAMETERS, found, strict=True)}
        ),
    },
    "kmeans": {
        "cost": Task(_clusters, NEAREST, float),
        "dir": Task(_clusters, direction, np.ndarray.tolist),
    },
}
