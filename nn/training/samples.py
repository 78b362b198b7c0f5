"""What a model is trained on: samples with their targets, checked, held out for validation, on the model's scales."""

from __future__ import annotations

from numbers import Real
from typing import Any, NamedTuple

import numpy as np

from autograd.errors import ArgumentError, OperandError
from autograd.text import quoted
from nn.activations import Drawn, Dropout, RReLU
from nn.data.scales import Normalization
from nn.data.tables import Array, ColumnNames, Vector, check_names, column_names, table
from nn.training.model import Model
from nn.training.weights import check_weights


class Data(NamedTuple):
    """Samples × inputs, one target (or a row of them) a sample, and what each counts, if not all the same."""

    X: Array
    y: Array
    weights: Vector | None = None

    @property
    def rows(self) -> Array:
        """A sample, its targets and its weight side by side, in float64."""
        parts = [self.X, self.y] if self.weights is None else [self.X, self.y, self.weights]
        return np.ascontiguousarray(np.column_stack(parts), dtype=float)

    def take(self, which: Any) -> Data:
        """Some of the samples."""
        return Data(self.X[which], self.y[which], None if self.weights is None else self.weights[which])

    def counted(self) -> Data:
        """Those that count at all."""
        return self if self.weights is None or self.weights.all() else self.take(self.weights > 0)


def check_data(model: Model, X: Any, y: Any) -> tuple[Array, Array]:
    """X and y as finite arrays that fit the model and each other.

    Raises:
        ArgumentError: for shapes
        NonFiniteError: naming row and column (from 0)
    """
    samples, names = table(X, "X")
    targets = table(y, "y").array
    check_samples(model, samples, names)
    if targets.ndim not in (1, 2) or len(targets) != len(samples):
        raise ArgumentError(f"y has one target for each of {len(samples)} samples, got shape {targets.shape}")
    if len(samples) == 0:
        raise ArgumentError("there is nothing to train on: X has no rows")
    return samples, targets


def check_samples(model: Model, samples: Array, names: ColumnNames) -> None:
    """Raise ArgumentError unless these are samples × inputs of the model, in columns that it knows."""
    check_names(model.columns or getattr(model.input_scale, "names", None), names, repr(model))
    if samples.ndim == 2:
        model._meet(samples.shape[1])
    if samples.ndim != 2 or samples.shape[1] != model.inputs:
        advice = ""
        if samples.ndim == 1:
            column, row = model.inputs == 1, len(samples) == model.inputs
            advice = ": make it a column with X[:, None]" if column else ": of one sample X[None]" * row
        raise ArgumentError(f"X has shape samples × {model.inputs} for {model!r}, got {samples.shape}{advice}")


def held_out(
    model: Model, validation: Any, data: Data, names: ColumnNames, rng: np.random.Generator
) -> tuple[Data, Data | None]:
    """What to train on and what to validate with: data of its own, or a random share."""
    if validation is None:
        return data, None
    if isinstance(validation, (tuple, list)) and len(validation) in (2, 3):
        X, y, *weights = validation
        found = Data(*check_data(model, X, y))
        check_names(names, column_names(X), repr(model))
        if found.y.shape[1:] != data.y.shape[1:]:
            raise ArgumentError(f"the validation's y has shape {found.y.shape}, that of training {data.y.shape}")
        return data, found._replace(weights=check_weights(weights[0] if weights else None, len(found.X)))
    if isinstance(validation, bool) or not isinstance(validation, Real):
        raise ArgumentError(f"validation is a pair (X, y) or a share of the samples, got {quoted(validation)}")
    return _shared_out(float(validation), data, rng)


def _shared_out(share: float, data: Data, rng: np.random.Generator) -> tuple[Data, Data]:
    if not 0 < share < 1:
        raise ArgumentError(f"validation is a share between 0 and 1 of the samples, or a pair (X, y), got {share:g}")
    count = round(share * len(data.X))
    if not 0 < count < len(data.X):
        what = "train on" if count else "validate with"
        raise ArgumentError(f"a share of {share} of {len(data.X)} samples leaves none to {what}")
    order = rng.permutation(len(data.X))
    return data.take(order[count:]), data.take(order[:count])


def scaled(model: Model, data: Data) -> Data:
    """The data on the scales of the model, which are fitted on the first data they meet."""
    X, y, weights = data
    if model.input_scale is not None:
        X = (model.input_scale if model.input_scale.columns else model.input_scale.fit(X)).transform(X)
    if model.target_scale is not None:
        y = (model.target_scale if model.target_scale.columns else model.target_scale.fit(y)).transform(y)
    return Data(X, y, weights)


def check_scales(model: Model) -> None:
    """Raise OperandError unless the model's scales are ours."""
    for name in ("input_scale", "target_scale"):
        scale = getattr(model, name)
        if scale is not None and not isinstance(scale, Normalization):
            raise OperandError(
                f"{name} is a Standardization or a QuantileNormalization of nn, got {type(scale).__name__} "
                f"{quoted(scale)}; data that another library scales goes in scaled, with {name} None"
            )


def drawing(model: Model) -> list[Drawn]:
    """What draws numbers in this model."""
    found = (getattr(part, name, None) for part in model._parts() for name in ("activation", "dropout"))
    return [part for part in found if isinstance(part, (RReLU, Dropout))]
