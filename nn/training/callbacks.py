"""What `fit` tells its callbacks after each epoch, and early stopping, which is one.

A callback is any function of an `Epoch`.  The model it sees holds the numbers of that moment; it may set
parameters, and may end the training with `epoch.stop()`.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from autograd.errors import ArgumentError
from autograd.text import quoted
from nn.data.tables import Vector, check_count
from nn.training.history import History
from nn.training.model import Model


@dataclass
class Epoch:
    """An epoch that is over: its number in this call of `fit` (from 0), its losses, the model.

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

    @property
    def loss(self) -> float:
        """The loss to watch: that of the validation, where there is one."""
        return self.training if self.validation is None else self.validation

    def stop(self, why: str = "callback", numbers: Vector | None = None) -> None:
        """End the training after this epoch, with these numbers of an earlier one if they are given."""
        self.stopped = why
        self.numbers = self.numbers if numbers is None else numbers


class EarlyStopping:
    """Stops once the loss has not fallen by more than `min_delta` for `patience` epochs in a row.

    The loss is that of the validation, where there is one.  The model is left as it was at its best, also
    where the epochs run out before, unless ``restore_best=False``.

    >>> from nn import MLP
    >>> model = MLP(1, [1], "linear", seed=0)
    >>> history = model.fit([[0], [1]], [1, 3], epochs=10_000, callbacks=[EarlyStopping(patience=5, min_delta=1e-6)])
    >>> history.stopped
    'early stopping'

    Raises:
        ArgumentError: for a patience below 1 and a negative min_delta
    """

    def __init__(self, patience: int = 10, min_delta: float = 0.0, restore_best: bool = True) -> None:
        if not min_delta >= 0:
            raise ArgumentError(f"min_delta is a number from 0 up, got {quoted(min_delta)}")
        self.patience, self.min_delta, self.restore_best = check_count(patience, "epochs"), min_delta, restore_best
        self._forget()

    def _forget(self) -> None:
        self.best, self.waited = math.inf, 0
        self._numbers: Vector | None = None

    def __call__(self, epoch: Epoch) -> None:
        if epoch.number == 0:
            self._forget()
        if epoch.loss < self.best - self.min_delta:
            self.best, self.waited, self._numbers = epoch.loss, 0, epoch.numbers
        else:
            self.waited += 1
        if self.waited >= self.patience:
            epoch.stop("early stopping", self._best_of(epoch))
        elif epoch.last:
            epoch.numbers = self._best_of(epoch)

    def _best_of(self, epoch: Epoch) -> Vector:
        return epoch.numbers if self._numbers is None or not self.restore_best else self._numbers

    def __repr__(self) -> str:
        return f"EarlyStopping(patience={self.patience}, min_delta={self.min_delta})"
