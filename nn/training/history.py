"""The history of a training: the loss of every epoch, for plots and for carrying on."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field, fields
from typing import Any

from autograd.errors import ArgumentError
from autograd.text import quoted


@dataclass
class History(Mapping[str, list[float]]):
    """Losses of every epoch, by name: ``history["training"]`` and, where there was one, ``history["validation"]``.

    Losses are means over the samples, whatever the loss, so that both can be compared.  It is a mapping of curves, so
    ``viz.plots.plot_loss(history)`` plots it.  `metrics` has those of the metrics by their names, such as "accuracy"
    and "validation accuracy".  All curves have one number an epoch, nan where there was none.
    `seconds` is the time each epoch took, `samples` how many samples were seen in all, `stopped` why training last
    ended: "epochs", "early stopping", "converged", "callback" or "interrupted".

    >>> history = History([2.0, 1.0], [2.5, 1.5])
    >>> history["validation"], history.best
    ([2.5, 1.5], 1)
    """

    training: list[float] = field(default_factory=list)
    validation: list[float] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)
    samples: int = 0
    stopped: str = ""
    metrics: dict[str, list[float]] = field(default_factory=dict)

    @property
    def best(self) -> int | None:
        """The epoch, from 0, of the lowest validation loss, or training loss where no epoch had a validation."""
        losses = self.validation or self.training
        known = [epoch for epoch, loss in enumerate(losses) if not math.isnan(loss)]
        return min(known, key=losses.__getitem__) if known else None

    @property
    def samples_per_second(self) -> float:
        """Over all epochs together; 0 before the first."""
        spent = sum(self.seconds)
        return self.samples / spent if spent else 0.0

    def note(self, training: float, validation: float | None, metrics: Mapping[str, float]) -> None:
        """One more epoch; what it does not have is nan, and so is what earlier ones did not have."""
        before = len(self.training)
        self.training.append(training)
        if validation is not None or self.validation:
            _noted(self.validation, before, validation)
        for name in {**self.metrics, **metrics}:
            _noted(self.metrics.setdefault(name, []), before, metrics.get(name))

    def __getitem__(self, name: str) -> list[float]:
        if name not in tuple(self):
            others = f"; metrics has {list(self.metrics)}" if self.metrics else ""
            raise KeyError(f"a history has the curves {list(self)}{others}, got {quoted(name)}")
        curve: list[float] = getattr(self, name)
        return curve

    def __iter__(self) -> Iterator[str]:
        return iter(("training", "validation") if self.validation else ("training",))

    def __len__(self) -> int:
        return 2 if self.validation else 1

    def __repr__(self) -> str:
        curves = [(name, self[name]) for name in self] + list(self.metrics.items())
        told = [f"{name} {curve[0]:.4g} → {curve[-1]:.4g}" for name, curve in curves if curve]
        epochs = f"{len(self.training):,} epoch{'s' * (len(self.training) != 1)}"
        return f"<{', '.join([f'history of {epochs}', *told])}>"

    def to_dict(self) -> dict[str, Any]:
        """Everything, as plain data."""
        return asdict(self)

    @classmethod
    def from_dict(cls, saved: Mapping[str, Any]) -> History:
        """What `to_dict` gave, now or before there were metrics; ArgumentError for anything else."""
        known = {f.name for f in fields(cls)}
        if set(saved) | {"metrics"} != known:
            raise ArgumentError(f"a history is saved as {sorted(known)}, got {sorted(saved)}")
        curves = {name: [float(x) for x in saved[name]] for name in ("training", "validation", "seconds")}
        metrics = {str(name): [float(x) for x in curve] for name, curve in saved.get("metrics", {}).items()}
        if curves["validation"]:
            missing = len(curves["training"]) - len(curves["validation"])
            curves["validation"] = [math.nan] * missing + curves["validation"]
        return cls(**curves, metrics=metrics, samples=int(saved["samples"]), stopped=str(saved["stopped"]))


def _noted(curve: list[float], before: int, number: float | None) -> None:
    """One more number, at its epoch."""
    curve.extend([math.nan] * (before - len(curve)))
    curve.append(math.nan if number is None else number)
