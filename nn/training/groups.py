"""Parameters in groups, each with a rate and a weight decay of its own."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from inspect import ismethod
from typing import Any, NamedTuple, TypeAlias, cast

from autograd.errors import ArgumentError, OperandError
from autograd.text import quoted
from autograd.value import Value
from nn.training.schedules import Rate, rate_at


class Group(NamedTuple):
    """Parameters with a learning rate or a weight decay of their own; None: the optimiser's.

    Weights that decay, and all the rest, which does not:

    >>> from nn import MLP, AdamW
    >>> model = MLP(2, [3, 1])
    >>> weights = model.weight_parameters()
    >>> rest = [p for p in model.parameters() if p not in set(weights)]
    >>> AdamW([Group(weights), Group(rest, weight_decay=0.0)], weight_decay=0.1)
    AdamW(13 parameters in 2 groups, learning_rate=0.001)

    PyTorch's dicts, ``{"params": weights, "lr": 0.1}``, do as well.
    """

    parameters: list[Value]
    learning_rate: Rate | None = None
    weight_decay: float | None = None


Groups: TypeAlias = tuple[Group, ...]
Movable: TypeAlias = "Value | Group | Mapping[str, Any]"
_WORDS = {"params": "parameters", "lr": "learning_rate"}  # PyTorch's, and ours


def groups_of(given: Iterable[Movable]) -> Groups:
    """What an optimiser was given to move, as groups: plain parameters are one.

    Raises:
        ArgumentError: for a group that says what groups cannot say, or a negative rate or decay
        OperandError: for what is no list
    """
    _check_listed(given)
    items = list(given)
    if not any(isinstance(item, (Group, Mapping)) for item in items):
        return (Group(cast("list[Value]", items)),)  # what is no Value is found later
    return tuple(_checked(_group(item)) for item in items)


def check_parameters(parameters: list[Value]) -> None:
    """Raise ArgumentError or OperandError unless these are Values, each once, and at least one."""
    for p in parameters:
        if not isinstance(p, Value):
            raise OperandError(f"an optimiser moves Values, got {type(p).__name__} {quoted(p)}")
    if not parameters:
        raise ArgumentError("an optimiser needs at least one parameter: pass model.parameters()")
    if len(set(parameters)) < len(parameters):
        raise ArgumentError("an optimiser moves each parameter once; one of these is given twice")


def _check_listed(given: Any) -> None:
    if isinstance(given, Mapping) or not hasattr(given, "__iter__"):
        what = f"the method {given.__name__}: put () behind it" if ismethod(given) else quoted(given)
        raise OperandError(f"an optimiser moves a list of parameters, such as model.parameters(), got {what}")


def _group(item: Movable) -> Group:
    if isinstance(item, Group):
        return item
    if not isinstance(item, Mapping):
        raise OperandError(f"parameters are Values alone or groups alone, got {quoted(item)} beside groups")
    said = {_WORDS.get(name, name): value for name, value in item.items()}
    unknown = sorted(set(said) - set(Group._fields))
    if unknown or "parameters" not in said:
        raise ArgumentError(
            "a group says its parameters, and may say learning_rate and weight_decay, got "
            + ", ".join(map(quoted, item))
        )
    return Group(**said)


def _checked(group: Group) -> Group:
    _check_listed(group.parameters)
    if group.learning_rate is not None:
        rate_at(group.learning_rate, 0)
    if group.weight_decay is not None and not 0 <= group.weight_decay < float("inf"):
        raise ArgumentError(f"weight_decay is a finite number from 0 up, got {quoted(group.weight_decay)}")
    return group._replace(parameters=list(group.parameters))
