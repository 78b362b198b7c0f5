"""The history of a training: the loss of every epoch, for plots and for carrying on."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field, fields
from typing import Any

from autograd.errors import ArgumentError
from autograd.text import quoted


@dataclass
class History(Mapping[str, list[float]]):
    """Losses of every epoch, by name: ``history["training"]`` and, where there was one, ``history["validation"]``.

    It is a mapping of curves, so ``viz.plots.plot_loss(history)`` plots it.  `seconds` is the time each
    epoch took, `samples` how many samples were seen in all, `stopped` why training last ended:
    "epochs", "early stopping", "callback" or "interrupted".

    >>> history = History([2.0, 1.0], [2.5, 1.5])
    >>> history["validation"], history.best
    ([2.5, 1.5], 1)
    """

    training: list[float] = field(default_factory=list)
    validation: list[float] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)
    samples: int = 0
    stopped: str = ""

    @property
    def best(self) -> int | None:
        """The epoch, from 0, of the lowest validation loss, or training loss without validation."""
        losses = self.validation or self.training
        return min(range(len(losses)), key=losses.__getitem__) if losses else None

    @property
    def samples_per_second(self) -> float:
        """Over all epochs together; 0 before the first."""
        spent = sum(self.seconds)
        return self.samples / spent if spent else 0.0

    def __getitem__(self, name: str) -> list[float]:
        if name not in tuple(self):
            raise KeyError(f"a history has the curves {list(self)}, got {quoted(name)}")
        curve: list[float] = getattr(self, name)
        return curve

    def __iter__(self) -> Iterator[str]:
        return iter(("training", "validation") if self.validation else ("training",))

    def __len__(self) -> int:
        return 2 if self.validation else 1

    def to_dict(self) -> dict[str, Any]:
        """Everything, as plain data."""
        return asdict(self)

    @classmethod
    def from_dict(cls, saved: Mapping[str, Any]) -> History:
        """What `to_dict` gave; ArgumentError for anything else."""
        if set(saved) != {f.name for f in fields(cls)}:
            raise ArgumentError(f"a history is saved as {[f.name for f in fields(cls)]}, got {sorted(saved)}")
        curves = {name: [float(x) for x in saved[name]] for name in ("training", "validation", "seconds")}
        return cls(**curves, samples=int(saved["samples"]), stopped=str(saved["stopped"]))
