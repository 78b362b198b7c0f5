"""The programs of a model, each recorded and compiled once, however often `fit` and `predict` are called."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from nn.training.model import Model


def remembered(model: Model, what: str, key: Any, make: Callable[[], Any]) -> Any:
    """What `make` gives, or gave the last time if `key` and the parts of the model are the same."""
    parts = [
        (part.training, getattr(part, "activation", None), getattr(part, "dropout", None)) for part in model._parts()
    ]
    whole = (key, model.parameters(), parts)
    known = vars(model).setdefault("_programs", {})
    if what not in known or known[what][0] != whole:
        known[what] = whole, make()
    return known[what][1]
