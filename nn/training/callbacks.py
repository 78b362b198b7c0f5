"""What `fit` tells its callbacks after each batch and each epoch, and early stopping, which is one.

A callback is any function of an `Epoch`.  The model it sees holds the numbers of that moment; it may set
parameters, and may end the training with `epoch.stop()`.  A `Callback` hears of more.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

from autograd.errors import ArgumentError
from autograd.given import flag
from autograd.text import quoted
from nn.data.tables import Vector, check_count
from nn.training.history import History
from nn.training.model import Model


@dataclass(frozen=True)
class Batch:
    """A batch that is over: its number (from 0) in its epoch, how many samples it has, its loss, and its gradient.

    The loss and the gradient are means over the batch, the gradient one number for each parameter that is moved, before
    it is clipped.
    """

    epoch: int
    number: int
    samples: int
    loss: float
    gradient: Vector


@dataclass
class Epoch:
    """An epoch that is over: its number in this call of `fit` (from 0), its losses, the model.

    The losses are means over samples, so that the two can be compared.

    `numbers` are the parameters that are moved, as a vector that nobody changes; `last` says that it is
    the last epoch that `fit` was asked for.
    """

    number: int
    training: float
    validation: float | None
    model: Model
    history: History
    numbers: Vector
    last: bool = False
    stopped: str = ""
    metrics: Mapping[str, float] = field(default_factory=dict)

    @property
    def loss(self) -> float:
        """The loss to watch: that of the validation, where there is one."""
        return self.training if self.validation is None else self.validation

    def stop(self, why: str = "callback", numbers: Vector | None = None) -> None:
        """End the training after this epoch, with these numbers of an earlier one if they are given."""
        self.stopped = why
        self.numbers = self.numbers if numbers is None else numbers


class Callback:
    """Something that `fit` calls at more moments than a function of an `Epoch`; each method may be overwritten.

    >>> class Longest(Callback):
    ...     def begin(self):
    ...         self.norm = 0.0
    ...     def batch(self, batch):
    ...         self.norm = max(self.norm, float(abs(batch.gradient).max()))
    >>> from nn import MLP
    >>> longest = Longest()
    >>> history = MLP(1, [1], seed=0).fit([[0], [1]], [1, 3], epochs=3, batch_size=1, callbacks=[longest])
    >>> longest.norm > 0
    True
    """

    looks: bool = True  # at the model or its parameters after an epoch, so that these have to be written

    def begin(self) -> None:
        """Before the first batch."""

    def batch(self, batch: Batch) -> None:
        """After each step; the parameters are not written into the model yet."""

    def __call__(self, epoch: Epoch) -> None:
        """After each epoch."""

    def left(self, numbers: Vector) -> Vector:
        """The parameters that the model is left with, whoever ended the training: these, or better ones."""
        return numbers


class EarlyStopping(Callback):
    """Stops once the loss has not fallen by more than `min_delta` for `patience` epochs in a row.

    The loss is that of the validation, where there is one.  The model is left as it was at its best, whatever ended
    the training, the epochs, another callback or Ctrl-C, unless ``restore_best=False``.

    >>> from nn import MLP
    >>> model = MLP(1, [1], "linear", seed=0)
    >>> history = model.fit([[0], [1]], [1, 3], epochs=10_000, callbacks=[EarlyStopping(patience=5, min_delta=1e-6)])
    >>> history.stopped
    'early stopping'

    Raises:
        ArgumentError: for a patience below 1 and a negative min_delta
    """

    looks = False

    def __init__(self, patience: int = 10, min_delta: float = 0.0, restore_best: bool = True) -> None:
        if not min_delta >= 0:
            raise ArgumentError(f"min_delta is a number from 0 up, got {quoted(min_delta)}")
        self.patience, self.min_delta = check_count(patience, "epochs"), min_delta
        self.restore_best = flag(restore_best, "restore_best")
        self.begin()

    def begin(self) -> None:
        """Forget what was before."""
        self.best, self.waited = math.inf, 0
        self._numbers: Vector | None = None

    def __call__(self, epoch: Epoch) -> None:
        """Remember the best, and stop after too many that are not better."""
        if epoch.loss < self.best - self.min_delta:
            self.best, self.waited, self._numbers = epoch.loss, 0, epoch.numbers
        else:
            self.waited += 1
        if self.waited >= self.patience:
            epoch.stop("early stopping")

    def left(self, numbers: Vector) -> Vector:
        """The best."""
        return numbers if self._numbers is None or not self.restore_best else self._numbers

    def __repr__(self) -> str:
        return f"EarlyStopping(patience={self.patience}, min_delta={self.min_delta})"
