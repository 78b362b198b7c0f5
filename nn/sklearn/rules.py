"""How scikit-learn's networks train, where it is a matter of taste: the start, the order, the rate, and when to stop.

The draws come from one RandomState in the order in which scikit-learn makes them, so the same `random_state`
gives the same start, the same hold-out and the same batches.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

import numpy as np
from scipy.optimize import minimize

from autograd import functions as f
from autograd.errors import ArgumentError, NonFiniteError
from autograd.text import quoted
from autograd.value import Value
from nn.data.tables import Array, Vector, check_count
from nn.initialise import Matrix
from nn.training.callbacks import Callback, Epoch
from nn.training.flat import FlatObjective
from nn.training.optimisers import SGD, Adam, Optimiser, Slots, over

SOLVERS, RATES = ("adam", "sgd", "lbfgs"), ("constant", "invscaling", "adaptive")
REDUCTION, SMALLEST_RATE = 5.0, 1e-6  # of learning_rate="adaptive"


def check_choice(given: Any, choices: Sequence[str | None], what: str) -> None:
    """Raise ArgumentError unless it is one of these words."""
    if given not in choices:
        raise ArgumentError(f"{what} is one of {', '.join(map(quoted, choices))}, got {quoted(given)}")


def check_at_least(given: Any, lowest: float, what: str) -> None:
    """Raise ArgumentError unless it is a number from there up."""
    if not isinstance(given, (int, float, np.number)) or not given >= lowest:
        raise ArgumentError(f"{what} is a number from {lowest:g} up, got {quoted(given)}")


# -- the start --------------------------------------------------------------------------------------


def start(widths: Sequence[int], activation: Any, random: Any) -> tuple[list[Matrix], list[Vector]]:
    """Weights and biases, drawn as by Glorot and Bengio (2010), whose bound for the logistic function is narrower."""
    weights, biases = [], []
    for before, after in pairwise(widths):
        bound = math.sqrt((2.0 if activation == "logistic" else 6.0) / (before + after))
        weights.append(random.uniform(-bound, bound, (before, after)))
        biases.append(random.uniform(-bound, bound, after))
    return weights, biases


class Shuffled:
    """The order of an epoch: that of the epoch before, shuffled as `sklearn.utils.shuffle` does, which takes longer."""

    def __init__(self, random: Any) -> None:
        self._random = random
        self._order: Array | None = None

    def __call__(self, samples: int) -> Array:
        before = np.arange(samples) if self._order is None else self._order
        places = np.arange(samples)
        self._random.shuffle(places)
        self._order = before[places]
        return self._order


def half_poisson_deviance(predictions: Any, targets: Any) -> Any:
    """(1/n) Σ ŷ - y + y·ln(y/ŷ) of counts y and the logarithms of what is expected, ŷ, as scikit-learn's "poisson"."""
    pairs = zip(np.ravel(predictions), np.ravel(targets), strict=True)
    return f.sum([f.exp(z) - y * z + f.xlogy(y, y) - y for z, y in pairs]) * (1.0 / len(predictions))


# -- on the way -------------------------------------------------------------------------------------


class Momentum(SGD):
    """SGD whose velocity has the rate in it: v := μv - αg, so that a rate that falls slows only what comes."""

    def update(self, w: Vector, g: Vector, state: Slots, rate: Any, t: int) -> tuple[Vector, Slots]:
        """One step; with nesterov w + μv - αg."""
        velocity = self.momentum * state["velocity"] - rate * g
        return w + (self.momentum * velocity - rate * g if self.nesterov else velocity), {"velocity": velocity}


class Moments(Adam):
    """Adam as the second form in Kingma and Ba's paper, where ε is beside √v and not beside its corrected form."""

    def update(self, w: Vector, g: Vector, state: Slots, rate: Any, t: int) -> tuple[Vector, Slots]:
        """w - α·√(1-β₂ᵗ)/(1-β₁ᵗ) · m/(√v + ε)."""
        b1, b2 = self.betas
        mean = b1 * state["mean"] + (1 - b1) * g
        squares = b2 * state["squares"] + (1 - b2) * g * g
        step = rate * math.sqrt(1 - b2**t) / (1 - b1**t)
        return w - step * over(mean, np.sqrt(squares) + self.epsilon), {"mean": mean, "squares": squares}


