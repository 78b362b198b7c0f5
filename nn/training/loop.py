"""`train`: the loop of forward, backward and update, eager and simple: what `fit` does, to read.

It can be called again, with new data and the same optimiser, to train further: the lecture's online
learning.
"""

from __future__ import annotations

from contextlib import suppress
from itertools import chain, repeat
from typing import Any

import numpy as np

from autograd.collector import collector_paused
from autograd.errors import ArgumentError, NonFiniteError
from nn.data.seeds import Seed, generator
from nn.data.tables import check_count, column_names
from nn.losses import half_squared_error, summed
from nn.training.advice import warn_of_reach
from nn.training.eager import EagerProblem, batch_loss, divisor
from nn.training.faults import check_fresh, still_layers, warn_of_still
from nn.training.model import Model
from nn.training.objective import Loss
from nn.training.optimisers import GradientDescent, Optimiser
from nn.training.options import check_loss
from nn.training.progress import progress_bar
from nn.training.samples import Data, check_data, drawing
from nn.training.weights import ClassWeight, check_weights, class_weights, weighed
from nn.words import worded

CALLER = 4  # frames up to the line that calls `train`: itself, and what takes its synonyms


@worded(optimizer="optimiser")
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
    sample_weight: Any = None,
    class_weight: ClassWeight = None,
) -> list[float]:
    """Train `model` on X (samples × inputs) and y (one target a sample); returns the mean J of every epoch.

    `loss` takes the model's batch of outputs and the targets.  J of an epoch is over all samples as
    they were met, before each update, a mean whatever the loss.  With the lecture's J, a sum, the gradient is
    divided by the number of samples; another loss is taken as it is.  `batch_size` splits each epoch into shuffled
    parts (`seed` makes the order repeatable); None is the whole data at once.  The default optimiser is
    `GradientDescent` with rate 0.1; pass your own, and pass it again to go on with its state.  Weights of samples and
    classes are as in `Module.fit`: the loss is then taken of each sample alone.

    Ctrl-C ends training early and quietly: the model keeps its last whole update, and the history of
    the finished epochs is returned.

    Raises:
        NonFiniteError: naming row and column, before anything is changed, for nan or inf in the data
        ArgumentError: for shapes that do not fit
        GraphError: after the first update, for a loss with a part, such as a penalty, that was computed before `train`
            and does not follow the parameters
    """
    check_loss(loss)
    data = Data(*check_data(model, X, y), check_weights(sample_weight, len(X)))
    data = data._replace(weights=weighed(data.weights, class_weights(class_weight, data.y), data.y)).counted()
    names, size = column_names(X), len(data.X)
    count = size if batch_size is None else min(check_count(batch_size, "samples in a batch"), size)
    optimiser = GradientDescent(model.parameters()) if optimiser is None else optimiser
    _check_optimiser(model, optimiser, batch_size)
    rounds, rng = check_count(epochs, "epochs"), generator(seed)
    warn_of_reach(model, loss, data.y, stacklevel=CALLER)
    history: list[float] = []
    looks = chain([False, True], repeat(False))  # once parameters have moved, what does not follow them is told apart
    with progress_bar(rounds * size, progress) as bar, suppress(KeyboardInterrupt), collector_paused():
        model.columns = names or model.columns
        for _ in range(rounds):
            order = rng.permutation(size) if count < size else np.arange(size)
            parts = [data.take(order[start : start + count]) for start in range(0, size, count)]
            found = [train_batch(model, part, loss, optimiser, next(looks)) for part in parts]
            history.append(_epoch_loss(found, parts, loss))
            optimiser.observe(history[-1])
            if bar is not None:
                bar.set_postfix_str(f"J={history[-1]:.6g}", refresh=False)
                bar.update(size)
    still = still_layers(model, optimiser.parameters, np.array([p.grad for p in optimiser.parameters]))
    if still and count == size and history and history[-1] != 0:
        warn_of_still(still, stacklevel=CALLER)
    return history  # after Ctrl-C too: updates are whole, so the model is usable as it is


def train_batch(model: Model, batch: Data, loss: Loss, optimiser: Optimiser, looks: bool = False) -> float:
    """One forward pass, one backward pass, one update; returns J before the update.

    Raises:
        NonFiniteError: with the parameters as they were, if J is not finite
        GraphError: so too, if it `looks`, and part of J was computed before parameters moved
    """
    J = batch_loss(model, batch, loss)
    if looks:
        check_fresh(J, optimiser.parameters)
    if not np.isfinite(J.data):
        raise NonFiniteError(f"the loss became {J.data}; nothing was updated: lower the learning rate")
    optimiser.zero_grad()
    J.backward()
    if optimiser.whole_data:
        EagerProblem(model, batch, loss, optimiser.parameters).step(optimiser)
    else:
        optimiser.step(samples=divisor(batch, loss))
    return J.data


def _check_optimiser(model: Model, optimiser: Optimiser, batch_size: int | None) -> None:
    if not set(optimiser.parameters) & set(model.parameters()):
        raise ArgumentError(f"{optimiser!r} moves no parameter of {model!r}: make it with model.parameters()")
    if optimiser.whole_data and (batch_size is not None or drawing(model)):
        raise ArgumentError(
            f"{optimiser!r} asks for the same loss several times, which no training has that draws numbers or batches"
        )


def _epoch_loss(found: list[float], parts: list[Data], loss: Loss) -> float:
    """The mean J of all samples: of sums, or of means as much as each batch counts."""
    if parts[0].weights is not None:
        return float(np.average(found, weights=[part.weights.sum() for part in parts if part.weights is not None]))
    sizes = [len(part.X) for part in parts]
    return float(np.sum(found) / np.sum(sizes) if summed(loss) else np.average(found, weights=sizes))
