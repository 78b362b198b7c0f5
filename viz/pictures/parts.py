"""Parts of a graph: the nodes of a scope, the neighbourhood of a node, what depends on a parameter."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

import numpy as np

from autograd.errors import ArgumentError
from autograd.text import apart, quoted
from viz.columns import Marks
from viz.reach import dependents
from viz.subject import Seen
from viz.trace import Trace

if TYPE_CHECKING:
    from viz.subject import Wanted


def part(
    seen: Seen, scope: str | None, around: Wanted | None, radius: int, wrt: Wanted | Iterable[Wanted] | None
) -> Marks:
    """Which nodes all the parts asked for have in common (see `viz.draw`); every one, if none is."""
    shown = np.ones(len(seen.trace.nodes), bool)
    if scope is not None:
        shown &= in_scope(seen.trace, scope)
    if around is not None:
        shown &= near(seen.trace, [seen.id_of(around)], radius)
    if wrt is not None:
        shown &= dependents(seen.trace, seen.ids_of(wrt))
    return shown


def in_scope(trace: Trace, scope: str) -> Marks:
    """The nodes of a scope and of those inside it, with the operands that come in and the users.

    Raises:
        ArgumentError: naming the scopes there are, if no node belongs to it
    """
    if not isinstance(scope, str):
        raise ArgumentError(f"a scope is a name such as 'layer2.neuron1', got {quoted(scope)}")
    labels = [label.scope for label in trace.columns.labels]
    chosen = np.array([found == scope or found.startswith(scope + ".") for found in labels])
    inside = chosen[trace.columns.label]
    if not inside.any():
        known = sorted({labels[label] for label in np.unique(trace.columns.label)} - {""})
        listed = ", ".join(apart(known[:8])) + (", …" if len(known) > 8 else "")
        raise ArgumentError(f"no node has the scope {quoted(scope)}; there are: {listed or 'none'}")
    return _with_neighbours(trace, inside)


def near(trace: Trace, centres: Iterable[int], radius: int) -> Marks:
    """The nodes at most `radius` edges away from one of `centres`, either way."""
    if isinstance(radius, bool) or not isinstance(radius, int) or radius < 0:
        raise ArgumentError(
            f"radius is how many edges away a node may be, a whole number from 0 up, got {quoted(radius)}"
        )
    found = np.zeros(len(trace.nodes), bool)
    found[list(centres)] = True
    for _ in range(radius):
        wider = _with_neighbours(trace, found)
        if np.array_equal(wider, found):
            break
        found = wider
    return found


def _with_neighbours(trace: Trace, nodes: Marks) -> Marks:
    """These, their operands and their users."""
    node, operand = trace.columns.node, trace.columns.operands
    wider = nodes.copy()
    wider[operand[nodes[node]]] = True
    wider[node[nodes[operand]]] = True
    return wider
