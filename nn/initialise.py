"""Where the weights start: functions that draw a matrix of shape inputs × outputs.

Pass one to a layer or network as ``init``, by name or made with its parameters:

>>> from nn import MLP
>>> model = MLP(3, [4, 1], init="he_normal", seed=0)
>>> model = MLP(3, [4, 1], init=constant(0.5))

Without one, weights start as fits the activation of their layer: He's for relu and its kin, LeCun's for selu, else
Glorot's, each the uniform one.  Every draw comes from one NumPy generator, so the same seed gives the same weights.
Biases start at 0.
"""

from __future__ import annotations

import difflib
import math
from collections.abc import Callable
from functools import partial
from typing import Any, TypeAlias

import numpy as np

from autograd.errors import ArgumentError, OperandError
from autograd.text import quoted

Matrix: TypeAlias = "np.ndarray[Any, np.dtype[np.float64]]"
Initialiser: TypeAlias = Callable[[int, int, np.random.Generator], Matrix]


def zeros() -> Initialiser:
    """All weights 0: a saddle point, from which hidden layers of tanh never learn."""
    return constant(0.0)


def constant(value: float) -> Initialiser:
    """All weights the same: the neurons of a layer stay copies of each other."""
    return partial(_constant, float(value))


def normal(mean: float = 0.0, variance: float | None = None, *, std: float | None = None) -> Initialiser:
    """N(mean, variance); the lecture's N(0, 0.01) is the default.

    The second parameter of N(μ, σ²) is the *variance*, so 0.01 means a standard deviation of 0.1.
    Some books write the standard deviation there; for that reading pass ``normal(std=0.01)``.

    Raises:
        ArgumentError: if both are given, or one is negative
    """
    if variance is not None and std is not None:
        raise ArgumentError(f"normal takes the variance or std, not both: got {variance} and {std}")
    if std is None:
        variance = 0.01 if variance is None else variance
        if not variance >= 0:
            raise ArgumentError(f"a variance is at least 0, got {variance}")
        std = math.sqrt(variance)
    if not std >= 0:
        raise ArgumentError(f"a standard deviation is at least 0, got {std}")
    return partial(_normal, mean, std)


def uniform(low: float = -1.0, high: float = 1.0) -> Initialiser:
    """U(low, high); raises ArgumentError unless low ≤ high."""
    if not low <= high:
        raise ArgumentError(f"uniform draws from [low, high], got [{low}, {high}]")
    return partial(_uniform, low, high)


def xavier_uniform(gain: float = 1.0) -> Initialiser:
    """U(-r, r) with r = gain·√(6/(inputs + outputs)) (Glorot & Bengio 2010), for tanh and sigmoid."""
    return partial(_uniform_of, _glorot, gain)


def xavier_normal(gain: float = 1.0) -> Initialiser:
    """N(0, gain²·2/(inputs + outputs)) (Glorot & Bengio 2010), for tanh and sigmoid."""
    return partial(_normal_of, _glorot, gain)


def he_uniform() -> Initialiser:
    """U(-r, r) with r = √(6/inputs) (He et al. 2015), for relu and its kin."""
    return partial(_uniform_of, _by_inputs, 2.0)


def he_normal() -> Initialiser:
    """N(0, 2/inputs) (He et al. 2015), for relu and its kin."""
    return partial(_normal_of, _by_inputs, 2.0)


def lecun_uniform() -> Initialiser:
    """U(-r, r) with r = √(3/inputs) (LeCun et al. 1998), for selu and tanh."""
    return partial(_uniform_of, _by_inputs, 1.0)


def lecun_normal() -> Initialiser:
    """N(0, 1/inputs) (LeCun et al. 1998), for selu and tanh."""
    return partial(_normal_of, _by_inputs, 1.0)


# (Functions of the module with what was said beforehand, and none inside of functions: so they can be pickled.)


def _constant(value: float, inputs: int, outputs: int, rng: np.random.Generator) -> Matrix:
    return np.full((inputs, outputs), value)


def _normal(mean: float, deviation: float, inputs: int, outputs: int, rng: np.random.Generator) -> Matrix:
    return rng.normal(mean, deviation, (inputs, outputs))


def _uniform(low: float, high: float, inputs: int, outputs: int, rng: np.random.Generator) -> Matrix:
    return rng.uniform(low, high, (inputs, outputs))


def _glorot(gain: float, inputs: int, outputs: int) -> float:
    return gain * math.sqrt(2 / (inputs + outputs))


def _by_inputs(share: float, inputs: int, outputs: int) -> float:
    return math.sqrt(share / inputs)


def _normal_of(deviation: Any, factor: float, inputs: int, outputs: int, rng: np.random.Generator) -> Matrix:
    return _normal(0.0, deviation(factor, inputs, outputs), inputs, outputs, rng)


def _uniform_of(deviation: Any, factor: float, inputs: int, outputs: int, rng: np.random.Generator) -> Matrix:
    """Uniform of the given standard deviation, which is r/√3 for U(-r, r)."""
    reach = math.sqrt(3) * deviation(factor, inputs, outputs)
    return _uniform(-reach, reach, inputs, outputs, rng)


RECTIFIERS = frozenset((
    "relu", "leaky_relu", "prelu", "rrelu", "relu6", "elu", "celu", "gelu", "gelu_tanh", "silu", "mish", "hardswish",
))  # fmt: skip  # near x on one side and near 0 on the other, which halves the variance that He's doubles


def fitting(activation: str) -> Initialiser:
    """The initialiser that keeps the size of what flows through a layer with the activation of this name."""
    if activation in RECTIFIERS:
        return he_uniform()
    return lecun_uniform() if activation == "selu" else xavier_uniform()


BY_NAME: dict[str, Callable[[], Initialiser]] = {
    "zeros": zeros, "normal": normal, "uniform": uniform,
    "xavier_uniform": xavier_uniform, "xavier_normal": xavier_normal,
    "he_uniform": he_uniform, "he_normal": he_normal,
    "lecun_uniform": lecun_uniform, "lecun_normal": lecun_normal,
    "glorot_uniform": xavier_uniform, "glorot_normal": xavier_normal,
    "kaiming_uniform": he_uniform, "kaiming_normal": he_normal,
}  # fmt: skip


def initialiser(wanted: str | Initialiser) -> Initialiser:
    """The initialiser of that name, or `wanted` itself; ArgumentError for an unknown name."""
    if callable(wanted):
        return wanted
    if not isinstance(wanted, str):
        raise OperandError(f"an initialiser is a name or a function, got {type(wanted).__name__} {quoted(wanted)}")
    if wanted not in BY_NAME:
        near = difflib.get_close_matches(wanted, BY_NAME, n=3) or sorted(BY_NAME)
        raise ArgumentError(f"there is no initialiser {quoted(wanted)}; try {', '.join(near)}")
    return BY_NAME[wanted]()
