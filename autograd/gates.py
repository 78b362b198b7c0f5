"""Derivatives of what is recorded without numbers: which branch of a `where` they go back to is not known yet.

With numbers, nothing goes back to a branch that was not chosen.  Without, a derivative is written for
both, and a condition says whether it comes back at all: 0 stands for nothing.  That must be chosen, not
multiplied by, since behind the other branch may stand a slope of ∞, and 0 · ∞ is nan.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import reduce
from typing import Any, NamedTuple

from autograd.recorder import RECORDERS
from autograd.value import Value

_where, _either = RECORDERS["where"], RECORDERS["maximum"]
ALWAYS = None  # the condition of what a derivative always comes back to


class Gate(NamedTuple):
    """A slope that counts while `condition` holds, if it is a `where`'s first branch, else while it does not."""

    condition: Value
    slope: Any
    first: bool = True

    def let(self, x: Any) -> Any:
        """x while the gate is open, else 0."""
        return _where(self.condition, x, 0.0) if self.first else _where(self.condition, 0.0, x)


def gates_of(node: Value) -> tuple[None, Gate, Gate]:
    """The slopes of a `where`: none to its condition, 1 to the branch that it chooses."""
    condition = node._operands[0]
    return None, Gate(condition, 1.0), Gate(condition, 1.0, first=False)  # type: ignore[arg-type]  # else it were a Value


class GatedSlopes:
    """`slopes_of` for the chain rule backwards, where every slope behind a `where` has a gate.

    A node that several users send δ to is behind a gate only if all of these are, and then behind
    either of theirs.
    """

    def __init__(self, slopes_of: Callable[[Value], Sequence[Any]], roots: Iterable[Value]) -> None:
        self._slopes_of = slopes_of
        self._conditions: dict[Value, Any] = dict.fromkeys(roots, ALWAYS)

    def __call__(self, node: Value) -> list[Any]:
        behind = self._conditions.get(node, ALWAYS)
        found: list[Any] = []
        for operand, slope in zip(node._operands, self._slopes_of(node), strict=True):
            condition = behind
            if isinstance(slope, Gate):
                condition = slope.let(1.0 if behind is ALWAYS else behind)
                slope = Gate(condition, 1.0)
            elif isinstance(slope, Value) and behind is not ALWAYS:
                slope = Gate(behind, slope)
            if slope is not None:
                self._reach(operand, condition)
            found.append(slope)
        return found

    def _reach(self, operand: Any, condition: Any) -> None:
        before = self._conditions.setdefault(operand, condition)
        if before is not condition and before is not ALWAYS:
            self._conditions[operand] = ALWAYS if condition is ALWAYS else _either(before, condition)


class GatedTangents:
    """`slopes_of` for the chain rule forwards: what moves only while a branch is chosen passes on behind its gate.

    A node moves behind a gate only if all that it moves with does, and then behind either of theirs.
    """

    def __init__(self, slopes_of: Callable[[Value], Sequence[Any]], moving: Iterable[Value]) -> None:
        self._slopes_of = slopes_of
        self._conditions: dict[Value, Any] = dict.fromkeys(moving, ALWAYS)

    def __call__(self, node: Value) -> list[Any]:
        found: list[Any] = []
        conditions: list[Any] = []
        for operand, slope in zip(node._operands, self._slopes_of(node), strict=True):
            if slope is not None and isinstance(operand, Value) and operand in self._conditions:
                condition = behind = self._conditions[operand]
                if isinstance(slope, Gate):
                    condition = slope.let(1.0 if behind is ALWAYS else behind)
                    slope = Gate(condition, 1.0)
                elif isinstance(slope, Value) and behind is not ALWAYS:
                    slope = Gate(behind, slope)
                conditions.append(condition)
            found.append(slope)
        if conditions:
            self._conditions[node] = ALWAYS if any(c is ALWAYS for c in conditions) else reduce(_either, conditions)
        return found
