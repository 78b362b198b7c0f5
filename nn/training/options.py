"""How `fit` is to train: its keywords as one object, which is checked when it is made."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from autograd.errors import ArgumentError, OperandError
from autograd.text import quoted
from nn.data.seeds import Seed
from nn.data.tables import Array, Vector, check_count
from nn.losses import bare, half_squared_error
from nn.training.callbacks import Epoch
from nn.training.objective import Loss
from nn.training.optimisers import Optimiser
from nn.training.weights import ClassWeight

Callback: TypeAlias = Callable[[Epoch], object]
Validation: TypeAlias = "tuple[Any, ...] | list[Any] | float | None"
Metric: TypeAlias = "Callable[[Any, Any], float]"


@dataclass(frozen=True, kw_only=True)
class FitOptions:
    """What each means stands in `Module.fit`, which has the same keywords and defaults, but the last two."""

    loss: Loss = half_squared_error
    optimiser: Optimiser | None = None
    epochs: int = 100
    batch_size: int | None = None
    validation: Validation = None
    sample_weight: Any = None
    class_weight: ClassWeight = None
    metrics: Sequence[Metric] | Mapping[str, Metric] = ()
    callbacks: Sequence[Callback] = ()
    seed: Seed = None
    progress: bool | None = None
    backend: str = "auto"
    threads: int = 1
    order: Callable[[int], Array] | None = (
        None  # of so many samples in an epoch; None: shuffled where there are batches
    )
    penalty: Vector | None = None  # of each parameter: ½ Σ penalty·w² is added to the sum of a batch's losses

    def __post_init__(self) -> None:
        check_count(self.epochs, "epochs")
        if self.batch_size is not None:
            check_count(self.batch_size, "samples in a batch")
        check_loss(self.loss)
        if self.optimiser is not None and not isinstance(self.optimiser, Optimiser):
            raise OperandError(
                f"an optimiser is one of nn's, such as Adam(model.parameters()), got {quoted(self.optimiser)}"
            )
        if not isinstance(self.callbacks, (list, tuple)):
            raise ArgumentError(f"callbacks is a list of functions of an Epoch, got {quoted(self.callbacks)}")
        for callback in self.callbacks:
            if not callable(callback):
                raise ArgumentError(f"a callback is a function of an Epoch, got {quoted(callback)}")
        self.named_metrics()  # which complains of what is none

    def named_metrics(self) -> dict[str, Metric]:
        """The metrics by name: as given, or the functions' own."""
        given = self.metrics
        if not isinstance(given, (list, tuple, Mapping)):
            raise ArgumentError(f"metrics is a list of functions, or a dict of them by name, got {quoted(given)}")
        named = dict(given) if isinstance(given, Mapping) else {_name(metric): metric for metric in given}
        for metric in named.values():
            if not callable(metric):
                raise ArgumentError(f"a metric is a function of predictions and targets, got {quoted(metric)}")
        return named


def check_loss(loss: Any) -> None:
    """Raise OperandError for what is no loss, a class or another library's among them."""
    foreign = type(loss).__module__.partition(".")[0] in ("torch", "keras", "tensorflow")
    if not callable(loss) or isinstance(loss, type) or foreign:
        raise OperandError(
            f"a loss is a function of predictions and targets, such as nn.mean_squared_error, got {quoted(loss)}"
        )


def _name(metric: Any) -> str:
    return getattr(bare(metric), "__name__", type(metric).__name__)