def optimiser(settings: Any, parameters: list[Value]) -> Optimiser:
    """That of solver="adam" or "sgd"."""
    if settings.solver == "adam":
        betas = settings.beta_1, settings.beta_2
        return Moments(parameters, settings.learning_rate_init, betas, settings.epsilon)
    nesterov = bool(settings.nesterovs_momentum and settings.momentum)
    return Momentum(parameters, settings.learning_rate_init, settings.momentum, nesterov)


@dataclass
class Standing:
    """What a training that goes on remembers: what scikit-learn's attributes say."""

    samples: int = 0
    waited: int = 0
    reductions: int = 0
    best_loss: float = math.inf
    best_score: float = -math.inf
    scores: list[float] = field(default_factory=list)
    solver: str = ""  # which has done
    steps: int = 0  # and keeps
    state: Slots = field(default_factory=dict)

    def rate(self, settings: Any) -> Any:
        """The rate after so many samples and reductions."""
        if settings.solver == "sgd" and settings.learning_rate == "invscaling":
            return settings.learning_rate_init / (self.samples + 1) ** settings.power_t
        if settings.solver == "sgd" and settings.learning_rate == "adaptive":
            return settings.learning_rate_init / REDUCTION**self.reductions
        return settings.learning_rate_init


class Patience(Callback):
    """Ends a training by scikit-learn's rule: more than n_iter_no_change epochs in a row without tol of progress.

    Progress is that of the loss, or with a `score` that of the score, the best of which is left; "adaptive" rates are
    reduced before training ends.
    """

    def __init__(
        self, settings: Any, standing: Standing, moved: Optimiser, samples: int, score: Callable[[], float] | None
    ) -> None:
        self.settings, self.standing, self.moved = settings, standing, moved
        self.samples, self.score, self.looks = samples, score, score is not None
        self._best: Vector | None = None

    def __call__(self, epoch: Epoch) -> None:
        """Look whether there was progress, and set the rate."""
        at = self.standing
        at.samples += self.samples
        at.waited = 0 if self._progress(epoch) else at.waited + 1
        if at.waited > self.settings.n_iter_no_change:
            self._tired(epoch)
        self.moved.learning_rate = at.rate(self.settings)

    def _progress(self, epoch: Epoch) -> bool:
        at, tol = self.standing, self.settings.tol
        if self.score is None:
            better = not epoch.training > at.best_loss - tol
            at.best_loss = min(at.best_loss, epoch.training)
            return better
        score = self.score()
        at.scores.append(score)
        better = not score < at.best_score + tol
        if score > at.best_score:
            at.best_score, self._best = score, epoch.numbers
        return better

    def _tired(self, epoch: Epoch) -> None:
        at, settings = self.standing, self.settings
        adaptive = settings.solver == "sgd" and settings.learning_rate == "adaptive"
        if adaptive and at.rate(settings) > SMALLEST_RATE:
            at.reductions, at.waited = at.reductions + 1, 0
        else:
            epoch.stop("early stopping")

    def left(self, numbers: Vector) -> Vector:
        """The best by score, where there is one."""
        return numbers if self._best is None else self._best


# -- all at once ------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Minimum:
    """Where L-BFGS ended: the loss, after so many iterations, and why, if it did not converge."""

    loss: float
    iterations: int
    complaint: str


def minimise(settings: Any, problem: FlatObjective, decay: Vector, verbose: bool) -> Minimum:
    """Move the parameters to a minimum of the loss with ½ Σ decay·w² by SciPy's L-BFGS-B.

    Raises:
        NonFiniteError: with nothing moved, if the loss or a parameter becomes nan or inf
    """

    def penalised(w: Vector) -> tuple[float, Vector]:
        J, gradient = problem(w)
        if verbose:
            print(f"loss = {J:.8f}")
        return J + 0.5 * float(decay @ (w * w)), gradient + decay * w

    options = {
        "maxfun": check_count(settings.max_fun, "evaluations"),
        "maxiter": check_count(settings.max_iter, "iterations"),
        "gtol": settings.tol,
    }
    found = minimize(penalised, problem.start, method="L-BFGS-B", jac=True, options=options)
    if not (np.isfinite(found.fun) and np.isfinite(found.x).all()):
        raise NonFiniteError(f"the loss became {found.fun}; nothing was moved: scale the data, or look for huge values")
    problem.write(found.x)
    return Minimum(float(found.fun), min(found.nit, settings.max_iter), "" if found.status == 0 else str(found.message))
