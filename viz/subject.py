"""What is looked at: a node, or what a compiled function or a program computes at a point; and nodes by their names.

A compiled function is shown as the instructions that it was recorded as, with the names, scopes and source lines of
the code that recorded them; each becomes a node, and what holds for the graph of a Value holds for it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any, TypeAlias

from autograd import Value
from autograd.errors import ArgumentError, OperandError
from autograd.order import reachable
from autograd.structure import flatten
from viz.names import Names
from viz.trace import trace

if TYPE_CHECKING:
    from autograd import Compiled, Program

    Runs: TypeAlias = "Compiled | Program"
    Subject: TypeAlias = "Value | Runs"
    Wanted: TypeAlias = "Value | str"  # a node, or what it is called


def root_of(subject: Subject, at: Sequence[Any] = ()) -> Value:
    """The node that is looked at: a Value itself, or what else computes `at` these arguments.

    Raises OperandError for what is neither, ArgumentError for arguments of a Value, and where a function returns
    more than one number.
    """
    if isinstance(subject, Value):
        if at:
            raise ArgumentError(
                f"arguments go with a compiled function or a program, and {subject!r} is computed already: "
                f"got {len(at)} too many"
            )
        return subject
    if not hasattr(subject, "graph"):
        kind = type(subject).__name__
        hint = "; take its elements one by one, or a sum of them" if hasattr(subject, "__len__") else ""
        raise OperandError(
            f"viz shows the graph below one Value, got {kind}{hint}: pass the node itself, such as a loss J, or a "
            "compiled function and its arguments"
        )
    return _only(subject, flatten(subject.graph(*at), "what it returns")[0])


def looked_at(subject: Subject, behind: Sequence[Any], *own: Any) -> tuple[Any, ...]:
    """(the node that is looked at, what a function's own parameters are).

    What stands behind a Value are these parameters, in order; behind what is compiled, its arguments.
    """
    if not isinstance(subject, Value):
        return root_of(subject, behind), *own
    if len(behind) > len(own):
        root_of(subject, behind[len(own) :])
    return subject, *behind, *own[len(behind) :]


def _only(subject: Runs, found: Sequence[Any]) -> Value:
    if len(found) != 1:
        raise ArgumentError(
            f"{subject!r} returns {len(found)} numbers, and what is shown leads to one: compile a function that "
            "returns the one you mean, or take it from .graph(…)"
        )
    if not isinstance(found[0], Value):
        raise ArgumentError(f"{subject!r} returns {found[0]!r} whatever it is given: there is nothing to show")
    return found[0]


def node_of(root: Value, wanted: Wanted) -> Value:
    """The node below `root` that is meant: itself, or the one of that name.

    Raises ArgumentError, with similar names, for a name that no node has or several have.
    """
    if not isinstance(wanted, str):
        return wanted
    found = Names(trace(root)).find(wanted)
    nodes: list[Value] = reachable(root)
    if len(found) > 1:
        which = f"{wanted}[1] to {wanted}[{len(found)}]"
        raise ArgumentError(f"{len(found)} nodes are called {wanted!r}: say which, {which}")
    if found[0] >= len(nodes):
        raise ArgumentError(f"{wanted!r} is a constant, along which there is no derivative")
    return nodes[found[0]]


def nodes_of(root: Value, wanted: Wanted | Iterable[Wanted] | None) -> list[Value] | None:
    """`node_of` of one or of several; None for none."""
    if wanted is None:
        return None
    return [node_of(root, each) for each in ([wanted] if isinstance(wanted, (Value, str)) else wanted)]
