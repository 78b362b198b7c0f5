"""Activations by name or function: every function of the table that suits a neuron.

A name is that of the table (``"tanh"``, ``"leaky_relu"``) or one of its aliases; ``"linear"`` is none
at all.  ``"prelu"`` gives every neuron a slope that is learned, ``"rrelu"`` draws one a call while
training, ``"softmax"`` and ``"log_softmax"`` act on a whole layer.  A function of your own takes the
Value z and returns the Value a.
"""

from __future__ import annotations

import difflib
import math
import random
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from numbers import Real
from typing import Any, Protocol, TypeAlias, cast

import numpy as np

from autograd import functions, scope
from autograd.errors import ArgumentError, OperandError
from autograd.given import flag
from autograd.ops import table
from autograd.recorder import RECORDERS
from autograd.symbol import Symbol
from autograd.text import quoted, short
from autograd.value import Value

ActivationLike: TypeAlias = "str | Activation | Callable[[Any], Any] | None"

ELEMENTWISE = tuple(row.name for row in (
    table.tanh, table.sigmoid, table.relu, table.leaky_relu, table.elu, table.selu, table.celu, table.gelu,
    table.gelu_tanh, table.silu, table.softplus, table.mish, table.hardtanh, table.relu6, table.hardsigmoid,
    table.hardswish, table.softsign, table.logsigmoid, table.step, table.sign, table.exp, table.sin, table.cos,
    table.sinc, table.erf, table.atan, table.asinh, table.abs_, table.square,
))  # fmt: skip
WHOLE_LAYER = (table.softmax.name, table.log_softmax.name)
LINEAR = ("linear", "identity")
PRELU, RRELU = table.prelu.name, table.rrelu.name
ALIASES = {"swish": table.silu.name, "logistic": table.sigmoid.name, "expit": table.sigmoid.name,
           "arctan": table.atan.name, "sine": table.sin.name, "hard_tanh": table.hardtanh.name,
           "threshold": table.step.name, "absolute": table.abs_.name}  # fmt: skip
RANGES: dict[str, tuple[float, float]] = {
    row.name: (low, high)
    for row, low, high in (
        (table.tanh, -1, 1),
        (table.sigmoid, 0, 1),
        (table.relu, 0, math.inf),
        (table.elu, -1, math.inf),
        (table.selu, -1.7580993408473766, math.inf),
        (table.celu, -1, math.inf),
        (table.gelu, -0.17, math.inf),
        (table.gelu_tanh, -0.1701, math.inf),
        (table.silu, -0.2785, math.inf),
        (table.softplus, 0, math.inf),
        (table.mish, -0.3089, math.inf),
        (table.hardtanh, -1, 1),
        (table.relu6, 0, 6),
        (table.hardsigmoid, 0, 1),
        (table.hardswish, -0.375, math.inf),
        (table.softsign, -1, 1),
        (table.logsigmoid, -math.inf, 0),
        (table.step, 0, 1),
        (table.sign, -1, 1),
        (table.exp, 0, math.inf),
        (table.sin, -1, 1),
        (table.cos, -1, 1),
        (table.sinc, -0.2173, 1),
        (table.erf, -1, 1),
        (table.atan, -math.pi / 2, math.pi / 2),
        (table.abs_, 0, math.inf),
        (table.square, 0, math.inf),
        (table.softmax, 0, 1),
        (table.log_softmax, -math.inf, 0),
    )
}  # fmt: skip  (what an activation stays between, its bottom rounded outwards; of all others, any number)
PRELU_START = 0.25  # He et al. 2015, as in PyTorch
RRELU_LOWER, RRELU_UPPER = 1 / 8, 1 / 3  # Xu et al. 2015


