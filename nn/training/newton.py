"""Newton's method in a ball: an optimiser that goes by the exact Hessian of the loss."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from nn.data.tables import Vector
from nn.training.minimisers import TRIES, Decayed, Minimiser
from nn.training.optimisers import Slots
from nn.training.problem import Matrix, Problem

POOR, GOOD = 0.25, 0.75  # of the gain that was expected: below, the ball is made smaller; above, larger
ROUNDS = 60  # of the search for a shift, which halves its interval at least


class Newton(Minimiser):
    """Newton's steps, no longer than the loss is like a parabola (Moré & Sorensen 1983).

    For any loss and up to some hundreds of parameters: each step takes the exact Hessian, and its eigenvalues.  Where
    the loss curves down it goes that way, so it does not stay at saddles, and near the bottom the digits that are right
    double with a step.  The radius goes by Nocedal & Wright (2006), algorithm 4.1.

    >>> from nn import MLP, Newton
    >>> model = MLP(1, [2, 1], ["tanh", "linear"], seed=1)
    >>> history = model.fit([[-1], [0], [1]], [0.5, -0.5, 0.5], optimiser=Newton(model.parameters()), epochs=50)
    >>> history.training[-1] < 1e-20
    True

    Raises:
        OperandError: by `step`, which has a gradient and no loss
    """

    slots = ("radius",)

    def improved(self, problem: Problem, w: Vector, g: Vector, state: Slots, steps: int) -> tuple[Vector, Slots]:
        """One step that lowers the loss; the same w where no ball has one."""
        problem = Decayed.of(problem, self.decays)
        J, g = problem(w)
        H = problem.hess(w)
        self._check_finite(H.ravel(), "Hessian")
        bowl, radius = Bowl.of(H, g), float(state["radius"][0]) or 1.0
        for _ in range(TRIES):
            step, expected = bowl.lowest_within(radius)
            lower, size = problem(w + step)[0], float(np.linalg.norm(step))
            gain = (J - lower) / expected if expected > 0.0 else 0.0
            if not gain >= POOR:
                radius = 0.25 * size
            elif gain > GOOD and size > 0.99 * radius:
                radius *= 2.0
            if lower < J:
                return w + step, {"radius": np.full(len(w), radius)}
        return w, state


class Bowl(NamedTuple):
    """½ Σ λ p² + Σ g p, along the axes of a Hessian with the eigenvalues λ, which ascend."""

    curvatures: Vector
    axes: Matrix
    slopes: Vector

    @classmethod
    def of(cls, H: Matrix, g: Vector) -> Bowl:
        """That of a Hessian and a gradient."""
        curvatures, axes = np.linalg.eigh(H)
        return cls(curvatures, axes, axes.T @ g)

    def lowest_within(self, radius: float) -> tuple[Vector, float]:
        """The step to its lowest point in a ball, and by how much that is lower."""
        p = self._to(0.0) if self.curvatures[0] > 0.0 else None
        if p is None or np.linalg.norm(p) > radius:
            p = self._on_the_edge(radius)
        return self.axes @ p, -float(self.slopes @ p + 0.5 * self.curvatures @ (p * p))

    def _to(self, shift: float) -> Vector:
        """Where it is lowest if it curves more by a shift; not along an axis that is then level."""
        curved = self.curvatures + shift
        found: Vector = np.divide(-self.slopes, curved, out=np.zeros_like(curved), where=curved > 0.0)
        return found

    def _on_the_edge(self, radius: float) -> Vector:
        """Its lowest point at that distance: where a shift leads, and the rest along the axis that curves least."""
        low = max(0.0, -float(self.curvatures[0]))
        high = max(low, float(np.linalg.norm(self.slopes)) / radius - float(self.curvatures[0]))
        for _ in range(ROUNDS):
            shift = 0.5 * (low + high)
            if np.linalg.norm(self._to(shift)) > radius:
                low = shift
            else:
                high = shift
        p = self._to(high)
        rest = max(0.0, radius**2 - float(p @ p) + float(p[0] ** 2))
        if self.curvatures[0] <= 0.0:
            p[0] = np.copysign(np.sqrt(rest), -self.slopes[0])
        return p
