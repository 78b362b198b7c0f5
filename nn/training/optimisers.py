"""Optimisers: how parameters move along their gradients.

    model.zero_grad(); J.backward(); optimiser.step()

Each optimiser is a pure formula from (numbers, gradients, state) to new ones, so a step happens whole
or not at all.  The formulas are those of PyTorch's documentation; rates may be schedules.  Each takes
``clip_norm`` and ``clip_value`` too, to which gradients are cut before a step, and ``lr`` for the rate.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping
from typing import Any, TypeAlias, TypedDict, Unpack

import numpy as np

from autograd.errors import ArgumentError, NonFiniteError
from autograd.given import flag
from autograd.renamed import synonyms
from autograd.text import quoted
from autograd.value import Value
from nn.data.tables import Vector
from nn.training.clipping import check_limit, cut_by_norm, cut_by_value
from nn.training.groups import Groups, Movable, check_parameters, groups_of
from nn.training.problem import Problem
from nn.training.schedules import Rate, observed, rate_at, set_standing, standing

Slots: TypeAlias = "dict[str, Vector]"  # one vector a name, one number a parameter


class Clipping(TypedDict, total=False):
    """To what gradients are cut before a step: all of them together by their norm, each by its size."""

    clip_norm: float | None
    clip_value: float | None


class Optimiser(ABC):
    """Moves `parameters` (Values, or a `Group` of them for each part) against their grad.

    `learning_rate` is a number or a schedule, or for a group what the group says, and so is `weight_decay`.

    Raises:
        ArgumentError: for no parameters or a negative rate
        OperandError: for what is not a Value
    """

    slots: tuple[str, ...] = ()  # what a parameter's state consists of
    whole_data: bool = False  # whether a step asks for the loss of all data, several times

    def __init_subclass__(cls) -> None:
        if "__init__" in vars(cls):  # setattr: mypy knows no assignment to a method
            setattr(cls, "__init__", synonyms(lr="learning_rate")(cls.__init__))  # noqa: B010

    def __init__(
        self,
        parameters: Iterable[Movable],
        learning_rate: Rate,
        weight_decay: float = 0.0,
        *,
        clip_norm: float | None = None,
        clip_value: float | None = None,
    ) -> None:
        self.groups: Groups = groups_of(parameters)
        self.parameters = [p for group in self.groups for p in group.parameters]
        check_parameters(self.parameters)
        rate_at(learning_rate, 0)
        self.learning_rate = learning_rate
        self.weight_decay = at_least_zero(weight_decay, "weight_decay")
        self.clip_norm, self.clip_value = check_limit(clip_norm), check_limit(clip_value)
        self.steps = 0
        self.state: Slots = {slot: np.zeros(len(self.parameters)) for slot in self.slots}

    @abstractmethod
    def update(self, w: Vector, g: Vector, state: Slots, rate: Any, t: int) -> tuple[Vector, Slots]:
        """New numbers and state from numbers w, gradients g, the rate, and the step t (from 1)."""

    def step(self, samples: Any = 1) -> None:
        """Move every parameter once; its gradient is divided by `samples`.

        Pass the number of samples where J is a sum over them, as the lecture's J is.  Raises
        NonFiniteError, before anything moves, if a gradient or a new number is not finite.
        """
        if isinstance(samples, Value) or not samples >= 1:
            advice = ": a step takes no loss; call J.backward() before" if isinstance(samples, Value) else ""
            raise ArgumentError(
                f"samples is a number from 1 up, by which J was not divided, got {quoted(samples)}{advice}"
            )
        w = np.array([p.data for p in self.parameters])
        g = np.array([p.grad for p in self.parameters]) / samples
        before, done = self.state, self.steps
        moved, state = self.advanced(w, g, before, done)
        try:
            self._set(moved)
            self.state, self.steps = state, done + 1
        except BaseException:  # Ctrl-C in between: a step happens whole or not at all
            self._set(w)
            self.state, self.steps = before, done
            raise

    def advanced(self, w: Vector, g: Vector, state: Slots, steps: int) -> tuple[Vector, Slots]:
        """New numbers and state after `steps` steps; nothing here is changed.  NonFiniteError as in `step`."""
        self._check_finite(g, "gradient")
        with np.errstate(over="ignore", invalid="ignore"):
            moved, state = self.update(w, self.decayed(w, self.clipped(g)), state, self.rate(steps), steps + 1)
        self._check_finite(moved, "new value")
        return moved, state

    def improved(self, problem: Problem, w: Vector, g: Vector, state: Slots, steps: int) -> tuple[Vector, Slots]:
        """As `advanced`, of an optimiser that may ask the problem, of which g is the gradient at w, for more.

        The same w, the object, says that nothing better is to be had.
        """
        return self.advanced(w, g, state, steps)

    def rate(self, steps: int) -> Any:
        """The learning rate after so many steps: a number, or with groups one for each parameter."""
        common = rate_at(self.learning_rate, steps)
        if not any(group.learning_rate is not None for group in self.groups):
            return common
        return self._spread(
            [common if g.learning_rate is None else rate_at(g.learning_rate, steps) for g in self.groups]
        )

    @property
    def decays(self) -> Any:
        """The weight decay: a number, or with groups one for each parameter."""
        if not any(group.weight_decay is not None for group in self.groups):
            return self.weight_decay
        return self._spread([self.weight_decay if g.weight_decay is None else g.weight_decay for g in self.groups])

    def _spread(self, numbers: list[float]) -> Vector:
        return np.repeat(numbers, [len(group.parameters) for group in self.groups])

    def clipped(self, g: Vector) -> Vector:
        """The gradient, cut to what this optimiser was told."""
        if self.clip_value is not None:
            g = cut_by_value(g, self.clip_value)
        return g if self.clip_norm is None else cut_by_norm(g, self.clip_norm)[0]

    def observe(self, loss: float) -> None:
        """Tell the schedules the loss of an epoch, which `ReduceOnPlateau` asks for; `fit` and `train` do so."""
        self.learning_rate = observed(self.learning_rate, loss)
        self.groups = tuple(
            group if group.learning_rate is None else group._replace(learning_rate=observed(group.learning_rate, loss))
            for group in self.groups
        )

    def _set(self, numbers: Vector) -> None:
        for p, x in zip(self.parameters, numbers.tolist(), strict=True):
            p.data = x

    def decayed(self, w: Vector, g: Vector) -> Vector:
        """The gradient with that of ½·weight_decay·Σw² added."""
        return g + self.decays * w if np.any(self.decays) else g

    def zero_grad(self) -> None:
        """Set every parameter's grad to 0."""
        for p in self.parameters:
            p.grad = 0.0

    def _check_finite(self, numbers: Vector, what: str) -> None:
        if np.isfinite(numbers).all():
            return
        p, x = next((p, x) for p, x in zip(self.parameters, numbers.tolist(), strict=True) if not np.isfinite(x))
        raise NonFiniteError(
            f"the {what} of {p.name or quoted(p)} is {x}; nothing was moved: "
            "lower the learning rate, clip the gradients, or look for nan in the data"
        )

    # -- state ----------------------------------------------------------------------------------

    def state_dict(self) -> dict[str, Any]:
        """The steps done and the state of every parameter, as plain data that JSON can hold.

        The rate and the other settings are not in it: make the optimiser with them again.  Where `ReduceOnPlateau`
        stands is, as "standing": of the rate, and of each group's.
        """
        stands = [standing(rate) for rate in self._rates()]
        return {
            "optimiser": type(self).__name__,
            "steps": self.steps,
            "state": {slot: vector.tolist() for slot, vector in self.state.items()},
            **({"standing": stands} if any(stands) else {}),
        }

    def _rates(self) -> list[Any]:
        return [self.learning_rate, *(group.learning_rate for group in self.groups)]

    def load_state_dict(self, saved: Mapping[str, Any]) -> None:
        """Go on where a `state_dict` left off; whole, or ArgumentError and no change."""
        kind = type(self).__name__
        if set(saved) - {"standing"} != {"optimiser", "steps", "state"} or saved["optimiser"] != kind:
            raise ArgumentError(f"this is not a state of {kind}: {quoted(dict(saved))}")
        if set(saved["state"]) != set(self.slots):
            raise ArgumentError(f"{kind} keeps {list(self.slots)}, got {sorted(saved['state'])}")
        if not isinstance(saved["steps"], int) or saved["steps"] < 0:
            raise ArgumentError(f"steps is a whole number from 0 up, got {quoted(saved['steps'])}")
        state = {slot: self._saved_vector(slot, saved["state"][slot]) for slot in self.slots}
        rates = self._standing(saved.get("standing"))
        self.state, self.steps = state, saved["steps"]
        self.learning_rate = rates[0]
        self.groups = tuple(g._replace(learning_rate=rate) for g, rate in zip(self.groups, rates[1:], strict=True))

    def _standing(self, saved: Any) -> list[Any]:
        """The rates, standing where the state says."""
        rates = self._rates()
        if saved is None:
            return rates
        if not isinstance(saved, list) or len(saved) != len(rates):
            raise ArgumentError(f"{self!r} has {len(rates)} rates that may stand somewhere, got {quoted(saved)}")
        return [set_standing(rate, where) if where else rate for rate, where in zip(rates, saved, strict=True)]

    def _saved_vector(self, slot: str, numbers: Any) -> Vector:
        try:
            vector = np.array(numbers, dtype=float)
        except (TypeError, ValueError):
            raise ArgumentError(f"{slot} is a list of numbers, got {quoted(numbers)}") from None
        if vector.shape != (len(self.parameters),) or not np.isfinite(vector).all():
            raise ArgumentError(f"{slot} has {len(self.parameters)} finite numbers, got {quoted(numbers)}")
        return vector

    def __repr__(self) -> str:
        groups = f" in {len(self.groups)} groups" if len(self.groups) > 1 else ""
        return f"{type(self).__name__}({len(self.parameters)} parameters{groups}, learning_rate={self.learning_rate})"


