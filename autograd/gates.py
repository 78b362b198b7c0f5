"""Derivatives as graphs: which branch of a choice they go back to is not known once and for all.

With numbers, nothing goes back to a branch that was not chosen.  In a graph, which may be computed again with
other numbers, a derivative is written for both, and a condition says whether it comes back at all: 0 stands for
nothing.  That must be chosen, not multiplied by, since behind the other branch may stand a slope of ∞, and 0 · ∞
is nan.  A choice between two forms of one number, a `guard`, stays one in its derivatives.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import reduce
from math import isfinite
from typing import Any, NamedTuple

from autograd.ops import table
from autograd.recorder import RECORDERS
from autograd.value import Value

_where, _either = RECORDERS[table.where_.name], RECORDERS[table.maximum.name]


class Gate(NamedTuple):
    """A slope that counts while `condition` holds, if it is a choice's first branch, else while it does not."""

    condition: Value
    slope: Any
    first: bool = True
    choose: Callable[..., Any] = _where  # or guard, which chooses alike

    def let(self, x: Any) -> Any:
        """x while the gate is open, else 0."""
        return self.choose(self.condition, x, 0.0) if self.first else self.choose(self.condition, 0.0, x)

    def behind(self, other: Gate | None) -> Gate:
        """What is open while both are."""
        if other is ALWAYS:
            return Gate(self.let(1.0), 1.0, choose=self.choose)
        return Gate(self.let(other.condition), 1.0, choose=self._with(other))

    def beside(self, other: Gate) -> Gate:
        """What is open while either is; both are open where their conditions hold."""
        return Gate(_either(self.condition, other.condition), 1.0, choose=self._with(other))

    def _with(self, other: Gate) -> Callable[..., Any]:
        return self.choose if self.choose is other.choose else _where


ALWAYS = None  # the gate of what a derivative always comes back to


def gates_of(node: Value) -> tuple[None, Gate, Gate]:
    """The slopes of a `where` or a `guard`: none to its condition, 1 to the branch that it chooses."""
    condition: Any = node.operands[0]
    choose = RECORDERS[node._row.name]  # type: ignore[union-attr]  # it has one
    return None, Gate(condition, 1.0, True, choose), Gate(condition, 1.0, False, choose)


class GatedSlopes:
    """`slopes_of` for the chain rule backwards, where every slope behind a choice has a gate.

    A node that several users send δ to is behind a gate only if all of these are, and then behind
    either of theirs.
    """

    def __init__(self, slopes_of: Callable[[Value], Sequence[Any]], roots: Iterable[Value]) -> None:
        self._slopes_of = slopes_of
        self._gates: dict[Value, Gate | None] = dict.fromkeys(roots, ALWAYS)

    def __call__(self, node: Value) -> list[Any]:
        behind = self._gates.get(node, ALWAYS)
        found: list[Any] = []
        for operand, slope in zip(node.operands, self._slopes_of(node), strict=True):
            slope, gate = _gated(slope, behind)
            if slope is not None:
                self._reach(operand, gate)
            found.append(slope)
        return found

    def _reach(self, operand: Any, gate: Gate | None) -> None:
        before = self._gates.setdefault(operand, gate)
        if before is not gate and before is not ALWAYS:
            self._gates[operand] = ALWAYS if gate is ALWAYS else before.beside(gate)


class GatedTangents:
    """`slopes_of` for the chain rule forwards: what moves only while a branch is chosen passes on behind its gate.

    A node moves behind a gate only if all that it moves with does, and then behind either of theirs.
    """

    def __init__(self, slopes_of: Callable[[Value], Sequence[Any]], moving: Iterable[Value]) -> None:
        self._slopes_of = slopes_of
        self._gates: dict[Value, Gate | None] = dict.fromkeys(moving, ALWAYS)

    def __call__(self, node: Value) -> list[Any]:
        found: list[Any] = []
        gates: list[Gate | None] = []
        for operand, slope in zip(node.operands, self._slopes_of(node), strict=True):
            if slope is not None and isinstance(operand, Value) and operand in self._gates:
                slope, gate = _gated(slope, self._gates[operand])
                gates.append(gate)
            found.append(slope)
        closed = [gate for gate in gates if gate is not ALWAYS]
        if gates:
            self._gates[node] = ALWAYS if len(closed) < len(gates) else reduce(Gate.beside, closed)
        return found


def _gated(slope: Any, behind: Gate | None) -> tuple[Any, Gate | None]:
    """A slope of a node that stands behind a gate, as it counts, and the gate of what it leads to."""
    if isinstance(slope, Gate):
        gate = slope.behind(behind)
        return gate, gate
    if slope is None or behind is ALWAYS or (isinstance(slope, float) and isfinite(slope)):
        return slope, behind
    return behind._replace(slope=slope), behind
