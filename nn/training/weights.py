"""How much each sample counts: weights of samples, and of classes, as one number a sample."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeAlias

import numpy as np

from autograd.errors import ArgumentError
from autograd.text import quoted
from nn.data.tables import Array, Vector, table

ClassWeight: TypeAlias = "Mapping[Any, float] | str | None"


def check_weights(sample_weight: Any, samples: int) -> Vector | None:
    """Weights from 0 up, one a sample, not all 0; None without.

    Raises:
        ArgumentError: for another number of them, or a weight below 0
        NonFiniteError: for nan and inf
    """
    if sample_weight is None:
        return None
    weights = np.asarray(table(sample_weight, "sample_weight").array, float)
    if weights.shape != (samples,):
        raise ArgumentError(f"sample_weight has one number for each of {samples} samples, got shape {weights.shape}")
    if (weights < 0).any() or not weights.any():
        raise ArgumentError(
            f"weights of samples are from 0 up, and not all of them zero, got {quoted(float(weights.min()))}"
        )
    return weights


def class_weights(wanted: ClassWeight, targets: Array) -> dict[Any, float] | None:
    """The weight of each class: as given, or "balanced", samples / (classes · samples of the class)."""
    if wanted is None:
        return None
    classes, counts = np.unique(_classes(targets), return_counts=True)
    if isinstance(wanted, str) and wanted == "balanced":
        return {c: len(targets) / (len(classes) * n) for c, n in zip(classes.tolist(), counts.tolist(), strict=True)}
    if not isinstance(wanted, Mapping):
        raise ArgumentError(f'class_weight is a dict from class to weight, or "balanced", got {quoted(wanted)}')
    unknown = [c for c in wanted if c not in set(classes.tolist())]
    if unknown:
        raise ArgumentError(f"class_weight has {quoted(unknown[0])}, and y only the classes {quoted(classes.tolist())}")
    return dict(wanted)


def weighed(weights: Vector | None, by_class: Mapping[Any, float] | None, targets: Array) -> Vector | None:
    """The weights of samples, times those of their classes; a class that is not named counts 1."""
    if by_class is None:
        return weights
    found = np.array([by_class.get(c, 1.0) for c in _classes(targets).tolist()], float)
    return check_weights(found if weights is None else found * weights, len(targets))


def _classes(targets: Array) -> Array:
    """One class a sample: an index or a label, or of several columns the largest."""
    if targets.ndim == 2 and targets.shape[1] > 1:
        if not ((targets == 0) | (targets == 1)).all() or (targets.sum(axis=1) != 1).any():
            raise ArgumentError("class_weight needs one class a sample: class indices, or rows with a single 1")
        found: Array = targets.argmax(axis=1)
        return found
    return targets.reshape(-1)
