"""L-BFGS and Levenberg–Marquardt: optimisers that look at all the data, several times a step.

An epoch is one step of theirs.  They need no learning rate: how far a step goes, they find out.  What they remember is
vectors with one number a parameter, as of every optimiser, so they are saved and go on as the others do.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple

import numpy as np

from autograd.errors import ArgumentError, OperandError
from nn.data.tables import Vector
from nn.training.groups import Movable
from nn.training.optimisers import Optimiser, Slots
from nn.training.problem import Matrix, Problem

MEMORY = 10  # pairs that L-BFGS keeps, as SciPy's
SUFFICIENT, CURVATURE = 1e-4, 0.9  # of the strong Wolfe conditions, as in Nocedal & Wright, for quasi-Newton directions
TRIES = 25  # evaluations in one line search, or dampings tried in one step


class Minimiser(Optimiser):
    """An optimiser that asks for the loss of all data, several times a step."""

    whole_data = True

    def __init__(self, parameters: Iterable[Movable], weight_decay: float = 0.0) -> None:
        super().__init__(parameters, 1.0, weight_decay)
        if any(group.learning_rate is not None for group in self.groups):
            raise ArgumentError(f"{type(self).__name__} finds out how far to go, so its groups say no learning rate")

    def update(self, w: Vector, g: Vector, state: Slots, rate: Any, t: int) -> tuple[Vector, Slots]:
        """Refused: a gradient alone does not do."""
        raise OperandError(
            f"{type(self).__name__} asks for the loss several times a step: train with model.fit or nn.train"
        )

    def __repr__(self) -> str:
        return f"{type(self).__name__}({len(self.parameters)} parameters)"


class Decayed(NamedTuple):
    """A problem with ½ Σ decay·w² added to its loss."""

    problem: Problem
    decay: Any

    def __call__(self, w: Vector) -> tuple[float, Vector]:
        """The loss and its gradient."""
        J, g = self.problem(w)
        return J + 0.5 * float(np.sum(self.decay * w * w)), g + self.decay * w

    def hess(self, w: Vector) -> Matrix:
        """Its Hessian."""
        found: Matrix = self.problem.hess(w) + np.diag(self.decay * np.ones(len(w)))
        return found

    def residuals(self, w: Vector) -> tuple[Vector, Matrix]:
        """Those of the loss, and √decay·w."""
        r, A = self.problem.residuals(w)
        root = np.sqrt(self.decay) * np.ones(len(w))
        return np.concatenate([r, root * w]), np.vstack([A, np.diag(root)])

    @classmethod
    def of(cls, problem: Problem, decay: Any) -> Problem:
        """The problem itself where nothing decays."""
        return cls(problem, decay) if np.any(decay) else problem


# -- L-BFGS -----------------------------------------------------------------------------------------


class LBFGS(Minimiser):
    """Quasi-Newton steps from the last ten steps and changes of the gradient (Nocedal 1980).

    The way to go is that of Liu and Nocedal (1989); how far, a line search finds, until the strong Wolfe conditions
    hold.  For some hundreds or thousands of parameters, without batches.  Training ends, "converged", where no step
    along the way lowers the loss any more.

    >>> from nn import MLP
    >>> model = MLP(1, [4, 1], "tanh", seed=1)
    >>> history = model.fit([[-1], [0], [1]], [0.5, -0.5, 0.5], optimiser=LBFGS(model.parameters()), epochs=30)
    >>> history.training[-1] < 1e-9
    True

    Raises:
        OperandError: by `step`, which has a gradient and no loss
    """

    slots = (*(f"step{i}" for i in range(MEMORY)), *(f"change{i}" for i in range(MEMORY)))

    def improved(self, problem: Problem, w: Vector, g: Vector, state: Slots, steps: int) -> tuple[Vector, Slots]:
        """One line search; the same w where it finds nothing lower."""
        self._check_finite(g, "gradient")
        line, pairs = LineSearch.of(Decayed.of(problem, self.decays), w), Pairs.of([state[slot] for slot in self.slots])
        found = line.along(-quasi_newton(line.start.g, pairs), 1.0) if len(pairs.curvatures) else None
        if found is None:  # at first, or where the memory leads nowhere: down the slope
            pairs = Pairs.of([np.zeros_like(w) for _ in self.slots])
            found = line.along(-line.start.g, min(1.0, 1.0 / float(np.sum(np.abs(line.start.g)) or 1.0)))
        if found is None:
            return w, state
        vectors = pairs.before(found.w - w, found.g - line.start.g)
        return found.w, dict(zip(self.slots, vectors, strict=True))


class Pairs(NamedTuple):
    """Steps and changes of the gradient, the newest first; `curvatures`, step · change, are of those that there are."""

    vectors: list[Vector]  # all steps, then all changes; zeros where there is none yet
    steps: Matrix
    changes: Matrix
    curvatures: list[float]

    @classmethod
    def of(cls, vectors: list[Vector]) -> Pairs:
        """Those of an optimiser's state."""
        steps, changes = np.array(vectors).reshape(2, MEMORY, -1)
        return cls(vectors, steps, changes, [c for c in np.einsum("ij,ij->i", steps, changes).tolist() if c > 0.0])

    def before(self, step: Vector, change: Vector) -> list[Vector]:
        """The vectors with a pair before them; without it, if no curvature was seen."""
        if not step @ change > np.finfo(float).eps * (change @ change):
            return self.vectors
        return [step, *self.vectors[: MEMORY - 1], change, *self.vectors[MEMORY:-1]]


