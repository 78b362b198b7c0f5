"""What people judge predictions by, beside losses: functions of numbers, for the history of a training."""

from __future__ import annotations

from typing import Any

import numpy as np

from autograd.errors import ArgumentError


def accuracy(predictions: Any, targets: Any, threshold: float = 0.0) -> float:
    """The share of samples of which the class is predicted.

    Of several outputs the largest is the class, and targets are class indices or rows of probabilities; with rows of 0
    and 1 of several labels it is the share of the labels.  One output says 1 where it is above `threshold`: 0 for
    logits, ½ for probabilities.

    >>> accuracy([[2.0, 1.0], [0.0, 1.0]], [0, 0])
    0.5

    Raises:
        ArgumentError: for shapes that do not fit
    """
    p, y = np.asarray(predictions), np.asarray(targets)
    if p.ndim == 2 and p.shape[1] > 1 and y.shape == p.shape[:1]:
        return float(np.mean(p.argmax(axis=1) == y))
    if p.ndim == 2 and p.shape == y.shape and p.shape[1] > 1 and np.allclose(y.sum(axis=1), 1.0):
        return float(np.mean(p.argmax(axis=1) == y.argmax(axis=1)))
    if p.size != y.size or p.shape[:1] != y.shape[:1]:
        raise ArgumentError(f"predictions have shape {p.shape} but targets {y.shape}; they must agree")
    return float(np.mean((p.ravel() > threshold) == (y.ravel() > 0.5)))
