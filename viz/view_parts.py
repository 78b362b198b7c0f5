"""Parts of a graph: the nodes of a scope, the neighbourhood of a node, what depends on a parameter."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from autograd import Value
from autograd.errors import ArgumentError
from viz.trace import Trace, locate


def part(
    J: Value, trace: Trace, scope: str | None, around: Value | None, radius: int, wrt: Value | Iterable[Value] | None
) -> set[int] | None:
    """The nodes that all the parts asked for have in common (see `viz.draw`); None for the whole graph."""
    kept = []
    if scope is not None:
        kept.append(in_scope(trace, scope))
    if around is not None:
        kept.append(near(trace, locate(J, [around]), radius))
    if wrt is not None:
        kept.append(downstream(trace, locate(J, [wrt] if isinstance(wrt, Value) else wrt)))
    return set.intersection(*kept) if kept else None


def in_scope(trace: Trace, scope: str) -> set[int]:
    """The nodes of a scope and of those inside it, with the operands that come in and the users.

    Raises ArgumentError, naming the scopes there are, if no node belongs to it.
    """
    inside = {n.id for n in trace.nodes if n.scope == scope or n.scope.startswith(scope + ".")}
    if not inside:
        known = sorted({n.scope for n in trace.nodes if n.scope})
        listed = ", ".join(known[:8]) + (", …" if len(known) > 8 else "")
        raise ArgumentError(f"no node has the scope {scope!r}; there are: {listed or 'none'}")
    return inside | _adjacent(trace, inside)


def near(trace: Trace, centres: Iterable[int], radius: int) -> set[int]:
    """The nodes at most `radius` edges away from one of `centres`, either way."""
    if isinstance(radius, bool) or not isinstance(radius, int) or radius < 0:
        raise ArgumentError(f"radius is how many edges away a node may be, a whole number from 0 up, got {radius!r}")
    found = frontier = set(centres)
    for _ in range(radius):
        frontier = _adjacent(trace, frontier) - found
        if not frontier:
            break
        found = found | frontier
    return found


def downstream(trace: Trace, sources: Iterable[int]) -> set[int]:
    """The nodes that depend on one of `sources`, and those."""
    users = defaultdict(list)
    for edge in trace.edges:
        users[edge.operand].append(edge.node)
    found, pending = set(sources), list(sources)
    while pending:
        for user in users[pending.pop()]:
            if user not in found:
                found.add(user)
                pending.append(user)
    return found


def _adjacent(trace: Trace, nodes: set[int]) -> set[int]:
    near = {e.operand for e in trace.edges if e.node in nodes}
    return near | {e.node for e in trace.edges if e.operand in nodes}