def quasi_newton(g: Vector, pairs: Pairs) -> Vector:
    """H·g, where H is the inverse Hessian that BFGS makes of the pairs."""
    q, weights = g.copy(), list[float]()
    known = list(zip(pairs.steps, pairs.changes, pairs.curvatures, strict=False))
    for step, change, curvature in known:
        weights.append(step @ q / curvature)
        q -= weights[-1] * change
    q *= pairs.curvatures[0] / (pairs.changes[0] @ pairs.changes[0])
    for (step, change, curvature), weight in zip(reversed(known), reversed(weights), strict=True):
        q += (weight - change @ q / curvature) * step
    return q


class LinePoint(NamedTuple):
    """A point of a line: how far along it, the loss and its slope there, and the parameters and their gradient."""

    t: float
    J: float
    slope: float
    w: Vector
    g: Vector


class LineSearch(NamedTuple):
    """A search from a point for one that is lower and flat enough: Nocedal & Wright 2006, algorithms 3.5 and 3.6."""

    problem: Problem
    start: LinePoint

    @classmethod
    def of(cls, problem: Problem, w: Vector) -> LineSearch:
        """From w, with no way yet."""
        J, g = problem(w)
        return cls(problem, LinePoint(0.0, J, 0.0, w, g))

    def along(self, way: Vector, first: float) -> LinePoint | None:
        """A point that fulfils the strong Wolfe conditions, or at least is lower; None if there is none."""
        slope = float(self.start.g @ way)
        return LineSearch(self.problem, self.start._replace(slope=slope))._bracketed(way, first) if slope < 0 else None

    def _at(self, way: Vector, t: float) -> LinePoint:
        w = self.start.w + t * way
        with np.errstate(over="ignore", invalid="ignore"):
            J, g = self.problem(w)
        finite = np.isfinite(J) and np.isfinite(g).all()
        return LinePoint(t, J, float(g @ way), w, g.copy()) if finite else LinePoint(t, np.inf, np.inf, w, g)

    def _too_high(self, point: LinePoint) -> bool:
        return not point.J <= self.start.J + SUFFICIENT * point.t * self.start.slope

    def _flat(self, point: LinePoint) -> bool:
        return abs(point.slope) <= -CURVATURE * self.start.slope

    def _bracketed(self, way: Vector, t: float) -> LinePoint | None:
        before = self.start
        for _ in range(TRIES):
            point = self._at(way, t)
            if self._too_high(point) or (before.t and point.J >= before.J):
                return self._between(way, before, point)
            if self._flat(point):
                return point
            if point.slope >= 0:
                return self._between(way, point, before)
            before, t = point, 4.0 * t
        return before

    def _between(self, way: Vector, low: LinePoint, high: LinePoint) -> LinePoint | None:
        """Narrow the interval whose lower end is `low`."""
        for _ in range(TRIES):
            point = self._at(way, inside(low, high))
            if self._too_high(point) or point.J >= low.J:
                high = point
            elif self._flat(point):
                return point
            else:
                low, high = point, low if point.slope * (high.t - low.t) >= 0 else high
        return low if low.t and low.J < self.start.J else None


