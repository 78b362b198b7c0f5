"""One of two, by a comparison: picked where the numbers are known, recorded where they are not."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from autograd.functions import abs as abs_
from autograd.functions import where
from autograd.ops.table import guard
from autograd.recorder import RECORDERS
from autograd.value import Value


def choose(condition: Any, chosen: Any, other: Any) -> Any:
    """`chosen` where the condition holds, else `other`."""
    return _chosen(where, condition, chosen, other)


def choose_form(condition: Any, chosen: Any, other: Any) -> Any:
    """The same of two forms of one number, whose choice is no kink: that is not smoothed where kinks are."""
    return _chosen(RECORDERS[guard.name], condition, chosen, other)


def _chosen(record: Callable[..., Any], condition: Any, chosen: Any, other: Any) -> Any:
    if not isinstance(condition, Value):
        return chosen if condition else other
    same = chosen is other or (type(chosen) is type(other) is float and chosen.hex() == other.hex())
    return chosen if same else record(condition, chosen, other)


def holds(condition: Any) -> bool:
    """Whether a comparison is known to hold; one that is recorded is answered at every run, and not here."""
    return not isinstance(condition, Value) and bool(condition)


def is_zero(x: Any) -> Any:
    """Whether a number is 0: a bool, or a Condition."""
    return abs_(x) <= 0.0
