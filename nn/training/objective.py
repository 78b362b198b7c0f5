"""The loss of one sample, recorded once and compiled: its sum over a batch, and the sum's gradient.

It is the seam between training and programs.  The loss function is the same that `train` takes; it is
recorded on a batch of one, with the parameters, the sample and its targets as the program's inputs, and
so is each number that a layer draws, and the sample's weight.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

import numpy as np

from autograd.context import mode, writing_program
from autograd.errors import OperandError
from autograd.lazy import lazy
from autograd.program.compile import Bound, Compiled
from autograd.program.executors import Work
from autograd.program.options import Options
from autograd.program.recording import record_nodes
from autograd.symbol import Symbol
from autograd.text import quoted
from autograd.transforms import running
from autograd.value import Value
from nn.activations import Drawn, recorded_draws
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

    `targets` is the shape of one sample's targets: () or (m,); where `weighted`, the loss is multiplied by the last
    entry of a row.  Raises whatever the loss raises for
    predictions and targets of such shapes; OperandError if it returns anything but one number, and
    GraphError if it looks at numbers that are known only when the program runs.
    """

    def __init__(
        self,
        model: Model,
        loss: Loss,
        moved: Sequence[Value],
        targets: tuple[int, ...],
        weighted: bool,
        backend: str,
        threads: int,
    ) -> None:
        xs = symbols([label.name or "x" for label in input_labels(model.inputs)])
        ys = symbols([f"y{i}" for i in range(1, int(np.prod(targets)) + 1)])
        with recorded_draws() as draws, running([*xs, *ys]), writing_program():
            predictions = _vector(model._run(list(xs)))[None, :]
            J = loss(predictions, ys.reshape(1, *targets))
            if not isinstance(J, Value):
                raise OperandError(f"a loss must return one Value, got {type(J).__name__} {quoted(J)}")
            weight = symbols(["weight"] if weighted else [])
            J = J * weight[0] if weighted else J
            made = mode().made
        self.draws: list[Drawn] = [part for part, _ in draws]
        inputs = [_vector(moved), np.concatenate([xs, ys, weight, _vector([number for _, number in draws])])]
        options: Any = {"argnums": 0, "in_axes": (None, 0), "backend": backend, "threads": threads}
        self._compiled = Compiled(None, Options(reduce="sum", **options), record_nodes(J, inputs, made))
        self._compiled.tells_kinks = False  # a step of training goes by the slopes of the samples as they are
        self._of_outputs = Options(**options), predictions[0], inputs, made
        self._bound: dict[tuple[Any, int], Bound] = {}

    @lazy
    def _outputs(self) -> Compiled:
        """What the loss is of, which residuals ask for."""
        options, *recorded = self._of_outputs
        compiled = Compiled(None, options, record_nodes(*recorded))
        compiled.tells_kinks = False
        return compiled

    def expect(self, work: Work | None) -> None:
        """Let what is going to be asked say what it is asked of."""
        if self._compiled.expect(work):
            self._bound.clear()

    def __call__(self, w: Vector, rows: Array) -> tuple[float, Vector]:
        """The sum of the losses and its gradient; a row holds a sample and its targets.

        The gradient is overwritten by the next call.
        """
        J, gradient = self._run(self._compiled.value_and_grad, w, rows, self._drawn(len(rows)))
        return float(J), gradient

    def value(self, w: Vector, rows: Array) -> float:
        """The sum of the losses alone; what is drawn takes its mean."""
        return float(self._run(self._compiled.value, w, rows, self._means(len(rows))))

    def at_means(self, w: Vector, rows: Array) -> tuple[float, Vector]:
        """As a call, but what is drawn takes its mean."""
        J, gradient = self._run(self._compiled.value_and_grad, w, rows, self._means(len(rows)))
        return float(J), gradient

    def asked(self, what: str, w: Vector, rows: Array, *more: Any) -> Any:
        """`what` of the program, such as "hessian", where all that is drawn takes its mean."""
        return getattr(self._compiled, what)(w, self._with(rows, self._means(len(rows))), *more)

    def outputs(self, w: Vector, rows: Array) -> tuple[Array, Array]:
        """The outputs of each sample, and their Jacobian along the parameters."""
        found: tuple[Array, Array] = self._outputs.value_and_jacobian(w, self._with(rows, self._means(len(rows))))
        return found

    @property
    def captured(self) -> Vector:
        """The Values that it reads beside what it is handed, once it has run: what is not moved."""
        return np.array([value.data for value in self._compiled.captured], float)

    @property
    def backend(self) -> str:
        """What runs the program, and why."""
        return self._compiled.backend

    def _run(self, call: Any, w: Vector, rows: Array, drawn: Array | None) -> Any:
        """Run on arrays that are kept: there are few sizes of batches."""
        given = self._with(rows, drawn)
        bound = self._bound.get((call, len(rows)))
        if bound is None:
            bound = self._bound[call, len(rows)] = call.bind(w, given)
        bound.args[0][...] = w
        bound.args[1][...] = given
        return bound()

    def _drawn(self, samples: int) -> Array | None:
        """The draws of so many samples, in the order in which samples would draw them."""
        if not self.draws:
            return None
        return np.array([[part.draw() for part in self.draws] for _ in range(samples)])

    def _means(self, samples: int) -> Array | None:
        return np.array([[part.mean for part in self.draws]] * samples) if self.draws else None

    def _with(self, rows: Array, drawn: Array | None) -> Array:
        return rows if drawn is None else np.concatenate([rows, drawn], axis=1)


def _vector(items: Sequence[Any]) -> Array:
    found = np.empty(len(items), object)
    found[:] = list(items)
    return found
