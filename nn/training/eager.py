"""A batch as a graph of Values: its loss, and what an optimiser may ask of it beside."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from autograd.chain import gradient
from autograd.errors import OperandError
from autograd.functions import dot
from autograd.text import quoted
from autograd.value import Value
from nn.data.tables import Vector
from nn.losses import summed
from nn.training.model import Model
from nn.training.objective import Loss
from nn.training.optimisers import Optimiser
from nn.training.problem import Matrix
from nn.training.residuals import residuals_of
from nn.training.samples import Data


def batch_loss(model: Model, batch: Data, loss: Loss) -> Value:
    """J of a batch; with weights the mean over samples, each counting its weight."""
    X, y, weights = batch
    if weights is None:
        return _checked(loss(model(X), y))
    each = [_checked(loss(model(X[i : i + 1]), y[i : i + 1])) for i in range(len(X))]
    J: Value = dot((weights / weights.sum()).tolist(), each)
    return J


def divisor(batch: Data, loss: Loss) -> int:
    """What J is to be divided by to be a mean over samples."""
    return len(batch.X) if batch.weights is None and summed(loss) else 1


def _checked(J: Any) -> Value:
    if not isinstance(J, Value):
        raise OperandError(f"a loss must return one Value, got {type(J).__name__} {quoted(J)}")
    return J


class EagerProblem:
    """The mean loss of a batch as a function of the parameters that are moved, computed node by node."""

    def __init__(self, model: Model, batch: Data, loss: Loss, moved: list[Value]) -> None:
        self.model, self.batch, self.loss, self.moved = model, batch, loss, moved

    def step(self, optimiser: Optimiser) -> None:
        """A step of an optimiser that asks for the loss several times, whole or not at all."""
        start = np.array([p.data for p in self.moved])
        try:
            _, g = self(start)
            moved, state = optimiser.improved(self, start, g, optimiser.state, optimiser.steps)
            self._set(moved)
            optimiser.state, optimiser.steps = state, optimiser.steps + 1
        except BaseException:
            self._set(start)
            raise

    def __call__(self, w: Vector) -> tuple[float, Vector]:
        """The mean loss at these parameters, and its gradient; both not finite where the loss is not."""
        self._set(w)
        J, by = batch_loss(self.model, self.batch, self.loss), divisor(self.batch, self.loss)
        if not math.isfinite(J.data):
            return math.inf, np.full(len(w), math.nan)
        return J.data / by, np.array(gradient(J, self.moved)) / by

    def hess(self, w: Vector) -> Matrix:
        """The mean loss's Hessian."""
        self._set(w)
        slopes = gradient(batch_loss(self.model, self.batch, self.loss), self.moved, as_graph=True)
        return np.array([gradient(slope, self.moved) for slope in slopes]) / divisor(self.batch, self.loss)

    def residuals(self, w: Vector) -> tuple[Vector, Matrix]:
        """Numbers whose squares sum up to twice the mean loss, and their Jacobian."""
        self._set(w)
        outputs = np.asarray(self.model(self.batch.X))
        found = np.array([[a.data for a in row] for row in outputs])
        slopes = np.array([gradient(a, self.moved) for a in outputs.flat]).reshape(*found.shape, len(self.moved))
        return residuals_of(self.loss, self.batch, found, slopes)

    def _set(self, w: Vector) -> None:
        for p, x in zip(self.moved, w.tolist(), strict=True):
            p.data = x
