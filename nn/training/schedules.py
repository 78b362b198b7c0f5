"""Learning-rate schedules: the rate as a function of how many steps were done.

A schedule goes where a rate goes, ``Adam(parameters, learning_rate=CosineDecay(0.1, 1000))``; any function
from a step (0, 1, …) to a number will do.  One that has `observe` is told the loss after each epoch.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from numbers import Real
from typing import Any, TypeAlias

from autograd.errors import ArgumentError
from autograd.text import quoted
from nn.data.tables import check_count

Rate: TypeAlias = "float | Callable[[int], float]"


def rate_at(rate: Rate, step: int) -> float:
    """The rate at a step; ArgumentError unless it is a finite number from 0 up."""
    found: Any = rate(step) if callable(rate) else rate
    if not isinstance(found, Real) or not 0 <= float(found) < math.inf:
        raise ArgumentError(f"a learning rate is a finite number from 0 up (or a schedule of them), got {found!r}")
    return float(found)


@dataclass(frozen=True)
class StepDecay:
    """start · factor^⌊step/every⌋."""

    start: float
    every: int
    factor: float = 0.1

    def __post_init__(self) -> None:
        check_count(self.every, "steps in `every`")

    def __call__(self, step: int) -> float:
        return self.start * _power(self.factor, step // self.every)


@dataclass(frozen=True)
class ExponentialDecay:
    """start · factor^step."""

    start: float
    factor: float = 0.99

    def __call__(self, step: int) -> float:
        return self.start * _power(self.factor, step)


@dataclass(frozen=True)
class CosineDecay:
    """From start to end along half a cosine in `steps`, then end (Loshchilov & Hutter 2017)."""

    start: float
    steps: int
    end: float = 0.0

    def __post_init__(self) -> None:
        check_count(self.steps, "steps")

    def __call__(self, step: int) -> float:
        if step >= self.steps:
            return self.end
        return self.end + (self.start - self.end) * (1 + math.cos(math.pi * step / self.steps)) / 2


@dataclass(frozen=True)
class Warmup:
    """Up in a straight line over `steps` to where `then`, a rate or a schedule, begins.

    The first step has 1/steps of it, so that it already moves.
    """

    steps: int
    then: Rate

    def __post_init__(self) -> None:
        check_count(self.steps, "steps")

    def __call__(self, step: int) -> float:
        if step < self.steps:
            return rate_at(self.then, 0) * (step + 1) / self.steps
        return rate_at(self.then, step - self.steps)

    def observe(self, loss: float) -> Warmup:
        """The same, where what follows has been told."""
        return replace(self, then=observed(self.then, loss))


@dataclass(frozen=True)
class ReduceOnPlateau:
    """start, times `factor` whenever the loss has not fallen for more than `patience` epochs.

    Fallen is what is below (1 - threshold) times the best so far.  After a reduction `cooldown` epochs are not
    counted, and the rate goes no lower than `smallest`.  The loss is that of the validation, where there is one.  What
    PyTorch's ReduceLROnPlateau does, as plain data: `rate`, `best`, `waited` and `resting` say where it stands, and are
    saved with the model.

    Raises:
        ArgumentError: unless 0 < factor < 1, and for a negative patience, threshold or cooldown
    """

    start: float
    factor: float = 0.1
    patience: int = 10
    threshold: float = 1e-4
    cooldown: int = 0
    smallest: float = 0.0
    rate: float | None = None
    best: float | None = None
    waited: int = 0
    resting: int = 0

    def __post_init__(self) -> None:
        if not 0 < self.factor < 1:
            raise ArgumentError(f"factor lies between 0 and 1, got {quoted(self.factor)}")
        for name in ("patience", "threshold", "cooldown"):
            if not getattr(self, name) >= 0:
                raise ArgumentError(f"{name} is a number from 0 up, got {quoted(getattr(self, name))}")

    def __call__(self, step: int) -> float:
        return self.start if self.rate is None else self.rate

    def observe(self, loss: float) -> ReduceOnPlateau:
        """What it is after an epoch with this loss."""
        fallen = self.best is None or loss < self.best * (1.0 - self.threshold)
        best, waited = (loss, 0) if fallen else (self.best, self.waited + 1)
        if self.resting:
            return replace(self, best=best, waited=0, resting=self.resting - 1)
        if waited <= self.patience:
            return replace(self, best=best, waited=waited)
        lower = max(self(0) * self.factor, self.smallest)
        return replace(self, best=best, waited=0, resting=self.cooldown, rate=lower)


def observed(rate: Rate, loss: float) -> Rate:
    """The rate, told the loss of an epoch if it asks for it."""
    found: Rate = rate.observe(loss) if hasattr(rate, "observe") else rate
    return found


def standing(rate: Rate) -> dict[str, Any] | None:
    """Where a schedule that is told of losses stands, as plain data; None for others."""
    if isinstance(rate, Warmup):
        return standing(rate.then)
    return {name: getattr(rate, name) for name in _MOVED} if isinstance(rate, ReduceOnPlateau) else None


def set_standing(rate: Rate, where: dict[str, Any]) -> Rate:
    """The schedule standing there."""
    if isinstance(rate, Warmup):
        return replace(rate, then=set_standing(rate.then, where))
    if not isinstance(rate, ReduceOnPlateau) or set(where) != set(_MOVED):
        raise ArgumentError(f"this is not where the rate {quoted(rate)} may stand: {quoted(where)}")
    return replace(rate, **where)


_MOVED = ("rate", "best", "waited", "resting")


def _power(factor: float, steps: int) -> float:
    """The factor so many times; inf beyond the floats, which `rate_at` refuses."""
    try:
        return factor**steps
    except OverflowError:
        return math.inf
