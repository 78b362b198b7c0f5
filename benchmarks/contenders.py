"""Who is timed eagerly.  A contender imports its package only when chosen, since peers live elsewhere.

A run builds a graph, differentiates it and drops it; `answer`, the loss and its gradients, is how the
driver makes sure that all computed the same.
"""

from __future__ import annotations

import gc
import math
import statistics
import time
from collections.abc import Callable
from typing import Any

from benchmarks.workloads import (
    DECAY,
    E1_SAMPLE,
    E1_SIZES,
    E2_SIZES,
    Arithmetic,
    e1,
    e2,
    e3,
    initial_parameters,
    plain_affine,
    two_moons,
)

MOONS = two_moons()


class Contender:
    """Numbers of one package; a subclass says how they are made, written and differentiated."""

    arithmetic: Arithmetic

    def __init__(self) -> None:
        self.parameters: dict[str, list[Any]] = {
            "E1": [self.leaf(p) for p in initial_parameters(E1_SIZES)],
            "E2": [self.leaf(p) for p in initial_parameters(E2_SIZES)],
        }
        xs, y = E1_SAMPLE
        self.sample = [self.leaf(x) for x in xs], self.leaf(y)

    def leaf(self, number: float) -> Any:
        """A node without operands."""
        raise NotImplementedError

    def differentiate(self, loss: Any) -> None:
        """Run backward from `loss`."""
        loss.backward()

    def reset(self) -> None:
        """Between two runs, not timed: set the gradients to 0."""
        for p in (*self.parameters["E1"], *self.parameters["E2"], *self.sample[0], self.sample[1]):
            p.grad = 0.0

    def loss(self, workload: str) -> Any:
        """Forward: E1, E2, or E3 with so many steps, as in ``E3:1000``."""
        if workload == "E1":
            return e1(self.parameters["E1"], *self.sample, self.arithmetic)
        if workload == "E2":
            return e2(self.parameters["E2"], MOONS, self.arithmetic)
        return e3(self.leaf(0.1), int(workload.removeprefix("E3:")), self.arithmetic.tanh)

    def prepare(self, workload: str) -> None:
        """Nothing is done before the first run."""

    def timed(self, workload: str, repeat: int) -> float:
        """Median seconds of one forward + backward, graph dropped; gradients are reset in between."""
        seconds = []
        for _ in range(repeat):
            self.reset()
            if not gc.isenabled():
                gc.collect()  # outside the timing: without it the heap would grow from run to run
            start = time.perf_counter()
            self.differentiate(self.loss(workload))
            seconds.append(time.perf_counter() - start)
        return statistics.median(seconds)

    def pose(self, workload: str) -> None:
        """Nothing is given."""

    def hold(self, workload: str) -> Any:
        """The graph."""
        return self.loss(workload)

    def answer(self, workload: str) -> list[float]:
        """The loss and ∂loss/∂p for every parameter."""
        self.reset()
        loss = self.loss(workload)
        self.differentiate(loss)
        return [self.number(loss), *map(self.gradient, self.parameters[workload])]

    def number(self, node: Any) -> float:
        """A node's value."""
        return float(node.data)

    def gradient(self, node: Any) -> float:
        """A node's δ."""
        return float(node.grad)


class Plain(Contender):
    """This engine, with plain + and ×: one node for each."""

    def __init__(self) -> None:
        from autograd import Value, relu, tanh

        self._value = Value
        self.arithmetic = Arithmetic(plain_affine, tanh, relu)
        super().__init__()

    def leaf(self, number: float) -> Any:
        """A Value."""
        return self._value(number)


class Dot(Plain):
    """This engine, with Σ wᵢxᵢ + b as one node."""

    def __init__(self) -> None:
        from autograd import dot

        super().__init__()
        self.arithmetic = self.arithmetic._replace(affine=dot)


class Networks(Plain):
    """This engine, with networks and losses from nn: every node named and scoped."""

    def __init__(self) -> None:
        import autograd
        import nn

        super().__init__()
        self._nn, self._dot = nn, autograd.dot
        self.models = {
            "E1": nn.MLP(E1_SIZES[0], E1_SIZES[1:], ["tanh", "tanh", "linear"]),
            "E2": nn.MLP(E2_SIZES[0], E2_SIZES[1:], ["relu", "relu", "linear"]),
        }
        for workload, model in self.models.items():
            for node, p in zip(model.parameters(), self.parameters[workload], strict=True):
                node.data = p.data
            self.parameters[workload] = model.parameters()

    def loss(self, workload: str) -> Any:
        """The same losses, in nn's words."""
        if workload == "E1":
            xs, y = self.sample
            return self._nn.mean_squared_error([self.models["E1"](xs)], [y])
        if workload == "E2":
            scores = [self.models["E2"](xs) for xs, _ in MOONS]
            parameters = self.parameters["E2"]
            return self._nn.hinge(scores, [y for _, y in MOONS]) + DECAY * self._dot(parameters, parameters)
        return super().loss(workload)


class Micrograd(Contender):
    """micrograd; it has no tanh, which is added in its own style."""

    def __init__(self) -> None:
        from micrograd.engine import Value

        def tanh(x: Any) -> Any:
            out = Value(math.tanh(x.data), (x,), "tanh")

            def _backward() -> None:
                x.grad += (1 - out.data**2) * out.grad

            out._backward = _backward
            return out

        self._value = Value
        self.arithmetic = Arithmetic(plain_affine, tanh, lambda x: x.relu())
        super().__init__()

    def leaf(self, number: float) -> Any:
        """A micrograd Value."""
        return self._value(number)


class Xad(Contender):
    """xad: a tape in C++, on which registered inputs are recorded."""

    def __init__(self) -> None:
        import xad.adj_1st as adjoint
        import xad.math

        self._real = adjoint.Real
        self._tape = adjoint.Tape()
        self._tape.activate()
        self.arithmetic = Arithmetic(plain_affine, xad.math.tanh, lambda x: xad.math.max(x, 0.0))
        super().__init__()

    def leaf(self, number: float) -> Any:
        """A Real, registered as an input."""
        real = self._real(number)
        self._tape.registerInput(real)
        return real

    def loss(self, workload: str) -> Any:
        """A new recording on the same tape."""
        self._tape.newRecording()
        return super().loss(workload)

    def differentiate(self, loss: Any) -> None:
        """Adjoints of everything on the tape."""
        self._tape.registerOutput(loss)
        loss.derivative = 1.0
        self._tape.computeAdjoints()

    def reset(self) -> None:
        """newRecording has done it."""

    def number(self, node: Any) -> float:
        """A Real's value."""
        return float(node.value)

    def gradient(self, node: Any) -> float:
        """A Real's adjoint."""
        return float(node.derivative)


CONTENDERS: dict[str, Callable[[], Contender]] = {
    "plain": Plain,
    "dot": Dot,
    "networks": Networks,
    "micrograd": Micrograd,
    "xad": Xad,
}
PEERS = ("micrograd", "xad")
