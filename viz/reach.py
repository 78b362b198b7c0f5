"""Which nodes depend on which, and the edges of a part: read from a trace's columns, however many there are."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from itertools import pairwise

import numpy as np

from viz.columns import Marks
from viz.trace import Edge, Node, Trace


def dependents(trace: Trace, sources: Iterable[int], *, with_derivative: bool = False) -> Marks:
    """The nodes that were computed from one of `sources`, and those.

    `with_derivative` goes only along edges that a derivative comes back along.
    """
    columns = trace.columns
    nowhere = len(trace.nodes)  # stands in for the operand of an edge that is not gone along
    found = bytearray(nowhere + 1)
    for source in sources:
        found[source] = True
    operand = np.where(columns.flows, columns.operands, nowhere) if with_derivative else columns.operands
    first = columns.starts.tolist()
    for i in trace.forward:
        if any(map(found.__getitem__, operand[first[i] : first[i + 1]].tolist())):
            found[i] = True
    return np.frombuffer(found, bool)[:nowhere]


def operands_of(trace: Trace) -> list[list[int]]:
    """For every node the ids of its operands, in order of their slots."""
    first, operand = trace.columns.starts.tolist(), trace.columns.operands.tolist()
    return [operand[start:stop] for start, stop in pairwise(first)]


def operands_into(trace: Trace, node: int) -> list[int]:
    """The ids of one node's operands, slots in order."""
    columns = trace.columns
    found: list[int] = columns.operands[columns.starts.item(node) : columns.starts.item(node + 1)].tolist()
    return found


def inputs_of(trace: Trace, node: int) -> tuple[Node, ...]:
    """The operands of one node, slots in order."""
    return tuple(trace.nodes[i] for i in operands_into(trace, node))


def ways_back(trace: Trace, inside: Marks) -> dict[int, list[Edge]]:
    """By node, the edges between these nodes that a derivative goes along, slots in order."""
    columns = trace.columns
    found: dict[int, list[Edge]] = defaultdict(list)
    for e in np.flatnonzero(columns.flows & inside[columns.node] & inside[columns.operands]).tolist():
        edge = trace.edges[e]
        found[edge.node].append(edge)
    return found
