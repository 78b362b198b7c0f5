"""The programs of a model, each recorded and compiled once, however often `fit` and `predict` are called.

Python of one's own, a `forward`, an activation or a loss, may go by anything, such as an attribute that was set since:
a program of it is recorded each time, and what then runs is shared if it computes the same.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from nn.activations import Activation, PReLU
from nn.losses import LOSSES, bare
from nn.training.model import Model

_OURS = (__package__ or "").rpartition(".")[0] + "."


def remembered(
    model: Model, what: str, key: Any, make: Callable[[], Any], loss: Callable[..., Any] | None = None
) -> Any:
    """What `make` gives, or gave the last time if `key` and the parts of the model are the same.

    It is recorded anew where these, or the `loss` that is in it, do not say all of it.
    """
    parts = [
        (part.training, getattr(part, "activation", None), getattr(part, "dropout", None)) for part in model._parts()
    ]
    whole = (key, model.parameters(), parts)
    known = vars(model).setdefault("_programs", {})
    if what not in known or known[what][0] != whole or not _is_said_by_its_parts(model, loss):
        known[what] = whole, make()
    return known[what][1]


def _is_said_by_its_parts(model: Model, loss: Callable[..., Any] | None) -> bool:
    """Whether nothing but what is ours is recorded, of which all is known."""
    return (loss is None or bare(loss) in LOSSES) and all(map(_is_ours, model._parts()))


def _is_ours(part: Model) -> bool:
    g = getattr(part, "activation", None)
    is_known = not isinstance(g, Activation) or g.plain or type(g) is PReLU  # the slopes of others may be set
    return type(part).__module__.startswith(_OURS) and is_known