class Activation:
    """How a neuron's z becomes its a.

    `function` maps one Value to one Value, or, where `whole_layer`, a list to a list of the same
    length; None is the linear activation.  `plain` says that it records exactly one node.
    """

    def __init__(self, name: str, function: Callable[..., Any] | None, *, plain: bool, whole_layer: bool = False):
        self.name, self.function = name, function
        self.plain, self.whole_layer = flag(plain, "plain"), flag(whole_layer, "whole_layer")

    learned: float | None = None  # where a neuron's own slope starts, if it has one

    def apply(self, z: Value, slope: Value | None, training: bool, where: str) -> Value:
        """a for one z; `slope` is the neuron's learned parameter, `where` its scope."""
        with scope(where):
            a = z if self.function is None else self.function(z)
        if not isinstance(a, Value):
            raise OperandError(f"activation {short(self.name)} must return a Value, got {type(a).__name__} {quoted(a)}")
        return a

    def apply_layer(self, zs: Sequence[Value]) -> list[Value]:
        """The activations of a whole layer together."""
        return list(zs) if self.function is None else list(self.function(list(zs)))

    @property
    def kind(self) -> str:
        """The name, if it is one of those that `activation` knows; "" for a function of one's own."""
        return self.name if self.plain or type(self) is not Activation else ""

    @property
    def range(self) -> tuple[float, float] | None:
        """Between which numbers its outputs lie, for any z; None for a function of one's own."""
        return RANGES.get(self.kind, (-math.inf, math.inf)) if self.kind else None

    def __repr__(self) -> str:
        return f"<activation {short(self.name)}>"

    def __reduce__(self) -> Any:
        """By name where there is one, since functions written from the table do not pickle."""
        return activation, (self.name if self.plain else self.function,)


class PReLU(Activation):
    """relu with a slope below 0 that each neuron learns, from `start` on (He et al. 2015)."""

    def __init__(self, start: float = PRELU_START) -> None:
        super().__init__(PRELU, functions.prelu, plain=False)
        self.learned = float(start)

    def apply(self, z: Value, slope: Value | None, training: bool, where: str) -> Value:
        """prelu(z, slope)."""
        return functions.prelu(z, cast("Value", slope))  # a neuron has one where something is learned

    def __reduce__(self) -> Any:
        return PReLU, (self.learned,)


class RReLU(Activation):
    """relu with a slope below 0 drawn from [lower, upper] a call while training, else their mean.

    `seed` makes the draws repeatable (Xu et al. 2015).

    Raises:
        ArgumentError: unless lower ≤ upper
    """

    def __init__(self, lower: float = RRELU_LOWER, upper: float = RRELU_UPPER, seed: int | None = None) -> None:
        if not lower <= upper:
            raise ArgumentError(f"rrelu draws from [lower, upper], got [{lower}, {upper}]")
        super().__init__(RRELU, functions.rrelu, plain=False)
        self.lower, self.upper, self.rng = lower, upper, random.Random(seed)

    def apply(self, z: Value, slope: Value | None, training: bool, where: str) -> Value:
        """rrelu(z) with a slope of its own."""
        drawn = drawn_while_recorded(self) if training else None
        if drawn is not None:
            a: Value = RECORDERS[RRELU](z, drawn)
        else:
            a = functions.rrelu(z, self.lower, self.upper, training, self.rng)
        return a

    def draw(self) -> float:
        """A slope."""
        return self.rng.uniform(self.lower, self.upper)

    @property
    def mean(self) -> float:
        """The slope while predicting."""
        return (self.lower + self.upper) / 2

    def __reduce__(self) -> Any:
        return _rebuild_rrelu, (self.lower, self.upper, self.rng.getstate())


class Dropout:
    """While training each output of a layer is 0 with the chance `rate`, else divided by 1 - rate.

    Srivastava et al. 2014.
    `seed` makes the draws repeatable.

    Raises:
        ArgumentError: unless 0 ≤ rate < 1
    """

    def __init__(self, rate: float, seed: int | None = None) -> None:
        self.rate, self.rng = _share(rate), random.Random(seed)

    def apply(self, a: Value) -> Value:
        """What is left of an output: a node of its own, drawn anew at each call."""
        drawn = drawn_while_recorded(self)
        return a * (self.draw() if drawn is None else drawn)

    def draw(self) -> float:
        """What an output is multiplied by."""
        return 0.0 if self.rng.random() < self.rate else 1.0 / (1.0 - self.rate)

    @property
    def mean(self) -> float:
        """What it is multiplied by while predicting."""
        return 1.0

    def __repr__(self) -> str:
        return f"Dropout({self.rate})"