class GradientDescent(Optimiser):
    """The lecture's update, W := W - α·(1/n)·∂J/∂W; n is given to ``step(samples=n)``.

    >>> w = Value(1.0); w.grad = 8.0
    >>> GradientDescent([w], learning_rate=0.5).step(samples=4)
    >>> w.data
    0.0
    """

    def __init__(self, parameters: Iterable[Movable], learning_rate: Rate = 0.1, **clipping: Unpack[Clipping]) -> None:
        super().__init__(parameters, learning_rate, **clipping)

    def update(self, w: Vector, g: Vector, state: Slots, rate: Any, t: int) -> tuple[Vector, Slots]:
        """w - αg."""
        return w - rate * g, state


class SGD(Optimiser):
    """Gradient descent with momentum (Polyak 1964), or Nesterov's, and L2 weight decay.

    v := μv + g;  w := w - αv, or with nesterov w - α(g + μv).

    Raises:
        ArgumentError: unless 0 ≤ momentum < 1, and for nesterov without momentum
    """

    slots = ("velocity",)

    def __init__(
        self,
        parameters: Iterable[Movable],
        learning_rate: Rate = 0.01,
        momentum: float = 0.0,
        nesterov: bool = False,
        weight_decay: float = 0.0,
        **clipping: Unpack[Clipping],
    ) -> None:
        super().__init__(parameters, learning_rate, weight_decay, **clipping)
        self.momentum, self.nesterov = fraction(momentum, "momentum"), flag(nesterov, "nesterov")
        if self.nesterov and momentum == 0:
            raise ArgumentError("nesterov needs a momentum above 0, such as 0.9")

    def update(self, w: Vector, g: Vector, state: Slots, rate: Any, t: int) -> tuple[Vector, Slots]:
        """One step with momentum."""
        velocity = self.momentum * state["velocity"] + g
        direction = g + self.momentum * velocity if self.nesterov else velocity
        return w - rate * direction, {"velocity": velocity}


