"""What a network is called with, one sample or a batch, and what it answers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from autograd.array import ValueArray
from autograd.errors import ArgumentError, OperandError
from autograd.text import quoted
from autograd.value import Value, number
from nn.data.tables import check_names, column_names, table
from nn.notation import input_labels
from nn.training.model import Model


def answer(model: Model, x: Any) -> Any:
    """The outputs for one sample or for a batch: see `Module.__call__`."""
    as_array = isinstance(x, ValueArray) and x.ndim == 1  # an array of Values is answered with one
    if isinstance(x, np.ndarray):
        if x.ndim == 2:
            return _of_batch(model, x)
        if x.ndim != 1:
            raise ArgumentError(f"a network takes one sample or a 2-d batch, got an array of shape {x.shape}")
        x = x.tolist()
    elif not isinstance(x, (list, tuple)):
        x = _as_sequence(model, x)
        if isinstance(x, np.ndarray):
            return answer(model, x)
    if x and isinstance(x[0], (list, tuple, np.ndarray)):
        return _of_batch(model, x)
    found = model._run(_inputs(model, x))
    if as_array:
        return values(found)
    return found[0] if len(found) == 1 else found


def values(xs: Sequence[Value]) -> Any:
    """Values as an array of Values, which NumPy's functions and operators take."""
    array = np.empty(len(xs), object)
    array[:] = list(xs)
    return array.view(ValueArray)


def outputs_of(answer: Any, model: str) -> list[Value]:
    """What a forward pass came to, as a list of Values; OperandError for anything else."""
    found = [answer] if isinstance(answer, Value) else answer
    if not isinstance(found, (list, tuple, np.ndarray)) or not all(isinstance(a, Value) for a in np.ravel(found)):
        raise OperandError(
            f"forward returns a Value, or Values in a list or array, got {type(answer).__name__} {quoted(answer)} from "
            f"that of {model}"
        )
    return list(np.ravel(found))


def _as_sequence(model: Model, x: Any) -> Any:
    """A data frame, iterator or the like as an array or list."""
    if column_names(x) is not None:
        array, names = table(x)
        check_names(model.columns, names, repr(model))
        return array
    if hasattr(x, "__array__") and not isinstance(x, np.generic):
        return np.asarray(x)
    if isinstance(x, (str, Value, np.generic)) or not hasattr(x, "__iter__"):
        raise OperandError(
            f"a network takes a sequence of numbers, got {type(x).__name__} {quoted(x)}; put a single number in a list"
        )
    return list(x)


def _of_batch(model: Model, rows: Any) -> Any:
    if isinstance(rows, np.ndarray):
        _check_width(model, rows.shape[1])
        rows = rows.tolist()
    samples = [_inputs(model, row) for row in rows]
    answers = np.empty((len(rows), model.outputs), object)
    for i, row in enumerate(samples):
        answers[i, :] = model._run(row)
    return answers


def _inputs(model: Model, x: Sequence[Any]) -> list[Value]:
    """One sample as Values; those made here carry the names x₁, x₂, …."""
    _check_width(model, len(x))
    xs = []
    for item, label in zip(x, input_labels(len(x)), strict=True):
        if not isinstance(item, Value):
            item = Value(number(item, "an input"))
            item._words = label
        xs.append(item)
    return xs


def _check_width(model: Model, width: int) -> None:
    model._meet(width)
    if width != model.inputs:
        raise ArgumentError(f"{model!r} takes {model.inputs} inputs, got a sample of {width}")
