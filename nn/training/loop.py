"""`train`: the loop of forward, backward and update, eager and simple: what `fit` does, to read.

It can be called again, with new data and the same optimiser, to train further: the lecture's online
learning.
"""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import numpy as np

from autograd.collector import collector_paused
from autograd.errors import ArgumentError, NonFiniteError, OperandError
from autograd.text import quoted
from autograd.value import Value
from nn.data.seeds import Seed, generator
from nn.data.tables import Array, check_count, column_names
from nn.losses import SUMMED, half_squared_error
from nn.training.faults import still_layers, warn_of_still
from nn.training.model import Model
from nn.training.objective import Loss
from nn.training.optimisers import GradientDescent, Optimiser
from nn.training.progress import progress_bar
from nn.training.samples import check_data


def train(
    model: Model,
    X: Any,
    y: Any,
    *,
    loss: Loss = half_squared_error,
    optimiser: Optimiser | None = None,
    epochs: int = 100,
    batch_size: int | None = None,
    seed: Seed = None,
    progress: bool = False,
) -> list[float]:
    """Train `model` on X (samples × inputs) and y (one target a sample); returns J of every epoch.

    `loss` takes the model's batch of outputs and the targets.  J of an epoch is over all samples as
    they were met, before each update.  With the lecture's J, a sum, the gradient is divided by the
    number of samples; another loss is taken as it is.  `batch_size` splits each epoch into shuffled
    parts (`seed` makes the order repeatable); None is the whole data at once.  The default optimiser is
    `GradientDescent` with rate 0.1; pass your own, and pass it again to go on with its state.

    Ctrl-C ends training early and quietly: the model keeps its last whole update, and the history of
    the finished epochs is returned.

    Raises:
        NonFiniteError: naming row and column, before anything is changed, for nan or inf in the data
        ArgumentError: for shapes that do not fit
    """
    samples, targets = check_data(model, X, y)
    names = column_names(X)
    count = len(samples) if batch_size is None else check_count(batch_size, "samples in a batch")
    optimiser = GradientDescent(model.parameters()) if optimiser is None else optimiser
    if not set(optimiser.parameters) & set(model.parameters()):
        raise ArgumentError(f"{optimiser!r} moves no parameter of {model!r}: make it with model.parameters()")
    rounds, rng = check_count(epochs, "epochs"), generator(seed)
    history: list[float] = []
    with progress_bar(rounds * len(samples), progress) as bar, suppress(KeyboardInterrupt), collector_paused():
        model.columns = names or model.columns
        for _ in range(rounds):
            order = rng.permutation(len(samples)) if count < len(samples) else np.arange(len(samples))
            parts = [order[start : start + count] for start in range(0, len(order), count)]
            found = [train_batch(model, samples[part], targets[part], loss, optimiser) for part in parts]
            history.append(_epoch_loss(found, [len(part) for part in parts], loss))
            if bar is not None:
                bar.set_postfix_str(f"J={history[-1]:.6g}", refresh=False)
                bar.update(len(samples))
    still = still_layers(model, optimiser.parameters, np.array([p.grad for p in optimiser.parameters]))
    if still and count == len(samples) and history and history[-1] != 0:
        warn_of_still(still, stacklevel=2)
    return history  # after Ctrl-C too: updates are whole, so the model is usable as it is


def train_batch(model: Model, X: Array, y: Array, loss: Loss, optimiser: Optimiser) -> float:
    """One forward pass, one backward pass, one update; returns J before the update.

    Raises:
        NonFiniteError: with the parameters as they were, if J is not finite
    """
    J = loss(model(X), y)
    if not isinstance(J, Value):
        raise OperandError(f"a loss must return one Value, got {type(J).__name__} {quoted(J)}")
    if not np.isfinite(J.data):
        raise NonFiniteError(f"the loss became {J.data}; nothing was updated: lower the learning rate")
    optimiser.zero_grad()
    J.backward()
    optimiser.step(samples=len(X) if loss in SUMMED else 1)
    return J.data


def _epoch_loss(found: list[float], sizes: list[int], loss: Loss) -> float:
    """J over all samples: the sum of sums, or the mean of means weighted by size."""
    return float(np.sum(found) if loss in SUMMED else np.average(found, weights=sizes))
