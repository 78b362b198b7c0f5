"""What a person would say before a training starts: that the outputs cannot become what the loss wants of them.

Nothing here is an error: the training runs.  Of losses and activations of one's own nothing is known, and nothing said.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np

from autograd.context import no_grad
from autograd.errors import ArgumentError
from autograd.text import short
from nn.activations import Activation
from nn.data.tables import Array
from nn.losses import (
    LIKE_TARGETS,
    LOGITS,
    LOSSES,
    PROBABILITIES,
    bare,
    binary_cross_entropy_with_logits,
    poisson,
)
from nn.training.model import Model
from nn.training.prediction import evaluating


def warn_of_reach(model: Model, loss: Callable[..., Any], targets: Array, stacklevel: int) -> None:
    """Warn where the last activation ends before what this loss wants for these targets, on the model's scale."""
    last = getattr(model._layers()[-1], "activation", None)
    takes, reach = LOSSES.get(bare(loss)), None if not isinstance(last, Activation) else last.range
    if last is None or takes is None or reach is None:
        return
    name = getattr(bare(loss), "__name__", "the loss")
    says = {LIKE_TARGETS: _of_targets, LOGITS: _of_logits, PROBABILITIES: _of_probabilities}[takes]
    said = says(loss, last.name, reach, targets)
    if said:
        warnings.warn(said.format(loss=name, last=short(last.name)), stacklevel=stacklevel + 1)


def _of_targets(loss: Any, last: str, reach: tuple[float, float], targets: Array) -> str | None:
    low, high, (bottom, top) = float(np.min(targets)), float(np.max(targets)), reach
    slack = 1e-9 * max(abs(low), abs(high))
    if low >= bottom - slack and high <= top + slack:
        return None
    return (
        f"the targets lie between {low:.6g} and {high:.6g}, but outputs of {{last}}, the last activation, between "
        f"{bottom:.6g} and {top:.6g}: no training reaches all of them; make the last layer linear, or set the model's "
        "target_scale"
    )


def _of_logits(loss: Any, last: str, reach: tuple[float, float], targets: Array) -> str | None:
    both, one = all(map(math.isfinite, reach)), any(map(math.isfinite, reach))
    wants_both_signs = bare(loss) in (binary_cross_entropy_with_logits, poisson)
    if last == "log_softmax" or not (both or (one and wants_both_signs)):
        return None
    other = "" if bare(loss) is not binary_cross_entropy_with_logits else ", or use binary_cross_entropy"
    takes = "the logarithm of a count" if bare(loss) is poisson else "logits, numbers before any softmax or sigmoid"
    ends = " and ".join(f"{end:.6g}" for end in reach if math.isfinite(end))
    return f"{{loss}} takes {takes}, but the last activation is {{last}}, which ends at {ends}: make it linear{other}"


def _of_probabilities(loss: Any, last: str, reach: tuple[float, float], targets: Array) -> str | None:
    if reach[0] >= 0 and reach[1] <= 1:
        return None
    return (
        "{loss} takes probabilities, but the last activation is {last}, whose outputs leave [0, 1]: make it sigmoid, "
        "or keep it linear and use binary_cross_entropy_with_logits"
    )


# -- losses of one's own ----------------------------------------------------------------------------


def check_apart(model: Model, loss: Callable[..., Any], X: Array, y: Array) -> None:
    """Raise ArgumentError if a loss looks across the batch: if it is not the mean of the samples' losses.

    It is tried on two samples that differ, as far as there are some, together and alone.
    """
    if bare(loss) in LOSSES:
        return
    two = _different(X, y)
    with no_grad(), evaluating(model):
        predictions = model(X[two])
        together, *alone = (
            float(getattr(J, "data", J)) for J in (loss(predictions[part], y[two][part]) for part in _PARTS[len(two)])
        )
    mean = sum(alone) / len(alone)
    if not math.isfinite(together + mean) or math.isclose(together, mean, rel_tol=1e-9, abs_tol=1e-12):
        return
    is_sum = math.isclose(together, sum(alone), rel_tol=1e-9)
    hint = "it is their sum: divide it by their number" if is_sum else "nn.train takes a loss that looks across samples"
    raise ArgumentError(
        "fit records the loss of one sample, so a loss is to be the mean over samples, and this one is "
        f"{together:.6g} of two samples but {alone[0]:.6g} and {alone[-1]:.6g} of each alone; {hint}"
    )


_PARTS = {1: [slice(None), slice(None)], 2: [slice(None), slice(0, 1), slice(1, 2)]}


def _different(X: Array, y: Array) -> list[int]:
    """The first sample, and the first after it that differs in both, or in one."""
    others = (X != X[0]).any(axis=1), (y != y[0]).reshape(len(y), -1).any(axis=1)
    for which in (others[0] & others[1], others[0] | others[1]):
        if which.any():
            return [0, int(which.argmax())]
    return [0]
