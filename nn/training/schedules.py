"""Learning-rate schedules: the rate as a function of how many steps were done.

A schedule goes where a rate goes, ``Adam(parameters, learning_rate=CosineDecay(0.1, 1000))``; any function
from a step (0, 1, …) to a number will do.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from numbers import Real
from typing import Any, TypeAlias

from autograd.errors import ArgumentError
from autograd.text import quoted

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
        _check_steps(self.every, "every")

    def __call__(self, step: int) -> float:
        return self.start * self.factor ** (step // self.every)


@dataclass(frozen=True)
class ExponentialDecay:
    """start · factor^step."""

    start: float
    factor: float = 0.99

    def __call__(self, step: int) -> float:
        return self.start * self.factor**step


@dataclass(frozen=True)
class CosineDecay:
    """From start to end along half a cosine in `steps`, then end (Loshchilov & Hutter 2017)."""

    start: float
    steps: int
    end: float = 0.0

    def __post_init__(self) -> None:
        _check_steps(self.steps, "steps")

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
        _check_steps(self.steps, "steps")

    def __call__(self, step: int) -> float:
        if step < self.steps:
            return rate_at(self.then, 0) * (step + 1) / self.steps
        return rate_at(self.then, step - self.steps)


def _check_steps(steps: int, what: str) -> None:
    if not isinstance(steps, int) or isinstance(steps, bool) or steps < 1:
        raise ArgumentError(f"{what} is a whole number from 1 up, got {quoted(steps)}")