def _share(rate: Any) -> float:
    if isinstance(rate, bool) or not isinstance(rate, Real) or not 0 <= float(rate) < 1:
        raise ArgumentError(f"dropout is the share of outputs to leave out, from 0 up and below 1, got {quoted(rate)}")
    return float(rate)


class Drawn(Protocol):
    """What draws a number for each sample while training, and takes the mean of them else."""

    rng: random.Random

    def draw(self) -> float: ...

    @property
    def mean(self) -> float: ...


_recorded_draws: ContextVar[list[tuple[Drawn, Symbol]] | None] = ContextVar("recorded_draws", default=None)


@contextmanager
def recorded_draws() -> Iterator[list[tuple[Drawn, Symbol]]]:
    """While a sample is recorded: what is drawn becomes Symbols, listed here in the order of their drawing."""
    drawn: list[tuple[Drawn, Symbol]] = []
    token = _recorded_draws.set(drawn)
    try:
        yield drawn
    finally:
        _recorded_draws.reset(token)


def drawn_while_recorded(part: Drawn) -> Symbol | None:
    """The Symbol for a draw, where a sample is recorded: a program gets its draws handed in, sample by sample."""
    drawn = _recorded_draws.get()
    if drawn is None:
        return None
    symbol = Symbol("drawn")
    drawn.append((part, symbol))
    return symbol


def _rebuild_rrelu(lower: float, upper: float, state: Any) -> RReLU:
    rebuilt = RReLU(lower, upper)
    rebuilt.rng.setstate(state)
    return rebuilt


def activation(wanted: ActivationLike, rng: np.random.Generator | None = None) -> Activation:
    """The Activation of that name, or made of that function; None is linear.

    `rng` seeds the draws of "rrelu", so that a seeded network is repeatable.

    >>> activation("tanh")
    <activation tanh>

    Raises:
        ArgumentError: for an unknown name, listing near matches
        OperandError: for anything that is neither name nor function
    """
    if isinstance(wanted, Activation):
        return wanted
    if wanted is None:
        return Activation("linear", None, plain=True)
    if isinstance(wanted, str):
        return _by_name(wanted, rng)
    if callable(wanted):
        name = getattr(wanted, "__name__", type(wanted).__name__)
        return _of_table(wanted) or Activation(name, wanted, plain=False)
    raise OperandError(f"an activation is a name, a function or None, got {type(wanted).__name__} {quoted(wanted)}")


def names() -> list[str]:
    """Every name that `activation` knows, aliases left out."""
    return sorted({*ELEMENTWISE, *WHOLE_LAYER, "linear", PRELU, RRELU})


def _by_name(wanted: str, rng: np.random.Generator | None = None) -> Activation:
    name = ALIASES.get(wanted.lower(), wanted.lower())
    if name in LINEAR:
        return Activation("linear", None, plain=True)
    if name == PRELU:
        return PReLU()
    if name == RRELU:
        return RReLU(seed=None if rng is None else int(rng.integers(2**63)))
    if name in ELEMENTWISE:
        return Activation(name, getattr(functions, name), plain=True)
    if name in WHOLE_LAYER:
        return Activation(name, getattr(functions, name), plain=True, whole_layer=True)
    near = difflib.get_close_matches(name, [*names(), *ALIASES], n=3)
    hint = f"did you mean {' or '.join(map(repr, near))}?" if near else f"there are: {', '.join(names())}"
    raise ArgumentError(f"there is no activation {quoted(wanted)}; {hint}")


def _of_table(function: Callable[[Any], Any]) -> Activation | None:
    """The named activation whose function this is, so that tanh and "tanh" are the same."""
    for name in (*ELEMENTWISE, *WHOLE_LAYER, PRELU, RRELU):
        if getattr(functions, name) is function:
            return _by_name(name)
    return None
