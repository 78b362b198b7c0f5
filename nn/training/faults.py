"""Where the training of a network went wrong: the node where nan or inf arose, the layer that nothing moves."""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from autograd.chain import steps
from autograd.errors import GraphError
from autograd.order import dependent, interior
from autograd.replay import follows
from autograd.text import quoted, short
from autograd.value import Value
from nn.training.model import Model


def first_fault(model: Model, loss: Callable[[Any, Any], Any], X: Any, y: Any) -> str:
    """A sentence on the first sample whose loss, or derivative of it, is not finite; computed eagerly."""
    for row in range(len(X)):
        J = loss(model(X[row : row + 1]), y[row : row + 1])
        fault = _in_value(J) or _in_derivative(J)
        if fault:
            return f"sample {row} of the batch: {fault}"
    return "each sample is finite, but the sum over the batch is not"


def still_layers(model: Model, moved: Sequence[Value], gradient: Any) -> list[Any]:
    """The layers with parameters that are moved, of which all have the derivative 0."""
    slopes = dict(zip(moved, gradient.tolist(), strict=True))
    found = [(layer, [slopes[p] for p in layer.parameters() if p in slopes]) for layer in model._layers()]
    return [layer for layer, its in found if its and not any(its)]


def warn_of_still(layers: Sequence[Any], stacklevel: int) -> None:
    """One warning for layers that no training moves."""
    warnings.warn(
        f"training stands still: for every sample the derivative is 0 along all parameters of {layers[-1]!r}, as where "
        "weights start at 0, or where steps were too long and left each unit of relu off: start again with other "
        "weights, a lower learning rate, or the model's input_scale and target_scale set to a Standardization()",
        stacklevel=stacklevel + 1,
    )


def check_fresh(J: Value, moved: Sequence[Value]) -> None:
    """GraphError, with the node's name, if part of a loss keeps a number that what is moved no longer gives."""
    order = interior(J)
    along = dependent(order, moved)
    for node in order:
        row = node.op
        if node in along and row is not None and not row.opaque and not follows(node):
            raise GraphError(
                f"the loss has {_named(node)} in it, {node.data:g}, which was computed before the parameters moved "
                "and does not follow them: compute it where it is used, such as in the loss or in forward"
            )


def _in_value(J: Value) -> str | None:
    for node in interior(J):
        if not math.isfinite(node.data):
            operands = ", ".join(_called(operand) for operand in node.operands[:4])
            more = ", …" if len(node.operands) > 4 else ""
            return f"{_named(node)} is {node.data}: {node.symbol} of {operands}{more}"
    return None


def _in_derivative(J: Value) -> str | None:
    for step in steps(J):
        sent = step.delta * step.slope
        if not np.isfinite(getattr(sent, "data", sent)):
            return (
                f"the derivative from {_called(step.node)} back to {_called(step.operand)} is {sent}: "
                f"δ = {step.delta} times the slope {step.slope} of {step.node.symbol}"
            )
    return None


def _called(operand: Any) -> str:
    if not isinstance(operand, Value):
        return quoted(operand)
    return f"{_named(operand)} = {operand.data:.6g}"


def _named(node: Value) -> str:
    name = short(node.name or node.symbol or "a number")
    return f"{name} in {short(node.scope)}" if node.scope else name
