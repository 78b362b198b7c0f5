"""How `fit` is to train: its keywords as one object, which is checked when it is made."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from autograd.errors import ArgumentError, OperandError
from autograd.text import quoted
from nn.data.seeds import Seed
from nn.data.tables import check_count
from nn.losses import half_squared_error
from nn.training.callbacks import Epoch
from nn.training.objective import Loss
from nn.training.optimisers import Optimiser

Callback: TypeAlias = Callable[[Epoch], object]
Validation: TypeAlias = "tuple[Any, Any] | list[Any] | float | None"


@dataclass(frozen=True, kw_only=True)
class FitOptions:
    """What each means stands in `Module.fit`, which has the same keywords and defaults."""

    loss: Loss = half_squared_error
    optimiser: Optimiser | None = None
    epochs: int = 100
    batch_size: int | None = None
    validation: Validation = None
    callbacks: Sequence[Callback] = ()
    seed: Seed = None
    progress: bool | None = None
    backend: str = "auto"
    threads: int = 1

    def __post_init__(self) -> None:
        check_count(self.epochs, "epochs")
        if self.batch_size is not None:
            check_count(self.batch_size, "samples in a batch")
        if not callable(self.loss):
            raise OperandError(
                "a loss is a function of predictions and targets, such as nn.mean_squared_error, got "
                f"{quoted(self.loss)}"
            )
        if self.optimiser is not None and not isinstance(self.optimiser, Optimiser):
            raise OperandError(
                f"an optimiser is one of nn's, such as Adam(model.parameters()), got {quoted(self.optimiser)}"
            )
        if not isinstance(self.callbacks, (list, tuple)):
            raise ArgumentError(f"callbacks is a list of functions of an Epoch, got {quoted(self.callbacks)}")
        for callback in self.callbacks:
            if not callable(callback):
                raise ArgumentError(f"a callback is a function of an Epoch, got {quoted(callback)}")