def inside(low: LinePoint, high: LinePoint) -> float:
    """Where a cubic or a parabola through both ends is lowest (Moré & Thuente 1994, 4), a tenth away from the ends."""
    span = high.t - low.t
    with np.errstate(all="ignore"):
        cubic = _lowest_of_cubic(low, high)
        if high.J > low.J:
            parabola = 0.5 * low.slope / ((low.J - high.J) / span + low.slope)
            share = cubic if abs(cubic) < abs(parabola) else 0.5 * (cubic + parabola)
        else:
            secant = low.slope / (low.slope - high.slope) if high.slope != low.slope else np.inf
            share = cubic if abs(cubic - 1.0) > abs(secant - 1.0) else secant
    return low.t + span * (min(max(share, 0.1), 0.9) if np.isfinite(share) else 0.5)


def _lowest_of_cubic(low: LinePoint, high: LinePoint) -> float:
    """Where between the ends, as a share of their distance, the cubic through both and with their slopes is lowest."""
    span = high.t - low.t
    bend = low.slope + high.slope - 3.0 * (high.J - low.J) / span
    root = np.copysign(np.sqrt(bend * bend - low.slope * high.slope), span)
    return float(1.0 - (high.slope + root - bend) / (high.slope - low.slope + 2.0 * root))


# -- Levenberg–Marquardt ----------------------------------------------------------------------------


class LevenbergMarquardt(Minimiser):
    """Gauss–Newton steps, damped as far as is needed (Levenberg 1944, Marquardt 1963).

    For sums of squares, `half_squared_error` and `mean_squared_error`, and some hundreds of parameters: each step takes
    the exact Jacobian of all residuals.  Where squares are small at the end it converges as Newton's method does.  The
    damping goes by Nielsen's rule (1999), each parameter by its own scale, as in MINPACK.

    >>> from nn import Layer
    >>> line = Layer(1, 1, "linear", seed=0)
    >>> history = line.fit([[0], [1], [2]], [1, 3, 5], optimiser=LevenbergMarquardt(line.parameters()), epochs=9)
    >>> [round(float(x), 6) for x in (*line.weights[0], *line.bias)]
    [2.0, 1.0]

    Raises:
        ArgumentError: for a loss that is no sum of squares
        OperandError: by `step`, which has a gradient and no residuals
    """

    slots = ("damping", "scale")

    def improved(self, problem: Problem, w: Vector, g: Vector, state: Slots, steps: int) -> tuple[Vector, Slots]:
        """One damped step that lowers the loss; the same w where no damping finds one."""
        problem = Decayed.of(problem, self.decays)
        r, A = problem.residuals(w)
        self._check_finite(A.T @ r, "gradient")
        scale = np.maximum(state["scale"], np.linalg.norm(A, axis=0))
        small, J = reduced(A, r), problem(w)[0]
        damping, factor = float(state["damping"][0]) or 1e-3, 2.0
        for _ in range(TRIES):
            step = damped(*small, np.sqrt(damping) * np.where(scale > 0, scale, 1.0))
            lower = problem(w + step)[0]
            if lower < J:
                expected = J - 0.5 * float(np.sum((r + A @ step) ** 2))
                gain = (J - lower) / expected if expected > 0 else 0.0
                damping *= max(1 / 3, 1.0 - (2.0 * min(gain, 1.0) - 1.0) ** 3)
                return w + step, {"damping": np.full(len(w), damping), "scale": scale}
            damping, factor = damping * factor, 2.0 * factor
        return w, state


def reduced(A: Matrix, r: Vector) -> tuple[Matrix, Vector]:
    """R and c with |A·x + r|² = |R·x + c|² + what no x changes."""
    both: Matrix = np.asarray(np.linalg.qr(np.column_stack([A, r]), mode="r"))
    return both[:, :-1], both[:, -1]


def damped(R: Matrix, c: Vector, weights: Vector) -> Vector:
    """The x that makes |R·x + c|² + |weights·x|² smallest."""
    found: Vector = np.linalg.lstsq(
        np.vstack([R, np.diag(weights)]), np.concatenate([-c, np.zeros(len(weights))]), rcond=None
    )[0]
    return found
