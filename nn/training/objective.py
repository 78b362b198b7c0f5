"""The loss of one sample, recorded once and compiled: its sum over a batch, and the sum's gradient.

It is the seam between training and programs.  The loss function is the same that `train` takes; it is
recorded on a batch of one, with the parameters, the sample and its targets as the program's inputs, and
so is each random slope that a layer draws.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

import numpy as np

from autograd.context import writing_program
from autograd.errors import OperandError
from autograd.program.compile import Bound, compile_graph
from autograd.symbol import Symbol
from autograd.text import quoted
from autograd.transforms import running
from autograd.value import Value
from nn.activations import RReLU, recorded_draws
from nn.data.tables import Array, Vector
from nn.notation import input_labels
from nn.training.model import Model

Loss: TypeAlias = Callable[[Any, Any], Any]


def symbols(names: Sequence[str]) -> Array:
    """A vector of Symbols."""
    found = np.empty(len(names), object)
    found[:] = [Symbol(name) for name in names]
    return found


class Objective:
    """The summed loss of samples as a function of the parameters that are moved.

    `targets` is the shape of one sample's targets: () or (m,).  Raises whatever the loss raises for
    predictions and targets of such shapes; OperandError if it returns anything but one number, and
    GraphError if it looks at numbers that are known only when the program runs.
    """

    def __init__(
        self, model: Model, loss: Loss, moved: Sequence[Value], targets: tuple[int, ...], backend: str, threads: int
    ) -> None:
        xs = symbols([label.name or "x" for label in input_labels(model.inputs)])
        ys = symbols([f"y{i}" for i in range(1, int(np.prod(targets)) + 1)])
        with recorded_draws() as draws, running([*xs, *ys]), writing_program():
            predictions = np.empty((1, model.outputs), object)
            predictions[0, :] = model.forward(list(xs))
            J = loss(predictions, ys.reshape(1, *targets))
        if not isinstance(J, Value):
            raise OperandError(f"a loss must return one Value, got {type(J).__name__} {quoted(J)}")
        self._draws: list[RReLU] = [activation for activation, _ in draws]
        parameters, slopes = np.empty(len(moved), object), np.empty(len(draws), object)
        parameters[:], slopes[:] = list(moved), [slope for _, slope in draws]
        inputs = [parameters, np.concatenate([xs, ys, slopes])]
        self._compiled = compile_graph(
            J, inputs, argnums=0, in_axes=(None, 0), reduce="sum", backend=backend, threads=threads
        )
        self._compiled.tells_kinks = False  # a step of training goes by the slopes of the samples as they are
        self._bound: dict[tuple[Any, int], Bound] = {}

    def __call__(self, w: Vector, rows: Array) -> tuple[float, Vector]:
        """The sum of the losses and its gradient; a row holds a sample and its targets.

        The gradient is overwritten by the next call.
        """
        J, gradient = self._run(self._compiled.value_and_grad, w, rows, self._drawn(len(rows)))
        return float(J), gradient

    def value(self, w: Vector, rows: Array) -> float:
        """The sum of the losses alone; random slopes take their mean."""
        drawn = np.array([[(g.lower + g.upper) / 2 for g in self._draws]] * len(rows)) if self._draws else None
        return float(self._run(self._compiled.value, w, rows, drawn))

    @property
    def backend(self) -> str:
        """What runs the program, and why."""
        return self._compiled.backend

    def _run(self, call: Any, w: Vector, rows: Array, drawn: Array | None) -> Any:
        """Run on arrays that are kept: there are few sizes of batches."""
        given = rows if drawn is None else np.concatenate([rows, drawn], axis=1)
        bound = self._bound.get((call, len(rows)))
        if bound is None:
            bound = self._bound[call, len(rows)] = call.bind(w, given)
        bound.args[0][...] = w
        bound.args[1][...] = given
        return bound()

    def _drawn(self, samples: int) -> Array | None:
        """The random slopes of so many samples, drawn in the order in which samples would draw them."""
        if not self._draws:
            return None
        return np.array([[activation.draw() for activation in self._draws] for _ in range(samples)])
