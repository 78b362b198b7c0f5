"""What an optimiser may ask about the loss that it is to make small."""

from __future__ import annotations

from typing import Any, Protocol, TypeAlias

import numpy as np

from nn.data.tables import Vector

Matrix: TypeAlias = "np.ndarray[Any, np.dtype[np.float64]]"


class Problem(Protocol):
    """A loss over samples as a function of the parameters that are moved, as one vector."""

    def __call__(self, w: Vector) -> tuple[float, Vector]:
        """The mean loss of the samples, and its gradient."""

    def hess(self, w: Vector) -> Matrix:
        """The loss's Hessian."""

    def residuals(self, w: Vector) -> tuple[Vector, Matrix]:
        """Numbers whose squares sum up to twice the loss, and their Jacobian; ArgumentError where there are none."""