class Adagrad(Optimiser):
    """s := s + g²;  w := w - α·g/(√s + ε) (Duchi et al. 2011)."""

    slots = ("squares",)

    def __init__(
        self,
        parameters: Iterable[Movable],
        learning_rate: Rate = 0.01,
        epsilon: float = 1e-10,
        weight_decay: float = 0.0,
        **clipping: Unpack[Clipping],
    ) -> None:
        super().__init__(parameters, learning_rate, weight_decay, **clipping)
        self.epsilon = at_least_zero(epsilon, "epsilon")

    def update(self, w: Vector, g: Vector, state: Slots, rate: Any, t: int) -> tuple[Vector, Slots]:
        """One step, each parameter slowed by its own past."""
        squares = state["squares"] + g * g
        return w - rate * over(g, np.sqrt(squares) + self.epsilon), {"squares": squares}


class RMSProp(Optimiser):
    """s := ρs + (1-ρ)g²;  w := w - α·g/(√s + ε) (Hinton 2012)."""

    slots = ("squares",)

    def __init__(
        self,
        parameters: Iterable[Movable],
        learning_rate: Rate = 0.01,
        decay: float = 0.99,
        epsilon: float = 1e-8,
        weight_decay: float = 0.0,
        **clipping: Unpack[Clipping],
    ) -> None:
        super().__init__(parameters, learning_rate, weight_decay, **clipping)
        self.decay, self.epsilon = fraction(decay, "decay"), at_least_zero(epsilon, "epsilon")

    def update(self, w: Vector, g: Vector, state: Slots, rate: Any, t: int) -> tuple[Vector, Slots]:
        """One step, each parameter scaled by its recent size of gradient."""
        squares = self.decay * state["squares"] + (1 - self.decay) * g * g
        return w - rate * over(g, np.sqrt(squares) + self.epsilon), {"squares": squares}


