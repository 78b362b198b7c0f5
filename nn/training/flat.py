"""The loss of a model on samples as a function of one vector of numbers, as minimisers want it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from autograd.errors import ArgumentError
from autograd.value import Value
from nn.data.tables import Vector
from nn.training.objective import Objective
from nn.training.problem import Matrix
from nn.training.residuals import residuals_of
from nn.training.samples import Data


class FlatObjective:
    """The mean loss of a model on its data, as a function of its parameters in a row: what `Module.objective` answers.

    `start` is where they stand.  `fun` and `jac`, the gradient, `hess` and `hvp` go into ``scipy.optimize.minimize``,
    `residuals` and `residuals_jacobian` into ``least_squares``; all take a vector and are exact.  `write` sets the
    parameters.  Random activations take their means and nothing is dropped out, as in `predict`.

    >>> from nn import Layer
    >>> line = Layer(1, 1, "linear", seed=0)
    >>> f = line.objective([[0.0], [1.0], [2.0]], [1.0, 3.0, 5.0])
    >>> newton = f.start - np.linalg.solve(f.hess(f.start), f.jac(f.start))
    >>> f.write(newton)
    >>> round(f.fun(newton), 12), line.predict([[3.0]]).round(6).tolist()
    (0.0, [7.0])

    Raises:
        ArgumentError: for a vector of another length, and residuals of a loss that is no sum of squares
    """

    def __init__(self, objective: Objective, data: Data, moved: list[Value], loss: Callable[..., Any]) -> None:
        self._objective, self._data, self._rows, self._moved, self._loss = objective, data, data.rows, moved, loss
        self._count = float(len(data.X) if data.weights is None else data.weights.sum())
        self._last: tuple[Vector, float, Vector] | None = None

    @property
    def start(self) -> Vector:
        """The parameters as they are now."""
        return np.array([p.data for p in self._moved])

    def write(self, w: Any) -> None:
        """Set the parameters of the model."""
        for p, x in zip(self._moved, self._vector(w).tolist(), strict=True):
            p.data = x

    def __call__(self, w: Any) -> tuple[float, Vector]:
        """The mean loss and its gradient; for ``minimize(…, jac=True)``."""
        at = self._vector(w)
        read = at if self._last is None else self._read(at)
        if self._last is None or not np.array_equal(self._last[0], read):
            J, gradient = self._objective.at_means(at, self._rows)
            read = self._read(at) if self._last is None else read  # what it captures is known once it has run
            self._last = read, float(J) / self._count, gradient / self._count
        return self._last[1], self._last[2].copy()

    def fun(self, w: Any) -> float:
        """The mean loss."""
        return self(w)[0]

    def jac(self, w: Any) -> Vector:
        """Its gradient."""
        return self(w)[1]

    def hess(self, w: Any) -> Matrix:
        """Its Hessian, by the derivatives' own program."""
        found: Matrix = self._objective.asked("hessian", self._vector(w), self._rows) / self._count
        return found

    def hvp(self, w: Any, v: Any) -> Vector:
        """Its Hessian times a vector, without the Hessian."""
        found: Vector = self._objective.asked("hvp", self._vector(w), self._rows, self._vector(v)) / self._count
        return found

    def residuals(self, w: Any) -> tuple[Vector, Matrix]:
        """Numbers whose squares sum up to twice the mean loss, one for each output of each sample; their Jacobian."""
        outputs = self._objective.outputs(self._vector(w), self._rows)
        return residuals_of(self._loss, self._data, *outputs)

    def residuals_jacobian(self, w: Any) -> Matrix:
        """Their Jacobian alone, rows of residuals."""
        return self.residuals(w)[1]

    def _read(self, at: Vector) -> Vector:
        """All numbers that the loss now goes by, those of Values that are not moved too."""
        return np.concatenate([at, self._objective.captured])

    def _vector(self, w: Any) -> Vector:
        vector = np.asarray(w, dtype=float)
        if vector.shape != (len(self._moved),):
            raise ArgumentError(f"the parameters are a vector of {len(self._moved)} numbers, got shape {vector.shape}")
        return vector
