"""Residuals of a sum of squares: numbers whose squares sum up to twice the mean loss."""

from __future__ import annotations

from typing import Any

import numpy as np

from autograd.errors import ArgumentError
from autograd.text import quoted
from nn.data.tables import Array, Vector
from nn.losses import SQUARES, bare, half_squared_error, summed
from nn.training.problem import Matrix
from nn.training.samples import Data


def residuals_of(loss: Any, data: Data, found: Array, slopes: Array) -> tuple[Vector, Matrix]:
    """One number for each output of each sample, and their Jacobian, from outputs and the outputs' Jacobian.

    Raises:
        ArgumentError: for a loss that is no sum of squares
    """
    if bare(loss) not in SQUARES:
        raise ArgumentError(
            "residuals are those of half_squared_error and mean_squared_error, which are sums of squares, got "
            f"{quoted(loss)}"
        )
    size = _sizes(loss, data, found.shape[1])[:, None]
    off = found - data.y.reshape(found.shape)
    return (size * off).ravel(), (size[:, :, None] * slopes).reshape(found.size, -1)


def _sizes(loss: Any, data: Data, outputs: int) -> Vector:
    """What the residuals of each sample are multiplied by."""
    half = 0.5 if bare(loss) is half_squared_error else 1.0
    share = half if summed(loss) else half / outputs
    weights = np.ones(len(data.X)) if data.weights is None else data.weights
    found: Vector = np.sqrt(2.0 * share * weights / weights.sum())
    return found
