"""The check by random numbers: the compiled graph at many draws of its inputs (JCGM 101:2008)."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from autograd import Value, compile_graph
from autograd.errors import ArgumentError

# With mean 0 and standard deviation 1, of a number that is uniform in (0, 1).
SHAPES: Mapping[str, Callable[[Any], Any]] = {
    "rectangular": lambda p: np.sqrt(3) * (2 * p - 1),
    "triangular": lambda p: np.sqrt(6) * np.where(p < 0.5, np.sqrt(2 * p) - 1, 1 - np.sqrt(2 - 2 * p)),
    "arcsine": lambda p: -np.sqrt(2) * np.cos(np.pi * p),
}


class MonteCarlo(NamedTuple):
    """The mean, the standard deviation and an interval of `level` of so many results, drawn from `seed`."""

    mean: float
    u: float
    low: float
    high: float
    level: float
    samples: int
    seed: int


def monte_carlo(
    output: Value,
    inputs: Sequence[Value],
    covariance: Any,
    shapes: Sequence[str],
    samples: int,
    seed: int,
    level: float = 0.95,
) -> MonteCarlo:
    """The result at `samples` draws of its inputs.

    >>> x = Value(1.0)
    >>> found = monte_carlo(x * x, [x], np.array([[0.01]]), ["normal"], 100_000, seed=1)
    >>> round(found.mean, 2), round(found.u, 2)
    (1.01, 0.2)

    Raises:
        ArgumentError: if a result is nan or infinite
    """
    draws = _draws(np.random.default_rng(seed), covariance, shapes, samples)
    columns = [x.data + column for x, column in zip(inputs, draws, strict=True)]
    found = compile_graph(output, list(inputs), in_axes=(0,) * len(columns))(*columns)
    results = np.asarray(found, float)
    if not np.isfinite(results).all():
        odd = int(np.count_nonzero(~np.isfinite(results)))
        raise ArgumentError(f"{odd} of {samples} draws give no finite result: inputs so uncertain leave the domain")
    low, high = np.quantile(results, [(1 - level) / 2, (1 + level) / 2])
    return MonteCarlo(float(results.mean()), float(results.std(ddof=1)), float(low), float(high), level, samples, seed)


def _draws(rng: np.random.Generator, covariance: Any, shapes: Sequence[str], samples: int) -> Any:
    """A row of draws an input, around 0."""
    root = _root(covariance)
    draws = root @ rng.standard_normal((len(shapes), samples))
    for i, shape in enumerate(shapes):
        if shape != "normal":
            draws[i] = np.sqrt(covariance[i, i]) * SHAPES[shape](rng.random(samples))
    return draws


def _root(covariance: Any) -> Any:
    """A matrix whose product with itself transposed is the covariance, which may have no inverse."""
    values, vectors = np.linalg.eigh(covariance)
    return vectors * np.sqrt(np.maximum(values, 0.0))