class Adam(Optimiser):
    """Momentum and scaling, both corrected for their start at 0 (Kingma & Ba 2015).

    m := β₁m + (1-β₁)g;  v := β₂v + (1-β₂)g²;  w := w - α·m̂/(√v̂ + ε), m̂ = m/(1-β₁ᵗ), v̂ = v/(1-β₂ᵗ).
    """

    slots = ("mean", "squares")

    def __init__(
        self,
        parameters: Iterable[Movable],
        learning_rate: Rate = 0.001,
        betas: tuple[float, float] = (0.9, 0.999),
        epsilon: float = 1e-8,
        weight_decay: float = 0.0,
        **clipping: Unpack[Clipping],
    ) -> None:
        super().__init__(parameters, learning_rate, weight_decay, **clipping)
        if not isinstance(betas, (tuple, list)) or len(betas) != 2:
            raise ArgumentError(f"betas is a pair of numbers, such as (0.9, 0.999), got {quoted(betas)}")
        self.betas = fraction(betas[0], "beta 1"), fraction(betas[1], "beta 2")
        self.epsilon = at_least_zero(epsilon, "epsilon")

    def update(self, w: Vector, g: Vector, state: Slots, rate: Any, t: int) -> tuple[Vector, Slots]:
        """One step with both moments."""
        beta1, beta2 = self.betas  # in few arrays: of a large network they do not fit into a cache
        mean, squares = (1 - beta1) * g, (1 - beta2) * g
        mean += beta1 * state["mean"]
        squares *= g
        squares += beta2 * state["squares"]
        scale, step = squares / (1 - beta2**t), mean / (1 - beta1**t)
        np.sqrt(scale, out=scale)
        scale += self.epsilon
        step = np.divide(step, scale, out=step) if self.epsilon else over(step, scale)
        step *= rate
        return np.subtract(w, step, out=step), {"mean": mean, "squares": squares}


class AdamW(Adam):
    """Adam with the weight decay taken off the weights, not added to g (Loshchilov & Hutter 2019)."""

    def __init__(
        self,
        parameters: Iterable[Movable],
        learning_rate: Rate = 0.001,
        betas: tuple[float, float] = (0.9, 0.999),
        epsilon: float = 1e-8,
        weight_decay: float = 0.01,
        **clipping: Unpack[Clipping],
    ) -> None:
        super().__init__(parameters, learning_rate, betas, epsilon, weight_decay, **clipping)

    def decayed(self, w: Vector, g: Vector) -> Vector:
        """The gradient as it is: the decay comes in `update`."""
        return g

    def update(self, w: Vector, g: Vector, state: Slots, rate: Any, t: int) -> tuple[Vector, Slots]:
        """Shrink, then Adam's step."""
        return super().update(w * (1 - rate * self.decays), g, state, rate, t)


# -- checking ---------------------------------------------------------------------------------------


def over(a: Vector, b: Vector) -> Vector:
    """a/b, and 0 where both are 0: with ε = 0 a parameter without gradient stays."""
    if b.all():
        return a / b
    return np.divide(a, b, out=np.zeros_like(a), where=(a != 0) | (b != 0))


def fraction(x: float, what: str) -> float:
    """x if 0 ≤ x < 1, else ArgumentError."""
    if not 0 <= x < 1:
        raise ArgumentError(f"{what} lies in [0, 1), got {x}")
    return float(x)


def at_least_zero(x: float, what: str) -> float:
    """x if 0 ≤ x < ∞, else ArgumentError."""
    if not 0 <= x < np.inf:
        raise ArgumentError(f"{what} is a finite number from 0 up, got {x}")
    return float(x)
